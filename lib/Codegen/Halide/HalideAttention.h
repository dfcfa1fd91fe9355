//===- HalideAttention.h - attention as a kernel ----------------*- C++ -*-===//
// The adapter around the pipelines of an AttentionSpec.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_HALIDEATTENTION_H
#define SKIM_LIB_CODEGEN_HALIDE_HALIDEATTENTION_H

#include "PipelineCalls.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

/// Nothing is added to the scores: what Halide has pipelines for.
bool hasHalideAttention(const AttentionSpec &spec);

mlir::FailureOr<mlir::func::FuncOp>
emitHalideAttention(KernelBuilder &builder, mlir::ModuleOp module,
                    const halide::Pipelines &pipelines,
                    const AttentionSpec &spec, llvm::StringRef name);
Launch launchHalideAttention(KernelBuilder &builder, const AttentionSpec &spec,
                             Value batch, Value sequence);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_HALIDE_HALIDEATTENTION_H
