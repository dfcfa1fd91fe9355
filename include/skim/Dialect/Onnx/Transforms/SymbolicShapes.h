//===- SymbolicShapes.h - shapes and shape arithmetic, known by symbols
//----===//
// Analysis of what is known about each value of an onnx graph: its dimensions,
// the contents of small integer tensors, elements as functions of position.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_TRANSFORMS_SYMBOLICSHAPES_H
#define SKIM_DIALECT_ONNX_TRANSFORMS_SYMBOLICSHAPES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "skim/Dialect/Onnx/Transforms/SymDim.h"
#include "llvm/ADT/DenseMap.h"

namespace skim::onnx {
class InferenceRules;

/// What is known about one value.
struct SymbolicFacts {
  /// The dimensions; nothing while not even the rank is known.
  std::optional<SymDims> dims;
  /// Integer and boolean tensors of at most 64 elements and constant shape: the
  /// elements in row major order. True is 1.
  std::optional<SymDims> contents;
  /// Integer and boolean tensors: every element as a function of its position,
  /// `$k` being its index on axis k. An axis of extent 1 has no `$k`.
  std::optional<SymDim> element;
};

/// Facts about the values of one function, worked out when they are asked for
/// and kept. Function arguments take their names from the attribute
/// `onnx.dims`: the same name is the same symbol everywhere, a dynamic
/// dimension without a name is a symbol of its own.
///
/// As a pass's analysis: `getAnalysis<SymbolicShapes>()` in a pass on
/// func.func. Whoever rewrites the function while using it calls `forget` for
/// each op that goes.
class SymbolicShapes {
public:
  explicit SymbolicShapes(mlir::Operation *func);

  /// The dimensions of a tensor, or nothing when the rank is unknown or the
  /// value has an error or no tensor type.
  std::optional<llvm::ArrayRef<SymDim>> dims(mlir::Value value);
  std::optional<llvm::ArrayRef<SymDim>> contents(mlir::Value value);
  std::optional<SymDim> element(mlir::Value value);
  /// The one element of a tensor that holds the same value everywhere.
  std::optional<SymDim> splat(mlir::Value value);

  /// The facts of all results of `op`; an error is reported at `op` and names
  /// the node. Asks the operands' ops first.
  llvm::LogicalResult infer(mlir::Operation *op);

  /// The static type that goes with what is known about a value: the element
  /// type that it has, dynamic where a dimension is not constant.
  mlir::Type refinedType(mlir::Value value);

  /// States the dimensions of the result of an op that no rule covers.
  void assume(mlir::Value value, SymDims dims);

  /// Drops what is kept about an op's results.
  void forget(mlir::Operation *op);

  /// A symbol that nothing else uses, for dimensions that depend on data.
  SymDim freshSymbol(llvm::StringRef hint);
  /// Whether a symbol of this name is one of those.
  static bool isFresh(llvm::StringRef name) { return name.contains('#'); }

private:
  const SymbolicFacts &facts(mlir::Value value);
  SymbolicFacts argumentFacts(mlir::BlockArgument argument);
  std::optional<std::string> inferInto(mlir::Operation *op);

  friend class Inference;
  mlir::func::FuncOp func;
  std::shared_ptr<const InferenceRules> rules;
  llvm::DenseMap<mlir::Value, std::unique_ptr<SymbolicFacts>> known;
  llvm::DenseMap<mlir::Operation *, std::string> errors;
  unsigned freshCount = 0;
};

/// Puts a name to dimensions of arguments that have none and that an op
/// broadcasts with another argument's, or that a Reshape replaces by another
/// argument's: they are taken to be equal, the argument's attribute `onnx.dims`
/// says so. True when it named any.
bool nameEqualDims(mlir::func::FuncOp func, SymbolicShapes &shapes);

/// Most elements of a tensor whose contents are followed one by one.
inline constexpr int64_t maxContents = 64;

} // namespace skim::onnx

#endif // SKIM_DIALECT_ONNX_TRANSFORMS_SYMBOLICSHAPES_H
