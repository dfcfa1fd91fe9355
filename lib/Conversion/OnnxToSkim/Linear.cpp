//===- Linear.cpp - products with constant matrices -----------------------===//
// MatMul and Gemm with a constant weight become skim.linear, their biases its
// operand; flattened forms run on the states as they were.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

namespace {

/// A constant matrix and whether it stands transposed.
struct Weight {
  Value value;
  bool transposed = false;
};

/// The constant matrix behind `value`, through a transposition.
std::optional<Weight> getWeight(Value value) {
  Weight weight{value};
  if (auto transpose = value.getDefiningOp<onnx::TransposeOp>()) {
    weight = {transpose.getData(), true};
    if (auto perm = transpose.getPerm();
        perm && ArrayRef<int64_t>(*perm) != ArrayRef<int64_t>{1, 0})
      return std::nullopt;
  }
  ElementsAttr elements = onnx::getConstant(weight.value);
  if (!elements || !elements.getElementType().isF32() ||
      cast<ShapedType>(elements.getType()).getRank() != 2)
    return std::nullopt;
  return weight;
}

/// Says why `op` cannot be the linear layer of `input` and `weight`, or
/// succeeds.
LogicalResult checkLinear(PatternRewriter &rewriter, Operation *op, Value input,
                          Weight weight) {
  RankedTensorType type = getStates(input);
  if (!type)
    return rewriter.notifyMatchFailure(
        op, "expected a f32 input with a static last dimension");
  auto weightType = cast<RankedTensorType>(weight.value.getType());
  if (type.getShape().back() !=
      weightType.getDimSize(weight.transposed ? 1 : 0))
    return rewriter.notifyMatchFailure(op, "input and weight do not fit");
  int64_t width = weightType.getDimSize(weight.transposed ? 0 : 1);
  if (withWidth(type, width) != op->getResult(0).getType())
    return rewriter.notifyMatchFailure(op,
                                       "the result's shape is not the input's");
  return success();
}

Value makeLinear(OpBuilder &builder, Operation *op, Value input, Weight weight,
                 Value bias) {
  return LinearOp::create(builder, op->getLoc(), op->getResult(0).getType(),
                          input, weight.value, bias, /*residual=*/Value(),
                          weight.transposed, Activation::None);
}

/// `MatMul(x, W)`.
struct RaiseMatMul : RaisePattern<onnx::MatMulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MatMulOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Weight> weight = getWeight(op.getB());
    if (!weight)
      return rewriter.notifyMatchFailure(op, "no constant matrix on the right");
    if (failed(checkLinear(rewriter, op, op.getA(), *weight)))
      return failure();
    rewriter.replaceOp(op,
                       makeLinear(rewriter, op, op.getA(), *weight, Value()));
    return success();
  }
};

/// `Gemm(x, W, c)`: c is a bias or states to be added.
struct RaiseGemm : RaisePattern<onnx::GemmOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::GemmOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Weight> weight = getWeight(op.getB());
    if (!weight)
      return rewriter.notifyMatchFailure(op, "no constant matrix on the right");
    if (op.getTransA() != 0)
      return rewriter.notifyMatchFailure(op, "the input is transposed");
    if (op.getAlpha().convertToFloat() != 1.0f)
      return rewriter.notifyMatchFailure(op, "alpha is not 1");
    weight->transposed ^= op.getTransB() != 0;
    if (failed(checkLinear(rewriter, op, op.getA(), *weight)))
      return failure();
    int64_t width = getWidth(op.getY().getType());
    bool hasC = !onnx::isAbsent(op.getC());
    if (hasC && op.getBeta().convertToFloat() != 1.0f)
      return rewriter.notifyMatchFailure(op, "beta is not 1");
    bool isBias = hasC && isRowVector(op.getC(), width);
    if (hasC && !isBias && !context.haveSameDims(op.getC(), op.getY()))
      return rewriter.notifyMatchFailure(op, "C is neither a bias nor states");
    Value bias = isBias ? getRowVector(rewriter, op.getC(), width) : Value();
    Value result = makeLinear(rewriter, op, op.getA(), *weight, bias);
    if (hasC && !isBias)
      result = AddOp::create(rewriter, op.getLoc(), result, op.getC());
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// The layer and the constant row that `op` joins; says why a layer and a
/// constant are not.
std::optional<std::pair<LinearOp, Value>>
matchLayerAndRow(PatternRewriter &rewriter, Operation *op) {
  auto match = withConstant<LinearOp>(op);
  if (!match)
    return std::nullopt;
  auto [linear, constant] = *match;
  const char *reason = nullptr;
  Type type = op->getResult(0).getType();
  if (linear.getResidual() || linear.getActivation() != Activation::None ||
      !linear->hasOneUse())
    reason = "the linear layer is complete";
  else if (linear.getResult().getType() != type)
    reason = "the result is larger than the layer's";
  else if (!isRowVector(constant, getWidth(type)))
    reason = "the constant is no row";
  if (!reason)
    return match;
  (void)rewriter.notifyMatchFailure(op, reason);
  return std::nullopt;
}

/// `Add(linear, b)` with a constant row b.
struct RaiseBias : RaisePattern<onnx::AddOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::AddOp op,
                                PatternRewriter &rewriter) const override {
    auto match = matchLayerAndRow(rewriter, op);
    if (!match)
      return failure();
    auto [linear, constant] = *match;
    if (linear.getBias())
      return rewriter.notifyMatchFailure(op, "the linear layer is complete");
    Value bias =
        getRowVector(rewriter, constant, getWidth(op.getC().getType()));
    auto biased = cast<LinearOp>(rewriter.clone(*linear));
    biased.getBiasMutable().assign(bias);
    biased->setLoc(linear.getLoc());
    rewriter.replaceOp(op, biased.getResult());
    return success();
  }
};

