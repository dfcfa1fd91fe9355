//===- Interval.cpp - numbers that a value can hold -----------------------===//
// Walks from a value to what bounds it: activations, squares, clips, integers
// that numbers are made of; arithmetic and movement in between.
//===----------------------------------------------------------------------===//

#include "Interval.h"
#include "Normalise.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace skim::onnx;

static const double infinity = std::numeric_limits<double>::infinity();

static Interval unite(const Interval &a, const Interval &b) {
  return {std::min(a.least, b.least), std::max(a.most, b.most)};
}

/// Of numbers that are at least `bound`.
static Interval raise(const Interval &x, double bound) {
  return {std::max(x.least, bound), std::max(x.most, bound)};
}

static Interval multiply(const Interval &a, const Interval &b) {
  Interval product = {infinity, -infinity};
  for (double left : {a.least, a.most})
    for (double right : {b.least, b.most}) {
      // An end that no number reaches, times a zero that one does.
      double end = left == 0 || right == 0 ? 0 : left * right;
      product = unite(product, {end, end});
    }
  return product;
}

/// The integers that a constant holds, or that its type has.
static std::optional<Interval> getIntegers(Value integers) {
  auto type = dyn_cast<IntegerType>(elementType(integers));
  if (!type || type.getWidth() > 16)
    return std::nullopt;
  if (auto number = constantSplat(integers))
    return Interval{*number, *number};
  double size = int64_t(1) << type.getWidth();
  double least = type.isUnsigned() ? 0 : -size / 2;
  return Interval{least, least + size - 1};
}

std::optional<Interval> skim::onnx::getInterval(Value integers, Value scale,
                                                Value zeroPoint) {
  auto steps = getIntegers(integers);
  ElementsAttr scales = getConstant(scale);
  auto zeros = isAbsent(zeroPoint) ? SmallVector<int64_t>{0}
                                   : getConstantInts(zeroPoint);
  if (!steps || !scales || !scales.getElementType().isF32() || !zeros ||
      zeros->empty())
    return std::nullopt;
  auto [first, last] = std::minmax_element(zeros->begin(), zeros->end());
  Interval lengths = {infinity, -infinity};
  for (const APFloat &length : scales.getValues<APFloat>()) {
    double number = length.convertToDouble();
    lengths = unite(lengths, {number, number});
  }
  Interval all =
      multiply({steps->least - *last, steps->most - *first}, lengths);
  // Rounded as the numbers are.
  return Interval{static_cast<float>(all.least), static_cast<float>(all.most)};
}

static Interval getIntervalOf(Value value, unsigned level);

/// Of an op that bounds its result, whatever its operands are.
static std::optional<Interval> getOwnInterval(Operation *op) {
  return TypeSwitch<Operation *, std::optional<Interval>>(op)
      .Case<SoftmaxOp, SigmoidOp, HardSigmoidOp>(
          [](auto) { return Interval{0, 1}; })
      .Case<TanhOp, ErfOp, SinOp, CosOp, SoftsignOp>(
          [](auto) { return Interval{-1, 1}; })
      .Case<AbsOp, ExpOp, SoftplusOp, SqrtOp, ReduceL1Op, ReduceL2Op,
            ReduceSumSquareOp>([](auto) { return Interval{0, infinity}; })
      .Case([](DequantizeLinearOp dequantise) {
        return getInterval(dequantise.getX(), dequantise.getXScale(),
                           dequantise.getXZeroPoint());
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// Of numbers that are rounded to integers and back: theirs, at which a step
/// more or less does not count, cut off at 0 where their range is.
static Interval getRoundedInterval(QuantizeLinearOp op, unsigned level) {
  Interval x = getIntervalOf(op.getX(), level);
  auto range = getInterval(op.getY(), op.getYScale(), op.getYZeroPoint());
  if (range && range->least == 0)
    return raise(x, 0);
  return x;
}

/// Of an op that computes with its operands.
static std::optional<Interval> getComputedInterval(Operation *op,
                                                   unsigned level) {
  auto at = [&](unsigned index) {
    return getIntervalOf(op->getOperand(index), level);
  };
  return TypeSwitch<Operation *, std::optional<Interval>>(op)
      .Case([&](ReluOp) { return raise(at(0), 0); })
      .Case([&](ClipOp clip) {
        Interval x = at(0);
        if (auto least = constantSplat(clip.getMin()))
          x = raise(x, *least);
        if (auto most = constantSplat(clip.getMax()))
          x = {std::min(x.least, *most), std::min(x.most, *most)};
        return x;
      })
      .Case([&](AddOp) {
        Interval a = at(0), b = at(1);
        return Interval{a.least + b.least, a.most + b.most};
      })
      .Case([&](MulOp mul) {
        Interval product = multiply(at(0), at(1));
        if (mul.getA() == mul.getB())
          product.least = std::max(product.least, 0.0);
        return product;
      })
      .Case([&](DivOp) {
        bool isPositive = at(0).least >= 0 && at(1).least >= 0;
        return Interval{isPositive ? 0 : -infinity, infinity};
      })
      .Case([&](PowOp pow) {
        auto power = constantSplat(pow.getY());
        bool isEven = power && std::fmod(*power, 2) == 0;
        return Interval{isEven || at(0).least >= 0 ? 0 : -infinity, infinity};
      })
      .Case([&](ReduceSumOp) {
        return Interval{at(0).least >= 0 ? 0 : -infinity,
                        at(0).most <= 0 ? 0 : infinity};
      })
      .Case([&](WhereOp) { return unite(at(1), at(2)); })
      .Case([&](CastOp cast) -> std::optional<Interval> {
        Type from = elementType(cast.getInput());
        if (from.isInteger(1))
          return Interval{0, 1};
        return from.isUnsignedInteger() ? std::optional<Interval>({0, infinity})
                                        : std::nullopt;
      })
      .Default([](Operation *) { return std::nullopt; });
}

static Interval getIntervalOf(Value value, unsigned level) {
  if (auto number = constantSplat(value))
    return {*number, *number};
  Operation *op = value.getDefiningOp();
  if (!op || level > 12)
    return {};
  ++level;
  // What takes from its first operand or lies between its elements.
  if (isView(op) ||
      isa<AveragePoolOp, ExpandOp, GatherOp, IdentityOp, MaxPoolOp, ReduceMaxOp,
          ReduceMeanOp, ReduceMinOp, SliceOp, SplitOp, TileOp, TransposeOp>(op))
    return getIntervalOf(op->getOperand(0), level);
  auto dequantise = dyn_cast<DequantizeLinearOp>(op);
  if (auto rounded = dequantise
                         ? dequantise.getX().getDefiningOp<QuantizeLinearOp>()
                         : QuantizeLinearOp())
    return getRoundedInterval(rounded, level);
  if (auto own = getOwnInterval(op))
    return *own;
  return getComputedInterval(op, level).value_or(Interval());
}

Interval skim::onnx::getInterval(Value value) {
  return getIntervalOf(value, 0);
}
