//===- MathOps.cpp - elementwise arithmetic ------------------------------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxMathOps.cpp.inc"

void OnnxDialect::addMathOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxMathOps.cpp.inc"
      >();
}

// clip_c1
LogicalResult ClipOp::verify() {
  if (failed(verifyOneElement(*this, "min", getMin())))
    return failure();
  return verifyOneElement(*this, "max", getMax());
}

LogicalResult CumSumOp::verify() {
  if (failed(verifyOneElement(*this, "axis", getAxis()))) // cum_sum_c1
    return failure();
  auto axis = getConstantInts(getAxis()); // cum_sum_c2
  return axis ? verifyAxis(*this, axis->front(), getX()) : success();
}

/// At least one operand.
static LogicalResult verifyNotEmpty(Operation *op) {
  if (op->getNumOperands() == 0)
    return op->emitOpError("expected at least one operand, got none");
  return success();
}

LogicalResult MaxOp::verify() { return verifyNotEmpty(*this); }  // max_c1
LogicalResult MeanOp::verify() { return verifyNotEmpty(*this); } // mean_c1
LogicalResult MinOp::verify() { return verifyNotEmpty(*this); }  // min_c1
LogicalResult SumOp::verify() { return verifyNotEmpty(*this); }  // sum_c1

/// One operand alone is the result.
static OpFoldResult foldSingle(Operation *op) {
  if (op->getNumOperands() == 1 &&
      op->getOperand(0).getType() == op->getResult(0).getType())
    return op->getOperand(0);
  return {};
}

OpFoldResult MaxOp::fold(FoldAdaptor) { return foldSingle(*this); }
OpFoldResult MeanOp::fold(FoldAdaptor) { return foldSingle(*this); }
OpFoldResult MinOp::fold(FoldAdaptor) { return foldSingle(*this); }
OpFoldResult SumOp::fold(FoldAdaptor) { return foldSingle(*this); }

OpFoldResult NegOp::fold(FoldAdaptor) {
  auto inner = getX().getDefiningOp<NegOp>();
  if (inner && inner.getX().getType() == getType())
    return inner.getX();
  return {};
}

OpFoldResult ClipOp::fold(FoldAdaptor) {
  if (isAbsent(getMin()) && isAbsent(getMax()) &&
      getInput().getType() == getType())
    return getInput();
  return {};
}
