//===- PipelineCalls.h - calls of pipelines from kernels --------*- C++ -*-===//
// What the adapters of all families share.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_PIPELINECALLS_H
#define SKIM_LIB_CODEGEN_HALIDE_PIPELINECALLS_H

#include "../CPU/KernelBuilder.h"
#include "skim/Codegen/HalidePipelines.h"

namespace skim {

/// What a pipeline is compiled for.
halide::Machine describeMachine(const TargetInfo &target);

/// Declares the pipeline: a function without a body, of as many index
/// arguments as the pipeline has, that carries its bitcode.
mlir::FailureOr<mlir::func::FuncOp> declarePipeline(mlir::ModuleOp module,
                                                    llvm::StringRef kernel,
                                                    const halide::Code &code);

/// The name of Halide's function in the bitcode of `kernel`'s pipeline.
std::string pipelineName(llvm::StringRef kernel);

/// Has `make` compile the pipeline of `spec` for `kernel`, and declares it.
template <typename Spec>
mlir::FailureOr<mlir::func::FuncOp>
makePipeline(mlir::ModuleOp module, const TargetInfo &target,
             halide::Pipelines::Make<Spec> make, const Spec &spec,
             llvm::StringRef kernel) {
  halide::Code code;
  std::string error;
  if (!make(describeMachine(target), spec, pipelineName(kernel), code, error))
    return module.emitError() << "kernel " << kernel << ": " << error;
  return declarePipeline(module, kernel, code);
}

/// The address, in bytes, of element `offset` of a buffer.
Value addressOf(KernelBuilder &b, Value memref, Value offset);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_HALIDE_PIPELINECALLS_H
