//===- Elementwise.cpp - arithmetic, comparison, logic, casts -------------===//
// Ops whose result element depends on one element of each operand.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// Adds an op of one tensor whose result has the same element type.
template <typename OpT, typename Fn>
static void addUnary(Family &family, Fn fn) {
  family.add<OpT>([fn](Emitter &e, OpT op,
                       typename OpT::Adaptor in) -> FailureOr<Value> {
    Scalars type(e, elementOf(op->getOperand(0)));
    return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
      return type.store(fn(e, type, type.load(x[0])));
    });
  });
}

/// Adds an op whose operands broadcast and all have the result's type.
template <typename OpT, typename Fn>
static void addFold(Family &family, Fn fn) {
  family.add<OpT>([fn](Emitter &e, OpT op,
                       typename OpT::Adaptor in) -> FailureOr<Value> {
    Scalars type(e, elementOf(op->getResult(0)));
    return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
      Value value = type.load(x.front());
      for (Value next : x.drop_front())
        value = fn(type, value, type.load(next));
      return type.store(value);
    });
  });
}

/// Adds an op of two tensors of one type with a boolean result.
template <typename OpT, typename Fn>
static void addCompare(Family &family, Fn fn) {
  family.add<OpT>([fn](Emitter &e, OpT op,
                       typename OpT::Adaptor in) -> FailureOr<Value> {
    Scalars type(e, elementOf(op->getOperand(0)));
    return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
      return fn(type, type.load(x[0]), type.load(x[1]));
    });
  });
}

/// Adds an op that arith has on integers of every kind.
template <typename OpT, typename ArithOp> static void addBits(Family &family) {
  family.add<OpT>([](Emitter &e, OpT op,
                     typename OpT::Adaptor in) -> FailureOr<Value> {
    return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
      return e.b.createOrFold<ArithOp>(e.loc, x[0], x[1]);
    });
  });
}

/// Adds a function of floats that math has.
template <typename OpT, typename MathOp> static void addMath(Family &family) {
  addUnary<OpT>(family, [](Emitter &e, Scalars &, Value x) -> Value {
    return MathOp::create(e.b, e.loc, x);
  });
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

static FailureOr<Value> lowerCast(Emitter &e, onnx::CastOp op,
                                  onnx::CastOp::Adaptor in) {
  Scalars from(e, elementOf(op.getInput())), to(e, elementOf(op.getOutput()));
  if (from.stored == to.stored)
    return in.getInput();
  return e.elementwise(in.getInput(), e.resultType(), [&](ValueRange x) {
    return to.store(from.castTo(from.load(x[0]), to));
  });
}

//===----------------------------------------------------------------------===//
// Powers, shifts, clips
//===----------------------------------------------------------------------===//

/// The exponent may be of another type: floats are raised as floats.
static FailureOr<Value> lowerPow(Emitter &e, onnx::PowOp op,
                                 onnx::PowOp::Adaptor in) {
  Scalars base(e, elementOf(op.getX())), exponent(e, elementOf(op.getY()));
  bool wide = base.stored.isF64() || exponent.stored.isF64();
  Scalars real(e, wide ? e.b.getF64Type() : e.b.getF32Type());
  Scalars exact(e, e.b.getF64Type());
  return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange v) {
    Value x = base.load(v[0]), y = exponent.load(v[1]);
    if (!base.isFloat && !exponent.isFloat)
      return base.store(base.pow(x, exponent.castTo(y, base)));
    Scalars &type = base.isFloat ? real : exact;
    Value power = type.pow(base.castTo(x, type), exponent.castTo(y, type));
    return base.store(type.castTo(power, base));
  });
}

static FailureOr<Value> lowerShift(Emitter &e, onnx::BitShiftOp op,
                                   onnx::BitShiftOp::Adaptor in) {
  Scalars type(e, elementOf(op.getX()));
  bool left = op.getDirection() == "LEFT";
  return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
    Value width = type.constant(type.stored.getIntOrFloatBitWidth());
    Value inside = e.compare(Pred::ult, x[1], width);
    Value by = e.select(inside, x[1], type.constant(0));
    Value shifted = left ? e.b.createOrFold<arith::ShLIOp>(e.loc, x[0], by)
                         : e.b.createOrFold<arith::ShRUIOp>(e.loc, x[0], by);
    return e.select(inside, shifted, type.constant(0));
  });
}

