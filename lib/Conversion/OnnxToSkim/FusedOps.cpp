//===- FusedOps.cpp - ops of com.microsoft that stand for several ---------===//
// Written out as the onnx ops that they stand for, where the patterns of the
// families then find them.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

namespace {

Value makeAdd(OpBuilder &builder, Location loc, Type type, Value a, Value b) {
  return onnx::AddOp::create(builder, loc, type, a, b);
}

Value makeLayerNorm(OpBuilder &builder, Location loc, Value input, Value gamma,
                    Value beta, FloatAttr epsilon) {
  Type none = builder.getNoneType();
  return onnx::LayerNormalizationOp::create(
             builder, loc, TypeRange{input.getType(), none, none}, input, gamma,
             beta, builder.getI64IntegerAttr(-1), epsilon,
             builder.getI64IntegerAttr(1))
      .getY();
}

Value makeGelu(OpBuilder &builder, Location loc, Value input,
               StringRef approximate) {
  return onnx::GeluOp::create(builder, loc, input.getType(), input,
                              builder.getStringAttr(approximate));
}

struct ExpandSkipLayerNorm : RaisePattern<onnx::MsSkipLayerNormalizationOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MsSkipLayerNormalizationOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getMean().use_empty() || !op.getInvStdVar().use_empty())
      return rewriter.notifyMatchFailure(op, "mean or deviation is used");
    if (!context.haveSameDims(op.getInput(), op.getSkip()))
      return rewriter.notifyMatchFailure(
          op, "input and skip have different shapes");
    Location loc = op.getLoc();
    Type type = op.getInput().getType();
    Value input = op.getInput();
    if (!onnx::isAbsent(op.getBias()))
      input = makeAdd(rewriter, loc, type, input, op.getBias());
    Value sum = makeAdd(rewriter, loc, type, input, op.getSkip());
    Value norm = makeLayerNorm(rewriter, loc, sum, op.getGamma(), op.getBeta(),
                               op.getEpsilonAttr());
    rewriter.replaceAllUsesWith(op.getOutput(), norm);
    rewriter.replaceAllUsesWith(op.getInputSkipBiasSum(), sum);
    rewriter.eraseOp(op);
    return success();
  }
};

struct ExpandGelu : RaisePattern<onnx::MsGeluOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MsGeluOp op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, makeGelu(rewriter, op.getLoc(), op.getX(), "none"));
    return success();
  }
};

struct ExpandFastGelu : RaisePattern<onnx::MsFastGeluOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MsFastGeluOp op,
                                PatternRewriter &rewriter) const override {
    Value input = op.getX();
    if (!onnx::isAbsent(op.getBias()))
      input =
          makeAdd(rewriter, op.getLoc(), input.getType(), input, op.getBias());
    rewriter.replaceOp(op, makeGelu(rewriter, op.getLoc(), input, "tanh"));
    return success();
  }
};

struct ExpandBiasGelu : RaisePattern<onnx::MsBiasGeluOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MsBiasGeluOp op,
                                PatternRewriter &rewriter) const override {
    Value input = makeAdd(rewriter, op.getLoc(), op.getC().getType(), op.getA(),
                          op.getB());
    rewriter.replaceOp(op, makeGelu(rewriter, op.getLoc(), input, "none"));
    return success();
  }
};

struct ExpandQuickGelu : RaisePattern<onnx::MsQuickGeluOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MsQuickGeluOp op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<onnx::SwishOp>(op, op.getY().getType(),
                                               op.getX(), op.getAlphaAttr());
    return success();
  }
};

} // namespace

void skim::raise::populateFusedOpPatterns(RewritePatternSet &patterns,
                                          RaiseContext &context) {
  patterns.add<ExpandSkipLayerNorm, ExpandGelu, ExpandFastGelu, ExpandBiasGelu,
               ExpandQuickGelu>(patterns.getContext(), context);
}
