//===- Passes.h - passes that change the dialect ----------------*- C++ -*-===//
// Constructors and registration of the conversions in Passes.td.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_PASSES_H
#define SKIM_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace skim {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "skim/Conversion/Passes.h.inc"
} // namespace skim

#endif // SKIM_CONVERSION_PASSES_H
