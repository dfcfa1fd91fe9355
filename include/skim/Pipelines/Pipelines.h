//===- Pipelines.h - the order of passes ------------------------*- C++ -*-===//
// One builder for each stage of the compiler; nowhere else is an order of
// passes written. Each ends in the verifier of the form that it promises.
//===----------------------------------------------------------------------===//

#ifndef SKIM_PIPELINES_PIPELINES_H
#define SKIM_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include <string>

namespace skim {

struct Plan;
struct RaiseReport;

/// What the pipelines can be told; one struct for all of them.
struct PipelineOptions {
  /// Processor as --mcpu takes it, and triple (empty: the host's).
  std::string cpu = "native";
  std::string triple;
  /// Numbers that linear layers multiply: fp32, bf16 or int8, or int8x3, fp32
  /// numbers as digits.
  std::string dtype = "fp32";
  /// Who writes kernels: mlir, halide or auto.
  std::string kernels = "auto";
  /// Compute padded positions as ONNX does.
  bool keepPadding = false;
  /// The plan to put in, or its file; null and empty: none.
  const Plan *plan = nullptr;
  std::string planFile;
  /// Remark on each op that is not raised.
  bool reportUnraised = false;
  /// Filled by raising, where it is not null.
  RaiseReport *raiseReport = nullptr;
};

/// The dialects that the pipelines load, with the interfaces they need.
void registerPipelineDialects(mlir::DialectRegistry &registry);

/// What the importer gives to onnx ops of known shapes in normal form.
void buildOnnxPipeline(mlir::OpPassManager &passes,
                       const PipelineOptions &options);

/// To skim ops on dense states, and the onnx ops that are left.
void buildRaisePipeline(mlir::OpPassManager &passes,
                        const PipelineOptions &options);

/// To skim ops on ragged states.
void buildPackPipeline(mlir::OpPassManager &passes,
                       const PipelineOptions &options);

/// The plan's methods put in; the same form.
void buildPlanPipeline(mlir::OpPassManager &passes,
                       const PipelineOptions &options);

/// Fewer and larger ops; the same form.
void buildOptimisePipeline(mlir::OpPassManager &passes,
                           const PipelineOptions &options);

/// To dispatches of kernels on buffers.
void buildKernelsPipeline(mlir::OpPassManager &passes,
                          const PipelineOptions &options);

/// Kernels form to the LLVM dialect; skim.weights declarations stay.
void buildLLVMPipeline(mlir::OpPassManager &passes,
                       const PipelineOptions &options);

/// Registers every builder under its name: onnx-pipeline, raise-pipeline,
/// pack-pipeline, plan-pipeline, optimise-pipeline, kernels-pipeline,
/// llvm-pipeline.
void registerPipelines();

} // namespace skim

#endif // SKIM_PIPELINES_PIPELINES_H
