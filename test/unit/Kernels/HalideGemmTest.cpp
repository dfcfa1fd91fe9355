//===- HalideGemmTest.cpp - Halide's products against the others ----------===//
// Both emitters' kernels must give the same bits, for every number of rows.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

namespace {
/// One product's arguments; rows are read twice apart where by an index.
struct Operands {
  Operands(const TargetInfo &target, const GemmSpec &spec, int64_t rows)
      : x({2 * rows, spec.k}), weight({spec.k, spec.n}), bias({spec.n}),
        residual({2 * rows, spec.n}), packed({1}), padded({1}), index({rows}) {
    std::mt19937 random(11);
    randomize(weight, random);
    randomize(bias, random, 3);
    randomize(x, random, 4 / std::sqrt(float(spec.k)));
    randomize(residual, random);
    packed = packWeight(weight, target.tileColumns);
    padded = padVector(bias, target.tileColumns);
    for (int64_t row = 0; row != rows; ++row)
      index[row] = 2 * (rows - row) - 1;
  }
  Floats x, weight, bias, residual, packed, padded;
  Ints index;
};
} // namespace

static Floats run(Kernels &kernels, const std::string &name,
                  const GemmSpec &spec, const Operands &operands,
                  int64_t rows) {
  Floats out({rows, spec.n}, NAN);
  Arguments arguments;
  arguments.add(operands.x).addSome(spec.indexed ? &operands.index : nullptr);
  arguments.add(operands.packed);
  arguments.addSome(spec.bias ? &operands.padded : nullptr);
  arguments.addSome(spec.residual ? &operands.residual : nullptr);
  arguments.addSome(spec.residualIndexed ? &operands.index : nullptr).add(out);
  int64_t tasks = kernels.gemmTasks(spec, rows);
  for (int64_t begin = 0; begin < tasks; begin += 3)
    kernels.callWith(name, begin, std::min(begin + 3, tasks), arguments);
  EXPECT_TRUE(out.intact());
  return out;
}

static void compare(llvm::StringRef cpu, const GemmSpec &spec,
                    std::initializer_list<int64_t> counts) {
  if (!hasHalide())
    GTEST_SKIP() << "this build has no Halide";
  SCOPED_TRACE(cpu.str() + " " + spec.name());
  Kernels plain(cpu), halide(cpu, "", /*halide=*/true);
  std::string plainName = plain.add(spec), halideName = halide.add(spec);
  ASSERT_EQ(halideName, plainName + "_halide");
  plain.compile();
  halide.compile();
  Operands operands(plain.target(), spec, std::max(counts));
  for (int64_t count : counts) {
    Floats expected = run(plain, plainName, spec, operands, count);
    Floats got = run(halide, halideName, spec, operands, count);
    for (int64_t i = 0; i != got.size(); ++i)
      ASSERT_EQ(0, memcmp(&got[i], &expected[i], sizeof(float)))
          << count << " rows, row " << i / spec.n << " column " << i % spec.n
          << ": expected " << expected[i] << ", got " << got[i];
  }
}

TEST(HalideGemm, EveryRowCount) {
  compare("native", {64, 96},
          {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 23, 31, 64});
}
TEST(HalideGemm, OddSizes) {
  compare("native", {37, 53, Activation::None, true, true}, {1, 2, 5, 7, 13});
  compare("native", {1, 1}, {1, 3, 9});
  compare("native", {5, 2, Activation::Tanh, true}, {1, 2, 19});
  compare("native", {7, 130, Activation::None, false, true}, {1, 2, 3, 20});
}
TEST(HalideGemm, LongRows) {
  compare("native", {3072, 48, Activation::None, true, true},
          {1, 2, 5, 20, 70});
  compare("native", {1021, 37, Activation::None, true}, {1, 2, 3, 25});
}
TEST(HalideGemm, SeveralBlocksOfRows) {
  compare("native", {300, 33, Activation::None, true, true}, {200, 401, 500});
}
TEST(HalideGemm, EveryActivation) {
  for (Activation activation :
       {Activation::Relu, Activation::GeluErf, Activation::GeluTanh,
        Activation::Tanh, Activation::Sigmoid, Activation::Silu,
        Activation::GeluQuick})
    compare("native", {24, 48, activation, true, true}, {1, 9, 60});
}
TEST(HalideGemm, Indexed) {
  compare("native", {70, 50, Activation::GeluErf, true, true, true, true},
          {0, 1, 2, 3, 11, 110});
  compare("native", {64, 96, Activation::None, false, true, true}, {1, 2, 20});
}
TEST(HalideGemm, Baseline) {
  compare("x86-64", {67, 29, Activation::GeluErf, true, true},
          {1, 2, 3, 4, 5, 6, 7, 30});
}
