//===- NormaliseSelects.cpp - choices that are spelled as arithmetic ------===//
// tf2onnx writes a choice as a sum of two products with a condition and its
// opposite, and Keras counts negative indices from the end itself.
//===----------------------------------------------------------------------===//

#include "Normalise.h"

#include <cmath>

using namespace mlir;
using namespace skim::onnx;

/// c when `value` is the conversion of a boolean c to numbers.
static Value getIndicated(Value value) {
  auto cast = value.getDefiningOp<CastOp>();
  return cast && elementType(cast.getInput()).isInteger(1) ? cast.getInput()
                                                           : Value();
}

namespace {
/// A number where a condition holds, else 0.
struct Gated {
  Value condition, number;
};

/// `cast(c) * a + cast(not c) * b` as `Where(c, a, b)`: the same where both are
/// finite; 0 times infinity would be no number.
struct SelectOfProducts : NormalisePattern<AddOp> {
  using NormalisePattern::NormalisePattern;

  static std::optional<Gated> match(Value value) {
    auto mul = value.getDefiningOp<MulOp>();
    for (unsigned side = 0; mul && side < 2; ++side)
      if (Value condition = getIndicated(mul->getOperand(side)))
        return Gated{condition, mul->getOperand(1 - side)};
    return std::nullopt;
  }

  static bool isInfinite(Value value) {
    auto number = constantSplat(value);
    return number && !std::isfinite(*number);
  }

  static bool areOpposite(Value a, Value b) {
    auto negated = b.getDefiningOp<NotOp>();
    return negated && negated.getX() == a;
  }

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Gated> a = match(op.getA()), b = match(op.getB());
    if (!a || !b || isInfinite(a->number) || isInfinite(b->number))
      return rewriter.notifyMatchFailure(op, "no sum of gated numbers");
    if (areOpposite(b->condition, a->condition))
      std::swap(a, b);
    else if (!areOpposite(a->condition, b->condition))
      return rewriter.notifyMatchFailure(op, "the conditions are no opposites");
    rewriter.replaceOp(
        op, state.build<WhereOp>(rewriter, op.getLoc(), elementType(op.getC()),
                                 a->condition, a->number, b->number));
    return success();
  }
};

/// Whether all of some conditions hold, as tf2onnx asks it: the opposites, side
/// by side along a new axis, have no sum above 0.
struct AllOfConditions : NormalisePattern<NotOp> {
  using NormalisePattern::NormalisePattern;

  /// The conditions and their axis, where `sum` counts their opposites.
  static std::optional<std::pair<ConcatOp, int64_t>> match(ReduceSumOp sum) {
    auto axes = sum ? getConstantInts(sum.getAxes()) : std::nullopt;
    if (!axes || axes->size() != 1 || sum.getKeepdims() != 0)
      return std::nullopt;
    Value opposites = getIndicated(sum.getData());
    auto opposite = opposites ? opposites.getDefiningOp<NotOp>() : NotOp();
    auto conditions =
        opposite ? opposite.getX().getDefiningOp<ConcatOp>() : ConcatOp();
    if (!conditions)
      return std::nullopt;
    int64_t rank = cast<ShapedType>(conditions.getType()).getRank();
    auto axis = normaliseAxis(axes->front(), rank);
    if (!axis || normaliseAxis(conditions.getAxis(), rank) != axis)
      return std::nullopt;
    return std::make_pair(conditions, *axis);
  }

  LogicalResult matchAndRewrite(NotOp op,
                                PatternRewriter &rewriter) const override {
    auto greater = op.getX().getDefiningOp<GreaterOp>();
    if (!greater || constantSplat(greater.getB()) != 0.0)
      return rewriter.notifyMatchFailure(op, "no sum above 0");
    auto found = match(greater.getA().getDefiningOp<ReduceSumOp>());
    if (!found)
      return rewriter.notifyMatchFailure(op, "not of conditions side by side");
    auto [conditions, axis] = *found;
    for (Value part : conditions.getInputs()) {
      auto dims = shapes.dims(part);
      if (!dims || (*dims)[axis] != SymDim(1))
        return rewriter.notifyMatchFailure(op, "not along a new axis");
    }
    Location loc = op.getLoc();
    Type type = elementType(op.getY());
    Value all, axes = buildInts(rewriter, loc, {axis});
    for (Value part : conditions.getInputs()) {
      part = state.build<SqueezeOp>(rewriter, loc, type, part, axes);
      all = all ? state.build<AndOp>(rewriter, loc, type, all, part) : part;
    }
    rewriter.replaceOp(op, all);
    return success();
  }
};

/// Gather by indices that were counted from the end where they are negative,
/// which Gather does itself.
struct GatherOfCounted : NormalisePattern<GatherOp> {
  using NormalisePattern::NormalisePattern;

  /// `x < 0`, also of x as a float.
  static bool isNegative(Value condition, Value x) {
    auto less = condition.getDefiningOp<LessOp>();
    if (!less || constantSplat(less.getB()) != 0.0)
      return false;
    auto cast = less.getA().getDefiningOp<CastOp>();
    return less.getA() == x || (cast && cast.getInput() == x);
  }

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const override {
    auto where = op.getIndices().getDefiningOp<WhereOp>();
    auto dims = shapes.dims(op.getData());
    if (!where || !dims || !isNegative(where.getCondition(), where.getY()))
      return rewriter.notifyMatchFailure(op, "no choice by the sign");
    auto chosen = shapes.dims(where.getOutput());
    if (!chosen || chosen != shapes.dims(where.getY()))
      return rewriter.notifyMatchFailure(op, "the choice has another shape");
    auto axis = normaliseAxis(op.getAxis(), dims->size());
    auto size = axis ? (*dims)[*axis].constant() : std::nullopt;
    auto sum = where.getX().getDefiningOp<AddOp>();
    for (unsigned side = 0; sum && size && side < 2; ++side)
      if (sum->getOperand(side) == where.getY() &&
          constantSplat(sum->getOperand(1 - side)) == double(*size)) {
        rewriter.modifyOpInPlace(
            op, [&] { op.getIndicesMutable().assign(where.getY()); });
        return success();
      }
    return rewriter.notifyMatchFailure(op, "not counted from the end");
  }
};
} // namespace

void skim::onnx::addSelectPatterns(RewritePatternSet &set,
                                   NormaliseState &state) {
  set.add<AllOfConditions, SelectOfProducts, GatherOfCounted>(set.getContext(),
                                                              state);
}
