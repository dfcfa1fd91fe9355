//===- Bf16x3GemmTest.cpp - fp32 products by tiles of AMX -----------------===//
// Parts of states number by number, and products bit by bit, against plain
// loops that round in the same places.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "skim/Codegen/Words.h"
#include "gtest/gtest.h"
#include <cmath>
#include <sys/mman.h>

using namespace skim;
using namespace skim::test;

namespace {
/// A copy of numbers that ends where no page is: reading beyond it is fatal.
class LastOfPage {
public:
  explicit LastOfPage(const Halves &numbers) {
    constexpr int64_t page = 4096;
    int64_t used = numbers.size() * 2, whole = (used + page - 1) / page * page;
    bytes = whole + page;
    void *mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    first = static_cast<char *>(mapped);
    EXPECT_NE(mapped, MAP_FAILED);
    EXPECT_EQ(mprotect(first + whole, page, PROT_NONE), 0);
    described = numbers.describe();
    described.allocated = described.aligned =
        reinterpret_cast<uint16_t *>(first + whole - used);
    memcpy(described.aligned, numbers.data(), used);
  }
  ~LastOfPage() { munmap(first, bytes); }
  Descriptor<uint16_t> described;

private:
  char *first;
  int64_t bytes;
};
} // namespace

static float cut(float x) { return fromBits(bitsOf(x) & 0xffff0000); }

namespace {
/// High, middle and low part of a finite number.
struct Parts {
  explicit Parts(float x) {
    part[0] = cut(x);
    float rest = x - part[0];
    part[1] = cut(fromBits(bitsOf(rest) + 0x8000));
    part[2] = rest - part[1];
  }
  float part[3];
};

/// Of number k of a row's states, in steps of `step` numbers.
float partAt(const Halves &parts, int64_t step, int64_t rows, int64_t row,
             int64_t k, int64_t which) {
  int64_t place = ((k / step * rows + row) * 3 + which) * step + k % step;
  return fromBits(uint32_t(parts[place]) << 16);
}

/// x times weight in bf16x3, by the kernels for the states and the product.
class Bf16x3Product {
public:
  explicit Bf16x3Product(const GemmSpec &given, int64_t rows)
      : spec(given), rows(rows), kernels("native"), x({rows, spec.k}),
        weight({spec.k, spec.n}), bias({spec.n}), residual({rows, spec.n}) {
    spec.dtype = Dtype::Bf16x3;
    step = 2 * kernels.target().tileStep(spec.dtype, spec.k);
    splitName = kernels.add(QuantiseSpec{spec.k, Dtype::Bf16x3});
    name = kernels.add(spec);
    kernels.compile();
    std::mt19937 random(5);
    randomize(weight, random);
    randomize(bias, random);
    randomize(x, random, 1 / std::sqrt(float(spec.k)));
    randomize(residual, random);
  }

  /// The first `count` rows, a call for each `piece` tasks.
  Floats run(int64_t count, int64_t piece) {
    Floats out({count, spec.n}, NAN);
    runInto(out, count, piece);
    return out;
  }
  template <typename T>
  void runInto(Array<T> &out, int64_t count, int64_t piece) {
    Floats in({count, spec.k}), added({count, spec.n});
    std::copy_n(x.data(), in.size(), in.data());
    std::copy_n(residual.data(), added.size(), added.data());
    Halves states({count, 3 * spec.k});
    Arguments split;
    split.add(in).add(states);
    kernels.callWith(splitName, 0, count / 3, split);
    kernels.callWith(splitName, count / 3, count, split);
    EXPECT_TRUE(states.intact());
    int64_t tile = kernels.target().tileColumns;
    Floats packed = packWeight(weight, tile), padded = padVector(bias, tile);
    Arguments arguments;
    LastOfPage last(states);
    arguments.add(last.described).add(packed);
    arguments.addSome(spec.bias ? &padded : nullptr);
    arguments.addSome(spec.residual ? &added : nullptr).add(out);
    int64_t tasks = kernels.gemmTasks(spec, count);
    for (int64_t begin = 0; begin < tasks; begin += piece)
      kernels.callWith(name, begin, std::min(begin + piece, tasks), arguments);
    EXPECT_TRUE(out.intact());
    EXPECT_TRUE(kernels.scratchIntact());
  }

