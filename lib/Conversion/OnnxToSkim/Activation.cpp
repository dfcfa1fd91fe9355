//===- Activation.cpp - activations of states -----------------------------===//
// GELU in the orders in which exporters multiply it out, SiLU, single ops; sums
// and products of states; an activation joins the linear layer that feeds
// nothing else.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include <array>

using namespace mlir;
using namespace skim;
using namespace skim::raise;

namespace {

/// Coefficients of 1, x, x^2 and x^3.
using Cubic = std::array<double, 4>;

std::optional<Cubic> multiply(const Cubic &a, const Cubic &b) {
  Cubic result = {};
  for (unsigned i = 0; i < a.size(); ++i)
    for (unsigned j = 0; j < b.size(); ++j) {
      if (a[i] == 0 || b[j] == 0)
        continue;
      if (i + j >= result.size())
        return std::nullopt;
      result[i + j] += a[i] * b[j];
    }
  return result;
}

/// `value` as a polynomial of x, of degree three at most.
std::optional<Cubic> asPolynomial(Value value, Value x, unsigned depth = 0) {
  if (value == x)
    return Cubic{0, 1, 0, 0};
  if (std::optional<double> number = getSplat(value))
    return Cubic{*number, 0, 0, 0};
  Operation *op = value.getDefiningOp();
  if (!op || depth > 8)
    return std::nullopt;
  if (auto pow = dyn_cast<onnx::PowOp>(op)) {
    std::optional<double> exponent = getSplat(pow.getY());
    std::optional<Cubic> base = asPolynomial(pow.getX(), x, depth + 1);
    if (!base || (exponent != 2.0 && exponent != 3.0))
      return std::nullopt;
    std::optional<Cubic> result = multiply(*base, *base);
    return result && exponent == 3.0 ? multiply(*result, *base) : result;
  }
  if (!isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp>(op))
    return std::nullopt;
  std::optional<Cubic> a = asPolynomial(op->getOperand(0), x, depth + 1);
  std::optional<Cubic> b = asPolynomial(op->getOperand(1), x, depth + 1);
  if (!a || !b)
    return std::nullopt;
  if (isa<onnx::MulOp>(op))
    return multiply(*a, *b);
  if (isa<onnx::DivOp>(op)) {
    if ((*b)[0] == 0 || (*b)[1] != 0 || (*b)[2] != 0 || (*b)[3] != 0)
      return std::nullopt;
    return multiply(*a, Cubic{1 / (*b)[0], 0, 0, 0});
  }
  double sign = isa<onnx::SubOp>(op) ? -1 : 1;
  for (unsigned i = 0; i < a->size(); ++i)
    (*a)[i] += sign * (*b)[i];
  return a;
}

/// A product as numbers and other factors.
struct Product {
  double number = 1;
  SmallVector<Value> factors;
};

/// Multiplies `value` out, as far as its factors serve nothing else.
void collectFactors(Value value, bool isRoot, Product &product) {
  Operation *op = value.getDefiningOp();
  if (std::optional<double> number = getSplat(value)) {
    product.number *= *number;
    return;
  }
  if (op && (isRoot || op->hasOneUse())) {
    if (isa<onnx::MulOp>(op)) {
      collectFactors(op->getOperand(0), false, product);
      collectFactors(op->getOperand(1), false, product);
      return;
    }
    std::optional<double> divisor =
        isa<onnx::DivOp>(op) ? getSplat(op->getOperand(1)) : std::nullopt;
    if (divisor) {
      product.number /= *divisor;
      collectFactors(op->getOperand(0), false, product);
      return;
    }
  }
  product.factors.push_back(value);
}

/// `c * (1 + f)` with f the result of an Erf or Tanh: f's op and c.
std::optional<std::pair<Operation *, double>> getGate(Value factor) {
  auto add = factor.getDefiningOp<onnx::AddOp>();
  auto sum = add ? withNumber(add) : std::nullopt;
  if (!sum)
    return std::nullopt;
  // The factor may have been multiplied in: 0.5 + 0.5 * f.
  Product product;
  collectFactors(sum->first, false, product);
  if (product.factors.size() != 1 || !isClose(product.number, sum->second))
    return std::nullopt;
  Operation *function = product.factors.front().getDefiningOp();
  if (!isa_and_present<onnx::ErfOp, onnx::TanhOp>(function))
    return std::nullopt;
  return std::make_pair(function, sum->second);
}

/// `x / 2 * (1 + erf(x / sqrt 2))` or the same with the tanh approximation.
struct RaiseGelu : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;

