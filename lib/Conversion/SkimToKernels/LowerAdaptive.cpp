//===- LowerAdaptive.cpp - pruning, skipping and held states --------------===//
// What decides reads the by-products of attention; what is cut is left out of
// the tables of rows, and states are read through them from then on.
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

using namespace mlir;
using namespace skim;

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

Value Lowering::makeTable(Location loc, Value size) {
  auto type = MemRefType::get({ShapedType::kDynamic}, builder.getI32Type());
  return memref::AllocOp::create(builder, loc, type, size);
}

RowsBuffers Lowering::makeRows(Location loc, const RowsBuffers &from,
                               Value bound) {
  RowsBuffers result;
  Value bounds = arith::AddIOp::create(builder, loc, from.batch, index(loc, 1));
  result.offsets = makeTable(loc, bounds);
  result.positions = makeTable(loc, bound);
  result.entry = makeTable(loc, bound);
  result.source = makeTable(loc, bound);
  result.bound = bound;
  result.batch = from.batch;
  result.sequence = from.sequence;
  result.entryOffsets = from.entryOffsets;
  return result;
}

StatesBuffer Lowering::take(Value value, const RowsBuffers &kept) {
  StatesBuffer from = states.lookup(value);
  Location loc = value.getLoc();
  Value numbers = kept.source;
  if (from.index) {
    numbers = makeTable(loc, kept.bound);
    ComposeRowsOp::create(builder, loc, from.index, kept.source, numbers,
                          kept.count);
  }
  return {from.memref, from.column, from.stride,
          numbers,     kept.count,  kept.bound};
}

void Lowering::hold(Location loc, Value held, Value state,
                    const RowsBuffers &from, const RowsBuffers *kept) {
  StatesBuffer buffer = indexedRowsOf(state);
  HoldRowsOp::create(builder, loc, states.lookup(held).memref, buffer.memref,
                     buffer.index, from.tables(),
                     kept ? kept->tables() : SmallVector<Value>(), from.batch);
}

