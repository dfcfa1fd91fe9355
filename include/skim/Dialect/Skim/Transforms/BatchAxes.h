//===- BatchAxes.h - where values have the batch ----------------*- C++ -*-===//
// Which values hold an item for each sequence, and a proof that no sequence's
// item depends on another sequence, nor on how many there are.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_TRANSFORMS_BATCHAXES_H
#define SKIM_DIALECT_SKIM_TRANSFORMS_BATCHAXES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include <string>

namespace skim {

/// Values are of three kinds: with a batch dimension (its place is in `axes`),
/// of rows (ragged states and what numbers them), and the same for every batch.
class BatchAxes {
public:
  explicit BatchAxes(mlir::func::FuncOp function);

  /// Whether `value` has the batch as leading dimension.
  bool isBatched(mlir::Value value) const {
    auto found = axes.find(value);
    return found != axes.end() && found->second == 0;
  }

  /// Whether an input has a batch of any size.
  bool hasBatch() const { return !axes.empty(); }
  mlir::Operation *getObstacle() const { return obstacle; }
  llvm::StringRef getReason() const { return reason; }

private:
  /// The place of rows among axes.
  static constexpr int64_t kRows = -1;

  bool findInputs(mlir::func::FuncOp function);
  void visitBlock(mlir::Block &block);
  void visitSkim(mlir::Operation &op);
  void visitOnnx(mlir::Operation &op);
  void visitReturn(mlir::Operation &op);
  bool dependsOnBatch(mlir::Operation &op) const {
    return llvm::any_of(op.getOperands(),
                        [&](mlir::Value v) { return axes.contains(v); });
  }
  void stop(mlir::Operation *op, const llvm::Twine &why);

  llvm::DenseMap<mlir::Value, int64_t> axes;
  mlir::Operation *obstacle = nullptr;
  std::string reason;
};

} // namespace skim

#endif // SKIM_DIALECT_SKIM_TRANSFORMS_BATCHAXES_H
