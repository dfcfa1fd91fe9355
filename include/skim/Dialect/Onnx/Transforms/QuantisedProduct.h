//===- QuantisedProduct.h - linear layers as quantisers write them -*- C++ -*-//
// What a product of integers stands for, told by the factors behind it.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_TRANSFORMS_QUANTISEDPRODUCT_H
#define SKIM_DIALECT_ONNX_TRANSFORMS_QUANTISEDPRODUCT_H

#include "mlir/IR/PatternMatch.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

namespace skim::onnx {

/// `float((q(x) - zero) (w - zero_w)) * (scale * scale_w)`, where
/// `DynamicQuantizeLinear` gives q(x), zero and scale. Where `QuantizeLinear`
/// by constants gives q(x) there is one factor, `scale_w`, that has both.
struct QuantisedProduct {
  MatMulIntegerOp product;
  mlir::Value states;     ///< x, in f32
  QuantizeLinearOp given; ///< what gives q(x) by constants of one element
  mlir::Value weight;     ///< w, a constant matrix of integers
  mlir::Value scale;      ///< scale_w, a constant of rank 0 or 1
  mlir::Value zeroPoint;  ///< zero_w, a constant of as many numbers, or absent
};

/// The product that `op`, the last of its factors, completes; says why one of
/// integers is none.
std::optional<QuantisedProduct>
matchQuantisedProduct(MulOp op, mlir::PatternRewriter &rewriter);

/// Whether two scales or zero points are the same, or constants with the same
/// elements, or both absent.
bool areEqual(mlir::Value a, mlir::Value b);

} // namespace skim::onnx

#endif // SKIM_DIALECT_ONNX_TRANSFORMS_QUANTISEDPRODUCT_H