static FailureOr<Value> lowerClip(Emitter &e, onnx::ClipOp op,
                                  onnx::ClipOp::Adaptor in) {
  Scalars type(e, elementOf(op.getInput()));
  Values operands = {in.getInput()};
  bool low = !onnx::isAbsent(op.getMin()), high = !onnx::isAbsent(op.getMax());
  if (low)
    operands.push_back(in.getMin());
  if (high)
    operands.push_back(in.getMax());
  return e.elementwise(operands, e.resultType(), [&](ValueRange x) {
    Value value = type.load(x[0]);
    if (low)
      value = type.max(value, type.load(x[1]));
    if (high)
      value = type.min(value, type.load(x.back()));
    return type.store(value);
  });
}

static FailureOr<Value> lowerWhere(Emitter &e, onnx::WhereOp op,
                                   onnx::WhereOp::Adaptor in) {
  return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
    return e.select(x[0], x[1], x[2]);
  });
}

static FailureOr<Value> lowerIsInf(Emitter &e, onnx::IsInfOp op,
                                   onnx::IsInfOp::Adaptor in) {
  Scalars type(e, elementOf(op.getX()));
  return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
    Value value = type.load(x[0]), found = e.boolean(false);
    if (op.getDetectPositive())
      found = e.either(found, type.equal(value, type.highest()));
    if (op.getDetectNegative())
      found = e.either(found, type.equal(value, type.lowest()));
    return found;
  });
}

static FailureOr<Value> lowerMean(Emitter &e, onnx::MeanOp op,
                                  onnx::MeanOp::Adaptor in) {
  Scalars type(e, elementOf(op.getMean()));
  return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
    Value sum = type.load(x.front());
    for (Value next : x.drop_front())
      sum = type.add(sum, type.load(next));
    return type.store(type.div(sum, type.constant(x.size())));
  });
}

static FailureOr<Value> lowerMod(Emitter &e, onnx::ModOp op,
                                 onnx::ModOp::Adaptor in) {
  Scalars type(e, elementOf(op.getA()));
  return e.elementwise(in.getOperands(), e.resultType(), [&](ValueRange x) {
    return type.store(
        type.mod(type.load(x[0]), type.load(x[1]), op.getFmod() != 0));
  });
}

//===----------------------------------------------------------------------===//
// The family
//===----------------------------------------------------------------------===//

static void addArithmetic(Family &family) {
  addFold<onnx::AddOp>(
      family, [](Scalars &s, Value x, Value y) { return s.add(x, y); });
  addFold<onnx::SubOp>(
      family, [](Scalars &s, Value x, Value y) { return s.sub(x, y); });
  addFold<onnx::MulOp>(
      family, [](Scalars &s, Value x, Value y) { return s.mul(x, y); });
  addFold<onnx::DivOp>(
      family, [](Scalars &s, Value x, Value y) { return s.div(x, y); });
  addFold<onnx::SumOp>(
      family, [](Scalars &s, Value x, Value y) { return s.add(x, y); });
  addFold<onnx::MaxOp>(
      family, [](Scalars &s, Value x, Value y) { return s.max(x, y); });
  addFold<onnx::MinOp>(
      family, [](Scalars &s, Value x, Value y) { return s.min(x, y); });
  addUnary<onnx::NegOp>(
      family, [](Emitter &, Scalars &s, Value x) { return s.negate(x); });
  addUnary<onnx::AbsOp>(
      family, [](Emitter &, Scalars &s, Value x) { return s.abs(x); });
  addUnary<onnx::ReciprocalOp>(family, [](Emitter &, Scalars &s, Value x) {
    return s.div(s.constant(1), x);
  });
  addUnary<onnx::SignOp>(family, [](Emitter &e, Scalars &s, Value x) {
    Value zero = s.constant(0);
    Value negative = s.isUnsigned ? zero : s.constant(-1);
    Value sign = e.select(s.less(zero, x), s.constant(1), zero);
    sign = e.select(s.less(x, zero), negative, sign);
    return s.isFloat ? e.select(s.isNaN(x), x, sign) : sign;
  });
  family.add<onnx::MeanOp>(lowerMean);
  family.add<onnx::ModOp>(lowerMod);
  family.add<onnx::PowOp>(lowerPow);
  family.add<onnx::ClipOp>(lowerClip);
}

