//===- NormaliseViews.cpp - reshapes and transposes in one form -----------===//
// Chains of Reshape, Flatten, Squeeze and Unsqueeze become one op with constant
// operands; ops that change nothing go.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

bool skim::onnx::isView(Operation *op) {
  return isa_and_nonnull<FlattenOp, ReshapeOp, SqueezeOp, UnsqueezeOp>(op);
}

/// The axes of 1 that `longer` has beside the dims of `shorter`, if that is
/// all.
static std::optional<SmallVector<int64_t>> extraAxes(ArrayRef<SymDim> shorter,
                                                     ArrayRef<SymDim> longer) {
  SmallVector<int64_t> axes;
  size_t left = longer.size() - shorter.size();
  for (auto [axis, dim] : llvm::enumerate(longer)) {
    bool same = !shorter.empty() && shorter.front() == dim;
    // An axis of 1 pairs with one of 1, unless too many are left.
    if (same) {
      shorter = shorter.drop_front();
      continue;
    }
    if (!dim.isConstant(1) || left == 0)
      return std::nullopt;
    axes.push_back(axis);
    --left;
  }
  if (!shorter.empty())
    return std::nullopt;
  return axes;
}

/// A constant shape operand for a Reshape between these dims: 0 where a
/// dimension stays in place, -1 for at most one other that is not constant.
static std::optional<SmallVector<int64_t>> constantTarget(ArrayRef<SymDim> from,
                                                          ArrayRef<SymDim> to) {
  SmallVector<int64_t> target;
  bool open = false;
  for (auto [i, dim] : llvm::enumerate(to)) {
    if (auto extent = dim.constant()) {
      if (*extent == 0)
        return std::nullopt;
      target.push_back(*extent);
    } else if (i < from.size() && from[i] == dim) {
      target.push_back(0);
    } else if (!open) {
      open = true;
      target.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  return target;
}

bool skim::onnx::canBuildView(ArrayRef<SymDim> from, ArrayRef<SymDim> to) {
  return from == to ||
         (from.size() < to.size() && extraAxes(from, to).has_value()) ||
         (from.size() > to.size() && extraAxes(to, from).has_value()) ||
         constantTarget(from, to).has_value();
}

Value skim::onnx::buildView(RewriterBase &rewriter, NormaliseState &state,
                            Location loc, Value value, ArrayRef<SymDim> to) {
  ArrayRef<SymDim> from = *state.shapes.dims(value);
  if (from == to)
    return value;
  Type type = elementType(value);
  if (from.size() < to.size())
    if (auto axes = extraAxes(from, to))
      return state.build<UnsqueezeOp>(rewriter, loc, type, value,
                                      buildInts(rewriter, loc, *axes));
  if (from.size() > to.size())
    if (auto axes = extraAxes(to, from))
      return state.build<SqueezeOp>(rewriter, loc, type, value,
                                    buildInts(rewriter, loc, *axes));
  if (auto target = constantTarget(from, to))
    return buildReshape(rewriter, state, loc, value,
                        buildInts(rewriter, loc, *target));
  return nullptr;
}

namespace {
/// One view, in the simplest form, of what the op's operand is a view of.
template <typename OpTy> struct SimplifyView : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (this->state.isBuilt(op))
      return failure();
    auto to = this->shapes.dims(op->getResult(0));
    if (!to)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    SymDims target(*to);
    Value source = op->getOperand(0);
    Operation *inner = source.getDefiningOp();
    if (isView(inner) && this->shapes.dims(inner->getOperand(0)))
      source = inner->getOperand(0);
    else if (isSimplest(op, target))
      return rewriter.notifyMatchFailure(op, "is in its simplest form");
    Value view = buildView(rewriter, this->state, op.getLoc(), source, target);
    if (!view)
      return rewriter.notifyMatchFailure(op, "takes a shape of dimensions");
    rewriter.replaceOp(op, view);
    return success();
  }

  /// Whether buildView would make the same again.
  bool isSimplest(OpTy op, ArrayRef<SymDim> to) const {
    ArrayRef<SymDim> from = *this->shapes.dims(op->getOperand(0));
    if (from == to || isa<FlattenOp>(op))
      return false;
    if (isa<SqueezeOp, UnsqueezeOp>(op)) {
      auto axes = getConstantInts(op->getOperand(1));
      bool longer = from.size() < to.size();
      auto wanted = longer ? extraAxes(from, to) : extraAxes(to, from);
      return axes && wanted && *axes == *wanted;
    }
    if (from.size() < to.size()
            ? extraAxes(from, to).has_value()
            : from.size() > to.size() && extraAxes(to, from).has_value())
      return false;
    auto target = getConstantInts(op->getOperand(1));
    auto wanted = constantTarget(from, to);
    if (!wanted)
      return true;
    auto allowZero = op->template getAttrOfType<IntegerAttr>("allowzero");
    return target && *target == *wanted &&
           (!allowZero || allowZero.getValue().isZero());
  }
};

/// Ops that give their first operand again.
template <typename OpTy> struct DropNoOp : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto from = this->shapes.dims(op->getOperand(0));
    auto to = this->shapes.dims(op->getResult(0));
    if (!from || !to || *from != *to)
      return rewriter.notifyMatchFailure(op, "changes the shape");
    if constexpr (std::is_same_v<OpTy, SliceOp>) {
      // With steps of 1, a slice of full length starts at the front.
      auto steps = getConstantInts(op.getSteps());
      if (!isAbsent(op.getSteps()) &&
          (!steps || llvm::any_of(*steps, [](int64_t s) { return s != 1; })))
        return rewriter.notifyMatchFailure(op, "steps are not 1");
    }
    rewriter.replaceOp(op, op->getOperand(0));
    return success();
  }
};

