//===- LogicOps.cpp - comparison, boolean and bitwise ops ----------------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxLogicOps.cpp.inc"

void OnnxDialect::addLogicOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxLogicOps.cpp.inc"
      >();
}

// bit_shift_c1
LogicalResult BitShiftOp::verify() {
  return verifyOneOf(*this, "direction", getDirection(), {"LEFT", "RIGHT"});
}

/// Two of them give the operand back.
template <typename Op> static OpFoldResult foldInvolution(Op op) {
  auto inner = op.getX().template getDefiningOp<Op>();
  if (inner && inner.getX().getType() == op.getType())
    return inner.getX();
  return {};
}

OpFoldResult NotOp::fold(FoldAdaptor) { return foldInvolution(*this); }

OpFoldResult BitwiseNotOp::fold(FoldAdaptor) { return foldInvolution(*this); }
