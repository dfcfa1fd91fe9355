//===- MatMulDims.h - shape rules that products share -----------*- C++ -*-===//
// What MatMul, its quantised and its fused forms have in common.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_TRANSFORMS_MATMULDIMS_H
#define SKIM_LIB_DIALECT_ONNX_TRANSFORMS_MATMULDIMS_H

#include "Inference.h"

namespace skim::onnx {
/// An error when both are constant and differ.
llvm::LogicalResult checkEqual(Inference &in, llvm::StringRef what,
                               const SymDim &a, const SymDim &b);

/// Result 0 as the product of tensors of these dimensions.
llvm::LogicalResult setMatMulDims(Inference &in, SymDims a, SymDims b);
} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_TRANSFORMS_MATMULDIMS_H
