//===- Norm.cpp - normalisation of rows -----------------------------------===//
// LayerNorm and RMSNorm, as one op and written out. The core is found first,
// with a scale of ones; scale and bias join it as products and sums with
// constants.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

namespace {

/// `y` when `value` is y * y.
Value getSquared(Value value) {
  if (auto pow = value.getDefiningOp<onnx::PowOp>())
    return isSplat(pow.getY(), 2) ? pow.getX() : Value();
  if (auto mul = value.getDefiningOp<onnx::MulOp>())
    return mul.getA() == mul.getB() ? mul.getA() : Value();
  return {};
}

/// `x` when `value` is the mean of each row of x, in a column.
Value getMeanOf(Value value) {
  auto mean = value.getDefiningOp<onnx::ReduceMeanOp>();
  return mean && mean.getKeepdims() == 1 && reducesLastAxis(mean)
             ? mean.getData()
             : Value();
}

/// `x` when `value` is x less the mean of its row.
Value getCentred(Value value) {
  auto sub = value.getDefiningOp<onnx::SubOp>();
  return sub && getMeanOf(sub.getB()) == sub.getA() ? sub.getA() : Value();
}

/// `mean(y * y) + epsilon` as (y, epsilon).
std::optional<std::pair<Value, double>> getPower(Value value) {
  auto add = value.getDefiningOp<onnx::AddOp>();
  auto sum = add ? withNumber(add) : std::nullopt;
  Value square = sum ? getMeanOf(sum->first) : Value();
  Value base = square ? getSquared(square) : Value();
  if (!base)
    return std::nullopt;
  return std::make_pair(base, sum->second);
}

/// What a row is divided by: `sqrt(v)`, or v to the power of one half.
Value getSquareRootOf(Value value) {
  if (auto root = value.getDefiningOp<onnx::SqrtOp>())
    return root.getX();
  if (auto pow = value.getDefiningOp<onnx::PowOp>())
    return isSplat(pow.getY(), 0.5) ? pow.getX() : Value();
  return {};
}

/// v when `value` is `1 / sqrt(v)`.
Value getInverseRootOf(Value value) {
  if (auto inverse = value.getDefiningOp<onnx::ReciprocalOp>())
    return getSquareRootOf(inverse.getX());
  if (auto div = value.getDefiningOp<onnx::DivOp>())
    return isSplat(div.getA(), 1) ? getSquareRootOf(div.getB()) : Value();
  if (auto pow = value.getDefiningOp<onnx::PowOp>())
    return isSplat(pow.getY(), -0.5) ? pow.getX() : Value();
  return {};
}

Value makeOnes(OpBuilder &builder, Location loc, int64_t width) {
  auto type = RankedTensorType::get({width}, builder.getF32Type());
  return onnx::ConstantOp::create(builder, loc,
                                  DenseElementsAttr::get(type, 1.0f));
}

/// Replaces `op` by the normalisation of y's rows, where `numerator` is y or,
/// for LayerNorm, the centred y.
LogicalResult replaceByCore(PatternRewriter &rewriter, Operation *op,
                            Value numerator, Value variance) {
  std::optional<std::pair<Value, double>> power =
      variance ? getPower(variance) : std::nullopt;
  if (!power)
    return failure();
  Value input = getCentred(numerator);
  NormKind kind = NormKind::Layer;
  if (power->first == numerator) {
    if (!input) {
      input = numerator;
      kind = NormKind::Rms;
    }
  } else if (!input || getCentred(power->first) != input) {
    return rewriter.notifyMatchFailure(op,
                                       "the variance is that of other rows");
  }
  RankedTensorType type = getStates(input);
  if (!type || type != op->getResult(0).getType())
    return rewriter.notifyMatchFailure(
        op, "expected f32 rows with a static last dimension");
  Value ones = makeOnes(rewriter, op->getLoc(), type.getShape().back());
  rewriter.replaceOpWithNewOp<NormOp>(
      op, type, input, ones, Value(), NormKindAttr::get(op->getContext(), kind),
      rewriter.getF32FloatAttr(static_cast<float>(power->second)),
      /*heads=*/IntegerAttr());
  return success();
}

/// `y / sqrt(mean(y * y) + epsilon)`.
struct RaiseQuotient : RaisePattern<onnx::DivOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::DivOp op,
                                PatternRewriter &rewriter) const override {
    return replaceByCore(rewriter, op, op.getA(), getSquareRootOf(op.getB()));
  }
};

