//===- NormaliseGather.cpp - gathers that only relabel axes ---------------===//
// Exporters index masks by grids of Range: what comes out is the mask itself
// with its axes moved and repeated.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

/// `source` read at `coordinates`, one for each of its axes as a function of
/// the position in a tensor of dims `to`: by Squeeze, Transpose, Unsqueeze and
/// Expand. Null when a coordinate is not a whole axis.
static Value buildRelabelled(PatternRewriter &rewriter, NormaliseState &state,
                             Location loc, Value source,
                             ArrayRef<SymDim> coordinates,
                             ArrayRef<SymDim> to) {
  SymDims from(*state.shapes.dims(source));
  SmallVector<int64_t> dropped, kept, targets;
  for (auto [axis, coordinate] : llvm::enumerate(coordinates)) {
    auto target = coordinate.indexAxis();
    if (from[axis].isConstant(1) && coordinate.isZero()) {
      dropped.push_back(axis);
      continue;
    }
    if (!target || *target >= to.size() || to[*target] != from[axis] ||
        llvm::is_contained(targets, *target))
      return nullptr;
    kept.push_back(axis);
    targets.push_back(*target);
  }
  SymDims expanded(to.size(), SymDim(1));
  for (auto [axis, target] : llvm::zip(kept, targets))
    expanded[target] = from[axis];
  Value shape;
  if (ArrayRef<SymDim>(expanded) != to) {
    shape = state.buildShape(rewriter, loc, to);
    if (!shape)
      return nullptr;
  }
  Type type = elementType(source);
  Value value = source;
  if (!dropped.empty())
    value = state.build<SqueezeOp>(rewriter, loc, type, value,
                                   buildInts(rewriter, loc, dropped));
  // Kept axes in the order of where they go.
  SmallVector<int64_t> order =
      llvm::to_vector(llvm::seq<int64_t>(0, kept.size()));
  llvm::sort(order,
             [&](int64_t a, int64_t b) { return targets[a] < targets[b]; });
  if (!llvm::is_sorted(order))
    value = state.build<TransposeOp>(rewriter, loc, type, value,
                                     rewriter.getDenseI64ArrayAttr(order));
  SmallVector<int64_t> added;
  for (int64_t axis = 0; axis < static_cast<int64_t>(to.size()); ++axis)
    if (!llvm::is_contained(targets, axis))
      added.push_back(axis);
  if (!added.empty())
    value = state.build<UnsqueezeOp>(rewriter, loc, type, value,
                                     buildInts(rewriter, loc, added));
  if (shape)
    value = state.build<ExpandOp>(rewriter, loc, type, value, shape);
  return value;
}

/// Takes a position in row major order apart into the coordinates of a tensor
/// of dims `from`; both as functions of a position in a tensor of dims `to`.
static std::optional<SymDims> unflatten(SymDim position, ArrayRef<SymDim> from,
                                        ArrayRef<SymDim> to) {
  SymDims coordinates(from.size(), SymDim(0));
  SymDim stride = 1;
  SmallVector<SymDim> strides(from.size());
  for (size_t axis = from.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride = stride * from[axis];
  }
  for (unsigned k = 0; k < to.size(); ++k) {
    auto split = position.splitByIndex(k);
    if (!split)
      return std::nullopt;
    auto [rest, factor] = *split;
    if (factor.isZero())
      continue;
    bool found = false;
    for (size_t axis = 0; axis < from.size() && !found; ++axis) {
      if (strides[axis] != factor || from[axis] != to[k] ||
          !coordinates[axis].isZero() || from[axis].isConstant(1))
        continue;
      coordinates[axis] = SymDim::index(k);
      found = true;
    }
    if (!found)
      return std::nullopt;
    position = rest;
  }
  if (!position.isZero())
    return std::nullopt;
  return coordinates;
}

namespace {
/// Gather by indices that are whole axes, of a tensor or of one flattened.
struct RelabelGather : NormalisePattern<GatherOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const override {
    auto data = shapes.dims(op.getData()), to = shapes.dims(op.getOutput()),
         places = shapes.dims(op.getIndices());
    auto index = shapes.element(op.getIndices());
    auto axis = data ? normaliseAxis(op.getAxis(), data->size()) : std::nullopt;
    if (!to || !places || !axis || !index || !index->usesIndex())
      return rewriter.notifyMatchFailure(op, "the indices are not known");
    SmallVector<std::optional<unsigned>> shifted;
    for (size_t k = 0; k < places->size(); ++k)
      shifted.push_back(*axis + k);
    SymDim place = renameAxes(*index, shifted);
    SymDims coordinates;
    for (int64_t k = 0; k < static_cast<int64_t>(data->size()); ++k) {
      int64_t target = k < *axis ? k : k + places->size() - 1;
      coordinates.push_back(k == *axis                 ? place
                            : (*data)[k].isConstant(1) ? SymDim(0)
                                                       : SymDim::index(target));
    }
    SymDims target(*to);
    if (Value value = buildRelabelled(rewriter, state, op.getLoc(),
                                      op.getData(), coordinates, target)) {
      rewriter.replaceOp(op, value);
      return success();
    }
    return flattened(op, coordinates, target, rewriter);
  }

