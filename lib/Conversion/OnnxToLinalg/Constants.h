//===- Constants.h - constants of left-over ops -----------------*- C++ -*-===//
// Small constants become arith.constant, large ones entries of the weights.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOLINALG_CONSTANTS_H
#define SKIM_LIB_CONVERSION_ONNXTOLINALG_CONSTANTS_H

#include "mlir/IR/BuiltinOps.h"

namespace skim::lowering {

/// Lowers every onnx.Constant of `module` but for the uses by skim ops. Those
/// of more than `limit` bytes become weights, whose number is the result.
mlir::FailureOr<int64_t> lowerConstants(mlir::ModuleOp module, int64_t limit);

} // namespace skim::lowering

#endif // SKIM_LIB_CONVERSION_ONNXTOLINALG_CONSTANTS_H
