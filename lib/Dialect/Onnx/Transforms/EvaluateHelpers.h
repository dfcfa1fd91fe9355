//===- EvaluateHelpers.h - what evaluators share ----------------*- C++ -*-===//
// Integers of constants and strides.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EVALUATEHELPERS_H
#define SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EVALUATEHELPERS_H

#include "ConstantTensor.h"

namespace skim::onnx {
/// The elements of an integer tensor; nothing for an absent or another one.
std::optional<llvm::SmallVector<int64_t>>
readInts(const ConstantTensor *tensor);

/// How far apart neighbours on each axis are.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);
} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EVALUATEHELPERS_H
