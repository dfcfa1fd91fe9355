//===- AttentionByProductsTest.cpp - importance and diagonal blocks -------===//
// Sums and squares of the probabilities against plain loops; the attention's
// own result is the same bits as without them.
//===----------------------------------------------------------------------===//

#include "AttentionCases.h"
#include "EveryEmitter.h"

using namespace skim;
using namespace skim::test;

namespace {
/// Room for the by-products of a batch; every number is written.
struct ByProducts {
  ByProducts(const AttentionSpec &spec, const Batch &batch, const Batch &keys)
      : importance({spec.heads, keys.rows()}, NAN),
        diagonal({batch.rows(), spec.heads, spec.diagonal}, NAN) {
    if (spec.importance)
      operands.importance = &importance;
    if (spec.diagonal)
      operands.diagonal = &diagonal;
    if (spec.ownKeyRows)
      operands.keyRows = &keys;
  }
  Floats importance, diagonal;
  AttentionOperands operands;
};
} // namespace

static void checkImportance(Attention &attention, const Batch &batch,
                            const Batch &keys, const Floats &qkv,
                            const ByProducts &results) {
  const Floats &importance = results.importance;
  ASSERT_TRUE(importance.intact());
  for (int64_t b = 0; b != batch.size(); ++b)
    for (int64_t head = 0; head != attention.spec.heads; ++head) {
      std::vector<double> expected(keys.lengths[b]);
      for (int64_t i = 0; i != batch.lengths[b]; ++i) {
        auto row =
            attention.probabilities(batch, qkv, b, i, head, results.operands);
        for (size_t j = 0; j != row.size(); ++j)
          expected[j] += row[j];
      }
      for (int64_t j = 0; j != keys.lengths[b]; ++j)
        ASSERT_NEAR(importance[head * keys.rows() + keys.offsets[b] + j],
                    expected[j],
                    attention.ofPowers() * (1 + expected[j]) +
                        attention.ofSums() * expected[j])
            << "sequence " << b << " head " << head << " key " << j;
    }
}

static void checkBlocks(Attention &attention, const Batch &batch,
                        const Floats &qkv, const ByProducts &results) {
  ASSERT_TRUE(results.diagonal.intact());
  int64_t size = attention.spec.diagonal, heads = attention.spec.heads;
  for (int64_t b = 0; b != batch.size(); ++b)
    for (int64_t head = 0; head != heads; ++head)
      for (int64_t i = 0; i != batch.lengths[b]; ++i) {
        std::vector<double> row =
            attention.probabilities(batch, qkv, b, i, head, results.operands);
        int64_t first = ((batch.offsets[b] + i) * heads + head) * size;
        for (int64_t column = 0; column != size; ++column) {
          size_t j = i / size * size + column;
          float got = results.diagonal[first + column];
          if (j < row.size())
            ASSERT_NEAR(got, row[j],
                        attention.ofPowers() + attention.ofSums() * row[j])
                << "row " << i << " key " << j;
          else
            ASSERT_EQ(got, 0) << "row " << i << " key " << j;
        }
      }
}

namespace {
class ByProductsOfEmitter : public EveryEmitter {
protected:
  void check(AttentionSpec spec, const Batch &batch, const Batch &keys,
             llvm::StringRef cpu = "native") const;
  void check(const AttentionSpec &spec, const Batch &batch,
             llvm::StringRef cpu = "native") const {
    check(spec, batch, batch, cpu);
  }
};
} // namespace
SKIM_FOR_EVERY_ATTENTION(ByProductsOfEmitter);

