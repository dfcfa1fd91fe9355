//===- Scalars.cpp - arithmetic on elements -------------------------------===//
// What ONNX says of each element type, in arith and math. Nothing here is
// undefined for any input: divisors of 0 are noted, casts are clamped.
//===----------------------------------------------------------------------===//

#include "Scalars.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

Scalars::Scalars(Emitter &e, Type element) : stored(element), e(e) {
  isFloat = isa<FloatType>(element);
  isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
  if (auto integer = dyn_cast<IntegerType>(element))
    stored = e.b.getIntegerType(integer.getWidth());
  computed = isFloat && element.getIntOrFloatBitWidth() < 32 ? e.b.getF32Type()
                                                             : stored;
}

/// The bits of a bf16 are the upper half of those of an f32. Spelled out, since
/// LLVM would call a function that not every libgcc has.
static Value fromBFloat(Emitter &e, Value value) {
  Value bits = arith::BitcastOp::create(e.b, e.loc, e.b.getI16Type(), value);
  Value wide = arith::ExtUIOp::create(e.b, e.loc, e.b.getI32Type(), bits);
  Value sixteen = arith::ConstantIntOp::create(e.b, e.loc, 16, 32);
  Value shifted = arith::ShLIOp::create(e.b, e.loc, wide, sixteen);
  return arith::BitcastOp::create(e.b, e.loc, e.b.getF32Type(), shifted);
}

/// Rounds to the nearest, to even at a tie; NaN stays NaN.
static Value toBFloat(Emitter &e, Value value) {
  auto number = [&](int64_t x) -> Value {
    return arith::ConstantIntOp::create(e.b, e.loc, x, 32);
  };
  Value bits = arith::BitcastOp::create(e.b, e.loc, e.b.getI32Type(), value);
  auto shift = [&](Value x) -> Value {
    return arith::ShRUIOp::create(e.b, e.loc, x, number(16));
  };
  Value odd = e.both(shift(bits), number(1));
  Value rounded = shift(e.add(bits, e.add(odd, number(0x7fff))));
  Value quiet = e.either(shift(bits), number(0x40));
  Value isNaN = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::UNO,
                                      value, value);
  Value half = arith::TruncIOp::create(e.b, e.loc, e.b.getI16Type(),
                                       e.select(isNaN, quiet, rounded));
  return arith::BitcastOp::create(e.b, e.loc, e.b.getBF16Type(), half);
}

Value Scalars::load(Value value) {
  if (computed == stored)
    return value;
  return stored.isBF16()
             ? fromBFloat(e, value)
             : e.b.createOrFold<arith::ExtFOp>(e.loc, computed, value);
}

Value Scalars::store(Value value) {
  if (computed == stored)
    return value;
  return stored.isBF16()
             ? toBFloat(e, value)
             : e.b.createOrFold<arith::TruncFOp>(e.loc, stored, value);
}

Value Scalars::constant(double value) {
  TypedAttr attr =
      isFloat ? TypedAttr(e.b.getFloatAttr(computed, value))
              : e.b.getIntegerAttr(computed, static_cast<int64_t>(value));
  return arith::ConstantOp::create(e.b, e.loc, attr);
}

static Value limit(Emitter &e, const Scalars &type, bool lowest) {
  TypedAttr attr;
  if (auto floating = dyn_cast<FloatType>(type.computed)) {
    attr = e.b.getFloatAttr(
        floating, APFloat::getInf(floating.getFloatSemantics(), lowest));
  } else {
    unsigned width = type.computed.getIntOrFloatBitWidth();
    APInt value = type.isUnsigned ? (lowest ? APInt::getMinValue(width)
                                            : APInt::getMaxValue(width))
                                  : (lowest ? APInt::getSignedMinValue(width)
                                            : APInt::getSignedMaxValue(width));
    attr = e.b.getIntegerAttr(type.computed, value);
  }
  return arith::ConstantOp::create(e.b, e.loc, attr);
}

Value Scalars::lowest() { return limit(e, *this, true); }
Value Scalars::highest() { return limit(e, *this, false); }

Value Scalars::add(Value x, Value y) {
  return isFloat ? e.b.createOrFold<arith::AddFOp>(e.loc, x, y) : e.add(x, y);
}

Value Scalars::sub(Value x, Value y) {
  return isFloat ? e.b.createOrFold<arith::SubFOp>(e.loc, x, y)
                 : e.b.createOrFold<arith::SubIOp>(e.loc, x, y);
}

Value Scalars::mul(Value x, Value y) {
  return isFloat ? e.b.createOrFold<arith::MulFOp>(e.loc, x, y) : e.mul(x, y);
}

