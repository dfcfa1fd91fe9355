//===- AttentionTest.cpp - attention against plain loops ------------------===//
// Values against double precision, and bits against other batches, padding and
// cuts into tasks.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

namespace {
/// Sequences of `lengths` rows, at the first positions of `sequence`, or every
/// second one with `holes`.
struct Batch {
  Batch(std::vector<int64_t> lengths, int64_t sequence, bool holes = false)
      : lengths(lengths), sequence(sequence),
        offsets({int64_t(lengths.size()) + 1}),
        positions(
            {std::accumulate(lengths.begin(), lengths.end(), int64_t(0))}) {
    int32_t row = 0;
    for (size_t b = 0; b != lengths.size(); ++b) {
      offsets[b] = row;
      for (int64_t i = 0; i != lengths[b]; ++i)
        positions[row++] = b * sequence + (holes ? 2 * i + 1 : i);
    }
    offsets[lengths.size()] = row;
  }
  int64_t size() const { return lengths.size(); }
  int64_t rows() const { return positions.size(); }

  std::vector<int64_t> lengths;
  int64_t sequence;
  Ints offsets, positions;
};

struct Attention {
  Attention(const AttentionSpec &spec, llvm::StringRef cpu = "native")
      : spec(spec), kernels(cpu), name(kernels.add(spec)) {
    kernels.compile();
  }

  /// One buffer that holds q, k and v side by side.
  Floats run(const Batch &batch, const Floats &qkv, int64_t piece = 1 << 20,
             Array<bool> *mask = nullptr, Floats *bias = nullptr) {
    Floats out({batch.rows(), spec.heads * spec.headDim}, NAN);
    int64_t tasks = kernels.attentionTasks(spec, batch.size(), batch.sequence);
    for (int64_t begin = 0; begin < tasks; begin += piece) {
      int64_t end = std::min(begin + piece, tasks);
      if (mask)
        kernels.call(name, begin, end, qkv, qkv, qkv, batch.offsets,
                     batch.positions, batch.sequence, *mask, out);
      else if (bias)
        kernels.call(name, begin, end, qkv, qkv, qkv, batch.offsets,
                     batch.positions, batch.sequence, *bias, out);
      else
        kernels.call(name, begin, end, qkv, qkv, qkv, batch.offsets,
                     batch.positions, batch.sequence, out);
    }
    EXPECT_TRUE(out.intact());
    return out;
  }

  /// The result of row i of sequence b, by the definition.
  std::vector<double> expected(const Batch &batch, const Floats &qkv, int64_t b,
                               int64_t i, int64_t head, const Array<bool> *mask,
                               const Floats *bias) {
    int64_t first = batch.offsets[b], n = batch.lengths[b];
    int64_t group = head * spec.kvHeads / spec.heads, d = spec.headDim;
    auto position = [&](int64_t row) {
      return batch.positions[first + row] - b * batch.sequence;
    };
    std::vector<double> scores(n), result(d);
    double largest = -INFINITY, total = 0;
    for (int64_t j = 0; j != n; ++j) {
      double sum = 0;
      for (int64_t c = 0; c != d; ++c)
        sum +=
            double(
                qkv[(first + i) * spec.qWidth + spec.qColumn + head * d + c]) *
            qkv[(first + j) * spec.kWidth + spec.kColumn + group * d + c];
      sum *= spec.scale;
      if (bias)
        sum +=
            (*bias)[((b * spec.heads + head) * batch.sequence + position(i)) *
                        batch.sequence +
                    position(j)];
      if (mask && !(*mask)[b * batch.sequence + position(j)])
        sum += spec.fill;
      if (spec.window && std::abs(position(i) - position(j)) > *spec.window)
        sum = -INFINITY;
      scores[j] = sum;
      largest = std::max(largest, sum);
    }
    for (int64_t j = 0; j != n; ++j) {
      double power = std::exp(scores[j] - largest);
      total += power;
      for (int64_t c = 0; c != d; ++c)
        result[c] +=
            power *
            qkv[(first + j) * spec.vWidth + spec.vColumn + group * d + c];
    }
    for (double &x : result)
      x /= total;
    return result;
  }

  void check(const Batch &batch, const Floats &qkv, const Floats &out,
             const Array<bool> *mask = nullptr, const Floats *bias = nullptr) {
    for (int64_t b = 0; b != batch.size(); ++b)
      for (int64_t i = 0; i != batch.lengths[b]; ++i)
        for (int64_t head = 0; head != spec.heads; ++head) {
          std::vector<double> result =
              expected(batch, qkv, b, i, head, mask, bias);
          int64_t row = batch.offsets[b] + i;
          for (int64_t c = 0; c != spec.headDim; ++c)
            ASSERT_NEAR(
                out[row * spec.heads * spec.headDim + head * spec.headDim + c],
                result[c], 2e-6)
                << "sequence " << b << " row " << i << " head " << head
                << " column " << c;
        }
  }

  AttentionSpec spec;
  Kernels kernels;
  std::string name;
};
} // namespace

