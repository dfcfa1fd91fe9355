//===- InferShapeOps.cpp - shapes of ops that move or relabel elements ----===//
// Reshape, Transpose, Expand and their like; Shape and Size, where dimensions
// become contents.
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

void skim::onnx::addShapeRules(InferenceRules &rules) {
  rules.add<ExpandOp>(&inferExpand);
  rules.add<FlattenOp>(&inferFlatten);
  rules.add<PadOp>(&inferPad);
  rules.add<ReshapeOp>(&inferReshape);
  rules.add<ShapeOp>(&inferShape);
  rules.add<SizeOp>(&inferSize);
  rules.add<SqueezeOp>(&inferSqueeze);
  rules.add<TileOp>(&inferTile);
  rules.add<TransposeOp>(&inferTranspose);
  rules.add<UnsqueezeOp>(&inferUnsqueeze);
}
