//===- RowKernelsTest.cpp - row-wise kernels against plain loops ----------===//
// Norms, embedding, pooling, restoring, sums and gates, at odd widths. Those
// that both emitters have run with either.
//===----------------------------------------------------------------------===//

#include "EveryEmitter.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

static constexpr int64_t widths[] = {1, 7, 8, 16, 37, 96};

static Floats randomRows(int64_t rows, int64_t width) {
  Floats x({rows, width});
  std::mt19937 random(width);
  randomize(x, random);
  return x;
}

namespace {
class RowKernelsOfEmitter : public EveryEmitter {};
} // namespace
SKIM_FOR_EVERY_EMITTER(RowKernelsOfEmitter);

/// A row's `width` numbers normalised, in double.
static std::vector<double> normalised(const float *x, const NormSpec &spec,
                                      const Floats &scale,
                                      const Floats &shift) {
  double mean = 0, squares = 0;
  for (int64_t i = 0; i != spec.width; ++i)
    mean += x[i] / double(spec.width);
  if (spec.kind == NormKind::Rms)
    mean = 0;
  for (int64_t i = 0; i != spec.width; ++i)
    squares += std::pow(x[i] - mean, 2) / spec.width;
  std::vector<double> result;
  for (int64_t i = 0; i != spec.width; ++i)
    result.push_back((x[i] - mean) / std::sqrt(squares + spec.epsilon) *
                         scale[i] +
                     shift[i]);
  return result;
}

/// Rows 0 to 3 of five, in two calls; row 4 stays as it was.
static void checkNorm(Kernels &kernels, const NormSpec &spec) {
  std::string name = kernels.add(spec);
  kernels.compile();
  int64_t width = spec.width, whole = spec.heads * width;
  int64_t stride = spec.xWidth ? spec.xWidth : whole;
  Floats x = randomRows(5, stride), out({5, whole}, NAN);
  Floats scale({width}), shift({width});
  for (int64_t i = 0; i != width; ++i) {
    scale[i] = 0.5f + i;
    shift[i] = spec.bias ? i - 3.0f : 0.0f;
  }
  for (auto [begin, end] : {std::pair<int64_t, int64_t>{0, 3}, {3, 4}})
    if (spec.bias)
      kernels.call(name, begin, end, x, scale, shift, out);
    else
      kernels.call(name, begin, end, x, scale, out);
  EXPECT_TRUE(out.intact());
  EXPECT_TRUE(std::isnan(out[4 * whole]));
  for (int64_t row = 0; row != 4; ++row)
    for (int64_t head = 0; head != spec.heads; ++head) {
      const float *from = x.data() + row * stride + spec.column + head * width;
      auto expected = normalised(from, spec, scale, shift);
      for (int64_t i = 0; i != width; ++i)
        ASSERT_NEAR(out[row * whole + head * width + i], expected[i],
                    4e-6 * (1 + i));
    }
}

TEST_P(RowKernelsOfEmitter, Norm) {
  for (llvm::StringRef cpu : {"native", "x86-64"})
    for (int64_t width : widths)
      for (NormKind kind : {NormKind::Layer, NormKind::Rms})
        for (bool bias : {false, true}) {
          SCOPED_TRACE(width);
          Kernels kernels = makeKernels(cpu);
          checkNorm(kernels, NormSpec{width, kind, bias, 1e-5f});
        }
}

// Heads of queries, say, one by one, in a wider buffer.
TEST_P(RowKernelsOfEmitter, NormOfHeads) {
  for (llvm::StringRef cpu : {"native", "x86-64"})
    for (int64_t width : widths)
      for (int64_t column : {-1, 0, 5}) {
        SCOPED_TRACE(width);
        NormSpec spec{width, NormKind::Rms, width % 2 == 0, 1e-5f, 3};
        if (column >= 0) {
          spec.column = column;
          spec.xWidth = 3 * width + 9;
        }
        Kernels kernels = makeKernels(cpu);
        checkNorm(kernels, spec);
      }
}