  /// In each step high x low, high x middle, middle x middle, middle x high,
  /// high x high, low x high, as chains of its even and odd numbers.
  float expected(int64_t m, int64_t n) {
    constexpr int order[][2] = {{0, 2}, {0, 1}, {1, 1}, {1, 0}, {0, 0}, {2, 0}};
    float result = 0;
    for (int64_t first = 0; first != spec.k; first += step)
      for (auto [ofState, ofWeight] : order) {
        float chains[2] = {0, 0};
        for (int64_t k = first; k != first + step; ++k)
          chains[k % 2] = std::fma(Parts(x[m * spec.k + k]).part[ofState],
                                   Parts(weight[k * spec.n + n]).part[ofWeight],
                                   chains[k % 2]);
        result += chains[0] + chains[1];
      }
    if (spec.bias)
      result += bias[n];
    return result + (spec.residual ? residual[m * spec.n + n] : 0);
  }

  void check(std::initializer_list<int64_t> counts) {
    Floats all = run(rows, 1 << 20);
    // Whole rows of a large product would take their time.
    for (int64_t m = 0; m < rows; m += 1 + rows / 40)
      for (int64_t n = 0; n < spec.n; n += 1 + spec.n / 80)
        ASSERT_EQ(all[m * spec.n + n], expected(m, n))
            << "row " << m << " column " << n;
    for (int64_t count : counts) {
      Floats some = run(count, 1 + count % 3);
      ASSERT_EQ(0, memcmp(some.data(), all.data(), some.size() * 4))
          << count << " rows";
    }
  }

  GemmSpec spec;
  int64_t rows, step;
  Kernels kernels;
  Floats x, weight, bias, residual;
  std::string splitName, name;
};

class Bf16x3 : public testing::Test {
protected:
  void SetUp() override {
    if (!Kernels().target().hasTiles(Dtype::Bf16x3) || !canRun("native"))
      GTEST_SKIP() << "this machine has no AMX-BF16";
  }
};
} // namespace

TEST_F(Bf16x3, EveryKindOfPanel) {
  Bf16x3Product({64, 70, Activation::None, true, true}, 200)
      .check({0,  1,  2,  3,  15, 16, 17,  31,  32,  33,
              34, 40, 63, 64, 65, 97, 128, 129, 160, 199});
}
// Steps of 26 numbers; of 18; columns of one tile, of two and of many.
TEST_F(Bf16x3, Steps) {
  Bf16x3Product({312, 45, Activation::None, true}, 40).check({1, 16, 18, 33});
  Bf16x3Product({36, 33}, 40).check({1, 5, 17});
  Bf16x3Product({32, 1}, 20).check({1, 3, 9});
  Bf16x3Product({384, 64}, 70).check({4, 16, 33});
}
TEST_F(Bf16x3, SeveralBlocksOfRows) {
  Bf16x3Product({384, 40, Activation::None, true}, 900).check({1, 385, 700});
}
// K is cut, and the last column tile is not whole, nor the last group.
TEST_F(Bf16x3, SeveralBlocksOfK) {
  Bf16x3Product({3072, 170, Activation::None, true, true}, 150)
      .check({1, 16, 20, 64, 129});
  Bf16x3Product({1536, 900, Activation::None, true}, 400)
      .check({1, 33, 129, 385});
  Bf16x3Product({6144, 21}, 300).check({1, 33, 290});
}

TEST_F(Bf16x3, ErrorIsBelowThatOfMultiplyAdds) {
  Bf16x3Product product({768, 96}, 64);
  Floats got = product.run(64, 1);
  double own = 0, chain = 0;
  for (int64_t m = 0; m != 64; ++m)
    for (int64_t n = 0; n != 96; ++n) {
      double exact = 0;
      float sum = 0;
      for (int64_t k = 0; k != 768; ++k) {
        float a = product.x[m * 768 + k], b = product.weight[k * 96 + n];
        exact += double(a) * b;
        sum = std::fma(a, b, sum);
      }
      own += std::pow(got[m * 96 + n] - exact, 2);
      chain += std::pow(sum - exact, 2);
    }
  EXPECT_LT(own, chain);
}

