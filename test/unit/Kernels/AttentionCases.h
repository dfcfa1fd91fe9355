//===- AttentionCases.h - batches for tests of attention --------*- C++ -*-===//
// Ragged batches, an attention kernel that is ready to run on them, and the
// definition in plain loops of double precision.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_KERNELS_ATTENTIONCASES_H
#define SKIM_TEST_UNIT_KERNELS_ATTENTIONCASES_H

#include "KernelHarness.h"
#include "gtest/gtest.h"
#include <cmath>

namespace skim::test {

/// Sequences of `lengths` rows, at the first positions of `sequence`, or every
/// second one with `holes`. Sequence i is number sources[i] of the batch at
/// entry; all of them where there are none.
struct Batch {
  Batch(std::vector<int64_t> lengths, int64_t sequence, bool holes = false,
        std::vector<int64_t> sources = {})
      : lengths(lengths), sources(sources), sequence(sequence),
        offsets({int64_t(lengths.size()) + 1}),
        positions(
            {std::accumulate(lengths.begin(), lengths.end(), int64_t(0))}) {
    int32_t row = 0;
    for (int64_t b = 0; b != size(); ++b) {
      offsets[b] = row;
      for (int64_t i = 0; i != lengths[b]; ++i)
        positions[row++] = source(b) * sequence + (holes ? 2 * i + 1 : i);
    }
    offsets[lengths.size()] = row;
  }
  int64_t size() const { return lengths.size(); }
  int64_t rows() const { return positions.size(); }
  int64_t source(int64_t b) const { return sources.empty() ? b : sources[b]; }
  /// The position of row i of sequence b.
  int64_t position(int64_t b, int64_t i) const {
    return positions[offsets[b] + i] - source(b) * sequence;
  }

  std::vector<int64_t> lengths, sources;
  int64_t sequence;
  Ints offsets, positions;
};

/// What a call of an attention kernel reads besides the states, and where it
/// leaves its by-products.
struct AttentionOperands {
  const Array<bool> *mask = nullptr;
  const Floats *bias = nullptr;
  const Batch *keyRows = nullptr;
  Floats *importance = nullptr;
  Floats *diagonal = nullptr;
  /// Tables [D, heads * columns] and their indices.
  const Floats *content = nullptr;
  const Array<int64_t> *contentIndex = nullptr;
  const Floats *position = nullptr;
  const Array<int64_t> *positionIndex = nullptr;
};

struct Attention {
  Attention(const AttentionSpec &spec, llvm::StringRef cpu = "native",
            bool halide = false)
      : spec(spec), kernels(cpu, "", halide), name(kernels.add(spec)) {
    kernels.compile();
  }

  /// Runs all tasks, `piece` a call. One buffer holds q, k and v side by side.
  Floats run(const Batch &batch, const Floats &qkv, int64_t piece = 1 << 20,
             const AttentionOperands &operands = {});

  using Matrix = std::vector<std::vector<double>>;
  /// What products read of the values of a sequence and a head, key by key.
  Matrix valuesOf(const Batch &keys, const Floats &qkv, int64_t b,
                  int64_t head) const;
  /// The same of the keys for one query, which becomes the last row; a score
  /// is `unit` times a product of rows.
  Matrix keysAndQuery(const Batch &keys, const Floats &qkv, int64_t b,
                      int64_t row, int64_t head, double &unit) const;
  bool ofIntegers() const {
    return spec.products == AttentionProducts::Int16 ||
           spec.products == AttentionProducts::Int8;
  }
  /// Whether powers are looked up: 64 numbers an octave, 4096 at the most.
  bool looksUp() const {
    return spec.products == AttentionProducts::Int8 && !spec.changesScores() &&
           kernels.target().hasAvx512Math;
  }
  /// How far sums of powers may be from theirs, in parts of them.
  double ofSums() const { return looksUp() ? 6e-3 : 0; }
  /// How far powers may be from their values.
  double ofPowers() const { return ofIntegers() ? 4e-6 : 1e-6; }
  std::vector<double> rounded(const std::vector<float> &numbers, float most,
                              double &unit) const;
  /// What a table adds to a score: states[from + d], of a row, times the column
  /// of the distance.
  double ofTable(const Floats &table, const Array<int64_t> &index,
                 int64_t distance, int64_t head, const Floats &states,
                 int64_t from) const;
  /// What products read of a power.
  double multiplied(double power) const;
  /// Columns [column, column + headDim) of the head's keys or values.
  int64_t group(int64_t head) const {
    return head * spec.kvHeads / spec.heads * spec.headDim;
  }
  /// The probabilities of the keys for query i of sequence b.
  std::vector<double> probabilities(const Batch &batch, const Floats &qkv,
                                    int64_t b, int64_t i, int64_t head,
                                    const AttentionOperands &operands = {});
  void check(const Batch &batch, const Floats &qkv, const Floats &out,
             const AttentionOperands &operands = {});

  AttentionSpec spec;
  Kernels kernels;
  std::string name;
};

/// Queries, keys and values in one buffer, as merged products leave them.
AttentionSpec merged(int64_t heads, int64_t headDim, int64_t kvHeads = 0);

/// `rows` rows of queries, keys and values.
Floats randomStates(const AttentionSpec &spec, int64_t rows);

} // namespace skim::test

#endif // SKIM_TEST_UNIT_KERNELS_ATTENTIONCASES_H
