//===- ElementArithmetic.cpp - elements behind arithmetic -----------------===//
// Comparisons, logic, choices and arithmetic on masks and positions; of floats
// only products with a number.
//===----------------------------------------------------------------------===//

#include "ElementKinds.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

namespace {
/// What an op does to two numbers. True is 1.
using Function = double (*)(double, double);

struct BinaryKind {
  Function function = nullptr;
  /// The op as it is done on integers; null where that is not exact.
  SymDim (*integers)(const SymDim &, const SymDim &) = nullptr;
  bool isComparison = false;
};
} // namespace

static BinaryKind getBinaryKind(Operation *op) {
  return TypeSwitch<Operation *, BinaryKind>(op)
      .Case([](onnx::AddOp) -> BinaryKind {
        return {[](double a, double b) { return a + b; },
                [](const SymDim &a, const SymDim &b) { return a + b; }};
      })
      .Case([](onnx::SubOp) -> BinaryKind {
        return {[](double a, double b) { return a - b; },
                [](const SymDim &a, const SymDim &b) { return a - b; }};
      })
      .Case([](onnx::MulOp) -> BinaryKind {
        return {[](double a, double b) { return a * b; },
                [](const SymDim &a, const SymDim &b) { return a * b; }};
      })
      .Case([](onnx::MinOp) -> BinaryKind {
        return {[](double a, double b) { return std::min(a, b); }};
      })
      .Case([](onnx::MaxOp) -> BinaryKind {
        return {[](double a, double b) { return std::max(a, b); }};
      })
      .Case([](onnx::AndOp) -> BinaryKind {
        return {[](double a, double b) { return double(a != 0 && b != 0); }};
      })
      .Case([](onnx::OrOp) -> BinaryKind {
        return {[](double a, double b) { return double(a != 0 || b != 0); }};
      })
      .Case([](onnx::XorOp) -> BinaryKind {
        return {
            [](double a, double b) { return double((a != 0) != (b != 0)); }};
      })
      .Case([](onnx::EqualOp) -> BinaryKind {
        return {[](double a, double b) { return double(a == b); }, nullptr,
                true};
      })
      .Case([](onnx::GreaterOp) -> BinaryKind {
        return {[](double a, double b) { return double(a > b); }, nullptr,
                true};
      })
      .Case([](onnx::GreaterOrEqualOp) -> BinaryKind {
        return {[](double a, double b) { return double(a >= b); }, nullptr,
                true};
      })
      .Case([](onnx::LessOp) -> BinaryKind {
        return {[](double a, double b) { return double(a < b); }, nullptr,
                true};
      })
      .Case([](onnx::LessOrEqualOp) -> BinaryKind {
        return {[](double a, double b) { return double(a <= b); }, nullptr,
                true};
      })
      .Default([](Operation *) { return BinaryKind(); });
}

/// `function(a, b)` where at most one is a choice, or both ask the same.
static Element applyToChoices(Function function, const Element &a,
                              const Element &b) {
  bool aChoice = a.kind == Kind::Choice, bChoice = b.kind == Kind::Choice;
  if (a.kind == Kind::Number && b.kind == Kind::Number)
    return makeNumber(function(a.number, b.number));
  if (aChoice && b.kind == Kind::Number)
    return makeChoice(a, function(a.number, b.number),
                      function(a.otherwise, b.number));
  if (a.kind == Kind::Number && bChoice)
    return makeChoice(b, function(a.number, b.number),
                      function(a.number, b.otherwise));
  if (aChoice && bChoice && haveSameCondition(a, b))
    return makeChoice(a, function(a.number, b.number),
                      function(a.otherwise, b.otherwise));
  return {};
}

/// Both of two conditions on one value.
static Element makeConjunction(const Element &a, const Element &b) {
  if (!isIndicator(a) || !isIndicator(b) || a.base != b.base ||
      !a.alsoAt.empty() || !b.alsoAt.empty())
    return {};
  Element element = a;
  element.alsoAt = b.at;
  return element;
}

