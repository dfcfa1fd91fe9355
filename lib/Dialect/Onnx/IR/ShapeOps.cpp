//===- ShapeOps.cpp - ops that move or relabel elements ------------------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxShapeOps.cpp.inc"

void OnnxDialect::addShapeOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxShapeOps.cpp.inc"
      >();
}

LogicalResult ReshapeOp::verify() {
  if (failed(verifyRank(*this, "shape", getShape(), 1))) // reshape_c1
    return failure();
  if (auto sizes = getConstantInts(getShape())) { // reshape_c2
    for (int64_t size : *sizes)
      if (size < -1)
        return emitOpError("expected sizes of -1 or more, got ") << size;
    if (llvm::count(*sizes, -1) > 1)
      return emitOpError("expected at most one size of -1, got ")
             << llvm::count(*sizes, -1);
  }
  auto from = dyn_cast<RankedTensorType>(getData().getType());
  auto to = dyn_cast<RankedTensorType>(getType());
  if (from && to && from.hasStaticShape() &&
      to.hasStaticShape() && // reshape_c3
      from.getNumElements() != to.getNumElements())
    return emitOpError("expected a result of ")
           << from.getNumElements() << " elements, got " << to;
  return success();
}

// flatten_c1
LogicalResult FlattenOp::verify() {
  return verifyAxis(*this, getAxis(), getInput(), /*orEnd=*/true);
}

LogicalResult TransposeOp::verify() {
  auto shape = onnx::getShape(getData());
  if (!shape)
    return success();
  int64_t rank = shape->size();
  SmallVector<int64_t> perm;
  if (getPerm())
    perm.assign(getPerm()->begin(), getPerm()->end());
  else
    for (int64_t i = rank - 1; i >= 0; --i)
      perm.push_back(i);
  SmallVector<int64_t> sorted(perm), dims;
  llvm::sort(sorted);
  bool isPermutation = static_cast<int64_t>(perm.size()) == rank;
  for (int64_t i = 0; isPermutation && i < rank; ++i)
    isPermutation = sorted[i] == i;
  if (!isPermutation) // transpose_c1
    return emitOpError("expected perm to be a permutation of 0 to ")
           << rank - 1 << ", got [" << perm << "]";
  for (int64_t axis : perm)
    dims.push_back((*shape)[axis]);
  auto to = onnx::getShape(getResult());
  if (to && failed(verifyCompatibleShape(dims, *to))) // transpose_c2
    return emitOpError("expected a result of type ")
           << cast<RankedTensorType>(getData().getType()).clone(dims)
           << ", got " << getType();
  return success();
}

LogicalResult SqueezeOp::verify() {
  auto shape = onnx::getShape(getData());
  auto axes = getConstantInts(getAxes());
  if (!shape || !axes)
    return success();
  if (failed(verifyAxes(*this, getAxes(), shape->size()))) // squeeze_c1
    return failure();
  for (int64_t axis : *axes) { // squeeze_c2
    int64_t dim = (*shape)[*normaliseAxis(axis, shape->size())];
    if (!agree(dim, 1))
      return emitOpError("expected size 1 at axis ") << axis << ", got " << dim;
  }
  return success();
}

// unsqueeze_c1
LogicalResult UnsqueezeOp::verify() {
  auto shape = onnx::getShape(getData());
  auto axes = getConstantInts(getAxes());
  if (!shape || !axes)
    return success();
  return verifyAxes(*this, getAxes(), shape->size() + axes->size());
}

// expand_c1
LogicalResult ExpandOp::verify() {
  return verifyRank(*this, "shape", getShape(), 1);
}

