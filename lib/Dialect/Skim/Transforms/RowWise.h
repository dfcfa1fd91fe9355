//===- RowWise.h - ops that work on each row apart --------------*- C++ -*-===//
// Private to the transforms.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_SKIM_TRANSFORMS_ROWWISE_H
#define SKIM_LIB_DIALECT_SKIM_TRANSFORMS_ROWWISE_H

#include "skim/Dialect/Skim/IR/SkimDialect.h"

namespace skim {

/// Whether each row of the op's result depends on that row of its operands
/// alone.
inline bool isRowWise(mlir::Operation *op) {
  if (auto linear = llvm::dyn_cast_or_null<LinearOp>(op))
    return !linear.roundsByRange();
  return mlir::isa_and_nonnull<NormOp, AddOp, MulOp, ActivationOp, GluOp,
                               L2NormalizeOp>(op);
}

} // namespace skim

#endif // SKIM_LIB_DIALECT_SKIM_TRANSFORMS_ROWWISE_H
