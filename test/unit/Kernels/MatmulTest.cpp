//===- MatmulTest.cpp - products of computed matrices against loops -------===//
// Values against double precision, and bits under other cuts into tasks and
// with other numbers of rows.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

namespace {
struct Sizes {
  int64_t batch, rows, depth, columns;
};
} // namespace

/// out[b, m, n] = sum over k of x[b, m, k] * y[b, k, n], and the sum of the
/// products' magnitudes.
static std::pair<double, double> expected(const Floats &x, const Floats &y,
                                          const Sizes &s, int64_t i) {
  int64_t n = i % s.columns, m = i / s.columns;
  const float *row = x.data() + m * s.depth;
  const float *column = y.data() + m / s.rows * s.depth * s.columns + n;
  double sum = 0, magnitude = 0;
  for (int64_t k = 0; k != s.depth; ++k) {
    double product = double(row[k]) * column[k * s.columns];
    sum += product;
    magnitude += std::fabs(product);
  }
  return {sum, magnitude};
}

/// All tasks, `piece` at a time.
static Floats run(Kernels &kernels, const Floats &x, const Floats &y,
                  const Sizes &s, int64_t piece) {
  Floats out({s.batch, s.rows, s.columns}, NAN);
  int64_t tasks = kernels.matmulTasks(s.batch, s.rows, s.depth, s.columns);
  for (int64_t begin = 0; begin < tasks; begin += piece)
    kernels.call("matmul", begin, std::min(begin + piece, tasks), x, y, out);
  EXPECT_TRUE(out.intact());
  EXPECT_TRUE(kernels.scratchIntact());
  return out;
}

static void check(llvm::StringRef cpu, std::initializer_list<Sizes> cases) {
  Kernels kernels(cpu);
  ASSERT_EQ(kernels.add(MatmulSpec()), "matmul");
  kernels.compile();
  std::mt19937 random(3);
  for (const Sizes &s : cases) {
    SCOPED_TRACE(llvm::formatv("{0} {1} x {2} x {3} x {4}", cpu, s.batch,
                               s.rows, s.depth, s.columns)
                     .str());
    Floats x({s.batch, s.rows, s.depth}), y({s.batch, s.depth, s.columns});
    randomize(x, random);
    randomize(y, random);
    Floats all = run(kernels, x, y, s, 1 << 20);
    for (int64_t i = 0; i != all.size(); ++i) {
      auto [sum, magnitude] = expected(x, y, s, i);
      ASSERT_NEAR(all[i], sum, magnitude * 1e-6 * std::sqrt(s.depth))
          << "element " << i;
    }
    Floats pieces = run(kernels, x, y, s, 1);
    ASSERT_EQ(0, memcmp(all.data(), pieces.data(), all.size() * sizeof(float)));
    // The last row of the first product by itself.
    Floats row({1, 1, s.depth}), first({1, s.depth, s.columns});
    std::copy_n(x.data() + (s.rows - 1) * s.depth, row.size(), row.data());
    std::copy_n(y.data(), first.size(), first.data());
    Floats alone = run(kernels, row, first, {1, 1, s.depth, s.columns}, 1);
    ASSERT_EQ(0, memcmp(alone.data(), all.data() + (s.rows - 1) * s.columns,
                        alone.size() * sizeof(float)));
  }
}

static constexpr std::initializer_list<Sizes> someSizes = {
    {1, 1, 1, 1},     {3, 5, 7, 9},     {2, 13, 64, 33},   {4, 128, 64, 130},
    {2, 200, 3, 31},  {1, 193, 40, 16}, {1, 17, 300, 257}, {5, 12, 32, 32},
    {1, 3, 5000, 70}, {2, 9, 1100, 133}};

TEST(Matmul, Sizes) { check("native", someSizes); }
TEST(Matmul, Baseline) { check("x86-64", someSizes); }
TEST(Matmul, OtherCpu) {
  if (!canRun("haswell"))
    GTEST_SKIP() << "this processor has no AVX2";
  check("haswell", someSizes);
}

// A sum of nothing is +0; a product without rows or columns has no tasks.
TEST(Matmul, Empty) {
  Kernels kernels;
  kernels.add(MatmulSpec());
  kernels.compile();
  Floats x({2, 3, 0}), y({2, 0, 5});
  Floats out = run(kernels, x, y, {2, 3, 0, 5}, 1);
  for (int64_t i = 0; i != out.size(); ++i)
    EXPECT_EQ(bitsOf(out[i]), 0u);
  EXPECT_EQ(kernels.matmulTasks(0, 3, 4, 5), 0);
  EXPECT_EQ(kernels.matmulTasks(2, 0, 4, 5), 0);
  EXPECT_EQ(kernels.matmulTasks(2, 3, 4, 0), 0);
}
