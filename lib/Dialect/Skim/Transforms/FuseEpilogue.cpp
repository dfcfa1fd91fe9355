//===- FuseEpilogue.cpp - fold activations and residuals ------------------===//
// Into the linear layer that makes their operand.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"

namespace skim {
#define GEN_PASS_DEF_SKIMFUSEEPILOGUEPASS
#include "skim/Dialect/Skim/Transforms/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

namespace {

/// activation(linear(x)) -> linear(x) with the activation.
struct FoldActivation : OpRewritePattern<ActivationOp> {
  FoldActivation(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(ActivationOp op,
                                PatternRewriter &rewriter) const override {
    auto linear = op.getInput().getDefiningOp<LinearOp>();
    if (!linear || !linear->hasOneUse())
      return rewriter.notifyMatchFailure(op, "input is no linear layer of "
                                             "this use alone");
    if (linear.getActivation() != Activation::None || linear.getResidual())
      return rewriter.notifyMatchFailure(op, "linear layer has an epilogue");
    rewriter.modifyOpInPlace(linear,
                             [&] { linear.setActivation(op.getActivation()); });
    rewriter.replaceOp(op, linear);
    ++count;
    return success();
  }

  Pass::Statistic &count;
};

/// add(linear(x), r) -> linear(x) with the residual r.
struct FoldResidual : OpRewritePattern<AddOp> {
  FoldResidual(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    LinearOp left = candidate(op.getLhs()), right = candidate(op.getRhs());
    if (!left && !right)
      return rewriter.notifyMatchFailure(op,
                                         "no operand is a linear layer of "
                                         "this use alone, without residual");
    // The later layer: its residual is there by then.
    LinearOp linear =
        !left || (right && left->isBeforeInBlock(right)) ? right : left;
    Value residual = linear == left ? op.getRhs() : op.getLhs();
    auto fused = cast<LinearOp>(rewriter.clone(*linear));
    fused.getResidualMutable().assign(residual);
    fused->setLoc(op.getLoc());
    rewriter.replaceOp(op, fused);
    rewriter.eraseOp(linear);
    ++count;
    return success();
  }

  static LinearOp candidate(Value value) {
    auto linear = value.getDefiningOp<LinearOp>();
    return linear && linear->hasOneUse() && !linear.getResidual() ? linear
                                                                  : LinearOp();
  }

  Pass::Statistic &count;
};

class FuseEpiloguePass
    : public skim::impl::SkimFuseEpiloguePassBase<FuseEpiloguePass> {
public:
  using SkimFuseEpiloguePassBase::SkimFuseEpiloguePassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldActivation>(&getContext(), numActivations);
    patterns.add<FoldResidual>(&getContext(), numResiduals);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
