//===- UnquantiseActivations.cpp - products without 8-bit activations -----===//
// What a quantiser makes of a linear layer, back to the layer: a product of
// integers and its scales, or operands that are rounded.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"
#include "skim/Dialect/Onnx/Transforms/QuantisedProduct.h"

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
  rewriter.replaceOp(op, rounded.getX());
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
