//===- Activation.cpp - activation functions and softmax ------------------===//
// Each as its formula says; softmax subtracts the largest element first.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Reductions.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// Adds an activation: `fn(op, type, x)` on every element.
template <typename OpT, typename Fn>
static void addActivation(Family &family, Fn fn) {
  family.add<OpT>([fn](Emitter &e, OpT op,
                       typename OpT::Adaptor in) -> FailureOr<Value> {
    Scalars type(e, elementOf(op->getOperand(0)));
    return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
      return type.store(fn(e, op, type, type.load(x[0])));
    });
  });
}

/// alpha (exp(x) - 1).
static Value expMinusOne(Emitter &e, Scalars &s, Value x) {
  return math::ExpM1Op::create(e.b, e.loc, x);
}

static void addExponential(Family &family) {
  addActivation<onnx::EluOp>(
      family, [](Emitter &e, onnx::EluOp op, Scalars &s, Value x) {
        Value alpha = s.constant(op.getAlpha().convertToDouble());
        return e.select(s.less(x, s.constant(0)),
                        s.mul(alpha, expMinusOne(e, s, x)), x);
      });
  addActivation<onnx::SeluOp>(
      family, [](Emitter &e, onnx::SeluOp op, Scalars &s, Value x) {
        Value alpha = s.constant(op.getAlpha().convertToDouble());
        Value gamma = s.constant(op.getGamma().convertToDouble());
        Value below = s.mul(alpha, expMinusOne(e, s, x));
        return s.mul(gamma, e.select(s.less(s.constant(0), x), x, below));
      });
  addActivation<onnx::CeluOp>(
      family, [](Emitter &e, onnx::CeluOp op, Scalars &s, Value x) {
        Value alpha = s.constant(op.getAlpha().convertToDouble());
        Value zero = s.constant(0);
        Value below = s.mul(alpha, expMinusOne(e, s, s.div(x, alpha)));
        return s.add(s.max(zero, x), s.min(zero, below));
      });
  addActivation<onnx::SigmoidOp>(family,
                                 [](Emitter &, onnx::SigmoidOp, Scalars &s,
                                    Value x) { return s.sigmoid(x); });
  addActivation<onnx::SwishOp>(
      family, [](Emitter &, onnx::SwishOp op, Scalars &s, Value x) {
        Value alpha = s.constant(op.getAlpha().convertToDouble());
        return s.mul(x, s.sigmoid(s.mul(alpha, x)));
      });
}

/// log(1 + exp(x)) without overflow.
static Value softplus(Emitter &e, Scalars &s, Value x) {
  Value small = s.exp(s.negate(s.abs(x)));
  Value log = math::Log1pOp::create(e.b, e.loc, small);
  return s.add(s.max(x, s.constant(0)), log);
}

static Value gelu(Emitter &e, Scalars &s, Value x, bool tanh) {
  Value half = s.constant(0.5), one = s.constant(1);
  if (!tanh) {
    Value erf = s.erf(s.mul(x, s.constant(0.70710678118654752440)));
    return s.mul(s.mul(half, x), s.add(one, erf));
  }
  Value cube = s.mul(s.mul(x, x), x);
  Value inner = s.add(x, s.mul(s.constant(0.044715), cube));
  Value t = s.tanh(s.mul(s.constant(0.79788456080286535588), inner));
  return s.mul(s.mul(half, x), s.add(one, t));
}

static void addSmooth(Family &family) {
  addActivation<onnx::SoftplusOp>(family,
                                  [](Emitter &e, onnx::SoftplusOp, Scalars &s,
                                     Value x) { return softplus(e, s, x); });
  addActivation<onnx::MishOp>(
      family, [](Emitter &e, onnx::MishOp, Scalars &s, Value x) {
        return s.mul(x, s.tanh(softplus(e, s, x)));
      });
  addActivation<onnx::SoftsignOp>(
      family, [](Emitter &, onnx::SoftsignOp, Scalars &s, Value x) {
        return s.div(x, s.add(s.constant(1), s.abs(x)));
      });
  addActivation<onnx::GeluOp>(
      family, [](Emitter &e, onnx::GeluOp op, Scalars &s, Value x) {
        return gelu(e, s, x, op.getApproximate() == "tanh");
      });
}

static void addPiecewise(Family &family) {
  addActivation<onnx::ReluOp>(family,
                              [](Emitter &, onnx::ReluOp, Scalars &s, Value x) {
                                return s.max(x, s.constant(0));
                              });
  addActivation<onnx::LeakyReluOp>(
      family, [](Emitter &e, onnx::LeakyReluOp op, Scalars &s, Value x) {
        Value alpha = s.constant(op.getAlpha().convertToDouble());
        return e.select(s.less(x, s.constant(0)), s.mul(alpha, x), x);
      });
  addActivation<onnx::ThresholdedReluOp>(
      family, [](Emitter &e, onnx::ThresholdedReluOp op, Scalars &s, Value x) {
        Value alpha = s.constant(op.getAlpha().convertToDouble());
        return e.select(s.less(alpha, x), x, s.constant(0));
      });
  auto hardSigmoid = [](Scalars &s, Value x, double alpha, double beta) {
    Value line = s.add(s.mul(s.constant(alpha), x), s.constant(beta));
    return s.max(s.constant(0), s.min(s.constant(1), line));
  };
  addActivation<onnx::HardSigmoidOp>(
      family, [=](Emitter &, onnx::HardSigmoidOp op, Scalars &s, Value x) {
        return hardSigmoid(s, x, op.getAlpha().convertToDouble(),
                           op.getBeta().convertToDouble());
      });
  addActivation<onnx::HardSwishOp>(
      family, [=](Emitter &, onnx::HardSwishOp, Scalars &s, Value x) {
        return s.mul(x, hardSigmoid(s, x, 1.0 / 6, 0.5));
      });
  family.add<onnx::PReluOp>([](Emitter &e, onnx::PReluOp op,
                               onnx::PReluOp::Adaptor in) -> FailureOr<Value> {
    Scalars s(e, elementOf(op.getX()));
    return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange v) {
      Value x = s.load(v[0]), slope = s.load(v[1]);
      return s.store(e.select(s.less(x, s.constant(0)), s.mul(slope, x), x));
    });
  });
}

template <typename OpT>
static FailureOr<Value> lowerSoftmax(Emitter &e, OpT op,
                                     typename OpT::Adaptor in, bool log) {
  int64_t rank = cast<RankedTensorType>(in.getInput().getType()).getRank();
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), rank);
  if (!axis)
    return e.fail("axis out of range");
  return softmax(e, Scalars(e, elementOf(op.getInput())), in.getInput(), *axis,
                 log);
}

void skim::lowering::addActivationLowerings(Family &family) {
  addExponential(family);
  addSmooth(family);
  addPiecewise(family);
  family.add<onnx::SoftmaxOp>(
      [](Emitter &e, onnx::SoftmaxOp op, onnx::SoftmaxOp::Adaptor in) {
        return lowerSoftmax(e, op, in, /*log=*/false);
      });
  family.add<onnx::LogSoftmaxOp>(
      [](Emitter &e, onnx::LogSoftmaxOp op, onnx::LogSoftmaxOp::Adaptor in) {
        return lowerSoftmax(e, op, in, /*log=*/true);
      });
}