TEST(RowKernels, L2Normalize) {
  for (int64_t width : widths) {
    Kernels kernels;
    std::string name = kernels.add(L2Spec{width, 1e-12f});
    kernels.compile();
    Floats x = randomRows(3, width), out({3, width});
    std::fill_n(x.data() + width, width, 0.0f);
    kernels.call(name, 0, 3, x, out);
    EXPECT_TRUE(out.intact());
    for (int64_t row = 0; row != 3; ++row) {
      double squares = 0;
      for (int64_t i = 0; i != width; ++i)
        squares += double(x[row * width + i]) * x[row * width + i];
      for (int64_t i = 0; i != width; ++i)
        ASSERT_NEAR(out[row * width + i],
                    x[row * width + i] / std::max(std::sqrt(squares), 1e-12),
                    1e-6);
    }
  }
}

TEST(RowKernels, Embed) {
  for (bool ragged : {true, false})
    for (int64_t width : widths) {
      Kernels kernels;
      EmbedSpec spec;
      spec.width = width;
      spec.ragged = ragged;
      spec.tables = {{9, 64, false, "input 'ids'"}, {4, 32, true, ""}};
      std::string name = kernels.add(spec);
      kernels.compile();
      // Two sequences of four positions; -1 is the last row.
      Array<int64_t> ids({2, 4});
      Ints places({1, 4}), positions({3});
      for (int64_t i = 0; i != 8; ++i)
        ids[i] = i == 5 ? -1 : i;
      for (int64_t i = 0; i != 4; ++i)
        places[i] = 3 - i;
      positions[0] = 1;
      positions[1] = 5;
      positions[2] = 7;
      Floats words = randomRows(9, width), order = randomRows(4, width);
      int64_t rows = ragged ? 3 : 8;
      Floats out({rows, width});
      if (ragged)
        kernels.call(name, 0, rows, ids, words, places, order, positions,
                     int64_t(4), out);
      else
        kernels.call(name, 0, rows, ids, words, places, order, int64_t(4), out);
      EXPECT_TRUE(out.intact());
      EXPECT_EQ(takeReport().count, 0);
      for (int64_t row = 0; row != rows; ++row) {
        int64_t place = ragged ? positions[row] : row;
        int64_t id = place == 5 ? 8 : place;
        for (int64_t i = 0; i != width; ++i)
          ASSERT_EQ(out[row * width + i],
                    words[id * width + i] + order[(3 - place % 4) * width + i]);
      }
    }
}

TEST(RowKernels, EmbedReportsIdsOutOfRange) {
  Kernels kernels;
  EmbedSpec spec;
  spec.width = 4;
  spec.tables = {{9, 64, false, "input 'ids'"}};
  std::string name = kernels.add(spec);
  kernels.compile();
  Floats words = randomRows(9, 4), out({1, 4});
  Ints positions({1});
  for (int64_t id : {int64_t(9), int64_t(-10), int64_t(1) << 40}) {
    Array<int64_t> ids({1, 1}, id);
    kernels.call(name, 0, 1, ids, words, positions, int64_t(1), out);
    Report report = takeReport();
    EXPECT_EQ(report.count, 1);
    EXPECT_EQ(report.a, id);
    EXPECT_EQ(report.b, 9);
    EXPECT_EQ(out[0], words[0]);
  }
}

TEST(RowKernels, Pool) {
  for (int64_t width : widths)
    for (PoolKind kind : {PoolKind::First, PoolKind::Mean, PoolKind::Max})
      for (bool masked : {false, true}) {
        if (masked && kind == PoolKind::First)
          continue;
        Kernels kernels;
        PoolSpec spec{width, kind, 1e-9f, masked};
        std::string name = kernels.add(spec);
        kernels.compile();
        Floats x = randomRows(6, width), out({4, width}, NAN);
        Ints offsets({5}), positions({6});
        int32_t bounds[] = {0, 2, 2, 3, 6};
        int32_t places[] = {0, 1, 8, 12, 13, 14};
        std::copy_n(bounds, 5, offsets.data());
        std::copy_n(places, 6, positions.data());
        // Sequence 2 has a row but no token; the third has its ends.
        Array<bool> mask({4, 4}, true);
        mask[8] = mask[13] = false;
        if (masked)
          kernels.call(name, 0, 4, x, offsets, positions, int64_t(4), mask,
                       out);
        else
          kernels.call(name, 0, 4, x, offsets, out);
        EXPECT_TRUE(out.intact());
        for (int64_t s = 0; s != 4; ++s)
          for (int64_t i = 0; i != width; ++i) {
            double sum = 0, largest = -INFINITY;
            int64_t count = 0;
            for (int64_t row = bounds[s]; row != bounds[s + 1]; ++row) {
              if (masked && !mask[places[row]])
                continue;
              ++count;
              sum += x[row * width + i];
              largest = std::max<double>(largest, x[row * width + i]);
            }
            double expected = count == 0 ? 0
                              : kind == PoolKind::First
                                  ? x[bounds[s] * width + i]
                              : kind == PoolKind::Mean ? sum / count
                                                       : largest;
            ASSERT_NEAR(out[s * width + i], expected, 1e-6);
          }
      }
}

