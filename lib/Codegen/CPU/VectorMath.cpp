//===- VectorMath.cpp - elementary functions on vectors -------------------===//
// The forms of VectorForms.h as ops of the vector dialect.
//===----------------------------------------------------------------------===//

#include "VectorMath.h"

#include "../VectorForms.h"
#include "Avx512Math.h"
#include "GeluTables.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace skim;

namespace {
/// The arithmetic of the forms: one op for each operation and vector. The ops
/// of several vectors take turns, so that a core sees work that does not wait
/// for itself.
struct VectorArithmetic {
  using Value = Values;
  using Op = function_ref<mlir::Value(mlir::Value, mlir::Value)>;
  KernelBuilder &b;
  size_t count;

  Values map(const Values &x, const Values &y, Op op) {
    Values result;
    for (auto [first, second] : llvm::zip_equal(x, y))
      result.push_back(op(first, second));
    return result;
  }
  template <typename Op> Values create(const Values &x, const Values &y) {
    return map(x, y, [&](mlir::Value x, mlir::Value y) -> mlir::Value {
      return Op::create(b, x, y);
    });
  }
  template <typename Op> Values create(const Values &x) {
    return llvm::map_to_vector(
        x, [&](mlir::Value x) -> mlir::Value { return Op::create(b, x); });
  }
  Values bitcast(const Values &x, Type type) {
    return llvm::map_to_vector(x, [&](mlir::Value x) -> mlir::Value {
      return arith::BitcastOp::create(b, type, x);
    });
  }

  Values splat(float value) { return Values(count, b.splat(value)); }
  Values splatInt(int32_t value) { return Values(count, b.splatInt(value)); }
  Values addf(const Values &x, const Values &y) {
    return create<arith::AddFOp>(x, y);
  }
  Values subf(const Values &x, const Values &y) {
    return create<arith::SubFOp>(x, y);
  }
  Values mulf(const Values &x, const Values &y) {
    return create<arith::MulFOp>(x, y);
  }
  Values divf(const Values &x, const Values &y) {
    return create<arith::DivFOp>(x, y);
  }
  Values fma(const Values &x, const Values &y, const Values &z) {
    Values result;
    for (size_t i = 0; i != count; ++i)
      result.push_back(b.fma(x[i], y[i], z[i]));
    return result;
  }
  Values less(const Values &x, const Values &y) {
    return map(x, y, [&](mlir::Value x, mlir::Value y) -> mlir::Value {
      return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
    });
  }
  Values select(const Values &condition, const Values &x, const Values &y) {
    Values result;
    for (size_t i = 0; i != count; ++i)
      result.push_back(b.select(condition[i], x[i], y[i]));
    return result;
  }
  Values abs(const Values &x) { return create<math::AbsFOp>(x); }
  Values neg(const Values &x) { return create<arith::NegFOp>(x); }
  Values copySign(const Values &magnitude, const Values &sign) {
    return create<math::CopySignOp>(magnitude, sign);
  }
  Values toBits(const Values &x) { return bitcast(x, b.intVectorType()); }
  Values fromBits(const Values &x) { return bitcast(x, b.vectorType()); }
  Values addi(const Values &x, const Values &y) {
    return create<arith::AddIOp>(x, y);
  }
  Values subi(const Values &x, const Values &y) {
    return create<arith::SubIOp>(x, y);
  }
  bool looksUp() const { return b.target.hasAvx512Math; }
  Values lookUp(forms::Tail tail, int degree, const Values &at) {
    const Lookup &numbers = tailQuartics(tail)[degree];
    return llvm::map_to_vector(at, [&](mlir::Value at) {
      return emitAvx512Lookup(b, numbers, b.bitsOf(at));
    });
  }
  Values shiftLeft(const Values &x, int bits) {
    return create<arith::ShLIOp>(x, splatInt(bits));
  }
  Values shiftRight(const Values &x, int bits) {
    return create<arith::ShRSIOp>(x, splatInt(bits));
  }
};
} // namespace

Value skim::emitExp(KernelBuilder &b, Value x) {
  VectorArithmetic a{b, 1};
  return forms::exp(a, Values{x})[0];
}

Value skim::emitExp2NonPositive(KernelBuilder &b, Value x) {
  VectorArithmetic a{b, 1};
  return forms::exp2NonPositive(a, Values{x})[0];
}

Value skim::emitCoarseExp2NonPositive(KernelBuilder &b, Value x) {
  if (b.target.hasAvx512Math)
    return emitAvx512Exp2NonPositive(b, x);
  VectorArithmetic a{b, 1};
  return forms::coarseExp2NonPositive(a, Values{x})[0];
}

Value skim::emitSigmoid(KernelBuilder &b, Value x) {
  VectorArithmetic a{b, 1};
  return forms::sigmoid(a, Values{x})[0];
}

static Value roundBits(KernelBuilder &b, Value x) {
  Value bits = b.bitsOf(x);
  Value high = arith::ShRUIOp::create(b, bits, b.splatInt(16));
  Value odd = arith::AndIOp::create(b, high, b.splatInt(1));
  Value sum = arith::AddIOp::create(
      b, bits, arith::AddIOp::create(b, odd, b.splatInt(0x7fff)));
  Value rounded = arith::ShRUIOp::create(b, sum, b.splatInt(16));
  // The sum could carry out of a NaN.
  Value quiet = arith::OrIOp::create(b, high, b.splatInt(0x40));
  Value isNaN = b.less(b.splatInt(0x7f800000), b.magnitudeBits(x));
  return b.select(isNaN, quiet, rounded);
}

Value skim::emitRoundBf16(KernelBuilder &b, Value x) {
  int64_t lanes = b.target.vectorWidth;
  auto type = VectorType::get(lanes, b.getI16Type());
  if (b.target.bf16Round.empty())
    return arith::TruncIOp::create(b, type, roundBits(b, x));
  Value rounded = b.callIntrinsic(b.target.bf16Round,
                                  VectorType::get(lanes, b.getBF16Type()), x);
  return vector::BitCastOp::create(b, type, rounded);
}

Value skim::emitActivation(KernelBuilder &b, Activation activation, Value x) {
  return emitActivation(b, activation, Values{x})[0];
}

Values skim::emitActivation(KernelBuilder &b, Activation activation,
                            const Values &x, bool coarse) {
  VectorArithmetic a{b, x.size()};
  bool isGelu =
      activation == Activation::GeluErf || activation == Activation::GeluTanh;
  if (coarse && isGelu && b.target.hasAvx512Math)
    return emitAvx512Gelu(b, activation, x);
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return forms::relu(a, x);
  case Activation::GeluErf:
    return coarse ? forms::coarseGeluErf(a, x) : forms::geluErf(a, x);
  case Activation::GeluTanh:
    return coarse ? forms::coarseGeluTanh(a, x) : forms::geluTanh(a, x);
  case Activation::Tanh:
    return forms::tanh(a, x);
  case Activation::Sigmoid:
    return forms::sigmoid(a, x);
  case Activation::Silu:
    return forms::silu(a, x);
  case Activation::GeluQuick:
    return forms::geluQuick(a, x);
  }
  llvm_unreachable("unknown activation");
}
