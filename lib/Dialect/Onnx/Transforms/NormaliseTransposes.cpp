//===- NormaliseTransposes.cpp - transposes behind what is computed -------===//
// A Transpose moves down behind ops that work on every row, element or axis
// alike, until it meets another one: encoders that keep the sequence first, or
// the channels, become encoders of [batch, sequence, hidden size].
//===----------------------------------------------------------------------===//

#include "Normalise.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
/// A value with its axes moved: axis i of it is axis `perm[i]` of `source`.
struct Moved {
  Value source;
  SmallVector<int64_t> perm;

  explicit operator bool() const { return source != nullptr; }
  int64_t rank() const { return perm.size(); }
  bool keeps(int64_t axis) const { return perm[axis] == axis; }
  /// Whether axes from `axis` on stay where they are.
  bool keepsFrom(int64_t axis) const {
    return llvm::all_of(llvm::seq<int64_t>(axis, rank()),
                        [&](int64_t i) { return keeps(i); });
  }
  /// The same axes without those of `dropped`, of the value, counted anew.
  SmallVector<int64_t> without(ArrayRef<int64_t> dropped) const;
};
} // namespace

SmallVector<int64_t> Moved::without(ArrayRef<int64_t> dropped) const {
  SmallVector<int64_t> kept;
  for (auto [axis, from] : llvm::enumerate(perm))
    if (!llvm::is_contained(dropped, static_cast<int64_t>(axis)))
      kept.push_back(from);
  SmallVector<int64_t> sorted(kept);
  llvm::sort(sorted);
  for (int64_t &from : kept)
    from = llvm::find(sorted, from) - sorted.begin();
  return kept;
}

/// What a Transpose makes of a value that is computed; nothing for others, and
/// for constants, which are folded.
static Moved getMoved(Value value) {
  auto op = value.getDefiningOp<TransposeOp>();
  if (!op || !op.getPerm() || getConstant(op.getData()))
    return {};
  return {op.getData(), SmallVector<int64_t>(*op.getPerm())};
}

namespace {
/// An elementwise op on states, of operands that are all moved alike or the
/// same along the axes that move. What has heads as well is matched where it
/// is.
struct SinkBelowElementwise : AnyOpPattern<> {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op))
      return failure();
    auto to = state.shapes.dims(op->getResult(0));
    Moved moved = to ? findMoved(op, *to) : Moved();
    if (!moved)
      return rewriter.notifyMatchFailure(op, "no operand is moved");
    for (Value operand : op->getOperands())
      if (!isAbsent(operand) && !canMoveBack(operand, moved, *to))
        return rewriter.notifyMatchFailure(op, "an operand is not moved");
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(
          isAbsent(operand) ? operand : moveBack(rewriter, operand, moved));
    Value result = rebuild(rewriter, state, op, operands)->getResult(0);
    rewriter.replaceOp(op, buildTranspose(rewriter, state, result, moved.perm));
    return success();
  }

private:
  /// The first operand of the result's shape that is moved.
  Moved findMoved(Operation *op, ArrayRef<SymDim> to) const {
    for (Value operand : op->getOperands()) {
      Moved moved = getMoved(operand);
      if (moved && moved.rank() <= 3 && state.shapes.dims(operand) == to)
        return moved;
    }
    return {};
  }

  /// The axes of the result that `operand` has elements along, among those
  /// that move.
  std::optional<SmallVector<int64_t>> movedAxes(Value operand,
                                                const Moved &moved) const {
    auto dims = state.shapes.dims(operand);
    if (!dims)
      return std::nullopt;
    SmallVector<int64_t> axes;
    int64_t missing = moved.rank() - static_cast<int64_t>(dims->size());
    for (auto [i, dim] : llvm::enumerate(*dims))
      if (!moved.keeps(missing + i) && !dim.isConstant(1))
        axes.push_back(missing + i);
    return axes;
  }

  bool canMoveBack(Value operand, const Moved &moved,
                   ArrayRef<SymDim> to) const {
    if (getMoved(operand).perm == moved.perm)
      return true;
    auto axes = movedAxes(operand, moved);
    if (!axes || axes->empty() || getConstant(operand))
      return axes.has_value();
    // What is computed and has the result's shape, or all axes that move, would
    // only take the Transpose over.
    return *state.shapes.dims(operand) != to &&
           llvm::any_of(llvm::seq<int64_t>(0, moved.rank()), [&](int64_t axis) {
             return !moved.keeps(axis) && !llvm::is_contained(*axes, axis);
           });
  }

  Value moveBack(PatternRewriter &rewriter, Value operand,
                 const Moved &moved) const {
    if (Moved other = getMoved(operand); other.perm == moved.perm)
      return other.source;
    if (movedAxes(operand, moved)->empty())
      return operand;
    int64_t missing = moved.rank() - state.shapes.dims(operand)->size();
    if (missing > 0)
      operand = state.build<UnsqueezeOp>(
          rewriter, operand.getLoc(), elementType(operand), operand,
          buildInts(rewriter, operand.getLoc(),
                    llvm::to_vector(llvm::seq<int64_t>(0, missing))));
    return buildTranspose(rewriter, state, operand,
                          invertPermutationVector(moved.perm));
  }
};

