//===- HalideGemm.h - the matrix product as a kernel ------------*- C++ -*-===//
// The adapter around the pipeline of a GemmSpec.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_HALIDEGEMM_H
#define SKIM_LIB_CODEGEN_HALIDE_HALIDEGEMM_H

#include "PipelineCalls.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

mlir::FailureOr<mlir::func::FuncOp>
emitHalideGemm(KernelBuilder &builder, mlir::ModuleOp module,
               const halide::Pipelines &pipelines, const GemmSpec &spec,
               llvm::StringRef name);
Launch launchHalideGemm(KernelBuilder &builder, const GemmSpec &spec,
                        Value rows);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_HALIDE_HALIDEGEMM_H