LogicalResult TileOp::verify() {
  if (failed(verifyRank(*this, "repeats", getRepeats(), 1))) // tile_c1
    return failure();
  auto data = onnx::getShape(getInput()),
       repeats = onnx::getShape(getRepeats());
  if (data && repeats && !agree(repeats->front(), data->size())) // tile_c2
    return emitOpError("expected ")
           << data->size() << " repeats, got " << repeats->front();
  return success();
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty()) // concat_c1
    return emitOpError("expected at least one operand, got none");
  std::optional<ArrayRef<int64_t>> first;
  for (Value input : getInputs()) {
    if (failed(verifyAxis(*this, getAxis(), input))) // concat_c2
      return failure();
    auto shape = onnx::getShape(input);
    if (!shape)
      continue;
    if (!first)
      first = shape;
    if (shape->size() != first->size()) // concat_c3
      return emitOpError("expected operands of one rank, got ")
             << first->size() << " and " << shape->size();
    int64_t axis = *normaliseAxis(getAxis(), shape->size());
    for (int64_t i = 0, e = shape->size(); i < e; ++i) // concat_c4
      if (i != axis && !agree((*shape)[i], (*first)[i]))
        return emitOpError("expected operands of one size in dimension ")
               << i << ", got " << (*first)[i] << " and " << (*shape)[i];
  }
  return success();
}

LogicalResult SplitOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getInput()))) // split_c1
    return failure();
  int64_t count = getNumResults();
  if (getNumOutputs() && getNumOutputs() != count) // split_c2
    return emitOpError("expected ")
           << *getNumOutputs() << " results, got " << count;
  auto sizes = getConstantInts(getSplit());
  if (!sizes)
    return success();
  if (static_cast<int64_t>(sizes->size()) != count) // split_c3
    return emitOpError("expected ") << count << " sizes, got " << sizes->size();
  auto shape = onnx::getShape(getInput());
  int64_t total = 0;
  for (int64_t size : *sizes)
    total =
        size < 0 || size > (int64_t(1) << 46) ? INT64_MIN / 2 : total + size;
  if (!shape)
    return success();
  int64_t dim = (*shape)[*normaliseAxis(getAxis(), shape->size())];
  if (!agree(dim, total)) // split_c4
    return emitOpError("expected sizes that add up to ")
           << dim << ", got " << total;
  return success();
}

LogicalResult SliceOp::verify() {
  std::optional<int64_t> length;
  for (Value list : getOperands().drop_front()) {
    auto shape = onnx::getShape(list);
    if (!shape)
      continue;
    if (shape->size() != 1) // slice_c1
      return emitOpError("expected lists of rank 1, got ") << shape->size();
    if (length && !agree(*length, shape->front())) // slice_c2
      return emitOpError("expected lists of one length, got ")
             << *length << " and " << shape->front();
    if (!ShapedType::isDynamic(shape->front()))
      length = shape->front();
  }
  if (auto steps = getConstantInts(getSteps()))
    if (llvm::is_contained(*steps, 0)) // slice_c3
      return emitOpError("expected steps other than 0");
  auto shape = onnx::getShape(getData());
  return shape ? verifyAxes(*this, getAxes(), shape->size()) // slice_c4
               : success();
}

LogicalResult PadOp::verify() {
  if (failed(verifyOneOf(*this, "mode", getMode(), // pad_c1
                         {"constant", "reflect", "edge", "wrap"})) ||
      failed(verifyOneElement(*this, "constant_value", // pad_c2
                              getConstantValue())))
    return failure();
  auto pads = onnx::getShape(getPads());
  auto shape = onnx::getShape(isAbsent(getAxes()) ? getData() : getAxes());
  if (!pads || !shape)
    return success();
  int64_t axes = isAbsent(getAxes())  ? shape->size()
                 : shape->size() == 1 ? shape->front()
                                      : ShapedType::kDynamic;
  if (pads->size() != 1 || // pad_c3
      (!ShapedType::isDynamic(axes) && !agree(pads->front(), 2 * axes)))
    return emitOpError("expected two pads for each axis (")
           << axes << " axes), got " << getPads().getType();
  return success();
}
