//===- GemmTest.cpp - the matrix product against plain loops --------------===//
// Values against double precision, and bits against other numbers of rows.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

static double activate(Activation activation, double x) {
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return std::max(x, 0.0);
  case Activation::GeluErf:
    return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
  case Activation::GeluTanh:
    return x / 2 *
           (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case Activation::Tanh:
    return std::tanh(x);
  case Activation::Sigmoid:
    return 1 / (1 + std::exp(-x));
  case Activation::Silu:
    return x / (1 + std::exp(-x));
  case Activation::GeluQuick:
    return x / (1 + std::exp(-1.702 * x));
  }
  return 0;
}

namespace {
struct Product {
  Product(Kernels &kernels, const GemmSpec &spec, int64_t rows)
      : spec(spec), rows(rows), x({rows, spec.k}), weight({spec.k, spec.n}),
        bias({spec.n}), residual({rows, spec.n}), packed({1}), padded({1}) {
    std::mt19937 random(7);
    randomize(weight, random);
    randomize(bias, random);
    randomize(x, random, 1 / std::sqrt(float(spec.k)));
    randomize(residual, random);
    packed = packWeight(weight, kernels.target().tileColumns);
    padded = padVector(bias, kernels.target().tileColumns);
  }

  /// Runs all tasks over the first `count` rows, a call for each `piece` tasks.
  /// Where the spec reads by an index the rows lie elsewhere, twice apart.
  Floats run(Kernels &kernels, const std::string &name, int64_t count,
             int64_t piece) {
    Ints index({count});
    for (int64_t row = 0; row != count; ++row)
      index[row] = 2 * row + 1;
    auto spread = [&](const Floats &from) {
      int64_t width = from.shape[1];
      Floats wide({2 * count, width}, NAN);
      for (int64_t row = 0; row != count; ++row)
        std::copy_n(from.data() + row * width, width,
                    wide.data() + index[row] * width);
      return wide;
    };
    Floats in({count, spec.k}), added({count, spec.n});
    std::copy_n(x.data(), in.size(), in.data());
    std::copy_n(residual.data(), added.size(), added.data());
    if (spec.indexed)
      in = spread(in);
    if (spec.residualIndexed)
      added = spread(added);
    Floats out({count, spec.n}, NAN);
    Arguments arguments;
    arguments.add(in).addSome(spec.indexed ? &index : nullptr).add(packed);
    arguments.addSome(spec.bias ? &padded : nullptr);
    arguments.addSome(spec.residual ? &added : nullptr);
    arguments.addSome(spec.residualIndexed ? &index : nullptr).add(out);
    int64_t tasks = kernels.gemmTasks(spec, count);
    for (int64_t begin = 0; begin < tasks; begin += piece) {
      int64_t end = std::min(begin + piece, tasks);
      kernels.callWith(name, begin, end, arguments);
    }
    EXPECT_TRUE(out.intact());
    return out;
  }

  double expected(int64_t m, int64_t n) {
    double sum = 0;
    for (int64_t k = 0; k != spec.k; ++k)
      sum += double(x[m * spec.k + k]) * weight[k * spec.n + n];
    if (spec.bias)
      sum += bias[n];
    sum = activate(spec.activation, sum);
    return spec.residual ? sum + residual[m * spec.n + n] : sum;
  }

  GemmSpec spec;
  int64_t rows;
  Floats x, weight, bias, residual, packed, padded;
};
} // namespace

static void check(llvm::StringRef cpu, const GemmSpec &spec,
                  std::initializer_list<int64_t> counts) {
  SCOPED_TRACE(cpu.str() + " " + spec.name());
  Kernels kernels(cpu);
  std::string name = kernels.add(spec);
  kernels.compile();
  Product product(kernels, spec, std::max(counts));
  Floats all = product.run(kernels, name, product.rows, 1 << 20);
  for (int64_t m = 0; m != product.rows; ++m)
    for (int64_t n = 0; n != spec.n; ++n)
      ASSERT_NEAR(all[m * spec.n + n], product.expected(m, n), 1e-5)
          << "row " << m << " column " << n;
  // Fewer rows, and other cuts into tasks, give the same bits.
  for (int64_t count : counts) {
    Floats some = product.run(kernels, name, count, 1 + count % 3);
    for (int64_t i = 0; i != some.size(); ++i)
      ASSERT_EQ(0, memcmp(&some[i], &all[i], sizeof(float)))
          << count << " rows, row " << i / spec.n << " column " << i % spec.n
          << ": expected " << all[i] << ", got " << some[i];
  }
}

TEST(Gemm, EveryRowCount) {
  GemmSpec spec{64, 96};
  check("native", spec,
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 23, 31, 64});
}
TEST(Gemm, OddSizes) {
  check("native", {37, 53, Activation::None, true, true}, {1, 2, 5, 7, 13});
  check("native", {1, 1}, {1, 3, 9});
  check("native", {5, 2, Activation::Tanh, true}, {1, 2, 19});
  check("native", {7, 130, Activation::None, false, true}, {1, 2, 3, 20});
}
TEST(Gemm, SeveralBlocksOfK) {
  check("native", {1000, 48, Activation::GeluErf, true, true}, {1, 2, 5, 20});
  check("native", {1021, 37, Activation::None, true}, {1, 2, 3, 25});
  check("native", {999, 20}, {1, 2, 3, 25});
}
TEST(Gemm, SeveralBlocksOfRows) {
  check("native", {300, 33, Activation::None, true, true}, {1, 200, 401, 500});
}
TEST(Gemm, EveryActivation) {
  for (Activation activation :
       {Activation::Relu, Activation::GeluErf, Activation::GeluTanh,
        Activation::Tanh, Activation::Sigmoid, Activation::Silu,
        Activation::GeluQuick})
    check("native", {24, 40, activation, true}, {1, 9});
}
TEST(Gemm, Baseline) {
  check("x86-64", {67, 29, Activation::GeluErf, true, true},
        {1, 2, 3, 4, 5, 6, 7, 30});
}

// Reading by an index gives the bits of the product of rows gathered first.
static void checkIndexed(llvm::StringRef cpu, const GemmSpec &spec,
                         int64_t rows) {
  SCOPED_TRACE(cpu.str() + " " + spec.name());
  GemmSpec plain = spec;
  plain.indexed = plain.residualIndexed = false;
  Kernels kernels(cpu);
  std::string name = kernels.add(spec), plainName = kernels.add(plain);
  ASSERT_NE(name, plainName);
  kernels.compile();
  Product indexed(kernels, spec, rows), gathered(kernels, plain, rows);
  for (int64_t count = 0; count <= rows; count += count < 15 ? 1 : 23) {
    Floats first = indexed.run(kernels, name, count, 1);
    Floats second = gathered.run(kernels, plainName, count, 1);
    ASSERT_EQ(0,
              memcmp(first.data(), second.data(), first.size() * sizeof(float)))
        << count << " rows";
  }
}

TEST(Gemm, Indexed) {
  GemmSpec spec{70, 50, Activation::GeluErf, true, true, true, true};
  checkIndexed("native", spec, 110);
  checkIndexed("x86-64", spec, 40);
  spec.residualIndexed = false;
  checkIndexed("native", spec, 20);
  spec = {700, 33, Activation::None, false, true, false, true};
  checkIndexed("native", spec, 250);
  spec = {64, 96, Activation::None, false, false, true};
  checkIndexed("native", spec, 20);
}
