//===- InferShapeOps.cpp - shapes of ops that move or relabel elements ----===//
// Reshape, Transpose, Slice, Concat and their like; Shape and Size, where
// dimensions become contents.
//===----------------------------------------------------------------------===//

#include "Inference.h"

using namespace mlir;
using namespace skim::onnx;

using OptionalDim = std::optional<SymDim>;

/// The contents as they are, for results that hold the same elements in order.
static void keepContents(Inference &in) {
  if (auto contents = in.contents(0))
    in.setContents(0, SymDims(*contents));
}

//===----------------------------------------------------------------------===//
// Reshape and its special forms
//===----------------------------------------------------------------------===//

/// An element function across a change of shape that only adds or removes axes
/// of extent 1; also any that does not depend on the position.
static OptionalDim reshapeElement(const SymDim &element, ArrayRef<SymDim> from,
                                  ArrayRef<SymDim> to) {
  if (!element.usesIndex())
    return element;
  SmallVector<std::optional<unsigned>> axes(from.size());
  size_t target = 0;
  for (auto [axis, dim] : llvm::enumerate(from)) {
    if (dim.isConstant(1))
      continue;
    while (target < to.size() && to[target].isConstant(1))
      ++target;
    if (target == to.size() || to[target] != dim)
      return std::nullopt;
    axes[axis] = target++;
  }
  while (target < to.size())
    if (!to[target++].isConstant(1))
      return std::nullopt;
  return renameAxes(element, axes);
}

static LogicalResult setReshaped(Inference &in, SymDims dims) {
  keepContents(in);
  if (auto element = in.element(0))
    in.setElement(0, reshapeElement(*element, in.dims(0), dims));
  in.setDims(0, std::move(dims));
  return success();
}

static LogicalResult inferReshape(ReshapeOp op, Inference &in) {
  if (in.rank(1) != 1)
    return in.error("expected a shape of rank 1, got rank " +
                    Twine(in.rank(1)));
  ArrayRef<SymDim> from = in.dims(0);
  auto target = in.contents(1);
  if (!target) {
    auto rank = in.dims(1)[0].constant();
    SymDims dims;
    for (int64_t i = 0; rank && i < *rank; ++i)
      dims.push_back(in.fresh("Reshape"));
    if (rank)
      in.setDims(0, std::move(dims));
    return success();
  }
  SymDims dims;
  std::optional<size_t> open;
  for (auto [i, entry] : llvm::enumerate(*target)) {
    if (entry.isConstant(-1)) {
      if (open)
        return in.error("expected at most one -1 in the shape, got " +
                        toString(*target));
      open = i;
      dims.push_back(1);
    } else if (entry.isZero() && !op.getAllowzero()) {
      if (i >= from.size())
        return in.error("expected a dimension to copy at " + Twine(i) +
                        ", got an input of rank " + Twine(from.size()));
      dims.push_back(from[i]);
    } else {
      dims.push_back(entry);
    }
  }
  SymDim have = product(from), want = product(dims);
  if (open) {
    auto rest = have.divideExactly(want);
    if (!rest && have.constant() && want.constant())
      return in.error("expected a shape of " + Twine(have.str()) +
                      " elements, got " + toString(*target));
    dims[*open] = rest ? *rest : SymDim::floorDiv(have, want);
  } else if (have.constant() && want.constant() && have != want) {
    return in.error("expected a shape of " + Twine(have.str()) +
                    " elements, got " + toString(*target) + " from " +
                    toString(from));
  }
  return setReshaped(in, std::move(dims));
}

static LogicalResult inferFlatten(FlattenOp op, Inference &in) {
  ArrayRef<SymDim> from = in.dims(0);
  int64_t axis = op.getAxis(), rank = in.rank(0);
  if (axis < -rank || axis > rank)
    return in.error("expected an axis in [" + Twine(-rank) + ", " +
                    Twine(rank) + "], got " + Twine(axis));
  if (axis < 0)
    axis += rank;
  return setReshaped(
      in, {product(from.take_front(axis)), product(from.drop_front(axis))});
}

/// Axes that are data: as many dimensions more or less as there are axes.
static LogicalResult setByAxisCount(Inference &in, StringRef hint, int sign) {
  auto count =
      in.dims(1).empty() ? std::optional<int64_t>(1) : in.dims(1)[0].constant();
  if (!count || int64_t(in.rank(0)) + sign * *count < 0)
    return success();
  SymDims dims;
  for (int64_t i = 0; i != int64_t(in.rank(0)) + sign * *count; ++i)
    dims.push_back(in.fresh(hint));
  in.setDims(0, std::move(dims));
  return success();
}

