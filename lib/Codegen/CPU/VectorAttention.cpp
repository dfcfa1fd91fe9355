//===- VectorAttention.cpp - attention in vector registers ----------------===//
// How it goes is said in Attention.cpp.
//===----------------------------------------------------------------------===//

#include "VectorAttention.h"

using namespace mlir;
using namespace skim;

void VectorAttention::turnInto(Value turned, Value row, Value valid,
                               function_ref<Value(Value)> scale) {
  int64_t lane = b.target.vectorWidth;
  Value column = b.add(b.mul(head, spec.headDim), spec.qColumn);
  Value last = b.sub(valid, b.index(1));
  b.loop(b.index(0), b.index(vectors() * lane), lane, [&](Value first) {
    b.forColumns(spec.headDim, [&](Value d, int64_t count) {
      Value factor = scale(d);
      Values rows;
      for (int64_t i = 0; i != lane; ++i) {
        Value from = b.add(row, b.min(b.add(first, i), last));
        Value part = b.loadVector(q, {from, b.add(column, d)}, count);
        rows.push_back(b.mulf(part, factor));
      }
      Values columns = b.transpose(rows);
      for (int64_t i = 0; i != count; ++i)
        b.storeVector(columns[i], turned, {b.add(d, i), first});
    });
  });
}

/// The end of the keys from `first` to `end` whose scores are taken in tiles;
/// the others follow by fours.
Value VectorAttention::wholeTiles(Value first, Value end) {
  int64_t rows = b.target.tileRows;
  return b.add(first, b.mul(b.div(b.sub(end, first), b.index(rows)), rows));
}

Value VectorAttention::scoredKeys() {
  Value whole = wholeTiles(b.index(0), keys);
  return b.add(whole, b.mul(b.ceilDiv(b.sub(keys, whole), 4), b.index(4)));
}

/// Fills `scores`; gives the largest of each lane.
Values VectorAttention::emitScores() {
  int64_t rows = b.target.tileRows;
  Value whole = wholeTiles(firstKey, endKey);
  Values largest(vectors(), b.splat(-INFINITY));
  largest = b.reduce(firstKey, whole, rows, largest,
                     [&](Value key, ValueRange carried) {
                       return emitScoreRows(key, rows, carried);
                     });
  return b.reduce(whole, endKey, 4, largest,
                  [&](Value key, ValueRange carried) {
                    return emitScoreRows(key, 4, carried);
                  });
}

Values VectorAttention::emitScoreRows(Value key, int64_t rows,
                                      ValueRange largest) {
  Values found = scoresOf(key, rows);
  Values next(largest);
  for (int64_t i = 0; i != rows; ++i)
    for (int64_t v = 0; v != vectors(); ++v) {
      Value score = found[i * vectors() + v];
      next[v] = b.maxf(next[v], score);
      b.storeVector(score, scores,
                    {b.add(key, i), b.index(v * b.target.vectorWidth)});
    }
  return next;
}

Values VectorAttention::emitValues(Value valid, ValueRange largest) {
  int64_t block = keyBlock();
  return b.reduce(
      firstKey, endKey, block, Values(vectors(), b.splat(0.0f)),
      [&](Value first, ValueRange carried) {
        Value last = b.min(b.add(first, block), endKey);
        Values next = emitPowers(largest, carried, first, last);
        b.loop(b.index(0), b.index(width / lanes), 1, [&](Value tile) {
          b.loop(b.index(0), valid, valueRows(),
                 [&](Value query) { emitValueTile(query, tile, first, last); });
        });
        return next;
      });
}

Values VectorAttention::sumsBefore(Value query, Value tile, Value first) {
  int64_t rows = valueRows(), columns = b.target.tileVectors();
  SmallVector<Type> types(rows * columns, b.vectorType());
  return b.ifElse(
      b.equal(first, firstKey), types,
      [&] { return Values(rows * columns, b.splat(0.0f)); },
      [&] {
        Values before;
        for (int64_t i = 0; i != rows; ++i)
          for (int64_t v = 0; v != columns; ++v)
            before.push_back(b.loadVector(sums, place(query, tile, i, v)));
        return before;
      });
}

/// Adds keys [first, last) to the sums of a group of queries in one tile.
void VectorAttention::emitValueTile(Value query, Value tile, Value first,
                                    Value last) {
  int64_t columns = b.target.tileVectors();
  Values total = valuesOf(query, tile, first, last);
  for (int64_t i = 0; i != valueRows(); ++i)
    for (int64_t v = 0; v != columns; ++v)
      b.storeVector(total[i * columns + v], sums, place(query, tile, i, v));
}
