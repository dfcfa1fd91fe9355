//===- Passes.h - verifiers of the forms between stages ---------*- C++ -*-===//
// Declares and registers the verifiers.
//===----------------------------------------------------------------------===//

#ifndef SKIM_PIPELINES_PASSES_H
#define SKIM_PIPELINES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace skim {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "skim/Pipelines/Passes.h.inc"
} // namespace skim

#endif // SKIM_PIPELINES_PASSES_H