static LogicalResult inferUnsqueeze(UnsqueezeOp op, Inference &in) {
  auto list = in.constants(1);
  if (!list)
    return setByAxisCount(in, "Unsqueeze", 1);
  auto axes = in.axes(*list, in.rank(0) + list->size());
  if (!axes)
    return failure();
  SymDims dims;
  ArrayRef<SymDim> from = in.dims(0);
  for (size_t i = 0; i < in.rank(0) + list->size(); ++i) {
    if (llvm::is_contained(*axes, i)) {
      dims.push_back(1);
      continue;
    }
    dims.push_back(from.front());
    from = from.drop_front();
  }
  return setReshaped(in, std::move(dims));
}

static LogicalResult inferSqueeze(SqueezeOp op, Inference &in) {
  SmallVector<unsigned> axes;
  if (in.isPresent(1)) {
    auto list = in.constants(1);
    if (!list)
      return setByAxisCount(in, "Squeeze", -1);
    auto found = in.axes(*list, in.rank(0));
    if (!found)
      return failure();
    axes = *found;
    for (unsigned axis : axes)
      if (auto extent = in.dims(0)[axis].constant(); extent && *extent != 1)
        return in.error("expected extent 1 on axis " + Twine(axis) + ", got " +
                        Twine(*extent));
  } else {
    // Without axes every dimension of 1 goes; a symbol could be one.
    for (auto [axis, dim] : llvm::enumerate(in.dims(0))) {
      if (!dim.constant())
        return success();
      if (dim.isConstant(1))
        axes.push_back(axis);
    }
  }
  SymDims dims;
  for (auto [axis, dim] : llvm::enumerate(in.dims(0)))
    if (!llvm::is_contained(axes, axis))
      dims.push_back(dim);
  return setReshaped(in, std::move(dims));
}

//===----------------------------------------------------------------------===//
// Transpose, Expand, Tile, Pad
//===----------------------------------------------------------------------===//

static LogicalResult inferTranspose(TransposeOp op, Inference &in) {
  int64_t rank = in.rank(0);
  SmallVector<int64_t> order;
  if (auto perm = op.getPerm())
    order.assign(perm->begin(), perm->end());
  else
    for (int64_t i = rank; i > 0; --i)
      order.push_back(i - 1);
  if (static_cast<int64_t>(order.size()) != rank)
    return in.error("expected a perm of " + Twine(rank) + " axes, got " +
                    Twine(order.size()));
  auto axes = in.axes(order, rank);
  if (!axes)
    return failure();
  SymDims dims;
  SmallVector<std::optional<unsigned>> places(rank);
  for (auto [to, from] : llvm::enumerate(*axes)) {
    dims.push_back(in.dims(0)[from]);
    places[from] = to;
  }
  if (auto element = in.element(0))
    in.setElement(0, renameAxes(*element, places));
  auto shape = constantShape(dims);
  if (auto contents = in.contents(0); contents && shape) {
    SymDims moved;
    auto from = constantShape(in.dims(0));
    forEachIndex(*shape, [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> source(rank);
      for (auto [to, axis] : llvm::enumerate(*axes))
        source[axis] = index[to];
      moved.push_back((*contents)[flatten(source, *from)]);
    });
    in.setContents(0, std::move(moved));
  }
  in.setDims(0, std::move(dims));
  return success();
}

static LogicalResult inferExpand(ExpandOp op, Inference &in) {
  SymDims target;
  if (auto contents = in.contents(1)) {
    target.assign(contents->begin(), contents->end());
  } else {
    auto rank = in.dims(1).size() == 1 ? in.dims(1)[0].constant()
                                       : std::optional<int64_t>();
    if (!rank)
      return success();
    for (int64_t i = 0; i < *rank; ++i)
      target.push_back(in.fresh("Expand"));
  }
  for (const SymDim &dim : target)
    if (auto extent = dim.constant(); extent && *extent < 0)
      return in.error("expected a shape without negative dimensions, got " +
                      toString(target));
  auto dims = broadcastDims(in.dims(0), target);
  if (!dims)
    return in.error("expected a shape that " + toString(in.dims(0)) +
                    " broadcasts to, got " + toString(target));
  if (auto element = in.element(0))
    in.setElement(0, broadcastElement(*element, in.dims(0), *dims));
  in.setDims(0, std::move(*dims));
  return success();
}

