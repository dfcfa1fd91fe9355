//===- InsertPlanPass.h - the pass over a plan that is read -----*- C++ -*-===//

#ifndef SKIM_DIALECT_SKIM_TRANSFORMS_INSERTPLANPASS_H
#define SKIM_DIALECT_SKIM_TRANSFORMS_INSERTPLANPASS_H

#include "mlir/Pass/Pass.h"
#include <memory>

namespace skim {

struct Plan;

/// The pass `skim-insert-plan` with a plan in memory, which outlives it.
std::unique_ptr<mlir::Pass> createSkimInsertPlanPass(const Plan *plan);

} // namespace skim

#endif // SKIM_DIALECT_SKIM_TRANSFORMS_INSERTPLANPASS_H
