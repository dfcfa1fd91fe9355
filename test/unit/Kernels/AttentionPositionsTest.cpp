//===- AttentionPositionsTest.cpp - disentangled positions ----------------===//
// Scores to which products with tables of positions are added, against double
// precision, and bits against other batches and cuts into tasks.
//===----------------------------------------------------------------------===//

#include "AttentionCases.h"
#include "EveryEmitter.h"

using namespace skim;
using namespace skim::test;

namespace {
/// Columns for distances: the function of each term.
using Columns = std::function<int64_t(int64_t distance)>;

/// The distance in a table of `columns`, cut off at its ends.
Columns cutOff(int64_t columns) {
  return [=](int64_t distance) {
    return std::clamp<int64_t>(distance + columns / 2, 0, columns - 1);
  };
}

/// Exact to `near`, then by the logarithm, as DeBERTa has them.
Columns logarithmic(int64_t near, int64_t columns) {
  return [=](int64_t distance) {
    double far = std::max<double>(std::abs(distance), 1);
    int64_t bucket = std::abs(distance);
    if (far > near)
      bucket = near + std::ceil(std::log(far / near) * near / 2);
    return std::clamp<int64_t>((distance < 0 ? -bucket : bucket) + columns / 2,
                               0, columns - 1);
  };
}

struct Tables {
  Tables(const AttentionSpec &spec, int64_t sequence, const Columns &ofContent,
         const Columns &ofPosition)
      : content({spec.headDim, spec.heads * spec.contentColumns}),
        position({spec.headDim, spec.heads * spec.positionColumns}),
        contentIndex({2 * sequence - 1}), positionIndex({2 * sequence - 1}) {
    std::mt19937 random(5);
    randomize(content, random, 0.5f);
    randomize(position, random, 0.5f);
    for (int64_t i = 0; i != 2 * sequence - 1; ++i) {
      contentIndex[i] = ofContent(i - sequence + 1);
      positionIndex[i] = ofPosition(i - sequence + 1);
    }
    if (spec.contentColumns)
      operands.content = &content, operands.contentIndex = &contentIndex;
    if (spec.positionColumns)
      operands.position = &position, operands.positionIndex = &positionIndex;
  }
  Floats content, position;
  Array<int64_t> contentIndex, positionIndex;
  AttentionOperands operands;
};

class PositionsOfEmitter : public EveryEmitter {
protected:
  AttentionSpec makeSpec(int64_t heads, int64_t headDim, int64_t content,
                         int64_t position) const {
    AttentionSpec spec = merged(heads, headDim);
    spec.contentColumns = content;
    spec.positionColumns = position;
    spec.products = products();
    return spec;
  }
  void check(const AttentionSpec &spec, const Batch &batch,
             const Columns &ofContent, const Columns &ofPosition,
             llvm::StringRef cpu = "native") const {
    SCOPED_TRACE(spec.name());
    Attention attention(spec, cpuFor(cpu), halide());
    Tables tables(spec, batch.sequence, ofContent, ofPosition);
    Floats qkv = randomStates(spec, batch.rows());
    ASSERT_NO_FATAL_FAILURE(attention.check(
        batch, qkv, attention.run(batch, qkv, 1, tables.operands),
        tables.operands));
  }
};
} // namespace
// Scores are added to alike, whatever made them.
SKIM_FOR_EVERY_FORM(PositionsOfEmitter, Form::Mlir, Form::Int8, Form::Tiles);

TEST_P(PositionsOfEmitter, BothTerms) {
  for (int64_t headDim : {16, 64, 13}) {
    AttentionSpec spec = makeSpec(2, headDim, 64, 48);
    Batch batch({1, 2, 5, 16, 17, 0, 33, 64, 140}, 140);
    ASSERT_NO_FATAL_FAILURE(check(spec, batch, cutOff(64), cutOff(48)));
  }
}

TEST_P(PositionsOfEmitter, OneTerm) {
  Batch batch({40, 3, 70}, 70);
  Columns columns = cutOff(140);
  ASSERT_NO_FATAL_FAILURE(
      check(makeSpec(3, 16, 140, 0), batch, columns, columns));
  ASSERT_NO_FATAL_FAILURE(
      check(makeSpec(3, 16, 0, 140), batch, columns, columns));
}

// Several tasks of a sequence, and tables that do not begin with a whole tile.
TEST_P(PositionsOfEmitter, LongSequences) {
  AttentionSpec spec = makeSpec(2, 16, 70, 510);
  Batch batch({600, 257}, 600);
  check(spec, batch, logarithmic(16, 70), logarithmic(128, 510));
}

