//===- LowerRuntimeOps.cpp - memory, weights, errors, outputs -------------===//
// The ops of the kernels form that become a call or an address each.
//===----------------------------------------------------------------------===//

#include "RuntimeCalls.h"

#include "skim/Runtime/CompiledABI.h"
#include <cstddef>

using namespace mlir;
using namespace skim;

namespace {
/// Rewrites one op after the other; `call` is the runtime's call.
class Lowering {
public:
  Lowering(RuntimeCalls &runtime, Operation *op, Value call)
      : runtime(runtime), builder(op), loc(op->getLoc()), call(call) {}

  LogicalResult lower(memref::AllocOp op);
  LogicalResult lower(memref::DeallocOp op);
  LogicalResult lower(WeightsViewOp op);
  LogicalResult lower(PackRowsOp op);
  LogicalResult lower(CheckOp op);
  LogicalResult lower(ReportOp op);
  LogicalResult lower(OutputOp op);

private:
  Value number(Value index) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                      index);
  }
  /// The operands of skim_rt_fail and skim_rt_report.
  FailureOr<SmallVector<Value>>
  messageOperands(Operation *op, StringRef message, ValueRange values);
  LogicalResult requireMain(Operation *op);

  RuntimeCalls &runtime;
  OpBuilder builder;
  Location loc;
  Value call;
};
} // namespace

LogicalResult Lowering::requireMain(Operation *op) {
  if (op->getParentOfType<func::FuncOp>().getSymName() == "skim_entry")
    return success();
  return op->emitOpError() << "expected in the main function only, found in a "
                              "kernel";
}

