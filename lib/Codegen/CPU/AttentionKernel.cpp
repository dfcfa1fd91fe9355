//===- AttentionKernel.cpp - softmax between two products -----------------===//
// What attention is, and how a panel of queries goes, is said in Attention.cpp.
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"
#include "AttentionBias.h"
#include "RowKernels.h"
#include "VectorMath.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

AttentionScratch::AttentionScratch(KernelBuilder &b, const AttentionSpec &spec,
                                   const Sizes &sizes, Value sequence) {
  lanes = b.target.tileColumns;
  width = llvm::alignTo(spec.headDim, lanes);
  int64_t multiple = sizes.keyMultiple;
  paddedKeys = b.mul(b.ceilDiv(b.add(sequence, multiple - 1), multiple),
                     b.index(multiple));
  auto place = [&](Value &offset, Value bytes) {
    offset = total ? total : b.index(0);
    total = b.add(offset, bytes);
  };
  place(panel, b.index(sizes.panel));
  place(factors, b.index(lanes * 4));
  place(sums, b.index(width * lanes * 4));
  place(keyRows, b.mul(paddedKeys, sizes.keyRow));
  place(valueRows, b.mul(paddedKeys, sizes.valueRow));
  place(scores, b.mul(paddedKeys, lanes * 4));
  place(byProducts, AttentionByProducts::scratchBytes(b, spec, paddedKeys));
  place(relative,
        AttentionPositions(b, spec).scratchBytes(paddedKeys, sequence));
  place(offsets, b.mul(paddedKeys, 4));
}

func::FuncOp AttentionKernel::emit(ModuleOp module) {
  func::FuncOp function = start(module, spec.name());
  AttentionScratch places(b, spec, sizes, length);
  makeViews(places);
  prepare(places);
  emitTasks();
  release();
  finishKernel(b, function);
  return function;
}

void AttentionKernel::makeViews(const AttentionScratch &places) {
  constexpr int64_t any = ShapedType::kDynamic;
  lanes = places.lanes;
  width = places.width;
  ValueRange count = places.paddedKeys;
  factors = b.view(scratch, places.factors, b.buffer({lanes}));
  sums = b.view(scratch, places.sums, b.buffer({lanes, width}));
  scores = b.view(scratch, places.scores, b.buffer({any, lanes}), count);
  keyOffsetsAdded = b.view(scratch, places.offsets, b.buffer({any}), count);
  byProducts.makeViews(scratch, places.byProducts, places.paddedKeys);
  relative.makeViews(scratch, places.relative, places.paddedKeys, length);
}

