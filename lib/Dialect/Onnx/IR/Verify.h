//===- Verify.h - checks that the op verifiers share ------------*- C++ -*-===//
// Each reports what it expected and what it found, and passes where a type does
// not tell.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_IR_VERIFY_H
#define SKIM_LIB_DIALECT_ONNX_IR_VERIFY_H

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

namespace skim::onnx {

/// The shape of a ranked tensor.
std::optional<llvm::ArrayRef<int64_t>> getShape(mlir::Value value);

/// `axis` lies in [-rank, rank) of `value`, or in [-rank, rank] with `orEnd`.
llvm::LogicalResult verifyAxis(mlir::Operation *op, int64_t axis,
                               mlir::Value value, bool orEnd = false);

/// The elements of the constant `axes` lie in [-rank, rank) and differ.
llvm::LogicalResult verifyAxes(mlir::Operation *op, mlir::Value axes,
                               int64_t rank);

/// `value` has this rank.
llvm::LogicalResult verifyRank(mlir::Operation *op, llvm::StringRef name,
                               mlir::Value value, int64_t rank);

/// `value` has one element, or is absent.
llvm::LogicalResult verifyOneElement(mlir::Operation *op, llvm::StringRef name,
                                     mlir::Value value);

/// `value` is one of `allowed`.
llvm::LogicalResult verifyOneOf(mlir::Operation *op, llvm::StringRef name,
                                llvm::StringRef value,
                                llvm::ArrayRef<llvm::StringRef> allowed);

/// Rows of `a` have the length of columns of `b`; both have at least one
/// dimension.
llvm::LogicalResult verifyProduct(mlir::Operation *op, mlir::Value a,
                                  mlir::Value b);

/// True when the sizes may be equal.
inline bool agree(int64_t a, int64_t b) {
  return a == b || mlir::ShapedType::isDynamic(a) ||
         mlir::ShapedType::isDynamic(b);
}

} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_IR_VERIFY_H
