//===- Positions.cpp - ids that count positions ---------------------------===//
// Notes on embeddings which ids are positions, or count tokens: a sequence may
// then be no longer than the table.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

/// True when `ids` are made from a running sum by moving it and by adding to or
/// multiplying with something.
static bool isRunningSum(Value ids, unsigned level = 0) {
  Operation *op = ids.getDefiningOp();
  if (!op || level > 8)
    return false;
  if (isa<onnx::CumSumOp>(op))
    return true;
  if (isa<onnx::CastOp, onnx::IdentityOp, onnx::UnsqueezeOp, onnx::SqueezeOp,
          onnx::ReshapeOp, onnx::ExpandOp>(op))
    return isRunningSum(op->getOperand(0), level + 1);
  if (isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::WhereOp>(op))
    return llvm::any_of(op->getOperands(), [&](Value operand) {
      return isRunningSum(operand, level + 1);
    });
  return false;
}

/// What EmbedOp's attribute `counts` says of `ids`.
static int64_t getCount(Value ids, RaiseContext &context) {
  if (std::optional<SymDim> element = context.shapes.element(ids)) {
    std::optional<int64_t> first = (*element - SymDim::index(1)).constant();
    return first && *first >= 0 ? *first : -1;
  }
  return isRunningSum(ids) ? -2 : -1;
}

void skim::raise::markCountedIds(func::FuncOp func, RaiseContext &context) {
  func.walk([&](EmbedOp op) {
    SmallVector<int64_t> counts;
    for (Value ids : op.getIds())
      counts.push_back(getCount(ids, context));
    if (llvm::any_of(counts, [](int64_t count) { return count != -1; }))
      op.setCounts(counts);
  });
}