/// A product of rows with one matrix.
struct SinkBelowMatMul : NormalisePattern<MatMulOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    Moved moved = getMoved(op.getA());
    auto matrix = shapes.dims(op.getB());
    if (!moved || !matrix || matrix->size() != 2 ||
        !moved.keepsFrom(moved.rank() - 1))
      return rewriter.notifyMatchFailure(op, "no moved rows by one matrix");
    Value product =
        rebuild(rewriter, state, op, {moved.source, op.getB()})->getResult(0);
    rewriter.replaceOp(op,
                       buildTranspose(rewriter, state, product, moved.perm));
    return success();
  }
};

/// Norms of rows.
template <typename OpTy> struct SinkBelowNorm : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Moved moved = getMoved(op.getX());
    auto axis = normaliseAxis(op.getAxis(), moved.rank());
    if (!moved || !axis || !moved.keepsFrom(*axis) ||
        !isNormOfRows(this->state, op, moved.rank() - *axis))
      return rewriter.notifyMatchFailure(op, "no moved rows");
    SmallVector<Value> operands(op->getOperands());
    operands.front() = moved.source;
    Operation *norm = rebuild(rewriter, this->state, op, operands);
    SmallVector<Value> results(norm->getResults());
    results.front() =
        buildTranspose(rewriter, this->state, results.front(), moved.perm);
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// A softmax along the axis where it was.
struct SinkBelowSoftmax : NormalisePattern<SoftmaxOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(SoftmaxOp op,
                                PatternRewriter &rewriter) const override {
    Moved moved = getMoved(op.getInput());
    auto axis = normaliseAxis(op.getAxis(), moved.rank());
    if (!moved || !axis)
      return rewriter.notifyMatchFailure(op, "the operand is not moved");
    Value result = state.build<SoftmaxOp>(
        rewriter, op.getLoc(), elementType(op.getOutput()), moved.source,
        rewriter.getI64IntegerAttr(moved.perm[*axis]));
    rewriter.replaceOp(op, buildTranspose(rewriter, state, result, moved.perm));
    return success();
  }
};

/// Reductions along the axes where they were.
template <typename OpTy> struct SinkBelowReduce : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Moved moved = getMoved(op.getData());
    auto list = getConstantInts(op.getAxes());
    if (!moved || !list || list->empty())
      return rewriter.notifyMatchFailure(op, "not known axes that are moved");
    SmallVector<int64_t> axes, sources;
    for (int64_t entry : *list) {
      auto axis = normaliseAxis(entry, moved.rank());
      if (!axis)
        return rewriter.notifyMatchFailure(op, "axis out of range");
      axes.push_back(*axis);
      sources.push_back(moved.perm[*axis]);
    }
    Value reduced = this->state.template build<OpTy>(
        rewriter, op.getLoc(), elementType(op.getReduced()), moved.source,
        buildInts(rewriter, op.getLoc(), sources), op.getKeepdimsAttr(),
        op.getNoopWithEmptyAxesAttr());
    rewriter.replaceOp(
        op,
        buildTranspose(rewriter, this->state, reduced,
                       op.getKeepdims() ? moved.perm : moved.without(axes)));
    return success();
  }
};

