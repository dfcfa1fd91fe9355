//===- Int8x3GemmTest.cpp - fp32 products by digits and AMX ---------------===//
// Digits of states number by number, and products bit by bit, against plain
// loops over integers; errors against double precision.
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
  explicit LastOfPage(const Bytes &numbers) {
    constexpr int64_t page = 4096;
    int64_t used = numbers.size(), whole = (used + page - 1) / page * page;
    bytes = whole + page;
    void *mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    first = static_cast<char *>(mapped);
    EXPECT_NE(mapped, MAP_FAILED);
    EXPECT_EQ(mprotect(first + whole, page, PROT_NONE), 0);
    described = numbers.describe();
    described.allocated = described.aligned =
        reinterpret_cast<uint8_t *>(first + whole - used);
    memcpy(described.aligned, numbers.data(), used);
  }
  ~LastOfPage() { munmap(first, bytes); }
  Descriptor<uint8_t> described;

private:
  char *first;
  int64_t bytes;
};

/// An integer as digits from -128 to 127, the first uppermost.
template <int count> struct Digits {
  explicit Digits(int64_t number) {
    for (int i = count - 1; i > 0; --i) {
      digit[i] = int8_t(number);
      number = (number - digit[i]) / 256;
    }
    EXPECT_TRUE(number >= -128 && number <= 127) << number;
    digit[0] = int8_t(number);
  }
  int8_t digit[count];
};
} // namespace

/// The exponent of the largest of `count` numbers, as kernels have it.
static int exponentOf(const float *numbers, int64_t count) {
  float largest = 0;
  for (int64_t i = 0; i != count; ++i)
    largest = std::max(largest, std::fabs(numbers[i]));
  return std::max(largest == 0 ? -97 : std::ilogb(largest), -97);
}
static int64_t integerOf(float number, int exponent) {
  return int64_t(std::ldexp(double(number), 29 - exponent));
}

/// Bytes of a row's digits: blocks of 16 rows do not begin 64 KiB apart.
static int64_t bytesOf(int64_t width) {
  return 4 * width + (width % 1024 == 0 ? 256 : 0);
}
/// Byte of digit `which` of number `k` of a row's states of `width` numbers, in
/// steps of `step`.
static int8_t digitAt(const Bytes &digits, int64_t width, int64_t step,
                      int64_t rows, int64_t row, int64_t k, int64_t which) {
  int64_t block = row / 16 * 16, ofBlock = std::min<int64_t>(16, rows - block);
  int64_t line = (k / step * 4 + which) * ofBlock + row % 16;
  return int8_t(digits[block * bytesOf(width) + line * step + k % step]);
}
static float scaleAt(const Bytes &digits, int64_t width, int64_t rows,
                     int64_t row) {
  float scale;
  memcpy(&scale, digits.data() + bytesOf(width) * rows + 4 * row, 4);
  return scale;
}

namespace {
/// x times weight in int8x3, by the kernels for the states and the product.
class Int8x3Product {
public:
  explicit Int8x3Product(const GemmSpec &given, int64_t rows)
      : spec(given), rows(rows), kernels(withTiles), x({rows, spec.k}),
        weight({spec.k, spec.n}), bias({spec.n}), residual({rows, spec.n}) {
    spec.dtype = Dtype::Int8x3;
    step = 4 * kernels.target().tileStep(spec.dtype, spec.k);
    digitsName = kernels.add(QuantiseSpec{spec.k, Dtype::Int8x3});
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
    Floats in({count, spec.k}), added({count, spec.n});
    std::copy_n(x.data(), in.size(), in.data());
    std::copy_n(residual.data(), added.size(), added.data());
    Bytes states({count, bytesOf(spec.k) + 4});
    Arguments digits;
    digits.add(in).add(states);
    kernels.callWith(digitsName, 0, count / 3, digits);
    kernels.callWith(digitsName, count / 3, count, digits);
    EXPECT_TRUE(states.intact());
    Bytes packed = pack();
    Floats padded = padVector(bias, kernels.target().tileColumnsOf(spec.dtype));
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
    return out;
  }