/// Queries, keys and values in one buffer, as merged products leave them.
static AttentionSpec merged(int64_t heads, int64_t headDim,
                            int64_t kvHeads = 0) {
  AttentionSpec spec;
  spec.heads = heads;
  spec.kvHeads = kvHeads ? kvHeads : heads;
  spec.headDim = headDim;
  spec.scale = 1 / std::sqrt(float(headDim));
  int64_t q = heads * headDim, kv = spec.kvHeads * headDim;
  spec.qWidth = spec.kWidth = spec.vWidth = q + 2 * kv;
  spec.kColumn = q;
  spec.vColumn = q + kv;
  return spec;
}

static Floats randomRows(const AttentionSpec &spec, int64_t rows) {
  Floats qkv({rows, spec.qWidth});
  std::mt19937 random(11);
  randomize(qkv, random);
  return qkv;
}

TEST(Attention, LengthsAndHeads) {
  for (auto [heads, headDim] : {std::pair<int64_t, int64_t>{2, 16},
                                {3, 32},
                                {1, 64},
                                {2, 24},
                                {2, 13},
                                {1, 1},
                                {1, 80}}) {
    SCOPED_TRACE(headDim);
    Attention attention(merged(heads, headDim));
    Batch batch({1, 2, 0, 5, 17, 33, 140}, 140);
    Floats qkv = randomRows(attention.spec, batch.rows());
    ASSERT_NO_FATAL_FAILURE(
        attention.check(batch, qkv, attention.run(batch, qkv)));
  }
}

TEST(Attention, SharedKeyHeads) {
  Attention attention(merged(6, 16, 2));
  Batch batch({9, 20}, 20);
  Floats qkv = randomRows(attention.spec, batch.rows());
  attention.check(batch, qkv, attention.run(batch, qkv));
}

TEST(Attention, Baseline) {
  Attention attention(merged(2, 20), "x86-64");
  Batch batch({1, 7, 30}, 30);
  Floats qkv = randomRows(attention.spec, batch.rows());
  attention.check(batch, qkv, attention.run(batch, qkv));
}

TEST(Attention, EmptyBatch) {
  Attention attention(merged(2, 16));
  for (Batch batch : {Batch({}, 8), Batch({0}, 8), Batch({0, 0}, 0)}) {
    Floats qkv = randomRows(attention.spec, 0);
    attention.run(batch, qkv);
  }
}

// A sequence's bits depend on nothing but its rows.
TEST(Attention, BitwiseWhateverTheBatch) {
  Attention attention(merged(2, 32));
  for (int64_t n : {1, 3, 16, 31, 129, 200}) {
    Batch alone({n}, n), among({7, n, 40}, 230);
    Floats qkv = randomRows(attention.spec, among.rows());
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

TEST(Attention, Mask) {
  for (float fill : {-1e4f, -std::numeric_limits<float>::max(), -INFINITY}) {
    AttentionSpec spec = merged(2, 16);
    spec.mask = true;
    spec.fill = fill;
    Attention attention(spec);
    Batch batch({12, 12, 30}, 61, true);
    Floats qkv = randomRows(spec, batch.rows());
    Array<bool> mask({3, 61});
    for (int64_t i = 0; i != mask.size(); ++i)
      mask[i] = i % 3 == 0;
    ASSERT_NO_FATAL_FAILURE(attention.check(
        batch, qkv, attention.run(batch, qkv, 1, &mask), &mask));
  }
}

TEST(Attention, RowsWithoutKeys) {
  for (float fill : {-std::numeric_limits<float>::max(), -INFINITY})
    for (EmptyKeys empty :
         {EmptyKeys::Zero, EmptyKeys::Nan, EmptyKeys::Uniform}) {
      AttentionSpec spec = merged(1, 16);
      spec.mask = true;
      spec.fill = fill;
      spec.emptyKeys = empty;
      Attention attention(spec);
      Batch batch({4, 4}, 4);
      Floats qkv = randomRows(spec, batch.rows());
      Array<bool> mask({2, 4});
      std::fill_n(mask.data() + 4, 4, true);
      Floats out = attention.run(batch, qkv, 1 << 20, &mask);
      if (empty == EmptyKeys::Zero)
        EXPECT_EQ(out[5], 0);
      else if (empty == EmptyKeys::Nan || fill == -INFINITY)
        EXPECT_TRUE(std::isnan(out[5]));
      else
        EXPECT_NEAR(out[5], (qkv[37] + qkv[85] + qkv[133] + qkv[181]) / 4,
                    1e-6);
      EXPECT_FALSE(std::isnan(out[4 * 16 + 5]));
    }
}

TEST(Attention, Bias) {
  AttentionSpec spec = merged(3, 16);
  spec.bias = true;
  Attention attention(spec);
  Batch batch({12, 20}, 41, true);
  Floats qkv = randomRows(spec, batch.rows());
  Floats bias({2, 3, 41, 41});
  std::mt19937 random(3);
  randomize(bias, random);
  attention.check(batch, qkv, attention.run(batch, qkv, 1, nullptr, &bias),
                  nullptr, &bias);
}

TEST(Attention, Window) {
  AttentionSpec spec = merged(2, 16);
  spec.window = 5;
  Attention attention(spec);
  Batch batch({12, 20}, 41, true);
  Floats qkv = randomRows(spec, batch.rows());
  attention.check(batch, qkv, attention.run(batch, qkv, 1));
}