/// Elements or rows picked along an axis; rows of a table by moved ids.
struct SinkBelowGather : NormalisePattern<GatherOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const override {
    auto table = shapes.dims(op.getData()),
         places = shapes.dims(op.getIndices());
    auto axis =
        table ? normaliseAxis(op.getAxis(), table->size()) : std::nullopt;
    if (!places || !axis)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    if (Moved moved = getMoved(op.getData()); moved && places->size() <= 1) {
      Value picked = state.build<GatherOp>(
          rewriter, op.getLoc(), elementType(op.getData()), moved.source,
          op.getIndices(), rewriter.getI64IntegerAttr(moved.perm[*axis]));
      rewriter.replaceOp(
          op,
          buildTranspose(rewriter, state, picked,
                         places->empty() ? moved.without(*axis) : moved.perm));
      return success();
    }
    Moved ids = getMoved(op.getIndices());
    if (!ids || *axis != 0)
      return rewriter.notifyMatchFailure(op, "nothing is moved");
    Value rows =
        state.build<GatherOp>(rewriter, op.getLoc(), elementType(op.getData()),
                              op.getData(), ids.source, op.getAxisAttr());
    for (size_t inner = 1; inner < table->size(); ++inner)
      ids.perm.push_back(ids.rank());
    rewriter.replaceOp(op, buildTranspose(rewriter, state, rows, ids.perm));
    return success();
  }
};

/// Parts along axes where they were.
struct SinkBelowSlice : NormalisePattern<SliceOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    Moved moved = getMoved(op.getData());
    auto list = getConstantInts(op.getAxes());
    if (!moved || !list)
      return rewriter.notifyMatchFailure(op, "not known axes that are moved");
    for (int64_t &entry : *list) {
      auto axis = normaliseAxis(entry, moved.rank());
      if (!axis)
        return rewriter.notifyMatchFailure(op, "axis out of range");
      entry = moved.perm[*axis];
    }
    SmallVector<Value> operands(op->getOperands());
    operands[0] = moved.source;
    operands[3] = buildInts(rewriter, op.getLoc(), *list);
    Value part = rebuild(rewriter, state, op, operands)->getResult(0);
    rewriter.replaceOp(op, buildTranspose(rewriter, state, part, moved.perm));
    return success();
  }
};

/// Views that keep the first axes, which come in their order before them and
/// are moved behind: heads that are joined, say, with the sequence first.
template <typename OpTy> struct SinkBelowView : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Value operand = op->getOperand(0);
    Moved moved = getMoved(operand);
    auto from = this->shapes.dims(operand),
         to = this->shapes.dims(op->getResult(0));
    auto dims = moved ? this->shapes.dims(moved.source) : std::nullopt;
    if (!dims || !from || !to)
      return rewriter.notifyMatchFailure(op, "the operand is not moved");
    size_t kept = 0;
    while (kept < from->size() && kept < to->size() &&
           (*from)[kept] == (*to)[kept])
      ++kept;
    ArrayRef<int64_t> lead = ArrayRef(moved.perm).take_front(kept);
    if (llvm::is_sorted(lead))
      return rewriter.notifyMatchFailure(op, "the first axes are in order");
    SmallVector<int64_t> inner(moved.perm), outer;
    std::sort(inner.begin(), inner.begin() + kept);
    SymDims target(to->size());
    for (size_t axis = 0; axis < to->size(); ++axis) {
      outer.push_back(
          axis < kept ? llvm::find(inner, lead[axis]) - inner.begin() : axis);
      target[outer.back()] = (*to)[axis];
    }
    SymDims ordered = applyPermutation(*dims, inner);
    if (!canBuildView(ordered, target))
      return rewriter.notifyMatchFailure(op, "takes a shape of dimensions");
    Value source = moved.source;
    if (!llvm::is_sorted(inner))
      source = buildTranspose(rewriter, this->state, source, inner);
    Value view = buildView(rewriter, this->state, op.getLoc(), source, target);
    rewriter.replaceOp(op, buildTranspose(rewriter, this->state, view, outer));
    return success();
  }
};

