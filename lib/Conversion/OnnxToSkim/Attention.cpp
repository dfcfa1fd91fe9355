//===- Attention.cpp - attention, written out and as an op ----------------===//
// Where attentions are looked for: at the reshape that joins the heads, and at
// ops that are attentions.
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"
#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

namespace {

/// The op whose elements `value` holds in other places: a product or an
/// attention, of any rank.
Operation *getMovedContext(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (isa<onnx::MatMulOp, onnx::AttentionOp>(op))
      return op;
    if (!isa<onnx::ReshapeOp, onnx::TransposeOp, onnx::IdentityOp,
             onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::FlattenOp>(op))
      return nullptr;
    value = op->getOperand(0);
  }
  return nullptr;
}

/// Why an attention op is more than skim.attention; null when it is not.
const char *getObstacle(onnx::AttentionOp op) {
  if (!onnx::isAbsent(op.getPastKey()) || !onnx::isAbsent(op.getPastValue()) ||
      !onnx::isAbsent(op.getNonpadKvSeqlen()))
    return "attention: it has a cache";
  if (op.getSoftcap().convertToFloat() != 0)
    return "attention: its scores are capped";
  for (Value result : op->getResults().drop_front())
    if (!result.use_empty())
      return "attention: a further result is used";
  return nullptr;
}

/// The distances at which an attention op lets a query see keys.
DistanceRange getDistances(onnx::AttentionOp op) {
  DistanceRange range;
  if (int64_t left = op.getLeftWindowSize(); left >= 0)
    range.most = left;
  if (int64_t right = op.getRightWindowSize(); right >= 0)
    range.least = -right;
  return op.getIsCausal() != 0 ? range.intersect(DistanceRange::causal())
                               : range;
}

/// Adds the mask operand of an attention op; false when its shape does not fit.
bool addMask(onnx::AttentionOp op, AttentionMatcher &matcher,
             AttentionMatch &match) {
  if (onnx::isAbsent(op.getAttnMask()))
    return true;
  std::optional<ScoreTerm> term = matcher.makeTerm(op.getAttnMask());
  if (!term)
    return false;
  if (getElementTypeOrSelf(op.getAttnMask().getType()).isInteger(1)) {
    term->isCondition = true;
    term->fill = -std::numeric_limits<double>::infinity();
  }
  match.terms.push_back(*term);
  return true;
}

double getScale(onnx::AttentionOp op, int64_t headWidth) {
  return op.getScale() ? op.getScale()->convertToFloat()
                       : 1 / std::sqrt(double(headWidth));
}

/// The numbers of groups of heads to try: those that divide the heads, where
/// something repeats the values' heads.
SmallVector<int64_t> getGroups(Operation *moved, int64_t heads) {
  SmallVector<int64_t> groups = {1};
  Value values = isa<onnx::AttentionOp>(moved) ? moved->getOperand(2)
                                               : moved->getOperand(1);
  bool isRepeated = false;
  while (Operation *op = values.getDefiningOp()) {
    isRepeated |= isa<onnx::ExpandOp, onnx::TileOp, onnx::ConcatOp>(op);
    if (!isa<onnx::ReshapeOp, onnx::TransposeOp, onnx::IdentityOp,
             onnx::UnsqueezeOp, onnx::SqueezeOp, onnx::ExpandOp>(op))
      break;
    values = op->getOperand(0);
  }
  if (isRepeated)
    for (int64_t count = 2; count < heads; ++count)
      if (heads % count == 0)
        groups.push_back(count);
  return groups;
}

/// The attention whose context `moved` makes and `op` moves to
/// `[batch, sequence, H]`.
LogicalResult raiseMoved(RaiseContext &context, PatternRewriter &rewriter,
                         Operation *op, Operation *moved) {
  std::optional<SymDims> dims = context.dims(op->getResult(0));
  RankedTensorType type = getStates(op->getResult(0));
  RankedTensorType contextType = getStates(moved->getResult(0));
  if (!dims || !contextType)
    return rewriter.notifyMatchFailure(
        op, "attention: the context's shape is not known");
  int64_t width = type.getShape().back(),
          headWidth = contextType.getShape().back();
  if (headWidth == 0 || width % headWidth != 0)
    return rewriter.notifyMatchFailure(op,
                                       "attention: the heads are not joined");
  auto attention = dyn_cast<onnx::AttentionOp>(moved);
  if (attention && contextType.getRank() != 4)
    return failure();
  if (const char *obstacle = attention ? getObstacle(attention) : nullptr)
    return rewriter.notifyMatchFailure(op, obstacle);
  int64_t heads = width / headWidth;
  for (int64_t groups : getGroups(moved, heads)) {
    AttentionMatcher matcher(context, rewriter, op, *dims, heads, headWidth,
                             groups);
    FailureOr<AttentionMatch> match =
        attention ? matcher.match(attention)
                  : matcher.match(cast<onnx::MatMulOp>(moved));
    if (failed(match))
      continue;
    if (attention) {
      if (!addMask(attention, matcher, *match))
        return rewriter.notifyMatchFailure(
            op, "attention: a mask of a shape of its own");
      match->scale *= getScale(attention, headWidth);
      matcher.limitDistances(getDistances(attention));
    }
    return matcher.build(*match);
  }
  return failure();
}

