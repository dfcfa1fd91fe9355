//===- AdaptiveFolds.cpp - canonical forms of the adaptive ops ------------===//
// States that nothing reads go; cuts that cannot cut, and second cuts to what
// is cut already, vanish.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace skim;

static PruneOp rebuild(PatternRewriter &rewriter, PruneOp op, ValueRange states,
                       bool held) {
  return PruneOp::create(
      rewriter, op.getLoc(), op.getKept().getType(), states.getTypes(),
      held ? op.getHeld().getType() : Type(), op.getImportance(), op.getRows(),
      states, held ? op.getHeld() : Value(), held ? op.getLast() : Value(),
      op.getThresholdAttr(), op.getFloorAttr(), op.getProtectAttr(),
      op.getPlaceAttr(), op.getLayerAttr());
}

static SkipBlocksOp rebuild(PatternRewriter &rewriter, SkipBlocksOp op,
                            ValueRange states, bool held) {
  return SkipBlocksOp::create(
      rewriter, op.getLoc(), op.getKept().getType(), states.getTypes(),
      held ? op.getHeld().getType() : Type(), op.getScores(), op.getScoreRows(),
      op.getRows(), states, held ? op.getHeld() : Value(),
      held ? op.getLast() : Value(), op.getSegments(), op.getBlockSizeAttr(),
      op.getThresholdAttr(), op.getBatchAlignAttr(), op.getProtectAttr(),
      op.getProtectSegmentsAttr(), op.getLayerAttr());
}

static FirstRowsOp rebuild(PatternRewriter &rewriter, FirstRowsOp op,
                           ValueRange states, bool) {
  return FirstRowsOp::create(rewriter, op.getLoc(), op.getKept().getType(),
                             states.getTypes(), op.getRows(), states);
}

static Value heldResult(FirstRowsOp) { return {}; }
template <typename CutOp> static Value heldResult(CutOp op) {
  return op.getHeldResult();
}

namespace {

/// States, and held states, whose results nothing reads.
template <typename CutOp> struct DropUnusedStates : OpRewritePattern<CutOp> {
  using OpRewritePattern<CutOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(CutOp op,
                                PatternRewriter &rewriter) const override {
    // One state stays, whatever reads it: the text has no form without any.
    SmallVector<Value> states, results;
    for (auto [index, result] : llvm::enumerate(op.getResults()))
      if (!result.use_empty() ||
          (states.empty() && index + 1 == op.getStates().size())) {
        states.push_back(op.getStates()[index]);
        results.push_back(result);
      }
    Value held = heldResult(op);
    bool keepsHeld = held && !held.use_empty();
    if (states.size() == op.getStates().size() &&
        keepsHeld == static_cast<bool>(held))
      return rewriter.notifyMatchFailure(op, "every result is read");
    CutOp cut = rebuild(rewriter, op, states, keepsHeld);
    cut->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceAllUsesWith(op.getKept(), cut.getKept());
    for (auto [result, value] : llvm::zip(results, cut.getResults()))
      rewriter.replaceAllUsesWith(result, value);
    if (keepsHeld)
      rewriter.replaceAllUsesWith(held, heldResult(cut));
    rewriter.eraseOp(op);
    return success();
  }
};

/// Importance is never below 0, so with a floor and a threshold of 0 no row is
/// cut, whatever the scale of the run.
struct DropPruneThatKeepsAll : OpRewritePattern<PruneOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PruneOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getThreshold().isZero() || !op.getFloor().isZero())
      return rewriter.notifyMatchFailure(op, "may cut rows");
    rewriter.replaceAllUsesWith(op.getKept(), op.getRows());
    for (auto [result, state] : llvm::zip(op.getResults(), op.getStates()))
      rewriter.replaceAllUsesWith(result, state);
    if (op.getHeld())
      rewriter.replaceAllUsesWith(op.getHeldResult(), op.getHeld());
    rewriter.eraseOp(op);
    return success();
  }
};

/// The first rows of first rows are the same.
struct DropSecondFirstRows : OpRewritePattern<FirstRowsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FirstRowsOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getRows().getDefiningOp<FirstRowsOp>())
      return rewriter.notifyMatchFailure(op, "rows are not first rows");
    SmallVector<Value> values = {op.getRows()};
    llvm::append_range(values, op.getStates());
    rewriter.replaceOp(op, values);
    return success();
  }
};

/// A region that takes a state twice, or does not read it.
struct DropExitStates : OpRewritePattern<EarlyExitOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(EarlyExitOp op,
                                PatternRewriter &rewriter) const override {
    Block &body = op.getContinuation().front();
    // One state stays: the text has no form without any.
    if (op.getStates().size() == 1)
      return rewriter.notifyMatchFailure(op, "one state is left");
    for (unsigned i = 0; i != op.getStates().size(); ++i) {
      BlockArgument argument = body.getArgument(i + 1);
      ValueRange before = op.getStates().take_front(i);
      auto same = llvm::find(before, op.getStates()[i]);
      if (!argument.use_empty() && same == before.end())
        continue;
      if (!argument.use_empty())
        rewriter.replaceAllUsesWith(
            argument, body.getArgument(1 + (same - before.begin())));
      rewriter.modifyOpInPlace(op, [&] {
        op.getStatesMutable().erase(i);
        body.eraseArgument(i + 1);
      });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "every state is read, once");
  }
};

} // namespace

void PruneOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<DropUnusedStates<PruneOp>, DropPruneThatKeepsAll>(context);
}

void SkipBlocksOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<DropUnusedStates<SkipBlocksOp>>(context);
}

void FirstRowsOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropUnusedStates<FirstRowsOp>, DropSecondFirstRows>(context);
}

void EarlyExitOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropExitStates>(context);
}

/// Every entry row gets its state: nothing of what was held is left.
OpFoldResult HoldOp::fold(FoldAdaptor adaptor) {
  auto empty = getHeld().getDefiningOp<EmptyStatesOp>();
  if (empty && empty.getRows() == getRows())
    return getState();
  return {};
}
