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
#include "AttentionTasks.h"
#include "RankUpdates.h"
#include "VectorMath.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

namespace {
/// Where things lie in a thread's scratch memory, in bytes.
struct Scratch {
  Scratch(KernelBuilder &b, const AttentionSpec &spec, Value sequence) {
    lanes = b.target.tileColumns;
    width = llvm::alignTo(spec.headDim, b.target.tileColumns);
    // Squares of four keys may begin at the last key.
    Value keys = b.mul(b.ceilDiv(b.add(sequence, 3), 4), b.index(4));
    auto place = [&](Value &offset, Value bytes) {
      offset = total ? total : b.index(0);
      total = b.add(offset, bytes);
    };
    place(queries, b.index(width * lanes * 4));
    place(factors, b.index(lanes * 4));
    place(sums, b.index(width * lanes * 4));
    place(keyRows, b.mul(keys, width * 4));
    place(valueRows, b.mul(keys, width * 4));
    place(scores, b.mul(keys, lanes * 4));
    place(byProducts, AttentionByProducts::scratchBytes(b, spec, keys));
    place(offsets, b.mul(keys, 4));
    paddedKeys = keys;
  }
  int64_t lanes, width; ///< queries of a panel, padded head
  Value queries, factors, sums, keyRows, valueRows, scores, byProducts, offsets;
  Value paddedKeys, total;
};

class AttentionKernel : AttentionTasks {
public:
  AttentionKernel(KernelBuilder &b, const AttentionSpec &spec)
      : AttentionTasks(b, spec) {}
  func::FuncOp emit(ModuleOp module);

private:
  void attend(Value first, Value last) override;
  void makeViews();
  void copyHead(Value from, Value to, Value column,
                function_ref<Values(Value, int64_t)> place);
  void maskKeys();
  void turnQueries(Value row, Value valid);
  void emitPanel(Value firstQuery, Value valid);
  Values emitScores();
  Values emitScoreRows(Value key, int64_t rows, ValueRange largest);
  void emitCorrections(Value firstQuery, Value valid);
  Values findLargest();
  Values emptyLanes(Values &largest);
  Values emitPowers(ValueRange largest, ValueRange sums, Value first,
                    Value last);
  void emitFactors(ValueRange sums, ValueRange empty);
  void emitValues(Value valid, Value first, Value last);
  void storeValues(Value row, Value valid);
  void emitValueTile(Value query, Value tile, Value first, Value last);
  Value loadScore(Value key, int64_t vector) {
    return b.loadVector(scores, {key, b.index(vector * b.target.vectorWidth)});
  }
  Value biasLanes(Value firstQuery, Value valid, Value key, int64_t first);
  Value fillQueries(Value firstQuery, Value valid, Value added, int64_t first,
                    Value score);
  Value windowLanes(Value firstQuery, Value key, int64_t first, Value score);
  Value positionInSequence(Value positions, Value row);

  /// Keys whose scores are taken in tiles; the others follow by fours.
  Value wholeTiles() {
    int64_t rows = b.target.tileRows;
    return b.mul(b.div(keys, b.index(rows)), rows);
  }
  int64_t vectors() const { return panelVectors; }
  int64_t valueRows() const { return b.target.numRegisters == 32 ? 8 : 4; }
  /// Keys whose powers meet the values at once. Longer blocks begin and end the
  /// loops over them less often.
  int64_t keyBlock() const { return b.target.numRegisters == 32 ? 256 : 128; }
  /// Something is added to the scores after they are computed.
  bool hasCorrections() const { return spec.mask || spec.bias || spec.window; }

  int64_t lanes = 0, width = 0;
  int64_t panelVectors = 0; ///< of the panel that is being emitted
  Value source;             ///< which sequence the task's was at entry
  Value anyLive;            ///< where the mask can leave queries without a key
  // Views of the scratch memory.
  Value turned, factors, sums, keyBuffer, valueBuffer, scores, keyOffsetsAdded;
};
} // namespace

