//===- ActivationOps.cpp - activation functions and softmax --------------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxActivationOps.cpp.inc"

void OnnxDialect::addActivationOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxActivationOps.cpp.inc"
      >();
}

// softmax_c1
LogicalResult SoftmaxOp::verify() {
  return verifyAxis(*this, getAxis(), getInput());
}

// log_softmax_c1
LogicalResult LogSoftmaxOp::verify() {
  return verifyAxis(*this, getAxis(), getInput());
}

// gelu_c1
LogicalResult GeluOp::verify() {
  return verifyOneOf(*this, "approximate", getApproximate(), {"none", "tanh"});
}
