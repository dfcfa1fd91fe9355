//===- EvaluateMovement.cpp - ops that move elements of constants ---------===//
// Views of a tensor by strides (Transpose, Expand, Slice, Split), copies
// (Reshape and its like), Concat, Tile, Trilu.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "EvaluateHelpers.h"
#include "skim/Dialect/Onnx/IR/SliceRange.h"

using namespace mlir;
using namespace skim::onnx;

std::optional<SmallVector<int64_t>>
skim::onnx::readInts(const ConstantTensor *tensor) {
  if (!tensor || !isa<IntegerType>(tensor->getType().getElementType()))
    return std::nullopt;
  SmallVector<int64_t> values;
  withElementType(tensor->getType().getElementType(), [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_integral_v<T>)
      for (int64_t i = 0; i < tensor->size(); ++i)
        values.push_back(static_cast<int64_t>(tensor->get<T>(i)));
  });
  return values;
}

SmallVector<int64_t> skim::onnx::rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// Copies one element.
static void copyElement(ConstantTensor &out, int64_t to,
                        const ConstantTensor &in, int64_t from) {
  size_t bytes = out.elementBytes();
  std::memcpy(out.mutableBytes() + to * bytes, in.bytesAt(from), bytes);
}

/// Fills `out` with the elements of `in` at `base` plus the strides' steps.
static void copyView(ConstantTensor &out, const ConstantTensor &in,
                     int64_t base, SmallVector<int64_t> strides) {
  forEachPosition<1>(out.shape(), {std::move(strides)},
                     [&](int64_t i, std::array<int64_t, 1> at) {
                       copyElement(out, i, in, base + at[0]);
                     });
}

static bool evaluateReshape(const Evaluation &e) {
  const ConstantTensor &in = *e.in[0];
  ConstantTensor &out = e.out[0];
  if (in.size() != out.size())
    return false;
  if (!in.isSplat()) {
    std::memcpy(out.mutableBytes(), in.bytesAt(0),
                in.size() * in.elementBytes());
    return true;
  }
  for (int64_t i = 0; i < out.size(); ++i)
    copyElement(out, i, in, i);
  return true;
}

/// Large matrices go in square blocks: one side is always far apart in memory.
static void transposeMatrix(ConstantTensor &out, const ConstantTensor &in) {
  constexpr int64_t block = 32;
  int64_t rows = in.shape()[0], columns = in.shape()[1];
  for (int64_t r = 0; r < rows; r += block)
    for (int64_t c = 0; c < columns; c += block)
      for (int64_t j = c; j < std::min(c + block, columns); ++j)
        for (int64_t i = r; i < std::min(r + block, rows); ++i)
          copyElement(out, j * rows + i, in, i * columns + j);
}

static bool evaluateTranspose(const Evaluation &e, TransposeOp op) {
  const ConstantTensor &in = *e.in[0];
  size_t rank = in.shape().size();
  SmallVector<int64_t> strides = rowMajorStrides(in.shape()), moved;
  auto perm = op.getPerm();
  for (size_t i = 0; i < rank; ++i)
    moved.push_back(strides[perm ? (*perm)[i] : rank - 1 - i]);
  if (rank == 2 && moved[0] == strides[1] && moved[1] == strides[0])
    transposeMatrix(e.out[0], in);
  else
    copyView(e.out[0], in, 0, std::move(moved));
  return true;
}

static bool evaluateSlice(const Evaluation &e) {
  const ConstantTensor &in = *e.in[0];
  auto starts = readInts(e.in[1]), axes = readInts(e.in[3]),
       steps = readInts(e.in[4]);
  if (!starts || (e.in[3] && !axes) || (e.in[4] && !steps))
    return false;
  SmallVector<int64_t> strides = rowMajorStrides(in.shape());
  int64_t base = 0, rank = in.shape().size();
  for (auto [i, start] : llvm::enumerate(*starts)) {
    auto axis = normaliseAxis(axes ? (*axes)[i] : i, rank);
    int64_t step = steps ? (*steps)[i] : 1;
    if (!axis || step == 0)
      return false;
    // The result's type says how many there are, whatever the end.
    int64_t first = getSliceRange(start, start, step, in.shape()[*axis]).start;
    base += first * strides[*axis];
    strides[*axis] *= step;
  }
  copyView(e.out[0], in, base, std::move(strides));
  return true;
}

