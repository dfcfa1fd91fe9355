//===- Normalise.h - what the normalising patterns share --------*- C++ -*-===//
// Pattern base class with the shape analysis at hand, and builders of the forms
// that the patterns rewrite to. The patterns themselves are in
// Normalise<Group>.cpp.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_TRANSFORMS_NORMALISE_H
#define SKIM_LIB_DIALECT_ONNX_TRANSFORMS_NORMALISE_H

#include "mlir/IR/PatternMatch.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"

namespace skim::onnx {

/// Shapes of one function, kept right while patterns rewrite it.
class NormaliseState : public mlir::RewriterBase::Listener {
public:
  explicit NormaliseState(mlir::func::FuncOp func);

  SymbolicShapes shapes;

  /// A `tensor<Nxi64>` with these elements, of constants and dimensions of
  /// the function's arguments; null when an element needs anything else.
  mlir::Value buildShape(mlir::RewriterBase &rewriter, mlir::Location loc,
                         llvm::ArrayRef<SymDim> elements);
  bool canBuildShape(llvm::ArrayRef<SymDim> elements) const {
    return llvm::all_of(elements, [&](const SymDim &e) { return canBuild(e); });
  }
  /// The same for one element, as a scalar.
  mlir::Value buildScalar(mlir::RewriterBase &rewriter, mlir::Location loc,
                          const SymDim &element);
  /// What one of these made, in another type of integers.
  mlir::Value castBuilt(mlir::RewriterBase &rewriter, mlir::Value value,
                        mlir::Type type);
  /// True for what the three above made.
  bool isBuilt(mlir::Operation *op) const { return built.contains(op); }

  /// Creates an op with one tensor result of the type that inference finds.
  template <typename OpTy, typename... Args>
  mlir::Value build(mlir::RewriterBase &rewriter, mlir::Location loc,
                    mlir::Type elementType, Args &&...args) {
    auto op =
        OpTy::create(rewriter, loc, mlir::UnrankedTensorType::get(elementType),
                     std::forward<Args>(args)...);
    mlir::Value result = op->getResult(0);
    result.setType(shapes.refinedType(result));
    return result;
  }

  void notifyOperationErased(mlir::Operation *op) override;

private:
  bool canBuild(const SymDim &element) const;
  mlir::Value buildFactor(mlir::RewriterBase &rewriter, mlir::Location loc,
                          const SymDim &factor);
  mlir::Value buildElement(mlir::RewriterBase &rewriter, mlir::Location loc,
                           const SymDim &element);
  mlir::Value remember(mlir::Value value);

  mlir::func::FuncOp func;
  llvm::StringMap<std::pair<mlir::Value, unsigned>> sources;
  llvm::DenseSet<mlir::Operation *> built;
};

/// A pattern that asks about shapes.
template <typename OpTy>
class NormalisePattern : public mlir::OpRewritePattern<OpTy> {
public:
  NormalisePattern(mlir::MLIRContext *context, NormaliseState &state,
                   mlir::PatternBenefit benefit = 1)
      : mlir::OpRewritePattern<OpTy>(context, benefit), state(state),
        shapes(state.shapes) {}

protected:
  NormaliseState &state;
  SymbolicShapes &shapes;
};

/// The same for ops of all kinds, tried before patterns of lower rank.
template <unsigned rank = 1> class AnyOpPattern : public mlir::RewritePattern {
public:
  AnyOpPattern(mlir::MLIRContext *context, NormaliseState &state)
      : RewritePattern(MatchAnyOpTypeTag(), rank, context), state(state),
        shapes(state.shapes) {}

protected:
  NormaliseState &state;
  SymbolicShapes &shapes;
};

void addAlgebraPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addConvPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addEinsumPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addExpandPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addGatherPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addKnownValuePatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addNormPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addProductPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addQuantisedPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addResizePatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addSelectPatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addTransposePatterns(mlir::RewritePatternSet &set, NormaliseState &state);
void addViewPatterns(mlir::RewritePatternSet &set, NormaliseState &state);

/// An integer constant of the given shape, or of rank 1 when none is given.
mlir::Value buildInts(mlir::RewriterBase &rewriter, mlir::Location loc,
                      llvm::ArrayRef<int64_t> values);
/// A constant with the same integer everywhere.
mlir::Value buildSplat(mlir::RewriterBase &rewriter, mlir::Location loc,
                       mlir::RankedTensorType type, int64_t value);
mlir::Type elementType(mlir::Value value);
/// The one value of a constant, as a double; nothing when there are several.
std::optional<double> constantSplat(mlir::Value value);
/// Axis i of the result is axis `perm[i]` of the value.
mlir::Value buildTranspose(mlir::RewriterBase &rewriter, NormaliseState &state,
                           mlir::Value value, llvm::ArrayRef<int64_t> perm);
/// The value's elements in the shape that `shape` holds; 0 takes the value's
/// size, -1 what is left.
mlir::Value buildReshape(mlir::RewriterBase &rewriter, NormaliseState &state,
                         mlir::Location loc, mlir::Value value,
                         mlir::Value shape);
/// The value's elements as numbers of another type.
mlir::Value buildCast(mlir::RewriterBase &rewriter, NormaliseState &state,
                      mlir::Location loc, mlir::Value value, mlir::Type type);
/// The op once more, on other operands, which its types are inferred from: of
/// the elements that it had, or of `element`.
mlir::Operation *rebuild(mlir::RewriterBase &rewriter, NormaliseState &state,
                         mlir::Operation *op, mlir::ValueRange operands,
                         mlir::Type element = {});
/// Whether nothing but the first result of a norm is read, and its parameters
/// have at most `rank` axes: those of one row.
bool isNormOfRows(NormaliseState &state, mlir::Operation *norm, int64_t rank);
/// Whether an op, which may be null, gives its first operand's elements in
/// order in another shape.
bool isView(mlir::Operation *op);
/// The op in its simplest form that turns `value` into a tensor of dims `to`
/// with the same elements in order; null when it takes more than constants.
mlir::Value buildView(mlir::RewriterBase &rewriter, NormaliseState &state,
                      mlir::Location loc, mlir::Value value,
                      llvm::ArrayRef<SymDim> to);
/// Whether constants are enough for a view between these dims.
bool canBuildView(llvm::ArrayRef<SymDim> from, llvm::ArrayRef<SymDim> to);

/// Replaces a value's op by `value`, expanded to the old dimensions where it
/// has fewer. Fails when that would take a shape that cannot be built.
llvm::LogicalResult replaceExpanded(mlir::RewriterBase &rewriter,
                                    NormaliseState &state, mlir::Operation *op,
                                    mlir::Value value);

/// The function's type from what it returns.
void updateFunctionType(mlir::func::FuncOp func);

} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_TRANSFORMS_NORMALISE_H