static SmallVector<int64_t> permutation(TransposeOp op, size_t rank) {
  if (auto perm = op.getPerm())
    return SmallVector<int64_t>(*perm);
  return llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
}

/// Transposes that keep the order go, two in a row become one.
struct MergeTransposes : NormalisePattern<TransposeOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto dims = shapes.dims(op.getData());
    if (!dims)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    SmallVector<int64_t> perm = permutation(op, dims->size());
    if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size()))) {
      rewriter.replaceOp(op, op.getData());
      return success();
    }
    auto inner = op.getData().getDefiningOp<TransposeOp>();
    if (!inner) {
      if (op.getPerm())
        return rewriter.notifyMatchFailure(op, "a single transpose");
      rewriter.modifyOpInPlace(op, [&] { op.setPerm(perm); });
      return success();
    }
    SmallVector<int64_t> first = permutation(inner, dims->size());
    for (int64_t &axis : perm)
      axis = first[axis];
    Value merged = state.build<TransposeOp>(
        rewriter, op.getLoc(), elementType(op.getData()), inner.getData(),
        rewriter.getDenseI64ArrayAttr(perm));
    rewriter.replaceOp(op, merged);
    return success();
  }
};

/// Copies are made of what has its order already, which may be a constant.
struct TransposeBeforeTile : NormalisePattern<TransposeOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto tile = op.getData().getDefiningOp<TileOp>();
    auto repeats = tile ? shapes.contents(tile.getRepeats()) : std::nullopt;
    if (!repeats)
      return rewriter.notifyMatchFailure(op, "not of a known number of copies");
    SmallVector<int64_t> perm = permutation(op, repeats->size());
    SymDims moved;
    for (int64_t axis : perm)
      moved.push_back((*repeats)[axis]);
    Value copies = tile.getRepeats();
    if (ArrayRef<SymDim>(moved) != *repeats)
      copies = state.buildShape(rewriter, op.getLoc(), moved);
    if (!copies)
      return rewriter.notifyMatchFailure(op, "the copies cannot be built");
    Type type = elementType(op.getData());
    Value turned =
        state.build<TransposeOp>(rewriter, op.getLoc(), type, tile.getInput(),
                                 rewriter.getDenseI64ArrayAttr(perm));
    rewriter.replaceOp(
        op, state.build<TileOp>(rewriter, op.getLoc(), type, turned, copies));
    return success();
  }
};

