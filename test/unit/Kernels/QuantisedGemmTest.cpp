//===- QuantisedGemmTest.cpp - products of a quantised model's integers ---===//
// The scale of a tensor, its rows byte by byte and products bit by bit, against
// plain loops over what ONNX says of DynamicQuantizeLinear and MatMulInteger.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "skim/Codegen/Words.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

namespace {
/// DynamicQuantizeLinear of a tensor, by divisions.
struct Quantised {
  explicit Quantised(const Floats &x) : numbers(x.size()) {
    float least = 0, largest = 0;
    for (int64_t i = 0; i != x.size(); ++i) {
      least = std::min(least, x[i]);
      largest = std::max(largest, x[i]);
    }
    if (largest == least)
      return;
    scale = (largest - least) / 255;
    float point = std::nearbyint(-least / scale);
    zeroPoint = int(std::min(255.0f, std::max(0.0f, point)));
    for (int64_t i = 0; i != x.size(); ++i) {
      int number = int(std::nearbyint(x[i] / scale)) + zeroPoint;
      numbers[i] = std::min(255, std::max(0, number));
    }
  }
  std::vector<int> numbers;
  float scale = 0;
  int zeroPoint = 0;
};

/// Calls what rounds `x` [rows, width] and gives its rows as words.
struct Rounding {
  Rounding(Kernels &kernels, int64_t width, bool indexed = false)
      : kernels(kernels), words(Dtype::Uint8, width), indexed(indexed),
        range(kernels.add(RangeSpec{width, indexed})),
        scale(kernels.add(TensorScaleSpec())),
        quantise(kernels.add(QuantiseSpec{width, Dtype::Uint8, indexed})) {}

  Bytes run(const Floats &x, const Ints *index = nullptr) {
    int64_t rows = index ? index->size() : x.shape[0];
    Floats ranges({rows, 2}, 7), scales({1, 4}, 7);
    Arguments first, second, third;
    first.add(x).addSome(index).add(ranges);
    kernels.callWith(range, 0, rows / 2, first);
    kernels.callWith(range, rows / 2, rows, first);
    kernels.callWith(scale, 0, 1, second.add(ranges).add(scales));
    Bytes out({rows, words.ofState() * 4}, 0x55);
    third.add(x).addSome(index).add(scales).add(out);
    kernels.callWith(quantise, 0, rows / 3, third);
    kernels.callWith(quantise, rows / 3, rows, third);
    EXPECT_TRUE(ranges.intact() && scales.intact() && out.intact());
    return out;
  }

  Kernels &kernels;
  Words words;
  bool indexed;
  std::string range, scale, quantise;
};
} // namespace

template <typename T> static T wordAt(const Bytes &bytes, int64_t place) {
  T word;
  memcpy(&word, bytes.data() + place * 4, 4);
  return word;
}

static void checkRows(Rounding &rounding, const Floats &x) {
  Quantised wanted(x);
  int64_t rows = x.shape[0], width = x.shape[1];
  // Every other row of a larger buffer, the last one first.
  Floats spread({2 * rows, width}, NAN);
  Ints index({rows});
  for (int64_t row = 0; row != rows; ++row) {
    index[row] = 2 * (rows - row) - 1;
    std::copy_n(x.data() + row * width, width,
                spread.data() + index[row] * width);
  }
  Bytes got = rounding.indexed ? rounding.run(spread, &index) : rounding.run(x);
  int64_t perRow = rounding.words.ofState();
  for (int64_t row = 0; row != rows; ++row) {
    int32_t sum = 0;
    for (int64_t k = 0; k != width; ++k) {
      int number = wanted.numbers[row * width + k];
      ASSERT_EQ(got[row * perRow * 4 + k], number)
          << "row " << row << " number " << k << " of " << width;
      sum += number - wanted.zeroPoint;
    }
    int64_t last = row * perRow + rounding.words.count;
    EXPECT_EQ(wordAt<float>(got, last), wanted.scale);
    EXPECT_EQ(wordAt<int32_t>(got, last + 1), wanted.zeroPoint);
    EXPECT_EQ(wordAt<int32_t>(got, last + 2), sum);
  }
}