/// A comparison of a mask that is no boolean: known when it tells 0 from all
/// others that its type has, so that it does not matter which those are.
static bool tellsZero(Function function, const Element &a, const Element &b) {
  bool isLeft = a.kind == Kind::Access;
  Type type = getElementTypeOrSelf((isLeft ? a : b).base);
  if ((isLeft ? a : b).number != 1)
    return false;
  double threshold = isLeft ? b.number : a.number;
  auto value = [&](double number) {
    return isLeft ? function(number, threshold) : function(threshold, number);
  };
  // Those next to 0, those far from it, and what it is compared with.
  const double far = 1e9, next = isa<FloatType>(type) ? 1e-40 : 1;
  SmallVector<double> others = {next, far};
  if (!type.isUnsignedInteger())
    others.append({-next, -far});
  if (threshold != 0 &&
      (isa<FloatType>(type) || threshold == std::trunc(threshold)) &&
      (threshold > 0 || !type.isUnsignedInteger()))
    others.push_back(threshold);
  return llvm::all_of(
      others, [&](double number) { return value(number) == value(next); });
}

/// An op of two operands on elements; `operands` are the op's.
static Element applyBinary(const BinaryKind &kind, Element a, Element b,
                           ValueRange operands) {
  if (a.kind == Kind::Unknown || b.kind == Kind::Unknown)
    return {};
  if (kind.integers && !isFloat(operands[0]) &&
      (a.kind == Kind::Integer || b.kind == Kind::Integer)) {
    auto toInteger = [](const Element &e) -> std::optional<SymDim> {
      if (e.kind == Kind::Integer)
        return e.integer;
      if (e.kind == Kind::Number)
        return SymDim(static_cast<int64_t>(e.number));
      return std::nullopt;
    };
    std::optional<SymDim> left = toInteger(a), right = toInteger(b);
    return left && right ? makeInteger(kind.integers(*left, *right))
                         : Element();
  }
  if (kind.isComparison && (a.kind == Kind::Access || b.kind == Kind::Access)) {
    bool withNumber = a.kind == Kind::Number || b.kind == Kind::Number;
    if (!isBool((a.kind == Kind::Access ? a : b).base) &&
        (!withNumber || !tellsZero(kind.function, a, b)))
      return {};
  }
  return applyToChoices(kind.function, toChoice(a), toChoice(b));
}

Element Elements::computeCast(Value from, Value to, ArrayRef<SymDim> at) {
  Element element = evaluate(from, at);
  if (from.getType() == to.getType())
    return element;
  if (element.kind == Kind::Unknown)
    return element;
  if (isBool(to)) {
    if (element.kind == Kind::Integer)
      return {};
    return applyToChoices([](double a, double b) { return double(a != b); },
                          toChoice(element), makeNumber(0));
  }
  if (isFloat(from)) {
    if (element.kind == Kind::Access)
      return {};
    auto convert = [&](double number) {
      if (!isFloat(to))
        return std::trunc(number);
      return getElementTypeOrSelf(to.getType()).isF64() ? number
                                                        : double(float(number));
    };
    element.number = convert(element.number);
    element.otherwise = convert(element.otherwise);
    return element;
  }
  return element.kind == Kind::Integer && isFloat(to) ? Element() : element;
}

Element Elements::computeWhere(Operation *op, ArrayRef<SymDim> at) {
  auto where = cast<onnx::WhereOp>(op);
  Element condition =
      toChoice(broadcast(where.getCondition(), where.getOutput(), at));
  if (condition.kind == Kind::Number)
    return broadcast(condition.number != 0 ? where.getX() : where.getY(),
                     where.getOutput(), at);
  if (condition.kind != Kind::Choice)
    return {};
  Element x = broadcast(where.getX(), where.getOutput(), at);
  Element y = broadcast(where.getY(), where.getOutput(), at);
  auto pick = [&](bool whenTrue) -> std::optional<double> {
    double truth = whenTrue ? condition.number : condition.otherwise;
    Element chosen = toChoice(truth != 0 ? x : y);
    if (chosen.kind == Kind::Number)
      return chosen.number;
    if (chosen.kind == Kind::Choice && haveSameCondition(chosen, condition))
      return whenTrue ? chosen.number : chosen.otherwise;
    return std::nullopt;
  };
  std::optional<double> number = pick(true), otherwise = pick(false);
  return number && otherwise ? makeChoice(condition, *number, *otherwise)
                             : Element();
}

