//===- PaddingAnalysis.h - may padding be removed? --------------*- C++ -*-===//
// Which values hold an item for each position, and a proof that no token's
// state depends on a position without a token.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_TRANSFORMS_PADDINGANALYSIS_H
#define SKIM_DIALECT_SKIM_TRANSFORMS_PADDINGANALYSIS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <optional>
#include <string>

namespace skim {

/// Where a dense value has its batch and its sequence dimension.
struct TokenAxes {
  int64_t batch = 0;
  int64_t sequence = 1;
  /// At positions without a token the value is 0 when token states are 0
  /// there.
  bool keepsZero = true;
};

/// Goes over a function in the dense skim form once. Values are of three kinds:
/// token states (one item for each position, made by ops on rows or from what
/// they made: `getAxes`), exact values (arguments, ids, masks, constants and
/// what is computed from them, or from pooled states), which may be used in any
/// way, and everything after an obstacle.
class PaddingAnalysis {
public:
  using Ops = llvm::DenseSet<mlir::Operation *>;

  /// Of the function with the ops `packed` on rows of tokens, those where
  /// `mask` is true. With `scalesOfTokens` a quantised model's layers may round
  /// states by the range of the tokens alone.
  PaddingAnalysis(mlir::func::FuncOp function, mlir::Value mask,
                  const Ops &packed, bool scalesOfTokens = false);

  /// The mask that says where tokens are: that of the first attention; null
  /// when it has none, and then every position is a token.
  static mlir::Value findMask(mlir::func::FuncOp function);

  /// The first op that keeps padding from being removed; null when the proof
  /// holds. `getReason` says why in words that follow the op's name.
  mlir::Operation *getObstacle() const { return obstacle; }
  llvm::StringRef getReason() const { return reason; }

  /// The token axes of `value`, none for exact values.
  std::optional<TokenAxes> getAxes(mlir::Value value) const;

private:
  void visit(mlir::Operation &op);
  void visitPacked(mlir::Operation &op);
  void visitAttention(AttentionOp op);
  void visitPool(PoolOp op);
  void visitDense(mlir::Operation &op);
  bool dependsOnStates(mlir::Value value) const;
  void setAxes(mlir::Operation &op, TokenAxes axes);
  void stop(mlir::Operation *op, const llvm::Twine &why);

  llvm::DenseMap<mlir::Value, TokenAxes> axes;
  mlir::Value mask;
  const Ops &packed;
  bool scalesOfTokens;
  mlir::Operation *obstacle = nullptr;
  std::string reason;
};

/// The rank of a tensor, -1 for other values.
int64_t rankOf(mlir::Value value);

/// What an op on dense values does to token axes: the axes of its results when
/// it works on each position apart, none when it mixes positions (then `why`
/// says how). `operands` are the axes of the op's operands, none for exact
/// ones. With batch and sequence at one place a single axis is followed.
std::optional<TokenAxes>
propagateTokenAxes(mlir::Operation &op,
                   llvm::ArrayRef<std::optional<TokenAxes>> operands,
                   std::string &why);

} // namespace skim

#endif // SKIM_DIALECT_SKIM_TRANSFORMS_PADDINGANALYSIS_H
