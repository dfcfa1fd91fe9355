//===- InferJoinOps.cpp - shapes of Concat and Split -------------------===//
// Tensors put together and taken apart along one axis.
//===----------------------------------------------------------------------===//

#include "Inference.h"

using namespace mlir;
using namespace skim::onnx;

using OptionalDim = std::optional<SymDim>;

static std::optional<SymDims> concatContents(Inference &in, unsigned axis,
                                             ArrayRef<SymDim> dims) {
  auto shape = constantShape(dims);
  if (!shape || !isSmall(*shape))
    return std::nullopt;
  SymDims contents(ShapedType::getNumElements(*shape), SymDim(0));
  int64_t offset = 0;
  for (unsigned i = 0; i < in.getOp()->getNumOperands(); ++i) {
    auto part = in.contents(i);
    auto from = constantShape(in.dims(i));
    if (!part || !from)
      return std::nullopt;
    size_t position = 0;
    forEachIndex(*from, [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> target(index);
      target[axis] += offset;
      contents[flatten(target, *shape)] = (*part)[position++];
    });
    offset += (*from)[axis];
  }
  return contents;
}

/// Of two forms of a dimension, whether the second says more: a number, or the
/// name of an argument's dimension.
static bool saysMore(const SymDim &dim, const SymDim &other) {
  if (other.constant() || dim.constant())
    return other.constant().has_value();
  auto isNamed = [](const SymDim &dim) {
    StringRef name = dim.symbolName();
    return !name.empty() && !SymbolicShapes::isFresh(name);
  };
  return isNamed(other) && !isNamed(dim);
}

static LogicalResult inferConcat(ConcatOp op, Inference &in) {
  auto axis = in.axis(op.getAxis(), in.rank(0));
  if (!axis)
    return failure();
  SymDims dims(in.dims(0));
  OptionalDim splat = in.splat(0);
  for (unsigned i = 1; i < op->getNumOperands(); ++i) {
    ArrayRef<SymDim> part = in.dims(i);
    if (part.size() != dims.size())
      return in.error("expected operands of rank " + Twine(dims.size()) +
                      ", got rank " + Twine(part.size()));
    for (size_t k = 0; k < dims.size(); ++k) {
      if (k == *axis) {
        dims[k] = dims[k] + part[k];
        continue;
      }
      auto x = dims[k].constant(), y = part[k].constant();
      if (x && y && *x != *y)
        return in.error("expected operands of extent " + Twine(*x) +
                        " on axis " + Twine(k) + ", got " + Twine(*y));
      if (saysMore(dims[k], part[k])) // All are equal.
        dims[k] = part[k];
    }
    auto other = in.splat(i);
    if (!splat || !other || *splat != *other)
      splat = std::nullopt;
  }
  in.setElement(0, op->getNumOperands() == 1 ? in.element(0) : splat);
  in.setContents(0, concatContents(in, *axis, dims));
  in.setDims(0, std::move(dims));
  return success();
}

/// The extents of the parts of a split.
static std::optional<SymDims> splitExtents(SplitOp op, Inference &in,
                                           const SymDim &extent) {
  size_t count = op->getNumResults();
  if (in.isPresent(1)) {
    auto list = in.contents(1);
    return list ? SymDims(*list) : SymDims();
  }
  if (auto known = extent.constant()) {
    // Equal parts, the last one smaller.
    SymDims parts;
    int64_t chunk = llvm::divideCeil(*known, count), left = *known;
    for (size_t i = 0; i < count; ++i, left -= chunk)
      parts.push_back(std::clamp<int64_t>(left, 0, chunk));
    return parts;
  }
  if (auto part = extent.divideExactly(count))
    return SymDims(count, *part);
  return SymDims();
}

static LogicalResult inferSplit(SplitOp op, Inference &in) {
  auto axis = in.axis(op.getAxis(), in.rank(0));
  if (!axis)
    return failure();
  const SymDim &extent = in.dims(0)[*axis];
  SymDims parts = *splitExtents(op, in, extent);
  if (parts.empty()) {
    for (unsigned i = 0; i < op->getNumResults(); ++i)
      parts.push_back(in.fresh("Split"));
  } else {
    SymDim sum = 0;
    for (const SymDim &part : parts)
      sum = sum + part;
    if (parts.size() != op->getNumResults())
      return in.error("expected " + Twine(op->getNumResults()) +
                      " extents in split, got " + Twine(parts.size()));
    if (sum.constant() && extent.constant() && sum != extent)
      return in.error("expected extents that add up to " + Twine(extent.str()) +
                      ", got " + toString(parts));
  }
  SymDim start = 0;
  for (auto [i, part] : llvm::enumerate(parts)) {
    SymDims dims(in.dims(0));
    dims[*axis] = part;
    if (auto element = in.element(0)) {
      SymDim index = SymDim::index(*axis) + start;
      in.setElement(i, element->substitute([&](const SymAtom &atom) {
        return atom.kind == SymAtom::Kind::Index && atom.axis == *axis
                   ? OptionalDim(index)
                   : std::nullopt;
      }));
    }
    auto first = start.constant(), length = part.constant();
    if (auto contents = in.contents(0); contents && first && length)
      in.setContents(
          i, sliceContents(*contents, in.dims(0), *axis, *first, *length, 1));
    in.setDims(i, std::move(dims));
    start = start + part;
  }
  return success();
}

void skim::onnx::addJoinRules(InferenceRules &rules) {
  rules.add<ConcatOp>(&inferConcat);
  rules.add<SplitOp>(&inferSplit);
}