void AttentionKernel::attend(Value first, Value last) {
  source = b.div(b.toIndex(b.load(positions, {firstRow})), length);
  b.ifThen(hasNewKeys, [&] { copyHead(keyColumn()); });
  if (spec.mask)
    maskKeys();
  if (spec.hasPositions())
    withPositions(b.add(firstRow, first), b.sub(last, first),
                  [&](auto &queries, auto &ofKeys) {
                    relative.beginTask(head, length, queries, ofKeys);
                  });
  forPanels(first, last, [&](Value query, int64_t vectors) {
    panelVectors = vectors;
    Value most = b.index(vectors * b.target.vectorWidth);
    emitPanel(query, b.min(b.sub(last, query), most));
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

/// Those within the window of any query, and what makes them whole fours: rows
/// ascend, so they follow one another.
void AttentionKernel::findKeys(Value row, Value valid) {
  firstKey = b.index(0);
  endKey = keys;
  // By-products ask for the probability of each key, and a query that sees no
  // token may attend to all that are filled.
  if (!spec.hasWindow() || spec.hasByProducts() || spec.mask)
    return;
  Value lastRow = b.sub(b.add(row, valid), b.index(1));
  auto place = [&](Value of) { return b.toIndex(b.load(positions, {of})); };
  Value endRow = b.add(firstKeyRow, keys);
  auto keyAt = [&](Value where) {
    Value found = findRow(b, keyPositions, firstKeyRow, endRow, where);
    return b.sub(found, firstKeyRow);
  };
  // One key at least, whatever is near.
  Value size = b.index(firstKeyMultiple()), first = b.index(0);
  if (spec.leftWindow) {
    Value least = b.sub(place(row), b.index(*spec.leftWindow));
    first = b.min(keyAt(least), b.sub(keys, b.index(1)));
    firstKey = b.mul(b.div(first, size), size);
  }
  if (spec.rightWindow) {
    Value beyond = b.add(place(lastRow), *spec.rightWindow + 1);
    Value end = b.max(keyAt(beyond), b.add(first, 1));
    endKey = b.min(keys, b.mul(b.ceilDiv(end, 4), b.index(4)));
  }
}

void AttentionKernel::emitPanel(Value query, Value valid) {
  Value row = b.add(firstRow, query);
  findKeys(row, valid);
  turnQueries(row, valid);
  Values largest = emitScores();
  if (spec.changesScores()) {
    emitCorrections(row, valid);
    largest =
        findLargest(firstKey, endKey, 1, Values(vectors(), b.splat(-INFINITY)));
  }
  Values empty = emptyLanes(largest);
  Values sums = emitValues(valid, largest);
  emitFactors(row, valid, sums, empty);
  storeValues(row, valid);
  bool mayBeZero = spec.mask && spec.emptyKeys == EmptyKeys::Zero;
  AttentionByProducts::Task task = describeTask();
  if (mayBeZero)
    task.anyLive = anyLive;
  byProducts.addPanel(task, scores, factors, query, valid, vectors());
}

/// The position of a row within its padded sequence.
Value AttentionKernel::positionInSequence(Value positions, Value row) {
  return b.sub(b.toIndex(b.load(positions, {row})), b.mul(source, length));
}

/// What `of` gives for the query of each lane of the panel, by its row; lanes
/// beyond `valid` repeat the last query.
Values AttentionKernel::ofLanes(Value row, Value valid,
                                function_ref<Value(Value)> of) {
  Value last = b.sub(valid, b.index(1));
  Values results;
  for (int64_t lane = 0; lane != vectors() * b.target.vectorWidth; ++lane)
    results.push_back(of(b.add(row, b.min(b.index(lane), last))));
  return results;
}

/// The same as vectors like `none`.
Values AttentionKernel::gatherLanes(Value row, Value valid, Value none,
                                    function_ref<Value(Value)> of) {
  Values gathered(vectors(), none);
  for (auto [i, element] : llvm::enumerate(ofLanes(row, valid, of))) {
    Value &vector = gathered[i / b.target.vectorWidth];
    vector = vector::InsertOp::create(
        b, element, vector,
        ArrayRef<int64_t>{int64_t(i) % b.target.vectorWidth});
  }
  return gathered;
}

/// scores[j, lane] += bias[b, h, i, j].
void AttentionKernel::addBias(Value row, Value valid) {
  auto pick = [&](int64_t dimension, Value index) {
    Value one = b.equal(b.dim(bias, dimension), b.index(1));
    return b.select(one, b.index(0), index);
  };
  Values queries = ofLanes(row, valid, [&](Value query) {
    return positionInSequence(positions, query);
  });
  AttentionBias adds(b, scores, bias, pick(0, source), pick(1, head), queries);
  adds.addKeys(firstKey, endKey, [&](Value j) {
    return positionInSequence(keyPositions, b.add(firstKeyRow, j));
  });
}

/// The scores of a vector of lanes, filled where the query has no `token`;
/// those of a key without one are already.
Value AttentionKernel::fillQueries(Value tokens, Value added, Value score) {
  Value fill = b.broadcast(b.constant(spec.fill));
  Value isFilled =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, added, fill);
  Value isToken = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, tokens,
                                        b.splat(1.0f));
  Value keeps = arith::OrIOp::create(b, isFilled, isToken);
  return b.select(keeps, score, b.addf(score, fill));
}

/// The positions in the batch of the panel's queries, as i32.
Values AttentionKernel::placesOf(Value row, Value valid) {
  return gatherLanes(row, valid, b.splatInt(0),
                     [&](Value query) { return b.load(positions, {query}); });
}

/// `count` queries from a row on, and all keys of the sequence, as the terms of
/// disentangled positions see them.
void AttentionKernel::withPositions(
    Value firstQueryRow, Value count,
    function_ref<void(const AttentionPositions::Rows &,
                      const AttentionPositions::Rows &)>
        body) {
  auto ofQuery = [&](Value number) {
    return b.toIndex(b.load(positions, {b.add(firstQueryRow, number)}));
  };
  auto ofKey = [&](Value number) {
    return b.toIndex(b.load(keyPositions, {b.add(firstKeyRow, number)}));
  };
  AttentionPositions::Rows queries{
      q, b.add(b.mul(head, spec.headDim), spec.qColumn), firstQueryRow, count,
      ofQuery};
  AttentionPositions::Rows ofKeys{k, b.add(keyColumn(), spec.kColumn),
                                  firstKeyRow, keys, ofKey};
  body(queries, ofKeys);
}

/// 1 for the queries that hold a token, 0 for others, by lane.
Values AttentionKernel::tokensOf(Value row, Value valid) {
  return gatherLanes(row, valid, b.splat(0.0f), [&](Value query) {
    Value at = positionInSequence(positions, query);
    return b.select(b.load(mask, {source, at}), b.constant(1.0f),
                    b.constant(0.0f));
  });
}

void AttentionKernel::emitCorrections(Value row, Value valid) {
  if (spec.hasPositions()) {
    withPositions(row, valid, [&](auto &queries, auto &ofKeys) {
      relative.beginPanel(placesOf(row, valid), queries, ofKeys);
      relative.add(scores, firstKey, endKey, ofKeys);
    });
  }
  if (spec.bias)
    addBias(row, valid);
  if (!spec.mask && !spec.hasWindow())
    return;
  Values tokens, places;
  if (spec.maskQueries)
    tokens = tokensOf(row, valid);
  if (spec.hasWindow())
    places = placesOf(row, valid);
  b.loop(firstKey, endKey, 1, [&](Value j) {
    Value added, key;
    if (spec.mask)
      added = b.broadcast(b.load(keyOffsetsAdded, {j}));
    if (spec.hasWindow())
      key = vector::BroadcastOp::create(
          b, b.intVectorType(), b.load(keyPositions, {b.add(firstKeyRow, j)}));
    for (int64_t v = 0; v != vectors(); ++v) {
      Value first = b.index(v * b.target.vectorWidth);
      Value score = b.loadVector(scores, {j, first});
      if (added)
        score = b.addf(score, added);
      if (spec.maskQueries)
        score = fillQueries(tokens[v], added, score);
      if (spec.hasWindow())
        score = hideFar(places[v], key, score);
      b.storeVector(score, scores, {j, first});
    }
  });
}

/// The scores of the queries at `places`, hidden where the key is too far.
Value AttentionKernel::hideFar(Value places, Value key, Value score) {
  // Places are below 2^30, so that no difference of them overflows.
  constexpr int64_t farthest = int64_t(1) << 30;
  auto limit = [&](std::optional<int64_t> window) {
    return int32_t(std::min(window.value_or(farthest), farthest));
  };
  auto isWithin = [&](arith::CmpIPredicate predicate, Value from, Value to,
                      int64_t most) {
    return arith::CmpIOp::create(b, predicate,
                                 arith::SubIOp::create(b, from, to),
                                 b.splatInt(int32_t(most)));
  };
  int64_t left = limit(spec.leftWindow), right = limit(spec.rightWindow);
  // Both at once: 0 <= i - j + right <= left + right.
  Value near;
  if (spec.leftWindow && spec.rightWindow)
    near =
        isWithin(arith::CmpIPredicate::ule,
                 arith::AddIOp::create(b, places, b.splatInt(int32_t(right))),
                 key, std::min<int64_t>(left + right, INT32_MAX));
  else if (spec.leftWindow)
    near = isWithin(arith::CmpIPredicate::sle, places, key, left);
  else
    near = isWithin(arith::CmpIPredicate::sle, key, places, right);
  return b.select(near, score, b.splat(spec.mask ? spec.fill : -INFINITY));
}

Values AttentionKernel::findLargest(Value first, Value end, int64_t atOnce,
                                    ValueRange largest) {
  Values found = b.reduce(
      first, end, atOnce, Values(atOnce * vectors(), b.splat(-INFINITY)),
      [&](Value j, ValueRange carried) {
        Values next;
        for (auto [i, most] : llvm::enumerate(carried))
          next.push_back(
              b.maxf(most, loadScore(b.add(j, i / vectors()), i % vectors())));
        return next;
      });
  Values result(largest);
  for (auto [i, most] : llvm::enumerate(found))
    result[i % vectors()] = b.maxf(result[i % vectors()], most);
  return result;
}

Value AttentionKernel::exponentOf(Value score, Value largest) {
  Value exponent = b.subf(score, largest);
  return spec.changesScores() ? b.mulf(exponent, b.splat(log2e)) : exponent;
}

Value AttentionKernel::emitPower(Value score, Value largest) {
  return emitExp2NonPositive(b, exponentOf(score, largest));
}

/// Lanes whose queries the bias or the window leaves no key, where that makes
/// zeros; their largest score becomes 0, since minus infinity less itself is no
/// number. Without powers their sum is 0, by which nothing can be divided.
Values AttentionKernel::emptyLanes(Values &largest) {
  Values empty;
  if ((!spec.bias && !spec.hasWindow()) || spec.emptyKeys == EmptyKeys::Uniform)
    return empty;
  for (Value &value : largest) {
    empty.push_back(arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, value,
                                          b.splat(-INFINITY)));
    value = b.select(empty.back(), b.splat(0.0f), value);
  }
  if (spec.emptyKeys == EmptyKeys::Nan)
    empty.clear();
  return empty;
}

/// factors = 1 / sums.
void AttentionKernel::emitFactors(Value row, Value valid, ValueRange sums,
                                  ValueRange empty) {
  // Queries that see no key, since they hold no token.
  Values tokens;
  if (spec.maskQueries && spec.emptyKeys == EmptyKeys::Zero)
    tokens = tokensOf(row, valid);
  for (int64_t v = 0; v != vectors(); ++v) {
    Value factor = b.divf(b.splat(1.0f), sums[v]);
    if (!empty.empty())
      factor = b.select(empty[v], b.splat(0.0f), factor);
    if (!tokens.empty())
      factor = b.mulf(factor, tokens[v]);
    if (spec.mask && spec.emptyKeys != EmptyKeys::Uniform) {
      float instead = spec.emptyKeys == EmptyKeys::Zero ? 0.0f : NAN;
      Value dead = b.equal(anyLive, b.index(0));
      factor = b.select(dead, b.splat(instead), factor);
    }
    b.storeVector(factor, factors, {b.index(v * b.target.vectorWidth)});
  }
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
