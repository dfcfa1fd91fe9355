//===- VectorAttention.h - attention in vector registers --------*- C++ -*-===//
// What attention whose products are vector instructions shares, whatever they
// multiply: the loops over keys, blocks of keys and tiles of values.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_VECTORATTENTION_H
#define SKIM_LIB_CODEGEN_CPU_VECTORATTENTION_H

#include "AttentionKernel.h"

namespace skim {

/// Attention.cpp says how it goes. Rows of scores are vectors of f32, a panel's
/// queries in lanes; sums[lane, d] are f32 too.
class VectorAttention : public AttentionKernel {
protected:
  using AttentionKernel::AttentionKernel;

  /// The scores of the keys [key, key + rows), `vectors()` of each.
  virtual Values scoresOf(Value key, int64_t rows) = 0;
  /// scores = exp(scores - largest) of the keys [first, last), as the products
  /// read them; adds them to `sums`.
  virtual Values emitPowers(ValueRange largest, ValueRange sums, Value first,
                            Value last) = 0;
  /// The sums of a group of queries in one tile, with the keys [first, last).
  virtual Values valuesOf(Value query, Value tile, Value first, Value last) = 0;

  /// Sums are one chain of keys, to which those without a power add nothing.
  int64_t firstKeyMultiple() const override { return 4; }
  Values emitScores() override;
  Values emitValues(Value valid, ValueRange largest) override;

  /// turned[d, lane] = q[row + lane, d] times `scale`, a vector for numbers d,
  /// d + 1, ... of a row; lanes beyond `valid` repeat the last query.
  void turnInto(Value turned, Value row, Value valid,
                llvm::function_ref<Value(Value d)> scale);
  /// The sums of the keys before `first`.
  Values sumsBefore(Value query, Value tile, Value first);
  /// Keys whose scores are computed: those that fours cannot fill up are
  /// repetitions of the last.
  Value scoredKeys();
  /// The row of states of key `j`, or of the last.
  Value keyRow(Value j) {
    return b.add(firstKeyRow, b.min(j, b.sub(keys, b.index(1))));
  }
  int64_t valueRows() const { return b.target.numRegisters == 32 ? 8 : 4; }
  /// Keys whose powers meet the values at once. Longer blocks begin and end the
  /// loops over them less often.
  virtual int64_t keyBlock() const {
    return b.target.numRegisters == 32 ? 256 : 128;
  }

private:
  Value wholeTiles(Value first, Value end);
  Values emitScoreRows(Value key, int64_t rows, ValueRange largest);
  void emitValueTile(Value query, Value tile, Value first, Value last);
  /// Where the sums of query `query + i` and vector `v` of a tile lie.
  Values place(Value query, Value tile, int64_t i, int64_t v) {
    int64_t column = v * b.target.vectorWidth;
    return {b.add(query, i), b.add(b.mul(tile, lanes), column)};
  }
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_VECTORATTENTION_H
