//===- KernelsPipeline.cpp - skim and onnx ops to kernels on buffers ------===//
// The stage that chooses kernels for a processor, and brings what is left of
// the onnx dialect to loops.
//===----------------------------------------------------------------------===//

#include "skim/Pipelines/Pipelines.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"
#include "skim/Conversion/OnnxToLinalg/Passes.h"
#include "skim/Conversion/SkimToKernels/Passes.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"
#include "skim/Pipelines/Passes.h"

using namespace mlir;
using namespace skim;

void skim::buildKernelsPipeline(OpPassManager &passes,
                                const PipelineOptions &options) {
  // On tensors still: shapes of the main function's arguments are read there.
  passes.addPass(createConvertOnnxToLinalgPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  // After equal loops are one: a loop with two readers stays.
  passes.addNestedPass<func::FuncOp>(createFuseLoopsPass());
  // Takes the constants that linalg left to skim ops; makes the main function's
  // arguments buffers, so that bufferisation has no boundary to cross.
  ConvertSkimToKernelsPassOptions kernels;
  kernels.mcpu = options.cpu;
  kernels.mtriple = options.triple;
  kernels.dtype = options.dtype;
  kernels.kernels = options.kernels;
  passes.addPass(createConvertSkimToKernelsPass(kernels));
  // After both, since both declare weights.
  passes.addPass(createSkimLayoutWeightsPass());
  // What is left in tensors is the work of linalg.
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.allowReturnAllocsFromLoops = true;
  passes.addPass(bufferization::createOneShotBufferizePass(bufferize));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  // On buffers, where a thread's share is a range of indices.
  passes.addPass(createOutlineLoopsPass());
  passes.addPass(createConvertLinalgToLoopsPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  // Last, when every buffer and every use of it is there.
  passes.addNestedPass<func::FuncOp>(createInsertFreesPass());
  passes.addPass(createVerifyKernelsFormPass());
}
