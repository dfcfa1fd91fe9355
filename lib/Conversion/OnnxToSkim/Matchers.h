//===- Matchers.h - what the raising patterns look for ----------*- C++ -*-===//
// Constants, binary ops with a constant side, and elements of a value as a
// function of their position. Private to the conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOSKIM_MATCHERS_H
#define SKIM_LIB_CONVERSION_ONNXTOSKIM_MATCHERS_H

#include "mlir/IR/PatternMatch.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/ADT/DenseMap.h"

namespace skim::raise {
using onnx::SymDim;
using onnx::SymDims;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The number that an attribute of integers or floats stands for.
std::optional<double> toNumber(mlir::Attribute attr);
/// The number that every element of a constant holds.
std::optional<double> getSplat(mlir::Value value);
/// The same, also of one that is stored element by element: a mask's zeros,
/// say.
std::optional<double> getEqualElements(mlir::Value value);

/// True for floats and tensors of them.
inline bool isFloat(mlir::Value value) {
  return llvm::isa<mlir::FloatType>(
      mlir::getElementTypeOrSelf(value.getType()));
}

/// True when `a` and `b` differ by rounding only.
bool isClose(double a, double b);

/// True when `value` is a constant whose elements all are close to `number`.
bool isSplat(mlir::Value value, double number);

/// The operands of a commutative binary op as (value, constant) when one of
/// them is a constant that holds one number and leaves the other's type as it
/// is.
std::optional<std::pair<mlir::Value, double>> withNumber(mlir::Operation *op);

/// The operands of a binary op as (what an `Op` made, constant) when they are.
template <typename Op>
std::optional<std::pair<Op, mlir::Value>> withConstant(mlir::Operation *op) {
  for (unsigned side : {0, 1})
    if (auto made = op->getOperand(side).template getDefiningOp<Op>())
      if (onnx::getConstant(op->getOperand(1 - side)))
        return std::make_pair(made, op->getOperand(1 - side));
  return std::nullopt;
}

/// A constant with the elements of `constant` and another shape, of as many
/// elements. Bytes are shared, not copied.
mlir::Value reshapeConstant(mlir::OpBuilder &builder, mlir::Value constant,
                            llvm::ArrayRef<int64_t> shape);

/// A constant with `size` elements of an axis of `constant`, from `first` on.
mlir::Value sliceConstant(mlir::OpBuilder &builder, mlir::Value constant,
                          int64_t axis, int64_t first, int64_t size);

/// The f32 constant with each element times `factor`, rounded as fp32.
mlir::Value scaleConstant(mlir::OpBuilder &builder, mlir::Value constant,
                          float factor);

/// The f32 constant with each element times that of `row`, a f32 constant, at
/// the same place on `axis`.
mlir::Value scaleConstant(mlir::OpBuilder &builder, mlir::Value constant,
                          mlir::Value row, int64_t axis);

/// True when `value` is a f32 constant of shape `[width]` with any leading
/// ones, or of one number: what can be added to rows or multiplied with them.
bool isRowVector(mlir::Value value, int64_t width);

/// Such a constant with shape `[width]`.
mlir::Value getRowVector(mlir::OpBuilder &builder, mlir::Value constant,
                         int64_t width);

/// The number of ONNX for the element type bool.
inline constexpr int64_t onnxBool = 9;

/// A constant of integers.
mlir::Value makeInts(mlir::OpBuilder &builder, mlir::Location loc,
                     llvm::ArrayRef<int64_t> values);
/// A constant of one integer and rank 0.
mlir::Value makeInt(mlir::OpBuilder &builder, mlir::Location loc,
                    int64_t value);
mlir::Value makeFloat(mlir::OpBuilder &builder, mlir::Location loc,
                      float value);

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// The type of `value` when it is a ranked f32 tensor of rank two at least and
/// with a static last dimension, not 0: what may be states. Else null.
mlir::RankedTensorType getStates(mlir::Value value);

/// The axes of a reduction, counted from 0; nothing when they are not constant.
template <typename ReduceOp>
std::optional<llvm::SmallVector<int64_t>> getAxes(ReduceOp op) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(op.getData().getType());
  auto axes = onnx::getConstantInts(op.getAxes());
  if (!type || !axes)
    return std::nullopt;
  for (int64_t &axis : *axes)
    axis = axis < 0 ? axis + type.getRank() : axis;
  return axes;
}

