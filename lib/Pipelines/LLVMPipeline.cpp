//===- LLVMPipeline.cpp - kernels form to the LLVM dialect ----------------===//
// Runtime calls first, then MLIR's own conversions from the highest dialect to
// the lowest.
//===----------------------------------------------------------------------===//

#include "skim/Pipelines/Pipelines.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"
#include "skim/Conversion/KernelsToLLVM/Passes.h"
#include "skim/Pipelines/Passes.h"

using namespace mlir;
using namespace skim;

void skim::buildLLVMPipeline(OpPassManager &passes,
                             const PipelineOptions &options) {
  // Before the metadata of strided buffers is expanded: copies need it whole.
  passes.addNestedPass<func::FuncOp>(createExpandMemRefCopyPass());
  // While functions are of the math dialect, not calls of libm.
  ExpandMathPassOptions math;
  math.mcpu = options.cpu;
  math.mtriple = options.triple;
  passes.addPass(createExpandMathPass(math));
  passes.addPass(memref::createExpandOpsPass());
  // Subviews and reshapes become arithmetic; before the affine dialect goes,
  // since it writes that arithmetic as affine.apply.
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  // While functions are func.func still: kernels get their bare signature.
  passes.addPass(createConvertKernelsToLLVMPass());
  passes.addPass(createConvertVectorToSCFPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertVectorToLLVMPass());
  // What LLVM has an intrinsic for, then libm for the rest.
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertIndexToLLVMPass());
  passes.addPass(createUBToLLVMConversionPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  // Calls of libm and signatures.
  passes.addPass(createConvertFuncToLLVMPass());
  // Once all that loads and stores is of the LLVM dialect.
  passes.addPass(createWidenBoolsPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createVerifyLLVMFormPass());
}
