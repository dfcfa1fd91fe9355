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
//     copy the head's keys and values together, unless the task before had the
//     same: rows of a wide matrix would meet in few sets of the cache
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
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine, 12
// heads, share of the FMA peak of the same run:
//
//   rows            16    32    64   128   256   512
//   heads of 64    45%   54%   65%   64%   65%   70%
//   heads of 32    43%   53%   60%   65%   66%   65%
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "AmxAttention.h"
#include "IntegerAttention.h"
#include "RankUpdates.h"
#include "VectorAttention.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

/// What multiply-adds have in scratch memory for themselves.
static AttentionScratch::Sizes fmaSizes(const TargetInfo &target,
                                        const AttentionSpec &spec) {
  int64_t bytes = llvm::alignTo(spec.headDim, target.tileColumns) * 4;
  // Squares of four keys may begin at the last key.
  return {bytes * target.tileColumns, bytes, bytes, 4};
}

namespace {
/// Products by multiply-adds in fp32.
class FmaAttention : public VectorAttention {
public:
  FmaAttention(KernelBuilder &b, const AttentionSpec &spec)
      : VectorAttention(b, spec, fmaSizes(b.target, spec)) {}

private:
  void prepare(const AttentionScratch &places) override;
  void copyHead(Value column) override;
  void copyRows(Value from, Value to, Value column,
                function_ref<Values(Value, int64_t)> place);
  void turnQueries(Value row, Value valid) override;
  Values scoresOf(Value key, int64_t rows) override;
  Values emitPowers(ValueRange largest, ValueRange sums, Value first,
                    Value last) override;
  Values valuesOf(Value query, Value tile, Value first, Value last) override;

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
  b.loop(b.index(0), scoredKeys(), 1, [&](Value j) {
    Value row = keyRow(j);
    for (int64_t d = 0; d != width; d += lane) {
      int64_t count = std::clamp<int64_t>(spec.headDim - d, 0, lane);
      Value part = count == 0
                       ? b.splat(0.0f)
                       : b.loadVector(from, {row, b.add(column, d)}, count);
      b.storeVector(part, to, place(j, d));
    }
  });
}

/// In powers of two where scores stay as they are.
void FmaAttention::turnQueries(Value row, Value valid) {
  Value scale = b.splat(queryScale());
  turnInto(turned, row, valid, [&](Value) { return scale; });
}

/// sum over d of k[j, d] * turned[d, lane] for `rows` keys.
Values FmaAttention::scoresOf(Value key, int64_t rows) {
  int64_t lane = b.target.vectorWidth;
  auto scalar = [&](Value d, int64_t i) {
    return b.load(keyBuffer, {b.add(key, i), d});
  };
  auto vector = [&](Value d, int64_t v) {
    return b.loadVector(turned, {d, b.index(v * lane)});
  };
  return emitRankUpdates(b, b.index(0), b.index(spec.headDim), spec.headDim,
                         Values(rows * vectors(), b.splat(0.0f)),
                         TileOperands{rows, vectors(), scalar, vector});
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

/// One chain over all blocks of keys.
Values FmaAttention::valuesOf(Value query, Value tile, Value first,
                              Value last) {
  int64_t rows = valueRows(), lane = b.target.vectorWidth;
  int64_t columns = b.target.tileVectors();
  auto scalar = [&](Value j, int64_t i) {
    return b.load(scores, {j, b.add(query, i)});
  };
  auto vector = [&](Value j, int64_t v) {
    return b.loadVector(valueBuffer, {tile, j, b.index(v * lane)});
  };
  return emitRankUpdates(b, first, last, 1, sumsBefore(query, tile, first),
                         TileOperands{rows, columns, scalar, vector});
}

func::FuncOp skim::emitAttention(KernelBuilder &b, ModuleOp module,
                                 const AttentionSpec &spec) {
  switch (spec.products) {
  case AttentionProducts::Fma:
    return FmaAttention(b, spec).emit(module);
  case AttentionProducts::Int16:
  case AttentionProducts::Int8:
    return emitIntegerAttention(b, module, spec);
  case AttentionProducts::Bf16Tiles:
    return emitAmxAttention(b, module, spec);
  }
  llvm_unreachable("unknown products");
}

static AttentionScratch::Sizes sizesOf(const TargetInfo &target,
                                       const AttentionSpec &spec) {
  switch (spec.products) {
  case AttentionProducts::Fma:
    return fmaSizes(target, spec);
  case AttentionProducts::Int16:
  case AttentionProducts::Int8:
    return integerAttentionSizes(target, spec);
  case AttentionProducts::Bf16Tiles:
    return amxAttentionSizes(target, spec);
  }
  llvm_unreachable("unknown products");
}

Launch skim::launchAttention(KernelBuilder &b, const AttentionSpec &spec,
                             Value batch, Value sequence) {
  AttentionScratch::Sizes sizes = sizesOf(b.target, spec);
  return AttentionTasks::launch(
      b, spec, batch, sequence,
      AttentionScratch(b, spec, sizes, sequence).total);
}
