//===- BlockScoresTest.cpp - scores of blocks against plain loops ---------===//
// The network of skim.skip_blocks in double precision, and bits under other
// cuts into tasks.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "gtest/gtest.h"
#include <array>
#include <cmath>

using namespace skim;
using namespace skim::test;

namespace {
/// Planes of numbers, zero outside.
struct Planes {
  Planes(int64_t heads, int64_t size)
      : heads(heads), size(size), numbers(heads * size * size) {}
  double at(int64_t plane, int64_t row, int64_t column) const {
    bool inside = row >= 0 && row < size && column >= 0 && column < size;
    return inside ? numbers[(plane * size + row) * size + column] : 0;
  }
  int64_t heads, size;
  std::vector<double> numbers;
};

struct Network {
  explicit Network(const BlockScoresSpec &spec)
      : conv1({spec.heads, spec.heads, 3, 3}), bias1({spec.heads}),
        conv2({spec.heads, spec.heads, 3, 3}), bias2({spec.heads}),
        fc({2, spec.heads * spec.blockSize * spec.blockSize / 16}), bias3({2}) {
    std::mt19937 random(5);
    for (Floats *weights : {&conv1, &conv2, &fc})
      randomize(*weights, random, 2 / std::sqrt(9.0f * spec.heads));
    for (Floats *bias : {&bias1, &bias2, &bias3})
      randomize(*bias, random, 0.3f);
  }
  double score(Planes block) const {
    Planes last = layer(layer(block, conv1, bias1), conv2, bias2);
    double z[2] = {bias3[0], bias3[1]};
    int64_t count = last.numbers.size();
    for (int64_t i = 0; i != 2 * count; ++i)
      z[i / count] += fc[i] * last.numbers[i % count];
    return 1 / (1 + std::exp(z[0] - z[1]));
  }

  Floats conv1, bias1, conv2, bias2, fc, bias3;

private:
  static Planes layer(const Planes &in, const Floats &weights,
                      const Floats &bias) {
    Planes sums(in.heads, in.size), means(in.heads, in.size / 2);
    for (int64_t to = 0; to != in.heads; ++to)
      for (int64_t y = 0; y != in.size; ++y)
        for (int64_t x = 0; x != in.size; ++x) {
          double sum = bias[to];
          for (int64_t from = 0; from != in.heads; ++from)
            for (int64_t tap = 0; tap != 9; ++tap)
              sum += weights[(to * in.heads + from) * 9 + tap] *
                     in.at(from, y + tap / 3 - 1, x + tap % 3 - 1);
          sums.numbers[(to * in.size + y) * in.size + x] = std::max(sum, 0.0);
        }
    for (int64_t plane = 0; plane != in.heads; ++plane)
      for (int64_t y = 0; y != means.size; ++y)
        for (int64_t x = 0; x != means.size; ++x) {
          double sum = 0;
          for (int64_t i = 0; i != 4; ++i)
            sum += sums.at(plane, 2 * y + i / 2, 2 * x + i % 2);
          means.numbers[(plane * means.size + y) * means.size + x] = sum / 4;
        }
    return means;
  }
};
} // namespace

static void check(llvm::StringRef cpu, const BlockScoresSpec &spec) {
  SCOPED_TRACE(cpu.str() + " " + spec.name());
  Kernels kernels(cpu);
  std::string name = kernels.add(spec);
  kernels.compile();
  kernels.reserveBlockScores(spec);
  Network network(spec);
  constexpr int64_t count = 5;
  int64_t size = spec.blockSize;
  // Blocks of all rows, of some, of one; none follows a longer one only.
  Ints firsts({count + 1});
  for (auto [block, rows] :
       llvm::enumerate(std::array<int64_t, count>{size, 3, size, 1, 2}))
    firsts[block + 1] = firsts[block] + rows;
  Floats diagonal({firsts[count], spec.heads, size});
  std::mt19937 random(9);
  randomize(diagonal, random);
  Floats out({count}, NAN), again({count}, NAN);
  auto run = [&](int64_t begin, int64_t end, const Floats &out) {
    kernels.call(name, begin, end, diagonal, firsts, network.conv1,
                 network.bias1, network.conv2, network.bias2, network.fc,
                 network.bias3, out);
  };
  run(0, count, out);
  for (int64_t block = count - 1; block >= 0; --block)
    run(block, block + 1, again);
  EXPECT_TRUE(out.intact());
  EXPECT_TRUE(kernels.scratchIntact());
  EXPECT_EQ(0, memcmp(out.data(), again.data(), count * sizeof(float)));
  for (int64_t block = 0; block != count; ++block) {
    Planes planes(spec.heads, size);
    for (int64_t row = firsts[block]; row != firsts[block + 1]; ++row)
      for (int64_t plane = 0; plane != spec.heads; ++plane)
        std::copy_n(diagonal.data() + (row * spec.heads + plane) * size, size,
                    planes.numbers.begin() +
                        (plane * size + row - firsts[block]) * size);
    EXPECT_NEAR(out[block], network.score(planes), 4e-6) << "block " << block;
  }
}

TEST(BlockScores, SizesAndHeads) {
  for (int64_t size : {4, 8, 12, 20, 32, 48})
    for (int64_t heads : {1, 3, 12})
      check("native", {heads, size});
}
TEST(BlockScores, Baseline) {
  for (int64_t size : {4, 12, 32})
    check("x86-64", {5, size});
}
TEST(BlockScores, Flops) {
  // conv1 2 x 9 x 16, conv2 a quarter, two rows of one feature.
  EXPECT_EQ((BlockScoresSpec{1, 4}).flopsPerBlock(), 288 + 72 + 4);
  EXPECT_EQ((BlockScoresSpec{12, 32}).flopsPerBlock(),
            2 * (9 * 144 * 1024 + 9 * 144 * 256 + 2 * 12 * 64));
}
