//===- EvaluateSelection.cpp - selections from and makers of constants ----===//
// Gather and its like, Range, ConstantOfShape, Shape and Size.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "EvaluateHelpers.h"

using namespace mlir;
using namespace skim::onnx;

static void copyElements(ConstantTensor &out, int64_t to,
                         const ConstantTensor &in, int64_t from,
                         int64_t count) {
  size_t bytes = out.elementBytes();
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(out.mutableBytes() + (to + i) * bytes, in.bytesAt(from + i),
                bytes);
}

/// Counts an index from 0; nothing when it is outside.
static std::optional<int64_t> checkIndex(int64_t index, int64_t extent) {
  if (index < -extent || index >= extent)
    return std::nullopt;
  return index < 0 ? index + extent : index;
}

static bool evaluateGather(const Evaluation &e, GatherOp op) {
  const ConstantTensor &data = *e.in[0];
  auto axis = normaliseAxis(op.getAxis(), data.shape().size());
  auto indices = readInts(e.in[1]);
  if (!axis || !indices)
    return false;
  int64_t extent = data.shape()[*axis];
  int64_t inner = rowMajorStrides(data.shape())[*axis];
  int64_t outer = extent ? data.size() / (extent * inner) : 0, to = 0;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t index : *indices) {
      auto at = checkIndex(index, extent);
      if (!at)
        return false;
      copyElements(e.out[0], to, data, (o * extent + *at) * inner, inner);
      to += inner;
    }
  return to == e.out[0].size();
}

static bool evaluateGatherElements(const Evaluation &e, GatherElementsOp op) {
  const ConstantTensor &data = *e.in[0];
  auto axis = normaliseAxis(op.getAxis(), data.shape().size());
  auto indices = readInts(e.in[1]);
  if (!axis || !indices)
    return false;
  SmallVector<int64_t> strides = rowMajorStrides(data.shape());
  int64_t step = std::exchange(strides[*axis], 0);
  bool valid = true;
  forEachPosition<1>(
      e.out[0].shape(), {strides}, [&](int64_t i, std::array<int64_t, 1> from) {
        auto at = checkIndex((*indices)[i], data.shape()[*axis]);
        valid &= at.has_value();
        if (at)
          copyElements(e.out[0], i, data, from[0] + *at * step, 1);
      });
  return valid;
}

static bool evaluateGatherND(const Evaluation &e, GatherNDOp op) {
  const ConstantTensor &data = *e.in[0];
  auto indices = readInts(e.in[1]);
  if (op.getBatchDims() != 0 || !indices || e.in[1]->shape().empty())
    return false;
  int64_t depth = e.in[1]->shape().back();
  SmallVector<int64_t> strides = rowMajorStrides(data.shape());
  if (depth < 1 || depth > static_cast<int64_t>(strides.size()))
    return false;
  int64_t inner = strides[depth - 1];
  for (size_t tuple = 0; tuple < indices->size() / depth; ++tuple) {
    int64_t from = 0;
    for (int64_t k = 0; k < depth; ++k) {
      auto at = checkIndex((*indices)[tuple * depth + k], data.shape()[k]);
      if (!at)
        return false;
      from += *at * strides[k];
    }
    copyElements(e.out[0], tuple * inner, data, from, inner);
  }
  return true;
}

static bool evaluateRange(const Evaluation &e) {
  ConstantTensor &out = e.out[0];
  return withElementType(out.getType().getElementType(), [&](auto zero) {
    using T = decltype(zero);
    using C = ComputeType<T>;
    if constexpr (!std::is_same_v<T, bool>) {
      C start = static_cast<C>(e.in[0]->get<T>(0));
      C delta = static_cast<C>(e.in[2]->get<T>(0));
      for (int64_t i = 0; i < out.size(); ++i)
        out.set<T>(i, T(start + static_cast<C>(i) * delta));
      return true;
    }
    return false;
  });
}

static bool evaluateConstantOfShape(const Evaluation &e, ConstantOfShapeOp op) {
  ConstantTensor &out = e.out[0];
  size_t bytes = out.elementBytes();
  if (!op.getValueAttr()) {
    std::memset(out.mutableBytes(), 0, out.size() * bytes);
    return true;
  }
  auto value = ConstantTensor::read(op.getValueAttr());
  if (!value || value->size() != 1)
    return false;
  for (int64_t i = 0; i < out.size(); ++i)
    copyElements(out, i, *value, 0, 1);
  return true;
}

bool skim::onnx::evaluateSelection(const Evaluation &e) {
  return llvm::TypeSwitch<Operation *, bool>(e.op)
      .Case<GatherOp>([&](auto op) { return evaluateGather(e, op); })
      .Case<GatherElementsOp>(
          [&](auto op) { return evaluateGatherElements(e, op); })
      .Case<GatherNDOp>([&](auto op) { return evaluateGatherND(e, op); })
      .Case<RangeOp>([&](auto) { return evaluateRange(e); })
      .Case<ConstantOfShapeOp>(
          [&](auto op) { return evaluateConstantOfShape(e, op); })
      .Case<ShapeOp>([&](ShapeOp op) {
        int64_t rank = e.in[0]->shape().size(), start = op.getStart();
        start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
        for (int64_t i = 0; i < e.out[0].size(); ++i)
          e.out[0].set<int64_t>(i, e.in[0]->shape()[start + i]);
        return true;
      })
      .Case<SizeOp>([&](auto) {
        e.out[0].set<int64_t>(0, e.in[0]->size());
        return true;
      })
      .Default([](Operation *) { return false; });
}
