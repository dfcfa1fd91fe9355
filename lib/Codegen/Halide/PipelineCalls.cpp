//===- PipelineCalls.cpp - calls of pipelines from kernels ----------------===//
// A kernel is a function in MLIR that finds its task's addresses and sizes and
// calls the pipeline, whose bitcode waits in an attribute for the linking of
// LLVM modules.
//===----------------------------------------------------------------------===//

#include "PipelineCalls.h"

#include "LinkableCode.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "skim/Codegen/HalideKernels.h"

using namespace mlir;
using namespace skim;

halide::Machine skim::describeMachine(const TargetInfo &target) {
  halide::Machine machine;
  machine.isX86 = target.isX86;
  machine.hasFMA = target.hasFMA;
  machine.looksUp = target.hasAvx512Math;
  machine.vectorWidth = int(target.vectorWidth);
  machine.numRegisters = int(target.numRegisters);
  machine.tileRows = int(target.tileRows);
  machine.tileColumns = int(target.tileColumns);
  return machine;
}

std::string skim::pipelineName(StringRef kernel) {
  return (kernel + "_code").str();
}

FailureOr<func::FuncOp> skim::declarePipeline(ModuleOp module, StringRef kernel,
                                              const halide::Code &code) {
  std::string name = (kernel + "_pipeline").str();
  llvm::Expected<std::string> bytes =
      makeLinkable(code, pipelineName(kernel), name);
  if (!bytes)
    return module.emitError()
           << "kernel " << kernel << ": " << llvm::toString(bytes.takeError());
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> types(code.arguments.size(), builder.getIndexType());
  auto function =
      func::FuncOp::create(builder, module.getLoc(), name,
                           builder.getFunctionType(types, TypeRange()));
  function.setPrivate();
  auto type = RankedTensorType::get({int64_t(bytes->size())},
                                    builder.getIntegerType(8));
  function->setAttr(bitcodeAttrName,
                    DenseResourceElementsAttr::get(
                        type, name,
                        HeapAsmResourceBlob::allocateAndCopyWithAlign(
                            ArrayRef<char>(bytes->data(), bytes->size()), 8)));
  return function;
}

Value skim::addressOf(KernelBuilder &b, Value memref, Value offset) {
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, memref);
  int64_t bytes =
      cast<MemRefType>(memref.getType()).getElementTypeBitWidth() / 8;
  return b.add(base, b.mul(offset, bytes));
}
