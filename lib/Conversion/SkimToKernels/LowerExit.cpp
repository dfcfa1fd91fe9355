//===- LowerExit.cpp - the rest of the network as a branch ----------------===//
// Decides which sequences leave, runs the region for the others where there are
// any, and puts their results between those of the sequences that left.
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

using namespace mlir;
using namespace skim;

/// `memref` as [?, n].
static Value withDynamicRows(OpBuilder &builder, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto wanted = MemRefType::get({ShapedType::kDynamic, type.getDimSize(1)},
                                type.getElementType());
  return type == wanted ? memref
                        : memref::CastOp::create(builder, loc, wanted, memref);
}

Value Lowering::votesOf(EarlyExitOp op, const RowsBuffers &from) {
  if (op.getCriterion() != Criterion::Patience)
    return from.offsets; // not read
  if (!votes) {
    Value batch = dim(op.getLoc(), from.entryOffsets, 0);
    votes = makeTable(op.getLoc(),
                      arith::MulIOp::create(builder, op.getLoc(), batch,
                                            index(op.getLoc(), 2)));
  }
  return votes;
}

/// Gives the region's arguments the rows and states of the sequences that go
/// on; at the start of the branch.
void Lowering::bindContinuation(EarlyExitOp op, const RowsBuffers &kept,
                                Value sequences) {
  Location loc = op.getLoc();
  Block &region = op.getContinuation().front();
  rows[region.getArgument(0)] = kept;
  for (auto [state, argument] :
       llvm::zip_equal(op.getStates(), region.getArguments().drop_front())) {
    if (isRagged(state.getType())) {
      states[argument] = take(state, kept);
      continue;
    }
    StatesBuffer from = indexedRowsOf(state);
    Value out = makeBuffer(loc, kept.batch, from.bound, from.stride);
    Launch launch = emitter.launchRows(builder, loc, kept.batch, from.stride);
    dispatch(op, emitter.get(GatherSpec{from.stride}),
             {from.memref, sequences, out}, launch, KernelKind::Adaptive);
    argument.replaceAllUsesWith(asTensor(out));
  }
}

LogicalResult Lowering::lowerExit(EarlyExitOp op,
                                  SmallVectorImpl<Operation *> &dead) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (type.isDynamicDim(1))
    return op.emitError() << onnx::describe(op)
                          << ": expected a static number of classes, got "
                          << type;
  RowsBuffers from = rows[op.getRows()];
  Value logits = withDynamicRows(builder, loc, bufferOf(op.getLogits()));
  Value results = makeBuffer(loc, from.batch, from.batch, type.getDimSize(1));
  RowsBuffers kept = makeRows(loc, from, from.bound);
  Value sequences = makeTable(loc, from.batch);
  auto decision = ExitRowsOp::create(
      builder, loc, builder.getIndexType(), builder.getIndexType(), logits,
      results, from.tables(), kept.tables(), from.entryOffsets, sequences,
      votesOf(op, from), from.batch, from.sequence, op.getCriterion(),
      op.getThreshold(), op.getTemperature(), op.getFirst(),
      uint64_t(knob("early_exit.threshold." + Twine(op.getLayer()))),
      uint64_t(op.getLayer()));
  kept.count = decision.getCount();
  kept.batch = decision.getToBatch();

  Value some = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                     kept.batch, index(loc, 0));
  auto branch = scf::IfOp::create(builder, loc, some, /*withElse=*/false);
  Block *block = branch.thenBlock();
  Block &region = op.getContinuation().front();
  auto yield = cast<YieldOp>(region.getTerminator());
  builder.setInsertionPoint(block->getTerminator());
  bindContinuation(op, kept, sequences);
  block->getOperations().splice(block->getTerminator()->getIterator(),
                                region.getOperations(), region.begin(),
                                yield->getIterator());
  if (failed(lowerBlock(*block, dead)))
    return failure();
  builder.setInsertionPoint(block->getTerminator());
  Value answers =
      withDynamicRows(builder, loc, bufferOf(yield.getValues().front()));
  ScatterRowsOp::create(builder, loc, answers, sequences, results, kept.batch);
  yield.erase();

  builder.setInsertionPointAfter(branch);
  auto shape = MemRefType::get(type.getShape(), type.getElementType());
  Value given = results;
  if (given.getType() != shape)
    given = memref::CastOp::create(builder, loc, shape, given);
  op.getResult().replaceAllUsesWith(asTensor(given));
  return success();
}