TEST(QuantiseTensor, Rows) {
  for (const char *cpu : {"native", "haswell", "x86-64"})
    for (int64_t width : {1, 2, 3, 4, 5, 16, 30, 33, 67})
      for (bool indexed : {false, true}) {
        SCOPED_TRACE(cpu + std::string(" ") + std::to_string(width));
        Kernels kernels(cpu);
        Rounding rounding(kernels, width, indexed);
        kernels.compile();
        std::mt19937 random(width);
        Floats x({9, width});
        checkRows(rounding, x); // zeros
        randomize(x, random, 3);
        checkRows(rounding, x);
        for (int64_t i = 0; i != x.size(); ++i)
          x[i] = std::fabs(x[i]);
        checkRows(rounding, x); // the least is 0
        for (int64_t i = 0; i != x.size(); ++i)
          x[i] *= -1e30f;
        checkRows(rounding, x); // the largest is 0
        for (int64_t i = 0; i != x.size(); ++i)
          x[i] = float(i % 511 - 255) / 2;
        checkRows(rounding, x); // ties
        x[x.size() - 1] = 1e-3f;
        checkRows(rounding, x);
      }
}

// By a scale that is given: numbers beyond what bytes reach, whatever their
// size, and a scale of its own for the sums.
TEST(QuantiseTensor, GivenScale) {
  for (const char *cpu : {"native", "x86-64"})
    for (float scale : {0x1p-100f, 0.02f, 1e30f}) {
      Kernels kernels(cpu);
      std::string name = kernels.add(QuantiseSpec{7, Dtype::Uint8});
      kernels.compile();
      Floats x({1, 7}), scales({1, 4});
      float numbers[] = {INFINITY,     -INFINITY,    3e38f,          -3e38f,
                         2.5f * scale, 3.5f * scale, -100.0f * scale};
      std::copy_n(numbers, 7, x.data());
      float given[] = {scale, 1 / scale, 100, 1};
      std::copy_n(given, 4, scales.data());
      Words words(Dtype::Uint8, 7);
      Bytes out({1, words.ofState() * 4}, 0x55);
      Arguments arguments;
      kernels.callWith(name, 0, 1, arguments.add(x).add(scales).add(out));
      int expected[] = {255, 0, 255, 0, 102, 104, 0};
      for (int64_t k = 0; k != 7; ++k)
        EXPECT_EQ(out[k], expected[k]) << cpu << " " << scale << " " << k;
      EXPECT_EQ(wordAt<float>(out, words.count), 1);
      EXPECT_EQ(wordAt<int32_t>(out, words.count + 1), 100);
      EXPECT_EQ(wordAt<int32_t>(out, words.count + 2),
                2 * 155 - 2 * 100 + 2 + 4 - 100);
    }
}

// As if they were zeros: below what is promised.
TEST(QuantiseTensor, SmallRange) {
  Kernels kernels;
  Rounding rounding(kernels, 5);
  kernels.compile();
  Floats x({2, 5}, 1e-38f);
  x[3] = -1e-40f;
  Bytes got = rounding.run(x);
  for (int64_t row = 0; row != 2; ++row) {
    for (int64_t k = 0; k != 5; ++k)
      EXPECT_EQ(got[row * rounding.words.ofState() * 4 + k], 0);
    EXPECT_EQ(wordAt<float>(got, row * rounding.words.ofState() + 2), 0);
  }
}

TEST(QuantiseTensor, NotFinite) {
  Kernels kernels;
  Rounding rounding(kernels, 33);
  kernels.compile();
  for (float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
    Floats x({3, 33}, 1);
    x[40] = bad;
    Bytes got = rounding.run(x);
    for (int64_t row = 0; row != 3; ++row)
      EXPECT_TRUE(std::isnan(wordAt<float>(got, row * rounding.words.ofState() +
                                                    rounding.words.count)));
  }
}

namespace {
/// A product with random integers as weights.
struct QuantisedProduct {
  QuantisedProduct(Kernels &kernels, const GemmSpec &spec, int64_t rows)
      : spec(spec), x({rows, spec.k}), residual({rows, spec.n}), bias({spec.n}),
        padded({1}), scales({spec.n}), points({spec.n}),
        weight({spec.k, spec.n}), tile(kernels.target().tileColumns),
        tiles(kernels.target().numTiles(spec.n)),
        fused(kernels.target().hasFMA), words(Dtype::Uint8, spec.k) {
    std::mt19937 random(5);
    randomize(x, random);
    randomize(residual, random);
    randomize(bias, random);
    randomize(scales, random, 0.01f);
    padded = padVector(bias, tile);
    std::uniform_int_distribution<int> byte(-128, 127);
    for (int64_t i = 0; i != weight.size(); ++i)
      weight[i] = byte(random);
    for (int64_t n = 0; spec.zeroPoints && n != spec.n; ++n)
      points[n] = byte(random);
  }

