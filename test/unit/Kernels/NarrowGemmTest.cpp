//===- NarrowGemmTest.cpp - products of int8 and bf16 numbers -------------===//
// The rounding of states byte by byte, and products bit by bit, against plain
// loops that round in the same places.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "skim/Codegen/Words.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

namespace {
/// A row of states in int8.
struct Int8Row {
  Int8Row(const float *x, int64_t k) : numbers(k) {
    float largest = 0;
    bool finite = true;
    for (int64_t i = 0; i != k; ++i) {
      finite &= std::isfinite(x[i]);
      largest = std::max(largest, std::fabs(x[i]));
    }
    if (!finite)
      scale = NAN;
    if (!finite || largest < std::ldexp(1.0f, -120))
      return;
    scale = largest / 127;
    float inverse = 127 / largest;
    for (int64_t i = 0; i != k; ++i)
      numbers[i] = int(std::nearbyint(x[i] * inverse));
  }
  std::vector<int> numbers;
  float scale = 0;
};

/// Numbers in the words of a kernel's buffer.
struct Buffer {
  Buffer(const Words &words, int64_t rows, int64_t columns)
      : words(words), columns(columns), bytes({rows * columns * 4}) {}
  /// Number k of a row that is cut into columns.
  void set(int64_t row, int64_t column, int64_t k, uint32_t bits) {
    int64_t size = 4 / words.perWord;
    int64_t place = row * columns + column + k / words.perWord;
    memcpy(&bytes[place * 4 + k % words.perWord * size], &bits, size);
  }
  void setWord(int64_t row, int64_t column, uint32_t bits) {
    memcpy(&bytes[(row * columns + column) * 4], &bits, 4);
  }
  Words words;
  int64_t columns; ///< words of a row
  Bytes bytes;
};
} // namespace

/// What QuantiseSpec is to give for x [rows, k]; `flush`: 0 for subnormal
/// numbers in bf16.
static Buffer roundStates(Dtype dtype, const Floats &x, bool flush = false) {
  int64_t rows = x.shape[0], k = x.shape[1];
  Words words(dtype, k);
  Buffer buffer(words, rows, words.ofState());
  for (int64_t row = 0; row != rows; ++row) {
    const float *from = x.data() + row * k;
    if (dtype == Dtype::Bf16) {
      for (int64_t i = 0; i != k; ++i)
        buffer.set(row, 0, i,
                   flush && std::fpclassify(from[i]) == FP_SUBNORMAL
                       ? std::signbit(from[i]) << 15
                       : bitsOf(roundToBf16(from[i])) >> 16);
      continue;
    }
    Int8Row rounded(from, k);
    for (int64_t i = 0; i != words.count * 4; ++i)
      buffer.set(row, 0, i, (i < k ? rounded.numbers[i] : 0) + 128);
    buffer.setWord(row, words.count, bitsOf(rounded.scale));
  }
  return buffer;
}

namespace {
struct NarrowProduct {
  NarrowProduct(Kernels &kernels, const GemmSpec &spec, int64_t rows)
      : spec(spec), rows(rows), x({rows, spec.k}), weight({spec.k, spec.n}),
        bias({spec.n}), residual({rows, spec.n}), padded({1}),
        tile(kernels.target().tileColumns),
        step(kernels.target().tileStep(spec.dtype, spec.k)),
        fused(kernels.target().hasFMA),
        packed(pack(kernels.target().numTiles(spec.n))) {
    std::mt19937 random(11);
    randomize(weight, random);
    randomize(bias, random);
    randomize(x, random, 1 / std::sqrt(float(spec.k)));
    randomize(residual, random);
    padded = padVector(bias, tile);
    for (int64_t i = 0; rows > 2 && i != spec.k; ++i)
      x[2 * spec.k + i] = 0;
    packed = pack(kernels.target().numTiles(spec.n));
  }