/// True when `op` reduces the last axis and nothing else.
template <typename ReduceOp> bool reducesLastAxis(ReduceOp op) {
  auto axes = getAxes(op);
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(op.getData().getType());
  return axes && axes->size() == 1 && axes->front() == type.getRank() - 1;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// What the patterns of one function share.
class RaiseContext {
public:
  explicit RaiseContext(onnx::SymbolicShapes &shapes, mlir::func::FuncOp func);

  /// The dimensions of a value, skim ops' results included.
  std::optional<SymDims> dims(mlir::Value value);
  bool haveSameDims(mlir::Value a, mlir::Value b);

  /// True when the dimension is the batch, or the sequence, of the model's
  /// inputs.
  bool isBatch(const SymDim &dim) const { return batch && dim == *batch; }
  bool isSequence(const SymDim &dim) const {
    return sequence && dim == *sequence;
  }

  /// Takes what attends to each other for the sequence, in a model without such
  /// an input: patches of images. False for others than what attended to each
  /// other before: windows of an image of another size.
  bool learnSequence(const SymDim &batch, const SymDim &sequence);

  /// The input of the model whose leading dimensions are batch and sequence;
  /// null where none is known.
  mlir::Value getTokens() const { return tokens; }

  /// The key mask `tensor<?x?xi1>` that is true where `base` is not 0 (is 0
  /// with `negated`): made once for each base, beside it. `base` is `[batch,
  /// sequence]` with ones between.
  mlir::Value getKeyMask(mlir::OpBuilder &builder, mlir::Value base,
                         bool negated);

  /// Drops what is known of an op that goes.
  void forget(mlir::Operation *op);

  onnx::SymbolicShapes &shapes;

private:
  std::optional<SymDim> batch, sequence;
  std::optional<std::pair<SymDim, SymDim>> attending;
  mlir::Value tokens;
  llvm::DenseMap<mlir::Value, SymDims> stateDims;
  struct MadeMask {
    mlir::Value base;
    bool negated;
    mlir::Value mask;
  };
  llvm::SmallVector<MadeMask> keyMasks;
};

/// The element `at` of the result of a broadcasting op, as one of its operand.
std::optional<SymDims> getOperandIndex(RaiseContext &context,
                                       mlir::Value operand, mlir::Value result,
                                       llvm::ArrayRef<SymDim> at);

/// One element of a tensor, as a function of index variables.
struct Element {
  enum class Kind { Unknown, Number, Integer, Access, Choice };
  Kind kind = Kind::Unknown;
  /// Number: this number. Access: what the accessed element is multiplied with.
  double number = 0;
  /// Integer: its value.
  SymDim integer;
  /// Access: `number * base[at]`. Choice: `base[at] != 0 ? number : otherwise`.
  mlir::Value base;
  SymDims at;
  double otherwise = 0;
  /// Choice: another element of the base that must not be 0 either; empty for
  /// none.
  SymDims alsoAt;

  bool isNumber(double value) const {
    return kind == Kind::Number && number == value;
  }
};

/// Evaluates elements. Index variable `$k` runs from 0 to `extents[k]`.
class Elements {
public:
  Elements(RaiseContext &context, llvm::ArrayRef<SymDim> extents)
      : context(context), extents(extents.begin(), extents.end()) {}

  /// A further index variable.
  SymDim addIndex(const SymDim &extent) {
    extents.push_back(extent);
    return SymDim::index(extents.size() - 1);
  }

  /// `value[at]`: looks through ops that move, select, compare or choose
  /// elements; an op that it does not know gives an Access of that op's result.
  Element evaluate(mlir::Value value, llvm::ArrayRef<SymDim> at);

  /// As evaluate, but looks through nothing but movement and, for floats,
  /// products with a number.
  Element trace(mlir::Value value, llvm::ArrayRef<SymDim> at);

private:
  Element compute(mlir::Operation *op, mlir::Value value,
                  llvm::ArrayRef<SymDim> at);
  Element computeMovement(mlir::Operation *op, llvm::ArrayRef<SymDim> at);
  Element computeSelection(mlir::Operation *op, mlir::Value value,
                           llvm::ArrayRef<SymDim> at);
  Element computeArithmetic(mlir::Operation *op, mlir::Value value,
                            llvm::ArrayRef<SymDim> at);
  Element computeCast(mlir::Value from, mlir::Value to,
                      llvm::ArrayRef<SymDim> at);
  Element computeWhere(mlir::Operation *op, llvm::ArrayRef<SymDim> at);
  Element computeScaling(mlir::Operation *op, mlir::Value value,
                         llvm::ArrayRef<SymDim> at);
  Element computeClip(onnx::ClipOp clip, llvm::ArrayRef<SymDim> at);
  Element computeBinary(mlir::Operation *op, mlir::Value value,
                        llvm::ArrayRef<SymDim> at);
  Element gather(onnx::GatherOp op, llvm::ArrayRef<SymDim> at);
  Element gatherElements(onnx::GatherElementsOp op, llvm::ArrayRef<SymDim> at);
  Element gatherND(onnx::GatherNDOp op, llvm::ArrayRef<SymDim> at);
  Element splitPart(onnx::SplitOp op, mlir::Value part,
                    llvm::ArrayRef<SymDim> at);
  Element concat(onnx::ConcatOp op, llvm::ArrayRef<SymDim> at);
  Element repeat(onnx::TileOp op, llvm::ArrayRef<SymDim> at);
  Element reshape(mlir::Value from, mlir::Value to, llvm::ArrayRef<SymDim> at);
  Element broadcast(mlir::Value operand, mlir::Value result,
                    llvm::ArrayRef<SymDim> at);
  Element access(mlir::Value value, llvm::ArrayRef<SymDim> at);
  std::optional<SymDim> integer(mlir::Value value, llvm::ArrayRef<SymDim> at);
  std::optional<SymDims> delinearise(SymDim linear,
                                     llvm::ArrayRef<SymDim> dims);

  RaiseContext &context;
  SymDims extents;
  bool movementOnly = false;
  unsigned budget = 4096, depth = 0;
};

} // namespace skim::raise

#endif // SKIM_LIB_CONVERSION_ONNXTOSKIM_MATCHERS_H