/// Erases what was built for a value that nothing reads after all.
static void takeBack(PatternRewriter &rewriter, Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !op->use_empty())
    return;
  SmallVector<Value> operands(op->getOperands());
  rewriter.eraseOp(op);
  for (Value operand : operands)
    takeBack(rewriter, operand);
}

/// A view that takes a moved axis apart: taken apart first, then moved, so that
/// the view only joins axes. Heads that were one axis with the batch, say.
struct SplitBeforeTranspose : NormalisePattern<ReshapeOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    Moved moved = getMoved(op.getData());
    auto from = shapes.dims(op.getData()), to = shapes.dims(op.getReshaped());
    if (!moved || !from || !to)
      return rewriter.notifyMatchFailure(op, "the operand is not moved");
    auto parts = refine(*from, *to);
    if (!parts || llvm::all_of(*parts, [](const SymDims &part) {
          return part.size() == 1;
        }))
      return rewriter.notifyMatchFailure(op, "no axis is taken apart");
    // Parts in the order of the axes before they move, and where each axis's
    // first part is.
    SymDims split, target(*to);
    SmallVector<int64_t> perm, first;
    for (int64_t axis : invertPermutationVector(moved.perm)) {
      first.push_back(split.size());
      llvm::append_range(split, (*parts)[axis]);
    }
    for (auto [axis, part] : llvm::enumerate(*parts))
      for (size_t i = 0; i < part.size(); ++i)
        perm.push_back(first[moved.perm[axis]] + i);
    SymDims joined = applyPermutation(split, perm);
    if (!canBuildView(joined, target))
      return rewriter.notifyMatchFailure(op, "takes a shape of dimensions");
    Value shape = state.buildShape(rewriter, op.getLoc(), split);
    if (!shape)
      return rewriter.notifyMatchFailure(op, "takes another shape");
    Value apart =
        buildReshape(rewriter, state, op.getLoc(), moved.source, shape);
    Value reordered = buildTranspose(rewriter, state, apart, perm);
    Value view = buildView(rewriter, state, op.getLoc(), reordered, target);
    // Sizes that are computed by functions of dimensions may not be known
    // again.
    if (!view) {
      takeBack(rewriter, reordered);
      return rewriter.notifyMatchFailure(op, "the parts' sizes are not known");
    }
    rewriter.replaceOp(op, view);
    return success();
  }

private:
  /// The parts of each dim of `from` that are whole or parts of dims of `to`.
  static std::optional<SmallVector<SymDims>> refine(ArrayRef<SymDim> from,
                                                    ArrayRef<SymDim> to) {
    SmallVector<SymDims> parts;
    SymDim left = 1; // What a dim of `to` still lacks.
    for (SymDim rest : from) {
      parts.emplace_back();
      for (bool done = false; !done;) {
        if (left.isConstant(1) && !to.empty()) {
          left = to.front();
          to = to.drop_front();
        }
        auto inner = left.divideExactly(rest), outer = rest.divideExactly(left);
        if (!inner && (!outer || to.empty()))
          return std::nullopt;
        done = inner.has_value();
        parts.back().push_back(inner ? rest : left);
        rest = inner ? SymDim(1) : *outer;
        left = inner ? *inner : SymDim(1);
      }
    }
    return parts;
  }
};
} // namespace

void skim::onnx::addTransposePatterns(RewritePatternSet &set,
                                      NormaliseState &state) {
  set.add<SinkBelowElementwise, SinkBelowGather, SinkBelowMatMul,
          SinkBelowNorm<LayerNormalizationOp>,
          SinkBelowNorm<RMSNormalizationOp>,
          SinkBelowNorm<SimplifiedLayerNormalizationOp>,
          SinkBelowReduce<ReduceMaxOp>, SinkBelowReduce<ReduceMeanOp>,
          SinkBelowReduce<ReduceMinOp>, SinkBelowReduce<ReduceSumOp>,
          SinkBelowSlice, SinkBelowSoftmax, SinkBelowView<ReshapeOp>,
          SinkBelowView<SqueezeOp>, SinkBelowView<UnsqueezeOp>,
          SplitBeforeTranspose>(set.getContext(), state);
}