  Buffer pack(int64_t tiles) {
    Words words(spec.dtype, spec.k);
    Buffer buffer(words, tiles, words.ofTile() * tile);
    scales.assign(spec.n, 0);
    for (int64_t n = 0; n != spec.n; ++n) {
      int64_t to = n / tile, lane = n % tile;
      float largest = 0;
      for (int64_t k = 0; k != spec.k; ++k)
        largest = std::max(largest, std::fabs(weight[k * spec.n + n]));
      scales[n] = largest / 127;
      int32_t sum = 0;
      for (int64_t k = 0; k != spec.k; ++k) {
        float &number = weight[k * spec.n + n];
        // From here on the weight is what the kernel multiplies.
        number = spec.dtype == Dtype::Bf16 ? roundToBf16(number)
                 : largest == 0 ? 0
                                : std::nearbyint(number * (127.0 / largest));
        uint32_t bits = spec.dtype == Dtype::Bf16 ? bitsOf(number) >> 16
                                                  : uint32_t(int(number));
        int64_t in = k % words.perWord;
        buffer.set(to, k / words.perWord * tile + lane, in, bits);
        sum += int(number);
      }
      if (spec.dtype == Dtype::Bf16)
        continue;
      buffer.setWord(to, words.count * tile + lane, bitsOf(scales[n]));
      buffer.setWord(to, (words.count + 1) * tile + lane, -128 * sum);
    }
    return buffer;
  }

  /// All tasks over the first `count` rows, a call for each `piece` tasks.
  Floats run(Kernels &kernels, const std::string &name, int64_t count,
             int64_t piece) {
    Floats out({count, spec.n}, NAN);
    runInto(out, kernels, name, count, piece);
    return out;
  }
  template <typename T>
  void runInto(Array<T> &out, Kernels &kernels, const std::string &name,
               int64_t count, int64_t piece) {
    Floats in({count, spec.k}), added({count, spec.n});
    std::copy_n(x.data(), in.size(), in.data());
    std::copy_n(residual.data(), added.size(), added.data());
    Buffer states = roundStates(spec.dtype, in);
    Arguments arguments;
    Words words(spec.dtype, spec.k);
    // Kernels count numbers, not bytes.
    auto describe = [&](const Bytes &bytes, std::vector<int64_t> shape) {
      Bytes empty(std::vector<int64_t>{0});
      empty.shape = shape;
      Descriptor<uint8_t> described = empty.describe();
      described.allocated = described.aligned = bytes.data();
      return described;
    };
    arguments.add(
        describe(states.bytes, {count, words.ofState() * words.perWord}));
    arguments.add(
        describe(packed.bytes, {packed.bytes.size() / 4 / packed.columns,
                                words.ofTile(), tile * words.perWord}));
    arguments.addSome(spec.bias ? &padded : nullptr);
    arguments.addSome(spec.residual ? &added : nullptr).add(out);
    int64_t tasks = kernels.gemmTasks(spec, count);
    for (int64_t begin = 0; begin < tasks; begin += piece)
      kernels.callWith(name, begin, std::min(begin + piece, tasks), arguments);
    EXPECT_TRUE(out.intact());
  }

  /// The product as it is before an activation, rounded where the kernel does.
  float expected(int64_t m, int64_t n) {
    const float *row = x.data() + m * spec.k;
    float result = 0;
    if (spec.dtype == Dtype::Int8) {
      Int8Row rounded(row, spec.k);
      int64_t sum = 0;
      for (int64_t k = 0; k != spec.k; ++k)
        sum += rounded.numbers[k] * int(weight[k * spec.n + n]);
      float scale = rounded.scale * scales[n];
      if (spec.bias && fused)
        return std::fma(float(sum), scale, bias[n]);
      result = float(sum) * scale;
    } else {
      auto add = [&](int64_t k, float &sum) {
        if (k < spec.k)
          sum = std::fma(roundToBf16(row[k]), weight[k * spec.n + n], sum);
      };
      for (int64_t k = 0; k < spec.k && step == 0; k += 2) {
        add(k + 1, result);
        add(k, result);
      }
      // AMX: even and odd numbers of a step each have a chain of their own.
      for (int64_t k = 0; k < spec.k && step != 0; k += 2 * step) {
        float even = 0, odd = 0;
        for (int64_t i = k; i != k + 2 * step; i += 2) {
          add(i, even);
          add(i + 1, odd);
        }
        result += even + odd;
      }
    }
    return spec.bias ? result + bias[n] : result;
  }

  GemmSpec spec;
  int64_t rows;
  Floats x, weight, bias, residual, padded;
  int64_t tile;
  int64_t step; ///< words of K in a step of AMX, 0 without it
  bool fused;   ///< products are added before they are rounded
  std::vector<float> scales;
  Buffer packed;
};
} // namespace

