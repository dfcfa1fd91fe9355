//===- Describe.h - a module's inputs, outputs and layers -------*- C++ -*-===//
// Gathers the model description that goes into the library.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_COMPILER_DESCRIBE_H
#define SKIM_LIB_COMPILER_DESCRIBE_H

#include "mlir/IR/BuiltinOps.h"
#include "skim/Target/CpuTarget.h"
#include "skim/Target/ModelDescriptor.h"

namespace skim {

/// Describes the module's main function, in the form that the optimised stage
/// leaves. Only the size of the weights is missing.
mlir::FailureOr<ModelDescription> describeModel(mlir::ModuleOp module,
                                                const CpuTarget &target);

} // namespace skim

#endif // SKIM_LIB_COMPILER_DESCRIBE_H