/// Values, and the bits of everything under another cut into tasks and of the
/// result without by-products.
void ByProductsOfEmitter::check(AttentionSpec spec, const Batch &batch,
                                const Batch &keys, llvm::StringRef cpu) const {
  spec.products = products();
  cpu = cpuFor(cpu);
  SCOPED_TRACE(cpu.str() + " " + spec.name());
  Attention attention(spec, cpu, halide());
  Floats qkv = randomStates(spec, std::max(batch.rows(), keys.rows()));
  ByProducts results(spec, batch, keys), again(spec, batch, keys);
  Floats out = attention.run(batch, qkv, 1, results.operands);
  ASSERT_NO_FATAL_FAILURE(attention.check(batch, qkv, out, results.operands));
  if (spec.importance)
    ASSERT_NO_FATAL_FAILURE(
        checkImportance(attention, batch, keys, qkv, results));
  if (spec.diagonal)
    ASSERT_NO_FATAL_FAILURE(checkBlocks(attention, batch, qkv, results));

  auto same = [](const Floats &a, const Floats &b) {
    return memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  };
  EXPECT_TRUE(same(out, attention.run(batch, qkv, 1000, again.operands)));
  EXPECT_TRUE(same(results.importance, again.importance));
  EXPECT_TRUE(same(results.diagonal, again.diagonal));
  AttentionOperands operands;
  operands.keyRows = results.operands.keyRows;
  spec.importance = false;
  spec.diagonal = 0;
  Attention plain(spec, cpu, halide());
  EXPECT_TRUE(same(out, plain.run(batch, qkv, 1, operands)));
}

TEST_P(ByProductsOfEmitter, Importance) {
  Batch batch({1, 0, 5, 16, 17, 33, 0, 140}, 140);
  for (int64_t headDim : {1, 7, 16, 32, 64, 80}) {
    AttentionSpec spec = merged(headDim == 16 ? 12 : 3, headDim);
    spec.importance = true;
    ASSERT_NO_FATAL_FAILURE(check(spec, batch));
  }
}

TEST_P(ByProductsOfEmitter, DiagonalBlocks) {
  Batch batch({1, 0, 4, 13, 32, 33, 95, 141}, 141);
  for (int64_t size : {4, 8, 12, 32, 48})
    for (int64_t heads : {1, 3}) {
      AttentionSpec spec = merged(heads, 16);
      spec.diagonal = size;
      ASSERT_NO_FATAL_FAILURE(check(spec, batch));
    }
}

TEST_P(ByProductsOfEmitter, Both) {
  AttentionSpec spec = merged(12, 32);
  spec.importance = true;
  spec.diagonal = 32;
  check(spec, Batch({70, 3, 32}, 80, false));
}

TEST_P(ByProductsOfEmitter, Baseline) {
  AttentionSpec spec = merged(2, 20);
  spec.importance = true;
  spec.diagonal = 12;
  check(spec, Batch({1, 7, 30}, 30), "x86-64");
}

TEST_P(ByProductsOfEmitter, EmptyBatch) {
  AttentionSpec spec = merged(2, 16);
  spec.importance = true;
  spec.diagonal = 8;
  check(spec, Batch({}, 8));
  check(spec, Batch({0, 0}, 0));
}

// Sequences without a query: nothing has looked at their keys.
TEST_P(ByProductsOfEmitter, OwnKeyRows) {
  AttentionSpec spec = merged(2, 16);
  spec.importance = spec.ownKeyRows = true;
  check(spec, Batch({1, 0, 20}, 50), Batch({40, 3, 50}, 50));
}

TEST_P(ByProductsOfEmitter, RowsWithoutLiveKeysCountAsZeros) {
  AttentionSpec spec = merged(2, 16);
  spec.importance = spec.mask = true;
  spec.diagonal = 4;
  spec.fill = -INFINITY;
  spec.emptyKeys = EmptyKeys::Zero;
  spec.products = products();
  Attention attention(spec, cpuFor("native"), halide());
  Batch batch({5, 5}, 5);
  Floats qkv = randomStates(spec, batch.rows());
  Array<bool> mask({2, 5});
  std::fill_n(mask.data() + 5, 5, true);
  ByProducts results(spec, batch, batch);
  results.operands.mask = &mask;
  attention.run(batch, qkv, 1, results.operands);
  for (int64_t j = 0; j != 10; ++j)
    EXPECT_EQ(results.importance[j] == 0, j < 5);
  // Five rows of 2 heads x 4 keys for each sequence.
  for (int64_t i = 0; i != 40; ++i)
    EXPECT_EQ(results.diagonal[i], 0);
  EXPECT_GT(results.diagonal[40], 0);
}
