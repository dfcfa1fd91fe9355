//===- NormaliseKnownValues.cpp - integers known at compile time ----------===//
// Integer tensors whose elements the analysis knows: constants, the same value
// everywhere, or arithmetic on dimensions, which is rebuilt from the arguments.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

/// Common ground: ops of the dialect with one integer result.
static bool isIntegerOp(Operation *op) {
  return isa<OnnxDialect>(op->getDialect()) && !isa<ConstantOp>(op) &&
         op->getNumResults() == 1 &&
         isa<IntegerType>(elementType(op->getResult(0)));
}

namespace {
/// A constant for an op whose elements are all known.
struct KnownElements : AnyOpPattern<3> {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isIntegerOp(op))
      return failure();
    Value result = op->getResult(0);
    auto dims = state.shapes.dims(result);
    auto shape = dims ? constantShape(*dims) : std::nullopt;
    if (!shape)
      return rewriter.notifyMatchFailure(op, "the shape is not constant");
    auto type = RankedTensorType::get(*shape, elementType(result));
    if (auto splat = state.shapes.splat(result)) {
      auto value = splat->constant();
      if (!value)
        return rewriter.notifyMatchFailure(op, "elements depend on dimensions");
      rewriter.replaceOp(op, buildSplat(rewriter, op->getLoc(), type, *value));
      return success();
    }
    auto contents = state.shapes.contents(result);
    auto values = contents ? constantShape(*contents) : std::nullopt;
    if (!values)
      return rewriter.notifyMatchFailure(op, "elements are not known");
    auto integer = cast<IntegerType>(type.getElementType());
    SmallVector<APInt> elements;
    for (int64_t value : *values)
      elements.emplace_back(integer.getWidth(), static_cast<uint64_t>(value),
                            !integer.isUnsigned(), /*implicitTrunc=*/true);
    rewriter.replaceOpWithNewOp<ConstantOp>(
        op, DenseElementsAttr::get(type, elements));
    return success();
  }
};

/// A constant for one known integer as a number.
struct KnownNumber : NormalisePattern<CastOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    Type type = elementType(op.getOutput());
    auto dims = shapes.dims(op.getOutput());
    auto known = shapes.splat(op.getInput());
    auto value = known ? known->constant() : std::nullopt;
    if (!value || !type.isF32() || !dims ||
        constantShape(*dims) != SmallVector<int64_t>())
      return rewriter.notifyMatchFailure(op, "no known number");
    auto scalar = RankedTensorType::get({}, type);
    rewriter.replaceOpWithNewOp<ConstantOp>(
        op, DenseElementsAttr::get(scalar, float(*value)));
    return success();
  }
};

/// An Expand of one constant for an op that gives it everywhere.
struct KnownSplat : AnyOpPattern<2> {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isIntegerOp(op))
      return failure();
    if (auto expand = dyn_cast<ExpandOp>(op))
      if (getConstant(expand.getInput()))
        return rewriter.notifyMatchFailure(op, "is in this form");
    auto splat = state.shapes.splat(op->getResult(0));
    auto value = splat ? splat->constant() : std::nullopt;
    auto dims = state.shapes.dims(op->getResult(0));
    if (!value || !dims || constantShape(*dims))
      return rewriter.notifyMatchFailure(op, "not the same value everywhere");
    SymDims target(*dims);
    Value shape = state.buildShape(rewriter, op->getLoc(), target);
    if (!shape)
      return rewriter.notifyMatchFailure(op, "the shape cannot be built");
    auto type = RankedTensorType::get({}, elementType(op->getResult(0)));
    Value scalar = buildSplat(rewriter, op->getLoc(), type, *value);
    rewriter.replaceOp(op, state.build<ExpandOp>(rewriter, op->getLoc(),
                                                 type.getElementType(), scalar,
                                                 shape));
    return success();
  }
};

/// Arithmetic on dimensions, from the arguments' shapes.
struct KnownShape : AnyOpPattern<> {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isIntegerOp(op) || state.isBuilt(op))
      return failure();
    Value result = op->getResult(0);
    Type type = elementType(result);
    if (!type.isInteger(64) && !type.isInteger(32))
      return rewriter.notifyMatchFailure(op, "not of a type of shapes");
    auto dims = state.shapes.dims(result);
    auto contents = state.shapes.contents(result);
    if (!dims || !contents || dims->size() > 1)
      return rewriter.notifyMatchFailure(op, "not a known shape");
    SymDims elements(*contents);
    Value value =
        dims->empty()
            ? state.buildScalar(rewriter, op->getLoc(), elements.front())
            : state.buildShape(rewriter, op->getLoc(), elements);
    if (!value)
      return rewriter.notifyMatchFailure(op, "not of arguments' dimensions");
    rewriter.replaceOp(op, state.castBuilt(rewriter, value, type));
    return success();
  }
};

/// ConstantOfShape as an Expand.
struct ConstantOfShapeToExpand : NormalisePattern<ConstantOfShapeOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ConstantOfShapeOp op,
                                PatternRewriter &rewriter) const override {
    Type type = elementType(op.getOutput());
    auto scalarType = RankedTensorType::get({}, type);
    ElementsAttr value = op.getValueAttr();
    DenseElementsAttr scalar;
    if (!value)
      scalar = DenseElementsAttr::get(scalarType, rewriter.getZeroAttr(type));
    else if (auto dense = dyn_cast<DenseElementsAttr>(value))
      scalar = dense.reshape(scalarType);
    if (!scalar)
      return rewriter.notifyMatchFailure(op, "the value is not one element");
    Value constant = ConstantOp::create(rewriter, op.getLoc(), scalar);
    rewriter.replaceOp(op, state.build<ExpandOp>(rewriter, op.getLoc(), type,
                                                 constant, op.getInput()));
    return success();
  }
};
} // namespace

void skim::onnx::addKnownValuePatterns(RewritePatternSet &set,
                                       NormaliseState &state) {
  set.add<KnownElements, KnownNumber, KnownSplat, KnownShape,
          ConstantOfShapeToExpand>(set.getContext(), state);
}
