//===- NormaliseQuantised.cpp - integers that stay integers ---------------===//
// Quantisers round before and behind every op, also behind those that only move
// what is rounded already.
//===----------------------------------------------------------------------===//

#include "Normalise.h"
#include "skim/Dialect/Onnx/Transforms/QuantisedProduct.h"

using namespace mlir;
using namespace skim::onnx;

/// Whether integers of up to 16 bits come back from products with these scales:
/// none of them is too large or too small for a number of full precision.
static bool areOrdinary(Value scales) {
  ElementsAttr elements = getConstant(scales);
  if (!elements || !elements.getElementType().isF32())
    return false;
  return llvm::all_of(elements.getValues<APFloat>(), [](const APFloat &scale) {
    float value = scale.convertToFloat();
    return value > 0x1p-100f && value < 0x1p+100f;
  });
}

/// The integers that `op` would give again, behind what made `numbers` of them.
static DequantizeLinearOp madeOf(Value numbers, QuantizeLinearOp op) {
  auto made = numbers.getDefiningOp<DequantizeLinearOp>();
  if (!made || elementType(made.getX()) != elementType(op.getY()) ||
      elementType(made.getX()).getIntOrFloatBitWidth() > 16 ||
      !elementType(numbers).isF32() || made.getBlockSize() != 0 ||
      op.getBlockSize() != 0 || made.getAxis() != op.getAxis() ||
      !areEqual(made.getXScale(), op.getYScale()) ||
      !areEqual(made.getXZeroPoint(), op.getYZeroPoint()) ||
      !areOrdinary(op.getYScale()))
    return {};
  return made;
}

namespace {
/// Numbers rounded by what they were made of integers with, as they are or
/// moved: the integers, moved alike.
struct QuantizeDequantized : NormalisePattern<QuantizeLinearOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(QuantizeLinearOp op,
                                PatternRewriter &rewriter) const override {
    if (!isa<IntegerType>(elementType(op.getY())))
      return rewriter.notifyMatchFailure(op, "no integers");
    if (auto made = madeOf(op.getX(), op)) {
      if (shapes.dims(made.getX()) != shapes.dims(op.getY()))
        return rewriter.notifyMatchFailure(op, "shapes are not known");
      rewriter.replaceOp(op, made.getX());
      return success();
    }
    Operation *move = op.getX().getDefiningOp();
    auto made = isView(move) || isa_and_present<TransposeOp>(move)
                    ? madeOf(move->getOperand(0), op)
                    : DequantizeLinearOp();
    // Linear layers round their states themselves.
    if (llvm::any_of(op->getUsers(), llvm::IsaPred<MatMulIntegerOp>))
      return rewriter.notifyMatchFailure(op, "a product reads it");
    // A list of scales goes with an axis, which may move.
    if (!made || getConstant(op.getYScale()).getNumElements() != 1)
      return rewriter.notifyMatchFailure(op, "no integers of the same scale");
    SmallVector<Value> operands(move->getOperands());
    operands[0] = made.getX();
    Operation *moved =
        rebuild(rewriter, state, move, operands, elementType(made.getX()));
    rewriter.replaceOp(op, moved->getResult(0));
    return success();
  }
};
} // namespace

void skim::onnx::addQuantisedPatterns(RewritePatternSet &set,
                                      NormaliseState &state) {
  set.add<QuantizeDequantized>(set.getContext(), state);
}