static void check(llvm::StringRef cpu, GemmSpec spec,
                  std::initializer_list<int64_t> counts) {
  if (!canRun(cpu))
    GTEST_SKIP() << "this machine is no " << cpu.str();
  for (Dtype dtype : {Dtype::Int8, Dtype::Bf16}) {
    spec.dtype = dtype;
    SCOPED_TRACE(cpu.str() + " " + spec.name());
    Kernels kernels(cpu);
    std::string name = kernels.add(spec);
    kernels.compile();
    NarrowProduct product(kernels, spec, std::max(counts));
    Floats all = product.run(kernels, name, product.rows, 1 << 20);
    for (int64_t m = 0; m != product.rows; ++m)
      for (int64_t n = 0; n != spec.n; ++n) {
        float sum = product.expected(m, n), got = all[m * spec.n + n];
        if (spec.activation == Activation::Tanh)
          ASSERT_NEAR(got, std::tanh(sum), 1e-6)
              << "row " << m << " column " << n;
        else
          ASSERT_EQ(
              got, sum + (spec.residual ? product.residual[m * spec.n + n] : 0))
              << "row " << m << " column " << n;
      }
    // Fewer rows, and other cuts into tasks, give the same bits.
    for (int64_t count : counts) {
      Floats some = product.run(kernels, name, count, 1 + count % 3);
      ASSERT_EQ(0, memcmp(some.data(), all.data(), some.size() * 4))
          << count << " rows";
    }
  }
}

namespace {
/// The forms of the products, by processors that have them: as this machine
/// does it; AVX512-VNNI and AVX512-BF16; AVX512-VNNI and AVX-VNNI alone; all
/// emulated, in two widths.
class NarrowGemm : public testing::TestWithParam<const char *> {
protected:
  void check(const GemmSpec &spec, std::initializer_list<int64_t> counts) {
    ::check(GetParam(), spec, counts);
  }
};
} // namespace

INSTANTIATE_TEST_SUITE_P(Processors, NarrowGemm,
                         testing::Values("native", "cooperlake", "cascadelake",
                                         "alderlake", "skylake-avx512",
                                         "haswell"),
                         [](auto &info) {
                           std::string name = info.param;
                           llvm::erase(name, '-');
                           return name;
                         });

TEST_P(NarrowGemm, EveryRowCount) {
  check({64, 96}, {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                   11, 12, 13, 14, 17, 19, 23, 29, 31, 37, 40});
}
TEST_P(NarrowGemm, OddSizes) {
  check({37, 53, Activation::None, true, true}, {1, 2, 5, 7, 13});
  check({1, 1}, {1, 3, 9});
  check({2, 3, Activation::Tanh, true}, {1, 2, 19});
  check({3, 130, Activation::None, false, true}, {1, 2, 3, 20});
  check({5, 17, Activation::None, true}, {1, 4, 11});
}
TEST_P(NarrowGemm, SeveralBlocksOfK) {
  check({9001, 21, Activation::None, true, true}, {1, 2, 5, 20});
}
TEST_P(NarrowGemm, SeveralBlocksOfRows) {
  check({300, 33, Activation::None, true}, {1, 200, 401});
}
// Steps of AMX: 16 words, 13 where K is 312, 9 of 18 where the last word is not
// full; panels of all sizes, and columns that are no whole tiles.
TEST_P(NarrowGemm, Steps) {
  check({128, 70, Activation::None, true, true},
        {1, 2, 3, 15, 16, 17, 31, 32, 33, 34, 40, 63, 64, 65, 97});
  check({312, 45, Activation::None, true}, {1, 4, 16, 18, 33, 40});
  check({35, 33}, {1, 5, 17, 40});
  check({71, 33}, {1, 5, 17, 40});
}
// By tiles, the numbers that the kernel for states would make of the result.
TEST(NarrowProducts, NarrowsResult) {
  if (!canRun(withTiles))
    GTEST_SKIP() << "this processor has no AMX";
  GemmSpec spec{128, 96, Activation::GeluErf, true, true};
  spec.dtype = Dtype::Bf16;
  GemmSpec narrow = spec;
  narrow.narrowsResult = true;
  Kernels kernels(withTiles);
  std::string names[] = {kernels.add(spec), kernels.add(narrow)};
  kernels.compile();
  NarrowProduct product(kernels, spec, 97);
  for (int64_t rows : {1, 16, 33, 97}) {
    Floats wanted = product.run(kernels, names[0], rows, 1);
    Halves got({rows, spec.n});
    product.runInto(got, kernels, names[1], rows, 1);
    for (int64_t i = 0; i != got.size(); ++i)
      ASSERT_EQ(got[i], bitsOf(roundToBf16(wanted[i])) >> 16)
          << rows << " rows, number " << i;
  }
}
TEST(NarrowProducts, Baseline) {
  check("x86-64", {67, 29, Activation::None, true, true},
        {1, 2, 3, 4, 5, 6, 7, 30});
}
// 256-bit vectors of floats without integers of that width.
TEST(NarrowProducts, WithoutIntegerVectors) {
  check("sandybridge", {67, 29, Activation::None, true, true}, {1, 3, 30});
}

