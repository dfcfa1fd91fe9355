//===- AttentionPositions.h - disentangled positions ------------*- C++ -*-===//
//
// What is computed
//
//   scores[j, i] += scale * (q[i] . content[c(i - j)] + k[j] . position[p(i -
//   j)])
//
// for a panel of queries in lanes: c and p give the column of a table for a
// distance of positions, whatever function of it they are.
//
// How it is scheduled
//
//   task: columns for the distances of the task, and where they do not ascend
//         by one
//     for groups of keys: products with the columns that the task's queries are
//       away from them, MR x T sums in registers as in Gemm.cpp; n x 512
//       numbers at most, of which a group has queries + MR
//     for each panel:
//       for groups of queries: products with the columns of all keys
//       squares of as many keys as lanes that follow one another, where columns
//         ascend by one: rows of the queries' products are turned, rows of the
//         keys' products lie as they are added
//       other keys: two gathers for each vector of each term
//
// Products with all columns would be what ONNX graphs compute: 512 a row,
// whatever the length. Those of a band are as many as scores, so a table costs
// as much as the product of queries and keys, and n x n numbers nowhere exist.
// Every product is one chain from +0, d ascending, so results do not depend on
// the way they are read.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_ATTENTIONPOSITIONS_H
#define SKIM_LIB_CODEGEN_CPU_ATTENTIONPOSITIONS_H

#include "KernelBuilder.h"
#include "skim/Codegen/KernelSpecs.h"

namespace skim {

/// Products of some rows with a table [D, heads * columns], packed in tiles.
class PositionTerm {
public:
  PositionTerm(KernelBuilder &b, const AttentionSpec &spec, int64_t columns)
      : b(b), spec(spec), columns(columns) {}
  /// Whether the attention has the term.
  bool exists() const { return columns != 0; }

  void addTypes(llvm::SmallVectorImpl<mlir::Type> &types);
  void takeArguments(llvm::function_ref<Value()> take);
  /// Scratch memory for the products of `rows` rows at once, in bytes.
  Value scratchBytes(Value rows, Value sequence) const;
  void makeViews(Value scratch, Value offset, Value rows, Value sequence);

  /// How many rows are multiplied at once.
  static int64_t groupRows(const TargetInfo &target);

  /// Reads the index for the task's distances, [least, most].
  void begin(Value head, Value least, Value most);
  /// products[first + i, column] for states[rows[i], from + d] and the columns
  /// of the distances [least, most].
  void multiply(Value first, Value states, ValueRange rows, Value from,
                Value least, Value most);

  /// Whether columns ascend by one over the distances [least, most].
  Value ascendsByOne(Value least, Value most);
  /// The products of `row` from the column `further` beyond that of `distance`.
  Value load(Value row, Value distance, int64_t further);
  /// Of products[rows, .] those for `distances`, vectors of i32.
  Value gather(Value rows, Value distances);

private:
  int64_t pitch() const;
  Value entries(Value sequence) const;
  Value indexAt(Value memref, Value place) {
    return b.toIndex(b.load(memref, {place}));
  }

  KernelBuilder &b;
  const AttentionSpec &spec;
  int64_t columns;
  Value table, index;
  // Views of the scratch memory: the column of a distance, how often columns
  // up to it did not ascend by one; for each row its products and what column
  // they begin with.
  Value columnOf, breaks, products, flat, begins;
  // Of the task.
  Value firstColumn, isMonotone;
};

/// Both terms of an attention's scores.
class AttentionPositions {
public:
  AttentionPositions(KernelBuilder &b, const AttentionSpec &spec)
      : content(b, spec, spec.contentColumns),
        position(b, spec, spec.positionColumns), b(b), spec(spec) {}

  Value scratchBytes(Value keys, Value sequence) const;
  void makeViews(Value scratch, Value offset, Value keys, Value sequence);

  /// States of the rows of a task, and the position in the batch of each by its
  /// number.
  struct Rows {
    Value states, column, first, count;
    llvm::function_ref<Value(Value)> positionOf;
  };
  /// `sequence` is the length of the padded sequences.
  void beginTask(Value head, Value sequence, const Rows &queries,
                 const Rows &keys);
  /// The lanes of the panel's vectors, which are at `places`, are the queries,
  /// and the last one again.
  void beginPanel(ValueRange places, const Rows &queries, const Rows &keys);
  /// Adds to the scores of the keys [first, end).
  void add(Value scores, Value first, Value end, const Rows &keys);

  PositionTerm content, position;

private:
  Value distance(Value query, Value key) {
    return b.add(b.sub(query, key), furthest);
  }
  void addSquare(Value scores, Value key, Value at);
  void addKey(Value scores, Value key, Value at);
  void addTo(Value scores, Value key, int64_t vector, Value sum);
  int64_t lanes() const { return b.target.vectorWidth; }

  KernelBuilder &b;
  const AttentionSpec &spec;
  Value furthest; ///< sequence - 1: the place of distance 0 in an index
  // Of the panel: its first and last position, whether all follow one another,
  // and those of the lanes as i32.
  Value firstPosition, lastPosition, queriesFollow;
  Values lanePositions;
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_ATTENTIONPOSITIONS_H