// Rows that were left when others were taken out.
TEST_P(PositionsOfEmitter, Gaps) {
  AttentionSpec spec = makeSpec(2, 16, 64, 64);
  Batch batch({12, 40, 1, 100}, 210, true);
  ASSERT_NO_FATAL_FAILURE(check(spec, batch, cutOff(64), logarithmic(16, 64)));
  // One token less, early or late, and two neighbours.
  Batch some({40, 40, 2}, 41);
  for (int64_t i = 3; i != 40; ++i)
    ++some.positions[i];
  ++some.positions[79];
  check(spec, some, cutOff(64), cutOff(64));
}

TEST_P(PositionsOfEmitter, AnyFunctionOfTheDistance) {
  AttentionSpec spec = makeSpec(2, 16, 37, 37);
  Batch batch({50, 33}, 50);
  auto jumps = [](int64_t distance) { return (distance + 700) * 5 % 37; };
  auto falls = [](int64_t distance) {
    return 18 - std::clamp<int64_t>(distance, -18, 18);
  };
  ASSERT_NO_FATAL_FAILURE(check(spec, batch, jumps, falls));
  check(spec, batch, falls, jumps);
}

TEST_P(PositionsOfEmitter, OtherProcessors) {
  AttentionSpec spec = makeSpec(2, 20, 32, 32);
  Batch batch({1, 7, 30, 16}, 30);
  ASSERT_NO_FATAL_FAILURE(
      check(spec, batch, cutOff(32), logarithmic(8, 32), "x86-64"));
  if (canRun("haswell"))
    check(spec, batch, cutOff(32), logarithmic(8, 32), "haswell");
}

TEST_P(PositionsOfEmitter, WithMaskBiasAndFewerQueries) {
  AttentionSpec spec = makeSpec(2, 16, 64, 64);
  spec.ownKeyRows = spec.mask = spec.bias = true;
  spec.fill = -1e4f;
  Batch keys({30, 70, 17}, 80), batch({1, 40, 9}, 80);
  Tables tables(spec, 80, cutOff(64), logarithmic(16, 64));
  Floats qkv = randomStates(spec, keys.rows()), bias({3, 2, 80, 80});
  std::mt19937 random(3);
  randomize(bias, random);
  Array<bool> mask({3, 80});
  for (int64_t i = 0; i != mask.size(); ++i)
    mask[i] = i % 5 != 1;
  tables.operands.mask = &mask;
  tables.operands.bias = &bias;
  tables.operands.keyRows = &keys;
  Attention attention(spec, cpuFor("native"), halide());
  attention.check(batch, qkv, attention.run(batch, qkv, 1, tables.operands),
                  tables.operands);
}

// Squares and single keys give the same bits, whatever the task.
TEST_P(PositionsOfEmitter, BitwiseWhateverTheBatch) {
  AttentionSpec spec = makeSpec(2, 32, 128, 128);
  Attention attention(spec, cpuFor("native"), halide());
  for (int64_t n : {1, 16, 31, 129, 300}) {
    Batch alone({n}, n), among({7, n, 40}, 330);
    Floats qkv = randomStates(spec, among.rows());
    Floats part({n, spec.qWidth});
    std::copy_n(qkv.data() + 7 * spec.qWidth, part.size(), part.data());
    Tables near(spec, n, cutOff(128), cutOff(128));
    Tables far(spec, 330, cutOff(128), cutOff(128));
    Floats first = attention.run(alone, part, 1 << 20, near.operands);
    Floats second = attention.run(among, qkv, 1, far.operands);
    ASSERT_EQ(0, memcmp(first.data(), second.data() + 7 * 64,
                        first.size() * sizeof(float)))
        << n;
  }
}

TEST_P(PositionsOfEmitter, ByProducts) {
  AttentionSpec spec = makeSpec(2, 16, 64, 64);
  Batch batch({33, 1, 50}, 50);
  Tables tables(spec, 50, cutOff(64), cutOff(64));
  Floats qkv = randomStates(spec, batch.rows());
  Attention plain(spec, cpuFor("native"), halide());
  Floats out = plain.run(batch, qkv, 1, tables.operands);
  spec.importance = true;
  Floats importance({2, batch.rows()});
  tables.operands.importance = &importance;
  Attention attention(spec, cpuFor("native"), halide());
  Floats again = attention.run(batch, qkv, 1, tables.operands);
  EXPECT_EQ(0, memcmp(out.data(), again.data(), out.size() * sizeof(float)));
  for (int64_t j = 0; j != 33; ++j) {
    double expected = 0;
    for (int64_t i = 0; i != 33; ++i)
      expected +=
          attention.probabilities(batch, qkv, 0, i, 1, tables.operands)[j];
    ASSERT_NEAR(importance[batch.rows() + j], expected, 1e-4) << j;
  }
}