TEST(RowKernels, PoolByIndex) {
  for (int64_t width : widths)
    for (PoolKind kind : {PoolKind::First, PoolKind::Mean, PoolKind::Max}) {
      Kernels kernels;
      PoolSpec spec{width, kind, 1e-9f};
      std::string plain = kernels.add(spec);
      spec.indexed = true;
      std::string name = kernels.add(spec);
      kernels.compile();
      Floats x = randomRows(9, width), gathered({5, width});
      Ints index({5}), offsets({4});
      int32_t bounds[] = {0, 3, 3, 5}, from[] = {0, 2, 3, 7, 8};
      std::copy_n(bounds, 4, offsets.data());
      std::copy_n(from, 5, index.data());
      for (int64_t row = 0; row != 5; ++row)
        std::copy_n(x.data() + from[row] * width, width,
                    gathered.data() + row * width);
      Floats out({3, width}, NAN), expected({3, width}, NAN);
      kernels.call(name, 0, 3, x, index, offsets, out);
      kernels.call(plain, 0, 3, gathered, offsets, expected);
      EXPECT_TRUE(out.intact());
      EXPECT_EQ(0, memcmp(out.data(), expected.data(), 12 * width));
    }
}

TEST_P(RowKernelsOfEmitter, RestoreAndGather) {
  for (int64_t width : widths) {
    Kernels kernels = makeKernels();
    std::string restore = kernels.add(RestoreSpec{width, -2.5f});
    std::string gather = kernels.add(GatherSpec{width});
    kernels.compile();
    // The second of three sequences has no row, as after an early exit.
    Floats x = randomRows(4, width), dense({9, width}, NAN),
           back({4, width}, NAN);
    Ints positions({4});
    int32_t places[] = {1, 2, 6, 8};
    std::copy_n(places, 4, positions.data());
    for (int64_t sequence = 0; sequence != 3; ++sequence)
      kernels.call(restore, sequence, sequence + 1, x, positions, int64_t(3),
                   dense);
    kernels.call(gather, 0, 4, dense, positions, back);
    EXPECT_TRUE(dense.intact());
    EXPECT_TRUE(back.intact());
    EXPECT_EQ(0, memcmp(x.data(), back.data(), x.size() * sizeof(float)));
    for (int64_t place : {0, 3, 4, 5, 7})
      for (int64_t i = 0; i != width; ++i)
        ASSERT_EQ(dense[place * width + i], -2.5f);
  }
}

TEST(RowKernels, RestoreNoRows) {
  Kernels kernels;
  std::string restore = kernels.add(RestoreSpec{3, 1.5f});
  kernels.compile();
  Floats x({0, 3}), dense({8, 3}, NAN);
  Ints positions({0});
  kernels.call(restore, 0, 2, x, positions, int64_t(4), dense);
  EXPECT_TRUE(dense.intact());
  for (int64_t i = 0; i != dense.size(); ++i)
    ASSERT_EQ(dense[i], 1.5f);
}

TEST(RowKernels, WeightedSum) {
  for (int64_t width : widths) {
    Kernels kernels;
    WeightedSumSpec spec{width, {0.5f, -2.0f, 0.1f}};
    std::string name = kernels.add(spec);
    std::string one = kernels.add(WeightedSumSpec{width, {3.0f}});
    kernels.compile();
    Floats x = randomRows(3, width), y = randomRows(4, width),
           z = randomRows(5, width), sum({3, width}, NAN),
           tripled({3, width}, NAN);
    kernels.call(name, 0, 3, x, y, z, sum);
    kernels.call(one, 0, 3, x, tripled);
    EXPECT_TRUE(sum.intact());
    for (int64_t i = 0; i != sum.size(); ++i) {
      ASSERT_NEAR(sum[i], 0.5 * x[i] - 2.0 * y[i] + 0.1f * double(z[i]), 1e-6);
      ASSERT_EQ(tripled[i], 3.0f * x[i]);
    }
  }
}

