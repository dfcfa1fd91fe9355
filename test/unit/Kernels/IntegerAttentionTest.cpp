//===- IntegerAttentionTest.cpp - what only products of integers have -----===//
// Keys that lie far from 0, and the same integers by other instructions.
//===----------------------------------------------------------------------===//

#include "AttentionCases.h"

using namespace skim;
using namespace skim::test;

static AttentionSpec ofProducts(AttentionProducts products, int64_t headDim) {
  AttentionSpec spec = merged(2, headDim);
  spec.products = products;
  return spec;
}

// What all keys have in common is no part of the integers.
TEST(IntegerAttention, KeysFarFromZero) {
  for (AttentionProducts products :
       {AttentionProducts::Int16, AttentionProducts::Int8}) {
    SCOPED_TRACE(int(products));
    AttentionSpec spec = ofProducts(products, 20);
    Attention attention(spec);
    Batch batch({3, 40}, 40);
    Floats qkv = randomStates(spec, batch.rows());
    Floats near = attention.run(batch, qkv);
    for (int64_t row = 0; row != batch.rows(); ++row)
      for (int64_t c = 0; c != spec.heads * spec.headDim; ++c)
        qkv[row * spec.kWidth + spec.kColumn + c] += c % 2 ? 64 : -64;
    Floats far = attention.run(batch, qkv);
    attention.check(batch, qkv, far);
    // 2^-18 is lost beside 64: a key or a power may be rounded to the other
    // side.
    double limit = products == AttentionProducts::Int8 ? 1e-2 : 5e-4;
    for (int64_t i = 0; i != near.size(); ++i)
      ASSERT_NEAR(far[i], near[i], limit);
  }
}

TEST(IntegerAttention, SameBitsWithoutProductsOfBytes) {
  if (!canRun("cascadelake"))
    GTEST_SKIP() << "this processor has no VNNI";
  for (int64_t headDim : {1, 13, 32, 70}) {
    SCOPED_TRACE(headDim);
    AttentionSpec spec = ofProducts(AttentionProducts::Int8, headDim);
    Batch batch({1, 5, 61}, 61);
    Floats qkv = randomStates(spec, batch.rows());
    Floats bytes = Attention(spec, "cascadelake").run(batch, qkv);
    Floats pairs = Attention(spec, "skylake-avx512").run(batch, qkv);
    for (int64_t i = 0; i != bytes.size(); ++i)
      ASSERT_EQ(bytes[i], pairs[i]) << i;
  }
}
