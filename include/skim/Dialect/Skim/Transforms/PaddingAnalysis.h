//===- PaddingAnalysis.h - may padding be removed? --------------*- C++ -*-===//
// Which values hold an item for each position, and a proof that no token's
// state depends on a position without a token.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_TRANSFORMS_PADDINGANALYSIS_H
#define SKIM_DIALECT_SKIM_TRANSFORMS_PADDINGANALYSIS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
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
/// token states (one item for each position, made from states: `getAxes`),
/// exact values (ids, masks, constants and what is computed from them, or from
/// pooled states), which may be used in any way, and everything after an
/// obstacle.
class PaddingAnalysis {
public:
  /// With `scalesOfTokens` a quantised model's layers may round states by the
  /// range of the tokens alone.
  explicit PaddingAnalysis(mlir::func::FuncOp function,
                           bool scalesOfTokens = false);

  /// The mask that says where tokens are; null when no attention has one, and
  /// then every position is a token.
  mlir::Value getMask() const { return mask; }

  /// The first op that keeps padding from being removed; null when the proof
  /// holds. `getReason` says why in words that follow the op's name.
  mlir::Operation *getObstacle() const { return obstacle; }
  llvm::StringRef getReason() const { return reason; }

  /// The token axes of `value`, none for exact values.
  std::optional<TokenAxes> getAxes(mlir::Value value) const;

private:
  void visit(mlir::Operation &op);
  void visitSkim(mlir::Operation &op);
  void visitOnnx(mlir::Operation &op);
  void requireMask(mlir::Operation *op, mlir::Value candidate);
  bool dependsOnStates(mlir::Value value) const;
  void setAxes(mlir::Operation &op, TokenAxes axes);
  void stop(mlir::Operation *op, const llvm::Twine &why);

  llvm::DenseMap<mlir::Value, TokenAxes> axes;
  mlir::Value mask;
  bool scalesOfTokens;
  bool sawAttention = false;
  mlir::Operation *obstacle = nullptr;
  std::string reason;
};

/// The rank of a tensor, -1 for other values.
int64_t rankOf(mlir::Value value);

/// What an onnx op does to token axes: the axes of its results when it works on
/// each position apart, none when it mixes positions (then `why` says how).
/// `operands` are the axes of the op's operands, none for exact ones. With
/// batch and sequence at one place a single axis is followed.
std::optional<TokenAxes>
propagateTokenAxes(mlir::Operation &op,
                   llvm::ArrayRef<std::optional<TokenAxes>> operands,
                   std::string &why);

} // namespace skim

#endif // SKIM_DIALECT_SKIM_TRANSFORMS_PADDINGANALYSIS_H
