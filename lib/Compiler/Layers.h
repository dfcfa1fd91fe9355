//===- Layers.h - floating-point operations by layer ------------*- C++ -*-===//

#ifndef SKIM_LIB_COMPILER_LAYERS_H
#define SKIM_LIB_COMPILER_LAYERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "skim/Target/ModelDescriptor.h"

namespace skim {

/// Fills in the layers of `model` and the operations outside of them, as they
/// run without a plan: two for each multiply-accumulate of linear layers and
/// attention. `packed` is the packed form and stays as it is.
mlir::LogicalResult countFlops(mlir::ModuleOp packed, ModelDescription &model);

} // namespace skim

#endif // SKIM_LIB_COMPILER_LAYERS_H