  /// Exponent of the unit of column n's integers.
  int unitOf(int64_t n) {
    double largest = 0;
    for (int64_t k = 0; k != spec.k; ++k)
      largest = std::max<double>(largest, std::fabs(weight[k * spec.n + n]));
    int unit = -123;
    while (std::nearbyint(std::ldexp(largest, -unit)) > 0x7f7f7f)
      ++unit;
    return unit;
  }
  Digits<3> weightDigits(int64_t k, int64_t n, int unit) {
    double exact = std::ldexp(double(weight[k * spec.n + n]), -unit);
    return Digits<3>(int64_t(std::nearbyint(exact)));
  }

  Bytes pack() {
    int64_t tile = kernels.target().tileColumnsOf(spec.dtype);
    int64_t tiles = kernels.target().numTiles(spec.n, spec.dtype);
    int64_t lines = 3 * spec.k / 4 + 1, words = step / 4;
    Bytes packed({tiles, lines, tile * 4});
    for (int64_t n = 0; n != spec.n; ++n) {
      int unit = unitOf(n);
      uint8_t *to = packed.data() + n / tile * lines * tile * 4;
      for (int64_t k = 0; k != spec.k; ++k) {
        Digits<3> digits = weightDigits(k, n, unit);
        for (int64_t which = 0; which != 3; ++which) {
          int64_t line = (k / step * 3 + which) * words + k % step / 4;
          to[(line * tile + n % tile) * 4 + k % 4] = digits.digit[which];
        }
      }
      float scale = std::ldexp(1.0f, unit);
      memcpy(to + ((lines - 1) * tile + n % tile) * 4, &scale, 4);
    }
    return packed;
  }

