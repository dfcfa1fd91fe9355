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

/// With a list of scales the axis is one of the data's.
static LogicalResult verifyScales(Operation *op, int64_t axis, Value data,
                                  Value scale) {
  auto shape = getShape(scale);
  return shape && shape->size() == 1 && shape->front() != 1
             ? verifyAxis(op, axis, data)
             : success();
}

// quantize_linear_c1
LogicalResult QuantizeLinearOp::verify() {
  return verifyScales(*this, getAxis(), getX(), getYScale());
}

// dequantize_linear_c1
LogicalResult DequantizeLinearOp::verify() {
  return verifyScales(*this, getAxis(), getX(), getXScale());
}

// mat_mul_integer_c1, mat_mul_integer_c2
LogicalResult MatMulIntegerOp::verify() {
  return verifyProduct(*this, getA(), getB());
}
