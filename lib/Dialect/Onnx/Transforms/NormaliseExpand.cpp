//===- NormaliseExpand.cpp - broadcasts that need no Expand ---------------===//
// An Expand moves down behind what is computed from it, on fewer elements, and
// goes where the next op broadcasts anyway.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

/// The operands with every Expand looked through, and what they broadcast to.
static std::optional<SymDims> lookThrough(Operation *op, SymbolicShapes &shapes,
                                          SmallVector<Value> &operands) {
  std::optional<SymDims> dims = SymDims();
  for (Value operand : op->getOperands()) {
    if (isAbsent(operand)) {
      operands.push_back(operand);
      continue;
    }
    if (auto expand = operand.getDefiningOp<ExpandOp>())
      operand = expand.getInput();
    auto own = shapes.dims(operand);
    dims = own && dims ? broadcastDims(*dims, *own) : std::nullopt;
    if (!dims)
      return std::nullopt;
    operands.push_back(operand);
  }
  return dims;
}

namespace {
/// Operands that the op broadcasts itself.
struct DropExpandOfOperand : AnyOpPattern<2> {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op) || !op->hasTrait<Broadcast>())
      return failure();
    auto to = state.shapes.dims(op->getResult(0));
    if (!to)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    for (OpOperand &operand : op->getOpOperands()) {
      auto expand = operand.get().getDefiningOp<ExpandOp>();
      if (!expand)
        continue;
      std::optional<SymDims> dims = SymDims();
      for (Value other : op->getOperands()) {
        if (other == operand.get())
          other = expand.getInput();
        auto own = state.shapes.dims(other);
        dims = own && dims ? broadcastDims(*dims, *own) : std::nullopt;
      }
      if (!dims || ArrayRef<SymDim>(*dims) != *to)
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(expand.getInput()); });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no operand's Expand can go");
  }
};

/// An elementwise op of expanded operands, computed before the Expand.
struct SinkExpandBelowElementwise : AnyOpPattern<> {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op))
      return failure();
    ExpandOp expand;
    for (Value operand : op->getOperands())
      if (auto found = operand.getDefiningOp<ExpandOp>())
        expand = found;
    if (!expand)
      return rewriter.notifyMatchFailure(op, "no operand is expanded");
    SmallVector<Value> operands;
    auto small = lookThrough(op, state.shapes, operands);
    auto large = state.shapes.dims(op->getResult(0));
    if (!small || !large || ArrayRef<SymDim>(*small) == *large)
      return rewriter.notifyMatchFailure(op, "has no smaller form");
    SymDims target(*large);
    Value shape = expand.getShape();
    auto given = state.shapes.contents(shape);
    if (!given || *given != ArrayRef<SymDim>(target))
      shape = state.buildShape(rewriter, op->getLoc(), target);
    if (!shape)
      return rewriter.notifyMatchFailure(op, "the shape cannot be built");
    Value computed = rebuild(rewriter, state, op, operands)->getResult(0);
    rewriter.replaceOp(op, state.build<ExpandOp>(rewriter, op->getLoc(),
                                                 elementType(computed),
                                                 computed, shape));
    return success();
  }
};

/// Expand of Expand.
struct MergeExpands : NormalisePattern<ExpandOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ExpandOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ExpandOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "a single Expand");
    // The outer shape may leave an axis of 1 where the inner one has it all.
    auto from = shapes.dims(inner.getInput()),
         target = shapes.contents(op.getShape()),
         to = shapes.dims(op.getOutput());
    auto direct = from && target ? broadcastDims(*from, *target) : std::nullopt;
    if (!direct || !to || ArrayRef<SymDim>(*direct) != *to)
      return rewriter.notifyMatchFailure(op, "the shapes do not merge");
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(inner.getInput()); });
    return success();
  }
};

