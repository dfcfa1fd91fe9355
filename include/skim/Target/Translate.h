//===- Translate.h - LLVM dialect to LLVM IR --------------------*- C++ -*-===//
// The step out of MLIR.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_TRANSLATE_H
#define SKIM_TARGET_TRANSLATE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"
#include <memory>

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace skim {

/// Adds what translateToLLVM needs of the context's dialects.
void registerTranslations(mlir::DialectRegistry &registry);

/// Links the code of functions that are bitcode in an attribute (skim.bitcode)
/// into `code`, the translation of `module`.
mlir::LogicalResult linkBitcode(mlir::ModuleOp module, llvm::Module &code);

/// Translates a module in the LLVM dialect; takes its skim.weights declarations
/// away, which have no place in LLVM IR. Null, with a diagnostic, where an op
/// has no translation.
std::unique_ptr<llvm::Module> translateToLLVM(mlir::ModuleOp module,
                                              llvm::LLVMContext &context);

} // namespace skim

#endif // SKIM_TARGET_TRANSLATE_H
