//===- ExpandMath.cpp - functions of numbers as arithmetic ----------------===//
// The forms of VectorForms.h for single numbers, in loops that LLVM vectorises.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/KernelsToLLVM/Passes.h"

#include "../../Codegen/VectorForms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "skim/Codegen/TargetInfo.h"
#include "skim/Target/CpuTarget.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

namespace skim {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "skim/Conversion/KernelsToLLVM/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

namespace {
/// The arithmetic of the forms on numbers of f32.
struct NumberArithmetic {
  using Value = mlir::Value;
  ImplicitLocOpBuilder &b;
  bool hasFMA;

  Value splat(float value) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  }
  Value splatInt(int32_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }
  Value addf(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value subf(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value mulf(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value divf(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
  Value fma(Value x, Value y, Value z) {
    return hasFMA ? math::FmaOp::create(b, x, y, z).getResult()
                  : addf(mulf(x, y), z);
  }
  Value less(Value x, Value y) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, condition, x, y);
  }
  Value abs(Value x) { return math::AbsFOp::create(b, x); }
  Value copySign(Value magnitude, Value sign) {
    return math::CopySignOp::create(b, magnitude, sign);
  }
  Value toBits(Value x) {
    return arith::BitcastOp::create(b, b.getI32Type(), x);
  }
  Value fromBits(Value x) {
    return arith::BitcastOp::create(b, b.getF32Type(), x);
  }
  Value addi(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value subi(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value shiftLeft(Value x, int bits) {
    return arith::ShLIOp::create(b, x, splatInt(bits));
  }
  Value shiftRight(Value x, int bits) {
    return arith::ShRSIOp::create(b, x, splatInt(bits));
  }
};

/// The exponent of a power that is a few products; nothing where it is another
/// number.
static std::optional<int64_t> smallExponent(math::PowFOp op) {
  constexpr double most = 16;
  APFloat constant(0.0f);
  if (!matchPattern(op.getRhs(), m_ConstantFloat(&constant)))
    return std::nullopt;
  double exponent = constant.convertToDouble();
  if (std::abs(exponent) > most || exponent != std::trunc(exponent))
    return std::nullopt;
  return int64_t(exponent);
}

/// x^exponent by squares.
static Value emitPower(NumberArithmetic &a, Value x, int64_t exponent) {
  Value power;
  for (int64_t left = std::abs(exponent); left != 0; left /= 2) {
    if (left % 2 != 0)
      power = power ? a.mulf(power, x) : x;
    if (left > 1)
      x = a.mulf(x, x);
  }
  if (!power)
    return a.splat(1.0f);
  return exponent < 0 ? a.divf(a.splat(1.0f), power) : power;
}

struct ExpandMath : skim::impl::ExpandMathPassBase<ExpandMath> {
  using Base::Base;

  void runOnOperation() override {
    llvm::Expected<CpuTarget> cpu = resolveCpuTarget(mcpu, mtriple);
    if (!cpu) {
      getOperation().emitError(llvm::toString(cpu.takeError()));
      return signalPassFailure();
    }
    bool hasFMA = TargetInfo::get(*cpu).hasFMA;
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() == 1 && op->getResult(0).getType().isF32())
        expand(op, hasFMA);
    });
  }

  void expand(Operation *op, bool hasFMA) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    NumberArithmetic a{b, hasFMA};
    Value result =
        TypeSwitch<Operation *, Value>(op)
            .Case([&](math::ErfOp f) { return forms::erf(a, f.getOperand()); })
            .Case([&](math::ExpOp f) { return forms::exp(a, f.getOperand()); })
            .Case(
                [&](math::TanhOp f) { return forms::tanh(a, f.getOperand()); })
            .Case([&](math::PowFOp f) {
              auto exponent = smallExponent(f);
              return exponent ? emitPower(a, f.getLhs(), *exponent) : Value();
            })
            .Default(Value());
    if (!result)
      return;
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
    ++numFunctions;
  }
};
} // namespace
