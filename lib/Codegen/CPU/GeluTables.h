//===- GeluTables.h - numbers that GELUs look up ---------------*- C++ -*-===//
// A GELU is x F(x), F a step from 0 to 1: (1 + erf(x / sqrt 2)) / 2, or the one
// by tanh, (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. In each of some
// intervals a polynomial meets F in the points of Chebyshev.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_GELUTABLES_H
#define SKIM_LIB_CODEGEN_CPU_GELUTABLES_H

#include "../VectorForms.h"
#include <array>

namespace skim {

/// A number for each value of five bits.
using Lookup = std::array<float, 32>;
/// Coefficients of 1, x, x^2 and so on in the intervals.
template <int count> using Lookups = std::array<Lookup, count>;

/// F - 1 in powers of x - n / 4 in the interval of 1/4 around n / 4, for
/// n = 0 to 30; the last is 0.
const Lookups<forms::tailDegree + 1> &tailQuartics(forms::Tail tail);

/// The width of the intervals below, whose ends begin at |x| = 4.
constexpr double stepWidth = 4 / 14.5;
/// F in powers of x in the intervals (n - 16.5) to (n - 15.5) times their
/// width, for n = 2 to 30; of the ends the first is 0 and the last 1.
const Lookups<3> &stepQuadratics(forms::Tail tail);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_GELUTABLES_H
