//===- FusedAttention.cpp - attention ops of com.microsoft ----------------===//
// MultiHeadAttention on projected states, and Attention that projects them.
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"
#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

namespace {

/// Adds a mask of keys, `[batch, sequence]`: not 0 for a token.
bool addKeyMask(RaiseContext &context, Value mask, double fill,
                AttentionMatcher &matcher, AttentionMatch &match) {
  if (onnx::isAbsent(mask))
    return true;
  auto type = dyn_cast<RankedTensorType>(mask.getType());
  if (!type || type.getRank() != 2)
    return false;
  ScoreTerm term{mask, matcher.getKeyIndex()};
  term.isCondition = true;
  term.fill = fill;
  match.terms.push_back(term);
  return true;
}

/// Adds what the op adds to the scores as it is.
bool addBias(Value bias, AttentionMatcher &matcher, AttentionMatch &match) {
  if (onnx::isAbsent(bias))
    return true;
  std::optional<ScoreTerm> term = matcher.makeTerm(bias);
  if (term)
    match.terms.push_back(*term);
  return term.has_value();
}

/// The scale of an op, which is the usual one when it is 0 or missing.
double getScale(std::optional<APFloat> scale, int64_t headWidth) {
  double given = scale ? scale->convertToFloat() : 0;
  return given != 0 ? given : 1 / std::sqrt(double(headWidth));
}

bool areAbsent(ValueRange values) {
  return llvm::all_of(values, onnx::isAbsent);
}

bool isUsedBeyondFirst(Operation *op) {
  return llvm::any_of(op->getResults().drop_front(),
                      [](Value result) { return !result.use_empty(); });
}

struct RaiseMultiHeadAttention : RaisePattern<onnx::MsMultiHeadAttentionOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MsMultiHeadAttentionOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getStates(op.getQuery());
    std::optional<SymDims> dims = context.dims(op.getOutput());
    int64_t heads = op.getNumHeads();
    if (!type || type.getRank() != 3 || !dims ||
        op.getOutput().getType() != type)
      return rewriter.notifyMatchFailure(
          op, "attention: the query is no f32 states");
    if (onnx::isAbsent(op.getKey()) || onnx::isAbsent(op.getValue()) ||
        !context.haveSameDims(op.getQuery(), op.getKey()) ||
        !context.haveSameDims(op.getQuery(), op.getValue()))
      return rewriter.notifyMatchFailure(
          op, "attention: keys or values of another shape");
    if (isUsedBeyondFirst(op) ||
        !areAbsent({op.getPastKey(), op.getPastValue(),
                    op.getPastSequenceLength(), op.getCacheIndirection()}))
      return rewriter.notifyMatchFailure(op, "attention: it has a cache");
    int64_t width = type.getShape().back();
    if (heads <= 0 || width % heads != 0)
      return rewriter.notifyMatchFailure(
          op, "attention: the heads do not divide the width");
    bool hasBias = !onnx::isAbsent(op.getBias());
    if (hasBias && !isRowVector(op.getBias(), 3 * width))
      return rewriter.notifyMatchFailure(op,
                                         "attention: the bias is no constant");
    AttentionMatcher matcher(context, rewriter, op, *dims, heads,
                             width / heads);
    AttentionMatch match;
    match.heads = match.kvHeads = heads;
    match.scale = getScale(op.getScale(), width / heads);
    if (!addKeyMask(context, op.getKeyPaddingMask(),
                    op.getMaskFilterValue().convertToFloat(), matcher, match) ||
        !addBias(op.getAttentionBias(), matcher, match))
      return rewriter.notifyMatchFailure(
          op, "attention: a mask of a shape of its own");
    if (op.getUnidirectional() != 0)
      matcher.limitDistances(DistanceRange::causal());
    Columns *parts[] = {&match.query, &match.key, &match.value};
    for (auto [index, part] : llvm::enumerate(parts)) {
      part->states = op->getOperand(index);
      if (hasBias)
        part->bias = {op.getBias(), static_cast<int64_t>(index) * width};
    }
    return matcher.build(match);
  }
};

struct RaiseMsAttention : RaisePattern<onnx::MsAttentionOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MsAttentionOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getStates(op.getOutput());
    std::optional<SymDims> dims = context.dims(op.getOutput());
    int64_t heads = op.getNumHeads();
    if (!type || type.getRank() != 3 || !dims || !getStates(op.getInput()))
      return rewriter.notifyMatchFailure(
          op, "attention: the input is no f32 states");
    int64_t width = type.getShape().back();
    int64_t depth = getWidth(op.getInput().getType());
    if (heads <= 0 || width % heads != 0)
      return rewriter.notifyMatchFailure(
          op, "attention: the heads do not divide the width");
    ElementsAttr weights = onnx::getConstant(op.getWeights());
    if (!weights || op.getQkvHiddenSizes() ||
        weights.getShapedType().getShape() !=
            ArrayRef<int64_t>{depth, 3 * width})
      return rewriter.notifyMatchFailure(
          op, "attention: the weights are no constant matrix of three parts");
    bool hasBias = !onnx::isAbsent(op.getBias());
    if (hasBias && !isRowVector(op.getBias(), 3 * width))
      return rewriter.notifyMatchFailure(op,
                                         "attention: the bias is no constant");
    if (op.getDoRotary() != 0 || isUsedBeyondFirst(op) ||
        !areAbsent({op.getPast(), op.getPastSequenceLength()}))
      return rewriter.notifyMatchFailure(
          op, "attention: it is rotary or has a cache");
    AttentionMatcher matcher(context, rewriter, op, *dims, heads,
                             width / heads);
    AttentionMatch match;
    match.heads = match.kvHeads = heads;
    match.scale = getScale(op.getScale(), width / heads);
    if (!addKeyMask(context, op.getMaskIndex(),
                    op.getMaskFilterValue().convertToFloat(), matcher, match) ||
        !addBias(op.getAttentionBias(), matcher, match))
      return rewriter.notifyMatchFailure(
          op, "attention: a mask of a shape of its own");
    if (op.getUnidirectional() != 0)
      matcher.limitDistances(DistanceRange::causal());
    // One wide layer, of which each takes its part.
    Value bias =
        hasBias ? getRowVector(rewriter, op.getBias(), 3 * width) : Value();
    Value projected =
        LinearOp::create(rewriter, op.getLoc(), withWidth(type, 3 * width),
                         op.getInput(), op.getWeights(), bias, Value(),
                         /*transpose_weight=*/false, Activation::None);
    match.query = {projected, 0};
    match.key = {projected, width};
    match.value = {projected, 2 * width};
    LogicalResult built = matcher.build(match);
    if (failed(built))
      rewriter.eraseOp(projected.getDefiningOp());
    return built;
  }
};

} // namespace

void skim::raise::populateFusedAttentionPatterns(RewritePatternSet &patterns,
                                                 RaiseContext &context) {
  patterns.add<RaiseMultiHeadAttention, RaiseMsAttention>(patterns.getContext(),
                                                          context);
}
