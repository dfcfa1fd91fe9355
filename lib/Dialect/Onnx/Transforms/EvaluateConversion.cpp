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

/// The scale (and zero point) that belongs to element `i` of `in`.
static int64_t scaleIndex(DequantizeLinearOp op, const ConstantTensor &in,
                          const ConstantTensor &scale, int64_t axis,
                          int64_t i) {
  if (scale.size() == 1 && op.getBlockSize() == 0)
    return 0;
  int64_t inner = 1;
  for (int64_t extent : in.shape().drop_front(axis + 1))
    inner *= extent;
  int64_t extent = in.shape()[axis], at = (i / inner) % extent;
  if (op.getBlockSize() == 0)
    return at;
  int64_t outer = i / (inner * extent), blocks = scale.shape()[axis];
  return (outer * blocks + at / op.getBlockSize()) * inner + i % inner;
}

/// y = (x - zero point) * scale.
template <typename From, typename To>
static void dequantize(const Evaluation &e, DequantizeLinearOp op,
                       int64_t axis) {
  using C = ComputeType<To>;
  const ConstantTensor &x = *e.in[0], &scale = *e.in[1];
  for (int64_t i = 0; i < e.out[0].size(); ++i) {
    int64_t at = scaleIndex(op, x, scale, axis, i);
    int64_t zero = e.in[2] ? static_cast<int64_t>(e.in[2]->get<From>(at)) : 0;
    C difference = static_cast<C>(static_cast<int64_t>(x.get<From>(i)) - zero);
    e.out[0].set<To>(i, To(difference * static_cast<C>(scale.get<To>(at))));
  }
}

static bool evaluateDequantize(const Evaluation &e, DequantizeLinearOp op) {
  const ConstantTensor &x = *e.in[0], &scale = *e.in[1];
  Type type = e.out[0].getType().getElementType();
  // One scale has no axis: that of lists, 1, a list of numbers does not have.
  bool isList = scale.size() != 1 || op.getBlockSize() != 0;
  auto axis = isList ? normaliseAxis(op.getAxis(), x.shape().size()) : 0;
  if (!axis || scale.getType().getElementType() != type)
    return false;
  if (isList && op.getBlockSize() == 0 && scale.size() != x.shape()[*axis])
    return false;
  return withElementType(x.getType().getElementType(), [&](auto zero) {
    using From = decltype(zero);
    if constexpr (std::is_integral_v<From>) {
      if (type.isF32())
        dequantize<From, float>(e, op, *axis);
      else if (type.isF16())
        dequantize<From, Half>(e, op, *axis);
      else
        dequantize<From, BFloat>(e, op, *axis);
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
