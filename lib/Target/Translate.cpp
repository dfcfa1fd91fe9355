//===- Translate.cpp - LLVM dialect to LLVM IR ----------------------------===//
// Weights are collected before and written behind the code; nothing of them
// comes here.
//===----------------------------------------------------------------------===//

#include "skim/Target/Translate.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Linker/Linker.h"

using namespace mlir;

void skim::registerTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

LogicalResult skim::linkBitcode(ModuleOp module, llvm::Module &code) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    auto attribute =
        function->getAttrOfType<DenseResourceElementsAttr>("skim.bitcode");
    if (!attribute)
      continue;
    ArrayRef<char> bytes = attribute.getRawHandle().getBlob()->getData();
    StringRef name = function.getName();
    auto read = llvm::parseBitcodeFile(
        llvm::MemoryBufferRef(StringRef(bytes.data(), bytes.size()), name),
        code.getContext());
    if (!read)
      return function.emitError() << llvm::toString(read.takeError());
    (*read)->setDataLayout(code.getDataLayout());
    (*read)->setTargetTriple(code.getTargetTriple());
    if (llvm::Linker::linkModules(code, std::move(*read)))
      return function.emitError() << "its bitcode cannot be linked";
    code.getFunction(name)->setLinkage(llvm::GlobalValue::InternalLinkage);
  }
  return success();
}

std::unique_ptr<llvm::Module>
skim::translateToLLVM(ModuleOp module, llvm::LLVMContext &context) {
  for (auto weights : llvm::make_early_inc_range(module.getOps<WeightsOp>()))
    weights.erase();
  std::string name = module.getSymName().value_or("model").str();
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(module, context, name);
  if (code && failed(linkBitcode(module, *code)))
    return nullptr;
  return code;
}
