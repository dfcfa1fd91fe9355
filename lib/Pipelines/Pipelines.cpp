//===- Pipelines.cpp - names of the pipelines -----------------------------===//
// Registers the builders, so that tests can run a stage alone.
//===----------------------------------------------------------------------===//

#include "skim/Pipelines/Pipelines.h"

#include "mlir/Pass/PassOptions.h"

using namespace mlir;
using namespace skim;

namespace {
/// PipelineOptions as pass options.
struct TextOptions : PassPipelineOptions<TextOptions> {
  Option<std::string> cpu{*this, "mcpu",
                          llvm::cl::desc("Processor to compile for"),
                          llvm::cl::init("native")};
  Option<std::string> triple{*this, "mtriple",
                             llvm::cl::desc("Triple to compile for")};
  Option<std::string> dtype{
      *this, "dtype",
      llvm::cl::desc(
          "Numbers that linear layers multiply: fp32, bf16, int8, int8x3"),
      llvm::cl::init("fp32")};
  Option<bool> keepPadding{
      *this, "keep-padding",
      llvm::cl::desc("Compute padded positions as ONNX does"),
      llvm::cl::init(false)};
  Option<std::string> plan{*this, "plan", llvm::cl::desc("Plan file")};
  Option<bool> reportUnraised{
      *this, "report-unraised",
      llvm::cl::desc("Remark on each op that is not raised"),
      llvm::cl::init(false)};

  PipelineOptions get() const {
    PipelineOptions options;
    options.cpu = cpu;
    options.triple = triple;
    options.dtype = dtype;
    options.keepPadding = keepPadding;
    options.planFile = plan;
    options.reportUnraised = reportUnraised;
    return options;
  }
};
} // namespace

static void add(StringRef name, StringRef description,
                void (*build)(OpPassManager &, const PipelineOptions &)) {
  PassPipelineRegistration<TextOptions>(
      name, description,
      [build](OpPassManager &passes, const TextOptions &options) {
        build(passes, options.get());
      });
}

void skim::registerPipelines() {
  add("onnx-pipeline", "Shapes, constants and normal forms of imported graphs",
      buildOnnxPipeline);
  add("raise-pipeline", "onnx ops to skim ops on dense states",
      buildRaisePipeline);
  add("pack-pipeline", "Dense states to ragged ones", buildPackPipeline);
  add("plan-pipeline", "Put the plan's methods in", buildPlanPipeline);
  add("optimise-pipeline", "Fuse and merge skim ops", buildOptimisePipeline);
  add("kernels-pipeline", "skim and onnx ops to kernels on buffers",
      buildKernelsPipeline);
  add("llvm-pipeline", "Kernels form to the LLVM dialect", buildLLVMPipeline);
}
