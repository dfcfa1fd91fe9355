//===- Passes.h - passes on the onnx dialect --------------------*- C++ -*-===//
// Declarations of the passes that Passes.td describes.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_TRANSFORMS_PASSES_H
#define SKIM_DIALECT_ONNX_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

namespace skim::onnx {
#define GEN_PASS_DECL
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

#endif // SKIM_DIALECT_ONNX_TRANSFORMS_PASSES_H