// Results are finished among the next panel's products, up to eight rows a
// step, or after all panels where steps are too few; with a polynomial.
TEST_F(Bf16x3, ActivationOfEveryPanel) {
  for (int64_t k : {64, 128, 256}) {
    GemmSpec spec{k, 70, Activation::GeluErf, true, true};
    Bf16x3Product product(spec, 200);
    Floats all = product.run(200, 1);
    spec.activation = Activation::None;
    spec.residual = false;
    Floats sums = Bf16x3Product(spec, 200).run(200, 1);
    for (int64_t i = 0; i != 200 * 70; ++i) {
      double x = sums[i], gelu = x * std::erfc(-x * M_SQRT1_2) / 2;
      ASSERT_NEAR(all[i], gelu + product.residual[i], 1e-6 * (2 + std::abs(x)))
          << "K " << k << " number " << i;
    }
    for (int64_t count : {1, 17, 32, 33, 64, 97}) {
      Floats some = product.run(count, 1);
      ASSERT_EQ(0, memcmp(some.data(), all.data(), some.size() * 4))
          << "K " << k << ", " << count << " rows";
    }
  }
}

// The parts that the kernel for states would make of the result.
TEST_F(Bf16x3, NarrowsResult) {
  GemmSpec spec{384, 96, Activation::GeluErf, true};
  Bf16x3Product whole(spec, 130);
  spec.narrowsResult = true;
  Bf16x3Product split(spec, 130);
  for (int64_t rows : {1, 16, 33, 130}) {
    Floats wanted = whole.run(rows, 1);
    Halves got({rows, 3 * spec.n});
    split.runInto(got, rows, 1);
    for (int64_t row = 0; row != rows; ++row)
      for (int64_t n = 0; n != spec.n; ++n)
        for (int64_t part = 0; part != 3; ++part)
          ASSERT_EQ(bitsOf(partAt(got, 32, rows, row, n, part)),
                    bitsOf(Parts(wanted[row * spec.n + n]).part[part]))
              << rows << " rows, row " << row << " column " << n;
  }
}

// Numbers that are large, small, infinite or NaN, as a product of fp32 has
// them.
TEST_F(Bf16x3, SpecialNumbers) {
  Bf16x3Product product({64, 40}, 6);
  constexpr float most = 3.39e38f; // high and middle part are no more than max
  std::fill_n(product.x.data(), 4 * 64, 0.0f);
  product.x[3] = INFINITY;
  product.x[64 + 5] = -INFINITY;
  product.x[2 * 64] = NAN;
  product.x[3 * 64 + 9] = most;
  for (int64_t n = 0; n != 40; ++n)
    product.weight[9 * 40 + n] = n % 2 ? 0.75f : -1;
  Floats got = product.run(6, 1);
  for (int64_t n = 0; n != 40; ++n) {
    float weight = product.weight[3 * 40 + n];
    EXPECT_EQ(got[n], weight > 0 ? INFINITY : -INFINITY);
    weight = product.weight[5 * 40 + n];
    EXPECT_EQ(got[40 + n], weight < 0 ? INFINITY : -INFINITY);
    EXPECT_TRUE(std::isnan(got[2 * 40 + n]));
    EXPECT_FLOAT_EQ(got[3 * 40 + n], most * (n % 2 ? 0.75f : -1));
    EXPECT_EQ(got[4 * 40 + n], product.expected(4, n));
  }
}

