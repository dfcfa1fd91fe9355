//===- AttentionByProducts.cpp - what attention leaves besides ------------===//
//
// What is computed, of the probabilities A[i, j] of one sequence and head
//
//   importance[h, first + j] = sum over i of A[i, j], i ascending
//   diagonal[first + i, h, j % s] = A[i, j] where i / s == j / s
//
// How it is scheduled
//
// Scores lie key by key with the queries in lanes. The importance of a key is
// one vector of partial sums, to which each panel adds; the lanes meet once, at
// the end of the task. That is one load, one store and a multiply-add or two
// for the 2 * D of a key's scores and values. A diagonal block is turned by
// squares of 4 x 4, so that its rows are queries: lines of a panel in L1.
//===----------------------------------------------------------------------===//

#include "AttentionByProducts.h"

using namespace mlir;
using namespace skim;

void AttentionByProducts::addTypes(SmallVectorImpl<Type> &types) {
  constexpr int64_t any = ShapedType::kDynamic;
  if (spec.importance)
    types.push_back(b.buffer({any, any}));
  if (spec.diagonal)
    types.push_back(b.buffer({any, spec.heads, spec.diagonal}));
}

void AttentionByProducts::takeArguments(function_ref<Value()> take) {
  assert(spec.diagonal % 4 == 0 && !(spec.diagonal && spec.ownKeyRows) &&
         "blocks of whole squares, of queries that are the keys");
  if (spec.importance)
    importance = take();
  if (spec.diagonal)
    diagonal = take();
}

Value AttentionByProducts::scratchBytes(KernelBuilder &b,
                                        const AttentionSpec &spec, Value keys) {
  return spec.importance ? b.mul(keys, b.target.vectorWidth * 4) : b.index(0);
}

void AttentionByProducts::makeViews(Value scratch, Value offset, Value keys) {
  MemRefType type = b.buffer({ShapedType::kDynamic, b.target.vectorWidth});
  if (spec.importance)
    sums = b.view(scratch, offset, type, keys);
}

void AttentionByProducts::begin(const Task &task) {
  if (!spec.importance)
    return;
  Value zero = b.index(0), none = b.splat(0.0f);
  b.loop(zero, task.keys, 1,
         [&](Value j) { b.storeVector(none, sums, {j, zero}); });
}

/// The probability itself; rows without a live key may ask for zeros.
Value AttentionByProducts::probability(const Task &task, Value score,
                                       Value factor) {
  Value result = b.mulf(score, factor);
  if (!task.anyLive)
    return result;
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(result.getType()));
  return b.select(b.equal(task.anyLive, b.index(0)), zero, result);
}

void AttentionByProducts::addPanel(const Task &task, Value scores,
                                   Value factors, Value query, Value valid,
                                   int64_t vectors) {
  if (spec.importance) {
    // Lanes beyond the last query add exactly 0.
    Values parts;
    auto maskType = VectorType::get(b.target.vectorWidth, b.getI1Type());
    for (int64_t v = 0; v != vectors; ++v) {
      int64_t first = v * b.target.vectorWidth;
      Value count = b.max(b.sub(valid, b.index(first)), b.index(0));
      Value there = vector::CreateMaskOp::create(b, maskType, count);
      parts.push_back(b.select(there, b.loadVector(factors, {b.index(first)}),
                               b.splat(0.0f)));
    }
    addToSums(task, scores, parts);
  }
  if (spec.diagonal)
    writeDiagonal(task, scores, factors, query, valid);
}

void AttentionByProducts::addToSums(const Task &task, Value scores,
                                    ValueRange factors) {
  Value zero = b.index(0);
  b.loop(zero, task.keys, 1, [&](Value j) {
    Value sum = b.loadVector(sums, {j, zero});
    for (auto [v, factor] : llvm::enumerate(factors)) {
      Value lane = b.index(v * b.target.vectorWidth);
      Value score = b.loadVector(scores, {j, lane});
      sum = task.anyLive ? b.addf(sum, probability(task, score, factor))
                         : b.fma(score, factor, sum);
    }
    b.storeVector(sum, sums, {j, zero});
  });
}

/// The panel's queries at the keys of their blocks, four queries at a time:
/// they share a block, since its size is a multiple of 4 as that of a panel is.
void AttentionByProducts::writeDiagonal(const Task &task, Value scores,
                                        Value factors, Value query,
                                        Value valid) {
  Value size = b.index(spec.diagonal);
  auto four = VectorType::get(4, b.getF32Type());
  b.loop(b.index(0), valid, 4, [&](Value lane) {
    Value i = b.add(query, lane), firstKey = b.mul(b.div(i, size), size);
    Value row = b.add(task.firstKeyRow, i);
    b.loop(b.index(0), size, 4, [&](Value column) {
      Value key = b.add(firstKey, column);
      SmallVector<Type> types(4, four);
      Values turned = b.ifElse(
          b.less(key, task.keys), types,
          [&] { return fourProbabilities(task, scores, factors, lane, key); },
          [&] {
            Value zero = arith::ConstantOp::create(b, b.getZeroAttr(four));
            return Values(4, zero);
          });
      for (int64_t i = 0; i != 4; ++i)
        b.ifThen(b.less(b.add(lane, i), valid), [&] {
          vector::StoreOp::create(b, turned[i], diagonal,
                                  ValueRange{b.add(row, i), task.head, column});
        });
    });
  });
}

/// Result i holds the probabilities of the query at lane + i for four keys;
/// zeros where there is no key.
Values AttentionByProducts::fourProbabilities(const Task &task, Value scores,
                                              Value factors, Value lane,
                                              Value key) {
  auto four = VectorType::get(4, b.getF32Type());
  auto maskType = VectorType::get(4, b.getI1Type());
  Value factor = vector::LoadOp::create(b, four, factors, lane);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(four));
  Values rows;
  for (int64_t i = 0; i != 4; ++i) {
    Value score = vector::LoadOp::create(b, four, scores,
                                         ValueRange{b.add(key, i), lane});
    rows.push_back(probability(task, score, factor));
  }
  Values turned = b.transpose(rows);
  Value keysThere =
      vector::CreateMaskOp::create(b, maskType, b.sub(task.keys, key));
  for (Value &row : turned)
    row = b.select(keysThere, row, zero);
  return turned;
}

void AttentionByProducts::end(const Task &task) {
  if (!spec.importance)
    return;
  Value zero = b.index(0);
  b.loop(zero, task.keys, 1, [&](Value j) {
    Value sum = b.sumLanes(b.loadVector(sums, {j, zero}));
    b.store(sum, importance, {task.head, b.add(task.firstKeyRow, j)});
  });
}
