//===- Passes.h - from the kernels form to LLVM -----------------*- C++ -*-===//
// Declares and registers the passes of this conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_KERNELSTOLLVM_PASSES_H
#define SKIM_CONVERSION_KERNELSTOLLVM_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace skim {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "skim/Conversion/KernelsToLLVM/Passes.h.inc"
} // namespace skim

#endif // SKIM_CONVERSION_KERNELSTOLLVM_PASSES_H
