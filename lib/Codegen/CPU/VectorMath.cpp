//===- VectorMath.cpp - elementary functions on vectors -------------------===//
// The forms of VectorForms.h as ops of the vector dialect.
//===----------------------------------------------------------------------===//

#include "VectorMath.h"

#include "../VectorForms.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace skim;

namespace {
/// The arithmetic of the forms: one op for each operation.
struct VectorArithmetic {
  using Value = mlir::Value;
  KernelBuilder &b;

  Value splat(float value) { return b.splat(value); }
  Value splatInt(int32_t value) { return b.splatInt(value); }
  Value addf(Value x, Value y) { return b.addf(x, y); }
  Value subf(Value x, Value y) { return b.subf(x, y); }
  Value mulf(Value x, Value y) { return b.mulf(x, y); }
  Value divf(Value x, Value y) { return b.divf(x, y); }
  Value fma(Value x, Value y, Value z) { return b.fma(x, y, z); }
  Value less(Value x, Value y) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  }
  Value lessOrEqual(Value x, Value y) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return b.select(condition, x, y);
  }
  Value abs(Value x) { return math::AbsFOp::create(b, x); }
  Value neg(Value x) { return arith::NegFOp::create(b, x); }
  Value copySign(Value magnitude, Value sign) {
    return math::CopySignOp::create(b, magnitude, sign);
  }
  Value toBits(Value x) {
    return arith::BitcastOp::create(b, b.intVectorType(), x);
  }
  Value fromBits(Value x) {
    return arith::BitcastOp::create(b, b.vectorType(), x);
  }
  Value addi(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value subi(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value shiftLeft(Value x, int bits) {
    return arith::ShLIOp::create(b, x, b.splatInt(bits));
  }
  Value shiftRight(Value x, int bits) {
    return arith::ShRSIOp::create(b, x, b.splatInt(bits));
  }
};
} // namespace

Value skim::emitExp(KernelBuilder &b, Value x) {
  VectorArithmetic a{b};
  return forms::exp(a, x);
}

Value skim::emitExpNonPositive(KernelBuilder &b, Value x) {
  VectorArithmetic a{b};
  return forms::expNonPositive(a, x);
}

Value skim::emitErf(KernelBuilder &b, Value x) {
  VectorArithmetic a{b};
  return forms::erf(a, x);
}

Value skim::emitTanh(KernelBuilder &b, Value x) {
  VectorArithmetic a{b};
  return forms::tanh(a, x);
}

Value skim::emitSigmoid(KernelBuilder &b, Value x) {
  VectorArithmetic a{b};
  return forms::sigmoid(a, x);
}

Value skim::emitActivation(KernelBuilder &b, Activation activation, Value x) {
  VectorArithmetic a{b};
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return forms::relu(a, x);
  case Activation::GeluErf:
    return forms::geluErf(a, x);
  case Activation::GeluTanh:
    return forms::geluTanh(a, x);
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
