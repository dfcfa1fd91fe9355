//===- QuantiseProducts.cpp - products of integers for those of numbers ---===//
// Before weights are folded: their integers and scales are needed apart.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"

namespace skim::onnx {
#define GEN_PASS_DEF_QUANTISEPRODUCTSPASS
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

using namespace mlir;
using namespace skim::onnx;

static RankedTensorType typeOf(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

/// What makes numbers of 8-bit integers by constant scales of f32 without
/// blocks; null for anything else.
static DequantizeLinearOp getBytes(Value value) {
  auto op = value.getDefiningOp<DequantizeLinearOp>();
  if (!op || op.getBlockSize() != 0 || !getConstant(op.getXScale()) ||
      !getElementTypeOrSelf(op.getX()).isInteger(8) ||
      !getElementTypeOrSelf(op.getXScale()).isF32() ||
      (!isAbsent(op.getXZeroPoint()) && !getConstant(op.getXZeroPoint())))
    return {};
  return op;
}

/// Whether scales and zero points are `count` numbers, or one.
static bool haveParameters(DequantizeLinearOp op, int64_t count) {
  return llvm::all_of(
      ValueRange{op.getXScale(), op.getXZeroPoint()}, [&](Value parameter) {
        if (isAbsent(parameter))
          return true;
        RankedTensorType type = typeOf(parameter);
        return type && type.hasStaticShape() && type.getRank() < 2 &&
               llvm::is_contained({int64_t(1), count}, type.getNumElements());
      });
}

namespace {
struct QuantiseProduct : OpRewritePattern<MatMulOp> {
  QuantiseProduct(MLIRContext *context, uint64_t &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override;
  uint64_t &count;
};
} // namespace

LogicalResult
QuantiseProduct::matchAndRewrite(MatMulOp op, PatternRewriter &rewriter) const {
  DequantizeLinearOp left = getBytes(op.getA()), right = getBytes(op.getB());
  if (!left || !right || getConstant(left.getX()) || !getConstant(right.getX()))
    return rewriter.notifyMatchFailure(
        op, "expected dequantised activations and constants");
  RankedTensorType weight = typeOf(right.getX());
  auto result = dyn_cast<TensorType>(op.getY().getType());
  if (!weight || weight.getRank() != 2 || !haveParameters(left, 1) ||
      !haveParameters(right, weight.getDimSize(1)))
    return rewriter.notifyMatchFailure(op, "expected a matrix and scales of "
                                           "its columns, or one");
  Value scale = right.getXScale();
  // Scales for rows of the matrix do not leave the sum.
  bool isList = typeOf(scale).getNumElements() > 1;
  if (isList && normaliseAxis(right.getAxis(), 2) != 1)
    return rewriter.notifyMatchFailure(op, "scales go with rows");
  Location loc = op.getLoc();
  Value integers = MatMulIntegerOp::create(
      rewriter, loc, result.clone(rewriter.getI32Type()), left.getX(),
      right.getX(), left.getXZeroPoint(), right.getXZeroPoint());
  constexpr int64_t onnxFloat = 1;
  Value numbers =
      CastOp::create(rewriter, loc, result, integers, StringAttr(),
                     IntegerAttr(), rewriter.getI64IntegerAttr(onnxFloat));
  // Of one number each, or a list that one of one number broadcasts to.
  Type scales = isList ? scale.getType() : left.getXScale().getType();
  if (!isList && typeOf(scale).getRank() == 1)
    scales = scale.getType();
  Value both = MulOp::create(rewriter, loc, scales, left.getXScale(), scale);
  rewriter.replaceOpWithNewOp<MulOp>(op, result, numbers, both);
  ++count;
  return success();
}

namespace {
struct QuantiseProductsPass
    : skim::onnx::impl::QuantiseProductsPassBase<QuantiseProductsPass> {
  void runOnOperation() override {
    uint64_t count = 0;
    RewritePatternSet patterns(&getContext());
    patterns.add<QuantiseProduct>(&getContext(), count);
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns), config);
    numProducts += count;
  }
};
} // namespace
