//===- LowerRowTableOps.cpp - taking rows out -----------------------------===//
// Each op becomes a call of the runtime's function of the same meaning: tables
// go over in a skim_rt_rows of the frame, attributes in a constant record.
//===----------------------------------------------------------------------===//

#include "RuntimeCalls.h"

#include "skim/Runtime/CompiledABI.h"

using namespace mlir;
using namespace skim;

namespace {
class RowTableLowering {
public:
  RowTableLowering(RuntimeCalls &runtime, Operation *op, Value call)
      : runtime(runtime), builder(op), loc(op->getLoc()), call(call),
        function(op->getParentOfType<func::FuncOp>()) {}

  void lower(PruneRowsOp op);
  void lower(BlockRowsOp op);
  void lower(SkipRowsOp op);
  void lower(ExitRowsOp op);
  void lower(LeadingRowsOp op);
  void lower(HoldRowsOp op);
  void lower(ScatterRowsOp op);
  void lower(ComposeRowsOp op);

private:
  Value number(Value index) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                      index);
  }
  Value address(Value memref) {
    return memref ? runtime.pointerOf(builder, loc, memref) : null();
  }
  Value null() {
    return LLVM::ZeroOp::create(builder, loc, runtime.pointerType());
  }
  Value constant(int64_t value) {
    return runtime.constant(builder, loc, value);
  }
  Attribute integer(int64_t value) { return builder.getI64IntegerAttr(value); }

  /// The address of a skim_rt_rows.
  Value rows(ValueRange tables, Value batch) {
    SmallVector<Value> fields;
    for (unsigned i = 0; i != 4; ++i)
      fields.push_back(i < tables.size() ? address(tables[i]) : null());
    fields.push_back(number(batch));
    return runtime.record(builder, loc, function, fields);
  }
  /// The address of a skim_rt_batch.
  Value batch(Value entryOffsets, Value sequence) {
    return runtime.record(builder, loc, function,
                          {address(entryOffsets), number(sequence)});
  }
  /// Calls and replaces the op's first result by what comes back.
  void callFor(Operation *op, StringRef name, ValueRange operands) {
    Value result = runtime.call(builder, loc, name, operands).getResult();
    op->getResult(0).replaceAllUsesWith(arith::IndexCastOp::create(
        builder, loc, builder.getIndexType(), result));
  }

  RuntimeCalls &runtime;
  OpBuilder builder;
  Location loc;
  Value call;
  func::FuncOp function;
};
} // namespace

void RowTableLowering::lower(PruneRowsOp op) {
  Value desc = runtime.record(
      builder, loc,
      {op.getLayerAttr(), integer(op.getPlace() == Place::AfterLayer),
       op.getKnobAttr(), op.getThresholdAttr(), op.getFloorAttr(),
       op.getHeadsAttr(), op.getDenominatorAttr(), op.getProtectAttr()});
  callFor(op, "skim_rt_prune",
          {call, desc, batch(op.getEntryOffsets(), op.getSequence()),
           rows(op.getFrom(), op.getBatch()), rows(op.getTo(), op.getBatch()),
           address(op.getSums())});
}

void RowTableLowering::lower(BlockRowsOp op) {
  callFor(op, "skim_rt_blocks",
          {call, rows({op.getOffsets()}, op.getBatch()),
           constant(op.getBlockSize()), address(op.getBlocks()),
           address(op.getFirsts())});
}

void RowTableLowering::lower(SkipRowsOp op) {
  Value desc = runtime.record(
      builder, loc,
      {op.getLayerAttr(), op.getKnobAttr(), op.getThresholdAttr(),
       op.getBlockSizeAttr(), integer(op.getBatchAlign() == BatchAlign::Max),
       op.getProtectAttr(), op.getProtectSegmentsAttr()});
  Value segments = op.getSegments();
  int64_t bytes =
      segments
          ? cast<MemRefType>(segments.getType()).getElementTypeBitWidth() / 8
          : 0;
  callFor(op, "skim_rt_skip_blocks",
          {call, desc, batch(op.getEntryOffsets(), op.getSequence()),
           rows(op.getAttended(), op.getBatch()),
           rows(op.getFrom(), op.getBatch()), rows(op.getTo(), op.getBatch()),
           address(op.getScores()), address(op.getBlocks()), address(segments),
           constant(bytes)});
}

void RowTableLowering::lower(ExitRowsOp op) {
  int64_t classes = cast<MemRefType>(op.getLogits().getType()).getDimSize(1);
  Value desc = runtime.record(builder, loc,
                              {op.getLayerAttr(), op.getKnobAttr(),
                               op.getThresholdAttr(), op.getTemperatureAttr(),
                               integer(int64_t(op.getCriterion())),
                               integer(classes), integer(op.getFirst())});
  Value staying = runtime.record(builder, loc, function, constant(0));
  callFor(op, "skim_rt_exit",
          {call, desc, batch(op.getEntryOffsets(), op.getSequence()),
           rows(op.getFrom(), op.getBatch()), rows(op.getTo(), op.getBatch()),
           address(op.getLogits()), address(op.getOutcome()),
           address(op.getKept()), address(op.getVotes()), staying});
  Value count =
      LLVM::LoadOp::create(builder, loc, builder.getI64Type(), staying);
  op.getToBatch().replaceAllUsesWith(
      arith::IndexCastOp::create(builder, loc, builder.getIndexType(), count));
}

void RowTableLowering::lower(LeadingRowsOp op) {
  callFor(op, "skim_rt_first_rows",
          {call, rows(op.getFrom(), op.getBatch()),
           rows(op.getTo(), op.getBatch())});
}

void RowTableLowering::lower(HoldRowsOp op) {
  Value kept =
      op.getKept().empty() ? null() : rows(op.getKept(), op.getBatch());
  int64_t width = cast<MemRefType>(op.getHeld().getType()).getDimSize(1);
  runtime.call(builder, loc, "skim_rt_hold",
               {call, address(op.getHeld()), address(op.getStates()),
                address(op.getIndex()), rows(op.getFrom(), op.getBatch()), kept,
                constant(width)});
}

void RowTableLowering::lower(ScatterRowsOp op) {
  int64_t width = cast<MemRefType>(op.getTo().getType()).getDimSize(1);
  runtime.call(builder, loc, "skim_rt_scatter",
               {call, address(op.getTo()), address(op.getFrom()),
                address(op.getIndex()), number(op.getCount()),
                constant(width)});
}

void RowTableLowering::lower(ComposeRowsOp op) {
  runtime.call(builder, loc, "skim_rt_compose",
               {call, address(op.getOuter()), address(op.getInner()),
                address(op.getComposed()), number(op.getCount())});
}

template <typename... Ops>
static LogicalResult lowerAll(RuntimeCalls &runtime) {
  SmallVector<Operation *> ops;
  runtime.module.walk([&](Operation *op) {
    if (isa<Ops...>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    if (op->getParentOfType<func::FuncOp>().getSymName() != "skim_entry")
      return op->emitOpError() << "expected in the main function only, found "
                                  "in a kernel";
    RowTableLowering lowering(runtime, op, callOf(op));
    llvm::TypeSwitch<Operation *>(op).Case<Ops...>(
        [&](auto typed) { lowering.lower(typed); });
    op->erase();
  }
  return success();
}

LogicalResult skim::lowerRowTableOps(RuntimeCalls &runtime) {
  return lowerAll<PruneRowsOp, BlockRowsOp, SkipRowsOp, ExitRowsOp,
                  LeadingRowsOp, HoldRowsOp, ScatterRowsOp, ComposeRowsOp>(
      runtime);
}
