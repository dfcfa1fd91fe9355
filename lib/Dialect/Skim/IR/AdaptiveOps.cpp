//===- AdaptiveOps.cpp - verifiers of the adaptive ops --------------------===//
// The constraints C1.. of SkimAdaptiveOps.td that traits cannot say.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"

#include <cmath>

using namespace mlir;
using namespace skim;

static LogicalResult verifyHeads(Operation *op, Type query, Type key,
                                 int64_t heads, int64_t kvHeads) {
  int64_t width = getWidth(query);
  if (heads <= 0 || width % heads != 0)
    return op->emitOpError() << "expected heads to divide the query width "
                             << width << ", got " << heads;
  if (kvHeads <= 0 || heads % kvHeads != 0)
    return op->emitOpError() << "expected kv_heads to divide heads " << heads
                             << ", got " << kvHeads;
  int64_t keyWidth = width / heads * kvHeads;
  if (getWidth(key) != keyWidth)
    return op->emitOpError()
           << "expected key width " << keyWidth << ", got " << getWidth(key);
  return success();
}

static LogicalResult verifyThreshold(Operation *op, StringRef name,
                                     const APFloat &value) {
  if (value.isFinite() && !value.isNegative())
    return success();
  return op->emitOpError() << "expected a finite " << name
                           << " of 0 or more, got " << value.convertToFloat();
}

static LogicalResult verifyProtect(Operation *op, ArrayRef<int64_t> protect) {
  int64_t least = 0;
  for (int64_t index : protect) {
    if (index < least)
      return op->emitOpError()
             << "expected protect to ascend from 0 or more, got " << index
             << " where at least " << least << " may stand";
    least = index + 1;
  }
  return success();
}

static LogicalResult verifyBlockSize(Operation *op, int64_t size) {
  if (size > 0 && size % 4 == 0)
    return success();
  return op->emitOpError()
         << "expected block_size to be a positive multiple of 4, got " << size;
}

/// States and held states of an op that cuts rows.
template <typename CutOp> static LogicalResult verifyCut(CutOp op) {
  if (op.getStates().getTypes() != op.getResults().getTypes())
    return op.emitOpError("expected a result of the same type for each state");
  bool held = static_cast<bool>(op.getHeld());
  if (held != static_cast<bool>(op.getLast()) ||
      held != static_cast<bool>(op.getHeldResult()))
    return op.emitOpError(
        "expected held states, last states and their result together");
  if (held && (op.getHeld().getType() != op.getLast().getType() ||
               op.getHeld().getType() != op.getHeldResult().getType()))
    return op.emitOpError()
           << "expected type " << op.getHeld().getType()
           << " of last states and held result, got " << op.getLast().getType()
           << " and " << op.getHeldResult().getType();
  return success();
}

LogicalResult TokenImportanceOp::verify() {
  // token_importance_c2
  if (getDenominatorTokens() &&
      static_cast<int64_t>(*getDenominatorTokens()) <= 0)
    return emitOpError() << "expected a positive denominator_tokens, got "
                         << static_cast<int64_t>(*getDenominatorTokens());
  // token_importance_c1
  return verifyHeads(*this, getQuery().getType(), getKey().getType(),
                     getHeads(), getKvHeads().value_or(getHeads()));
}

LogicalResult PruneOp::verify() {
  // prune_c1, prune_c2
  if (failed(verifyCut(*this)))
    return failure();
  // prune_c3
  if (failed(verifyThreshold(*this, "threshold", getThreshold())) ||
      failed(verifyThreshold(*this, "floor", getFloor())))
    return failure();
  // prune_c4
  return verifyProtect(*this, getProtect());
}

static LogicalResult verifyShape(Operation *op, StringRef name, Value value,
                                 ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return success();
  return op->emitOpError() << "expected " << name << " of type "
                           << type.clone(shape) << ", got " << type;
}