static bool evaluateSplit(const Evaluation &e, SplitOp op) {
  const ConstantTensor &in = *e.in[0];
  auto axis = normaliseAxis(op.getAxis(), in.shape().size());
  if (!axis)
    return false;
  SmallVector<int64_t> strides = rowMajorStrides(in.shape());
  int64_t start = 0;
  for (ConstantTensor &out : e.out) {
    copyView(out, in, start * strides[*axis], strides);
    start += out.shape()[*axis];
  }
  return true;
}

static bool evaluateConcat(const Evaluation &e, ConcatOp op) {
  ConstantTensor &out = e.out[0];
  auto axis = normaliseAxis(op.getAxis(), out.shape().size());
  if (!axis)
    return false;
  SmallVector<int64_t> strides = rowMajorStrides(out.shape());
  int64_t start = 0;
  for (const ConstantTensor *part : e.in) {
    forEachPosition<1>(
        part->shape(), {strides}, [&](int64_t i, std::array<int64_t, 1> at) {
          copyElement(out, start * strides[*axis] + at[0], *part, i);
        });
    start += part->shape()[*axis];
  }
  return true;
}

static bool evaluateTile(const Evaluation &e) {
  const ConstantTensor &in = *e.in[0];
  SmallVector<int64_t> from = rowMajorStrides(in.shape()),
                       to = rowMajorStrides(e.out[0].shape());
  for (int64_t i = 0; i < e.out[0].size(); ++i) {
    int64_t at = 0;
    for (auto [axis, extent] : llvm::enumerate(in.shape()))
      at += (i / to[axis]) % e.out[0].shape()[axis] % extent * from[axis];
    copyElement(e.out[0], i, in, at);
  }
  return true;
}

/// Keeps one triangle of the last two axes, zeros elsewhere.
static bool evaluateTrilu(const Evaluation &e, TriluOp op) {
  ArrayRef<int64_t> shape = e.out[0].shape();
  auto k = e.in[1] ? readInts(e.in[1]) : SmallVector<int64_t>{0};
  if (shape.size() < 2 || !k || k->size() != 1)
    return false;
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  for (int64_t i = 0; i < e.out[0].size(); ++i) {
    int64_t offset = i % columns - i / columns % rows - (*k)[0];
    if (op.getUpper() ? offset >= 0 : offset <= 0)
      copyElement(e.out[0], i, *e.in[0], i);
    else
      std::memset(e.out[0].mutableBytes() + i * e.out[0].elementBytes(), 0,
                  e.out[0].elementBytes());
  }
  return true;
}

bool skim::onnx::evaluateMovement(const Evaluation &e) {
  return llvm::TypeSwitch<Operation *, bool>(e.op)
      .Case<FlattenOp, IdentityOp, ReshapeOp, SqueezeOp, UnsqueezeOp>(
          [&](auto) { return evaluateReshape(e); })
      .Case<TransposeOp>([&](auto op) { return evaluateTranspose(e, op); })
      .Case<ExpandOp>([&](auto) {
        copyView(e.out[0], *e.in[0], 0,
                 broadcastStrides(e.in[0]->shape(), e.out[0].shape().size()));
        return true;
      })
      .Case<SliceOp>([&](auto) { return evaluateSlice(e); })
      .Case<SplitOp>([&](auto op) { return evaluateSplit(e, op); })
      .Case<ConcatOp>([&](auto op) { return evaluateConcat(e, op); })
      .Case<TileOp>([&](auto) { return evaluateTile(e); })
      .Case<TriluOp>([&](auto op) { return evaluateTrilu(e, op); })
      .Default([](Operation *) { return false; });
}
