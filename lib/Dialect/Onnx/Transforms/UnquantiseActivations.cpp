//===- UnquantiseActivations.cpp - products without 8-bit activations -----===//
// What a quantiser makes of a linear layer, back to the layer: a product of
// integers and its scales, or operands that are rounded.
//===----------------------------------------------------------------------===//

#include "Interval.h"
#include "Normalise.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"
#include "skim/Dialect/Onnx/Transforms/QuantisedProduct.h"

#include <cmath>

namespace skim::onnx {
#define GEN_PASS_DEF_UNQUANTISEACTIVATIONSPASS
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

using namespace mlir;
using namespace skim::onnx;

namespace {
/// A pattern that counts what it changes.
template <typename Op> struct CountingPattern : OpRewritePattern<Op> {
  CountingPattern(MLIRContext *context, uint64_t &count)
      : OpRewritePattern<Op>(context), count(count) {}
  uint64_t &count;
};

/// Numbers that are rounded where they are, by QuantizeLinear and back.
struct UnquantiseRounded : CountingPattern<DequantizeLinearOp> {
  using CountingPattern::CountingPattern;
  LogicalResult matchAndRewrite(DequantizeLinearOp op,
                                PatternRewriter &rewriter) const override;
};

struct UnquantiseProduct : CountingPattern<MulOp> {
  using CountingPattern::CountingPattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override;
};
} // namespace

/// Whether a range is that of a Clip which a quantiser left out: it ends at
/// whole numbers, which measured numbers hardly do. Zero points are whole, too,
/// so that it may be moved by less than a step.
static bool isOfClip(const Interval &range) {
  double width = range.most - range.least, whole = std::round(width);
  return whole >= 1 && whole <= 128 &&
         std::abs(width - whole) <= whole * 0x1p-22;
}

/// The numbers that were rounded, with what rounding cuts off cut off where a
/// quantiser has left out a Relu or Clip because of that. Other ranges cut what
/// was not seen while they were measured.
static Value cutAsRounded(PatternRewriter &rewriter, QuantizeLinearOp op) {
  Value x = op.getX(), scale = op.getYScale();
  auto range = getInterval(op.getY(), scale, op.getYZeroPoint());
  // The scale of numbers that all were 0 is 1.
  if (!range || elementType(scale) != elementType(x) ||
      constantSplat(scale) == 1.0)
    return x;
  Interval known = getInterval(x);
  bool ofClip = constantSplat(scale) && isOfClip(*range);
  bool cutsBelow = known.least < range->least &&
                   (range->least == 0 || (ofClip && std::isinf(known.least)));
  bool cutsAbove = ofClip && std::isinf(known.most);
  Location loc = op.getLoc();
  if (!cutsAbove && !cutsBelow)
    return x;
  if (!cutsAbove && range->least == 0)
    return ReluOp::create(rewriter, loc, x.getType(), x);
  auto makeEnd = [&](bool isCut, double end) -> Value {
    auto type = RankedTensorType::get({}, rewriter.getF32Type());
    return isCut ? Value(ConstantOp::create(
                       rewriter, loc,
                       DenseElementsAttr::get(type, static_cast<float>(end))))
                 : Value(NoneOp::create(rewriter, loc));
  };
  return ClipOp::create(rewriter, loc, x.getType(), x,
                        makeEnd(cutsBelow, range->least),
                        makeEnd(cutsAbove, range->most));
}

LogicalResult
UnquantiseRounded::matchAndRewrite(DequantizeLinearOp op,
                                   PatternRewriter &rewriter) const {
  auto rounded = op.getX().getDefiningOp<QuantizeLinearOp>();
  if (!rounded || getConstant(rounded.getX()) ||
      rounded.getX().getType() != op.getY().getType())
    return rewriter.notifyMatchFailure(op, "no activations that are rounded");
  if (!areEqual(op.getXScale(), rounded.getYScale()) ||
      !areEqual(op.getXZeroPoint(), rounded.getYZeroPoint()) ||
      op.getAxis() != rounded.getAxis() ||
      op.getBlockSize() != rounded.getBlockSize())
    return rewriter.notifyMatchFailure(op, "scales or zero points differ");
  rewriter.replaceOp(op, cutAsRounded(rewriter, rounded));
  ++count;
  return success();
}

LogicalResult
UnquantiseProduct::matchAndRewrite(MulOp op, PatternRewriter &rewriter) const {
  std::optional<QuantisedProduct> match = matchQuantisedProduct(op, rewriter);
  if (!match || match->given)
    return failure();
  Type numbers = cast<RankedTensorType>(match->weight.getType())
                     .clone(rewriter.getF32Type());
  Value matrix = DequantizeLinearOp::create(
      rewriter, match->product.getLoc(), numbers, match->weight, match->scale,
      match->zeroPoint, rewriter.getI64IntegerAttr(1),
      rewriter.getI64IntegerAttr(0), rewriter.getI64IntegerAttr(0));
  rewriter.replaceOpWithNewOp<MatMulOp>(op, op.getC().getType(), match->states,
                                        matrix);
  ++count;
  return success();
}

namespace {
struct UnquantiseActivationsPass
    : skim::onnx::impl::UnquantiseActivationsPassBase<
          UnquantiseActivationsPass> {
  void runOnOperation() override {
    uint64_t count = 0;
    RewritePatternSet patterns(&getContext());
    patterns.add<UnquantiseProduct, UnquantiseRounded>(&getContext(), count);
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns), config);
    numPlaces += count;
  }
};
} // namespace