  /// Exact sums of products of digits by the sum of their places.
  float expected(int64_t m, int64_t n) {
    const float *row = x.data() + m * spec.k;
    int exponent = exponentOf(row, spec.k), unit = unitOf(n);
    int64_t sums[4] = {};
    for (int64_t k = 0; k != spec.k; ++k) {
      Digits<4> a(integerOf(row[k], exponent));
      Digits<3> b = weightDigits(k, n, unit);
      for (int i = 0; i != 4; ++i)
        for (int j = 0; j != 3 && i + j < 4; ++j)
          sums[i + j] += a.digit[i] * b.digit[j];
    }
    float result = float(sums[2] + ((sums[3] + 128) >> 8));
    result = std::fma(float(sums[1]), 256.0f, result);
    result = std::fma(float(sums[0]), 65536.0f, result);
    result *= std::ldexp(1.0f, unit);
    result *= std::ldexp(1.0f, exponent - 5);
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
  std::string digitsName, name;
};

class Int8x3 : public testing::Test {
protected:
  void SetUp() override {
    if (!canRun(withTiles))
      GTEST_SKIP() << "this processor has no AMX";
  }
};
} // namespace

TEST_F(Int8x3, EveryKindOfPanel) {
  Int8x3Product({128, 70, Activation::None, true, true}, 200)
      .check({0,  1,  2,  3,  15, 16, 17,  31,  32,  33,
              34, 40, 63, 64, 65, 97, 128, 129, 160, 199});
}
// Steps of 52 numbers; of 36; columns of one tile, of two and of many.
TEST_F(Int8x3, Steps) {
  Int8x3Product({312, 45, Activation::None, true}, 40).check({1, 16, 18, 33});
  Int8x3Product({36, 33}, 40).check({1, 5, 17});
  Int8x3Product({32, 1}, 20).check({1, 3, 9});
  Int8x3Product({384, 64}, 70).check({4, 16, 33});
}
TEST_F(Int8x3, SeveralBlocksOfRows) {
  Int8x3Product({384, 40, Activation::None, true}, 900).check({1, 385, 700});
}
// K is cut, once unevenly, and the last column tile is not whole, nor the last
// group.
TEST_F(Int8x3, SeveralBlocksOfK) {
  Int8x3Product({3072, 170, Activation::None, true, true}, 150)
      .check({1, 16, 20, 64, 129});
  Int8x3Product({1536, 900, Activation::None, true}, 400)
      .check({1, 33, 129, 385});
  Int8x3Product({832, 100, Activation::None, true}, 60).check({1, 16, 17, 33});
  Int8x3Product({6144, 21}, 300).check({1, 33, 290});
}

/// Mean squares of the errors of int8x3 and of a chain of multiply-adds.
static std::pair<double, double> errorsOf(Int8x3Product &product) {
  int64_t rows = product.rows, width = product.spec.n, depth = product.spec.k;
  Floats got = product.run(rows, 1);
  double own = 0, chain = 0;
  for (int64_t m = 0; m != rows; ++m)
    for (int64_t n = 0; n != width; ++n) {
      double exact = 0;
      float sum = 0;
      for (int64_t k = 0; k != depth; ++k) {
        float a = product.x[m * depth + k], b = product.weight[k * width + n];
        exact += double(a) * b;
        sum = std::fma(a, b, sum);
      }
      own += std::pow(got[m * width + n] - exact, 2);
      chain += std::pow(sum - exact, 2);
    }
  return {own, chain};
}

// Of states that are alike, and where one of a row is 100 times larger.
TEST_F(Int8x3, ErrorIsBelowThatOfMultiplyAdds) {
  Int8x3Product product({768, 96}, 64);
  auto [own, chain] = errorsOf(product);
  EXPECT_LT(own, chain);
  for (int64_t m = 0; m != 64; ++m)
    product.x[m * 768 + m * 11] *= 100;
  std::tie(own, chain) = errorsOf(product);
  EXPECT_LT(own, chain);
}

// However different a row's and a column's numbers are.
TEST_F(Int8x3, ErrorIsWithinItsBound) {
  constexpr int64_t rows = 20, depth = 256, width = 50;
  Int8x3Product product({depth, width}, rows);
  for (int64_t i = 0; i != rows * depth; ++i)
    product.x[i] = std::ldexp(product.x[i], -(i * 7 % 40));
  for (int64_t i = 0; i != depth * width; ++i)
    product.weight[i] = std::ldexp(product.weight[i], -(i * 5 % 30));
  Floats got = product.run(rows, 1);
  for (int64_t m = 0; m != rows; ++m)
    for (int64_t n = 0; n != width; ++n) {
      double exact = 0, sizes = 0, largest = 0, columns = 0;
      for (int64_t k = 0; k != depth; ++k) {
        double a = product.x[m * depth + k], b = product.weight[k * width + n];
        exact += a * b;
        sizes += std::fabs(a);
        largest = std::max(largest, std::fabs(a));
        columns = std::max(columns, std::fabs(b));
      }
      double bound =
          (sizes * std::ldexp(1, -22) + depth * largest * std::ldexp(1, -27)) *
              columns +
          std::fabs(exact) * std::ldexp(1, -22);
      ASSERT_LE(std::fabs(got[m * width + n] - exact), bound)
          << "row " << m << " column " << n;
    }
}

// Results are finished among the next panel's products, up to eight rows a
// step, or after each panel where steps are too few; with a polynomial.
TEST_F(Int8x3, ActivationOfEveryPanel) {
  for (int64_t k : {64, 128, 256}) {
    GemmSpec spec{k, 70, Activation::GeluErf, true, true};
    Int8x3Product product(spec, 200);
    Floats all = product.run(200, 1);
    spec.activation = Activation::None;
    spec.residual = false;
    Floats sums = Int8x3Product(spec, 200).run(200, 1);
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

// Rows of zeros, of numbers that are large or tiny, and such that are not
// finite, which are NaN and touch no other.
TEST_F(Int8x3, SpecialRows) {
  Int8x3Product product({64, 40, Activation::None, true}, 8);
  std::fill_n(product.x.data(), 64, 0.0f);
  for (int64_t k = 0; k != 64; ++k) {
    product.x[64 + k] *= 1e37f;
    product.x[2 * 64 + k] *= 1e-35f;
    product.x[3 * 64 + k] = fromBits(k + 1); // subnormal
  }
  product.x[4 * 64 + 3] = INFINITY;
  product.x[5 * 64 + 5] = -INFINITY;
  product.x[6 * 64] = NAN;
  Floats got = product.run(8, 1);
  for (int64_t n = 0; n != 40; ++n) {
    EXPECT_EQ(got[n], product.bias[n]);
    for (int64_t row : {1, 2, 3, 7})
      EXPECT_EQ(got[row * 40 + n], product.expected(row, n)) << "row " << row;
    for (int64_t row : {4, 5, 6})
      EXPECT_TRUE(std::isnan(got[row * 40 + n])) << "row " << row;
  }
}

/// Digits of rows that an index names, of `width` numbers in steps of `step`.
static void checkDigits(int64_t width, int64_t step) {
  constexpr int64_t rows = 23;
  Kernels kernels(withTiles);
  QuantiseSpec spec{width, Dtype::Int8x3, /*indexed=*/true};
  std::string name = kernels.add(spec);
  kernels.compile();
  ASSERT_EQ(step, 4 * kernels.target().tileStep(spec.dtype, width));
  Floats x({2 * rows, width});
  Ints index({rows});
  std::mt19937 random(3);
  randomize(x, random);
  for (int64_t i = 0; i != width; ++i) {
    x[2 * width + i] *= 1e30f;
    x[4 * width + i] *= 1e-33f;
    x[6 * width + i] = 0;
    x[8 * width + i] = std::ldexp(i % 2 ? -1.99999988f : 1.0f, -int(i));
  }
  x[10 * width + 6] = fromBits(0x7f800001); // NaN in its low half only
  for (int64_t i = 0; i != rows; ++i)
    index[i] = 2 * i;
  Bytes digits({rows, bytesOf(width) + 4});
  kernels.call(name, 0, 3, x, index, digits);
  kernels.call(name, 3, rows, x, index, digits);
  EXPECT_TRUE(digits.intact());
  for (int64_t row = 0; row != rows; ++row) {
    if (row == 5) {
      EXPECT_TRUE(std::isnan(scaleAt(digits, width, rows, row)));
      continue;
    }
    const float *numbers = x.data() + index[row] * width;
    int exponent = exponentOf(numbers, width);
    EXPECT_EQ(scaleAt(digits, width, rows, row),
              std::ldexp(1.0f, exponent - 5));
    for (int64_t k = 0; k != width; ++k) {
      Digits<4> wanted(integerOf(numbers[k], exponent));
      for (int64_t which = 0; which != 4; ++which)
        ASSERT_EQ(digitAt(digits, width, step, rows, row, k, which),
                  wanted.digit[which])
            << "row " << row << ": " << numbers[k];
    }
  }
}
// Steps of a line, whose digits are gathered, and shorter ones.
TEST_F(Int8x3, DigitsOfStates) {
  checkDigits(128, 64);
  checkDigits(72, 36);
  checkDigits(1024, 64);
}

static std::string assemblyOfProduct(int64_t k) {
  Kernels kernels(withTiles, "x86_64-unknown-linux-gnu");
  GemmSpec spec{k, 768, Activation::None, true};
  spec.dtype = Dtype::Int8x3;
  kernels.add(spec);
  return kernels.assembly();
}

/// Results among the products of a step are blocks of their own; without them,
/// in the first panel, a loop is a block that ends with a jump to its own
/// label. A step is nine products and seven loads, and asks for 48 lines; sums
/// stay where they are.
TEST(Int8x3Code, Step) {
  int64_t loops = 0, products = 0, loads = 0, stores = 0, lines = 0, asked = 0;
  std::string label;
  std::string assembly = assemblyOfProduct(768);
  for (llvm::StringRef line : llvm::split(assembly, '\n')) {
    if (line.starts_with(".L") && line.contains(':')) {
      label = line.split(':').first.str();
      products = loads = stores = lines = 0;
    }
    products += line.contains("\ttdpbssd\t");
    loads += line.contains("\ttileloadd\t");
    stores += line.contains("tilestored");
    lines += line.contains("\tprefetcht1\t");
    if (!products || !line.starts_with("\tj") || !line.ends_with(label))
      continue;
    ++loops;
    asked += lines;
    SCOPED_TRACE(label);
    EXPECT_EQ(stores, 0);
    EXPECT_EQ(products, 9);
    EXPECT_EQ(loads, 7);
  }
  EXPECT_EQ(loops, 1);
  EXPECT_EQ(asked, 48);
}

/// The same with results among products; sums are stored once for a block of K
/// of a panel, and loaded where K is cut.
TEST(Int8x3Code, ResultsAmongProducts) {
  for (int64_t k : {768, 1536}) {
    std::string code = assemblyOfProduct(k);
    llvm::StringRef assembly = code;
    EXPECT_EQ(assembly.count("\ttdpbssd\t"), 2 * 9u);
    EXPECT_EQ(assembly.count("\ttileloadd\t"), 2 * (k > 768 ? 7 + 4u : 7u));
    EXPECT_EQ(assembly.count("tilestored"), 2 * 4u);
  }
}