  /// The same where data is another tensor reshaped.
  LogicalResult flattened(GatherOp op, ArrayRef<SymDim> coordinates,
                          ArrayRef<SymDim> to,
                          PatternRewriter &rewriter) const {
    Operation *view = op.getData().getDefiningOp();
    if (!isView(view))
      return rewriter.notifyMatchFailure(op, "the indices are no whole axes");
    auto from = shapes.dims(view->getOperand(0));
    if (!from)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    SymDim position = 0;
    for (auto [coordinate, extent] :
         llvm::zip(coordinates, *shapes.dims(op.getData())))
      position = position * extent + coordinate;
    auto apart = unflatten(position, *from, to);
    Value value = apart ? buildRelabelled(rewriter, state, op.getLoc(),
                                          view->getOperand(0), *apart, to)
                        : Value();
    if (!value)
      return rewriter.notifyMatchFailure(op, "the indices are no whole axes");
    rewriter.replaceOp(op, value);
    return success();
  }
};

/// GatherND by a grid: index tuples joined from whole axes.
struct RelabelGatherND : NormalisePattern<GatherNDOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(GatherNDOp op,
                                PatternRewriter &rewriter) const override {
    auto data = shapes.dims(op.getData()), to = shapes.dims(op.getOutput());
    auto tuples = shapes.dims(op.getIndices());
    auto join = op.getIndices().getDefiningOp<ConcatOp>();
    if (!data || !to || !tuples || op.getBatchDims() != 0)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    if (!join || normaliseAxis(join.getAxis(), tuples->size()) !=
                     static_cast<int64_t>(tuples->size()) - 1)
      return rewriter.notifyMatchFailure(op, "the tuples are not joined here");
    SymDims coordinates;
    for (Value part : join.getInputs()) {
      auto index = shapes.element(part);
      auto dims = shapes.dims(part);
      if (!index || !dims || !dims->back().isConstant(1))
        return rewriter.notifyMatchFailure(op, "an index is not known");
      coordinates.push_back(*index);
    }
    size_t grid = tuples->size() - 1, depth = coordinates.size();
    for (size_t k = depth; k < data->size(); ++k)
      coordinates.push_back((*data)[k].isConstant(1)
                                ? SymDim(0)
                                : SymDim::index(grid + k - depth));
    SymDims target(*to);
    Value value = buildRelabelled(rewriter, state, op.getLoc(), op.getData(),
                                  coordinates, target);
    if (!value)
      return rewriter.notifyMatchFailure(op, "the indices are no whole axes");
    rewriter.replaceOp(op, value);
    return success();
  }
};

/// A gather along axes of one value, by an index that does not matter.
struct GatherElementsOfSame : NormalisePattern<GatherElementsOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(GatherElementsOp op,
                                PatternRewriter &rewriter) const override {
    auto expand = op.getData().getDefiningOp<ExpandOp>();
    auto from = expand ? shapes.dims(expand.getInput()) : std::nullopt;
    auto to = shapes.dims(op.getOutput());
    if (!from || !to || from->size() > to->size())
      return rewriter.notifyMatchFailure(op, "not of an Expand");
    auto axis = normaliseAxis(op.getAxis(), to->size());
    size_t offset = to->size() - from->size();
    for (auto [k, dim] : llvm::enumerate(*from))
      if (!dim.isConstant(1) &&
          (!axis || static_cast<int64_t>(k + offset) == *axis ||
           dim != (*to)[k + offset]))
        return rewriter.notifyMatchFailure(op, "the data differs");
    return replaceExpanded(rewriter, state, op, expand.getInput());
  }
};

/// DequantizeLinear, by one scale, of rows that are gathered from a constant:
/// rows of the constant dequantised, which folds.
struct DequantizeRows : NormalisePattern<DequantizeLinearOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(DequantizeLinearOp op,
                                PatternRewriter &rewriter) const override {
    auto gather = op.getX().getDefiningOp<GatherOp>();
    if (!gather || !getConstant(gather.getData()))
      return rewriter.notifyMatchFailure(op, "no rows of a constant");
    for (Value number : op->getOperands().drop_front()) {
      ElementsAttr elements = getConstant(number);
      if (!isAbsent(number) && (!elements || elements.getNumElements() != 1))
        return rewriter.notifyMatchFailure(op, "more than one scale");
    }
    if (op.getBlockSize() != 0)
      return rewriter.notifyMatchFailure(op, "scales of blocks");
    Type type = elementType(op.getY());
    Value table = state.build<DequantizeLinearOp>(
        rewriter, op.getLoc(), type, gather.getData(), op.getXScale(),
        op.getXZeroPoint(), op.getAxisAttr(), op.getBlockSizeAttr(),
        op.getOutputDtypeAttr());
    rewriter.replaceOp(
        op, state.build<GatherOp>(rewriter, gather.getLoc(), type, table,
                                  gather.getIndices(), gather.getAxisAttr()));
    return success();
  }
};
} // namespace

void skim::onnx::addGatherPatterns(RewritePatternSet &set,
                                   NormaliseState &state) {
  set.add<DequantizeRows, GatherElementsOfSame, RelabelGather, RelabelGatherND>(
      set.getContext(), state);
}