static void addFunctions(Family &family) {
  addMath<onnx::SqrtOp, math::SqrtOp>(family);
  addMath<onnx::ExpOp, math::ExpOp>(family);
  addMath<onnx::LogOp, math::LogOp>(family);
  addMath<onnx::ErfOp, math::ErfOp>(family);
  addMath<onnx::FloorOp, math::FloorOp>(family);
  addMath<onnx::CeilOp, math::CeilOp>(family);
  addMath<onnx::RoundOp, math::RoundEvenOp>(family);
  addMath<onnx::SinOp, math::SinOp>(family);
  addMath<onnx::CosOp, math::CosOp>(family);
  addMath<onnx::TanOp, math::TanOp>(family);
  addMath<onnx::AsinOp, math::AsinOp>(family);
  addMath<onnx::AcosOp, math::AcosOp>(family);
  addMath<onnx::AtanOp, math::AtanOp>(family);
  addMath<onnx::SinhOp, math::SinhOp>(family);
  addMath<onnx::CoshOp, math::CoshOp>(family);
  addMath<onnx::TanhOp, math::TanhOp>(family);
  addMath<onnx::AsinhOp, math::AsinhOp>(family);
  addMath<onnx::AcoshOp, math::AcoshOp>(family);
  addMath<onnx::AtanhOp, math::AtanhOp>(family);
}

static void addLogic(Family &family) {
  addCompare<onnx::EqualOp>(
      family, [](Scalars &s, Value x, Value y) { return s.equal(x, y); });
  addCompare<onnx::LessOp>(
      family, [](Scalars &s, Value x, Value y) { return s.less(x, y); });
  addCompare<onnx::LessOrEqualOp>(
      family, [](Scalars &s, Value x, Value y) { return s.lessOrEqual(x, y); });
  addCompare<onnx::GreaterOp>(
      family, [](Scalars &s, Value x, Value y) { return s.less(y, x); });
  addCompare<onnx::GreaterOrEqualOp>(
      family, [](Scalars &s, Value x, Value y) { return s.lessOrEqual(y, x); });
  addBits<onnx::AndOp, arith::AndIOp>(family);
  addBits<onnx::OrOp, arith::OrIOp>(family);
  addBits<onnx::XorOp, arith::XOrIOp>(family);
  addBits<onnx::BitwiseAndOp, arith::AndIOp>(family);
  addBits<onnx::BitwiseOrOp, arith::OrIOp>(family);
  addBits<onnx::BitwiseXorOp, arith::XOrIOp>(family);
  addUnary<onnx::NotOp>(
      family, [](Emitter &e, Scalars &, Value x) { return e.negate(x); });
  addUnary<onnx::BitwiseNotOp>(family, [](Emitter &e, Scalars &s, Value x) {
    return e.b.createOrFold<arith::XOrIOp>(e.loc, x, s.constant(-1));
  });
  family.add<onnx::BitShiftOp>(lowerShift);
  family.add<onnx::WhereOp>(lowerWhere);
  family.add<onnx::IsInfOp>(lowerIsInf);
  family.add<onnx::IsNaNOp>([](Emitter &e, onnx::IsNaNOp op,
                               onnx::IsNaNOp::Adaptor in) -> FailureOr<Value> {
    Scalars type(e, elementOf(op.getX()));
    return e.elementwise(in.getX(), e.resultType(), [&](ValueRange x) {
      return type.isNaN(type.load(x[0]));
    });
  });
}

void skim::lowering::addElementwiseLowerings(Family &family) {
  addArithmetic(family);
  addFunctions(family);
  addLogic(family);
  family.add<onnx::CastOp>(lowerCast);
  family.add<onnx::IdentityOp>(
      [](Emitter &e, onnx::IdentityOp op,
         onnx::IdentityOp::Adaptor in) -> FailureOr<Value> {
        return in.getInput();
      });
}