static LogicalResult inferTile(TileOp op, Inference &in) {
  auto repeats = in.contents(1);
  SymDims dims;
  if (repeats && static_cast<int64_t>(repeats->size()) != in.rank(0))
    return in.error("expected " + Twine(in.rank(0)) + " repeats, got " +
                    Twine(repeats->size()));
  SmallVector<std::optional<unsigned>> places;
  bool keeps = repeats.has_value();
  for (auto [i, dim] : llvm::enumerate(in.dims(0))) {
    dims.push_back(repeats ? dim * (*repeats)[i] : in.fresh("Tile"));
    keeps &= repeats && (dim.isConstant(1) || (*repeats)[i].isConstant(1));
    places.push_back(dim.isConstant(1) ? std::optional<unsigned>() : i);
  }
  if (auto element = in.element(0); element && (keeps || !element->usesIndex()))
    in.setElement(0, renameAxes(*element, places));
  in.setDims(0, std::move(dims));
  return success();
}

static LogicalResult inferPad(PadOp op, Inference &in) {
  SmallVector<unsigned> axes;
  if (in.isPresent(3)) {
    auto list = in.constants(3);
    auto found = list ? in.axes(*list, in.rank(0)) : std::nullopt;
    if (list && !found)
      return failure();
    if (found)
      axes = *found;
  } else {
    for (int64_t i = 0; i < in.rank(0); ++i)
      axes.push_back(i);
  }
  auto pads = in.contents(1);
  SymDims dims(in.dims(0));
  if (!pads || (in.isPresent(3) && axes.empty())) {
    for (SymDim &dim : dims)
      dim = in.fresh("Pad");
  } else if (pads->size() != 2 * axes.size()) {
    return in.error("expected " + Twine(2 * axes.size()) + " pads, got " +
                    Twine(pads->size()));
  } else {
    for (auto [i, axis] : llvm::enumerate(axes))
      dims[axis] = dims[axis] + (*pads)[i] + (*pads)[axes.size() + i];
  }
  in.setDims(0, std::move(dims));
  return success();
}

//===----------------------------------------------------------------------===//
// Shape and Size
//===----------------------------------------------------------------------===//

static LogicalResult inferShape(ShapeOp op, Inference &in) {
  int64_t rank = in.rank(0);
  auto clamp = [&](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank);
  };
  int64_t start = clamp(op.getStart());
  int64_t end = op.getEnd() ? clamp(*op.getEnd()) : rank;
  ArrayRef<SymDim> part =
      in.dims(0).slice(start, std::max<int64_t>(end - start, 0));
  in.setDims(0, {static_cast<int64_t>(part.size())});
  in.setContents(0, SymDims(part));
  return success();
}

static LogicalResult inferSize(SizeOp op, Inference &in) {
  in.setDims(0, {});
  in.setContents(0, SymDims{product(in.dims(0))});
  return success();
}

//===----------------------------------------------------------------------===//
// Concat and Split
//===----------------------------------------------------------------------===//

/// The elements of [start, start + length) on an axis.
static std::optional<SymDims> sliceContents(ArrayRef<SymDim> contents,
                                            ArrayRef<SymDim> dims,
                                            unsigned axis, int64_t start,
                                            int64_t length, int64_t step) {
  auto from = constantShape(dims);
  if (!from)
    return std::nullopt;
  SmallVector<int64_t> shape(*from);
  shape[axis] = length;
  SymDims part;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> source(index);
    source[axis] = start + step * index[axis];
    part.push_back(contents[flatten(source, *from)]);
  });
  return part;
}

