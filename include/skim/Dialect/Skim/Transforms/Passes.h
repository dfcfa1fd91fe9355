//===- Passes.h - passes from skim to skim ----------------------*- C++ -*-===//
// Declarations and registration of the passes in Passes.td.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_TRANSFORMS_PASSES_H
#define SKIM_DIALECT_SKIM_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace skim {
#define GEN_PASS_DECL
#include "skim/Dialect/Skim/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "skim/Dialect/Skim/Transforms/Passes.h.inc"
} // namespace skim

#endif // SKIM_DIALECT_SKIM_TRANSFORMS_PASSES_H
