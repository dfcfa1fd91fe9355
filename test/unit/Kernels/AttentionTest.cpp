//===- AttentionTest.cpp - attention against plain loops ------------------===//
// Values against double precision, and bits against other batches, padding and
// cuts into tasks.
//===----------------------------------------------------------------------===//

#include "AttentionCases.h"
#include "EveryEmitter.h"
#include <numeric>

using namespace skim;
using namespace skim::test;

namespace {
class AttentionOfEmitter : public EveryEmitter {
protected:
  Attention make(AttentionSpec spec, llvm::StringRef cpu = "native") const {
    spec.products = products();
    return Attention(spec, cpuFor(cpu), halide());
  }
};
} // namespace
SKIM_FOR_EVERY_ATTENTION(AttentionOfEmitter);

TEST_P(AttentionOfEmitter, LengthsAndHeads) {
  for (auto [heads, headDim] : {std::pair<int64_t, int64_t>{2, 16},
                                {3, 32},
                                {1, 64},
                                {2, 24},
                                {2, 13},
                                {1, 1},
                                {1, 80}}) {
    SCOPED_TRACE(headDim);
    Attention attention = make(merged(heads, headDim));
    Batch batch({1, 2, 0, 5, 17, 33, 140}, 140);
    Floats qkv = randomStates(attention.spec, batch.rows());
    ASSERT_NO_FATAL_FAILURE(
        attention.check(batch, qkv, attention.run(batch, qkv)));
  }
}

// Several tasks of a sequence, and blocks of keys in each.
TEST_P(AttentionOfEmitter, ManyKeys) {
  Attention attention = make(merged(2, 64));
  Batch batch({600, 257}, 600);
  Floats qkv = randomStates(attention.spec, batch.rows());
  attention.check(batch, qkv, attention.run(batch, qkv, 1));
}

// A task's keys and values may be those of the task before, some of which have
// no queries.
TEST_P(AttentionOfEmitter, KeysOfTheTaskBefore) {
  for (int64_t kvHeads : {4, 2}) {
    Attention attention = make(merged(4, 16, kvHeads));
    Batch batch({600, 3, 0, 290, 17}, 600);
    Floats qkv = randomStates(attention.spec, batch.rows());
    Floats together = attention.run(batch, qkv);
    Floats apart = attention.run(batch, qkv, 1);
    EXPECT_EQ(0, memcmp(together.data(), apart.data(),
                        together.size() * sizeof(float)));
    ASSERT_NO_FATAL_FAILURE(attention.check(batch, qkv, together));
  }
}

TEST_P(AttentionOfEmitter, SharedKeyHeads) {
  Attention attention = make(merged(6, 16, 2));
  Batch batch({9, 20}, 20);
  Floats qkv = randomStates(attention.spec, batch.rows());
  attention.check(batch, qkv, attention.run(batch, qkv));
}

TEST_P(AttentionOfEmitter, Baseline) {
  Attention attention = make(merged(2, 20), "x86-64");
  Batch batch({1, 7, 30}, 30);
  Floats qkv = randomStates(attention.spec, batch.rows());
  attention.check(batch, qkv, attention.run(batch, qkv));
}

// Tiles of six keys, which leave every rest that fours of keys can have.
TEST_P(AttentionOfEmitter, EveryLengthWithAVX2) {
  if (!canRun("haswell"))
    GTEST_SKIP() << "this processor has no AVX2";
  Attention attention = make(merged(1, 20), "haswell");
  std::vector<int64_t> lengths(26);
  std::iota(lengths.begin(), lengths.end(), 1);
  Batch batch(lengths, 26);
  Floats qkv = randomStates(attention.spec, batch.rows());
  attention.check(batch, qkv, attention.run(batch, qkv));
}

TEST_P(AttentionOfEmitter, EmptyBatch) {
  Attention attention = make(merged(2, 16));
  for (Batch batch : {Batch({}, 8), Batch({0}, 8), Batch({0, 0}, 0)}) {
    Floats qkv = randomStates(attention.spec, 0);
    attention.run(batch, qkv);
  }
}

// A sequence's bits depend on nothing but its rows.
TEST_P(AttentionOfEmitter, BitwiseWhateverTheBatch) {
  Attention attention = make(merged(2, 32));
  for (int64_t n : {1, 3, 16, 31, 129, 200}) {
    Batch alone({n}, n), among({7, n, 40}, 230);
    Floats qkv = randomStates(attention.spec, among.rows());
    Floats part({n, attention.spec.qWidth});
    std::copy_n(qkv.data() + 7 * attention.spec.qWidth, part.size(),
                part.data());
    Floats first = attention.run(alone, part);
    Floats second = attention.run(among, qkv, 1);
    ASSERT_EQ(0, memcmp(first.data(), second.data() + 7 * 64,
                        first.size() * sizeof(float)))
        << n;
  }
}