// The largest numbers of the longest rows do not overflow.
TEST(NarrowProducts, LongestInt8Sum) {
  GemmSpec spec{65536, 2};
  spec.dtype = Dtype::Int8;
  Kernels kernels;
  std::string name = kernels.add(spec);
  kernels.compile();
  NarrowProduct product(kernels, spec, 1);
  std::fill_n(product.x.data(), spec.k, 2.0f);
  std::fill_n(product.weight.data(), spec.k * spec.n, -0.5f);
  product.packed = product.pack(kernels.target().numTiles(spec.n));
  Floats out = product.run(kernels, name, 1, 1);
  EXPECT_EQ(out[0], product.expected(0, 0));
  EXPECT_NEAR(out[0], -65536, 1e-2);
}

static void checkRows(llvm::StringRef cpu, const QuantiseSpec &spec,
                      const Floats &x) {
  SCOPED_TRACE(cpu.str() + " " + spec.name());
  Kernels kernels(cpu);
  std::string name = kernels.add(spec);
  kernels.compile();
  int64_t rows = x.shape[0], width = x.shape[1];
  Floats in({spec.indexed ? 2 * rows : rows, width}, 7);
  Ints index({rows});
  for (int64_t row = 0; row != rows; ++row) {
    index[row] = spec.indexed ? 2 * (rows - row) - 1 : row;
    std::copy_n(x.data() + row * width, width, in.data() + index[row] * width);
  }
  bool flush = !kernels.target().bf16Round.empty();
  Buffer wanted = roundStates(spec.dtype, x, flush);
  Words words(spec.dtype, width);
  Bytes got({wanted.bytes.size()}, 0x55);
  Descriptor<uint8_t> out = got.describe();
  int64_t numbers = words.ofState() * words.perWord;
  int64_t sizes[] = {rows, numbers, numbers, 1};
  std::copy_n(sizes, 4, out.sizesAndStrides);
  Arguments arguments;
  arguments.add(in).addSome(spec.indexed ? &index : nullptr).add(out);
  kernels.callWith(name, 0, rows / 2, arguments);
  kernels.callWith(name, rows / 2, rows, arguments);
  EXPECT_TRUE(got.intact());
  int64_t perRow = wanted.columns * 4;
  for (int64_t row = 0; row != rows; ++row) {
    const float *from = x.data() + row * width;
    bool finite = std::all_of(from, from + width,
                              [](float x) { return std::isfinite(x); });
    // The numbers of a row whose scale is NaN do not matter.
    int64_t first = spec.dtype == Dtype::Int8 && !finite ? words.count * 4 : 0;
    EXPECT_EQ(0, memcmp(&got[row * perRow + first],
                        &wanted.bytes[row * perRow + first], perRow - first))
        << "row " << row;
  }
}

TEST(Quantise, Rows) {
  for (const char *cpu : {"native", "x86-64"})
    for (Dtype dtype : {Dtype::Int8, Dtype::Bf16})
      for (int64_t width : {1, 2, 3, 4, 5, 7, 8, 9, 30, 33, 64, 67}) {
        Floats x({9, width});
        std::mt19937 random(width);
        randomize(x, random, 3);
        for (int64_t i = 0; i != width; ++i) {
          x[i] = 0;                                // row 0: zeros
          x[width + i] = i % 2 ? -1e-40f : 1e-38f; // too small to scale
          x[2 * width + i] *= 1e-30f;              // small, and scaled
          x[3 * width + i] *= 1e30f;
          x[4 * width + i] = float(i - width / 2) / 2; // ties
        }
        x[5 * width + width / 2] = NAN;
        x[6 * width + width - 1] = INFINITY;
        x[7 * width] = -INFINITY;
        checkRows(cpu, {width, dtype}, x);
        checkRows(cpu, {width, dtype, true}, x);
      }
}

