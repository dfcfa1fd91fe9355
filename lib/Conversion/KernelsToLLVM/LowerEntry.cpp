//===- LowerEntry.cpp - the function that the runtime calls ---------------===//
// skim_entry(call) makes the main function's memrefs from the call's inputs,
// which the runtime has checked against the model's description.
//===----------------------------------------------------------------------===//

#include "RuntimeCalls.h"

#include "skim/Runtime/CompiledABI.h"
#include <cstddef>

using namespace mlir;
using namespace skim;

/// The memref of input `index`, whose buffer lies in the array at `inputs`.
static Value readInput(OpBuilder &builder, RuntimeCalls &runtime, Location loc,
                       MemRefType type, Value inputs, int64_t index) {
  int64_t start = index * int64_t(sizeof(skim_rt_buffer));
  Value data = runtime.loadAt(builder, loc, runtime.pointerType(), inputs,
                              start + offsetof(skim_rt_buffer, data));
  SmallVector<Value> sizes;
  for (int64_t i = 0; i != type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(runtime.loadAt(builder, loc, builder.getI64Type(), inputs,
                                     start + offsetof(skim_rt_buffer, dims) +
                                         i * sizeof(int64_t)));
  return runtime.makeMemRef(builder, loc, type, data, sizes);
}

static LogicalResult checkMain(func::FuncOp main) {
  if (main.getNumResults() != 0)
    return main.emitError() << "expected a main function without results, got "
                            << main.getNumResults();
  for (auto [index, type] : llvm::enumerate(main.getArgumentTypes())) {
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref || !memref.getLayout().isIdentity())
      return main.emitError() << "expected argument " << index
                              << " to be a contiguous memref, got " << type;
    if (memref.getRank() > SKIM_MAX_RANK)
      return main.emitError()
             << "expected argument " << index << " of at most " << SKIM_MAX_RANK
             << " dimensions, got " << memref.getRank();
  }
  return success();
}

LogicalResult skim::lowerEntry(RuntimeCalls &runtime) {
  auto main = runtime.module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return success();
  if (failed(checkMain(main)))
    return failure();
  Location loc = main.getLoc();
  Block &block = main.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  unsigned count = block.getNumArguments();
  Value call = block.addArgument(runtime.pointerType(), loc);
  Value inputs = runtime.loadAt(builder, loc, runtime.pointerType(), call,
                                offsetof(skim_rt_call_head, inputs));
  for (unsigned i = 0; i != count; ++i) {
    BlockArgument argument = block.getArgument(i);
    argument.replaceAllUsesWith(readInput(builder, runtime, loc,
                                          cast<MemRefType>(argument.getType()),
                                          inputs, i));
  }
  block.eraseArguments(0, count);
  main.setFunctionType(builder.getFunctionType({runtime.pointerType()}, {}));
  main.setAllArgAttrs(ArrayRef<DictionaryAttr>{});
  main->removeAttr(main.getArgAttrsAttrName());
  main.setSymName("skim_entry");
  main.setPublic();
  return success();
}