  static bool isErfArgument(const Cubic &c) {
    return c[0] == 0 && isClose(c[1], M_SQRT1_2) && c[2] == 0 && c[3] == 0;
  }
  static bool isTanhArgument(const Cubic &c) {
    const double slope = std::sqrt(2 / M_PI);
    return c[0] == 0 && isClose(c[1], slope) && c[2] == 0 &&
           isClose(c[3], 0.044715 * slope);
  }

  template <typename Op>
  LogicalResult raise(Op op, PatternRewriter &rewriter) const {
    Product product;
    collectFactors(op->getResult(0), /*isRoot=*/true, product);
    if (product.factors.size() != 2)
      return failure();
    for (unsigned side : {0, 1}) {
      Value x = product.factors[1 - side];
      auto gate = getGate(product.factors[side]);
      if (!gate)
        continue;
      auto argument = asPolynomial(gate->first->getOperand(0), x);
      if (!argument)
        return rewriter.notifyMatchFailure(
            op, "the gate's argument is no polynomial of the other factor");
      bool isErf = isa<onnx::ErfOp>(gate->first);
      if (isErf ? !isErfArgument(*argument) : !isTanhArgument(*argument))
        return rewriter.notifyMatchFailure(
            op, "the gate's argument is not that of GELU");
      if (!isClose(product.number * gate->second, 0.5))
        return rewriter.notifyMatchFailure(
            op, "the product is not half of x times the gate");
      if (!getStates(x) || x.getType() != op->getResult(0).getType())
        return rewriter.notifyMatchFailure(op, "expected f32 states");
      rewriter.replaceOpWithNewOp<ActivationOp>(op, x.getType(), x,
                                                isErf ? Activation::GeluErf
                                                      : Activation::GeluTanh);
      return success();
    }
    return failure();
  }

  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    return raise(op, rewriter);
  }
};

/// As RaiseGelu, where the last step is a division by 2.
struct RaiseGeluQuotient : RaisePattern<onnx::DivOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::DivOp op,
                                PatternRewriter &rewriter) const override {
    if (!getSplat(op.getB()))
      return failure();
    return RaiseGelu(getContext(), context).raise(op, rewriter);
  }
};

/// What `x * sigmoid(factor * x)` is.
std::optional<Activation> getGatedActivation(double factor) {
  if (isClose(factor, 1))
    return Activation::Silu;
  if (isClose(factor, 1.702))
    return Activation::GeluQuick;
  return std::nullopt;
}

/// `x * sigmoid(factor * x)`.
struct RaiseSilu : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      auto sigmoid = op->getOperand(side).getDefiningOp<onnx::SigmoidOp>();
      Value x = op->getOperand(1 - side);
      if (!sigmoid || !getStates(x) || x.getType() != op.getC().getType())
        continue;
      Product argument;
      if (sigmoid.getX() == x)
        argument.factors.push_back(x);
      else
        collectFactors(sigmoid.getX(), /*isRoot=*/true, argument);
      auto activation = getGatedActivation(argument.number);
      if (argument.factors.size() != 1 || argument.factors.front() != x ||
          !activation)
        return rewriter.notifyMatchFailure(
            op, "the sigmoid's argument is neither x nor 1.702 x");
      rewriter.replaceOpWithNewOp<ActivationOp>(op, x.getType(), x,
                                                *activation);
      return success();
    }
    return failure();
  }
};