/// `y * (1 / sqrt(mean(y * y) + epsilon))`, either way round.
struct RaiseProduct : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    if (Value variance = getInverseRootOf(op.getB()))
      return replaceByCore(rewriter, op, op.getA(), variance);
    return replaceByCore(rewriter, op, op.getB(), getInverseRootOf(op.getA()));
  }
};

/// `inverse root * scale` with a constant scale.
struct ScaledRoot {
  Value root, scale;
};

std::optional<ScaledRoot> getScaledRoot(Value value) {
  auto mul = value.getDefiningOp<onnx::MulOp>();
  for (unsigned side = 0; mul && side < 2; ++side) {
    ScaledRoot scaled{mul->getOperand(side), mul->getOperand(1 - side)};
    if (onnx::getConstant(scaled.scale) && getInverseRootOf(scaled.root))
      return scaled;
  }
  return std::nullopt;
}

/// `y * (inverse root * scale)`: the scale comes last, where RaiseScale finds
/// it.
struct ScaleLast : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      Value factor = op->getOperand(side), rows = op->getOperand(1 - side);
      auto scaled = getScaledRoot(factor);
      if (!scaled || !factor.hasOneUse() || onnx::getConstant(rows))
        continue;
      Value core = onnx::MulOp::create(rewriter, op.getLoc(), rows.getType(),
                                       rows, scaled->root);
      rewriter.replaceOpWithNewOp<onnx::MulOp>(op, op.getC().getType(), core,
                                               scaled->scale);
      return success();
    }
    return failure();
  }
};

/// The other operand of a commutative op, where one is `value`.
Value getOtherOperand(Operation *op, Value value) {
  for (unsigned side : {0, 1})
    if (op->getOperand(side) == value)
      return op->getOperand(1 - side);
  return {};
}

/// A LayerNorm whose scale and bias were multiplied out, as TensorFlow and
/// Keras write it: `x * g + (bias - mean(x) * g)` with `g = scale * (1 /
/// sqrt(mean((x - mean(x))^2) + epsilon))`.
struct SpreadNorm {
  Value input, factor;
  Value variance;    // What the root is taken of.
  Value scale, bias; // Null where there is none.

  /// `factor` as the inverse root, or a constant times it.
  bool matchFactor() {
    if (auto scaled = getScaledRoot(factor)) {
      scale = scaled->scale;
      variance = getInverseRootOf(scaled->root);
    } else {
      variance = getInverseRootOf(factor);
    }
    return variance != nullptr;
  }

  /// `mean(x) * g`, negated where `negated`.
  bool isShift(Value value, bool negated) {
    if (auto neg = value.getDefiningOp<onnx::NegOp>(); neg && negated)
      return isShift(neg.getX(), false);
    auto mul = value.getDefiningOp<onnx::MulOp>();
    Value mean = mul ? getOtherOperand(mul, factor) : Value();
    if (auto neg = mean ? mean.getDefiningOp<onnx::NegOp>() : onnx::NegOp())
      return negated && getMeanOf(neg.getX()) == input;
    return mean && !negated && getMeanOf(mean) == input;
  }

  /// `bias - mean(x) * g`, in any of the ways to write it.
  bool matchShift(Value value) {
    if (isShift(value, /*negated=*/true))
      return true;
    if (auto sub = value.getDefiningOp<onnx::SubOp>()) {
      bias = sub.getA();
      return onnx::getConstant(bias) && isShift(sub.getB(), /*negated=*/false);
    }
    auto add = value.getDefiningOp<onnx::AddOp>();
    for (unsigned side = 0; add && side < 2; ++side) {
      bias = add->getOperand(1 - side);
      if (onnx::getConstant(bias) &&
          isShift(add->getOperand(side), /*negated=*/true))
        return true;
    }
    return false;
  }
};

/// The norm on one side of `op` and the constant row on the other.
std::optional<std::pair<NormOp, Value>> withRow(Operation *op) {
  auto match = withConstant<NormOp>(op);
  if (!match)
    return std::nullopt;
  auto [norm, constant] = *match;
  bool isOpen = norm->hasOneUse() && !norm.getBias() &&
                norm.getType() == op->getResult(0).getType();
  return isOpen && isRowVector(constant, getWidth(norm.getType()))
             ? match
             : std::nullopt;
}

/// `norm * scale` where the norm's scale is ones.
struct RaiseScale : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    auto match = withRow(op);
    if (!match || getSplat(match->first.getScale()) != 1.0)
      return failure();
    NormOp norm = match->first;
    Value scale =
        getRowVector(rewriter, match->second, getWidth(norm.getType()));
    rewriter.replaceOpWithNewOp<NormOp>(
        op, norm.getType(), norm.getInput(), scale, Value(), norm.getKindAttr(),
        norm.getEpsilonAttr(), norm.getHeadsAttr());
    return success();
  }
};

