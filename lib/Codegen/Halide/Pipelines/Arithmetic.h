//===- Arithmetic.h - exact arithmetic on Halide's expressions --*- C++ -*-===//
// Halide's own operators may be reordered and contracted. These are not: every
// operation is rounded once, as it is written, NaN included.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_PIPELINES_ARITHMETIC_H
#define SKIM_LIB_CODEGEN_HALIDE_PIPELINES_ARITHMETIC_H

#include "../../VectorForms.h"
#include "Halide.h"
#include "skim/Codegen/HalidePipelines.h"

namespace skim::halide {

/// The arithmetic that the forms in VectorForms.h are written in.
struct Arithmetic {
  using Value = Halide::Expr;
  using Call = Halide::Internal::Call;

  bool hasFMA = true;
  bool hasLookUps = false;

  explicit Arithmetic(const Machine &machine)
      : hasFMA(machine.hasFMA), hasLookUps(machine.looksUp) {}

  static Value strict(Call::IntrinsicOp op, const Value &a, const Value &b,
                      Halide::Type type) {
    return Call::make(type, op, {a, b}, Call::PureIntrinsic);
  }
  static Value strict(Call::IntrinsicOp op, const Value &a, const Value &b) {
    return strict(op, a, b, a.type());
  }

  Value splat(float value) const { return Halide::Expr(value); }
  // Integers are unsigned here: signed ones must not overflow, not even where
  // Halide moves a constant.
  Value splatInt(int32_t value) const { return Halide::Expr(uint32_t(value)); }
  Value addf(const Value &a, const Value &b) const {
    return strict(Call::strict_add, a, b);
  }
  Value subf(const Value &a, const Value &b) const {
    return strict(Call::strict_sub, a, b);
  }
  Value mulf(const Value &a, const Value &b) const {
    return strict(Call::strict_mul, a, b);
  }
  Value divf(const Value &a, const Value &b) const {
    return strict(Call::strict_div, a, b);
  }
  /// The product alone may be contracted, which marks it as the inside of a
  /// fused multiply-add for those who read the bitcode: Halide has no call that
  /// becomes one on vectors.
  Value fma(const Value &a, const Value &b, const Value &c) const {
    return addf(hasFMA ? a * b : mulf(a, b), c);
  }
  Value less(const Value &a, const Value &b) const {
    return strict(Call::strict_lt, a, b, Halide::Bool());
  }
  Value select(const Value &condition, const Value &a, const Value &b) const {
    return Halide::select(condition, a, b);
  }
  Value abs(const Value &x) const { return fromBits(toBits(x) & magnitude()); }
  Value neg(const Value &x) const { return fromBits(toBits(x) ^ signBit()); }
  Value copySign(const Value &x, const Value &sign) const {
    return fromBits((toBits(x) & magnitude()) | (toBits(sign) & signBit()));
  }
  Value magnitude() const { return splatInt(INT32_MAX); }
  Value signBit() const { return splatInt(INT32_MIN); }
  Value toBits(const Value &x) const {
    return Halide::reinterpret<uint32_t>(x);
  }
  Value fromBits(const Value &x) const { return Halide::reinterpret<float>(x); }
  Value addi(const Value &a, const Value &b) const { return a + b; }
  Value subi(const Value &a, const Value &b) const { return a - b; }
  bool looksUp() const { return hasLookUps; }
  Value lookUp(forms::Tail tail, int degree, const Value &at) const {
    return Call::make(at.type(), lookUpName(tail == forms::Tail::Erf, degree),
                      {at}, Call::PureExtern);
  }
  Value shiftLeft(const Value &a, int bits) const { return a << bits; }
  Value shiftRight(const Value &a, int bits) const {
    return Halide::reinterpret<uint32_t>(Halide::reinterpret<int32_t>(a) >>
                                         bits);
  }
};

} // namespace skim::halide

#endif // SKIM_LIB_CODEGEN_HALIDE_PIPELINES_ARITHMETIC_H
