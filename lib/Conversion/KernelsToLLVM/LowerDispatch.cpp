//===- LowerDispatch.cpp - kernels and their calls ------------------------===//
// A dispatch stores its arguments to a record on the stack; the task function
// of the kernel loads them and calls the kernel with bare pointers and sizes.
//===----------------------------------------------------------------------===//

#include "RuntimeCalls.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace skim;

/// True where a pointer and the dynamic sizes say all about the memref.
static bool isBare(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getLayout().isIdentity();
}

/// The fields that an argument of `type` takes in the record.
static void appendFields(RuntimeCalls &runtime, Type type,
                         SmallVectorImpl<Type> &fields) {
  if (!isBare(type)) {
    fields.push_back(runtime.types().convertType(type));
    return;
  }
  fields.push_back(runtime.pointerType());
  fields.append(cast<MemRefType>(type).getNumDynamicDims(),
                IntegerType::get(type.getContext(), 64));
}

/// The argument as its fields.
static void splitArgument(OpBuilder &builder, RuntimeCalls &runtime,
                          Location loc, Value value,
                          SmallVectorImpl<Value> &fields) {
  if (!isBare(value.getType())) {
    fields.push_back(runtime.toLLVM(builder, loc, value));
    return;
  }
  auto type = cast<MemRefType>(value.getType());
  fields.push_back(runtime.pointerOf(builder, loc, value));
  for (int64_t i = 0; i != type.getRank(); ++i)
    if (type.isDynamicDim(i))
      fields.push_back(runtime.sizeOf(builder, loc, value, i));
}

/// The argument of `type` from its fields.
static Value joinArgument(OpBuilder &builder, RuntimeCalls &runtime,
                          Location loc, Type type, ValueRange fields) {
  if (!isBare(type))
    return runtime.fromLLVM(builder, loc, type, fields.front());
  return runtime.makeMemRef(builder, loc, cast<MemRefType>(type),
                            fields.front(), fields.drop_front());
}

/// The record's type: scratch size, then each argument's fields.
static LLVM::LLVMStructType recordOf(RuntimeCalls &runtime, TypeRange args) {
  MLIRContext *context = runtime.module.getContext();
  SmallVector<Type> fields = {IntegerType::get(context, 64)};
  for (Type type : args)
    appendFields(runtime, type, fields);
  return LLVM::LLVMStructType::getLiteral(context, fields);
}

/// Gives the kernel the signature (fields..., begin, end, scratch, scratch
/// size, call) in LLVM types and rebuilds the old arguments at its start.
static void rewriteKernel(RuntimeCalls &runtime, func::FuncOp kernel) {
  Block &block = kernel.getBody().front();
  Location loc = kernel.getLoc();
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  Type i64 = builder.getI64Type(), ptr = runtime.pointerType();
  unsigned count = block.getNumArguments();
  SmallVector<BlockArgument> old(block.getArguments());
  SmallVector<Type> types;
  SmallVector<Attribute> attributes;
  SmallVector<unsigned> starts;
  for (BlockArgument argument : ArrayRef(old).drop_back(3)) {
    starts.push_back(types.size());
    appendFields(runtime, argument.getType(), types);
    DictionaryAttr given = kernel.getArgAttrDict(argument.getArgNumber());
    attributes.push_back(given ? given : builder.getDictionaryAttr({}));
    attributes.resize(types.size(), builder.getDictionaryAttr({}));
  }
  starts.push_back(types.size());
  types.append({i64, i64, ptr, i64, ptr});
  attributes.resize(types.size(), builder.getDictionaryAttr({}));

  SmallVector<Value> fresh;
  for (Type type : types)
    fresh.push_back(block.addArgument(type, loc));
  for (auto [index, argument] : llvm::enumerate(old)) {
    Value value;
    if (index + 3 < count) {
      ArrayRef<Value> fields = ArrayRef(fresh).slice(
          starts[index], starts[index + 1] - starts[index]);
      value = joinArgument(builder, runtime, loc, argument.getType(), fields);
    } else if (index + 1 < count) {
      Value number = fresh[starts.back() + index + 3 - count];
      value = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                         number);
    } else {
      value = runtime.makeMemRef(
          builder, loc, cast<MemRefType>(argument.getType()),
          fresh[starts.back() + 2], fresh[starts.back() + 3]);
    }
    argument.replaceAllUsesWith(value);
  }
  block.eraseArguments(0, count);
  kernel.setFunctionType(builder.getFunctionType(types, {}));
  kernel.setAllArgAttrs(attributes);
  kernel->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
}