LogicalResult Lowering::lowerFirstRows(FirstRowsOp op) {
  Location loc = op.getLoc();
  RowsBuffers from = rows[op.getRows()];
  RowsBuffers first = makeRows(loc, from, from.batch);
  first.count =
      LeadingRowsOp::create(builder, loc, builder.getIndexType(), from.tables(),
                            first.tables(), from.batch);
  rows[op.getKept()] = first;
  // So few rows are better copied than looked up: their kernels are then those
  // of the other layers.
  for (auto [state, result] :
       llvm::zip_equal(op.getStates(), op.getResults())) {
    states[result] = take(state, first);
    rowsOf(result);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// By-products of attention
//===----------------------------------------------------------------------===//

/// Whether `op` speaks of the probabilities of `attention`.
template <typename Op> static bool isOf(Op op, AttentionOp attention) {
  return op.getQuery() == attention.getQuery() &&
         op.getKey() == attention.getKey() &&
         op.getRows() == attention.getRows() &&
         op.getHeads() == attention.getHeads();
}

/// Room for [heads, bound], seen as [heads, count].
Value Lowering::makeSums(Location loc, int64_t heads,
                         const RowsBuffers &where) {
  constexpr int64_t any = ShapedType::kDynamic;
  auto type = MemRefType::get({any, any}, builder.getF32Type());
  Value size = index(loc, heads);
  Value room = memref::AllocOp::create(builder, loc, type,
                                       ValueRange{size, where.bound});
  if (where.count == where.bound)
    return room;
  SmallVector<OpFoldResult> sizes = {size, where.count};
  SmallVector<OpFoldResult> strides = {where.count, builder.getIndexAttr(1)};
  return memref::ReinterpretCastOp::create(
      builder, loc, type, room, builder.getIndexAttr(0), sizes, strides);
}

void Lowering::addByproducts(AttentionOp op, AttentionSpec &spec,
                             SmallVectorImpl<Value> &arguments) {
  if (op.getKeyRows() && op.getKeyRows() != op.getRows())
    return;
  Location loc = op.getLoc();
  const RowsBuffers &where = rows[op.getRows()];
  Type f32 = builder.getF32Type();
  constexpr int64_t any = ShapedType::kDynamic;
  Byproducts &made = byproducts[op];
  for (Operation *user : op.getQuery().getUsers()) {
    auto importance = dyn_cast<TokenImportanceOp>(user);
    if (importance && isOf(importance, op) && !made.sums) {
      spec.importance = true;
      made.sums = makeSums(loc, spec.heads, where);
    }
    auto scores = dyn_cast<BlockScoresOp>(user);
    if (scores && isOf(scores, op) && !made.diagonal) {
      int64_t size = spec.diagonal = scores.getBlockSize();
      Value bounds =
          arith::AddIOp::create(builder, loc, where.batch, index(loc, 1));
      Value firsts =
          arith::AddIOp::create(builder, loc, where.bound, index(loc, 1));
      made.blocks = makeTable(loc, bounds);
      made.firsts = makeTable(loc, firsts);
      made.numBlocks = BlockRowsOp::create(builder, loc, builder.getIndexType(),
                                           where.offsets, made.blocks,
                                           made.firsts, where.batch, size);
      made.diagonal = memref::AllocOp::create(
          builder, loc, MemRefType::get({any, spec.heads, size}, f32),
          where.bound);
    }
  }
  if (spec.importance)
    arguments.push_back(made.sums);
  if (spec.diagonal)
    arguments.push_back(made.diagonal);
}

template <typename Op> FailureOr<Byproducts> Lowering::byproductsOf(Op op) {
  for (Operation *user : op.getQuery().getUsers())
    if (auto attention = dyn_cast<AttentionOp>(user))
      if (isOf(op, attention) && byproducts.count(attention))
        return byproducts[attention];
  return op.emitError() << onnx::describe(op)
                        << ": expected an attention over the same query, key "
                           "and rows before";
}

LogicalResult Lowering::lowerImportance(TokenImportanceOp op) {
  return byproductsOf(op);
}

LogicalResult Lowering::lowerBlockScores(BlockScoresOp op) {
  Location loc = op.getLoc();
  FailureOr<Byproducts> made = byproductsOf(op);
  if (failed(made))
    return failure();
  BlockScoresSpec spec;
  spec.heads = op.getHeads();
  spec.blockSize = op.getBlockSize();
  SmallVector<Value> arguments = {made->diagonal, made->firsts};
  std::pair<Value, StringRef> operands[] = {
      {op.getConv1(), "convolution"}, {op.getBias1(), "bias"},
      {op.getConv2(), "convolution"}, {op.getBias2(), "bias"},
      {op.getLinear(), "weight"},     {op.getBias3(), "bias"}};
  for (auto [value, what] : operands) {
    FailureOr<Value> weight = plainWeight(op, value, what);
    if (failed(weight))
      return failure();
    arguments.push_back(*weight);
  }
  const RowsBuffers &where = rows[op.getRows()];
  Value out = makeRagged(op.getResult(), made->numBlocks, where.bound);
  // One number a block, not a row: what reads it asks for the blocks.
  auto type = MemRefType::get({ShapedType::kDynamic}, builder.getF32Type());
  Value scores = memref::CollapseShapeOp::create(
      builder, loc, type, out, ArrayRef<ReassociationIndices>{{0, 1}});
  arguments.push_back(scores);
  states[op.getResult()].memref = scores;
  Launch launch =
      emitter.launchBlockScores(builder, loc, spec, made->numBlocks);
  dispatch(op, emitter.get(spec), arguments, launch, KernelKind::Adaptive,
           timesI64(loc, made->numBlocks, spec.flopsPerBlock()));
  return success();
}

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

int64_t Lowering::knob(const Twine &name) {
  auto module =
      builder.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  auto knobs = module->getAttrOfType<ArrayAttr>("skim.knobs");
  if (!knobs)
    return -1;
  std::string wanted = name.str();
  for (auto [index, entry] : llvm::enumerate(knobs)) {
    auto given = cast<DictionaryAttr>(entry).getAs<StringAttr>("name");
    if (given && given.getValue() == wanted)
      return index;
  }
  return -1;
}

template <typename Op>
void Lowering::finishCut(Op op, const RowsBuffers &from,
                         const RowsBuffers &kept) {
  rows[op.getKept()] = kept;
  for (auto [state, result] : llvm::zip_equal(op.getStates(), op.getResults()))
    states[result] = take(state, kept);
  if (!op.getHeld())
    return;
  hold(op.getLoc(), op.getHeld(), op.getLast(), from, &kept);
  states[op.getHeldResult()] = states.lookup(op.getHeld());
}

LogicalResult Lowering::lowerPrune(PruneOp op) {
  Location loc = op.getLoc();
  auto importance = op.getImportance().getDefiningOp<TokenImportanceOp>();
  if (!importance)
    return op.emitError() << onnx::describe(op)
                          << ": expected the importance to come from "
                             "skim.token_importance";
  FailureOr<Byproducts> made = byproductsOf(importance);
  if (failed(made))
    return failure();
  RowsBuffers from = rows[op.getRows()];
  RowsBuffers kept = makeRows(loc, from, from.bound);
  kept.count = PruneRowsOp::create(
      builder, loc, builder.getIndexType(), made->sums, from.tables(),
      kept.tables(), from.entryOffsets, from.batch, from.sequence,
      uint64_t(importance.getHeads()),
      uint64_t(importance.getDenominatorTokens().value_or(0)),
      op.getThreshold(), op.getFloor(), op.getProtect(), op.getPlace(),
      uint64_t(knob("token_pruning.scale")), uint64_t(op.getLayer()));
  finishCut(op, from, kept);
  return success();
}

LogicalResult Lowering::lowerSkip(SkipBlocksOp op) {
  Location loc = op.getLoc();
  auto scores = op.getScores().getDefiningOp<BlockScoresOp>();
  if (!scores)
    return op.emitError() << onnx::describe(op)
                          << ": expected the scores to come from "
                             "skim.block_scores";
  FailureOr<Byproducts> made = byproductsOf(scores);
  if (failed(made))
    return failure();
  RowsBuffers attended = rows[op.getScoreRows()], from = rows[op.getRows()];
  RowsBuffers kept = makeRows(loc, from, from.bound);
  Value segments = op.getSegments() ? bufferOf(op.getSegments()) : Value();
  kept.count = SkipRowsOp::create(
      builder, loc, builder.getIndexType(),
      states.lookup(op.getScores()).memref, made->blocks, attended.tables(),
      from.tables(), kept.tables(), from.entryOffsets, segments, from.batch,
      from.sequence, op.getBlockSize(), op.getThreshold(), op.getBatchAlign(),
      op.getProtect(), op.getProtectSegments(),
      uint64_t(knob("block_skim.threshold")), uint64_t(op.getLayer()));
  finishCut(op, from, kept);
  return success();
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

LogicalResult Lowering::lowerEmptyStates(EmptyStatesOp op) {
  const RowsBuffers &where = rows[op.getRows()];
  makeRagged(op.getResult(), where.count, where.bound);
  return success();
}

LogicalResult Lowering::lowerHold(HoldOp op) {
  hold(op.getLoc(), op.getHeld(), op.getState(), rows[op.getRows()], nullptr);
  states[op.getResult()] = states.lookup(op.getHeld());
  return success();
}

LogicalResult Lowering::lowerWeightedSum(WeightedSumOp op) {
  WeightedSumSpec spec;
  spec.width = getWidth(op.getResult().getType());
  for (float weight : op.getWeights())
    spec.weights.push_back(weight);
  SmallVector<Value> arguments;
  for (Value input : op.getInputs())
    arguments.push_back(rowsOf(input));
  Value out = makeResult(op.getResult(), op.getInputs().front());
  arguments.push_back(out);
  dispatchRows(op, emitter.get(spec), arguments, out, KernelKind::Other);
  return success();
}
