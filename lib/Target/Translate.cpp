//===- Translate.cpp - LLVM dialect to LLVM IR ----------------------------===//
// Weights are collected before and written behind the code; nothing of them
// comes here.
//===----------------------------------------------------------------------===//

#include "skim/Target/Translate.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;

void skim::registerTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

std::unique_ptr<llvm::Module>
skim::translateToLLVM(ModuleOp module, llvm::LLVMContext &context) {
  for (auto weights : llvm::make_early_inc_range(module.getOps<WeightsOp>()))
    weights.erase();
  std::string name = module.getSymName().value_or("model").str();
  return translateModuleToLLVMIR(module, context, name);
}
