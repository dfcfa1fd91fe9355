//===- MergeLinears.h - linear layers that are one product ------*- C++ -*-===//
// Finds the query, key and value layers of an attention.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_SKIMTOKERNELS_MERGELINEARS_H
#define SKIM_LIB_CONVERSION_SKIMTOKERNELS_MERGELINEARS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/ADT/MapVector.h"

namespace skim {

/// Groups of at least two layers, by their first one, in order.
using MergedLinears =
    llvm::MapVector<mlir::Operation *, llvm::SmallVector<LinearOp>>;

/// The layers of `main` that read the same ragged states, have neither
/// activation nor residual, agree in having a bias and in the weight's
/// orientation, and whose results only attention reads.
MergedLinears findMergedLinears(mlir::func::FuncOp main);

} // namespace skim

#endif // SKIM_LIB_CONVERSION_SKIMTOKERNELS_MERGELINEARS_H
