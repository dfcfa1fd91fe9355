//===- Evaluate.h - ops on constant tensors ---------------------*- C++ -*-===//
// What the constant folder can compute, by family of ops. Results' types are
// known by then; an evaluator fills the elements.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EVALUATE_H
#define SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EVALUATE_H

#include "ConstantTensor.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

namespace skim::onnx {

/// The operands' elements, null for an absent one; results in the op's order.
struct Evaluation {
  mlir::Operation *op;
  llvm::ArrayRef<const ConstantTensor *> in;
  llvm::MutableArrayRef<ConstantTensor> out;
};

/// Each returns false, having written nothing of use, when it does not know the
/// op or the op's meaning is not fixed for these elements (division by 0).
bool evaluateArithmetic(const Evaluation &e);
bool evaluateLogic(const Evaluation &e);
bool evaluateConversion(const Evaluation &e);
bool evaluateMovement(const Evaluation &e);
bool evaluateProducts(const Evaluation &e);
bool evaluateNorms(const Evaluation &e);
bool evaluateSelection(const Evaluation &e);
bool evaluateReduction(const Evaluation &e);

/// Row major strides; 0 on axes of extent 1 and in front where `shape` is
/// shorter than `rank`: positions as seen from a tensor that `shape` broadcasts
/// to.
llvm::SmallVector<int64_t> broadcastStrides(llvm::ArrayRef<int64_t> shape,
                                            size_t rank);

/// Visits the positions of `shape` in row major order with the position that
/// the strides give in each operand.
template <size_t N, typename F>
void forEachPosition(llvm::ArrayRef<int64_t> shape,
                     const std::array<llvm::SmallVector<int64_t>, N> &strides,
                     F &&visit) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  std::array<int64_t, N> at{};
  for (int64_t i = 0; i < count; ++i) {
    visit(i, at);
    for (size_t axis = shape.size(); axis-- > 0;) {
      for (size_t k = 0; k < N; ++k)
        at[k] += strides[k][axis];
      if (++index[axis] < shape[axis])
        break;
      for (size_t k = 0; k < N; ++k)
        at[k] -= strides[k][axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_TRANSFORMS_EVALUATE_H