/// Attention, found at the op that joins the heads: a reshape, or a squeeze
/// where there is one head or heads of one number; a transposition where they
/// were joined with the channels before the positions.
template <typename Op> struct RaiseAttention : RaisePattern<Op> {
  using RaisePattern<Op>::RaisePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getStates(op->getResult(0));
    if (!type || type.getRank() != 3)
      return failure();
    Operation *moved = getMovedContext(op->getResult(0));
    return moved ? raiseMoved(this->context, rewriter, op, moved) : failure();
  }
};

/// Attention with one head that was never split off.
struct RaiseSingleHead : RaisePattern<onnx::MatMulOp> {
  using RaisePattern::RaisePattern;

  LogicalResult matchAndRewrite(onnx::MatMulOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getStates(op.getY());
    if (!type || type.getRank() != 3 ||
        !isa_and_present<onnx::SoftmaxOp, onnx::WhereOp>(
            op.getA().getDefiningOp()))
      return failure();
    std::optional<SymDims> dims = context.dims(op.getY());
    if (!dims || !context.isBatch((*dims)[0]) ||
        !context.isSequence((*dims)[1]))
      return failure();
    return raiseMoved(context, rewriter, op, op);
  }
};

/// An attention op on states, `[batch, sequence, H]`.
struct RaiseAttentionOp : RaisePattern<onnx::AttentionOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::AttentionOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getStates(op.getY());
    std::optional<SymDims> dims = context.dims(op.getY());
    if (!type || type.getRank() != 3 || !dims)
      return failure();
    if (const char *obstacle = getObstacle(op))
      return rewriter.notifyMatchFailure(op, obstacle);
    if (!op.getQNumHeads() || !op.getKvNumHeads())
      return rewriter.notifyMatchFailure(
          op, "attention: the numbers of heads are missing");
    int64_t heads = *op.getQNumHeads(), kvHeads = *op.getKvNumHeads();
    int64_t width = type.getShape().back();
    if (heads == 0 || width % heads != 0 || kvHeads == 0 ||
        heads % kvHeads != 0)
      return rewriter.notifyMatchFailure(
          op, "attention: the heads do not divide the width");
    int64_t headWidth = width / heads;
    if (op.getQ().getType() != type ||
        op.getK().getType() != op.getV().getType() ||
        op.getK().getType() != withWidth(type, headWidth * kvHeads))
      return rewriter.notifyMatchFailure(
          op, "attention: queries, keys and values differ");
    for (Value operand : {op.getK(), op.getV()}) {
      std::optional<SymDims> own = context.dims(operand);
      if (!own || (*own)[0] != (*dims)[0] || (*own)[1] != (*dims)[1])
        return rewriter.notifyMatchFailure(
            op, "attention: keys of another sequence");
    }
    AttentionMatcher matcher(context, rewriter, op, *dims, heads, headWidth);
    AttentionMatch match;
    match.query.states = op.getQ();
    match.key.states = op.getK();
    match.value.states = op.getV();
    match.heads = heads;
    match.kvHeads = kvHeads;
    match.scale = getScale(op, headWidth);
    match.isGuarded = true;
    if (!addMask(op, matcher, match))
      return rewriter.notifyMatchFailure(
          op, "attention: a mask of a shape of its own");
    matcher.limitDistances(getDistances(op));
    return matcher.build(match);
  }
};

} // namespace

void skim::raise::populateAttentionPatterns(RewritePatternSet &patterns,
                                            RaiseContext &context) {
  patterns.add<RaiseAttention<onnx::ReshapeOp>, RaiseAttention<onnx::SqueezeOp>,
               RaiseAttention<onnx::TransposeOp>, RaiseAttentionOp,
               RaiseSingleHead>(patterns.getContext(), context);
}
