//===- QuantisedLinear.cpp - products of integers with constants ----------===//
// MatMulInteger between DynamicQuantizeLinear and the scales becomes a
// skim.linear that rounds its input as the model says.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "skim/Dialect/Onnx/Transforms/QuantisedProduct.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

namespace {

/// The zero points of `width` columns: one for all, one for each or none.
Value getZeroPoints(OpBuilder &builder, Value points, Type element,
                    int64_t width) {
  auto type = RankedTensorType::get({width}, element);
  ElementsAttr elements = onnx::getConstant(points);
  if (!onnx::isAbsent(points) && elements.getNumElements() == width)
    return reshapeConstant(builder, points, {width});
  Attribute point = builder.getIntegerAttr(element, 0);
  if (!onnx::isAbsent(points))
    point = *elements.getValues<Attribute>().begin();
  return onnx::ConstantOp::create(builder, points.getLoc(),
                                  DenseElementsAttr::get(type, point));
}

struct RaiseQuantised : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    auto match = onnx::matchQuantisedProduct(op, rewriter);
    if (!match)
      return failure();
    RankedTensorType states = getStates(match->states);
    auto weight = cast<RankedTensorType>(match->weight.getType());
    int64_t width = weight.getDimSize(1);
    if (!states || states.getShape().back() != weight.getDimSize(0) ||
        withWidth(states, width) != op.getC().getType())
      return rewriter.notifyMatchFailure(
          op, "expected states with a static last dimension, the weight's");
    if (!isRowVector(match->scale, width))
      return rewriter.notifyMatchFailure(op, "the scale is no row");
    Value scale = getRowVector(rewriter, match->scale, width);
    Value points = getZeroPoints(rewriter, match->zeroPoint,
                                 weight.getElementType(), width);
    rewriter.replaceOpWithNewOp<LinearOp>(
        op, op.getC().getType(), match->states, match->weight, scale, points,
        /*bias=*/Value(), /*residual=*/Value(), /*transpose_weight=*/false,
        Activation::None);
    return success();
  }
};

} // namespace

void skim::raise::populateQuantisedPatterns(RewritePatternSet &patterns,
                                            RaiseContext &context) {
  patterns.add<RaiseQuantised>(patterns.getContext(), context);
}
