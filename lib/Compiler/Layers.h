//===- Layers.h - floating-point operations by layer ------------*- C++ -*-===//

#ifndef SKIM_LIB_COMPILER_LAYERS_H
#define SKIM_LIB_COMPILER_LAYERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "skim/Target/ModelDescriptor.h"

namespace skim {

/// Fills in the layers of `model` and the operations outside of them: two for
/// each multiply-accumulate of linear layers and attention.
void countFlops(mlir::func::FuncOp main, ModelDescription &model);

} // namespace skim

#endif // SKIM_LIB_COMPILER_LAYERS_H
