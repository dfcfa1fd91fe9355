//===- ExpandFusedOps.h - ops of com.microsoft to ops of ONNX ---*- C++ -*-===//
// What the expansions of the pass onnx-expand-fused-ops share.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EXPANDFUSEDOPS_H
#define SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EXPANDFUSEDOPS_H

#include "Normalise.h"

namespace skim::onnx {

/// Builds what an op stands for, in front of it.
class Expansion {
public:
  Expansion(mlir::RewriterBase &rewriter, NormaliseState &state,
            mlir::Operation *op)
      : rewriter(rewriter), state(state), op(op) {}

  /// Says what is wrong with the node.
  llvm::LogicalResult error(const llvm::Twine &message);

  std::optional<llvm::ArrayRef<SymDim>> dims(mlir::Value value) {
    return state.shapes.dims(value);
  }
  /// The rank; -1 when it is not known.
  int64_t rank(mlir::Value value) {
    auto known = dims(value);
    return known ? static_cast<int64_t>(known->size()) : -1;
  }

  /// An op with one tensor result of the first operand's element type.
  template <typename OpTy, typename... Args>
  mlir::Value make(mlir::Value first, Args &&...args) {
    return makeOf<OpTy>(elementType(first), first, std::forward<Args>(args)...);
  }
  template <typename OpTy, typename... Args>
  mlir::Value makeOf(mlir::Type element, Args &&...args) {
    return state.build<OpTy>(rewriter, op->getLoc(), element,
                             std::forward<Args>(args)...);
  }
  mlir::Value ints(llvm::ArrayRef<int64_t> values) {
    return buildInts(rewriter, op->getLoc(), values);
  }
  mlir::IntegerAttr attr(int64_t value) {
    return rewriter.getI64IntegerAttr(value);
  }
  /// A scalar.
  mlir::Value number(mlir::Type element, double value);
  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> perm);
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape) {
    return buildReshape(rewriter, state, op->getLoc(), value, ints(shape));
  }
  mlir::Value unsqueeze(mlir::Value value, llvm::ArrayRef<int64_t> axes) {
    return make<UnsqueezeOp>(value, ints(axes));
  }
  mlir::Value cast(mlir::Value value, mlir::Type element) {
    return buildCast(rewriter, state, op->getLoc(), value, element);
  }
  /// `[0, 1, .. size of the axis - 1]`.
  mlir::Value positions(mlir::Value value, int64_t axis);
  /// A part of the last axis.
  mlir::Value columns(mlir::Value value, int64_t begin, int64_t end);

  mlir::RewriterBase &rewriter;
  NormaliseState &state;
  mlir::Operation *op;
};

/// The values of the op's results; null where a result is absent.
using Expanded = mlir::FailureOr<llvm::SmallVector<mlir::Value>>;
Expanded expandAttention(Expansion &e, MsMultiHeadAttentionOp op);

} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EXPANDFUSEDOPS_H
