//===- HalideRowsTest.cpp - Halide's row kernels against the others -------===//
// Both emitters' norms and copies must give the same bits, at every width.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

static void compareNorms(llvm::StringRef cpu, const NormSpec &spec) {
  SCOPED_TRACE(cpu.str() + " " + spec.name());
  Kernels plain(cpu), halide(cpu, "", /*halide=*/true);
  std::string plainName = plain.add(spec), halideName = halide.add(spec);
  ASSERT_EQ(halideName, plainName + "_halide");
  plain.compile();
  halide.compile();
  constexpr int64_t rows = 6;
  Floats x({rows, spec.width}), scale({spec.width}), bias({spec.width});
  std::mt19937 random(spec.width);
  randomize(x, random, 3);
  randomize(scale, random);
  randomize(bias, random);
  // A row of equal numbers, one with an infinity and one with a NaN.
  std::fill_n(x.data() + spec.width, spec.width, 0.1f);
  x[2 * spec.width] = INFINITY;
  x[4 * spec.width - 1] = NAN;
  auto run = [&](Kernels &kernels, const std::string &name) {
    Floats out({rows, spec.width}, -1.0f);
    Arguments arguments;
    arguments.add(x).add(scale).addSome(spec.bias ? &bias : nullptr).add(out);
    for (auto [begin, end] :
         {std::pair<int64_t, int64_t>{0, 4}, {4, 5}, {5, 5}, {5, 6}})
      kernels.callWith(name, begin, end, arguments);
    EXPECT_TRUE(out.intact());
    return out;
  };
  Floats expected = run(plain, plainName), got = run(halide, halideName);
  for (int64_t i = 0; i != got.size(); ++i) {
    // Which NaN is nobody's promise.
    if (std::isnan(expected[i]) && std::isnan(got[i]))
      continue;
    ASSERT_EQ(0, memcmp(&got[i], &expected[i], sizeof(float)))
        << "row " << i / spec.width << " column " << i % spec.width
        << ": expected " << expected[i] << ", got " << got[i];
  }
}

// Widths around every number of whole and partial vectors.
TEST(HalideRows, NormOfEveryWidth) {
  if (!hasHalide())
    GTEST_SKIP() << "this build has no Halide";
  for (int64_t width : {1, 7, 16, 31, 33, 48, 64, 65, 96, 112, 128, 150, 192})
    ASSERT_NO_FATAL_FAILURE(
        compareNorms("native", {width, NormKind::Layer, true, 1e-12f}));
  for (int64_t width : {3, 20, 32, 37, 64})
    ASSERT_NO_FATAL_FAILURE(
        compareNorms("x86-64", {width, NormKind::Layer, true, 1e-5f}));
  if (!canRun("haswell"))
    return;
  for (int64_t width : {5, 24, 40, 100, 384, 768, 1024, 1600, 2050})
    ASSERT_NO_FATAL_FAILURE(
        compareNorms("haswell", {width, NormKind::Layer, true, 1e-5f}));
}

TEST(HalideRows, NormOfEveryKind) {
  if (!hasHalide())
    GTEST_SKIP() << "this build has no Halide";
  for (NormKind kind : {NormKind::Layer, NormKind::Rms})
    for (bool bias : {false, true})
      for (int64_t width : {384, 768, 1021})
        ASSERT_NO_FATAL_FAILURE(
            compareNorms("native", {width, kind, bias, 1e-5f}));
}

TEST(HalideRows, GatherIsACopy) {
  if (!hasHalide())
    GTEST_SKIP() << "this build has no Halide";
  for (int64_t width : {1, 5, 16, 384, 390}) {
    Kernels kernels("native", "", /*halide=*/true);
    std::string name = kernels.add(GatherSpec{width});
    ASSERT_EQ(name, GatherSpec{width}.name() + "_halide");
    kernels.compile();
    Floats x({9, width}), out({5, width}, NAN);
    std::mt19937 random(width);
    randomize(x, random);
    Ints positions({5});
    int32_t from[] = {0, 2, 3, 7, 8};
    std::copy_n(from, 5, positions.data());
    for (auto [begin, end] : {std::pair<int64_t, int64_t>{0, 3}, {3, 5}})
      kernels.call(name, begin, end, x, positions, out);
    EXPECT_TRUE(out.intact());
    for (int64_t row = 0; row != 5; ++row)
      ASSERT_EQ(0, memcmp(out.data() + row * width,
                          x.data() + from[row] * width, 4 * width));
  }
}
