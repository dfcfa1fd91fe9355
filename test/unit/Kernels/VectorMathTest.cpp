//===- VectorMathTest.cpp - elementary functions against libm -------------===//
// Over bit patterns of all exponents and signs, a prime apart; over every one
// where SKIM_ALL_FLOATS is set, which takes about a minute for each function.
//===----------------------------------------------------------------------===//

#include "VectorMath.h"
#include "Avx512Math.h"
#include "KernelHarness.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstdlib>
#include <functional>

using namespace skim;
using namespace skim::test;

namespace {
/// The error that a result may have.
using Bound = std::function<double(double x, double expected)>;
} // namespace

/// The numbers whose bit patterns are first, first + step, ... up to `count` of
/// them, and some near which a form changes.
static std::vector<float> sweep(uint64_t first, uint64_t step, int64_t count) {
  std::vector<float> values = {0.0f,   -0.0f,   INFINITY, -INFINITY, NAN,
                               88.72f, 88.73f,  -103.9f,  -104.1f,   -126.0f,
                               0.625f, -0.625f, 5.4f,     -5.4f,     5.543f};
  for (uint64_t bits = first; bits < (uint64_t(1) << 32) && count--;
       bits += step) {
    uint32_t word = uint32_t(bits);
    float value;
    memcpy(&value, &word, sizeof value);
    values.push_back(value);
  }
  values.resize((values.size() + 15) / 16 * 16, 1.0f);
  return values;
}

using Emit = std::function<Value(KernelBuilder &, Value)>;

/// A kernel that applies `emit` to each vector of its input.
static mlir::func::FuncOp makeMap(mlir::ModuleOp module,
                                  const TargetInfo &target, Emit emit) {
  KernelBuilder b(module.getLoc(), module.getContext(), target);
  mlir::Type states = b.buffer({KernelBuilder::kDynamic, 16});
  mlir::func::FuncOp function = startKernel(b, module, "map", {states, states});
  mlir::ValueRange arguments = function.getArguments();
  b.loop(arguments[2], arguments[3], 1, [&](Value row) {
    b.forColumns(16, [&](Value column, int64_t) {
      Value x = b.loadVector(arguments[0], {row, column});
      b.storeVector(emit(b, x), arguments[1], {row, column});
    });
  });
  finishKernel(b, function);
  return function;
}

/// The same for an op on single numbers, which onnx ops become that no kernel
/// is for.
template <typename Op> static Emit numberByNumber() {
  return [](KernelBuilder &b, Value x) {
    Value result = b.splat(0.0f);
    for (int64_t lane = 0; lane != b.target.vectorWidth; ++lane) {
      Value number = mlir::vector::ExtractOp::create(b, x, lane);
      result = mlir::vector::InsertOp::create(
          b, Op::create(b, number).getResult(), result, lane);
    }
    return result;
  };
}

static bool agrees(float x, float got, double expected, const Bound &bound) {
  if (std::isnan(expected))
    return std::isnan(got);
  if (std::isinf(expected) || std::abs(expected) > 3.4028235e38)
    return std::isinf(got);
  return std::abs(got - expected) <= bound(x, expected);
}

static void check(llvm::StringRef cpu, Emit emit,
                  std::function<double(double)> reference, Bound bound) {
  SCOPED_TRACE(cpu.str());
  Kernels kernels(cpu);
  std::string name =
      kernels.add(makeMap(kernels.getModule(), kernels.target(), emit));
  kernels.compile();
  const uint64_t step = std::getenv("SKIM_ALL_FLOATS") ? 1 : 509;
  constexpr int64_t chunk = 1 << 20;
  for (uint64_t first = 0; first < (uint64_t(1) << 32); first += chunk * step) {
    std::vector<float> values = sweep(first, step, chunk);
    int64_t rows = values.size() / 16;
    Floats x({rows, 16}), out({rows, 16});
    std::copy(values.begin(), values.end(), x.data());
    kernels.call(name, 0, rows, x, out);
    for (int64_t i = 0; i != x.size(); ++i)
      if (double expected = reference(x[i]);
          !agrees(x[i], out[i], expected, bound))
        FAIL() << "at " << x[i] << ", expected " << expected << ", got "
               << out[i];
  }
}

static Emit activation(Activation kind) {
  return [=](KernelBuilder &b, Value x) { return emitActivation(b, kind, x); };
}

