//===- Verify.cpp - checks that the op verifiers share --------------------===//
// Axes, ranks, single elements, choices, matrix products.
//===----------------------------------------------------------------------===//

#include "Verify.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace skim;

std::optional<ArrayRef<int64_t>> onnx::getShape(Value value) {
  if (auto type = dyn_cast<RankedTensorType>(value.getType()))
    return type.getShape();
  return std::nullopt;
}

LogicalResult onnx::verifyAxis(Operation *op, int64_t axis, Value value,
                               bool orEnd) {
  auto shape = getShape(value);
  if (!shape)
    return success();
  int64_t rank = shape->size();
  if (normaliseAxis(axis, rank) || (orEnd && axis == rank))
    return success();
  return op->emitOpError("expected an axis in [-")
         << rank << ", " << rank << (orEnd ? "]" : ")") << ", got " << axis;
}

LogicalResult onnx::verifyAxes(Operation *op, Value axes, int64_t rank) {
  auto list = getConstantInts(axes);
  if (!list)
    return success();
  llvm::SmallDenseSet<int64_t> seen;
  for (int64_t axis : *list) {
    auto index = normaliseAxis(axis, rank);
    if (!index)
      return op->emitOpError("expected axes in [-")
             << rank << ", " << rank << "), got " << axis;
    if (!seen.insert(*index).second)
      return op->emitOpError("expected axes that differ, got ")
             << axis << " again";
  }
  return success();
}

LogicalResult onnx::verifyRank(Operation *op, StringRef name, Value value,
                               int64_t rank) {
  auto shape = getShape(value);
  if (!shape || static_cast<int64_t>(shape->size()) == rank)
    return success();
  return op->emitOpError("expected '")
         << name << "' of rank " << rank << ", got " << shape->size();
}

LogicalResult onnx::verifyOneElement(Operation *op, StringRef name,
                                     Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type ||
      llvm::all_of(type.getShape(), [](int64_t dim) { return agree(dim, 1); }))
    return success();
  return op->emitOpError("expected one element as '")
         << name << "', got " << type;
}

LogicalResult onnx::verifyOneOf(Operation *op, StringRef name, StringRef value,
                                ArrayRef<StringRef> allowed) {
  if (llvm::is_contained(allowed, value))
    return success();
  return op->emitOpError("expected '")
         << name << "' to be one of " << llvm::join(allowed, ", ") << ", got '"
         << value << "'";
}

LogicalResult onnx::verifyProduct(Operation *op, Value a, Value b) {
  auto left = getShape(a), right = getShape(b);
  if ((left && left->empty()) || (right && right->empty()))
    return op->emitOpError("expected operands of rank 1 or more, got 0");
  if (!left || !right)
    return success();
  int64_t columns = left->back();
  int64_t rows = right->size() == 1 ? right->back() : right->end()[-2];
  if (agree(columns, rows))
    return success();
  return op->emitOpError("expected inner dimensions that agree, got ")
         << columns << " and " << rows;
}
