//===- AttentionBias.h - what is added to each score ------------*- C++ -*-===//
// Part of an attention kernel: a bias [batch or 1, heads or 1, S, S] of queries
// in rows and keys in columns, added to scores of keys in rows and queries in
// lanes.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_ATTENTIONBIAS_H
#define SKIM_LIB_CODEGEN_CPU_ATTENTIONBIAS_H

#include "KernelBuilder.h"

namespace skim {

/// Goes through the keys [first, end), whose positions ascend: `square` takes
/// as many as a vector has lanes, where they follow one another without a gap
/// and `fits`, if not null, says so of the first and the last position;
/// `single` takes each of the others. Both are given a key and its position.
void forSquares(KernelBuilder &b, Value first, Value end,
                llvm::function_ref<Value(Value key)> positionOf,
                llvm::function_ref<Value(Value first, Value last)> fits,
                llvm::function_ref<void(Value key, Value position)> square,
                llvm::function_ref<void(Value key, Value position)> single);

/// A square of as many queries and keys as a vector has lanes is read by rows
/// and turned where the keys follow one another: a load and log2(lanes)
/// shuffles for each vector. Keys with gaps, and those that fill no square, are
/// read number by number.
class AttentionBias {
public:
  /// `queries` are the positions of the panel's lanes, whole vectors of them.
  AttentionBias(KernelBuilder &b, Value scores, Value bias, Value batch,
                Value head, ValueRange queries)
      : b(b), scores(scores), bias(bias), batch(batch), head(head),
        queries(queries) {}

  /// Adds to the scores of the keys [first, end); `positionOf` gives those of
  /// keys, which ascend.
  void addKeys(Value first, Value end,
               llvm::function_ref<Value(Value key)> positionOf);

private:
  void addSquare(Value firstKey, Value position);
  void addKey(Value key, Value position);
  void add(Value key, int64_t firstLane, Value numbers);
  int64_t lanes() const { return b.target.vectorWidth; }

  KernelBuilder &b;
  Value scores, bias, batch, head;
  Values queries;
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_ATTENTIONBIAS_H
