//===- HalideAttentionTest.cpp - Halide's attention against the others ----===//
// Both emitters' kernels must give the same bits, by-products included.
//===----------------------------------------------------------------------===//

#include "AttentionCases.h"

using namespace skim;
using namespace skim::test;

namespace {
/// All that a kernel writes.
struct Results {
  Floats out, importance, diagonal;
};
} // namespace

static Results run(const AttentionSpec &spec, const Batch &batch,
                   const Floats &qkv, llvm::StringRef cpu, bool halide) {
  Attention attention(spec, cpu, halide);
  EXPECT_EQ(attention.name, spec.name() + (halide ? "_halide" : ""));
  Floats importance({spec.heads, batch.rows()}, NAN);
  Floats diagonal({batch.rows(), spec.heads, spec.diagonal}, NAN);
  AttentionOperands operands;
  if (spec.importance)
    operands.importance = &importance;
  if (spec.diagonal)
    operands.diagonal = &diagonal;
  Floats out = attention.run(batch, qkv, 1, operands);
  EXPECT_TRUE(importance.intact());
  EXPECT_TRUE(diagonal.intact());
  return {std::move(out), std::move(importance), std::move(diagonal)};
}

static void expectSameBits(const Floats &got, const Floats &expected) {
  for (int64_t i = 0; i != got.size(); ++i)
    ASSERT_EQ(0, memcmp(&got[i], &expected[i], sizeof(float)))
        << "number " << i << ": expected " << expected[i] << ", got " << got[i];
}

static void compare(AttentionSpec spec, const Batch &batch,
                    llvm::StringRef cpu = "native") {
  if (!hasHalide())
    GTEST_SKIP() << "this build has no Halide";
  Floats qkv = randomStates(spec, batch.rows());
  for (auto [importance, diagonal] : {std::pair<bool, int64_t>{false, 0},
                                      {true, 0},
                                      {false, 12},
                                      {true, 32}}) {
    spec.importance = importance;
    spec.diagonal = diagonal;
    SCOPED_TRACE(cpu.str() + " " + spec.name());
    Results expected = run(spec, batch, qkv, cpu, false);
    Results got = run(spec, batch, qkv, cpu, true);
    ASSERT_NO_FATAL_FAILURE(expectSameBits(got.out, expected.out));
    if (importance)
      ASSERT_NO_FATAL_FAILURE(
          expectSameBits(got.importance, expected.importance));
    if (diagonal)
      ASSERT_NO_FATAL_FAILURE(expectSameBits(got.diagonal, expected.diagonal));
  }
}

TEST(HalideAttention, HeadsOf64) {
  compare(merged(2, 64), Batch({1, 2, 0, 5, 16, 17, 32, 33, 140, 300}, 300));
}
TEST(HalideAttention, HeadsOf32) {
  compare(merged(3, 32), Batch({7, 48, 49, 128}, 130));
}
TEST(HalideAttention, OddHeads) {
  for (int64_t headDim : {1, 13, 24, 80})
    ASSERT_NO_FATAL_FAILURE(compare(merged(2, headDim), Batch({3, 45}, 45)));
}
TEST(HalideAttention, SharedKeyHeads) {
  compare(merged(6, 16, 2), Batch({9, 20}, 20));
}
TEST(HalideAttention, Baseline) {
  compare(merged(2, 20), Batch({1, 7, 30}, 30), "x86-64");
}
