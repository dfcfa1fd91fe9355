//===- ShapeFolds.cpp - ops that only relabel, simplified -----------------===//
// Folders and canonicalisers of the ops that move or relabel elements.
//===----------------------------------------------------------------------===//

#include "Verify.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace skim::onnx;

/// True when tensors of the two types, with as many elements, have one shape:
/// at most one dimension is unknown.
static bool haveSameShape(Type a, Type b) {
  auto type = dyn_cast<RankedTensorType>(a);
  return a == b && type &&
         llvm::count(type.getShape(), ShapedType::kDynamic) < 2;
}

/// True when two values are the same or equal constants.
static bool areEqual(Value a, Value b) {
  if (a == b)
    return true;
  auto left = getConstantInts(a), right = getConstantInts(b);
  return left && right && *left == *right;
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (haveSameShape(getData().getType(), getType()))
    return getData();
  return {};
}

OpFoldResult ExpandOp::fold(FoldAdaptor) {
  auto type = cast<TensorType>(getType());
  if (type == getInput().getType() && type.hasStaticShape())
    return getInput();
  return {};
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  if (getInputs().size() == 1 && getInputs().front().getType() == getType())
    return getInputs().front();
  return {};
}

OpFoldResult SqueezeOp::fold(FoldAdaptor) {
  auto inner = getData().getDefiningOp<UnsqueezeOp>();
  if (inner && areEqual(inner.getAxes(), getAxes()) &&
      inner.getData().getType() == getType())
    return inner.getData();
  return {};
}

OpFoldResult UnsqueezeOp::fold(FoldAdaptor) {
  auto inner = getData().getDefiningOp<SqueezeOp>();
  if (inner && areEqual(inner.getAxes(), getAxes()) &&
      inner.getData().getType() == getType())
    return inner.getData();
  return {};
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (!getPerm() || getData().getType() != getType())
    return {};
  ArrayRef<int64_t> perm = *getPerm();
  for (auto [i, axis] : llvm::enumerate(perm))
    if (axis != static_cast<int64_t>(i))
      return {};
  return getData();
}

namespace {
/// Transpose(Transpose(x, p), q) -> Transpose(x, p[q]).
struct ComposeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getData().getDefiningOp<TransposeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not a transpose of a transpose");
    if (!op.getPerm() || !inner.getPerm())
      return rewriter.notifyMatchFailure(op, "a permutation is implicit");
    ArrayRef<int64_t> first = *inner.getPerm(), second = *op.getPerm();
    SmallVector<int64_t> perm;
    for (int64_t axis : second)
      perm.push_back(first[axis]);
    rewriter.replaceOpWithNewOp<TransposeOp>(
        op, op.getType(), inner.getData(), rewriter.getDenseI64ArrayAttr(perm));
    return success();
  }
};

/// Reshape(Reshape(x)) -> Reshape(x): the elements keep their order. A size
/// of 0 would copy from another shape.
struct ComposeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getData().getDefiningOp<ReshapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not a reshape of a reshape");
    auto sizes = getConstantInts(op.getShape());
    if (!sizes || llvm::is_contained(*sizes, 0))
      return rewriter.notifyMatchFailure(op, "a size may be copied");
    rewriter.modifyOpInPlace(
        op, [&] { op.getDataMutable().assign(inner.getData()); });
    return success();
  }
};

/// Reshape(Softmax(Flatten(x), last), Shape(x)) -> Softmax(x, last): what the
/// importer makes of an old softmax whose rank it does not know. Flatten must
/// split off the last dimension only.
template <typename Softmax>
struct UnflattenSoftmax : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern<ReshapeOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto softmax = op.getData().getDefiningOp<Softmax>();
    auto shape = op.getShape().getDefiningOp<ShapeOp>();
    if (!softmax || !shape)
      return rewriter.notifyMatchFailure(op, "not a softmax reshaped");
    auto flatten = softmax.getInput().template getDefiningOp<FlattenOp>();
    if (!flatten || shape.getData() != flatten.getInput() || shape.getEnd() ||
        static_cast<int64_t>(shape.getStart()) != 0)
      return rewriter.notifyMatchFailure(op,
                                         "not its flattened operand's shape");
    auto type = dyn_cast<RankedTensorType>(flatten.getInput().getType());
    if (!type || type != op.getType() ||
        normaliseAxis(softmax.getAxis(), 2) != 1 ||
        normaliseAxis(flatten.getAxis(), type.getRank()) != type.getRank() - 1)
      return rewriter.notifyMatchFailure(op, "not along the last dimension");
    rewriter.replaceOpWithNewOp<Softmax>(op, type, flatten.getInput(), -1);
    return success();
  }
};
} // namespace

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<ComposeTransposes>(context);
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<ComposeReshapes, UnflattenSoftmax<SoftmaxOp>,
               UnflattenSoftmax<LogSoftmaxOp>>(context);
}
