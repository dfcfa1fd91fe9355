//===- ElementSelection.cpp - elements behind ops that select -------------===//
// Gathers, slices, splits and concatenations: which element of an operand an
// element of the result is.
//===----------------------------------------------------------------------===//

#include "ElementKinds.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

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
    if (step < 1 || !normalised)
      return std::nullopt;
    SymDim offset = start;
    if (start < 0)
      offset = offset + dims[*normalised];
    from[*normalised] = from[*normalised] * SymDim(step) + offset;
  }
  return from;
}

/// An index into a dimension, counted from its end when it is negative.
static std::optional<SymDim> toIndex(std::optional<SymDim> index,
                                     const SymDim &dim,
                                     ArrayRef<SymDim> extents) {
  std::optional<int64_t> least =
      index ? index->lowerBound(extents) : std::nullopt;
  if (!least)
    return std::nullopt;
  if (*least >= 0)
    return index;
  return index->constant() ? std::optional(*index + dim) : std::nullopt;
}

Element Elements::gather(onnx::GatherOp op, ArrayRef<SymDim> at) {
  std::optional<SymDims> dims = context.dims(op.getData());
  std::optional<SymDims> idDims = context.dims(op.getIndices());
  if (!dims || !idDims)
    return {};
  auto axis = onnx::normaliseAxis(op.getAxis(), dims->size());
  if (!axis)
    return {};
  auto index =
      toIndex(integer(op.getIndices(), at.slice(*axis, idDims->size())),
              (*dims)[*axis], extents);
  if (!index)
    return {};
  SymDims from(at.take_front(*axis));
  from.push_back(*index);
  llvm::append_range(from, at.drop_front(*axis + idDims->size()));
  return evaluate(op.getData(), from);
}

Element Elements::gatherElements(onnx::GatherElementsOp op,
                                 ArrayRef<SymDim> at) {
  std::optional<SymDims> dims = context.dims(op.getData());
  auto axis = onnx::normaliseAxis(op.getAxis(), at.size());
  if (!dims || !axis)
    return {};
  auto index = toIndex(integer(op.getIndices(), at), (*dims)[*axis], extents);
  if (!index)
    return {};
  SymDims from(at);
  from[*axis] = *index;
  return evaluate(op.getData(), from);
}

Element Elements::gatherND(onnx::GatherNDOp op, ArrayRef<SymDim> at) {
  std::optional<SymDims> dims = context.dims(op.getData());
  std::optional<SymDims> idDims = context.dims(op.getIndices());
  if (!dims || !idDims || op.getBatchDims() != 0)
    return {};
  std::optional<int64_t> depth = idDims->back().constant();
  if (!depth || *depth > static_cast<int64_t>(dims->size()))
    return {};
  SymDims idAt(at.take_front(idDims->size() - 1)), from;
  for (int64_t axis = 0; axis < *depth; ++axis) {
    idAt.push_back(axis);
    auto index =
        toIndex(integer(op.getIndices(), idAt), (*dims)[axis], extents);
    idAt.pop_back();
    if (!index)
      return {};
    from.push_back(*index);
  }
  llvm::append_range(from, at.drop_front(idDims->size() - 1));
  return evaluate(op.getData(), from);
}

Element Elements::splitPart(onnx::SplitOp op, Value part, ArrayRef<SymDim> at) {
  auto axis = onnx::normaliseAxis(op.getAxis(), at.size());
  if (!axis)
    return {};
  SymDims from(at);
  for (Value output : op.getOutputs()) {
    if (output == part)
      return evaluate(op.getInput(), from);
    std::optional<SymDims> dims = context.dims(output);
    if (!dims)
      return {};
    from[*axis] = from[*axis] + (*dims)[*axis];
  }
  return {};
}

Element Elements::concat(onnx::ConcatOp op, ArrayRef<SymDim> at) {
  auto axis = onnx::normaliseAxis(op.getAxis(), at.size());
  if (!axis)
    return {};
  SymDims from(at);
  SymDim &index = from[*axis];
  for (Value input : op.getInputs()) {
    std::optional<SymDims> dims = context.dims(input);
    std::optional<int64_t> size =
        dims ? (*dims)[*axis].constant() : std::nullopt;
    std::optional<int64_t> least = index.lowerBound(extents);
    if (!size || !least || *least < 0)
      return {};
    if (onnx::isKnownLess(index, SymDim(*size), extents))
      return evaluate(input, from);
    // All of its elements, or none, must be of this input.
    if (*least < *size)
      return {};
    index = index - SymDim(*size);
  }
  return {};
}

Element Elements::computeSelection(Operation *op, Value value,
                                   ArrayRef<SymDim> at) {
  return TypeSwitch<Operation *, Element>(op)
      .Case([&](onnx::GatherOp op) { return gather(op, at); })
      .Case([&](onnx::GatherElementsOp op) {
        // Each element has an index of its own: that is no movement.
        return movementOnly ? Element() : gatherElements(op, at);
      })
      .Case([&](onnx::GatherNDOp op) { return gatherND(op, at); })
      .Case([&](onnx::SliceOp slice) {
        std::optional<SymDims> dims = context.dims(slice.getData());
        std::optional<SymDims> from =
            dims ? sliceFrom(slice, *dims, at) : std::nullopt;
        return from ? evaluate(slice.getData(), *from) : Element();
      })
      .Case([&](onnx::SplitOp op) { return splitPart(op, value, at); })
      .Case([&](onnx::ConcatOp op) { return concat(op, at); })
      .Default([](Operation *) { return Element(); });
}