/// Bytes of an element in memory.
static int64_t bytesOf(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * bytesOf(vector.getElementType());
  if (type.isIndex())
    return 8;
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

LogicalResult Lowering::lower(memref::AllocOp op) {
  if (failed(requireMain(op)))
    return failure();
  MemRefType type = op.getType();
  if (!type.getLayout().isIdentity())
    return op.emitOpError() << "expected an identity layout, got " << type;
  Value bytes = runtime.constant(builder, loc, bytesOf(type.getElementType()));
  SmallVector<Value> sizes;
  for (Value size : op.getDynamicSizes())
    sizes.push_back(number(size));
  unsigned dynamic = 0;
  for (int64_t size : type.getShape()) {
    Value factor = ShapedType::isDynamic(size)
                       ? sizes[dynamic++]
                       : runtime.constant(builder, loc, size);
    bytes = arith::MulIOp::create(builder, loc, bytes, factor);
  }
  Value memory =
      runtime.call(builder, loc, "skim_rt_alloc", {call, bytes}).getResult();
  op.replaceAllUsesWith(runtime.makeMemRef(builder, loc, type, memory, sizes));
  return success();
}

LogicalResult Lowering::lower(memref::DeallocOp op) {
  if (failed(requireMain(op)))
    return failure();
  Value memory = runtime.pointerOf(builder, loc, op.getMemref());
  runtime.call(builder, loc, "skim_rt_free", {call, memory});
  return success();
}

LogicalResult Lowering::lower(WeightsViewOp op) {
  if (failed(requireMain(op)))
    return failure();
  auto weights = runtime.module.lookupSymbol<WeightsOp>(op.getName());
  if (!weights)
    return op.emitOpError()
           << "expected a skim.weights named '" << op.getName() << "'";
  auto type = cast<MemRefType>(op.getType());
  int64_t bytes = type.getNumElements() * bytesOf(type.getElementType());
  if (bytes > int64_t(weights.getBytes()))
    return op.emitOpError() << "expected at most " << weights.getBytes()
                            << " bytes, got " << type;
  Value base = runtime.loadAt(builder, loc, runtime.pointerType(), call,
                              offsetof(skim_rt_call_head, weights));
  Value offset = runtime.constant(builder, loc, weights.getOffset());
  Value address =
      LLVM::GEPOp::create(builder, loc, runtime.pointerType(),
                          builder.getI8Type(), base, ValueRange{offset});
  op.replaceAllUsesWith(runtime.makeMemRef(builder, loc, type, address, {}));
  return success();
}

LogicalResult Lowering::lower(PackRowsOp op) {
  if (failed(requireMain(op)))
    return failure();
  Value mask;
  if (op.getMask())
    mask = runtime.pointerOf(builder, loc, op.getMask());
  else
    mask = LLVM::ZeroOp::create(builder, loc, runtime.pointerType());
  Value count =
      runtime
          .call(builder, loc, "skim_rt_pack",
                {call, mask, number(op.getBatch()), number(op.getSequence()),
                 runtime.pointerOf(builder, loc, op.getOffsets()),
                 runtime.pointerOf(builder, loc, op.getPositions())})
          .getResult();
  Value index =
      arith::IndexCastOp::create(builder, loc, builder.getIndexType(), count);
  op.replaceAllUsesWith(index);
  return success();
}

FailureOr<SmallVector<Value>>
Lowering::messageOperands(Operation *op, StringRef message, ValueRange values) {
  if (values.size() > 2)
    return op->emitOpError()
           << "expected at most 2 values, got " << values.size();
  SmallVector<Value> operands = {call, runtime.text(builder, loc, message)};
  for (Value value : values)
    operands.push_back(number(value));
  while (operands.size() < 4)
    operands.push_back(runtime.constant(builder, loc, 0));
  return operands;
}

LogicalResult Lowering::lower(CheckOp op) {
  if (failed(requireMain(op)))
    return failure();
  Value one = runtime.constant(builder, loc, 1, 1);
  Value wrong = arith::XOrIOp::create(builder, loc, op.getCondition(), one);
  auto branch = scf::IfOp::create(builder, loc, wrong, /*withElse=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  FailureOr<SmallVector<Value>> operands =
      messageOperands(op, op.getMessage(), op.getValues());
  if (failed(operands))
    return failure();
  runtime.call(builder, loc, "skim_rt_fail", *operands);
  return success();
}

LogicalResult Lowering::lower(ReportOp op) {
  FailureOr<SmallVector<Value>> operands =
      messageOperands(op, op.getMessage(), op.getValues());
  if (failed(operands))
    return failure();
  runtime.call(builder, loc, "skim_rt_report", *operands);
  return success();
}

LogicalResult Lowering::lower(OutputOp op) {
  if (failed(requireMain(op)))
    return failure();
  auto type = dyn_cast<MemRefType>(op.getBuffer().getType());
  if (!type || !type.getLayout().isIdentity() || type.getRank() > SKIM_MAX_RANK)
    return op.emitOpError()
           << "expected a contiguous memref of at most " << SKIM_MAX_RANK
           << " dimensions, got " << op.getBuffer().getType();
  auto function = op->getParentOfType<func::FuncOp>();
  OpBuilder atStart = OpBuilder::atBlockBegin(&function.getBody().front());
  Type i64 = builder.getI64Type();
  Value dims = LLVM::AllocaOp::create(
      atStart, loc, runtime.pointerType(), i64,
      runtime.constant(atStart, loc, std::max<int64_t>(type.getRank(), 1)));
  for (int64_t i = 0; i != type.getRank(); ++i) {
    Value place = LLVM::GEPOp::create(builder, loc, runtime.pointerType(), i64,
                                      dims, ArrayRef<LLVM::GEPArg>{int32_t(i)});
    LLVM::StoreOp::create(
        builder, loc, runtime.sizeOf(builder, loc, op.getBuffer(), i), place);
  }
  runtime.call(builder, loc, "skim_rt_output",
               {call, runtime.constant(builder, loc, op.getIndex()),
                runtime.pointerOf(builder, loc, op.getBuffer()),
                runtime.constant(builder, loc, type.getRank()), dims,
                runtime.constant(builder, loc, op.getOwned(), 32)});
  return success();
}

LogicalResult skim::lowerRuntimeOps(RuntimeCalls &runtime) {
  SmallVector<Operation *> ops;
  runtime.module.walk([&](Operation *op) {
    if (isa<memref::AllocOp, memref::DeallocOp, WeightsViewOp, PackRowsOp,
            CheckOp, ReportOp, OutputOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    Value call = callOf(op);
    if (!call)
      return op->emitOpError()
             << "expected in the main function or in a dispatched kernel";
    Lowering lowering(runtime, op, call);
    LogicalResult lowered =
        llvm::TypeSwitch<Operation *, LogicalResult>(op)
            .Case<memref::AllocOp, memref::DeallocOp, WeightsViewOp, PackRowsOp,
                  CheckOp, ReportOp, OutputOp>(
                [&](auto typed) { return lowering.lower(typed); });
    if (failed(lowered))
      return failure();
    op->erase();
  }
  return success();
}
