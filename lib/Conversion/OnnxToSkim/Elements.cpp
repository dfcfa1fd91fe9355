//===- Elements.cpp - elements as functions of their position -------------===//
// Follows one element of a tensor through the ops that move, select, compare
// and choose, so that patterns need not know in which order an exporter did so.
//===----------------------------------------------------------------------===//

#include "Matchers.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

static Element makeNumber(double number) {
  Element element;
  element.kind = Kind::Number;
  element.number = number;
  return element;
}

static Element makeInteger(const SymDim &integer) {
  if (std::optional<int64_t> constant = integer.constant())
    return makeNumber(static_cast<double>(*constant));
  Element element;
  element.kind = Kind::Integer;
  element.integer = integer;
  return element;
}

/// `condition ? number : otherwise`, where condition says what the choice of
/// `like` says.
static Element makeChoice(const Element &like, double number,
                          double otherwise) {
  if (number == otherwise)
    return makeNumber(number);
  Element element = like;
  element.kind = Kind::Choice;
  element.number = number;
  element.otherwise = otherwise;
  return element;
}

/// A mask's element as a choice: 1 (times its factor) or 0.
static Element toChoice(const Element &element) {
  return element.kind == Kind::Access ? makeChoice(element, element.number, 0)
                                      : element;
}

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

static bool isBool(Value value) {
  return getElementTypeOrSelf(value.getType()).isInteger(1);
}

/// Whether two choices ask the same.
static bool haveSameCondition(const Element &a, const Element &b) {
  return a.base == b.base && a.at == b.at && a.alsoAt == b.alsoAt;
}

/// True for a choice between 1 and 0.
static bool isIndicator(const Element &element) {
  return element.kind == Kind::Choice && element.number == 1 &&
         element.otherwise == 0;
}

//===----------------------------------------------------------------------===//
// Driver
//===----------------------------------------------------------------------===//

Element Elements::access(Value value, ArrayRef<SymDim> at) {
  Element element;
  element.kind = Kind::Access;
  element.number = 1;
  element.base = value;
  element.at.assign(at.begin(), at.end());
  return element;
}

Element Elements::trace(Value value, ArrayRef<SymDim> at) {
  llvm::SaveAndRestore<bool> restore(movementOnly, true);
  return evaluate(value, at);
}

Element Elements::evaluate(Value value, ArrayRef<SymDim> at) {
  if (budget == 0 || depth > 200)
    return access(value, at);
  --budget;
  ++depth;
  llvm::scope_exit leave([&] { --depth; });

  if (!movementOnly && !isFloat(value)) {
    if (std::optional<SymDim> element = context.shapes.element(value))
      return makeInteger(element->substitute(
          [&](const onnx::SymAtom &atom) -> std::optional<SymDim> {
            if (atom.kind != onnx::SymAtom::Kind::Index)
              return std::nullopt;
            return at[atom.axis];
          }));
  }
  if (!movementOnly)
    if (std::optional<double> number = getSplat(value))
      return makeNumber(*number);
  Operation *op = value.getDefiningOp();
  if (!op || isa<onnx::ConstantOp>(op))
    return access(value, at);
  Element element = compute(op, value, at);
  return element.kind == Kind::Unknown ? access(value, at) : element;
}

std::optional<SymDim> Elements::integer(Value value, ArrayRef<SymDim> at) {
  llvm::SaveAndRestore<bool> restore(movementOnly, false);
  Element element = evaluate(value, at);
  if (element.kind == Kind::Integer)
    return element.integer;
  if (element.kind == Kind::Number)
    return SymDim(static_cast<int64_t>(element.number));
  return std::nullopt;
}

