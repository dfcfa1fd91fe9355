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

/// The number that a constant of one element holds.
template <typename Number> Number getOnly(Value constant) {
  ElementsAttr elements = onnx::getConstant(constant);
  return *elements.getValues<Number>().begin();
}

/// Whether a layer can round as `given` does.
bool canGive(onnx::QuantizeLinearOp given) {
  Value scale = given.getYScale();
  return getElementTypeOrSelf(given.getY()).isInteger(8) &&
         getElementTypeOrSelf(scale).isF32() &&
         LinearOp::isInputScale(getOnly<float>(scale));
}

/// The scale and zero point that `given` rounds by, as of uint8.
void setInputScale(LinearOp linear, onnx::QuantizeLinearOp given) {
  linear.setInputScale(APFloat(getOnly<float>(given.getYScale())));
  Type bytes = getElementTypeOrSelf(given.getY());
  Value points = given.getYZeroPoint();
  int64_t point = onnx::isAbsent(points) ? 0
                  : bytes.isUnsignedInteger()
                      ? int64_t(getOnly<APInt>(points).getZExtValue())
                      : getOnly<APInt>(points).getSExtValue();
  linear.setInputZeroPoint(point + (bytes.isUnsignedInteger() ? 0 : 128));
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
    if (match->given && !canGive(match->given))
      return rewriter.notifyMatchFailure(
          op, "expected activations of 8 bits by a scale of f32");
    Value scale = getRowVector(rewriter, match->scale, width);
    Value points = getZeroPoints(rewriter, match->zeroPoint,
                                 weight.getElementType(), width);
    auto linear = LinearOp::create(rewriter, op.getLoc(), op.getC().getType(),
                                   match->states, match->weight, scale, points,
                                   /*bias=*/Value(), /*residual=*/Value(),
                                   /*transpose_weight=*/false, Activation::None,
                                   FloatAttr(), IntegerAttr());
    if (match->given)
      setInputScale(linear, match->given);
    rewriter.replaceOp(op, linear);
    return success();
  }
};

} // namespace

void skim::raise::populateQuantisedPatterns(RewritePatternSet &patterns,
                                            RaiseContext &context) {
  patterns.add<RaiseQuantised>(patterns.getContext(), context);
}