TEST_P(AttentionOfEmitter, Mask) {
  for (float fill : {-1e4f, -std::numeric_limits<float>::max(), -INFINITY}) {
    AttentionSpec spec = merged(2, 16);
    spec.mask = true;
    spec.fill = fill;
    Attention attention = make(spec);
    Batch batch({12, 12, 30}, 61, true);
    Floats qkv = randomStates(spec, batch.rows());
    Array<bool> mask({3, 61});
    for (int64_t i = 0; i != mask.size(); ++i)
      mask[i] = i % 3 == 0;
    AttentionOperands operands{&mask};
    ASSERT_NO_FATAL_FAILURE(attention.check(
        batch, qkv, attention.run(batch, qkv, 1, operands), operands));
  }
}

TEST_P(AttentionOfEmitter, RowsWithoutKeys) {
  for (float fill : {-std::numeric_limits<float>::max(), -INFINITY})
    for (EmptyKeys empty :
         {EmptyKeys::Zero, EmptyKeys::Nan, EmptyKeys::Uniform}) {
      AttentionSpec spec = merged(1, 16);
      spec.mask = true;
      spec.fill = fill;
      spec.emptyKeys = empty;
      Attention attention = make(spec);
      Batch batch({4, 4}, 4);
      Floats qkv = randomStates(spec, batch.rows());
      Array<bool> mask({2, 4});
      std::fill_n(mask.data() + 4, 4, true);
      Floats out = attention.run(batch, qkv, 1 << 20, {&mask});
      auto values = attention.valuesOf(batch, qkv, 0, 0);
      if (empty == EmptyKeys::Zero)
        EXPECT_EQ(out[5], 0);
      else if (empty == EmptyKeys::Nan || fill == -INFINITY)
        EXPECT_TRUE(std::isnan(out[5]));
      else
        EXPECT_NEAR(
            out[5],
            (values[0][5] + values[1][5] + values[2][5] + values[3][5]) / 4,
            1e-6);
      EXPECT_FALSE(std::isnan(out[4 * 16 + 5]));
    }
}

TEST_P(AttentionOfEmitter, Bias) {
  AttentionSpec spec = merged(3, 16);
  spec.bias = true;
  Attention attention = make(spec);
  Batch batch({12, 20}, 41, true);
  Floats qkv = randomStates(spec, batch.rows());
  Floats bias({2, 3, 41, 41});
  std::mt19937 random(3);
  randomize(bias, random);
  AttentionOperands operands{nullptr, &bias};
  attention.check(batch, qkv, attention.run(batch, qkv, 1, operands), operands);
}

// Where keys follow one another the bias is read in squares.
TEST_P(AttentionOfEmitter, BiasOfWholeSequences) {
  AttentionSpec spec = merged(3, 16);
  spec.bias = true;
  Attention attention = make(spec);
  Batch batch({64, 37, 1, 16}, 70);
  // The last five of 37 keys are as far apart as the keys of a square.
  batch.positions[batch.offsets[2] - 1] = 70 + 32 + 15;
  Floats qkv = randomStates(spec, batch.rows());
  Floats bias({1, 3, 70, 70});
  std::mt19937 random(3);
  randomize(bias, random);
  // The cases' bias is of each sequence.
  Floats each({4, 3, 70, 70});
  for (int64_t i = 0; i != each.size(); ++i)
    each[i] = bias[i % bias.size()];
  AttentionOperands operands{nullptr, &bias};
  Floats out = attention.run(batch, qkv, 1, operands);
  operands.bias = &each;
  attention.check(batch, qkv, out, operands);
}

/// Windows to both sides, to either, and the one of causal attention.
static std::vector<std::pair<std::optional<int64_t>, std::optional<int64_t>>>
windows(int64_t size) {
  return {{size, size},
          {size, std::nullopt},
          {std::nullopt, size},
          {std::nullopt, 0},
          {size, 0},
          {0, 2 * size}};
}

TEST_P(AttentionOfEmitter, Window) {
  for (auto [left, right] : windows(5)) {
    AttentionSpec spec = merged(2, 16);
    spec.leftWindow = left;
    spec.rightWindow = right;
    Attention attention = make(spec);
    Batch batch({12, 20}, 41, true);
    Floats qkv = randomStates(spec, batch.rows());
    attention.check(batch, qkv, attention.run(batch, qkv, 1));
  }
}

