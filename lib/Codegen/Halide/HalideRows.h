//===- HalideRows.h - kernels of one task a row -----------------*- C++ -*-===//
// The adapters around the pipelines of norms and copies.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_HALIDEROWS_H
#define SKIM_LIB_CODEGEN_HALIDE_HALIDEROWS_H

#include "PipelineCalls.h"
#include "skim/Codegen/KernelSpecs.h"

namespace skim {

mlir::FailureOr<mlir::func::FuncOp>
emitHalideNorm(KernelBuilder &builder, mlir::ModuleOp module,
               const halide::Pipelines &pipelines, const NormSpec &spec,
               llvm::StringRef name);
mlir::FailureOr<mlir::func::FuncOp>
emitHalideGather(KernelBuilder &builder, mlir::ModuleOp module,
                 const halide::Pipelines &pipelines, const GatherSpec &spec,
                 llvm::StringRef name);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_HALIDE_HALIDEROWS_H
