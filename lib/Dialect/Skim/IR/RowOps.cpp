//===- RowOps.cpp - verifiers of the ops on rows --------------------------===//
// The constraints C1.. of SkimRowOps.td that traits cannot say.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;

LogicalResult PackOp::verify() {
  // pack_c1
  if (static_cast<bool>(getMask()) == static_cast<bool>(getLike()))
    return emitOpError("expected exactly one of mask and like");
  return success();
}

static LogicalResult verifyWidths(Operation *op, Type dense, Type ragged) {
  if (getWidth(dense) == getWidth(ragged))
    return success();
  return op->emitOpError() << "expected the same width of tensor and ragged "
                           << "states, got " << getWidth(dense) << " and "
                           << getWidth(ragged);
}

LogicalResult GatherOp::verify() { // gather_c1
  return verifyWidths(*this, getInput().getType(), getResult().getType());
}

LogicalResult RestoreOp::verify() { // restore_c1
  return verifyWidths(*this, getResult().getType(), getInput().getType());
}
