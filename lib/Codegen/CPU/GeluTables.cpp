//===- GeluTables.cpp - numbers that GELUs look up ------------------------===//

#include "GeluTables.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace skim;
using Function = llvm::function_ref<double(double)>;

/// F(x) - 1, to all digits where it is small.
static double tailOfErf(double x) { return std::erfc(x * std::sqrt(0.5)) / -2; }
static double tailOfTanh(double x) {
  double inner = std::sqrt(2 / llvm::numbers::pi) * (x + 0.044715 * x * x * x);
  return -1 / (1 + std::exp(2 * inner));
}

/// What meets `f` in `center` and at four other points of Chebyshev within
/// `reach` of it, in powers of the distance.
static std::array<double, 5> quartic(Function f, double center, double reach) {
  double inner = reach * std::cos(0.3 * llvm::numbers::pi);
  double outer = reach * std::cos(0.1 * llvm::numbers::pi);
  double at = f(center);
  // Even and odd powers by themselves, each of two terms in the square.
  auto even = [&](double x) {
    return ((f(center + x) + f(center - x)) / 2 - at) / (x * x);
  };
  auto odd = [&](double x) {
    return (f(center + x) - f(center - x)) / (2 * x);
  };
  double apart = outer * outer - inner * inner;
  double fourth = (even(outer) - even(inner)) / apart;
  double third = (odd(outer) - odd(inner)) / apart;
  return {at, odd(inner) - third * inner * inner,
          even(inner) - fourth * inner * inner, third, fourth};
}

static Lookups<5> makeTailQuartics(Function tail) {
  constexpr double width = 0.25;
  Lookups<5> result = {};
  for (int n = 0; n != 31; ++n)
    for (auto [degree, c] :
         llvm::enumerate(quartic(tail, n * width, width / 2)))
      result[degree][n] = float(c);
  return result;
}

static Lookups<3> makeStepQuadratics(Function tail) {
  auto step = [&](double x) { return 1 + tail(x); };
  double reach = stepWidth / 2 * std::sqrt(0.75);
  Lookups<3> result = {};
  for (int n = 2; n != 31; ++n) {
    double x = (n - 16) * stepWidth;
    double low = step(x - reach), at = step(x), high = step(x + reach);
    double slope = (high - low) / (2 * reach);
    double bend = (high - 2 * at + low) / (2 * reach * reach);
    result[0][n] = float(at - slope * x + bend * x * x);
    result[1][n] = float(slope - 2 * bend * x);
    result[2][n] = float(bend);
  }
  result[0][31] = 1;
  return result;
}

const Lookups<5> &skim::tailQuartics(forms::Tail tail) {
  static const Lookups<5> erf = makeTailQuartics(tailOfErf);
  static const Lookups<5> tanh = makeTailQuartics(tailOfTanh);
  return tail == forms::Tail::Erf ? erf : tanh;
}

const Lookups<3> &skim::stepQuadratics(forms::Tail tail) {
  static const Lookups<3> erf = makeStepQuadratics(tailOfErf);
  static const Lookups<3> tanh = makeStepQuadratics(tailOfTanh);
  return tail == forms::Tail::Erf ? erf : tanh;
}
