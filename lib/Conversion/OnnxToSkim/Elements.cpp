//===- Elements.cpp - elements as functions of their position -------------===//
// Follows one element of a tensor through the ops that move, select, compare
// and choose, so that patterns need not know in which order an exporter did so.
// Here: the walk itself, and ops that only move elements.
//===----------------------------------------------------------------------===//

#include "ElementKinds.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

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
    if (std::optional<double> number = getEqualElements(value))
      return makeNumber(*number);
  Operation *op = value.getDefiningOp();
  if (!op || isa<onnx::ConstantOp>(op))
    return access(value, at);
  Element element = compute(op, value, at);
  return element.kind == Kind::Unknown || !fitsType(element, value)
             ? access(value, at)
             : element;
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

/// Element `i` of a repeated axis is element `i mod n` of its n.
Element Elements::repeat(onnx::TileOp op, ArrayRef<SymDim> at) {
  std::optional<SymDims> dims = context.dims(op.getInput()),
                         resultDims = context.dims(op.getOutput());
  if (!dims || !resultDims || dims->size() != at.size())
    return {};
  SymDims from;
  for (auto [dim, all, index] : llvm::zip_equal(*dims, *resultDims, at)) {
    if (dim.isConstant(1) || dim == all) {
      from.push_back(dim.isConstant(1) ? SymDim(0) : index);
      continue;
    }
    std::optional<SymDims> split = delinearise(index, {SymDim(0), dim});
    if (!split)
      return {};
    from.push_back(split->back());
  }
  return evaluate(op.getInput(), from);
}

Element Elements::computeMovement(Operation *op, ArrayRef<SymDim> at) {
  return TypeSwitch<Operation *, Element>(op)
      .Case<onnx::IdentityOp>(
          [&](auto) { return evaluate(op->getOperand(0), at); })
      .Case<onnx::ReshapeOp, onnx::FlattenOp, onnx::SqueezeOp,
            onnx::UnsqueezeOp>([&](auto) {
        return reshape(op->getOperand(0), op->getResult(0), at);
      })
      .Case([&](onnx::ExpandOp expand) {
        return broadcast(expand.getInput(), expand.getOutput(), at);
      })
      .Case([&](onnx::TileOp tile) { return repeat(tile, at); })
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