  /// As skim.weights says.
  Bytes pack() const {
    Bytes bytes({tiles, words.ofTile(), tile * 4});
    auto put = [&](int64_t n, int64_t line, auto word) {
      int64_t place = (n / tile * words.ofTile() + line) * tile + n % tile;
      memcpy(bytes.data() + place * 4, &word, 4);
    };
    for (int64_t n = 0; n != spec.n; ++n) {
      int32_t sum = 0;
      for (int64_t k = 0; k != spec.k; ++k) {
        int32_t number = weight[k * spec.n + n];
        sum += number;
        int64_t line = n / tile * words.ofTile() + k / 4;
        bytes[(line * tile + n % tile) * 4 + k % 4] = uint8_t(number);
      }
      put(n, words.count, scales[n]);
      put(n, words.count + 1, -sum);
      put(n, words.count + 2, points[n]);
    }
    return bytes;
  }

  float expected(const Quantised &states, int64_t m, int64_t n) const {
    int64_t sum = 0;
    for (int64_t k = 0; k != spec.k; ++k)
      sum += int64_t(states.numbers[m * spec.k + k] - states.zeroPoint) *
             (weight[k * spec.n + n] - points[n]);
    float scale = states.scale * scales[n], number = float(sum);
    if (!spec.bias)
      return number * scale;
    return fused ? std::fma(number, scale, bias[n]) : number * scale + bias[n];
  }

  GemmSpec spec;
  Floats x, residual, bias, padded, scales;
  Ints points, weight;
  int64_t tile, tiles;
  bool fused;
  Words words;
};
} // namespace

static void checkProduct(llvm::StringRef cpu, GemmSpec spec,
                         std::initializer_list<int64_t> counts) {
  if (!canRun(cpu))
    GTEST_SKIP() << "this machine is no " << cpu.str();
  spec.dtype = Dtype::Uint8;
  for (bool zeroPoints : {false, true}) {
    spec.zeroPoints = zeroPoints;
    SCOPED_TRACE(cpu.str() + " " + spec.name());
    Kernels kernels(cpu);
    std::string name = kernels.add(spec);
    Rounding rounding(kernels, spec.k);
    kernels.compile();
    for (int64_t rows : counts) {
      QuantisedProduct product(kernels, spec, rows);
      Bytes states = rounding.run(product.x), weights = product.pack();
      Floats out({rows, spec.n}, NAN);
      Arguments arguments;
      arguments.add(states)
          .add(weights)
          .addSome(spec.bias ? &product.padded : nullptr)
          .addSome(spec.residual ? &product.residual : nullptr)
          .add(out);
      int64_t tasks = kernels.gemmTasks(spec, rows);
      for (int64_t begin = 0; begin < tasks; begin += 3)
        kernels.callWith(name, begin, std::min(begin + 3, tasks), arguments);
      EXPECT_TRUE(out.intact());
      Quantised wanted(product.x);
      for (int64_t m = 0; m != rows; ++m)
        for (int64_t n = 0; n != spec.n; ++n) {
          float sum = product.expected(wanted, m, n);
          if (spec.activation == Activation::Tanh)
            ASSERT_NEAR(out[m * spec.n + n], std::tanh(sum), 1e-6);
          else
            ASSERT_EQ(
                out[m * spec.n + n],
                sum + (spec.residual ? product.residual[m * spec.n + n] : 0))
                << "row " << m << " column " << n << " of " << rows;
        }
    }
  }
}

namespace {
/// By vpdpbusd in either width, and emulated in both; without any.
class QuantisedGemm : public testing::TestWithParam<const char *> {};
} // namespace

INSTANTIATE_TEST_SUITE_P(Processors, QuantisedGemm,
                         testing::Values("native", "cascadelake", "alderlake",
                                         "skylake-avx512", "haswell", "x86-64",
                                         "sandybridge"),
                         [](auto &info) {
                           std::string name = info.param;
                           llvm::erase(name, '-');
                           return name;
                         });

TEST_P(QuantisedGemm, RowCounts) {
  checkProduct(GetParam(), {64, 96}, {0, 1, 2, 3, 5, 8, 13, 24, 37});
}
TEST_P(QuantisedGemm, OddSizes) {
  checkProduct(GetParam(), {37, 53, Activation::None, true, true}, {1, 2, 7});
  checkProduct(GetParam(), {2, 3, Activation::Tanh, true}, {1, 2, 19});
  checkProduct(GetParam(), {5, 17, Activation::None, true}, {1, 4, 11});
}
TEST_P(QuantisedGemm, SeveralBlocks) {
  checkProduct(GetParam(), {9001, 21, Activation::None, true, true},
               {1, 5, 20});
  checkProduct(GetParam(), {100, 33, Activation::None, true}, {401});
}
