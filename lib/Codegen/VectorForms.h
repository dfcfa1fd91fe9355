//===- VectorForms.h - elementary functions, for every emitter --*- C++ -*-===//
// Own polynomials in f32. Each form is written once, over an arithmetic that
// says how an operation is emitted, so that all emitters' kernels take the same
// operations in the same order and give the same bits. Where a processor looks
// numbers up, an arithmetic says so, and forms of fewer operations are taken.
// Coefficients are least-maximum fits made for these forms; the bounds are
// checked over all exponents by the unit tests. Includes neither MLIR nor
// Halide.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_VECTORFORMS_H
#define SKIM_LIB_CODEGEN_VECTORFORMS_H

#include <cstdint>
#include <initializer_list>
#include <iterator>

namespace skim::forms {

/// F - 1 of the steps F from 0 to 1 that GELUs multiply by (GeluTables.h).
enum class Tail { Erf, Tanh };
constexpr int tailDegree = 4;

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

/// 2^x for x <= 0: 0 below -126. `coefficients` are those of 2^f, 1 first.
// 2^x = 2^n 2^f with |f| <= 1/2. Adding 1.5 * 2^23 + 127 rounds to an integer
// and leaves the biased exponent of 2^n in the low bits; the product is exact.
template <typename A>
typename A::Value exp2NonPositive(A &a, typename A::Value x,
                                  std::initializer_list<float> coefficients) {
  auto magic = a.splat(12583039.0f);
  auto shifted = a.addf(x, magic);
  auto f = a.subf(x, a.subf(shifted, magic));
  auto power = polynomial(a, f, coefficients);
  auto scale = a.fromBits(a.shiftLeft(a.toBits(shifted), 23));
  auto isTiny = a.less(x, a.splat(-126.0f));
  return a.select(isTiny, a.splat(0.0f), a.mulf(power, scale));
}
/// The same to the last place.
template <typename A>
typename A::Value exp2NonPositive(A &a, typename A::Value x) {
  return exp2NonPositive(a, x,
                         {1.0f, 0.693147182f, 0.240226477f, 0.0555033237f,
                          0.00961843785f, 0.00133988762f, 0.000153533576f});
}
/// The same within 3e-6 of it, for powers that are rounded to few digits.
template <typename A>
typename A::Value coarseExp2NonPositive(A &a, typename A::Value x) {
  return exp2NonPositive(
      a, x, {1.0f, 0.693124175f, 0.240240991f, 0.0559064299f, 0.00958285481f});
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

// |x| < 1: x + x P(x^2); otherwise 1 - 2^-G(|x|), which is 1 from 3.95 on.
template <typename A> typename A::Value erf(A &a, typename A::Value x) {
  auto magnitude = a.abs(x), one = a.splat(1.0f);
  auto tail =
      polynomial(a, a.mulf(x, x),
                 {0.128379166f, -0.37612626f, 0.112835787f, -0.0268533472f,
                  0.0051871622f, -0.00079978531f, 7.80690389e-05f});
  auto small = a.fma(x, tail, x);

  auto limit = a.splat(3.95f);
  // The order of the operands keeps a NaN of x.
  auto inside = a.select(a.less(limit, magnitude), limit, magnitude);
  auto power = exp2NonPositive(
      a, polynomial(a, inside,
                    {-0.00377855054f, -1.61238706f, -0.943868339f,
                     -0.128111303f, 0.0213979706f, -0.00166953891f}));
  auto large = a.copySign(a.subf(one, power), x);
  return a.select(a.less(magnitude, one), small, large);
}

template <typename A> typename A::Value sigmoid(A &a, typename A::Value x) {
  auto power = exp(a, a.neg(x));
  return a.divf(a.splat(1.0f), a.addf(a.splat(1.0f), power));
}

/// x < 0 ? 0 : x, which keeps NaN.
template <typename A> typename A::Value relu(A &a, typename A::Value x) {
  return a.select(a.less(x, a.splat(0.0f)), a.splat(0.0f), x);
}

/// x F(x) for a smooth step F from 0 to 1 with F(x) + F(-x) = 1.
// F(x) = 1/2 + x P(x^2) up to |x| = `limit`, where it is next to 0 or 1; P is a
// polynomial in u = x^2 2 / limit^2 - 1, which lies in [-1, 1], so that its
// terms stay small. Beyond, the last F is 0, or 1 as nearly as it is there. No
// division: a GELU costs as much as some twenty multiply-adds.
template <typename A>
typename A::Value gated(A &a, typename A::Value x, float limit,
                        std::initializer_list<float> coefficients) {
  auto high = a.splat(limit), low = a.splat(-limit);
  // The order of the operands keeps a NaN of x.
  auto inside = a.select(a.less(high, x), high, x);
  inside = a.select(a.less(inside, low), low, inside);
  auto factor = a.splat(float(2.0 / (double(limit) * double(limit))));
  auto u = a.fma(a.mulf(inside, inside), factor, a.splat(-1.0f));
  auto step = a.fma(inside, polynomial(a, u, coefficients), a.splat(0.5f));
  step = a.select(a.less(step, a.splat(0.0f)), a.splat(0.0f), step);
  return a.mulf(x, step);
}

/// x F(x) as max(x, 0) + |x| T(|x|), where T = F - 1 is the tail that `which`
/// names: within 7.5e-8 max(1, |x|).
// In the interval of 1/4 around n / 4 the tail is a polynomial of degree 4 in
// the distance from there, whose coefficients are looked up by n. The last is
// 0, for all numbers beyond. Adding 1.5 * 2^21 rounds to a multiple of 1/4 and
// leaves n in the low bits; the distance is exact.
template <typename A>
typename A::Value gatedByTail(A &a, typename A::Value x, Tail which) {
  auto limit = a.splat(7.75f), magic = a.splat(3145728.0f);
  auto magnitude = a.abs(x);
  // The order of the operands keeps a NaN of x.
  magnitude = a.select(a.less(limit, magnitude), limit, magnitude);
  auto shifted = a.addf(magnitude, magic);
  auto distance = a.subf(magnitude, a.subf(shifted, magic));
  auto tail = a.lookUp(which, tailDegree, shifted);
  for (int degree = tailDegree; degree-- != 0;)
    tail = a.fma(tail, distance, a.lookUp(which, degree, shifted));
  return a.fma(magnitude, tail, relu(a, x));
}

/// x (1 + erf(x / sqrt 2)) / 2.
template <typename A> typename A::Value geluErf(A &a, typename A::Value x) {
  if (a.looksUp())
    return gatedByTail(a, x, Tail::Erf);
  return gated(a, x, 5.4f,
               {0.130928114f, -0.0653280616f, 0.0484997444f, -0.0392064936f,
                0.0321140029f, -0.0257491153f, 0.019661501f, -0.0139539819f,
                0.00960257649f, -0.00673101051f, 0.0037323928f, -0.00117399986f,
                0.000820368354f, -0.00103208679f, 0.000408651133f});
}

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
template <typename A> typename A::Value geluTanh(A &a, typename A::Value x) {
  if (a.looksUp())
    return gatedByTail(a, x, Tail::Tanh);
  return gated(a, x, 5.4f,
               {0.130934566f, -0.0653672069f, 0.0486071818f, -0.0393659137f,
                0.0322198756f, -0.0257253405f, 0.0193656478f, -0.0129003599f,
                0.00862315483f, -0.0082056364f, 0.00526566943f, 0.00179262972f,
                -0.00148642994f, -0.00443173014f, 0.00316937058f,
                0.00102851447f, -0.000931395509f});
}

/// The same with some ten operations less, for results that are rounded to few
/// digits.
template <typename A>
typename A::Value coarseGeluErf(A &a, typename A::Value x) {
  return gated(a, x, 4.0f,
               {0.175944075f, -0.0843608901f, 0.0561523624f, -0.0365111791f,
                0.0212433934f, -0.0131076137f, 0.00854244083f,
                -0.00290208659f});
}
template <typename A>
typename A::Value coarseGeluTanh(A &a, typename A::Value x) {
  return gated(a, x, 4.0f,
               {0.176000342f, -0.0844555646f, 0.0561424084f, -0.036183808f,
                0.020566253f, -0.0128806718f, 0.00915888418f, -0.00334734726f});
}

template <typename A> typename A::Value silu(A &a, typename A::Value x) {
  return a.mulf(x, sigmoid(a, x));
}

template <typename A> typename A::Value geluQuick(A &a, typename A::Value x) {
  return a.mulf(x, sigmoid(a, a.mulf(x, a.splat(1.702f))));
}

} // namespace skim::forms

#endif // SKIM_LIB_CODEGEN_VECTORFORMS_H