/// A product with a number stays an access; a negation is one.
Element Elements::computeScaling(Operation *op, Value value,
                                 ArrayRef<SymDim> at) {
  if (isa<onnx::NegOp>(op) && isFloat(value)) {
    Element element = evaluate(op->getOperand(0), at);
    if (element.kind == Kind::Integer)
      return {};
    element.number = -element.number;
    element.otherwise = -element.otherwise;
    return element;
  }
  if (!isa<onnx::MulOp, onnx::DivOp>(op) || !isFloat(value))
    return {};
  Value left = op->getOperand(0), right = op->getOperand(1);
  std::optional<double> number = getSplat(right);
  bool isDivision = isa<onnx::DivOp>(op);
  if (!number && !isDivision) {
    number = getSplat(left);
    std::swap(left, right);
  }
  if (!number || left.getType() != value.getType())
    return {};
  Element element = evaluate(left, at);
  if (element.kind != Kind::Number && element.kind != Kind::Choice &&
      element.kind != Kind::Access)
    return {};
  double factor = isDivision ? 1 / *number : *number;
  element.number *= factor;
  element.otherwise *= factor;
  return element;
}

Element Elements::computeClip(onnx::ClipOp clip, ArrayRef<SymDim> at) {
  Element element = toChoice(evaluate(clip.getInput(), at));
  auto apply = [&](Value bound, Function function) {
    if (onnx::isAbsent(bound))
      return;
    std::optional<double> number = getSplat(bound);
    element = number ? applyToChoices(function, element, makeNumber(*number))
                     : Element();
  };
  apply(clip.getMin(), [](double a, double b) { return std::max(a, b); });
  apply(clip.getMax(), [](double a, double b) { return std::min(a, b); });
  return element;
}

static Element computeConstantOfShape(onnx::ConstantOfShapeOp op) {
  if (!op.getValue())
    return makeNumber(0);
  auto dense = dyn_cast<DenseElementsAttr>(*op.getValue());
  if (!dense || !dense.getElementType().isIntOrFloat())
    return {};
  std::optional<double> number = toNumber(dense.getSplatValue<Attribute>());
  return number ? makeNumber(*number) : Element();
}

Element Elements::computeBinary(Operation *op, Value value,
                                ArrayRef<SymDim> at) {
  BinaryKind kind = getBinaryKind(op);
  if (!kind.function || op->getNumOperands() != 2)
    return {};
  Element left = broadcast(op->getOperand(0), value, at);
  Element right = broadcast(op->getOperand(1), value, at);
  // What the other operand says does not matter where one decides.
  for (const Element &element : {left, right})
    if ((isa<onnx::AndOp>(op) && element.isNumber(0)) ||
        (isa<onnx::OrOp>(op) && element.isNumber(1)))
      return element;
  Element result = applyBinary(kind, left, right, op->getOperands());
  if (result.kind == Kind::Unknown && isa<onnx::AndOp, onnx::MulOp>(op))
    return makeConjunction(toChoice(left), toChoice(right));
  return result;
}

Element Elements::computeArithmetic(Operation *op, Value value,
                                    ArrayRef<SymDim> at) {
  Element scaled = computeScaling(op, value, at);
  if (scaled.kind != Kind::Unknown || movementOnly)
    return scaled;
  auto applyToOperand = [&](Function function) {
    return applyToChoices(function, toChoice(evaluate(op->getOperand(0), at)),
                          makeNumber(0));
  };
  return TypeSwitch<Operation *, Element>(op)
      .Case([&](onnx::CastOp cast) {
        return computeCast(cast.getInput(), cast.getOutput(), at);
      })
      .Case([&](onnx::WhereOp) { return computeWhere(op, at); })
      .Case([&](onnx::NotOp) {
        return applyToOperand([](double a, double) { return double(a == 0); });
      })
      .Case([&](onnx::NegOp) {
        return applyToOperand([](double a, double) { return -a; });
      })
      .Case([&](onnx::ClipOp clip) { return computeClip(clip, at); })
      .Case([&](onnx::ConstantOfShapeOp constant) {
        return computeConstantOfShape(constant);
      })
      .Default([&](Operation *) { return computeBinary(op, value, at); });
}
