//===- CoreOps.cpp - constants, absent values, casts and copies ----------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxCoreOps.cpp.inc"

void OnnxDialect::addCoreOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxCoreOps.cpp.inc"
      >();
}

OpFoldResult NoneOp::fold(FoldAdaptor) { return UnitAttr::get(getContext()); }

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

// cast_c1
LogicalResult CastOp::verify() {
  int64_t actual = getDataType(getElementTypeOrSelf(getType()));
  if (actual != static_cast<int64_t>(getTo()))
    return emitOpError("expected a result of the type that 'to' = ")
           << getTo() << " names, got " << getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Folders
//===----------------------------------------------------------------------===//

OpFoldResult IdentityOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? getInput() : OpFoldResult();
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? getInput() : OpFoldResult();
}
