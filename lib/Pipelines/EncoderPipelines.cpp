//===- EncoderPipelines.cpp - onnx form to optimised skim form ------------===//
// The stages that know what an encoder is and not yet what a processor is.
//===----------------------------------------------------------------------===//

#include "skim/Pipelines/Pipelines.h"

#include "mlir/Transforms/Passes.h"
#include "skim/Conversion/OnnxToSkim/OnnxToSkim.h"
#include "skim/Conversion/Passes.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"
#include "skim/Dialect/Skim/Transforms/InsertPlanPass.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"
#include "skim/Pipelines/Passes.h"

using namespace mlir;
using namespace skim;

void skim::buildOnnxPipeline(OpPassManager &passes,
                             const PipelineOptions &options) {
  // Before anything looks at types: all that follows knows fp32.
  passes.addNestedPass<func::FuncOp>(onnx::createWidenFloatsPass());
  passes.addNestedPass<func::FuncOp>(onnx::createInferShapesPass());
  // Before anything looks for ops: all that follows knows those of ONNX only.
  passes.addNestedPass<func::FuncOp>(onnx::createExpandFusedOpsPass());
  bool roundsItself = options.dtype == "int8" || options.dtype == "bf16";
  // Before integers are folded to the numbers that they stand for.
  if (!roundsItself)
    passes.addNestedPass<func::FuncOp>(onnx::createQuantiseProductsPass());
  // Weights first: a stored weight is freed before anything else is made.
  passes.addNestedPass<func::FuncOp>(onnx::createFoldConstantsPass());
  // Layers that round activations themselves do not take rounded ones; before
  // the weights, still integers, are folded.
  if (roundsItself)
    passes.addNestedPass<func::FuncOp>(onnx::createUnquantiseActivationsPass());
  passes.addNestedPass<func::FuncOp>(onnx::createNormalisePass());
  // What normalising has made constant.
  passes.addNestedPass<func::FuncOp>(onnx::createFoldConstantsPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  // Types of values whose operands became constants.
  passes.addNestedPass<func::FuncOp>(onnx::createInferShapesPass());
  passes.addPass(createVerifyOnnxFormPass());
}

void skim::buildRaisePipeline(OpPassManager &passes,
                              const PipelineOptions &options) {
  if (options.raiseReport) {
    passes.addPass(createConvertOnnxToSkimPass(options.raiseReport));
  } else {
    ConvertOnnxToSkimPassOptions raise;
    raise.report = options.reportUnraised;
    passes.addPass(createConvertOnnxToSkimPass(raise));
  }
  // Masks and ids that several raised ops share must be one value: packing
  // asks whether all attentions have the same mask.
  passes.addPass(createCSEPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createVerifySkimFormPass());
}

void skim::buildPackPipeline(OpPassManager &passes,
                             const PipelineOptions &options) {
  SkimPackPassOptions pack;
  pack.keepPadding = options.keepPadding;
  // What a plan cuts is no part of a range either.
  pack.scalesOfTokens = options.plan || !options.planFile.empty();
  passes.addNestedPass<func::FuncOp>(createSkimPackPass(pack));
  // Masks that nobody reads any more.
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createVerifyPackedFormPass());
}

void skim::buildPlanPipeline(OpPassManager &passes,
                             const PipelineOptions &options) {
  if (options.plan || !options.planFile.empty()) {
    SkimInsertPlanPassOptions insert;
    insert.plan = options.planFile;
    passes.addPass(options.plan ? createSkimInsertPlanPass(options.plan)
                                : createSkimInsertPlanPass(insert));
    // Heads on held states leave those on survivors unused, and the other way
    // round; held states that no output reads go as well.
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
  }
  passes.addPass(createVerifyPackedFormPass());
}

void skim::buildOptimisePipeline(OpPassManager &passes,
                                 const PipelineOptions &options) {
  passes.addNestedPass<func::FuncOp>(createSkimFuseEpiloguePass());
  // After the plan: what it reads of a layer, importance say, is read.
  passes.addNestedPass<func::FuncOp>(createSkimNarrowRowsPass());
  passes.addPass(createCSEPass());
  // Of the ops that run: the last ones that are skim's and onnx's.
  passes.addNestedPass<func::FuncOp>(createSkimFindMicroBatchesPass());
  passes.addPass(createVerifyPackedFormPass());
}