func::FuncOp AttentionKernel::emit(ModuleOp module) {
  func::FuncOp function = start(module, spec.name());
  makeViews();
  emitTasks();
  finishKernel(b, function);
  return function;
}

void AttentionKernel::makeViews() {
  constexpr int64_t any = ShapedType::kDynamic;
  Scratch places(b, spec, length);
  lanes = places.lanes;
  width = places.width;
  turned = b.view(scratch, places.queries, b.buffer({width, lanes}));
  factors = b.view(scratch, places.factors, b.buffer({lanes}));
  ValueRange count = places.paddedKeys;
  keyBuffer = b.view(scratch, places.keyRows, b.buffer({any, width}), count);
  // A tile of columns after the other, as packed weights lie.
  valueBuffer = b.view(scratch, places.valueRows,
                       b.buffer({width / lanes, any, lanes}), count);
  sums = b.view(scratch, places.sums, b.buffer({lanes, width}));
  scores = b.view(scratch, places.scores, b.buffer({any, lanes}), count);
  keyOffsetsAdded = b.view(scratch, places.offsets, b.buffer({any}), count);
  byProducts.makeViews(scratch, places.byProducts, places.paddedKeys);
}

void AttentionKernel::attend(Value first, Value last) {
  source = b.div(b.toIndex(b.load(positions, {firstRow})), length);
  Value column = keyColumn();
  copyHead(k, keyBuffer, b.add(column, spec.kColumn),
           [&](Value j, int64_t d) { return Values{j, b.index(d)}; });
  copyHead(v, valueBuffer, b.add(column, spec.vColumn),
           [&](Value j, int64_t d) {
             return Values{b.index(d / lanes), j, b.index(d % lanes)};
           });
  if (spec.mask)
    maskKeys();
  forPanels(first, last, [&](Value query, int64_t vectors) {
    panelVectors = vectors;
    Value most = b.index(vectors * b.target.vectorWidth);
    emitPanel(query, b.min(b.sub(last, query), most));
  });
}

