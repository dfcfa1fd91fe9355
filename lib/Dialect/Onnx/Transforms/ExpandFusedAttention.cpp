//===- ExpandFusedAttention.cpp - attention of com.microsoft to ONNX's ----===//
// Heads apart, masks as numbers to add, and ONNX's Attention on them.
//===----------------------------------------------------------------------===//

#include "ExpandFusedOps.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
/// The expansion of one op.
class AttentionExpansion {
public:
  AttentionExpansion(Expansion &e, MsMultiHeadAttentionOp op)
      : e(e), op(op), heads(op.getNumHeads()) {}

  Expanded run();

private:
  LogicalResult splitHeads();
  LogicalResult splitStates();
  FailureOr<Value> headsOf(Value states, int64_t &column);
  /// Part `index` of `[batch, sequence, heads, parts, head size]`.
  Value partOf(Value packed, int64_t index);
  Value moveHeads(Value states) { return e.transpose(states, {0, 2, 1, 3}); }
  FailureOr<Value> condition();
  FailureOr<Value> mask();
  AttentionOp attend(Value mask);

  Expansion &e;
  MsMultiHeadAttentionOp op;
  int64_t heads;
  Value query, key, value; // [batch, heads, sequence, head size]
};
} // namespace

Value AttentionExpansion::partOf(Value packed, int64_t index) {
  auto type = RankedTensorType::get({}, e.rewriter.getI64Type());
  Value which = buildSplat(e.rewriter, op.getLoc(), type, index);
  return moveHeads(e.make<GatherOp>(packed, which, e.attr(3)));
}

/// The heads of states `[batch, sequence, H]`, with their part of the bias.
FailureOr<Value> AttentionExpansion::headsOf(Value states, int64_t &column) {
  auto width = (*e.dims(states))[2].constant();
  if (!width || *width % heads != 0)
    return e.error("expected states of a width that " + Twine(heads) +
                   " heads divide, got " + (*e.dims(states))[2].str());
  if (!isAbsent(op.getBias()))
    states =
        e.make<AddOp>(states, e.columns(op.getBias(), column, column + *width));
  column += *width;
  return moveHeads(e.reshape(states, {0, 0, heads, *width / heads}));
}

/// Queries, keys and values that are tensors of their own.
LogicalResult AttentionExpansion::splitStates() {
  int64_t column = 0;
  Value *parts[] = {&query, &key, &value};
  for (auto [states, split] : llvm::zip(op->getOperands(), parts)) {
    if (e.rank(states) == 4 && split != &query) {
      *split = states;
      continue;
    }
    if (e.rank(states) != 3)
      return e.error("expected states of rank 3, got rank " +
                     Twine(e.rank(states)));
    FailureOr<Value> apart = headsOf(states, column);
    if (failed(apart))
      return failure();
    *split = *apart;
  }
  return success();
}

LogicalResult AttentionExpansion::splitHeads() {
  bool hasKey = !isAbsent(op.getKey()), hasValue = !isAbsent(op.getValue());
  if (hasKey && hasValue)
    return splitStates();
  if (e.rank(op.getQuery()) == 5 && !hasKey && !hasValue &&
      isAbsent(op.getBias())) {
    query = partOf(op.getQuery(), 0);
    key = partOf(op.getQuery(), 1);
    value = partOf(op.getQuery(), 2);
    return success();
  }
  if (!hasKey || e.rank(op.getKey()) != 5 || e.rank(op.getQuery()) != 3)
    return e.error("expected a key and a value, or one tensor of rank 5 that "
                   "holds both, without a bias where it holds queries too");
  int64_t column = 0;
  FailureOr<Value> apart = headsOf(op.getQuery(), column);
  if (failed(apart))
    return failure();
  query = *apart;
  key = partOf(op.getKey(), 0);
  value = partOf(op.getKey(), 1);
  return success();
}

/// True for the keys that a query sees, `[batch, 1, queries or 1, keys]`.
FailureOr<Value> AttentionExpansion::condition() {
  Value mask = op.getKeyPaddingMask();
  Type boolean = e.rewriter.getI1Type(), i64 = e.rewriter.getI64Type();
  switch (e.rank(mask)) {
  case 2:
    return e.unsqueeze(e.cast(mask, boolean), {1, 2});
  case 3:
    return e.unsqueeze(e.cast(mask, boolean), {1});
  case 1:
    if ((*e.dims(mask))[0] != (*e.dims(query))[0] || !isAbsent(op.getPastKey()))
      return e.error("expected a mask of rank 1 that counts the keys of each "
                     "sequence, without a past");
    // A mask of positions first, so that it is found as one.
    return e.unsqueeze(e.makeOf<LessOp>(boolean, e.positions(key, 2),
                                        e.unsqueeze(e.cast(mask, i64), {1})),
                       {1, 2});
  default:
    return e.error("expected a mask of rank 1 to 3, got rank " +
                   Twine(e.rank(mask)));
  }
}

/// What is added to the scores; none where nothing is.
FailureOr<Value> AttentionExpansion::mask() {
  Value bias = op.getAttentionBias();
  if (isAbsent(op.getKeyPaddingMask()))
    return bias;
  FailureOr<Value> sees = condition();
  if (failed(sees))
    return failure();
  Type element = elementType(op.getQuery());
  Value fill = e.number(element, op.getMaskFilterValue().convertToFloat());
  Value mask = e.makeOf<WhereOp>(element, *sees, e.number(element, 0), fill);
  return isAbsent(bias) ? mask : e.make<AddOp>(mask, bias);
}

AttentionOp AttentionExpansion::attend(Value mask) {
  RewriterBase &b = e.rewriter;
  Type some = UnrankedTensorType::get(elementType(query)),
       none = b.getNoneType();
  bool hasPast = !isAbsent(op.getPastKey());
  Type present = hasPast ? some : none;
  float scale = op.getScale().convertToFloat();
  auto attention = AttentionOp::create(
      b, op.getLoc(), TypeRange{some, present, present, none}, query, key,
      value, mask, op.getPastKey(), op.getPastValue(),
      NoneOp::create(b, op.getLoc()), e.attr(op.getUnidirectional()),
      /*kv_num_heads=*/IntegerAttr(), e.attr(-1), /*q_num_heads=*/IntegerAttr(),
      e.attr(0), e.attr(-1), scale ? b.getF32FloatAttr(scale) : FloatAttr(),
      b.getF32FloatAttr(0), /*softmax_precision=*/IntegerAttr());
  for (Value result : attention->getResults())
    if (!isAbsent(result))
      result.setType(e.state.shapes.refinedType(result));
  return attention;
}

Expanded AttentionExpansion::run() {
  if (failed(splitHeads()))
    return failure();
  FailureOr<Value> added = mask();
  if (failed(added))
    return failure();
  AttentionOp attention = attend(*added);
  Value context = attention.getY();
  auto size = (*e.dims(context))[3].constant();
  if (!size)
    return e.error("expected heads of a known size");
  bool hasPast = !isAbsent(op.getPastKey());
  return SmallVector<Value>{
      e.reshape(moveHeads(context), {0, 0, heads * *size}),
      hasPast ? attention.getPresentKey() : key,
      hasPast ? attention.getPresentValue() : value};
}

Expanded skim::onnx::expandAttention(Expansion &e, MsMultiHeadAttentionOp op) {
  return AttentionExpansion(e, op).run();
}