Value Scalars::nonZero(Value divisor) {
  Value ok = e.compare(Pred::ne, divisor, constant(0));
  e.report(ok, "expected a divisor other than 0");
  return e.select(ok, divisor, constant(1));
}

Value Scalars::div(Value x, Value y) {
  if (isFloat)
    return e.b.createOrFold<arith::DivFOp>(e.loc, x, y);
  y = nonZero(y);
  if (isUnsigned)
    return e.b.createOrFold<arith::DivUIOp>(e.loc, x, y);
  // The smallest number divided by -1 overflows, and must not trap.
  Value minusOne = e.compare(Pred::eq, y, constant(-1));
  Value safe = e.select(minusOne, constant(1), y);
  return e.select(minusOne, negate(x),
                  e.b.createOrFold<arith::DivSIOp>(e.loc, x, safe));
}

Value Scalars::mod(Value x, Value y, bool truncated) {
  if (isFloat) {
    Value r = e.b.createOrFold<arith::RemFOp>(e.loc, x, y);
    if (truncated)
      return r;
    // Of the divisor's sign, also where it is 0 or the divisor infinite.
    Value zero = constant(0);
    Value differs =
        e.b.createOrFold<arith::XOrIOp>(e.loc, less(r, zero), less(y, zero));
    Value isZero = equal(r, zero);
    Value signedZero = math::CopySignOp::create(e.b, e.loc, zero, y);
    Value moved = e.select(differs, add(r, y), r);
    return e.select(isZero, signedZero, moved);
  }
  y = nonZero(y);
  if (isUnsigned)
    return e.rem(x, y);
  Value minusOne = e.compare(Pred::eq, y, constant(-1));
  Value safe = e.select(minusOne, constant(1), y);
  Value r = e.b.createOrFold<arith::RemSIOp>(e.loc, x, safe);
  if (truncated)
    return r;
  Value zero = constant(0);
  Value differs =
      e.b.createOrFold<arith::XOrIOp>(e.loc, less(r, zero), less(safe, zero));
  Value adjust = e.both(differs, e.compare(Pred::ne, r, zero));
  return e.select(adjust, add(r, safe), r);
}

Value Scalars::min(Value x, Value y) {
  if (isFloat)
    return e.b.createOrFold<arith::MinimumFOp>(e.loc, x, y);
  return isUnsigned ? e.b.createOrFold<arith::MinUIOp>(e.loc, x, y)
                    : e.min(x, y);
}

Value Scalars::max(Value x, Value y) {
  if (isFloat)
    return e.b.createOrFold<arith::MaximumFOp>(e.loc, x, y);
  return isUnsigned ? e.b.createOrFold<arith::MaxUIOp>(e.loc, x, y)
                    : e.max(x, y);
}

Value Scalars::negate(Value x) {
  return isFloat ? e.b.createOrFold<arith::NegFOp>(e.loc, x)
                 : e.b.createOrFold<arith::SubIOp>(e.loc, constant(0), x);
}

Value Scalars::abs(Value x) {
  if (isFloat)
    return e.b.createOrFold<math::AbsFOp>(e.loc, x);
  return isUnsigned ? x : e.select(less(x, constant(0)), negate(x), x);
}

Value Scalars::pow(Value x, Value y) {
  if (isFloat)
    return e.b.createOrFold<math::PowFOp>(e.loc, x, y);
  // By squaring, modulo 2^width as integers go; 0 for negative exponents, as
  // 1 / x^n rounded towards zero, but for the bases 1 and -1.
  Value one = constant(1), zero = constant(0);
  Value steps = e.index(computed.getIntOrFloatBitWidth());
  Values powers = e.loop(
      {steps}, {one, x, abs(y)}, [&](ValueRange, ValueRange carried) -> Values {
        Value bit = e.b.createOrFold<arith::AndIOp>(e.loc, carried[2], one);
        Value odd = e.compare(Pred::ne, bit, zero);
        return {e.select(odd, mul(carried[0], carried[1]), carried[0]),
                mul(carried[1], carried[1]),
                e.b.createOrFold<arith::ShRUIOp>(e.loc, carried[2], one)};
      });
  if (isUnsigned)
    return powers[0];
  Value keeps = e.either(equal(x, one), equal(x, constant(-1)));
  Value negative = e.both(less(y, zero), e.negate(keeps));
  return e.select(negative, zero, powers[0]);
}

Value Scalars::equal(Value x, Value y) {
  return isFloat ? e.b.createOrFold<arith::CmpFOp>(
                       e.loc, arith::CmpFPredicate::OEQ, x, y)
                 : e.compare(Pred::eq, x, y);
}