struct RaiseGeluOp : RaisePattern<onnx::GeluOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::GeluOp op,
                                PatternRewriter &rewriter) const override {
    if (!getStates(op.getX()))
      return rewriter.notifyMatchFailure(op, "expected f32 states");
    rewriter.replaceOpWithNewOp<ActivationOp>(
        op, op.getY().getType(), op.getX(),
        op.getApproximate() == "tanh" ? Activation::GeluTanh
                                      : Activation::GeluErf);
    return success();
  }
};

struct RaiseSwish : RaisePattern<onnx::SwishOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::SwishOp op,
                                PatternRewriter &rewriter) const override {
    if (!getStates(op.getX()))
      return rewriter.notifyMatchFailure(op, "expected f32 states");
    auto activation = getGatedActivation(op.getAlpha().convertToFloat());
    if (!activation)
      return rewriter.notifyMatchFailure(op, "alpha is neither 1 nor 1.702");
    rewriter.replaceOpWithNewOp<ActivationOp>(op, op.getY().getType(),
                                              op.getX(), *activation);
    return success();
  }
};

/// An op that is one activation as it stands.
template <typename Op, Activation activation>
struct RaiseSingle : RaisePattern<Op> {
  using RaisePattern<Op>::RaisePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!getStates(op.getX()))
      return rewriter.notifyMatchFailure(op, "expected f32 states");
    rewriter.replaceOpWithNewOp<ActivationOp>(op, op.getY().getType(),
                                              op.getX(), activation);
    return success();
  }
};

struct RaiseTanh : RaisePattern<onnx::TanhOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::TanhOp op,
                                PatternRewriter &rewriter) const override {
    if (!getStates(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "expected f32 states");
    rewriter.replaceOpWithNewOp<ActivationOp>(
        op, op->getResult(0).getType(), op->getOperand(0), Activation::Tanh);
    return success();
  }
};

/// The sum or the product of two states of one shape.
template <typename OnnxOp, typename SkimOp>
struct RaiseBinary : RaisePattern<OnnxOp> {
  using RaisePattern<OnnxOp>::RaisePattern;
  LogicalResult matchAndRewrite(OnnxOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getStates(op.getC());
    if (!type || type.getRank() > 3)
      return failure();
    if (onnx::getConstant(op.getA()) || onnx::getConstant(op.getB()))
      return rewriter.notifyMatchFailure(op, "states and a constant");
    if (op.getA().getType() != type ||
        !this->context.haveSameDims(op.getA(), op.getB()))
      return rewriter.notifyMatchFailure(op,
                                         "the operands have different shapes");
    rewriter.replaceOpWithNewOp<SkimOp>(op, type, op.getA(), op.getB());
    return success();
  }
};

/// An activation of a linear layer's result that nothing else reads.
struct FoldActivation : RaisePattern<ActivationOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(ActivationOp op,
                                PatternRewriter &rewriter) const override {
    auto linear = op.getInput().getDefiningOp<LinearOp>();
    if (!linear)
      return failure();
    if (!linear->hasOneUse() || linear.getResidual() ||
        linear.getActivation() != Activation::None)
      return rewriter.notifyMatchFailure(op, "the linear layer has other uses");
    auto activated = cast<LinearOp>(rewriter.clone(*linear));
    activated.setActivation(op.getActivation());
    rewriter.replaceOp(op, activated.getResult());
    return success();
  }
};

} // namespace

void skim::raise::populateGeluPatterns(RewritePatternSet &patterns,
                                       RaiseContext &context) {
  patterns
      .add<RaiseGelu, RaiseGeluQuotient, RaiseSilu, RaiseGeluOp, RaiseSwish>(
          patterns.getContext(), context);
}

void skim::raise::populateStatePatterns(RewritePatternSet &patterns,
                                        RaiseContext &context) {
  patterns.add<RaiseSingle<onnx::ReluOp, Activation::Relu>,
               RaiseSingle<onnx::SigmoidOp, Activation::Sigmoid>, RaiseTanh,
               RaiseBinary<onnx::AddOp, AddOp>, RaiseBinary<onnx::MulOp, MulOp>,
               FoldActivation>(patterns.getContext(), context);
}