/// Copies columns [column, column + headDim) of the sequence's keys or values;
/// `place` gives the indices of number d of row j. The padding of a row is 0,
/// rows beyond the keys repeat the last one.
void AttentionKernel::copyHead(Value from, Value to, Value column,
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

/// What the mask adds to the scores of each key, and whether a key is live.
void AttentionKernel::maskKeys() {
  Value none = b.index(0);
  anyLive = b.reduce(none, keys, 1, none, [&](Value j, ValueRange live) {
    Value at = positionInSequence(keyPositions, b.add(firstKeyRow, j));
    Value token = b.load(mask, {source, at});
    b.store(b.select(token, b.constant(0.0f), b.constant(spec.fill)),
            keyOffsetsAdded, {j});
    return Values{b.add(live[0], b.select(token, b.index(1), b.index(0)))};
  })[0];
}

/// turned[d, lane] = scale * q[row + lane, d], in powers of two where scores
/// stay as they are; lanes beyond `valid` repeat the last query.
void AttentionKernel::turnQueries(Value row, Value valid) {
  int64_t lane = b.target.vectorWidth;
  Value column = b.add(b.mul(head, spec.headDim), spec.qColumn);
  Value last = b.sub(valid, b.index(1));
  Value scale = b.splat(hasCorrections() ? spec.scale : spec.scale * log2e);
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

void AttentionKernel::emitPanel(Value query, Value valid) {
  Value row = b.add(firstRow, query);
  turnQueries(row, valid);
  Values largest = emitScores();
  if (hasCorrections()) {
    emitCorrections(row, valid);
    largest = findLargest();
  }
  Values empty = emptyLanes(largest);
  Values sums(vectors(), b.splat(0.0f));
  sums = b.reduce(b.index(0), keys, keyBlock(), sums,
                  [&](Value first, ValueRange carried) {
                    Value last = b.min(b.add(first, keyBlock()), keys);
                    Values next = emitPowers(largest, carried, first, last);
                    emitValues(valid, first, last);
                    return next;
                  });
  emitFactors(sums, empty);
  storeValues(row, valid);
  bool mayBeZero = spec.mask && spec.emptyKeys == EmptyKeys::Zero;
  AttentionByProducts::Task task = describeTask();
  if (mayBeZero)
    task.anyLive = anyLive;
  byProducts.addPanel(task, scores, factors, query, valid, vectors());
}

/// scores[j, lane] = sum over d of k[j, d] * turned[d, lane]; gives the largest
/// of each lane.
Values AttentionKernel::emitScores() {
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
Values AttentionKernel::emitScoreRows(Value key, int64_t rows,
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

/// The position of a row within its padded sequence.
Value AttentionKernel::positionInSequence(Value positions, Value row) {
  return b.sub(b.toIndex(b.load(positions, {row})), b.mul(source, length));
}

/// bias[b, h, i, j] for the lanes first, first + 1, ... of the panel.
Value AttentionKernel::biasLanes(Value row, Value valid, Value key,
                                 int64_t first) {
  auto pick = [&](int64_t dimension, Value index) {
    Value one = b.equal(b.dim(bias, dimension), b.index(1));
    return b.select(one, b.index(0), index);
  };
  Value batch = pick(0, source), headIndex = pick(1, head);
  Value at = positionInSequence(keyPositions, b.add(firstKeyRow, key));
  Value last = b.sub(valid, b.index(1));
  Value result = b.splat(0.0f);
  for (int64_t lane = 0; lane != b.target.vectorWidth; ++lane) {
    Value query = b.add(row, b.min(b.index(first + lane), last));
    Value i = positionInSequence(positions, query);
    Value number = b.load(bias, {batch, headIndex, i, at});
    result =
        vector::InsertOp::create(b, number, result, ArrayRef<int64_t>{lane});
  }
  return result;
}

/// The scores of the lanes first, first + 1, ... of the panel, filled where the
/// query has no token; those of a key without one are already.
Value AttentionKernel::fillQueries(Value row, Value valid, Value added,
                                   int64_t first, Value score) {
  Value last = b.sub(valid, b.index(1));
  Value fill = b.broadcast(b.constant(spec.fill)), tokens = b.splat(0.0f);
  for (int64_t lane = 0; lane != b.target.vectorWidth; ++lane) {
    Value query = b.add(row, b.min(b.index(first + lane), last));
    Value token = b.load(mask, {source, positionInSequence(positions, query)});
    Value number = b.select(token, b.constant(1.0f), b.constant(0.0f));
    tokens =
        vector::InsertOp::create(b, number, tokens, ArrayRef<int64_t>{lane});
  }
  Value isFilled =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, added, fill);
  Value isToken = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, tokens,
                                        b.splat(1.0f));
  Value keeps = arith::OrIOp::create(b, isFilled, isToken);
  return b.select(keeps, score, b.addf(score, fill));
}

void AttentionKernel::emitCorrections(Value row, Value valid) {
  b.loop(b.index(0), keys, 1, [&](Value j) {
    Value added;
    if (spec.mask)
      added = b.broadcast(b.load(keyOffsetsAdded, {j}));
    for (int64_t v = 0; v != vectors(); ++v) {
      int64_t first = v * b.target.vectorWidth;
      Value score = b.loadVector(scores, {j, b.index(first)});
      if (spec.bias)
        score = b.addf(score, biasLanes(row, valid, j, first));
      if (added)
        score = b.addf(score, added);
      if (spec.maskQueries)
        score = fillQueries(row, valid, added, first, score);
      b.storeVector(score, scores, {j, b.index(first)});
    }
    if (!spec.window)
      return;
    Value key = positionInSequence(keyPositions, b.add(firstKeyRow, j));
    b.loop(b.index(0), valid, 1, [&](Value lane) {
      Value query = positionInSequence(positions, b.add(row, lane));
      Value far = b.max(b.sub(query, key), b.sub(key, query));
      b.ifThen(b.less(b.index(*spec.window), far),
               [&] { b.store(b.constant(-INFINITY), scores, {j, lane}); });
    });
  });
}

/// The largest score of each lane.
Values AttentionKernel::findLargest() {
  return b.reduce(b.index(0), keys, 1, Values(vectors(), b.splat(-INFINITY)),
                  [&](Value j, ValueRange carried) {
                    Values next;
                    for (int64_t v = 0; v != vectors(); ++v)
                      next.push_back(b.maxf(carried[v], loadScore(j, v)));
                    return next;
                  });
}

/// Lanes whose queries the bias leaves no key, where that makes zeros; their
/// largest score becomes 0, since minus infinity less itself is no number.
Values AttentionKernel::emptyLanes(Values &largest) {
  Values empty;
  if (!spec.bias || spec.emptyKeys != EmptyKeys::Zero)
    return empty;
  for (Value &value : largest) {
    empty.push_back(arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, value,
                                          b.splat(-INFINITY)));
    value = b.select(empty.back(), b.splat(0.0f), value);
  }
  return empty;
}

/// scores = exp(scores - largest) of the keys [first, last), which it adds to
/// `sums`.
Values AttentionKernel::emitPowers(ValueRange largest, ValueRange sums,
                                   Value first, Value last) {
  return b.reduce(first, last, 1, sums, [&](Value j, ValueRange carried) {
    Values next;
    for (int64_t v = 0; v != vectors(); ++v) {
      Value exponent = b.subf(loadScore(j, v), largest[v]);
      if (hasCorrections())
        exponent = b.mulf(exponent, b.splat(log2e));
      Value power = emitExp2NonPositive(b, exponent);
      b.storeVector(power, scores, {j, b.index(v * b.target.vectorWidth)});
      next.push_back(b.addf(carried[v], power));
    }
    return next;
  });
}

/// factors = 1 / sums.
void AttentionKernel::emitFactors(ValueRange sums, ValueRange empty) {
  for (int64_t v = 0; v != vectors(); ++v) {
    Value factor = b.divf(b.splat(1.0f), sums[v]);
    if (!empty.empty())
      factor = b.select(empty[v], b.splat(0.0f), factor);
    if (spec.mask && spec.emptyKeys != EmptyKeys::Uniform) {
      float instead = spec.emptyKeys == EmptyKeys::Zero ? 0.0f : NAN;
      Value dead = b.equal(anyLive, b.index(0));
      factor = b.select(dead, b.splat(instead), factor);
    }
    b.storeVector(factor, factors, {b.index(v * b.target.vectorWidth)});
  }
}

/// sums[i, d] += sum over j in [first, last) of scores[j, i] * v[j, d].
void AttentionKernel::emitValues(Value valid, Value first, Value last) {
  b.loop(b.index(0), b.index(width / lanes), 1, [&](Value tile) {
    b.loop(b.index(0), valid, valueRows(),
           [&](Value query) { emitValueTile(query, tile, first, last); });
  });
}

/// out[row + i, d] = factors[i] * sums[i, d].
void AttentionKernel::storeValues(Value row, Value valid) {
  int64_t lane = b.target.vectorWidth;
  b.loop(b.index(0), valid, 1, [&](Value query) {
    Value factor = b.broadcast(b.load(factors, {query}));
    Value first = b.mul(head, spec.headDim);
    b.forColumns(spec.headDim, [&](Value column, int64_t count) {
      // Padded to whole vectors, so this reads no further than the sums.
      Value result = b.mulf(b.loadVector(sums, {query, column}), factor);
      if (spec.mask && spec.emptyKeys == EmptyKeys::Zero)
        result = b.select(b.equal(anyLive, b.index(0)), b.splat(0.0f), result);
      b.storeVector(result, out, {b.add(row, query), b.add(first, column)},
                    count == lane ? -1 : count);
    });
  });
}

/// Adds keys [first, last) to the sums of a group of queries in one tile.
void AttentionKernel::emitValueTile(Value query, Value tile, Value first,
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
  return AttentionKernel(b, spec).emit(module);
}

Launch skim::launchAttention(KernelBuilder &b, const AttentionSpec &spec,
                             Value batch, Value sequence) {
  return AttentionTasks::launch(b, spec, batch, sequence,
                                Scratch(b, spec, sequence).total);
}
