//===- QuantisedProduct.cpp - linear layers as quantisers write them ------===//
// Follows products back to the integers' one and to the scales.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/Transforms/QuantisedProduct.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
/// The factors of a product: integers as floats, the scale of the activations
/// and that of the weights.
struct Factors {
  MatMulIntegerOp product;
  SmallVector<Value> activationScales, weightScales;

  bool add(Value factor, unsigned level = 0);
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

static int64_t countOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getRank() < 2
             ? type.getNumElements()
             : -1;
}

std::optional<QuantisedProduct>
skim::onnx::matchQuantisedProduct(MulOp op, PatternRewriter &rewriter) {
  auto fail = [&](const char *why) {
    (void)rewriter.notifyMatchFailure(op, why);
    return std::nullopt;
  };
  Factors factors;
  if (!factors.add(op.getC()) || !factors.product ||
      factors.weightScales.size() != 1)
    return std::nullopt;
  MatMulIntegerOp product = factors.product;
  auto quantised = product.getA().getDefiningOp<DynamicQuantizeLinearOp>();
  auto given = product.getA().getDefiningOp<QuantizeLinearOp>();
  auto isOne = [](Value value) {
    return getConstant(value) && countOf(value) == 1;
  };
  if (given ? !factors.activationScales.empty() ||
                  product.getAZeroPoint() != given.getYZeroPoint() ||
                  !isOne(given.getYScale()) ||
                  (!isAbsent(given.getYZeroPoint()) &&
                   !isOne(given.getYZeroPoint()))
            : !quantised ||
                  factors.activationScales !=
                      SmallVector<Value>{quantised.getYScale()} ||
                  product.getAZeroPoint() != quantised.getYZeroPoint())
    return fail("the activations have other scales");
  Value weight = product.getB(), zero = product.getBZeroPoint();
  auto type = dyn_cast<RankedTensorType>(weight.getType());
  if (!type || type.getRank() != 2 || !getConstant(weight))
    return fail("the weights are no constant matrix");
  Value scale = factors.weightScales[0];
  if (countOf(scale) < 1 ||
      (!isAbsent(zero) &&
       (!getConstant(zero) || countOf(zero) != countOf(scale))))
    return fail("scales and zero points differ");
  Value states = given ? given.getX() : quantised.getX();
  return QuantisedProduct{product, states, given, weight, scale, zero};
}

bool skim::onnx::areEqual(Value a, Value b) {
  if (a == b || (isAbsent(a) && isAbsent(b)))
    return true;
  ElementsAttr elements = getConstant(a);
  return elements && elements == getConstant(b);
}
