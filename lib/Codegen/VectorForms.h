//===- VectorForms.h - elementary functions, for every emitter --*- C++ -*-===//
// Own polynomials in f32. Each form is written once, over an arithmetic that
// says how an operation is emitted, so that all emitters' kernels take the same
// operations in the same order and give the same bits. Coefficients are
// least-maximum fits made for these forms; the bounds are checked over all
// exponents by the unit tests. Includes neither MLIR nor Halide.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_VECTORFORMS_H
#define SKIM_LIB_CODEGEN_VECTORFORMS_H

#include <cstdint>
#include <initializer_list>
#include <iterator>

namespace skim::forms {

/// c[0] + c[1] x + c[2] x^2 + ... by Horner's rule.
template <typename A>
typename A::Value polynomial(A &a, typename A::Value x,
                             std::initializer_list<float> c) {
  auto next = std::rbegin(c);
  typename A::Value sum = a.splat(*next);
  while (++next != std::rend(c))
    sum = a.fma(sum, x, a.splat(*next));
  return sum;
}

/// 2^n for integers n in [-126, 127].
template <typename A> typename A::Value powerOfTwo(A &a, typename A::Value n) {
  return a.fromBits(a.shiftLeft(a.addi(n, a.splatInt(127)), 23));
}

/// e^x = 2^exponent * power.
template <typename A> struct SplitPower {
  typename A::Value exponent, power;
};

// x = n ln 2 + r with |r| <= ln 2 / 2, e^x = 2^n e^r. Adding and taking away
// 1.5 * 2^23 rounds to an integer, and leaves that integer in the low bits.
template <typename A> SplitPower<A> splitExp(A &a, typename A::Value x) {
  auto magic = a.splat(12582912.0f);
  auto shifted = a.fma(x, a.splat(1.44269502f), magic);
  auto rounded = a.subf(shifted, magic);
  auto n = a.subi(a.toBits(shifted), a.splatInt(0x4b400000));
  // ln 2 in two parts, the first with zeros at its end so that n times it is
  // exact without a fused multiplication too.
  auto r = a.fma(rounded, a.splat(-0.693359375f), x);
  r = a.fma(rounded, a.splat(2.12194440e-4f), r);
  auto tail = polynomial(
      a, r,
      {0.49999994f, 0.1666652f, 0.041668408f, 0.008368902f, 0.0013814205f});
  return {n, a.addf(a.fma(a.mulf(r, r), tail, r), a.splat(1.0f))};
}

// 2^n is applied in two steps, so that subnormal results round once.
template <typename A> typename A::Value exp(A &a, typename A::Value x) {
  auto high = a.splat(89.0f), low = a.splat(-104.0f);
  // The order of the operands keeps a NaN of x.
  x = a.select(a.less(high, x), high, x);
  x = a.select(a.less(x, low), low, x);
  SplitPower<A> split = splitExp(a, x);
  auto half = a.shiftRight(split.exponent, 1);
  auto rest = a.subi(split.exponent, half);
  return a.mulf(a.mulf(split.power, powerOfTwo(a, half)), powerOfTwo(a, rest));
}

/// For x <= 0: 0 below -87.3.
template <typename A>
typename A::Value expNonPositive(A &a, typename A::Value x) {
  auto low = a.splat(-87.3f);
  auto tiny = a.less(x, low);
  SplitPower<A> split = splitExp(a, a.select(tiny, low, x));
  auto result = a.mulf(split.power, powerOfTwo(a, split.exponent));
  return a.select(tiny, a.splat(0.0f), result);
}

// erf(x) = x P(x^2) / Q(x^2), of degree 5 each, up to 3.92.
template <typename A> typename A::Value erf(A &a, typename A::Value x) {
  auto square = a.mulf(x, x);
  auto p = polynomial(a, square,
                      {1.128378987f, 0.1927645206f, 0.05306046084f,
                       0.003868354484f, 0.0002874782949f, 2.034763156e-06f});
  auto q = polynomial(a, square,
                      {1.0f, 0.5041646957f, 0.1150847599f, 0.01517232414f,
                       0.001188117894f, 3.807058965e-05f});
  auto result = a.divf(a.mulf(x, p), q);
  auto edge = a.splat(3.92f), minusEdge = a.splat(-3.92f);
  result = a.select(a.lessOrEqual(edge, x), a.splat(1.0f), result);
  return a.select(a.lessOrEqual(x, minusEdge), a.splat(-1.0f), result);
}

// |x| < 0.625: x + x^3 R(x^2); otherwise 1 - 2 / (e^(2 |x|) + 1).
template <typename A> typename A::Value tanh(A &a, typename A::Value x) {
  auto square = a.mulf(x, x);
  auto tail = polynomial(
      a, square,
      {-0.33333278f, 0.13331331f, -0.053729977f, 0.020606074f, -0.0056668594f});
  auto small = a.fma(a.mulf(square, x), tail, x);

  auto magnitude = a.abs(x);
  auto power = exp(a, a.addf(magnitude, magnitude));
  auto quotient = a.divf(a.splat(2.0f), a.addf(power, a.splat(1.0f)));
  auto large = a.copySign(a.subf(a.splat(1.0f), quotient), x);
  return a.select(a.less(magnitude, a.splat(0.625f)), small, large);
}

template <typename A> typename A::Value sigmoid(A &a, typename A::Value x) {
  auto power = exp(a, a.neg(x));
  return a.divf(a.splat(1.0f), a.addf(a.splat(1.0f), power));
}

/// x < 0 ? 0 : x, which keeps NaN.
template <typename A> typename A::Value relu(A &a, typename A::Value x) {
  return a.select(a.less(x, a.splat(0.0f)), a.splat(0.0f), x);
}

template <typename A> typename A::Value geluErf(A &a, typename A::Value x) {
  auto half = a.mulf(x, a.splat(0.5f));
  return a.fma(half, erf(a, a.mulf(x, a.splat(0.707106781f))), half);
}

template <typename A> typename A::Value geluTanh(A &a, typename A::Value x) {
  auto half = a.mulf(x, a.splat(0.5f));
  auto square = a.mulf(x, x);
  auto inner = a.fma(square, a.splat(0.0356774081f), a.splat(0.797884561f));
  return a.fma(half, tanh(a, a.mulf(inner, x)), half);
}

template <typename A> typename A::Value silu(A &a, typename A::Value x) {
  return a.mulf(x, sigmoid(a, x));
}

template <typename A> typename A::Value geluQuick(A &a, typename A::Value x) {
  return a.mulf(x, sigmoid(a, a.mulf(x, a.splat(1.702f))));
}

} // namespace skim::forms

#endif // SKIM_LIB_CODEGEN_VECTORFORMS_H
