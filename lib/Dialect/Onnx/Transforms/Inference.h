//===- Inference.h - what a shape inference rule works with -----*- C++ -*-===//
// The facts about one op's operands, and where a rule puts those of its
// results. The rules themselves are in Infer<Family>.cpp.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_TRANSFORMS_INFERENCE_H
#define SKIM_LIB_DIALECT_ONNX_TRANSFORMS_INFERENCE_H

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace skim::onnx {

/// One op being inferred. A rule runs once all tensor operands' dimensions are
/// known; it may leave results unknown.
class Inference {
public:
  using OptionalDim = std::optional<SymDim>;

  Inference(SymbolicShapes &shapes, mlir::Operation *op)
      : shapes(shapes), op(op), results(op->getNumResults()) {}

  mlir::Operation *getOp() const { return op; }
  mlir::Value operand(unsigned i) const { return op->getOperand(i); }
  bool isPresent(unsigned i) const {
    return i < op->getNumOperands() &&
           !mlir::isa<mlir::NoneType>(operand(i).getType());
  }
  llvm::ArrayRef<SymDim> dims(unsigned i) const;
  int64_t rank(unsigned i) const { return dims(i).size(); }
  std::optional<llvm::ArrayRef<SymDim>> contents(unsigned i) const;
  OptionalDim element(unsigned i) const;
  OptionalDim splat(unsigned i) const;
  /// The contents where all are constant.
  std::optional<llvm::SmallVector<int64_t>> constants(unsigned i) const;
  /// The one element of a scalar or one-element tensor.
  OptionalDim scalar(unsigned i) const;
  /// The integer of which an operand is the conversion to a float.
  OptionalDim convertedScalar(unsigned i) const;

  void setDims(unsigned result, SymDims dims);
  void setContents(unsigned result, std::optional<SymDims> contents);
  void setElement(unsigned result, OptionalDim element);

  /// Counts an axis from 0; nothing, and an error, when it is outside.
  std::optional<unsigned> axis(int64_t axis, int64_t rank);
  /// The same for a list of axes, which also must not repeat.
  std::optional<llvm::SmallVector<unsigned>> axes(llvm::ArrayRef<int64_t> list,
                                                  int64_t rank);
  SymDim fresh(llvm::StringRef hint) { return shapes.freshSymbol(hint); }

  /// Says what is wrong with the node; a rule then returns failure.
  llvm::LogicalResult error(const llvm::Twine &message);

private:
  friend class SymbolicShapes;
  llvm::LogicalResult check();
  void finish();

  SymbolicShapes &shapes;
  mlir::Operation *op;
  llvm::SmallVector<SymbolicFacts, 1> results;
  std::string message;
};

/// The rules by op name.
class InferenceRules {
public:
  using Rule = std::function<llvm::LogicalResult(Inference &)>;

  template <typename OpTy>
  void add(llvm::LogicalResult (*rule)(OpTy, Inference &)) {
    rules[OpTy::getOperationName()] = [rule](Inference &in) {
      return rule(mlir::cast<OpTy>(in.getOp()), in);
    };
  }
  template <typename... OpTys>
  void addAll(llvm::LogicalResult (*rule)(mlir::Operation *, Inference &)) {
    ((rules[OpTys::getOperationName()] =
          [rule](Inference &in) { return rule(in.getOp(), in); }),
     ...);
  }
  const Rule *find(mlir::Operation *op) const {
    auto at = rules.find(op->getName().getStringRef());
    return at == rules.end() ? nullptr : &at->second;
  }

private:
  llvm::StringMap<Rule> rules;
};

void addCoreRules(InferenceRules &rules);
void addElementwiseRules(InferenceRules &rules);
void addIndexRules(InferenceRules &rules);
void addJoinRules(InferenceRules &rules);
void addMsRules(InferenceRules &rules);
void addNNRules(InferenceRules &rules);
void addReduceRules(InferenceRules &rules);
void addShapeRules(InferenceRules &rules);
void addSliceRules(InferenceRules &rules);
void addSpatialRules(InferenceRules &rules);

/// The dimensions that `a` and `b` broadcast to; nothing when they cannot.
std::optional<SymDims> broadcastDims(llvm::ArrayRef<SymDim> a,
                                     llvm::ArrayRef<SymDim> b);

/// An element function of a value of shape `from`, as seen from the positions
/// of a tensor of shape `to` that it broadcasts to; nothing where an axis may
/// or may not repeat.
std::optional<SymDim> broadcastElement(const SymDim &element,
                                       llvm::ArrayRef<SymDim> from,
                                       llvm::ArrayRef<SymDim> to);

/// Renames index variables: `$k` becomes `$axes[k]`; an axis without a new
/// place is one of extent 1, its variable 0.
SymDim renameAxes(const SymDim &element,
                  llvm::ArrayRef<std::optional<unsigned>> axes);

/// The shape when all dims are constant.
std::optional<llvm::SmallVector<int64_t>>
constantShape(llvm::ArrayRef<SymDim> dims);

/// True when the shape has at most maxContents elements.
bool isSmall(llvm::ArrayRef<int64_t> shape);

/// Calls `visit` with every index of a shape in row major order.
void forEachIndex(llvm::ArrayRef<int64_t> shape,
                  llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit);

/// The elements start, start + step, ... of contents on one axis; nothing when
/// the dims are not constant.
std::optional<SymDims> sliceContents(llvm::ArrayRef<SymDim> contents,
                                     llvm::ArrayRef<SymDim> dims, unsigned axis,
                                     int64_t start, int64_t length,
                                     int64_t step);

/// Position of an index in row major order.
int64_t flatten(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape);

} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_TRANSFORMS_INFERENCE_H