/// Makes `NAME.task(record, begin, end, scratch, call)`, which calls the
/// rewritten kernel.
static LLVM::LLVMFuncOp makeTask(RuntimeCalls &runtime, func::FuncOp kernel,
                                 LLVM::LLVMStructType record) {
  OpBuilder builder(kernel);
  Location loc = kernel.getLoc();
  Type i64 = builder.getI64Type(), ptr = runtime.pointerType();
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(builder.getContext()), {ptr, i64, i64, ptr, ptr});
  auto task = LLVM::LLVMFuncOp::create(builder, loc,
                                       (kernel.getSymName() + ".task").str(),
                                       type, LLVM::Linkage::Internal);
  Block *block = task.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  SmallVector<Value> fields;
  for (auto [index, field] : llvm::enumerate(record.getBody())) {
    Value place = runtime.field(builder, loc, record, block->getArgument(0),
                                int32_t(index));
    fields.push_back(LLVM::LoadOp::create(builder, loc, field, place));
  }
  SmallVector<Value> operands(ArrayRef(fields).drop_front());
  operands.append({block->getArgument(1), block->getArgument(2),
                   block->getArgument(3), fields.front(),
                   block->getArgument(4)});
  func::CallOp::create(builder, loc, kernel, operands);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  return task;
}

static void rewriteDispatch(RuntimeCalls &runtime, DispatchOp op,
                            LLVM::LLVMFuncOp task,
                            LLVM::LLVMStructType record) {
  Location loc = op.getLoc();
  auto function = op->getParentOfType<func::FuncOp>();
  OpBuilder atStart = OpBuilder::atBlockBegin(&function.getBody().front());
  Value place =
      LLVM::AllocaOp::create(atStart, loc, runtime.pointerType(), record,
                             runtime.constant(atStart, loc, 1));
  OpBuilder builder(op);
  Type i64 = builder.getI64Type();
  auto number = [&](Value index) -> Value {
    return arith::IndexCastOp::create(builder, loc, i64, index);
  };
  Value scratch = number(op.getScratchBytes());
  SmallVector<Value> fields = {scratch};
  for (Value argument : op.getArgs())
    splitArgument(builder, runtime, loc, argument, fields);
  for (auto [index, field] : llvm::enumerate(fields))
    LLVM::StoreOp::create(
        builder, loc, field,
        runtime.field(builder, loc, record, place, int32_t(index)));
  Value label =
      runtime.label(builder, loc, op.getKernel(), op.getKind(), op.getLayer());
  Value address = LLVM::AddressOfOp::create(builder, loc, task);
  runtime.call(builder, loc, "skim_rt_parallel_for",
               {callOf(op), label, address, place, number(op.getTasks()),
                number(op.getGrain()), scratch, op.getFlops()});
  op.erase();
}

/// dispatch_c1
static FailureOr<func::FuncOp> findKernel(RuntimeCalls &runtime,
                                          DispatchOp op) {
  auto kernel = runtime.module.lookupSymbol<func::FuncOp>(op.getKernel());
  if (!kernel || kernel.isExternal())
    return op.emitOpError() << "expected a function '" << op.getKernel()
                            << "' with a body in this module";
  OpBuilder builder(op);
  SmallVector<Type> expected(op.getArgs().getTypes());
  expected.append(
      {builder.getIndexType(), builder.getIndexType(),
       MemRefType::get({ShapedType::kDynamic}, builder.getI8Type())});
  auto type = builder.getFunctionType(expected, {});
  if (kernel.getFunctionType() != type)
    return op.emitOpError()
           << "expected kernel '" << op.getKernel() << "' of type " << type
           << ", got " << kernel.getFunctionType();
  return kernel;
}

FailureOr<DispatchCounts> skim::lowerDispatches(RuntimeCalls &runtime) {
  llvm::MapVector<Operation *, SmallVector<DispatchOp>> uses;
  WalkResult walked = runtime.module.walk([&](DispatchOp op) {
    FailureOr<func::FuncOp> kernel = findKernel(runtime, op);
    if (failed(kernel))
      return WalkResult::interrupt();
    uses[*kernel].push_back(op);
    return WalkResult::advance();
  });
  if (walked.wasInterrupted())
    return failure();
  DispatchCounts counts;
  for (auto &[function, dispatches] : uses) {
    auto kernel = cast<func::FuncOp>(function);
    LLVM::LLVMStructType record =
        recordOf(runtime, dispatches.front().getArgs().getTypes());
    rewriteKernel(runtime, kernel);
    LLVM::LLVMFuncOp task = makeTask(runtime, kernel, record);
    for (DispatchOp op : dispatches)
      rewriteDispatch(runtime, op, task, record);
    ++counts.kernels;
    counts.dispatches += dispatches.size();
  }
  return counts;
}
