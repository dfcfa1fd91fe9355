//===- IndexOps.cpp - ops that select or scatter elements by index -------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxIndexOps.cpp.inc"

void OnnxDialect::addIndexOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxIndexOps.cpp.inc"
      >();
}

// gather_c1
LogicalResult GatherOp::verify() {
  return verifyAxis(*this, getAxis(), getData());
}

LogicalResult GatherElementsOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getData()))) // gather_elements_c1
    return failure();
  auto data = getShape(getData());
  return data ? verifyRank(*this, "indices", getIndices(), data->size())
              : success(); // gather_elements_c2
}

LogicalResult GatherNDOp::verify() {
  auto data = getShape(getData()), indices = getShape(getIndices());
  if (!data || !indices)
    return success();
  int64_t batch = getBatchDims(), rank = data->size();
  if (batch < 0 || batch >= rank || // gather_nd_c1
      batch >= static_cast<int64_t>(indices->size()))
    return emitOpError("expected batch_dims of 0 or more, below both ranks (")
           << rank << " and " << indices->size() << "), got " << batch;
  if (!ShapedType::isDynamic(indices->back()) && // gather_nd_c2
      indices->back() > rank - batch)
    return emitOpError("expected indices into at most ")
           << rank - batch << " dimensions, got " << indices->back();
  return success();
}

LogicalResult ScatterElementsOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getData())) || // scatter_elements_c1
      failed(verifyOneOf(*this, "reduction", getReduction(), // _c2
                         {"none", "add", "mul", "max", "min"})))
    return failure();
  auto indices = getShape(getIndices()), updates = getShape(getUpdates());
  if (indices && updates && // scatter_elements_c3
      failed(verifyCompatibleShape(*indices, *updates)))
    return emitOpError("expected updates of the indices' shape, got ")
           << getUpdates().getType() << " for " << getIndices().getType();
  return success();
}

// scatter_nd_c1
LogicalResult ScatterNDOp::verify() {
  return verifyOneOf(*this, "reduction", getReduction(),
                     {"none", "add", "mul", "max", "min"});
}

LogicalResult OneHotOp::verify() {
  if (failed(verifyOneElement(*this, "depth", getDepth()))) // one_hot_c1
    return failure();
  auto values = getShape(getValues());
  if (values && (values->size() != 1 || !agree(values->front(), 2))) // _c2
    return emitOpError("expected two values, got ") << getValues().getType();
  auto shape = getShape(getIndices());
  if (shape && !normaliseAxis(getAxis(), shape->size() + 1)) // one_hot_c3
    return emitOpError("expected an axis in [-")
           << shape->size() + 1 << ", " << shape->size() << "], got "
           << getAxis();
  return success();
}

LogicalResult CompressOp::verify() {
  if (failed(verifyRank(*this, "condition", getCondition(), 1))) // compress_c1
    return failure();
  return getAxis() ? verifyAxis(*this, *getAxis(), getInput()) // compress_c2
                   : success();
}

LogicalResult TopKOp::verify() {
  if (failed(verifyOneElement(*this, "K", getK()))) // top_k_c1
    return failure();
  return verifyAxis(*this, getAxis(), getX()); // top_k_c2
}

// range_c1
LogicalResult RangeOp::verify() {
  if (failed(verifyOneElement(*this, "start", getStart())) ||
      failed(verifyOneElement(*this, "limit", getLimit())))
    return failure();
  return verifyOneElement(*this, "delta", getDelta());
}

LogicalResult ConstantOfShapeOp::verify() {
  if (failed(verifyRank(*this, "input", getInput(), 1))) // constant_of_shape_c1
    return failure();
  if (!getValue())
    return success();
  if (getValue()->getNumElements() != 1) // constant_of_shape_c2
    return emitOpError("expected a value of one element, got ")
           << getValue()->getNumElements();
  Type element = getElementTypeOrSelf(getType());
  if (getValue()->getElementType() != element) // constant_of_shape_c3
    return emitOpError("expected a value of the result's element type ")
           << element << ", got " << getValue()->getElementType();
  return success();
}

// eye_like_c1
LogicalResult EyeLikeOp::verify() {
  return verifyRank(*this, "input", getInput(), 2);
}

LogicalResult TriluOp::verify() {
  if (failed(verifyOneElement(*this, "k", getK()))) // trilu_c1
    return failure();
  auto shape = getShape(getInput());
  if (shape && shape->size() < 2) // trilu_c2
    return emitOpError("expected an operand of rank 2 or more, got ")
           << shape->size();
  return success();
}
