//===- ReduceOps.cpp - reductions along axes -----------------------------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxReduceOps.cpp.inc"

void OnnxDialect::addReduceOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxReduceOps.cpp.inc"
      >();
}

/// The axes are a list, each is one of the operand's, none comes twice.
static LogicalResult verifyReduction(Operation *op, Value data, Value axes) {
  if (auto shape = getShape(axes); shape && shape->size() > 1)
    return op->emitOpError("expected a list of axes, got rank ")
           << shape->size();
  auto shape = getShape(data);
  return shape ? verifyAxes(op, axes, shape->size()) : success();
}

// reduce_c1, reduce_c2
#define SKIM_VERIFY_REDUCTION(OP)                                              \
  LogicalResult OP::verify() {                                                 \
    return verifyReduction(*this, getData(), getAxes());                       \
  }
SKIM_VERIFY_REDUCTION(ReduceL1Op)
SKIM_VERIFY_REDUCTION(ReduceL2Op)
SKIM_VERIFY_REDUCTION(ReduceLogSumOp)
SKIM_VERIFY_REDUCTION(ReduceLogSumExpOp)
SKIM_VERIFY_REDUCTION(ReduceMaxOp)
SKIM_VERIFY_REDUCTION(ReduceMeanOp)
SKIM_VERIFY_REDUCTION(ReduceMinOp)
SKIM_VERIFY_REDUCTION(ReduceProdOp)
SKIM_VERIFY_REDUCTION(ReduceSumOp)
SKIM_VERIFY_REDUCTION(ReduceSumSquareOp)
#undef SKIM_VERIFY_REDUCTION

// arg_max_c1
LogicalResult ArgMaxOp::verify() {
  return verifyAxis(*this, getAxis(), getData());
}

// arg_min_c1
LogicalResult ArgMinOp::verify() {
  return verifyAxis(*this, getAxis(), getData());
}
