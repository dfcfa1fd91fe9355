//===- DistanceRange.cpp - conditions on i - j ----------------------------===//
// Comparisons of positions are ranges of their distance; conditions that join
// them intersect or unite these.
//===----------------------------------------------------------------------===//

#include "DistanceRange.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

DistanceRange DistanceRange::intersect(const DistanceRange &other) const {
  return {std::max(least, other.least), std::min(most, other.most)};
}

std::optional<DistanceRange>
DistanceRange::unite(const DistanceRange &other) const {
  if (isEmpty())
    return other;
  if (other.isEmpty())
    return *this;
  if (least > other.most + 1 || other.least > most + 1)
    return std::nullopt;
  return DistanceRange{std::min(least, other.least),
                       std::max(most, other.most)};
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

/// `value[at]` as an integer of indices.
std::optional<SymDim> DistanceRangeFinder::findInteger(Value value,
                                                       ArrayRef<SymDim> at) {
  Element element = elements.evaluate(value, at);
  if (element.kind == Kind::Integer)
    return element.integer;
  if (element.kind == Kind::Number &&
      element.number == std::floor(element.number) &&
      std::abs(element.number) < 1e9)
    return SymDim(static_cast<int64_t>(element.number));
  return std::nullopt;
}

/// The left operand of a comparison less the right one.
std::optional<LinearDistance>
DistanceRangeFinder::findDifference(Operation *op, ArrayRef<SymDim> at) {
  std::optional<SymDim> sides[2];
  for (unsigned side : {0, 1}) {
    Value operand = op->getOperand(side);
    auto operandAt = getOperandIndex(context, operand, op->getResult(0), at);
    if (!operandAt)
      return std::nullopt;
    sides[side] = findInteger(operand, *operandAt);
  }
  if (!sides[0] || !sides[1])
    return std::nullopt;
  return findLinearDistance(*sides[0] - *sides[1], distance);
}

/// Where `least <= value <= most`; unlimited ones hold everywhere.
static DistanceRange between(int64_t least, int64_t factor, int64_t offset,
                             int64_t most) {
  constexpr int64_t unlimited = DistanceRange::unlimited;
  DistanceRange range;
  if (least != -unlimited)
    range.least = least - offset;
  if (most != unlimited)
    range.most = most - offset;
  return factor > 0 ? range : DistanceRange{-range.most, -range.least};
}

/// Where `value <= most`, or its absolute value is, or where that is not so.
static std::optional<DistanceRange> compare(const LinearDistance &value,
                                            bool isAbsolute, int64_t most,
                                            bool holds) {
  constexpr int64_t unlimited = DistanceRange::unlimited;
  auto [factor, offset] = value;
  if (holds)
    return between(isAbsolute ? -most : -unlimited, factor, offset, most);
  if (!isAbsolute)
    return between(most + 1, factor, offset, unlimited);
  // On both sides, unless it is everywhere.
  return most < 0 ? std::optional(DistanceRange()) : std::nullopt;
}

std::optional<DistanceRange>
DistanceRangeFinder::findComparison(Operation *op, ArrayRef<SymDim> at,
                                    bool holds) {
  bool isLess = isa<onnx::LessOp, onnx::LessOrEqualOp>(op);
  bool includes = isa<onnx::LessOrEqualOp, onnx::GreaterOrEqualOp>(op);
  // Every comparison is `value <= most` or its opposite.
  auto compareWith = [&](const LinearDistance &value, bool isAbsolute,
                         int64_t number, bool isBelow) {
    return compare(value, isAbsolute, number - (isBelow != includes),
                   isBelow == holds);
  };
  for (unsigned side : {0, 1}) {
    auto abs = op->getOperand(side).getDefiningOp<onnx::AbsOp>();
    std::optional<double> number = getSplat(op->getOperand(1 - side));
    if (!abs || !number || *number != std::floor(*number) ||
        std::abs(*number) > 1e9)
      continue;
    auto absAt = getOperandIndex(context, abs.getY(), op->getResult(0), at);
    auto inner = absAt ? findInteger(abs.getX(), *absAt) : std::nullopt;
    auto value = inner ? findLinearDistance(*inner, distance) : std::nullopt;
    if (!value)
      return std::nullopt;
    return compareWith(*value, /*isAbsolute=*/true,
                       static_cast<int64_t>(*number), isLess == (side == 0));
  }
  auto difference = findDifference(op, at);
  return difference ? compareWith(*difference, /*isAbsolute=*/false, 0, isLess)
                    : std::nullopt;
}

std::optional<DistanceRange> DistanceRangeFinder::findOp(Operation *op,
                                                         ArrayRef<SymDim> at,
                                                         bool holds,
                                                         unsigned level) {
  if (isa<onnx::LessOp, onnx::LessOrEqualOp, onnx::GreaterOp,
          onnx::GreaterOrEqualOp>(op))
    return findComparison(op, at, holds);
  if (!isa<onnx::AndOp, onnx::OrOp, onnx::NotOp>(op))
    return std::nullopt;
  bool operandsHold = holds != isa<onnx::NotOp>(op);
  SmallVector<DistanceRange> parts;
  for (Value operand : op->getOperands()) {
    auto operandAt = getOperandIndex(context, operand, op->getResult(0), at);
    std::optional<DistanceRange> part =
        operandAt ? find(operand, *operandAt, operandsHold, level + 1)
                  : std::nullopt;
    if (!part)
      return std::nullopt;
    parts.push_back(*part);
  }
  if (parts.size() == 1)
    return parts[0];
  // Where a conjunction does not hold one of its operands does not.
  return isa<onnx::AndOp>(op) == holds ? parts[0].intersect(parts[1])
                                       : parts[0].unite(parts[1]);
}

std::optional<DistanceRange>
DistanceRangeFinder::find(Value value, SymDims at, bool holds, unsigned level) {
  if (level > 32)
    return std::nullopt;
  Element whole = elements.evaluate(value, at);
  if (whole.kind == Kind::Number)
    return (whole.number != 0) == holds ? DistanceRange()
                                        : DistanceRange::none();
  Element element = elements.trace(value, at);
  Operation *op = element.kind == Kind::Access && element.number == 1
                      ? element.base.getDefiningOp()
                      : nullptr;
  return op ? findOp(op, element.at, holds, level) : std::nullopt;
}
