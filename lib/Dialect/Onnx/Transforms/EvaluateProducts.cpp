//===- EvaluateProducts.cpp - matrix products of constants ----------------===//
// MatMul: position embeddings behind their projection, say, which no input
// changes.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "EvaluateHelpers.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
/// An operand: its dimensions in front, then rows and columns.
struct MatrixShape {
  SmallVector<int64_t> batch;
  int64_t rows = 1, columns = 1;
};
} // namespace

/// A vector is one row on the left, one column on the right.
static MatrixShape matrixShape(ArrayRef<int64_t> shape, bool left) {
  MatrixShape matrix;
  if (shape.size() > 1) {
    matrix.batch.assign(shape.begin(), shape.end() - 2);
    matrix.rows = shape[shape.size() - 2];
  }
  if (left || shape.size() > 1)
    matrix.columns = shape.back();
  else
    matrix.rows = shape.back();
  return matrix;
}

/// Matrices from one step along each axis of `batch` to the next.
static SmallVector<int64_t> batchStrides(const MatrixShape &matrix,
                                         size_t rank) {
  SmallVector<int64_t> strides = broadcastStrides(matrix.batch, rank);
  for (int64_t &stride : strides)
    stride *= matrix.rows * matrix.columns;
  return strides;
}

/// The elements as numbers that products are summed in.
template <typename T, typename Sum>
static std::vector<Sum> readAll(const ConstantTensor &tensor) {
  std::vector<Sum> values(tensor.size());
  for (int64_t i = 0; i < tensor.size(); ++i)
    values[i] = static_cast<Sum>(static_cast<ComputeType<T>>(tensor.get<T>(i)));
  return values;
}

/// sums[n] = sum over k of row[k] * matrix[k, n], k ascending.
template <typename Sum>
static void multiplyRow(ArrayRef<Sum> row, const Sum *matrix,
                        MutableArrayRef<Sum> sums) {
  std::fill(sums.begin(), sums.end(), Sum());
  for (Sum factor : row) {
    for (size_t n = 0; n < sums.size(); ++n)
      sums[n] += factor * matrix[n];
    matrix += sums.size();
  }
}

bool skim::onnx::evaluateProducts(const Evaluation &e) {
  if (!isa<MatMulOp>(e.op) || e.in[0]->shape().empty() ||
      e.in[1]->shape().empty())
    return false;
  ConstantTensor &out = e.out[0];
  MatrixShape a = matrixShape(e.in[0]->shape(), /*left=*/true);
  MatrixShape b = matrixShape(e.in[1]->shape(), /*left=*/false);
  if (a.columns != b.rows)
    return false;
  // What a vector leaves out of the result's dimensions.
  size_t matrixRank =
      (e.in[0]->shape().size() > 1) + (e.in[1]->shape().size() > 1);
  ArrayRef<int64_t> batch = out.shape().drop_back(matrixRank);
  return withElementType(out.getType().getElementType(), [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_same_v<T, bool>) {
      return false;
    } else {
      // Integers wrap: summed without a sign.
      using Sum = std::conditional_t<std::is_floating_point_v<ComputeType<T>>,
                                     ComputeType<T>, uint64_t>;
      auto left = readAll<T, Sum>(*e.in[0]), right = readAll<T, Sum>(*e.in[1]);
      std::vector<Sum> sums(b.columns);
      forEachPosition<2>(
          batch, {batchStrides(a, batch.size()), batchStrides(b, batch.size())},
          [&](int64_t i, std::array<int64_t, 2> at) {
            for (int64_t m = 0; m < a.rows; ++m) {
              multiplyRow<Sum>(
                  {left.data() + at[0] + m * a.columns, size_t(a.columns)},
                  right.data() + at[1], sums);
              for (int64_t n = 0; n < b.columns; ++n)
                out.set<T>((i * a.rows + m) * b.columns + n,
                           T(static_cast<ComputeType<T>>(sums[n])));
            }
          });
      return true;
    }
  });
}