/// Reshape, Transpose, Reshape that joins axes, moves them together and takes
/// them apart again is a Transpose.
struct TransposeOfJoinedAxes : NormalisePattern<ReshapeOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getData().getDefiningOp<TransposeOp>();
    auto join = transpose ? transpose.getData().getDefiningOp<ReshapeOp>()
                          : ReshapeOp();
    if (!join)
      return rewriter.notifyMatchFailure(op, "not behind Reshape, Transpose");
    auto from = shapes.dims(join.getData()),
         joined = shapes.dims(join.getReshaped()),
         to = shapes.dims(op.getReshaped());
    if (!from || !joined || !to)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    // The axes of `from` that each joined axis is made of.
    SmallVector<SmallVector<int64_t>> groups;
    size_t next = 0;
    for (const SymDim &dim : *joined) {
      SymDim extent = 1;
      groups.emplace_back();
      while (next < from->size() && (extent != dim || groups.back().empty())) {
        extent = extent * (*from)[next];
        groups.back().push_back(next++);
      }
      if (extent != dim)
        return rewriter.notifyMatchFailure(op, "axes do not join");
    }
    if (next != from->size())
      return rewriter.notifyMatchFailure(op, "axes do not join");
    SmallVector<int64_t> perm;
    for (int64_t axis : permutation(transpose, joined->size()))
      llvm::append_range(perm, groups[axis]);
    SymDims wanted;
    for (int64_t axis : perm)
      wanted.push_back((*from)[axis]);
    if (ArrayRef<SymDim>(wanted) != *to)
      return rewriter.notifyMatchFailure(op, "axes come apart differently");
    Value moved = state.build<TransposeOp>(
        rewriter, op.getLoc(), elementType(op.getData()), join.getData(),
        rewriter.getDenseI64ArrayAttr(perm));
    rewriter.replaceOp(op, moved);
    return success();
  }
};

/// A Slice without the axes of which it takes all.
struct DropWholeAxes : NormalisePattern<SliceOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto from = shapes.dims(op.getData()), to = shapes.dims(op.getOutput());
    auto starts = getConstantInts(op.getStarts()),
         ends = getConstantInts(op.getEnds());
    auto axes =
        isAbsent(op.getAxes()) ? std::nullopt : getConstantInts(op.getAxes());
    auto steps =
        isAbsent(op.getSteps()) ? std::nullopt : getConstantInts(op.getSteps());
    if (!from || !to || !starts || !ends ||
        (!isAbsent(op.getAxes()) && !axes) ||
        (!isAbsent(op.getSteps()) && !steps))
      return rewriter.notifyMatchFailure(op, "the bounds are not constant");
    SmallVector<int64_t> kept[4];
    for (size_t i = 0; i < starts->size(); ++i) {
      int64_t axis = axes ? (*axes)[i] : static_cast<int64_t>(i),
              step = steps ? (*steps)[i] : 1;
      auto which = normaliseAxis(axis, from->size());
      if ((*starts)[i] == 0 && step == 1 && which &&
          (*from)[*which] == (*to)[*which])
        continue;
      int64_t bounds[] = {(*starts)[i], (*ends)[i], axis, step};
      for (auto [list, bound] : llvm::zip(kept, bounds))
        list.push_back(bound);
    }
    if (kept[0].empty() || kept[0].size() == starts->size())
      return rewriter.notifyMatchFailure(op, "no axis, or all, are whole");
    SmallVector<Value> bounds;
    for (ArrayRef<int64_t> list : kept)
      bounds.push_back(buildInts(rewriter, op.getLoc(), list));
    rewriter.replaceOp(
        op, state.build<SliceOp>(rewriter, op.getLoc(),
                                 elementType(op.getData()), op.getData(),
                                 bounds[0], bounds[1], bounds[2], bounds[3]));
    return success();
  }
};
} // namespace

void skim::onnx::addViewPatterns(RewritePatternSet &set,
                                 NormaliseState &state) {
  set.add<SimplifyView<FlattenOp>, SimplifyView<ReshapeOp>,
          SimplifyView<SqueezeOp>, SimplifyView<UnsqueezeOp>,
          DropNoOp<ExpandOp>, DropNoOp<SliceOp>, DropWholeAxes,
          DropNoOp<TileOp>, MergeTransposes, TransposeBeforeTile,
          TransposeOfJoinedAxes>(set.getContext(), state);
}