Value Scalars::less(Value x, Value y) {
  if (isFloat)
    return e.b.createOrFold<arith::CmpFOp>(e.loc, arith::CmpFPredicate::OLT, x,
                                           y);
  return e.compare(isUnsigned ? Pred::ult : Pred::slt, x, y);
}

Value Scalars::lessOrEqual(Value x, Value y) {
  if (isFloat)
    return e.b.createOrFold<arith::CmpFOp>(e.loc, arith::CmpFPredicate::OLE, x,
                                           y);
  return e.compare(isUnsigned ? Pred::ule : Pred::sle, x, y);
}

Value Scalars::isNaN(Value x) {
  return e.b.createOrFold<arith::CmpFOp>(e.loc, arith::CmpFPredicate::UNO, x,
                                         x);
}

Value Scalars::exp(Value x) { return math::ExpOp::create(e.b, e.loc, x); }
Value Scalars::log(Value x) { return math::LogOp::create(e.b, e.loc, x); }
Value Scalars::sqrt(Value x) { return math::SqrtOp::create(e.b, e.loc, x); }
Value Scalars::tanh(Value x) { return math::TanhOp::create(e.b, e.loc, x); }
Value Scalars::erf(Value x) { return math::ErfOp::create(e.b, e.loc, x); }

Value Scalars::sigmoid(Value x) {
  // exp of a number that is not positive: no overflow.
  Value one = constant(1);
  Value small = exp(negate(abs(x)));
  Value below = div(small, add(one, small));
  Value above = div(one, add(one, small));
  return e.select(less(x, constant(0)), below, above);
}

/// Truncates; NaN gives 0 and what does not fit the nearest 64-bit integer,
/// of which narrower types take the low bits.
Value Scalars::floatToInt(Value x, const Scalars &to) {
  bool wide = to.stored.getIntOrFloatBitWidth() == 64;
  bool large = to.isUnsigned && wide;
  Type i64 = e.b.getI64Type();
  Value top = constant(large ? 0x1p64 : 0x1p63);
  Value bottom = constant(large ? 0.0 : -0x1p63);
  Value inside = e.both(lessOrEqual(bottom, x), less(x, top));
  Value safe = e.select(inside, x, constant(0));
  Value whole = large ? e.b.createOrFold<arith::FPToUIOp>(e.loc, i64, safe)
                      : e.b.createOrFold<arith::FPToSIOp>(e.loc, i64, safe);
  Scalars target(e, large ? Type(e.b.getIntegerType(64, false)) : i64);
  whole = e.select(lessOrEqual(top, x), target.highest(), whole);
  whole = e.select(less(x, bottom), target.lowest(), whole);
  if (wide)
    return whole;
  return e.b.createOrFold<arith::TruncIOp>(e.loc, to.stored, whole);
}

Value Scalars::castTo(Value x, const Scalars &to) {
  OpBuilder &b = e.b;
  if (stored == to.stored)
    return x;
  if (to.stored.isInteger(1)) {
    if (isFloat)
      return b.createOrFold<arith::CmpFOp>(e.loc, arith::CmpFPredicate::UNE, x,
                                           constant(0));
    return e.compare(Pred::ne, x, constant(0));
  }
  if (isFloat && to.isFloat) {
    if (to.computed == computed)
      return x;
    if (to.computed.getIntOrFloatBitWidth() > computed.getIntOrFloatBitWidth())
      return b.createOrFold<arith::ExtFOp>(e.loc, to.computed, x);
    // From f64 to f16 in one rounding.
    if (to.stored.isF16())
      return b.createOrFold<arith::ExtFOp>(
          e.loc, to.computed,
          b.createOrFold<arith::TruncFOp>(e.loc, to.stored, x));
    return b.createOrFold<arith::TruncFOp>(e.loc, to.computed, x);
  }
  if (isFloat)
    return floatToInt(x, to);
  if (to.isFloat)
    return isUnsigned ? b.createOrFold<arith::UIToFPOp>(e.loc, to.computed, x)
                      : b.createOrFold<arith::SIToFPOp>(e.loc, to.computed, x);
  unsigned from = stored.getIntOrFloatBitWidth();
  unsigned width = to.stored.getIntOrFloatBitWidth();
  if (from > width)
    return b.createOrFold<arith::TruncIOp>(e.loc, to.stored, x);
  if (from == width)
    return x;
  return isUnsigned ? b.createOrFold<arith::ExtUIOp>(e.loc, to.stored, x)
                    : b.createOrFold<arith::ExtSIOp>(e.loc, to.stored, x);
}