TEST(RowKernels, Elementwise) {
  using Kind = ElementwiseSpec::Kind;
  for (int64_t width : widths) {
    Kernels kernels;
    std::string add = kernels.add(ElementwiseSpec{Kind::Add, width});
    std::string mul = kernels.add(ElementwiseSpec{Kind::Mul, width});
    std::string relu =
        kernels.add(ElementwiseSpec{Kind::Activation, width, Activation::Relu});
    std::string glu =
        kernels.add(ElementwiseSpec{Kind::Glu, width, Activation::Relu});
    std::string last =
        kernels.add(ElementwiseSpec{Kind::GluLast, width, Activation::Relu});
    kernels.compile();
    Floats x = randomRows(3, width), y = randomRows(4, width);
    Floats wide = randomRows(3, 2 * width);
    Floats sum({3, width}), product({3, width}), positive({3, width}),
        gated({3, width}), gatedLast({3, width});
    kernels.call(add, 0, 3, x, y, sum);
    kernels.call(mul, 0, 3, x, y, product);
    kernels.call(relu, 0, 3, x, positive);
    kernels.call(glu, 0, 3, wide, gated);
    kernels.call(last, 0, 3, wide, gatedLast);
    for (const Floats *out : {&sum, &product, &positive, &gated, &gatedLast})
      EXPECT_TRUE(out->intact());
    for (int64_t row = 0; row != 3; ++row)
      for (int64_t i = 0; i != width; ++i) {
        int64_t at = row * width + i;
        float a = wide[2 * row * width + i];
        float b = wide[(2 * row + 1) * width + i];
        ASSERT_EQ(sum[at], x[at] + y[at]);
        ASSERT_EQ(product[at], x[at] * y[at]);
        ASSERT_EQ(positive[at], std::max(x[at], 0.0f));
        ASSERT_EQ(gated[at], std::max(a, 0.0f) * b);
        ASSERT_EQ(gatedLast[at], a * std::max(b, 0.0f));
      }
  }
}

/// Number `d` of a head behind its rotation, and its partner's share.
static double turned(const RotarySpec &spec, const float *head,
                     const float *cosines, const float *sines, int64_t d) {
  if (d >= spec.rotated)
    return head[d];
  int64_t half = spec.rotated / 2;
  int64_t partner = spec.interleaved ? d ^ 1 : (d + half) % spec.rotated;
  double share = double(head[partner]) * sines[d];
  return double(head[d]) * cosines[d] + (partner > d ? -share : share);
}

TEST(RowKernels, Rotary) {
  for (llvm::StringRef cpu : {"native", "x86-64"})
    for (bool interleaved : {false, true})
      for (auto [headDim, rotated] : {std::pair<int64_t, int64_t>{2, 2},
                                      {18, 18},
                                      {32, 32},
                                      {64, 64},
                                      {40, 12},
                                      {70, 66}}) {
        SCOPED_TRACE(headDim);
        RotarySpec spec{3, headDim, rotated, 3 * headDim + 5, 2, interleaved};
        Kernels kernels(cpu);
        std::string name = kernels.add(spec);
        kernels.compile();
        // Rows of two sequences of five positions.
        Ints positions({4});
        int32_t places[] = {0, 3, 6, 9};
        std::copy_n(places, 4, positions.data());
        Floats x = randomRows(4, spec.xWidth), out({4, 3 * headDim}, NAN);
        Floats cosines = randomRows(5, rotated), sines = randomRows(5, rotated);
        sines[0] = 0.25f;
        for (auto [begin, end] : {std::pair<int64_t, int64_t>{0, 1}, {1, 4}})
          kernels.call(name, begin, end, x, positions, int64_t(5), cosines,
                       sines, out);
        EXPECT_TRUE(out.intact());
        for (int64_t row = 0; row != 4; ++row)
          for (int64_t head = 0; head != 3; ++head)
            for (int64_t d = 0; d != headDim; ++d) {
              int64_t angle = places[row] % 5 * rotated;
              const float *from =
                  x.data() + row * spec.xWidth + 2 + head * headDim;
              ASSERT_NEAR(out[(row * 3 + head) * headDim + d],
                          turned(spec, from, cosines.data() + angle,
                                 sines.data() + angle, d),
                          1e-6);
            }
      }
}
