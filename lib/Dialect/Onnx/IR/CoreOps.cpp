//===- CoreOps.cpp - constants, absent values, casts and copies ----------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxCoreOps.cpp.inc"

void OnnxDialect::addCoreOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxCoreOps.cpp.inc"
      >();
}

OpFoldResult NoneOp::fold(FoldAdaptor) { return UnitAttr::get(getContext()); }

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

// cast_c1
LogicalResult CastOp::verify() {
  int64_t actual = getDataType(getElementTypeOrSelf(getType()));
  if (actual != static_cast<int64_t>(getTo()))
    return emitOpError("expected a result of the type that 'to' = ")
           << getTo() << " names, got " << getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Folders and canonicalisers
//===----------------------------------------------------------------------===//

OpFoldResult IdentityOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? getInput() : OpFoldResult();
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? getInput() : OpFoldResult();
}

namespace {
/// CastLike(x, like) -> Cast(x) to the element type of the result.
struct CastLikeToCast : OpRewritePattern<CastLikeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastLikeOp op,
                                PatternRewriter &rewriter) const override {
    int64_t to = getDataType(getElementTypeOrSelf(op.getType()));
    rewriter.replaceOpWithNewOp<CastOp>(op, op.getType(), op.getInput(),
                                        op.getRoundMode(), op.getSaturate(),
                                        to);
    return success();
  }
};

/// Dropout(x) -> x in inference, when nothing takes the mask.
struct DropInferenceDropout : OpRewritePattern<DropoutOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DropoutOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getMask().use_empty())
      return rewriter.notifyMatchFailure(op, "the mask is used");
    auto training = getConstantInts(op.getTrainingMode());
    bool isFalse = training && training->size() == 1 && !training->front();
    if (!isAbsent(op.getTrainingMode()) && !isFalse)
      return rewriter.notifyMatchFailure(op, "it may be training");
    if (op.getOutput().getType() != op.getData().getType())
      return rewriter.notifyMatchFailure(op, "the types differ");
    rewriter.replaceAllUsesWith(op.getOutput(), op.getData());
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void CastLikeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<CastLikeToCast>(context);
}

void DropoutOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropInferenceDropout>(context);
}