// Panels leave out keys that none of their queries sees.
TEST_P(AttentionOfEmitter, WindowOfLongSequences) {
  for (auto [left, right] : windows(20)) {
    AttentionSpec spec = merged(2, 16);
    spec.leftWindow = left;
    spec.rightWindow = right;
    Attention attention = make(spec);
    for (bool gaps : {false, true}) {
      Batch batch({300, 1, 131}, 700, gaps);
      Floats qkv = randomStates(spec, batch.rows());
      attention.check(batch, qkv, attention.run(batch, qkv, 1));
    }
  }
}

// Some queries have no token within their window.
TEST_P(AttentionOfEmitter, WindowWithoutTokens) {
  for (EmptyKeys emptyKeys : {EmptyKeys::Zero, EmptyKeys::Nan}) {
    AttentionSpec spec = merged(2, 16);
    spec.mask = true;
    spec.leftWindow = spec.rightWindow = 3;
    spec.fill = -INFINITY;
    spec.emptyKeys = emptyKeys;
    Attention attention = make(spec);
    Batch batch({50}, 50);
    Floats qkv = randomStates(spec, 50);
    Array<bool> mask({1, 50}, true);
    for (int64_t i = 20; i != 40; ++i)
      mask[i] = false;
    Floats out = attention.run(batch, qkv, 1, {&mask, nullptr});
    for (int64_t i = 0; i != 50; ++i)
      for (int64_t column = 0; column != 32; ++column) {
        float number = out[i * 32 + column];
        if (i < 23 || i > 36)
          ASSERT_TRUE(std::isfinite(number) && number != 0) << i;
        else if (emptyKeys == EmptyKeys::Zero)
          ASSERT_EQ(number, 0) << i;
        else
          ASSERT_TRUE(std::isnan(number)) << i;
      }
  }
}

// After early exits the sequences of the rows are some of the batch's.
TEST_P(AttentionOfEmitter, SomeSequencesOfTheBatch) {
  AttentionSpec spec = merged(2, 16);
  spec.bias = spec.mask = true;
  spec.fill = -1e4f;
  spec.leftWindow = spec.rightWindow = 9;
  Attention attention = make(spec);
  Batch batch({12, 1, 20}, 41, true, {1, 2, 4});
  Floats qkv = randomStates(spec, batch.rows()), bias({5, 2, 41, 41});
  std::mt19937 random(3);
  randomize(bias, random);
  Array<bool> mask({5, 41});
  for (int64_t i = 0; i != mask.size(); ++i)
    mask[i] = i % 7 != 0;
  AttentionOperands operands{&mask, &bias};
  attention.check(batch, qkv, attention.run(batch, qkv, 1, operands), operands);
}

// Fewer queries than keys: one or none of a sequence, or some at other places.
TEST_P(AttentionOfEmitter, OwnKeyRows) {
  AttentionSpec spec = merged(3, 24);
  spec.ownKeyRows = spec.mask = true;
  spec.fill = -INFINITY;
  Attention attention = make(spec);
  Batch keys({30, 4, 0, 7, 150}, 310, true);
  Floats qkv = randomStates(spec, keys.rows());
  Array<bool> mask({5, 310});
  for (int64_t i = 0; i != mask.size(); ++i)
    mask[i] = i % 5 != 0;
  for (std::vector<int64_t> lengths :
       {std::vector<int64_t>{1, 1, 0, 1, 1}, {0, 4, 0, 1, 140}}) {
    Batch batch(lengths, 310, true);
    AttentionOperands operands{&mask, nullptr, &keys};
    Floats out = attention.run(batch, qkv, 1, operands);
    ASSERT_NO_FATAL_FAILURE(attention.check(batch, qkv, out, operands));
  }
}

TEST_P(AttentionOfEmitter, QueriesWithoutKeysGiveZeros) {
  AttentionSpec spec = merged(2, 13);
  spec.ownKeyRows = true;
  Attention attention = make(spec);
  Batch batch({2, 3}, 4), keys({2, 0}, 4);
  Floats qkv = randomStates(spec, batch.rows());
  AttentionOperands operands;
  operands.keyRows = &keys;
  Floats out = attention.run(batch, qkv, 1, operands);
  for (int64_t i = 0; i != out.size(); ++i)
    EXPECT_EQ(out[i] == 0, i >= 2 * 26);
}
