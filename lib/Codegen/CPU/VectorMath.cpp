//===- VectorMath.cpp - elementary functions on vectors -------------------===//
// Coefficients are least-maximum fits made for these forms; the bounds in the
// header are checked over all exponents by the unit tests.
//===----------------------------------------------------------------------===//

#include "VectorMath.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace skim;

/// c[0] + c[1] x + c[2] x^2 + ... by Horner's rule.
static Value polynomial(KernelBuilder &b, Value x, ArrayRef<float> c) {
  Value sum = b.splat(c.back());
  for (float coefficient : llvm::reverse(c.drop_back()))
    sum = b.fma(sum, x, b.splat(coefficient));
  return sum;
}

static Value compare(KernelBuilder &b, arith::CmpFPredicate predicate, Value x,
                     Value y) {
  return arith::CmpFOp::create(b, predicate, x, y);
}

/// 2^n for integers n in [-126, 127].
static Value powerOfTwo(KernelBuilder &b, Value n) {
  Value biased = arith::AddIOp::create(b, n, b.splatInt(127));
  Value bits = arith::ShLIOp::create(b, biased, b.splatInt(23));
  return arith::BitcastOp::create(b, b.vectorType(), bits);
}

namespace {
/// e^x = 2^exponent * power.
struct SplitPower {
  Value exponent, power;
};
} // namespace

// x = n ln 2 + r with |r| <= ln 2 / 2, e^x = 2^n e^r. Adding and taking away
// 1.5 * 2^23 rounds to an integer, and leaves that integer in the low bits.
static SplitPower splitExp(KernelBuilder &b, Value x) {
  Value magic = b.splat(12582912.0f);
  Value shifted = b.fma(x, b.splat(1.44269502f), magic);
  Value rounded = b.subf(shifted, magic);
  Value n = arith::SubIOp::create(
      b, arith::BitcastOp::create(b, b.intVectorType(), shifted),
      b.splatInt(0x4b400000));
  // ln 2 in two parts, the first with zeros at its end so that n times it is
  // exact without a fused multiplication too.
  Value r = b.fma(rounded, b.splat(-0.693359375f), x);
  r = b.fma(rounded, b.splat(2.12194440e-4f), r);
  Value tail = polynomial(
      b, r,
      {0.49999994f, 0.1666652f, 0.041668408f, 0.008368902f, 0.0013814205f});
  return {n, b.addf(b.fma(b.mulf(r, r), tail, r), b.splat(1.0f))};
}

// 2^n is applied in two steps, so that subnormal results round once.
Value skim::emitExp(KernelBuilder &b, Value x) {
  Value high = b.splat(89.0f), low = b.splat(-104.0f);
  // The order of the operands keeps a NaN of x.
  x = b.select(compare(b, arith::CmpFPredicate::OGT, x, high), high, x);
  x = b.select(compare(b, arith::CmpFPredicate::OLT, x, low), low, x);
  SplitPower split = splitExp(b, x);
  Value half = arith::ShRSIOp::create(b, split.exponent, b.splatInt(1));
  Value rest = arith::SubIOp::create(b, split.exponent, half);
  return b.mulf(b.mulf(split.power, powerOfTwo(b, half)), powerOfTwo(b, rest));
}

Value skim::emitExpNonPositive(KernelBuilder &b, Value x) {
  Value low = b.splat(-87.3f);
  Value tiny = compare(b, arith::CmpFPredicate::OLT, x, low);
  SplitPower split = splitExp(b, b.select(tiny, low, x));
  Value result = b.mulf(split.power, powerOfTwo(b, split.exponent));
  return b.select(tiny, b.splat(0.0f), result);
}

// erf(x) = x P(x^2) / Q(x^2), of degree 5 each, up to 3.92.
Value skim::emitErf(KernelBuilder &b, Value x) {
  Value square = b.mulf(x, x);
  Value p = polynomial(b, square,
                       {1.128378987f, 0.1927645206f, 0.05306046084f,
                        0.003868354484f, 0.0002874782949f, 2.034763156e-06f});
  Value q = polynomial(b, square,
                       {1.0f, 0.5041646957f, 0.1150847599f, 0.01517232414f,
                        0.001188117894f, 3.807058965e-05f});
  Value result = b.divf(b.mulf(x, p), q);
  Value edge = b.splat(3.92f), minusEdge = b.splat(-3.92f);
  result = b.select(compare(b, arith::CmpFPredicate::OGE, x, edge),
                    b.splat(1.0f), result);
  return b.select(compare(b, arith::CmpFPredicate::OLE, x, minusEdge),
                  b.splat(-1.0f), result);
}

// |x| < 0.625: x + x^3 R(x^2); otherwise 1 - 2 / (e^(2 |x|) + 1).
Value skim::emitTanh(KernelBuilder &b, Value x) {
  Value square = b.mulf(x, x);
  Value tail = polynomial(
      b, square,
      {-0.33333278f, 0.13331331f, -0.053729977f, 0.020606074f, -0.0056668594f});
  Value small = b.fma(b.mulf(square, x), tail, x);

  Value magnitude = math::AbsFOp::create(b, x);
  Value power = emitExp(b, b.addf(magnitude, magnitude));
  Value quotient = b.divf(b.splat(2.0f), b.addf(power, b.splat(1.0f)));
  Value large = b.subf(b.splat(1.0f), quotient);
  large = math::CopySignOp::create(b, large, x);
  return b.select(
      compare(b, arith::CmpFPredicate::OLT, magnitude, b.splat(0.625f)), small,
      large);
}

Value skim::emitSigmoid(KernelBuilder &b, Value x) {
  Value power = emitExp(b, arith::NegFOp::create(b, x));
  return b.divf(b.splat(1.0f), b.addf(b.splat(1.0f), power));
}

Value skim::emitActivation(KernelBuilder &b, Activation activation, Value x) {
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    // x < 0 ? 0 : x keeps NaN.
    return b.select(compare(b, arith::CmpFPredicate::OLT, x, b.splat(0.0f)),
                    b.splat(0.0f), x);
  case Activation::GeluErf: {
    Value half = b.mulf(x, b.splat(0.5f));
    Value erf = emitErf(b, b.mulf(x, b.splat(0.707106781f)));
    return b.fma(half, erf, half);
  }
  case Activation::GeluTanh: {
    Value half = b.mulf(x, b.splat(0.5f));
    Value square = b.mulf(x, x);
    Value inner = b.fma(square, b.splat(0.0356774081f), b.splat(0.797884561f));
    return b.fma(half, emitTanh(b, b.mulf(inner, x)), half);
  }
  case Activation::Tanh:
    return emitTanh(b, x);
  case Activation::Sigmoid:
    return emitSigmoid(b, x);
  case Activation::Silu:
    return b.mulf(x, emitSigmoid(b, x));
  case Activation::GeluQuick:
    return b.mulf(x, emitSigmoid(b, b.mulf(x, b.splat(1.702f))));
  }
  llvm_unreachable("unknown activation");
}
