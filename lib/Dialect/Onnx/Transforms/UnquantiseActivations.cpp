//===- UnquantiseActivations.cpp - products without 8-bit activations -----===//
// What a quantiser makes of a linear layer, back to the layer: the factors of
// the product of integers tell its scales, or its operands are rounded.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"

namespace skim::onnx {
#define GEN_PASS_DEF_UNQUANTISEACTIVATIONSPASS
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

using namespace mlir;
using namespace skim::onnx;

namespace {
/// A pattern that counts what it changes.
template <typename Op> struct CountingPattern : OpRewritePattern<Op> {
  CountingPattern(MLIRContext *context, uint64_t &count)
      : OpRewritePattern<Op>(context), count(count) {}
  uint64_t &count;
};

/// Numbers that are rounded where they are, by QuantizeLinear and back.
struct UnquantiseRounded : CountingPattern<DequantizeLinearOp> {
  using CountingPattern::CountingPattern;
  LogicalResult matchAndRewrite(DequantizeLinearOp op,
                                PatternRewriter &rewriter) const override;
};

/// The factors of a product: integers as floats, the scale of the activations
/// and that of the weights.
struct Factors {
  MatMulIntegerOp product;
  SmallVector<Value> activationScales, weightScales;

  bool add(Value factor, unsigned level = 0);
};

struct UnquantiseProduct : CountingPattern<MulOp> {
  using CountingPattern::CountingPattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override;
};
} // namespace

/// Takes a factor, or those that it multiplies; false when it is none of these.
bool Factors::add(Value factor, unsigned level) {
  if (getConstant(factor)) {
    weightScales.push_back(factor);
    return true;
  }
  Operation *op = factor.getDefiningOp();
  if (isa_and_present<DynamicQuantizeLinearOp>(op)) {
    activationScales.push_back(factor);
    return true;
  }
  if (auto cast = dyn_cast_or_null<CastOp>(op)) {
    if (product)
      return false;
    product = cast.getInput().getDefiningOp<MatMulIntegerOp>();
    return product != nullptr;
  }
  auto mul = dyn_cast_or_null<MulOp>(op);
  return mul && level < 3 && add(mul.getA(), level + 1) &&
         add(mul.getB(), level + 1);
}

/// Whether two operands are the same, or constants with the same elements.
static bool areEqual(Value a, Value b) {
  if (a == b || (isAbsent(a) && isAbsent(b)))
    return true;
  ElementsAttr elements = getConstant(a);
  return elements && elements == getConstant(b);
}

LogicalResult
UnquantiseRounded::matchAndRewrite(DequantizeLinearOp op,
                                   PatternRewriter &rewriter) const {
  auto rounded = op.getX().getDefiningOp<QuantizeLinearOp>();
  if (!rounded || getConstant(rounded.getX()) ||
      rounded.getX().getType() != op.getY().getType())
    return rewriter.notifyMatchFailure(op, "no activations that are rounded");
  if (!areEqual(op.getXScale(), rounded.getYScale()) ||
      !areEqual(op.getXZeroPoint(), rounded.getYZeroPoint()) ||
      op.getAxis() != rounded.getAxis() ||
      op.getBlockSize() != rounded.getBlockSize())
    return rewriter.notifyMatchFailure(op, "scales or zero points differ");
  rewriter.replaceOp(op, rounded.getX());
  ++count;
  return success();
}

static int64_t countOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getRank() < 2
             ? type.getNumElements()
             : -1;
}

LogicalResult
UnquantiseProduct::matchAndRewrite(MulOp op, PatternRewriter &rewriter) const {
  Factors factors;
  if (!factors.add(op.getC()) || !factors.product ||
      factors.activationScales.size() != 1 || factors.weightScales.size() != 1)
    return failure();
  MatMulIntegerOp product = factors.product;
  auto quantised = product.getA().getDefiningOp<DynamicQuantizeLinearOp>();
  if (!quantised || factors.activationScales[0] != quantised.getYScale() ||
      product.getAZeroPoint() != quantised.getYZeroPoint())
    return rewriter.notifyMatchFailure(op, "the activations have other scales");
  auto weights = dyn_cast<RankedTensorType>(product.getB().getType());
  Value scale = factors.weightScales[0], zero = product.getBZeroPoint();
  if (!weights || weights.getRank() != 2 || !getConstant(product.getB()))
    return rewriter.notifyMatchFailure(op,
                                       "the weights are no constant matrix");
  if (countOf(scale) < 1 ||
      (!isAbsent(zero) &&
       (!getConstant(zero) || countOf(zero) != countOf(scale))))
    return rewriter.notifyMatchFailure(op, "scales and zero points differ");
  Location loc = product.getLoc();
  Type numbers =
      RankedTensorType::get(weights.getShape(), rewriter.getF32Type());
  Value matrix = DequantizeLinearOp::create(
      rewriter, loc, numbers, product.getB(), scale, zero,
      rewriter.getI64IntegerAttr(1), rewriter.getI64IntegerAttr(0),
      rewriter.getI64IntegerAttr(0));
  rewriter.replaceOpWithNewOp<MatMulOp>(op, op.getC().getType(),
                                        quantised.getX(), matrix);
  ++count;
  return success();
}

namespace {
struct UnquantiseActivationsPass
    : skim::onnx::impl::UnquantiseActivationsPassBase<
          UnquantiseActivationsPass> {
  void runOnOperation() override {
    uint64_t count = 0;
    RewritePatternSet patterns(&getContext());
    patterns.add<UnquantiseProduct, UnquantiseRounded>(&getContext(), count);
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns), config);
    numPlaces += count;
  }
};
} // namespace