TEST_F(Bf16x3, PartsOfStates) {
  constexpr int64_t rows = 7, width = 72; // three steps of 12 pairs
  Kernels kernels;
  QuantiseSpec spec{width, Dtype::Bf16x3, /*indexed=*/true};
  std::string name = kernels.add(spec);
  kernels.compile();
  int64_t step = 2 * kernels.target().tileStep(spec.dtype, width);
  ASSERT_EQ(step, 24);
  Floats x({2 * rows, width});
  Ints index({rows});
  std::mt19937 random(3);
  randomize(x, random);
  for (int64_t i = 0; i != width; ++i) {
    x[width + i] *= 1e30f;
    x[3 * width + i] *= 1e-20f;
    x[5 * width + i] = fromBits(0x3f800000 + 0x7fff + (i << 15)); // ties
  }
  x[2] = INFINITY;
  x[4] = -INFINITY;
  x[6] = fromBits(0x7f800001); // NaN in its low half only
  for (int64_t i = 0; i != rows; ++i)
    index[i] = 2 * i % (2 * rows) + (i % 2);
  index[1] = 0;
  Halves parts({rows, 3 * width});
  kernels.call(name, 0, 3, x, index, parts);
  kernels.call(name, 3, rows, x, index, parts);
  EXPECT_TRUE(parts.intact());
  auto part = [&](int64_t row, int64_t k, int64_t which) {
    return partAt(parts, step, rows, row, k, which);
  };
  for (int64_t row = 0; row != rows; ++row)
    for (int64_t k = 0; k != width; ++k) {
      float number = x[index[row] * width + k];
      SCOPED_TRACE(number);
      if (std::isfinite(number)) {
        Parts wanted(number);
        for (int64_t which = 0; which != 3; ++which)
          EXPECT_EQ(part(row, k, which), wanted.part[which]);
        EXPECT_EQ(double(wanted.part[0]) + wanted.part[1] + wanted.part[2],
                  number);
        continue;
      }
      EXPECT_EQ(part(row, k, 0), 0);
      EXPECT_EQ(part(row, k, 1), 0);
      float low = part(row, k, 2);
      EXPECT_TRUE(low == number || (std::isnan(low) && std::isnan(number)));
    }
}

/// Results among the products of a step are blocks of their own; without them
/// a loop is a block that ends with a jump to its own label.
static std::string assemblyOfProduct(int64_t k) {
  Kernels kernels("sapphirerapids", "x86_64-unknown-linux-gnu");
  GemmSpec spec{k, 768, Activation::None, true};
  spec.dtype = Dtype::Bf16x3;
  kernels.add(spec);
  return kernels.assembly();
}

/// A step of a panel is 24 products and 14 loads, half the products and 9 loads
/// with a single half; sums stay where they are.
TEST(Bf16x3Code, Step) {
  int64_t loops = 0, products = 0, loads = 0, stores = 0;
  std::string label;
  std::string assembly = assemblyOfProduct(96);
  for (llvm::StringRef line : llvm::split(assembly, '\n')) {
    if (line.starts_with(".L") && line.contains(':')) {
      label = line.split(':').first.str();
      products = loads = stores = 0;
    }
    products += line.contains("\ttdpbf16ps\t");
    loads += line.contains("\ttileloadd\t");
    stores += line.contains("tilestored");
    if (!products || !line.starts_with("\tj") || !line.ends_with(label))
      continue;
    ++loops;
    SCOPED_TRACE(label);
    EXPECT_EQ(stores, 0);
    if (products % 24)
      EXPECT_EQ(loads * 12, products * 9);
    else
      EXPECT_TRUE(loads * 24 == products * 14 || loads * 12 == products * 9)
          << loads << " loads for " << products;
  }
  EXPECT_GE(loops, 3);
}

/// The same with results among products: the steps of a panel with and without
/// splitting, the last step of the former, and sums that are stored once.
TEST(Bf16x3Code, ResultsAmongProducts) {
  std::string code = assemblyOfProduct(768);
  llvm::StringRef assembly = code;
  EXPECT_EQ(assembly.count("\ttdpbf16ps\t"), 3 * 24u + 2 * 12u);
  EXPECT_EQ(assembly.count("\ttileloadd\t"), 3 * 14u + 2 * 9u);
  EXPECT_EQ(assembly.count("tilestored"), 4 + 4 + 2u);
}
