//===- InitAll.h - everything that skim-opt knows ---------------*- C++ -*-===//
// Registers the dialects, passes and pipelines of skim for tools that take them
// by name. The compiler itself loads only what it uses.
//===----------------------------------------------------------------------===//

#ifndef SKIM_INITALL_H
#define SKIM_INITALL_H

#include "skim/Conversion/KernelsToLLVM/Passes.h"
#include "skim/Conversion/OnnxToLinalg/Passes.h"
#include "skim/Conversion/Passes.h"
#include "skim/Conversion/SkimToKernels/Passes.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"
#include "skim/Pipelines/Passes.h"
#include "skim/Pipelines/Pipelines.h"

namespace skim {

/// Registers skim's dialects.
inline void registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<SkimDialect, onnx::OnnxDialect>();
}

/// Registers skim's passes and pipelines.
inline void registerAllPasses() {
  onnx::registerOnnxPasses();
  registerSkimTransformsPasses();
  registerOnnxToLinalgPasses();
  registerConversionPasses();
  registerKernelsToLLVMPasses();
  registerPipelinesPasses();
  registerPipelines();
  registerSkimToKernelsPasses();
}

} // namespace skim

#endif // SKIM_INITALL_H