LogicalResult BlockScoresOp::verify() {
  // block_scores_c1
  int64_t heads = getHeads(), size = getBlockSize();
  if (failed(verifyHeads(*this, getQuery().getType(), getKey().getType(), heads,
                         getKvHeads().value_or(heads))))
    return failure();
  // block_scores_c2
  if (failed(verifyBlockSize(*this, size)))
    return failure();
  // block_scores_c3, block_scores_c4
  return success(succeeded(verifyShape(*this, "conv1", getConv1(),
                                       {heads, heads, 3, 3})) &&
                 succeeded(verifyShape(*this, "bias1", getBias1(), {heads})) &&
                 succeeded(verifyShape(*this, "conv2", getConv2(),
                                       {heads, heads, 3, 3})) &&
                 succeeded(verifyShape(*this, "bias2", getBias2(), {heads})) &&
                 succeeded(verifyShape(*this, "linear", getLinear(),
                                       {2, heads * size * size / 16})) &&
                 succeeded(verifyShape(*this, "bias3", getBias3(), {2})));
}

LogicalResult SkipBlocksOp::verify() {
  // skip_blocks_c1, skip_blocks_c2
  if (failed(verifyCut(*this)))
    return failure();
  // skip_blocks_c3
  if (failed(verifyBlockSize(*this, getBlockSize())))
    return failure();
  // skip_blocks_c4
  if (failed(verifyThreshold(*this, "threshold", getThreshold())))
    return failure();
  // skip_blocks_c5
  if (failed(verifyProtect(*this, getProtect())))
    return failure();
  // skip_blocks_c6
  if (static_cast<bool>(getSegments()) == getProtectSegments().empty())
    return emitOpError(getSegments()
                           ? "expected no segments without protect_segments"
                           : "expected segments with protect_segments");
  return success();
}

LogicalResult EarlyExitOp::verify() {
  // early_exit_c2
  if (getLogits().getType() != getResult().getType())
    return emitOpError() << "expected the result to have the logits' type "
                         << getLogits().getType() << ", got "
                         << getResult().getType();
  // early_exit_c3
  if (failed(verifyThreshold(*this, "threshold", getThreshold())))
    return failure();
  if (!getTemperature().isFinite() || getTemperature().isNegative() ||
      getTemperature().isZero())
    return emitOpError() << "expected a finite positive temperature, got "
                         << getTemperature().convertToFloat();
  // early_exit_c4
  if (getCriterion() == Criterion::Patience && !getThreshold().isInteger())
    return emitOpError() << "expected a whole number of exits as the threshold "
                         << "of patience, got "
                         << getThreshold().convertToFloat();
  return success();
}

/// Rows and ragged states must come into the region as its arguments: those of
/// the sequences that go on are not those outside.
static LogicalResult verifyOwnRows(EarlyExitOp op) {
  Region &region = op.getContinuation();
  WalkResult walked = region.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands()) {
      if (!isa<RaggedType, RowsType>(operand.getType()) ||
          region.isAncestor(operand.getParentRegion()))
        continue;
      inner->emitOpError() << "expected rows and ragged states of the region, "
                           << "got " << operand.getType()
                           << " from outside of it";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

/// The type of states for any number of sequences.
static Type ofAnySequences(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return type;
  return tensor.clone({ShapedType::kDynamic, tensor.getDimSize(1)});
}

LogicalResult EarlyExitOp::verifyRegions() {
  Block &body = getContinuation().front();
  // early_exit_c1
  SmallVector<Type> expected = {getRows().getType()};
  for (Type type : getStates().getTypes())
    expected.push_back(ofAnySequences(type));
  if (TypeRange(body.getArgumentTypes()) != TypeRange(expected))
    return emitOpError()
           << "expected region arguments of the types of rows and "
           << "states, got " << body.getArgumentTypes();
  // early_exit_c2
  auto yield = dyn_cast<YieldOp>(body.back());
  if (!yield)
    return emitOpError("expected the region to end in skim.yield");
  Type type = ofAnySequences(getResult().getType());
  if (yield.getValues().size() != 1 ||
      yield.getValues().front().getType() != type)
    return yield.emitOpError() << "expected one value of type " << type
                               << ", got " << yield.getValues().getTypes();
  // early_exit_c5
  return verifyOwnRows(*this);
}

LogicalResult FirstRowsOp::verify() {
  // first_rows_c1
  if (getStates().getTypes() != getResults().getTypes())
    return emitOpError("expected a result of the same type for each state");
  return success();
}

LogicalResult WeightedSumOp::verify() {
  // weighted_sum_c1
  if (getInputs().size() != getWeights().size())
    return emitOpError() << "expected a weight for each of "
                         << getInputs().size() << " states, got "
                         << getWeights().size();
  for (float weight : getWeights())
    if (!std::isfinite(weight))
      return emitOpError() << "expected finite weights, got " << weight;
  return success();
}
