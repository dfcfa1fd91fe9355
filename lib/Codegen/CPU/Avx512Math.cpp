//===- Avx512Math.cpp - functions by operations of AVX-512 ----------------===//
//
// What is computed
//
//   2^x      n = floor(x), f = x - n, 2^n P(f) with P of degree 4 and P(0) = 1,
//            least in its largest relative error over [0, 1]
//   powers   round(4096 * 2^(-x / 64)): 13 bits of 2^(-f), f the rest of x /
//   64,
//            times 2 to the minus octaves
//   GELU(x)  x F(x), F the step from 0 to 1: (1 + erf(x / sqrt 2)) / 2, or the
//            one by tanh. Of 31 intervals of |x| <= 15.5 h each has a quadratic
//            that meets F in three points (those of Chebyshev); the first is 0
//            and the last is 1, and go on for ever.
//
// How. vreduceps gives f, and vscalefps multiplies by 2^floor(x): 8 operations
// with the comparison that makes tiny powers 0 (a subnormal result would cost
// some hundred cycles), where adding and taking away 1.5 * 2^23 takes 10.
// Powers as integers are looked up in 64 numbers by vpermi2w, and vpmulhrsw
// rounds: 4 operations for 32 of them, where those of fp32 are 16 at once.
// vrangeps limits x in one operation and vpermi2ps looks a coefficient up in 32
// numbers, by the low five bits of an index: a GELU takes 8 operations, where
// one polynomial for all numbers takes 14.
//===----------------------------------------------------------------------===//

#include "Avx512Math.h"

#include "llvm/Support/MathExtras.h"
#include <array>
#include <cmath>

using namespace mlir;
using namespace skim;

static Value number(KernelBuilder &b, int64_t value, unsigned bits = 32) {
  Type type = b.getIntegerType(bits);
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

/// What `name` gives of `operands` in all lanes, rounded as numbers are.
static Value call(KernelBuilder &b, StringRef name, ArrayRef<Value> operands) {
  constexpr int64_t asSet = 4;
  Values arguments(operands);
  arguments.append({b.splat(0.0f), number(b, -1, 16), number(b, asSet)});
  return b.callIntrinsic(("llvm.x86.avx512.mask." + name + ".ps.512").str(),
                         b.vectorType(), arguments);
}

Value skim::emitAvx512Exp2NonPositive(KernelBuilder &b, Value x) {
  // Below the next integer, to the last bit, without an exception.
  constexpr int64_t lessFloor = 0x9;
  Value fraction = call(b, "reduce", {x, number(b, lessFloor)});
  Value power = b.splat(0.0134266475f);
  for (float c : {0.0522425324f, 0.241280183f, 0.693044841f, 1.0f})
    power = b.fma(power, fraction, b.splat(c));
  Value scaled = call(b, "scalef", {power, x});
  Value isTiny =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, b.splat(-126.0f));
  return b.select(isTiny, b.splat(0.0f), scaled);
}

Value skim::emitAvx512Powers(KernelBuilder &b, Value distances) {
  auto type = VectorType::get(32, b.getI16Type());
  auto splat = [&](int16_t value) -> Value {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(type, value));
  };
  auto table = [&](int first) -> Value {
    SmallVector<int16_t> numbers;
    for (int i = first; i != first + 32; ++i)
      numbers.push_back(std::lround(8192 * std::exp2(-i / 64.0)));
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, ArrayRef(numbers)));
  };
  Value x = vector::BitCastOp::create(b, type, distances);
  // By the low six bits of x.
  Value power = b.callIntrinsic("llvm.x86.avx512.vpermi2var.hi.512", type,
                                {table(0), x, table(32)});
  Value octaves = arith::ShRUIOp::create(b, x, splat(6));
  Value shifted = b.callIntrinsic("llvm.x86.avx512.psrlv.w.512", type,
                                  {splat(16384), octaves});
  // 2^-15 of the product, rounded.
  power =
      b.callIntrinsic("llvm.x86.avx512.pmul.hr.sw.512", type, {power, shifted});
  return vector::BitCastOp::create(b, b.intVectorType(), power);
}

namespace {
/// Coefficients of 1, x and x^2 in the intervals (n - 16.5) h to (n - 15.5) h
/// for n = 1 to 31.
struct Quadratics {
  Quadratics(function_ref<double(double)> step, double h);
  std::array<std::array<float, 32>, 3> coefficients = {};
};
} // namespace

Quadratics::Quadratics(function_ref<double(double)> step, double h) {
  double reach = h / 2 * std::sqrt(0.75);
  for (int n = 2; n != 31; ++n) {
    double x = (n - 16) * h, low = step(x - reach), at = step(x),
           high = step(x + reach);
    double slope = (high - low) / (2 * reach);
    double bend = (high - 2 * at + low) / (2 * reach * reach);
    coefficients[0][n] = float(at - slope * x + bend * x * x);
    coefficients[1][n] = float(slope - 2 * bend * x);
    coefficients[2][n] = float(bend);
  }
  coefficients[0][31] = 1;
}

static double stepOfErf(double x) {
  return (1 + std::erf(x * std::sqrt(0.5))) / 2;
}
static double stepOfTanh(double x) {
  double inner = std::sqrt(2 / llvm::numbers::pi) * (x + 0.044715 * x * x * x);
  return (1 + std::tanh(inner)) / 2;
}

Values skim::emitAvx512Gelu(KernelBuilder &b, Activation gelu,
                            const Values &x) {
  // The ends begin at |x| = 4.
  constexpr double h = 4 / 14.5;
  Quadratics quadratics(gelu == Activation::GeluErf ? stepOfErf : stepOfTanh,
                        h);
  auto table = [&](int64_t degree, int64_t first) -> Value {
    ArrayRef<float> all(quadratics.coefficients[degree]);
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(b.vectorType(), all.slice(first, 16)));
  };
  auto map = [&](function_ref<Value(size_t)> emit) {
    return llvm::map_to_vector(llvm::seq(x.size()), emit);
  };
  // The smaller magnitude, with the sign of x.
  constexpr int64_t least = 0x2;
  Value limit = b.splat(float(15 * h)), scale = b.splat(float(1 / h));
  // Rounds to an integer and leaves it, more by 16, in the low bits.
  Value magic = b.splat(12582912.0f + 16);
  Values inside = map([&](size_t i) {
    return call(b, "range", {x[i], limit, number(b, least)});
  });
  Values index =
      map([&](size_t i) { return b.bitsOf(b.fma(inside[i], scale, magic)); });
  auto look = [&](int64_t degree) {
    return map([&](size_t i) {
      return b.callIntrinsic("llvm.x86.avx512.vpermi2var.ps.512",
                             b.vectorType(),
                             {table(degree, 0), index[i], table(degree, 16)});
    });
  };
  Values step = look(2);
  for (int64_t degree : {1, 0}) {
    Values next = look(degree);
    step = map([&](size_t i) { return b.fma(step[i], inside[i], next[i]); });
  }
  return map([&](size_t i) { return b.mulf(x[i], step[i]); });
}
