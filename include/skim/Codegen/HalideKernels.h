//===- HalideKernels.h - kernels that Halide compiles -----------*- C++ -*-===//
// The second emitter behind KernelEmitter.h. Its kernels give the bits of the
// first one's; what it has no pipeline for, the first one emits.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_HALIDEKERNELS_H
#define SKIM_CODEGEN_HALIDEKERNELS_H

#include "skim/Codegen/KernelEmitter.h"
#include "llvm/Support/Error.h"

namespace skim {

/// The attribute of a function without a body whose code is LLVM bitcode.
constexpr llvm::StringLiteral bitcodeAttrName = "skim.bitcode";

/// Opens the module with Halide beside this program or in the folder `lib`
/// beside its folder; an error where it is not there.
llvm::Error openHalide();

/// The emitter of Halide's kernels, `others` that of all other kernels.
/// Needs openHalide() to have been a success.
std::unique_ptr<KernelEmitter>
createHalideKernelEmitter(mlir::ModuleOp module, const TargetInfo &target,
                          std::unique_ptr<KernelEmitter> others);

} // namespace skim

#endif // SKIM_CODEGEN_HALIDEKERNELS_H