/// `norm + bias`.
struct RaiseNormBias : RaisePattern<onnx::AddOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::AddOp op,
                                PatternRewriter &rewriter) const override {
    auto match = withRow(op);
    if (!match)
      return failure();
    NormOp norm = match->first;
    Value bias =
        getRowVector(rewriter, match->second, getWidth(norm.getType()));
    rewriter.replaceOpWithNewOp<NormOp>(
        op, norm.getType(), norm.getInput(), norm.getScale(), bias,
        norm.getKindAttr(), norm.getEpsilonAttr(), norm.getHeadsAttr());
    return success();
  }
};

/// Replaces a normalisation over the last axis; without a scale that is ones.
LogicalResult replaceByNorm(PatternRewriter &rewriter, Operation *op,
                            Value input, Value scale, Value bias, int64_t axis,
                            NormKind kind, FloatAttr epsilon) {
  RankedTensorType type = getStates(input);
  if (!type || type != op->getResult(0).getType())
    return rewriter.notifyMatchFailure(
        op, "expected f32 rows with a static last dimension");
  if (axis != -1 && axis != type.getRank() - 1)
    return rewriter.notifyMatchFailure(op,
                                       "more than the last axis is normalised");
  for (Value result : op->getResults().drop_front())
    if (!result.use_empty())
      return rewriter.notifyMatchFailure(op, "a further result is used");
  int64_t width = type.getShape().back();
  for (Value row : {scale, bias})
    if (row && !isRowVector(row, width))
      return rewriter.notifyMatchFailure(op,
                                         "scale or bias is no constant row");
  scale = scale ? getRowVector(rewriter, scale, width)
                : makeOnes(rewriter, op->getLoc(), width);
  bias = bias ? getRowVector(rewriter, bias, width) : Value();
  Value norm =
      NormOp::create(rewriter, op->getLoc(), type, input, scale, bias,
                     NormKindAttr::get(op->getContext(), kind), epsilon,
                     /*heads=*/IntegerAttr());
  rewriter.replaceAllUsesWith(op->getResult(0), norm);
  rewriter.eraseOp(op);
  return success();
}

struct RaiseSpreadNorm : RaisePattern<onnx::AddOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::AddOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1})
      if (auto mul = op->getOperand(side).getDefiningOp<onnx::MulOp>())
        for (unsigned factor : {0, 1}) {
          SpreadNorm norm;
          norm.input = mul->getOperand(1 - factor);
          norm.factor = mul->getOperand(factor);
          if (norm.matchFactor() && norm.matchShift(op->getOperand(1 - side)))
            return replace(rewriter, op, norm);
        }
    return failure();
  }

  static LogicalResult replace(PatternRewriter &rewriter, onnx::AddOp op,
                               const SpreadNorm &norm) {
    auto power = getPower(norm.variance);
    if (!power || getCentred(power->first) != norm.input)
      return rewriter.notifyMatchFailure(op,
                                         "the variance is that of other rows");
    return replaceByNorm(
        rewriter, op, norm.input, norm.scale, norm.bias, /*axis=*/-1,
        NormKind::Layer,
        rewriter.getF32FloatAttr(static_cast<float>(power->second)));
  }
};

struct RaiseLayerNormalization : RaisePattern<onnx::LayerNormalizationOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::LayerNormalizationOp op,
                                PatternRewriter &rewriter) const override {
    Value bias = onnx::isAbsent(op.getB()) ? Value() : op.getB();
    return replaceByNorm(rewriter, op, op.getX(), op.getScale(), bias,
                         op.getAxis(), NormKind::Layer, op.getEpsilonAttr());
  }
};

template <typename Op> struct RaiseRmsNormalization : RaisePattern<Op> {
  using RaisePattern<Op>::RaisePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    return replaceByNorm(rewriter, op, op.getX(), op.getScale(), Value(),
                         op.getAxis(), NormKind::Rms, op.getEpsilonAttr());
  }
};

} // namespace

void skim::raise::populateNormPatterns(RewritePatternSet &patterns,
                                       RaiseContext &context) {
  patterns.add<RaiseQuotient, RaiseProduct, RaiseScale, RaiseNormBias,
               RaiseSpreadNorm, ScaleLast, RaiseLayerNormalization,
               RaiseRmsNormalization<onnx::RMSNormalizationOp>,
               RaiseRmsNormalization<onnx::SimplifiedLayerNormalizationOp>>(
      patterns.getContext(), context);
}
