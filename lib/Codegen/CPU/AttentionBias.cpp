//===- AttentionBias.cpp - what is added to each score --------------------===//
// How it goes is said in AttentionBias.h.
//===----------------------------------------------------------------------===//

#include "AttentionBias.h"

using namespace mlir;
using namespace skim;

void skim::forSquares(KernelBuilder &b, Value first, Value end,
                      function_ref<Value(Value)> positionOf,
                      function_ref<Value(Value, Value)> fits,
                      function_ref<void(Value, Value)> square,
                      function_ref<void(Value, Value)> single) {
  int64_t lanes = b.target.vectorWidth;
  b.loop(first, end, lanes, [&](Value key) {
    Value next = b.min(b.add(key, lanes), end), position = positionOf(key);
    Value last = positionOf(b.sub(next, b.index(1)));
    Value most = b.index(lanes - 1);
    Value isSquare = arith::AndIOp::create(
        b, b.less(b.add(key, most), end), b.equal(b.sub(last, position), most));
    if (fits)
      isSquare = arith::AndIOp::create(b, isSquare, fits(position, last));
    b.ifThen(
        isSquare, [&] { square(key, position); },
        [&] {
          b.loop(key, next, 1, [&](Value j) { single(j, positionOf(j)); });
        });
  });
}

void AttentionBias::addKeys(Value first, Value end,
                            function_ref<Value(Value)> positionOf) {
  forSquares(
      b, first, end, positionOf, nullptr,
      [&](Value key, Value position) { addSquare(key, position); },
      [&](Value key, Value position) { addKey(key, position); });
}

void AttentionBias::addSquare(Value firstKey, Value position) {
  for (size_t lane = 0; lane != queries.size(); lane += lanes()) {
    Values rows;
    for (Value query : ArrayRef<Value>(queries).slice(lane, lanes()))
      rows.push_back(b.loadVector(bias, {batch, head, query, position}));
    Values columns = b.transpose(rows);
    for (auto [k, column] : llvm::enumerate(columns))
      add(b.add(firstKey, k), lane, column);
  }
}

void AttentionBias::addKey(Value key, Value position) {
  for (size_t lane = 0; lane != queries.size(); lane += lanes()) {
    Value numbers = b.splat(0.0f);
    for (int64_t i = 0; i != lanes(); ++i)
      numbers = vector::InsertOp::create(
          b, b.load(bias, {batch, head, queries[lane + i], position}), numbers,
          ArrayRef<int64_t>{i});
    add(key, lane, numbers);
  }
}

void AttentionBias::add(Value key, int64_t firstLane, Value numbers) {
  Values place = {key, b.index(firstLane)};
  b.storeVector(b.addf(b.loadVector(scores, place), numbers), scores, place);
}
