//===- Passes.h - from skim to the kernels form -----------------*- C++ -*-===//
// Declares and registers the passes of this conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_SKIMTOKERNELS_PASSES_H
#define SKIM_CONVERSION_SKIMTOKERNELS_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include <string>

namespace skim {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "skim/Conversion/SkimToKernels/Passes.h.inc"

/// The kernels that the main function of `module` calls, and how often each:
/// "gemm_768x768_bias x 12, ...".
std::string listKernels(mlir::ModuleOp module);
} // namespace skim

#endif // SKIM_CONVERSION_SKIMTOKERNELS_PASSES_H
