//===- ExpandMath.cpp - functions of numbers as arithmetic ----------------===//
// The forms of VectorForms.h for single numbers, in loops that LLVM vectorises.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/KernelsToLLVM/Passes.h"

#include "../../Codegen/VectorForms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "skim/Codegen/TargetInfo.h"
#include "skim/Target/CpuTarget.h"

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
      if (isa<math::ErfOp, math::ExpOp, math::TanhOp>(op) &&
          op->getResult(0).getType().isF32())
        expand(op, hasFMA);
    });
  }

  void expand(Operation *op, bool hasFMA) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    NumberArithmetic a{b, hasFMA};
    Value x = op->getOperand(0);
    Value result = isa<math::ErfOp>(op)   ? forms::erf(a, x)
                   : isa<math::ExpOp>(op) ? forms::exp(a, x)
                                          : forms::tanh(a, x);
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
    ++numFunctions;
  }
};
} // namespace