static std::optional<SymDims> concatContents(Inference &in, unsigned axis,
                                             ArrayRef<SymDim> dims) {
  auto shape = constantShape(dims);
  if (!shape || ShapedType::getNumElements(*shape) > maxContents)
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
      if (y) // All are equal: the constant says most.
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

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

namespace {
/// The positions start, start + step, ... that a slice takes on one axis.
struct SlicedAxis {
  SymDim start, length;
  int64_t step;
};
} // namespace

/// A start or end of a slice that runs forwards, counted from 0 and clamped to
/// [0, extent]; nothing when its sign is not known.
static OptionalDim clampIndex(const SymDim &index, const SymDim &extent) {
  if (auto value = index.constant()) {
    if (*value >= INT32_MAX)
      return extent;
    if (*value <= INT32_MIN)
      return SymDim(0);
  }
  if (isKnownLessEqual(0, index))
    return SymDim::min(index, extent);
  if (isKnownLess(index, 0))
    return SymDim::max(index + extent, 0);
  return std::nullopt;
}

/// The same for a slice that runs backwards: clamped to [-1, extent - 1].
static OptionalDim clampBackwards(const SymDim &index, const SymDim &extent) {
  auto value = index.constant();
  if (!value)
    return std::nullopt;
  if (*value <= INT32_MIN)
    return SymDim(-1);
  SymDim position = *value < 0 ? index + extent : index;
  return *value >= INT32_MAX
             ? extent - 1
             : SymDim::min(SymDim::max(position, -1), extent - 1);
}

static std::optional<SlicedAxis> sliceAxis(const SymDim &start,
                                           const SymDim &end, int64_t step,
                                           const SymDim &extent) {
  if (step < 0) {
    auto from = clampBackwards(start, extent), to = clampBackwards(end, extent);
    if (!from || !to)
      return std::nullopt;
    SymDim span = SymDim::max(*from - *to, 0);
    return SlicedAxis{*from, SymDim::floorDiv(span + (-step - 1), -step), step};
  }
  auto from = clampIndex(start, extent), to = clampIndex(end, extent);
  if (!from || !to)
    return std::nullopt;
  SymDim span =
      isKnownLessEqual(*from, *to) ? *to - *from : SymDim::max(*to - *from, 0);
  return SlicedAxis{
      *from, step == 1 ? span : SymDim::floorDiv(span + (step - 1), step),
      step};
}

static LogicalResult inferSlice(SliceOp op, Inference &in) {
  SymDims dims(in.dims(0));
  auto starts = in.contents(1), ends = in.contents(2);
  auto count = in.dims(1).size() == 1 ? in.dims(1)[0].constant()
                                      : std::optional<int64_t>();
  SmallVector<int64_t> list;
  bool known = starts && ends;
  if (in.isPresent(3)) {
    auto axes = in.constants(3);
    known &= axes.has_value();
    if (axes)
      list = *axes;
  } else if (count) {
    for (int64_t i = 0; i < *count; ++i)
      list.push_back(i);
  }
  auto axes = in.axes(list, in.rank(0));
  if (!axes)
    return failure();
  auto steps =
      in.isPresent(4) ? in.constants(4) : SmallVector<int64_t>(list.size(), 1);
  known &= steps.has_value();
  if (known && (starts->size() != list.size() || ends->size() != list.size() ||
                steps->size() != list.size()))
    return in.error("expected one start, end and step for each of " +
                    Twine(list.size()) + " axes, got " + Twine(starts->size()) +
                    ", " + Twine(ends->size()) + " and " +
                    Twine(steps->size()));
  if (!known) {
    // Only the axes that are cut change, if they are known.
    for (auto [axis, dim] : llvm::enumerate(dims))
      if (axes->empty() || llvm::is_contained(*axes, axis))
        dim = in.fresh("Slice");
    in.setDims(0, std::move(dims));
    return success();
  }
  OptionalDim element = in.element(0);
  std::optional<SymDims> contents;
  if (auto all = in.contents(0))
    contents.emplace(*all);
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    int64_t step = (*steps)[i];
    if (step == 0)
      return in.error("expected steps other than 0, got 0 on axis " +
                      Twine(axis));
    auto part = sliceAxis((*starts)[i], (*ends)[i], step, dims[axis]);
    if (!part) {
      dims[axis] = in.fresh("Slice");
      element.reset();
      contents.reset();
      continue;
    }
    if (element) {
      SymDim index = part->start + SymDim(step) * SymDim::index(axis);
      unsigned sliced = axis;
      element = element->substitute([&](const SymAtom &atom) {
        return atom.kind == SymAtom::Kind::Index && atom.axis == sliced
                   ? OptionalDim(index)
                   : std::nullopt;
      });
    }
    auto first = part->start.constant(), length = part->length.constant();
    if (contents)
      contents = first && length ? sliceContents(*contents, dims, axis, *first,
                                                 *length, step)
                                 : std::nullopt;
    dims[axis] = part->length;
  }
  in.setElement(0, element);
  in.setContents(0, contents);
  in.setDims(0, std::move(dims));
  return success();
}

void skim::onnx::addShapeRules(InferenceRules &rules) {
  rules.add<ConcatOp>(&inferConcat);
  rules.add<ExpandOp>(&inferExpand);
  rules.add<FlattenOp>(&inferFlatten);
  rules.add<PadOp>(&inferPad);
  rules.add<ReshapeOp>(&inferReshape);
  rules.add<ShapeOp>(&inferShape);
  rules.add<SizeOp>(&inferSize);
  rules.add<SliceOp>(&inferSlice);
  rules.add<SplitOp>(&inferSplit);
  rules.add<SqueezeOp>(&inferSqueeze);
  rules.add<TileOp>(&inferTile);
  rules.add<TransposeOp>(&inferTranspose);
  rules.add<UnsqueezeOp>(&inferUnsqueeze);
}
