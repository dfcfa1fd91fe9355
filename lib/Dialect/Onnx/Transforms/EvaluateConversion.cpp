//===- EvaluateConversion.cpp - casts and dequantisation of constants -----===//
// Weights that are stored narrow become floats here.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

#include <cmath>

using namespace mlir;
using namespace skim::onnx;

/// One element to another type; floats to integers towards 0, to booleans by
/// comparing with 0. Out of range floats have no meaning in ONNX.
template <typename To, typename From> static bool convert(From from, To &to) {
  using F = ComputeType<From>;
  F value = static_cast<F>(from);
  if constexpr (std::is_same_v<To, bool>) {
    to = value != F(0);
  } else if constexpr (isSmallFloat<To>) {
    to = To(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<F>) {
    F whole = std::trunc(value);
    F low = static_cast<F>(std::numeric_limits<To>::min());
    // One above the largest value, which as a power of two is exact.
    F high = std::ldexp(F(1), std::numeric_limits<To>::digits);
    if (!(whole >= low && whole < high))
      return false;
    to = static_cast<To>(whole);
  } else {
    to = static_cast<To>(value);
  }
  return true;
}

static bool evaluateCast(const Evaluation &e) {
  const ConstantTensor &in = *e.in[0];
  ConstantTensor &out = e.out[0];
  return withElementType(in.getType().getElementType(), [&](auto from) {
    using From = decltype(from);
    return withElementType(out.getType().getElementType(), [&](auto to) {
      using To = decltype(to);
      for (int64_t i = 0; i < out.size(); ++i) {
        To value;
        if (!convert<To, From>(in.get<From>(i), value))
          return false;
        out.set<To>(i, value);
      }
      return true;
    });
  });
}

namespace {
/// Where the scale or zero point of an element lies: one for all, for each
/// index of an axis or for each block of it.
class Parameters {
public:
  Parameters(DequantizeLinearOp op, ArrayRef<int64_t> data)
      : axis(normaliseAxis(op.getAxis(), data.size())),
        block(op.getBlockSize()) {
    if (!axis)
      return;
    shape.assign(data.begin(), data.end());
    extent = shape[*axis];
    for (int64_t dim : data.drop_front(*axis + 1))
      inner *= dim;
    if (block > 0)
      blocks = shape[*axis] = llvm::divideCeil(extent, block);
    else
      shape = {extent};
  }

  /// The verifier's rule, for types that became known since.
  bool fit(const ConstantTensor &values) const {
    return isOne(values) || (axis && values.shape() == ArrayRef(shape));
  }
  int64_t indexOf(int64_t i, const ConstantTensor &values) const {
    if (isOne(values))
      return 0;
    int64_t at = i / inner % extent;
    if (block == 0)
      return at;
    return (i / (inner * extent) * blocks + at / block) * inner + i % inner;
  }

private:
  static bool isOne(const ConstantTensor &values) {
    return values.size() == 1 && values.shape().size() < 2;
  }

  std::optional<int64_t> axis;
  int64_t block, extent = 1, inner = 1, blocks = 1;
  SmallVector<int64_t> shape;
};
} // namespace

/// y = (x - zero point) * scale.
template <typename From, typename To>
static void dequantize(const Evaluation &e, const Parameters &parameters) {
  using C = ComputeType<To>;
  const ConstantTensor &x = *e.in[0], &scales = *e.in[1], *zeros = e.in[2];
  for (int64_t i = 0; i < e.out[0].size(); ++i) {
    int64_t zero = 0;
    if (zeros)
      zero =
          static_cast<int64_t>(zeros->get<From>(parameters.indexOf(i, *zeros)));
    C difference = static_cast<C>(static_cast<int64_t>(x.get<From>(i)) - zero);
    C scale = static_cast<C>(scales.get<To>(parameters.indexOf(i, scales)));
    e.out[0].set<To>(i, To(difference * scale));
  }
}

static bool evaluateDequantize(const Evaluation &e, DequantizeLinearOp op) {
  const ConstantTensor &x = *e.in[0], &scales = *e.in[1], *zeros = e.in[2];
  Type type = e.out[0].getType().getElementType();
  Parameters parameters(op, x.shape());
  if (scales.getType().getElementType() != type || !parameters.fit(scales) ||
      (zeros && !parameters.fit(*zeros)))
    return false;
  return withElementType(x.getType().getElementType(), [&](auto zero) {
    using From = decltype(zero);
    if constexpr (std::is_integral_v<From>) {
      if (type.isF32())
        dequantize<From, float>(e, parameters);
      else if (type.isF16())
        dequantize<From, Half>(e, parameters);
      else
        dequantize<From, BFloat>(e, parameters);
    }
    return std::is_integral_v<From>;
  });
}

bool skim::onnx::evaluateConversion(const Evaluation &e) {
  if (isa<CastOp>(e.op))
    return evaluateCast(e);
  if (auto op = dyn_cast<DequantizeLinearOp>(e.op))
    return evaluateDequantize(e, op);
  return false;
}
