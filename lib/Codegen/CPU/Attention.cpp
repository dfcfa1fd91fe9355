//===- Attention.cpp - attention over ragged rows -------------------------===//
//
// What is computed
//
//   s[i, j] = sum over d of (scale * q[i, d]) * k[j, d] + m[j] + bias[i, j]
//   p[i, j] = exp(s[i, j] - max over j of s[i, j])
//   out[i, d] = (sum over j of p[i, j] * v[j, d]) / (sum over j of p[i, j])
//
// for the rows i and j of one sequence and one head, every sum in ascending
// order with one accumulator for each element, so that a row's result depends
// on its sequence only. Powers are of two: where nothing is added to the scores
// their scale takes up log2(e), otherwise each difference is multiplied by it.
//
// How it is scheduled
//
//   task = (sequence, head, block of up to 256 queries); (sequence, head) where
//          sums over all queries are asked for as well
//     copy the head's keys and values together: rows of a wide matrix would
//     meet in few sets of the cache
//     for each panel of as many queries as a weight tile has columns; a last
//     panel that fits into one vector is one vector wide:
//       turn the panel: the queries are lanes      qt[d][lane]
//       scores, MR keys x the panel in registers   p[key][lane]
//         and the largest of each lane, while they are there
//       for blocks of 128 (256) keys:
//         powers, down the keys in every lane: no sums across lanes
//         values, for tiles of the head, groups of queries:
//           4 (8) queries x a tile's columns in registers; the block's part
//           of p and of the values comes from L1 or the end of L2 next to it
//
// Scores of a panel are n x lanes numbers (16 KiB for 256 keys and 16 lanes):
// nothing of size n x n exists. The keys beyond whole tiles are padded to a
// multiple of four by the last one again, which changes no maximum, and the
// panel to whole lanes, in scratch memory, so that there is one code for all
// sizes; what the padding computes is never stored. A panel's numbers do not
// depend on the task it is in, on its width, nor on by-products.
//
// A vector of scores costs 2 D multiply-adds and 15 operations of the softmax
// on the same two units: 90% of the peak is the most for D = 64, 81% for D
// = 32.
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "AmxAttention.h"
#include "AttentionKernel.h"
#include "RankUpdates.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

/// What multiply-adds have in scratch memory for themselves.
static AttentionScratch::Sizes scratchSizes(const TargetInfo &target,
                                            const AttentionSpec &spec) {
  int64_t bytes = llvm::alignTo(spec.headDim, target.tileColumns) * 4;
  // Squares of four keys may begin at the last key.
  return {bytes * target.tileColumns, bytes, bytes, 4};
}

namespace {
/// Products by multiply-adds in fp32.
class FmaAttention : public AttentionKernel {
public:
  FmaAttention(KernelBuilder &b, const AttentionSpec &spec)
      : AttentionKernel(b, spec, scratchSizes(b.target, spec)) {}

private:
  void prepare(const AttentionScratch &places) override;
  void copyHead(Value column) override;
  void copyRows(Value from, Value to, Value column,
                function_ref<Values(Value, int64_t)> place);
  void turnQueries(Value row, Value valid) override;
  Values emitScores() override;
  Values emitScoreRows(Value key, int64_t rows, ValueRange largest);
  Values emitValues(Value valid, ValueRange largest) override;
  Values emitPowers(ValueRange largest, ValueRange sums, Value first,
                    Value last);
  void emitValueTile(Value query, Value tile, Value first, Value last);

  /// Keys whose scores are taken in tiles; the others follow by fours.
  Value wholeTiles() {
    int64_t rows = b.target.tileRows;
    return b.mul(b.div(keys, b.index(rows)), rows);
  }
  int64_t valueRows() const { return b.target.numRegisters == 32 ? 8 : 4; }
  /// Keys whose powers meet the values at once. Longer blocks begin and end the
  /// loops over them less often.
  int64_t keyBlock() const { return b.target.numRegisters == 32 ? 256 : 128; }

  Value turned, keyBuffer, valueBuffer; ///< views of the scratch memory
};
} // namespace