/// `ulps` units in the last place of the result, subnormal ones included.
static Bound within(double ulps) {
  return [=](double, double expected) {
    float magnitude = std::abs(float(expected));
    return ulps * (std::nextafter(magnitude, INFINITY) - magnitude);
  };
}
static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
static double geluErf(double x) {
  return x / 2 * (1 + std::erf(x * std::sqrt(0.5)));
}
static double geluTanh(double x) {
  return x / 2 *
         (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
static Bound geluWithin(double bound) {
  return [=](double x, double) { return bound * std::max(1.0, std::abs(x)); };
}

TEST(VectorMath, Exp) {
  auto reference = [](double x) { return std::exp(x); };
  for (llvm::StringRef cpu : {"native", "x86-64"})
    check(cpu, emitExp, reference, within(2));
}
using EmitPower = Value (*)(KernelBuilder &, Value);
static void checkPower(llvm::StringRef cpu, EmitPower power, Bound bound) {
  auto reference = [](double x) {
    return std::isnan(x) ? x : x < -126 ? 0 : std::exp2(std::min(x, 0.0));
  };
  auto emit = [&](KernelBuilder &b, Value x) {
    Value positive = mlir::arith::CmpFOp::create(
        b, mlir::arith::CmpFPredicate::OGT, x, b.splat(0.0f));
    return power(b, b.select(positive, b.splat(0.0f), x));
  };
  check(cpu, emit, reference, bound);
}
TEST(VectorMath, Exp2NonPositive) {
  checkPower("native", emitExp2NonPositive, within(1));
  checkPower("x86-64", emitExp2NonPositive, within(1.5));
}
TEST(VectorMath, CoarseExp2NonPositive) {
  Bound bound = [](double x, double expected) { return 3e-6 * expected; };
  for (llvm::StringRef cpu : {"native", "x86-64"})
    checkPower(cpu, emitCoarseExp2NonPositive, bound);
}
// In both halves of a word, the next integer or the one beside it.
TEST(VectorMath, LookedUpPowers) {
  if (!canRun("skylake-avx512"))
    GTEST_SKIP() << "this processor has no AVX-512";
  auto distance = [](double x) {
    return std::isnan(x) ? 1023 : std::nearbyint(std::min(std::abs(x), 1023.0));
  };
  auto emit = [](KernelBuilder &b, Value x) -> Value {
    Value magnitude = b.floatsOf(b.magnitudeBits(x));
    Value most = b.splat(1023.0f), magic = b.splat(12582912.0f);
    Value rounded = b.addf(b.minf(magnitude, most), magic);
    Value low =
        mlir::arith::AndIOp::create(b, b.bitsOf(rounded), b.splatInt(0xffff));
    Value high = mlir::arith::ShLIOp::create(b, low, b.splatInt(16));
    Value powers =
        emitAvx512Powers(b, mlir::arith::OrIOp::create(b, low, high));
    // The sum of both.
    low = mlir::arith::AndIOp::create(b, powers, b.splatInt(0xffff));
    high = mlir::arith::ShRUIOp::create(b, powers, b.splatInt(16));
    return mlir::arith::SIToFPOp::create(
        b, b.vectorType(), mlir::arith::AddIOp::create(b, low, high));
  };
  auto reference = [&](double x) {
    return 8192 * std::exp2(-distance(x) / 64);
  };
  check("skylake-avx512", emit, reference, [](double, double) { return 1.5; });
}
TEST(VectorMath, Tanh) {
  auto reference = [](double x) { return std::tanh(x); };
  check("native", activation(Activation::Tanh), reference, within(3));
  check("x86-64", activation(Activation::Tanh), reference, within(3.5));
}
TEST(VectorMath, NumberByNumber) {
  for (llvm::StringRef cpu : {"native", "x86-64"}) {
    check(
        cpu, numberByNumber<mlir::math::ErfOp>(),
        [](double x) { return std::erf(x); }, within(2));
    check(
        cpu, numberByNumber<mlir::math::ExpOp>(),
        [](double x) { return std::exp(x); }, within(2));
    check(
        cpu, numberByNumber<mlir::math::TanhOp>(),
        [](double x) { return std::tanh(x); }, within(3.5));
  }
}
TEST(VectorMath, Sigmoid) {
  // Below -87 the result is subnormal or e^x overflows on the way.
  Bound bound = [](double x, double expected) {
    return x < -87 ? 1.2e-38 : within(4)(x, expected);
  };
  check("native", activation(Activation::Sigmoid), sigmoid, bound);
  check("x86-64", activation(Activation::Sigmoid), sigmoid, bound);
}
TEST(VectorMath, Silu) {
  Bound bound = [](double x, double expected) {
    return x < -87 ? 1e-35 * std::max(1.0, -x) : within(5)(x, expected);
  };
  check(
      "native", activation(Activation::Silu),
      [](double x) { return x * sigmoid(x); }, bound);
}
TEST(VectorMath, GeluQuick) {
  // e^x doubles the rounding of 1.702 x at the far left.
  Bound bound = [](double x, double expected) {
    return x < -50 ? 1e-35 : 1e-6 * std::max(1e-3, std::abs(expected));
  };
  check(
      "native", activation(Activation::GeluQuick),
      [](double x) { return x * sigmoid(1.702 * x); }, bound);
}
/// `atLeast` is what a product of 0 with the least number, -inf, gives.
static void checkGelu(llvm::StringRef cpu, double bound, double atLeast) {
  for (auto [kind, gelu] : {std::pair(Activation::GeluErf, &geluErf),
                            std::pair(Activation::GeluTanh, &geluTanh)}) {
    auto reference = [=, gelu = gelu](double x) {
      return x == -INFINITY ? atLeast : gelu(x);
    };
    check(cpu, activation(kind), reference, geluWithin(bound));
  }
}
TEST(VectorMath, Gelu) { checkGelu("x86-64-v3", 2e-7, NAN); }
TEST(VectorMath, GeluWithoutFma) { checkGelu("x86-64", 2.6e-7, NAN); }
TEST(VectorMath, GeluLookedUp) {
  if (!Kernels("native").target().hasAvx512Math)
    GTEST_SKIP() << "needs AVX-512";
  checkGelu("native", 7.5e-8, 0);
}
TEST(VectorMath, CoarseGelu) {
  Bound bound = geluWithin(4e-5);
  auto coarse = [](Activation kind) {
    return [kind](KernelBuilder &b, Value x) {
      return emitActivation(b, kind, Values{x}, /*coarse=*/true)[0];
    };
  };
  for (llvm::StringRef cpu : {"native", "x86-64"}) {
    check(cpu, coarse(Activation::GeluErf), geluErf, bound);
    check(cpu, coarse(Activation::GeluTanh), geluTanh, bound);
  }
}
TEST(VectorMath, Relu) {
  check(
      "native", activation(Activation::Relu),
      [](double x) { return std::isnan(x) ? x : std::max(x, 0.0); }, within(0));
}
