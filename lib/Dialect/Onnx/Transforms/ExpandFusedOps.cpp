//===- ExpandFusedOps.cpp - pass onnx-expand-fused-ops --------------------===//
// Ops of com.microsoft, whose parts depend on shapes, as ops of ONNX.
//===----------------------------------------------------------------------===//

#include "ExpandFusedOps.h"

#include "skim/Dialect/Onnx/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

#include <numeric>

namespace skim::onnx {
#define GEN_PASS_DEF_EXPANDFUSEDOPSPASS
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

using namespace mlir;
using namespace skim::onnx;

//===----------------------------------------------------------------------===//
// Builders
//===----------------------------------------------------------------------===//

LogicalResult Expansion::error(const Twine &message) {
  return mlir::emitError(op->getLoc()) << describe(op) << ": " << message;
}

Value Expansion::number(Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  return ConstantOp::create(
      rewriter, op->getLoc(),
      DenseElementsAttr::get(type, FloatAttr::get(element, value).getValue()));
}

Value Expansion::transpose(Value value, ArrayRef<int64_t> perm) {
  return make<TransposeOp>(value, rewriter.getDenseI64ArrayAttr(perm));
}

Value Expansion::positions(Value value, int64_t axis) {
  Type i64 = rewriter.getI64Type();
  auto scalar = [&](int64_t number) {
    return buildSplat(rewriter, op->getLoc(), RankedTensorType::get({}, i64),
                      number);
  };
  Value size = makeOf<SqueezeOp>(
      i64, makeOf<ShapeOp>(i64, value, attr(axis + 1), attr(axis)), ints({0}));
  return makeOf<RangeOp>(i64, scalar(0), size, scalar(1));
}

Value Expansion::columns(Value value, int64_t begin, int64_t end) {
  return make<SliceOp>(value, ints({begin}), ints({end}), ints({-1}),
                       ints({1}));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The operand with its first axis moved before the last, and then with its
/// last two swapped, as the flags say.
static Value arrange(Expansion &e, Value operand, bool batch, bool last) {
  SmallVector<int64_t> perm(e.rank(operand));
  std::iota(perm.begin(), perm.end(), 0);
  if (batch && perm.size() > 2)
    std::rotate(perm.begin(), perm.begin() + 1, perm.end() - 1);
  if (last && perm.size() > 1)
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return llvm::is_sorted(perm) ? operand : e.transpose(operand, perm);
}

/// Where a product of the operands is scaled. A factor of a layer's input was
/// the last of it, a GELU's say; weights are scaled by the compiler.
static Value &getScaled(Value &a, Value &b, Value &product) {
  if (!getConstant(b))
    return product;
  return a.getDefiningOp<MulOp>() ? a : b;
}

static Expanded expandProduct(Expansion &e, MsFusedMatMulOp op) {
  Value a = op.getA(), b = op.getB(), product;
  Value &scaled = getScaled(a, b, product);
  auto scale = [&](Value &value) {
    double alpha = op.getAlpha().convertToFloat();
    if (&value == &scaled && alpha != 1)
      value = e.make<MulOp>(value, e.number(elementType(value), alpha));
  };
  scale(a);
  scale(b);
  a = arrange(e, a, op.getTransBatchA() != 0, op.getTransA() != 0);
  b = arrange(e, b, op.getTransBatchB() != 0, op.getTransB() != 0);
  product = e.make<MatMulOp>(a, b);
  scale(product);
  return SmallVector<Value>{product};
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

/// `[batch, sequence]`, counted from the position that the first has.
static Value countFrom(Expansion &e, Value first, Value input, int64_t axis) {
  Type i64 = elementType(first);
  Value ids = e.make<AddOp>(first, e.positions(input, axis));
  SmallVector<Value> sizes;
  for (int64_t i : {int64_t(0), axis})
    sizes.push_back(e.makeOf<ShapeOp>(i64, input, e.attr(i + 1), e.attr(i)));
  return e.make<ExpandOp>(e.unsqueeze(ids, {0}),
                          e.makeOf<ConcatOp>(i64, sizes, e.attr(0)));
}

static Expanded expandRotary(Expansion &e, MsRotaryEmbeddingOp op) {
  Value input = op.getInput(), ids = op.getPositionIds();
  int64_t rank = e.rank(input);
  if (rank != 3 && rank != 4)
    return e.error("expected an input of rank 3 or 4, got " + Twine(rank));
  auto width = (*e.dims(op.getCosCache()))[1].constant();
  int64_t heads = op.getNumHeads();
  if (rank == 3 && heads == 0) {
    auto all = (*e.dims(input))[2].constant();
    if (!width || !all || *width < 1 || *all % (2 * *width) != 0)
      return e.error("expected a width that twice the caches' divides, got " +
                     (*e.dims(input))[2].str() + " and " +
                     (*e.dims(op.getCosCache()))[1].str());
    heads = *all / (2 * *width);
  }
  if (e.rank(ids) < 2)
    ids = countFrom(e, ids, input, rank - 2);
  return SmallVector<Value>{e.make<RotaryEmbeddingOp>(
      input, op.getCosCache(), op.getSinCache(), ids,
      e.attr(op.getInterleaved()), rank == 3 ? e.attr(heads) : IntegerAttr(),
      e.attr(op.getRotaryEmbeddingDim()))};
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Nothing for ops of ONNX.
static std::optional<Expanded> expand(Expansion &e, Operation &op) {
  return llvm::TypeSwitch<Operation *, std::optional<Expanded>>(&op)
      .Case([&](MsFusedMatMulOp op) { return expandProduct(e, op); })
      .Case([&](MsMultiHeadAttentionOp op) { return expandAttention(e, op); })
      .Case([&](MsRotaryEmbeddingOp op) { return expandRotary(e, op); })
      .Default(std::nullopt);
}

namespace {
struct ExpandFusedOpsPass
    : skim::onnx::impl::ExpandFusedOpsPassBase<ExpandFusedOpsPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    NormaliseState state(func);
    IRRewriter rewriter(func.getContext(), &state);
    for (Operation &op : llvm::make_early_inc_range(func.front())) {
      rewriter.setInsertionPoint(&op);
      Expansion expansion(rewriter, state, &op);
      std::optional<Expanded> values = expand(expansion, op);
      if (!values)
        continue;
      if (failed(*values))
        return signalPassFailure();
      for (auto [result, value] : llvm::zip(op.getResults(), **values))
        if (value)
          rewriter.replaceAllUsesWith(result, value);
      rewriter.eraseOp(&op);
      ++numExpanded;
    }
    updateFunctionType(func);
  }
};
} // namespace