void FmaAttention::prepare(const AttentionScratch &places) {
  constexpr int64_t any = ShapedType::kDynamic;
  ValueRange count = places.paddedKeys;
  turned = b.view(scratch, places.panel, b.buffer({width, lanes}));
  keyBuffer = b.view(scratch, places.keyRows, b.buffer({any, width}), count);
  // A tile of columns after the other, as packed weights lie.
  valueBuffer = b.view(scratch, places.valueRows,
                       b.buffer({width / lanes, any, lanes}), count);
}

void FmaAttention::copyHead(Value column) {
  copyRows(k, keyBuffer, b.add(column, spec.kColumn),
           [&](Value j, int64_t d) { return Values{j, b.index(d)}; });
  copyRows(v, valueBuffer, b.add(column, spec.vColumn),
           [&](Value j, int64_t d) {
             return Values{b.index(d / lanes), j, b.index(d % lanes)};
           });
}

/// Copies columns [column, column + headDim) of the sequence's keys or values;
/// `place` gives the indices of number d of row j. The padding of a row is 0,
/// rows beyond the keys repeat the last one.
void FmaAttention::copyRows(Value from, Value to, Value column,
                            function_ref<Values(Value, int64_t)> place) {
  int64_t lane = b.target.vectorWidth;
  Value last = b.sub(keys, b.index(1));
  Value whole = wholeTiles();
  Value rest = b.mul(b.ceilDiv(b.sub(keys, whole), 4), b.index(4));
  b.loop(b.index(0), b.add(whole, rest), 1, [&](Value j) {
    Value row = b.add(firstKeyRow, b.min(j, last));
    for (int64_t d = 0; d != width; d += lane) {
      int64_t count = std::clamp<int64_t>(spec.headDim - d, 0, lane);
      Value part = count == 0
                       ? b.splat(0.0f)
                       : b.loadVector(from, {row, b.add(column, d)}, count);
      b.storeVector(part, to, place(j, d));
    }
  });
}

/// turned[d, lane] = scale * q[row + lane, d], in powers of two where scores
/// stay as they are; lanes beyond `valid` repeat the last query.
void FmaAttention::turnQueries(Value row, Value valid) {
  int64_t lane = b.target.vectorWidth;
  Value column = b.add(b.mul(head, spec.headDim), spec.qColumn);
  Value last = b.sub(valid, b.index(1));
  Value scale = b.splat(queryScale());
  b.loop(b.index(0), b.index(vectors() * lane), lane, [&](Value first) {
    b.forColumns(spec.headDim, [&](Value d, int64_t count) {
      Values rows;
      for (int64_t i = 0; i != lane; ++i) {
        Value from = b.add(row, b.min(b.add(first, i), last));
        Value part = b.loadVector(q, {from, b.add(column, d)}, count);
        rows.push_back(b.mulf(part, scale));
      }
      Values columns = b.transpose(rows);
      for (int64_t i = 0; i != count; ++i)
        b.storeVector(columns[i], turned, {b.add(d, i), first});
    });
  });
}

/// scores[j, lane] = sum over d of k[j, d] * turned[d, lane]; gives the largest
/// of each lane.
Values FmaAttention::emitScores() {
  int64_t rows = b.target.tileRows;
  Value whole = wholeTiles();
  Values largest(vectors(), b.splat(-INFINITY));
  largest = b.reduce(b.index(0), whole, rows, largest,
                     [&](Value key, ValueRange carried) {
                       return emitScoreRows(key, rows, carried);
                     });
  return b.reduce(whole, keys, 4, largest, [&](Value key, ValueRange carried) {
    return emitScoreRows(key, 4, carried);
  });
}

