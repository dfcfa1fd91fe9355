//===- Passes.h - from onnx to linalg ---------------------------*- C++ -*-===//
// Declares and registers the passes of this conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_ONNXTOLINALG_PASSES_H
#define SKIM_CONVERSION_ONNXTOLINALG_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace skim {
#define GEN_PASS_DECL
#include "skim/Conversion/OnnxToLinalg/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "skim/Conversion/OnnxToLinalg/Passes.h.inc"
} // namespace skim

#endif // SKIM_CONVERSION_ONNXTOLINALG_PASSES_H
