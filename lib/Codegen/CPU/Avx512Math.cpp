//===- Avx512Math.cpp - functions by operations of AVX-512 ----------------===//
//
// What is computed
//
//   2^x      n = floor(x), f = x - n, 2^n P(f) with P of degree 4 and P(0) = 1,
//            least in its largest relative error over [0, 1]
//   powers   round(4096 * 2^(-x / 64)): 13 bits of 2^(-f), f the rest of x /
//   64,
//            times 2 to the minus octaves
//   GELU(x)  x F(x), F a step from 0 to 1 by quadratics (GeluTables.h)
//
// How. vreduceps gives f, and vscalefps multiplies by 2^floor(x): 8 operations
// with the comparison that makes tiny powers 0 (a subnormal result would cost
// some hundred cycles), where adding and taking away 1.5 * 2^23 takes 10.
// Powers as integers are looked up in 64 numbers by vpermi2w, and vpmulhrsw
// rounds: 4 operations for 32 of them, where those of fp32 are 16 at once.
// vrangeps limits x in one operation and vpermi2ps looks a coefficient up in 32
// numbers, by the low five bits of an index: a GELU takes 8 operations, where
// one polynomial for all numbers takes 14; that of fp32, of degree 4
// (VectorForms.h), 16 instead of 21, and 2.9 ns a vector instead of 4.6 (a loop
// over 8 vectors in C on an Emerald Rapids core).
//===----------------------------------------------------------------------===//

#include "Avx512Math.h"

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

Value skim::emitAvx512Lookup(KernelBuilder &b, const Lookup &numbers,
                             Value index) {
  auto half = [&](int64_t first) -> Value {
    ArrayRef<float> all(numbers);
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(b.vectorType(), all.slice(first, 16)));
  };
  return b.callIntrinsic("llvm.x86.avx512.vpermi2var.ps.512", b.vectorType(),
                         {half(0), index, half(16)});
}

Values skim::emitAvx512Gelu(KernelBuilder &b, Activation gelu,
                            const Values &x) {
  bool isErf = gelu == Activation::GeluErf;
  const Lookups<3> &steps =
      stepQuadratics(isErf ? forms::Tail::Erf : forms::Tail::Tanh);
  auto map = [&](function_ref<Value(size_t)> emit) {
    return llvm::map_to_vector(llvm::seq(x.size()), emit);
  };
  // The smaller magnitude, with the sign of x.
  constexpr int64_t least = 0x2;
  Value limit = b.splat(float(15 * stepWidth));
  Value scale = b.splat(float(1 / stepWidth));
  // Rounds to an integer and leaves it, more by 16, in the low bits.
  Value magic = b.splat(12582912.0f + 16);
  Values inside = map([&](size_t i) {
    return call(b, "range", {x[i], limit, number(b, least)});
  });
  Values index =
      map([&](size_t i) { return b.bitsOf(b.fma(inside[i], scale, magic)); });
  auto look = [&](int64_t degree) {
    return map(
        [&](size_t i) { return emitAvx512Lookup(b, steps[degree], index[i]); });
  };
  Values step = look(2);
  for (int64_t degree : {1, 0}) {
    Values next = look(degree);
    step = map([&](size_t i) { return b.fma(step[i], inside[i], next[i]); });
  }
  return map([&](size_t i) { return b.mulf(x[i], step[i]); });
}