Element Elements::compute(Operation *op, Value value, ArrayRef<SymDim> at) {
  Element element = computeMovement(op, at);
  if (element.kind == Kind::Unknown)
    element = computeSelection(op, value, at);
  if (element.kind == Kind::Unknown)
    element = computeArithmetic(op, value, at);
  return element;
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

std::optional<SymDims> Elements::delinearise(SymDim linear,
                                             ArrayRef<SymDim> dims) {
  SymDims result;
  for (auto [axis, dim] : llvm::enumerate(dims)) {
    ArrayRef<SymDim> inner = dims.drop_front(axis + 1);
    SymDim stride = onnx::product(inner);
    if (dim.isConstant(1)) {
      result.push_back(0);
      continue;
    }
    if (stride.isConstant(1)) {
      result.push_back(linear);
      linear = 0;
      continue;
    }
    // The parts that a multiple of the stride stands before.
    SymDim quotient = 0, rest = linear, constant = linear;
    for (unsigned index = 0; index < extents.size(); ++index) {
      auto split = rest.splitByIndex(index);
      if (!split)
        return std::nullopt;
      constant = constant.splitByIndex(index)->first;
      std::optional<SymDim> factor = split->second.divideExactly(stride);
      if (!factor)
        continue;
      quotient = quotient + SymDim::index(index) * *factor;
      rest = split->first;
    }
    if (std::optional<SymDim> factor = constant.divideExactly(stride)) {
      quotient = quotient + *factor;
      rest = rest - constant;
    }
    std::optional<int64_t> least = rest.lowerBound(extents);
    if (!least || *least < 0 || !onnx::isKnownLess(rest, stride, extents))
      return std::nullopt;
    result.push_back(quotient);
    linear = rest;
  }
  return result;
}

/// The axes that are not constantly 1.
static SmallVector<unsigned> getWideAxes(ArrayRef<SymDim> dims) {
  SmallVector<unsigned> axes;
  for (auto [axis, dim] : llvm::enumerate(dims))
    if (!dim.isConstant(1))
      axes.push_back(axis);
  return axes;
}

Element Elements::reshape(Value from, Value to, ArrayRef<SymDim> at) {
  std::optional<SymDims> fromDims = context.dims(from),
                         toDims = context.dims(to);
  if (!fromDims || !toDims || toDims->size() != at.size())
    return {};
  // Only ones come or go: every other axis keeps its index.
  SmallVector<unsigned> fromAxes = getWideAxes(*fromDims),
                        toAxes = getWideAxes(*toDims);
  SymDims fromAt(fromDims->size(), SymDim(0));
  if (fromAxes.size() == toAxes.size() &&
      llvm::all_of(llvm::zip_equal(fromAxes, toAxes), [&](auto axes) {
        return (*fromDims)[std::get<0>(axes)] == (*toDims)[std::get<1>(axes)];
      })) {
    for (auto [fromAxis, toAxis] : llvm::zip_equal(fromAxes, toAxes))
      fromAt[fromAxis] = at[toAxis];
    return evaluate(from, fromAt);
  }
  SymDim linear = 0;
  for (auto [dim, index] : llvm::zip_equal(*toDims, at))
    linear = linear * dim + index;
  std::optional<SymDims> split = delinearise(linear, *fromDims);
  return split ? evaluate(from, *split) : Element();
}

Element Elements::broadcast(Value operand, Value result, ArrayRef<SymDim> at) {
  std::optional<SymDims> dims = context.dims(operand),
                         resultDims = context.dims(result);
  if (!dims || !resultDims || resultDims->size() != at.size() ||
      dims->size() > at.size())
    return {};
  SymDims operandAt;
  size_t missing = at.size() - dims->size();
  for (auto [axis, dim] : llvm::enumerate(*dims)) {
    if (dim.isConstant(1))
      operandAt.push_back(0);
    else if (dim == (*resultDims)[missing + axis])
      operandAt.push_back(at[missing + axis]);
    else
      return {};
  }
  return evaluate(operand, operandAt);
}

Element Elements::computeMovement(Operation *op, ArrayRef<SymDim> at) {
  return TypeSwitch<Operation *, Element>(op)
      .Case<onnx::IdentityOp, onnx::DropoutOp>(
          [&](auto) { return evaluate(op->getOperand(0), at); })
      .Case<onnx::ReshapeOp, onnx::FlattenOp, onnx::SqueezeOp,
            onnx::UnsqueezeOp>([&](auto) {
        return reshape(op->getOperand(0), op->getResult(0), at);
      })
      .Case([&](onnx::ExpandOp expand) {
        return broadcast(expand.getInput(), expand.getOutput(), at);
      })
      .Case([&](onnx::TransposeOp transpose) -> Element {
        SymDims from(at.size(), SymDim(0));
        for (unsigned axis = 0; axis < at.size(); ++axis) {
          std::optional<ArrayRef<int64_t>> perm = transpose.getPerm();
          from[perm ? (*perm)[axis] : at.size() - 1 - axis] = at[axis];
        }
        return evaluate(transpose.getData(), from);
      })
      .Default([](Operation *) { return Element(); });
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

/// `at` moved by the slice's starts; nothing when they or the steps are not
/// known.
static std::optional<SymDims>
sliceFrom(onnx::SliceOp slice, ArrayRef<SymDim> dims, ArrayRef<SymDim> at) {
  auto starts = onnx::getConstantInts(slice.getStarts());
  if (!starts)
    return std::nullopt;
  SmallVector<int64_t> axes, steps(starts->size(), 1);
  for (unsigned axis = 0; axis < starts->size(); ++axis)
    axes.push_back(axis);
  if (!onnx::isAbsent(slice.getAxes())) {
    auto given = onnx::getConstantInts(slice.getAxes());
    if (!given)
      return std::nullopt;
    axes = *given;
  }
  if (!onnx::isAbsent(slice.getSteps())) {
    auto given = onnx::getConstantInts(slice.getSteps());
    if (!given)
      return std::nullopt;
    steps = *given;
  }
  SymDims from(at.begin(), at.end());
  for (auto [start, axis, step] : llvm::zip_equal(*starts, axes, steps)) {
    auto normalised = onnx::normaliseAxis(axis, at.size());
    if (step != 1 || !normalised)
      return std::nullopt;
    SymDim offset = start;
    if (start < 0)
      offset = offset + dims[*normalised];
    from[*normalised] = from[*normalised] + offset;
  }
  return from;
}

Element Elements::computeSelection(Operation *op, Value value,
                                   ArrayRef<SymDim> at) {
  // An index into a dimension, counted from its end when it is negative.
  auto toIndex = [&](std::optional<SymDim> index,
                     const SymDim &dim) -> std::optional<SymDim> {
    std::optional<int64_t> least =
        index ? index->lowerBound(extents) : std::nullopt;
    if (!least)
      return std::nullopt;
    if (*least >= 0)
      return index;
    return index->constant() ? std::optional(*index + dim) : std::nullopt;
  };
  if (auto gather = dyn_cast<onnx::GatherOp>(op)) {
    std::optional<SymDims> dims = context.dims(gather.getData());
    std::optional<SymDims> idDims = context.dims(gather.getIndices());
    if (!dims || !idDims)
      return {};
    auto axis = onnx::normaliseAxis(gather.getAxis(), dims->size());
    if (!axis)
      return {};
    auto index =
        toIndex(integer(gather.getIndices(), at.slice(*axis, idDims->size())),
                (*dims)[*axis]);
    if (!index)
      return {};
    SymDims from(at.take_front(*axis));
    from.push_back(*index);
    llvm::append_range(from, at.drop_front(*axis + idDims->size()));
    return evaluate(gather.getData(), from);
  }
  if (auto gather = dyn_cast<onnx::GatherElementsOp>(op)) {
    std::optional<SymDims> dims = context.dims(gather.getData());
    auto axis = onnx::normaliseAxis(gather.getAxis(), at.size());
    if (!dims || !axis)
      return {};
    auto index = toIndex(integer(gather.getIndices(), at), (*dims)[*axis]);
    if (!index)
      return {};
    SymDims from(at);
    from[*axis] = *index;
    return evaluate(gather.getData(), from);
  }
  if (auto gather = dyn_cast<onnx::GatherNDOp>(op)) {
    std::optional<SymDims> dims = context.dims(gather.getData());
    std::optional<SymDims> idDims = context.dims(gather.getIndices());
    if (!dims || !idDims || gather.getBatchDims() != 0)
      return {};
    std::optional<int64_t> depth = idDims->back().constant();
    if (!depth || *depth > static_cast<int64_t>(dims->size()))
      return {};
    SymDims idAt(at.take_front(idDims->size() - 1)), from;
    for (int64_t axis = 0; axis < *depth; ++axis) {
      idAt.push_back(axis);
      auto index = toIndex(integer(gather.getIndices(), idAt), (*dims)[axis]);
      idAt.pop_back();
      if (!index)
        return {};
      from.push_back(*index);
    }
    llvm::append_range(from, at.drop_front(idDims->size() - 1));
    return evaluate(gather.getData(), from);
  }
  if (auto slice = dyn_cast<onnx::SliceOp>(op)) {
    std::optional<SymDims> dims = context.dims(slice.getData());
    std::optional<SymDims> from =
        dims ? sliceFrom(slice, *dims, at) : std::nullopt;
    return from ? evaluate(slice.getData(), *from) : Element();
  }
  if (auto split = dyn_cast<onnx::SplitOp>(op)) {
    auto axis = onnx::normaliseAxis(split.getAxis(), at.size());
    if (!axis)
      return {};
    SymDims from(at);
    for (Value output : split.getOutputs()) {
      if (output == value)
        return evaluate(split.getInput(), from);
      std::optional<SymDims> dims = context.dims(output);
      if (!dims)
        return {};
      from[*axis] = from[*axis] + (*dims)[*axis];
    }
  }
  if (auto concat = dyn_cast<onnx::ConcatOp>(op)) {
    auto axis = onnx::normaliseAxis(concat.getAxis(), at.size());
    if (!axis || !at[*axis].constant())
      return {};
    int64_t index = *at[*axis].constant();
    for (Value input : concat.getInputs()) {
      std::optional<SymDims> dims = context.dims(input);
      std::optional<int64_t> size =
          dims ? (*dims)[*axis].constant() : std::nullopt;
      if (!size)
        return {};
      if (index < *size) {
        SymDims from(at);
        from[*axis] = index;
        return evaluate(input, from);
      }
      index -= *size;
    }
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

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
/// positive numbers, so that it does not matter which those are.
static bool tellsZero(Function function, const Element &a, const Element &b) {
  if ((a.kind == Kind::Access ? a : b).number != 1)
    return false;
  auto value = [&](double number) {
    return a.kind == Kind::Access ? function(number, b.number)
                                  : function(a.number, number);
  };
  const double high = 1e9;
  double threshold = a.kind == Kind::Access ? b.number : a.number;
  return value(1) == value(high) && threshold >= 0 && threshold <= 1;
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
    Value masked = operands[a.kind == Kind::Access ? 0 : 1];
    bool withNumber = a.kind == Kind::Number || b.kind == Kind::Number;
    if (!isBool(masked) && (!withNumber || !tellsZero(kind.function, a, b)))
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

Element Elements::computeArithmetic(Operation *op, Value value,
                                    ArrayRef<SymDim> at) {
  if (isa<onnx::MulOp, onnx::DivOp>(op) && isFloat(value)) {
    // A product with a number stays an access.
    Value left = op->getOperand(0), right = op->getOperand(1);
    std::optional<double> number = getSplat(right);
    bool isDivision = isa<onnx::DivOp>(op);
    if (!number && !isDivision) {
      number = getSplat(left);
      std::swap(left, right);
    }
    if (number && left.getType() == value.getType()) {
      Element element = evaluate(left, at);
      double factor = isDivision ? 1 / *number : *number;
      if (element.kind == Kind::Number || element.kind == Kind::Choice ||
          element.kind == Kind::Access) {
        element.number *= factor;
        element.otherwise *= factor;
        return element;
      }
    }
  }
  if (movementOnly)
    return {};
  if (auto castOp = dyn_cast<onnx::CastOp>(op))
    return computeCast(castOp.getInput(), castOp.getOutput(), at);
  if (isa<onnx::WhereOp>(op))
    return computeWhere(op, at);
  if (isa<onnx::NotOp>(op))
    return applyToChoices([](double a, double) { return double(a == 0); },
                          toChoice(evaluate(op->getOperand(0), at)),
                          makeNumber(0));
  if (isa<onnx::NegOp>(op))
    return applyToChoices([](double a, double) { return -a; },
                          toChoice(evaluate(op->getOperand(0), at)),
                          makeNumber(0));
  if (auto clip = dyn_cast<onnx::ClipOp>(op)) {
    Element element = toChoice(evaluate(clip.getInput(), at));
    std::optional<double> low = getSplat(clip.getMin()),
                          high = getSplat(clip.getMax());
    if (!onnx::isAbsent(clip.getMin()))
      element = low ? applyToChoices(
                          [](double a, double b) { return std::max(a, b); },
                          element, makeNumber(*low))
                    : Element();
    if (!onnx::isAbsent(clip.getMax()))
      element = high ? applyToChoices(
                           [](double a, double b) { return std::min(a, b); },
                           element, makeNumber(*high))
                     : Element();
    return element;
  }
  if (auto constant = dyn_cast<onnx::ConstantOfShapeOp>(op)) {
    auto dense = dyn_cast_if_present<DenseElementsAttr>(
        constant.getValue().value_or(ElementsAttr()));
    if (!constant.getValue())
      return makeNumber(0);
    if (dense && dense.getElementType().isIntOrFloat()) {
      Attribute splat = dense.getSplatValue<Attribute>();
      if (auto number = dyn_cast<FloatAttr>(splat))
        return makeNumber(number.getValueAsDouble());
      APInt integer = cast<IntegerAttr>(splat).getValue();
      return makeNumber(isBool(value) ? double(integer.getBoolValue())
                                      : double(integer.getSExtValue()));
    }
    return {};
  }
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
