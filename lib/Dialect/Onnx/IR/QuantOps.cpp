//===- QuantOps.cpp - quantisation ---------------------------------------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxQuantOps.cpp.inc"

void OnnxDialect::addQuantOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxQuantOps.cpp.inc"
      >();
}

/// Scales or zero points: one for all, for each index of the axis or, with
/// blocks, for each block of it.
static LogicalResult verifyParameters(Operation *op, StringRef name,
                                      Value value, Value data, int64_t axis,
                                      int64_t block) {
  auto shape = getShape(value);
  if (!shape || shape->empty() || *shape == ArrayRef<int64_t>{1})
    return success();
  if (block == 0 && shape->size() > 1)
    return op->emitOpError("expected '")
           << name << "' of rank 0 or 1, got " << shape->size();
  auto from = getShape(data);
  if (!from)
    return success();
  if (failed(verifyAxis(op, axis, data)))
    return failure();
  axis = *normaliseAxis(axis, from->size());
  if (block == 0 && !agree((*from)[axis], (*shape)[0]))
    return op->emitOpError("expected 1 or ")
           << (*from)[axis] << " elements of '" << name << "', got "
           << (*shape)[0];
  if (block == 0)
    return success();
  if (failed(verifyRank(op, name, value, from->size())))
    return failure();
  for (auto [i, size] : llvm::enumerate(*from)) {
    bool isBlocked = int64_t(i) == axis && !ShapedType::isDynamic(size);
    int64_t expected = isBlocked ? llvm::divideCeil(size, block) : size;
    if (!agree(expected, (*shape)[i]))
      return op->emitOpError("expected ")
             << expected << " elements of '" << name << "' in dimension " << i
             << ", got " << (*shape)[i];
  }
  return success();
}

template <typename Op>
static LogicalResult verifyQuantised(Op op, Value scale, Value zero) {
  int64_t block = op.getBlockSize();
  if (block < 0)
    return op.emitOpError("expected a block_size of 0 or more, got ") << block;
  StringRef scaleName =
      std::is_same_v<Op, QuantizeLinearOp> ? "y_scale" : "x_scale";
  StringRef zeroName =
      std::is_same_v<Op, QuantizeLinearOp> ? "y_zero_point" : "x_zero_point";
  auto verify = [&](StringRef name, Value value) {
    return verifyParameters(op, name, value, op.getX(), op.getAxis(), block);
  };
  return failure(failed(verify(scaleName, scale)) ||
                 failed(verify(zeroName, zero)));
}

// quantize_linear_c1 to quantize_linear_c4
LogicalResult QuantizeLinearOp::verify() {
  return verifyQuantised(*this, getYScale(), getYZeroPoint());
}

// dequantize_linear_c1 to dequantize_linear_c4
LogicalResult DequantizeLinearOp::verify() {
  return verifyQuantised(*this, getXScale(), getXZeroPoint());
}

// mat_mul_integer_c1, mat_mul_integer_c2
LogicalResult MatMulIntegerOp::verify() {
  return verifyProduct(*this, getA(), getB());
}