// A row that is not finite is NaN, one of zeros is the bias.
TEST(NarrowProducts, SpecialRows) {
  GemmSpec spec{40, 20, Activation::None, true};
  spec.dtype = Dtype::Int8;
  Kernels kernels;
  std::string name = kernels.add(spec);
  kernels.compile();
  NarrowProduct product(kernels, spec, 5);
  product.x[0] = NAN;
  product.x[spec.k + 3] = INFINITY;
  Floats out = product.run(kernels, name, 5, 1);
  for (int64_t n = 0; n != spec.n; ++n) {
    EXPECT_TRUE(std::isnan(out[n]) && std::isnan(out[spec.n + n]));
    EXPECT_EQ(bitsOf(out[2 * spec.n + n]), bitsOf(product.bias[n]));
    EXPECT_EQ(out[3 * spec.n + n], product.expected(3, n));
  }
}

/// The part of an assembly between two labels that has most lines with `text`.
static std::vector<std::string> busiestBlock(const std::string &assembly,
                                             llvm::StringRef text) {
  std::vector<std::string> best, block;
  int most = 0, count = 0;
  for (llvm::StringRef line : llvm::split(assembly, '\n')) {
    if (line.contains(':') && !line.starts_with("\t")) {
      block.clear();
      count = 0;
    }
    block.push_back(line.str());
    count += line.contains(text);
    if (count > most) {
      most = count;
      best = block;
    }
  }
  return best;
}

/// The inner loop of the largest tile: `rows` x `vectors` products in each of
/// four steps, weights loaded once, nothing spilled.
static void checkLoop(llvm::StringRef cpu, int64_t depth, Dtype dtype,
                      llvm::StringRef instruction, llvm::StringRef registers) {
  SCOPED_TRACE(cpu.str() + " " + instruction.str() + " " +
               std::to_string(depth));
  Kernels kernels(cpu, "x86_64-unknown-linux-gnu");
  GemmSpec spec{depth, 768, Activation::None, true};
  spec.dtype = dtype;
  kernels.add(spec);
  const TargetInfo &target = kernels.target();
  std::vector<std::string> block =
      busiestBlock(kernels.assembly(), instruction);
  int64_t products = 0;
  for (llvm::StringRef line : block) {
    bool isProduct = line.contains(instruction);
    products += isProduct;
    EXPECT_TRUE(!isProduct || line.contains(registers)) << line.str();
    EXPECT_FALSE(line.contains("(%rsp)") && line.contains(registers))
        << "spilled: " << line.str();
  }
  EXPECT_EQ(products, 4 * target.tileRows * target.tileVectors());
}

TEST(NarrowProducts, InnerLoops) {
  // 312 numbers are no whole rounds of four words.
  for (int64_t depth : {768, 312}) {
    for (const char *cpu : {"znver5", "znver4", "cooperlake"}) {
      checkLoop(cpu, depth, Dtype::Int8, "\tvpdpbusd\t", "%zmm");
      checkLoop(cpu, depth, Dtype::Bf16, "\tvdpbf16ps\t", "%zmm");
    }
    checkLoop("alderlake", depth, Dtype::Int8, "{vex}\tvpdpbusd", "%ymm");
  }
}

/// A step of AMX: four products for four loads, the last of them after the last
/// product, and the sums stay where they are.
static void checkTileLoop(Dtype dtype, llvm::StringRef instruction) {
  SCOPED_TRACE(instruction.str());
  Kernels kernels(withTiles, "x86_64-unknown-linux-gnu");
  GemmSpec spec{768, 768, Activation::None, true};
  spec.dtype = dtype;
  kernels.add(spec);
  int64_t products = 0, loads = 0;
  for (llvm::StringRef line : busiestBlock(kernels.assembly(), instruction)) {
    products += line.contains(instruction);
    loads += line.contains("\ttileloadd\t");
    EXPECT_FALSE(line.contains("tilestored")) << line.str();
  }
  EXPECT_EQ(products, 4);
  EXPECT_EQ(loads, 3);
}

TEST(NarrowProducts, TileLoops) {
  checkTileLoop(Dtype::Int8, "\ttdpbusd\t");
  checkTileLoop(Dtype::Bf16, "\ttdpbf16ps\t");
}
