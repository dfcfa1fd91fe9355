//===- ConvertKernelsToLLVM.cpp - kernels form to runtime calls -----------===//
// The pass; its four steps are in the files beside.
//===----------------------------------------------------------------------===//

#include "RuntimeCalls.h"

#include "skim/Conversion/KernelsToLLVM/Passes.h"

namespace skim {
#define GEN_PASS_DEF_CONVERTKERNELSTOLLVMPASS
#include "skim/Conversion/KernelsToLLVM/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

namespace {
struct ConvertKernelsToLLVM
    : skim::impl::ConvertKernelsToLLVMPassBase<ConvertKernelsToLLVM> {
  void runOnOperation() override {
    RuntimeCalls runtime(getOperation());
    if (failed(lowerEntry(runtime)))
      return signalPassFailure();
    FailureOr<DispatchCounts> counts = lowerDispatches(runtime);
    if (failed(counts) || failed(lowerRowTableOps(runtime)) ||
        failed(lowerRuntimeOps(runtime)))
      return signalPassFailure();
    numKernels += counts->kernels;
    numDispatches += counts->dispatches;
  }
};
} // namespace