/// Rows that are selected by expanded indices: selected once, then expanded.
struct SinkExpandBelowGather : NormalisePattern<GatherOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const override {
    auto expand = op.getIndices().getDefiningOp<ExpandOp>();
    if (!expand)
      return rewriter.notifyMatchFailure(op, "the indices are not expanded");
    auto data = shapes.dims(op.getData()),
         small = shapes.dims(expand.getInput()),
         large = shapes.dims(expand.getOutput()),
         to = shapes.dims(op.getOutput());
    if (!data || !small || !large || !to)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    if (op.getAxis() != 0 &&
        op.getAxis() + static_cast<int64_t>(data->size()) != 0)
      return rewriter.notifyMatchFailure(op, "not along the first axis");
    SymDims target(*to);
    Value shape = state.buildShape(rewriter, op.getLoc(), target);
    if (!shape)
      return rewriter.notifyMatchFailure(op, "the shape cannot be built");
    // Indices of the full rank, so that the result expands axis by axis.
    Value indices = expand.getInput();
    if (small->size() < large->size())
      indices = state.build<UnsqueezeOp>(
          rewriter, op.getLoc(), elementType(indices), indices,
          buildInts(rewriter, op.getLoc(),
                    llvm::to_vector(
                        llvm::seq<int64_t>(0, large->size() - small->size()))));
    Type type = elementType(op.getData());
    Value rows = state.build<GatherOp>(rewriter, op.getLoc(), type,
                                       op.getData(), indices, op.getAxisAttr());
    rewriter.replaceOp(
        op, state.build<ExpandOp>(rewriter, op.getLoc(), type, rows, shape));
    return success();
  }
};

/// Reductions over axes that the Expand leaves as they are.
template <typename OpTy> struct SinkExpandBelowReduce : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto expand = op.getData().template getDefiningOp<ExpandOp>();
    auto axes = getConstantInts(op.getAxes());
    if (!expand || !axes || axes->empty())
      return rewriter.notifyMatchFailure(op, "not known axes of an Expand");
    auto small = this->shapes.dims(expand.getInput());
    auto large = this->shapes.dims(expand.getOutput());
    if (!small || !large || small->size() != large->size())
      return rewriter.notifyMatchFailure(op, "the Expand adds axes");
    for (int64_t entry : *axes) {
      auto axis = normaliseAxis(entry, small->size());
      if (!axis || (*small)[*axis] != (*large)[*axis])
        return rewriter.notifyMatchFailure(op, "reduces expanded axes");
    }
    SymDims target(*this->shapes.dims(op.getReduced()));
    Value shape = this->state.buildShape(rewriter, op.getLoc(), target);
    if (!shape)
      return rewriter.notifyMatchFailure(op, "the shape cannot be built");
    Type type = elementType(op.getReduced());
    Value reduced = this->state.template build<OpTy>(
        rewriter, op.getLoc(), type, expand.getInput(), op.getAxes(),
        op.getKeepdimsAttr(), op.getNoopWithEmptyAxesAttr());
    rewriter.replaceOp(op, this->state.template build<ExpandOp>(
                               rewriter, op.getLoc(), type, reduced, shape));
    return success();
  }
};

/// Axes of 1 put into an Expand's input instead of its output.
struct SinkExpandBelowUnsqueeze : NormalisePattern<UnsqueezeOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(UnsqueezeOp op,
                                PatternRewriter &rewriter) const override {
    auto expand = op.getData().getDefiningOp<ExpandOp>();
    auto list = getConstantInts(op.getAxes());
    if (!expand || !list)
      return rewriter.notifyMatchFailure(op, "not known axes of an Expand");
    auto small = shapes.dims(expand.getInput()),
         large = shapes.dims(expand.getOutput()),
         to = shapes.dims(op.getExpanded());
    if (!small || !large || !to)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    // One number has all axes of 1 already.
    bool isNumber = small->empty();
    if (!isNumber && small->size() != large->size())
      return rewriter.notifyMatchFailure(op, "the Expand adds axes");
    SymDims target(*to);
    Value shape = state.buildShape(rewriter, op.getLoc(), target);
    if (!shape)
      return rewriter.notifyMatchFailure(op, "the shape cannot be built");
    Type type = elementType(op.getData());
    Value input = expand.getInput();
    if (!isNumber)
      input = state.build<UnsqueezeOp>(rewriter, op.getLoc(), type, input,
                                       op.getAxes());
    rewriter.replaceOp(
        op, state.build<ExpandOp>(rewriter, op.getLoc(), type, input, shape));
    return success();
  }
};
} // namespace

void skim::onnx::addExpandPatterns(RewritePatternSet &set,
                                   NormaliseState &state) {
  set.add<DropExpandOfOperand, SinkExpandBelowElementwise, MergeExpands,
          SinkExpandBelowGather, SinkExpandBelowReduce<ReduceMaxOp>,
          SinkExpandBelowReduce<ReduceMeanOp>,
          SinkExpandBelowReduce<ReduceMinOp>,
          SinkExpandBelowReduce<ReduceSumOp>, SinkExpandBelowUnsqueeze>(
      set.getContext(), state);
}