/// The scores of the keys [key, key + rows).
Values FmaAttention::emitScoreRows(Value key, int64_t rows,
                                   ValueRange largest) {
  int64_t lane = b.target.vectorWidth;
  auto scalar = [&](Value d, int64_t i) {
    return b.load(keyBuffer, {b.add(key, i), d});
  };
  auto vector = [&](Value d, int64_t v) {
    return b.loadVector(turned, {d, b.index(v * lane)});
  };
  Values sums =
      emitRankUpdates(b, b.index(0), b.index(spec.headDim), spec.headDim,
                      Values(rows * vectors(), b.splat(0.0f)),
                      TileOperands{rows, vectors(), scalar, vector});
  Values next(largest);
  for (int64_t i = 0; i != rows; ++i)
    for (int64_t v = 0; v != vectors(); ++v) {
      Value sum = sums[i * vectors() + v];
      next[v] = b.maxf(next[v], sum);
      b.storeVector(sum, scores, {b.add(key, i), b.index(v * lane)});
    }
  return next;
}

/// scores = exp(scores - largest) of the keys [first, last), which it adds to
/// `sums`.
Values FmaAttention::emitPowers(ValueRange largest, ValueRange sums,
                                Value first, Value last) {
  return b.reduce(first, last, 1, sums, [&](Value j, ValueRange carried) {
    Values next;
    for (int64_t v = 0; v != vectors(); ++v) {
      Value power = emitPower(loadScore(j, v), largest[v]);
      b.storeVector(power, scores, {j, b.index(v * b.target.vectorWidth)});
      next.push_back(b.addf(carried[v], power));
    }
    return next;
  });
}

Values FmaAttention::emitValues(Value valid, ValueRange largest) {
  return b.reduce(
      b.index(0), keys, keyBlock(), Values(vectors(), b.splat(0.0f)),
      [&](Value first, ValueRange carried) {
        Value last = b.min(b.add(first, keyBlock()), keys);
        Values next = emitPowers(largest, carried, first, last);
        b.loop(b.index(0), b.index(width / lanes), 1, [&](Value tile) {
          b.loop(b.index(0), valid, valueRows(),
                 [&](Value query) { emitValueTile(query, tile, first, last); });
        });
        return next;
      });
}

/// Adds keys [first, last) to the sums of a group of queries in one tile.
void FmaAttention::emitValueTile(Value query, Value tile, Value first,
                                 Value last) {
  int64_t rows = valueRows(), lane = b.target.vectorWidth;
  int64_t columns = b.target.tileVectors();
  auto scalar = [&](Value j, int64_t i) {
    return b.load(scores, {j, b.add(query, i)});
  };
  auto vector = [&](Value j, int64_t v) {
    return b.loadVector(valueBuffer, {tile, j, b.index(v * lane)});
  };
  auto place = [&](int64_t i, int64_t v) {
    return Values{b.add(query, i), b.add(b.mul(tile, lanes), v * lane)};
  };
  SmallVector<Type> types(rows * columns, b.vectorType());
  Values total = b.ifElse(
      b.equal(first, b.index(0)), types,
      [&] { return Values(rows * columns, b.splat(0.0f)); },
      [&] {
        Values before;
        for (int64_t i = 0; i != rows; ++i)
          for (int64_t v = 0; v != columns; ++v)
            before.push_back(b.loadVector(sums, place(i, v)));
        return before;
      });
  total = emitRankUpdates(b, first, last, 1, total,
                          TileOperands{rows, columns, scalar, vector});
  for (int64_t i = 0; i != rows; ++i)
    for (int64_t v = 0; v != columns; ++v)
      b.storeVector(total[i * columns + v], sums, place(i, v));
}

func::FuncOp skim::emitAttention(KernelBuilder &b, ModuleOp module,
                                 const AttentionSpec &spec) {
  return spec.dtype == Dtype::Fp32 ? FmaAttention(b, spec).emit(module)
                                   : emitAmxAttention(b, module, spec);
}

Launch skim::launchAttention(KernelBuilder &b, const AttentionSpec &spec,
                             Value batch, Value sequence) {
  AttentionScratch::Sizes sizes = spec.dtype == Dtype::Fp32
                                      ? scratchSizes(b.target, spec)
                                      : amxAttentionSizes(b.target, spec);
  return AttentionTasks::launch(
      b, spec, batch, sequence,
      AttentionScratch(b, spec, sizes, sequence).total);
}