/// `linear * row`, as layers are scaled behind attention and feed-forward: a
/// layer with weights and bias that are multiplied.
struct RaiseLayerScale : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    auto match = matchLayerAndRow(rewriter, op);
    if (!match)
      return failure();
    auto [linear, constant] = *match;
    // One number is the attention's to take.
    if (onnx::getConstant(constant).getNumElements() == 1 ||
        linear.isQuantised() || !linear.getWeight().hasOneUse())
      return rewriter.notifyMatchFailure(
          op, "the constant is one number, or the weights are shared or "
              "integers");
    Value row = getRowVector(rewriter, constant, getWidth(op.getC().getType()));
    Value weight = scaleConstant(rewriter, linear.getWeight(), row,
                                 linear.getTransposeWeight() ? 0 : 1);
    Value bias = linear.getBias();
    if (bias)
      bias = scaleConstant(rewriter, bias, row, /*axis=*/0);
    rewriter.replaceOpWithNewOp<LinearOp>(
        op, op.getC().getType(), linear.getInput(), weight, bias,
        /*residual=*/Value(), linear.getTransposeWeight(), Activation::None);
    return success();
  }
};

/// `op(Reshape(x))`, where the reshape joins leading dimensions and `op` works
/// row by row: the reshape goes behind `op`, where that of the states' return
/// meets it.
template <typename Op> struct SinkFlatten : RaisePattern<Op> {
  using RaisePattern<Op>::RaisePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto flatten = op->getOperand(0).template getDefiningOp<onnx::ReshapeOp>();
    if (!flatten)
      return failure();
    RankedTensorType from = getStates(flatten.getData());
    RankedTensorType to = getStates(flatten.getReshaped());
    if (!from || !to || from.getRank() != 3 || to.getRank() != 2 ||
        from.getShape().back() != to.getShape().back())
      return failure();
    if constexpr (std::is_same_v<Op, LinearOp>)
      if (op.getResidual())
        return rewriter.notifyMatchFailure(
            op, "the flattened layer has a residual");
    Operation *whole = rewriter.clone(*op);
    int64_t width = getWidth(op.getResult().getType());
    whole->setOperand(0, flatten.getData());
    whole->getResult(0).setType(withWidth(from, width));
    rewriter.replaceOpWithNewOp<onnx::ReshapeOp>(
        op, op.getResult().getType(), whole->getResult(0),
        makeInts(rewriter, op.getLoc(), {-1, width}), /*allowzero=*/0);
    return success();
  }
};

/// `op(Unsqueeze(x))` of one state for each sequence, with a dimension of one
/// between: the dimension is added behind `op`.
template <typename Op> struct SinkUnsqueeze : RaisePattern<Op> {
  using RaisePattern<Op>::RaisePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto add = op->getOperand(0).template getDefiningOp<onnx::UnsqueezeOp>();
    RankedTensorType from = add ? getStates(add.getData()) : RankedTensorType();
    RankedTensorType to = add ? getStates(add.getExpanded()) : from;
    if (!from || !to || from.getRank() != 2 || to.getRank() != 3 ||
        from.getShape().back() != to.getShape().back())
      return failure();
    if constexpr (std::is_same_v<Op, LinearOp>)
      if (op.getResidual())
        return rewriter.notifyMatchFailure(op, "the layer has a residual");
    Operation *narrow = rewriter.clone(*op);
    Type type = op.getResult().getType();
    narrow->setOperand(0, add.getData());
    narrow->getResult(0).setType(withWidth(from, getWidth(type)));
    rewriter.replaceOpWithNewOp<onnx::UnsqueezeOp>(
        op, type, narrow->getResult(0), add.getAxes());
    return success();
  }
};

/// A reshape of states that gives every element its old place.
template <typename Op> struct DropRoundTrip : RaisePattern<Op> {
  using RaisePattern<Op>::RaisePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Value result = op->getResult(0);
    if (!getStates(result) ||
        !isa_and_present<onnx::ReshapeOp, onnx::UnsqueezeOp>(
            op->getOperand(0).getDefiningOp()))
      return failure();
    std::optional<SymDims> dims = this->context.dims(result);
    if (!dims)
      return failure();
    Elements elements(this->context, *dims);
    SymDims at;
    for (unsigned axis = 0; axis < dims->size(); ++axis)
      at.push_back((*dims)[axis].isConstant(1) ? SymDim(0)
                                               : SymDim::index(axis));
    Element element = elements.trace(result, at);
    if (element.kind != Element::Kind::Access || element.base == result ||
        element.number != 1 || element.at != at ||
        element.base.getType() != result.getType())
      return rewriter.notifyMatchFailure(op, "the reshape changes the shape");
    rewriter.replaceOp(op, element.base);
    return success();
  }
};

} // namespace

void skim::raise::populateLinearPatterns(RewritePatternSet &patterns,
                                         RaiseContext &context) {
  patterns.add<RaiseMatMul, RaiseGemm, RaiseBias, RaiseLayerScale,
               SinkFlatten<LinearOp>, SinkFlatten<NormOp>,
               SinkFlatten<ActivationOp>, SinkUnsqueeze<LinearOp>,
               SinkUnsqueeze<NormOp>, SinkUnsqueeze<ActivationOp>,
               DropRoundTrip<onnx::ReshapeOp>, DropRoundTrip<onnx::SqueezeOp>>(
      patterns.getContext(), context);
}
