//===- AttentionTasks.cpp - the frame of attention kernels ----------------===//
// Tasks are shared out evenly, in whole panels of queries.
//===----------------------------------------------------------------------===//

#include "AttentionTasks.h"

using namespace mlir;
using namespace skim;

/// Most queries of a task: each task copies the keys and values anew, from L3
/// where the sequence is long.
static constexpr int64_t queryBlock = 256;

Launch AttentionTasks::launch(KernelBuilder &b, const AttentionSpec &spec,
                              Value batch, Value sequence, Value scratchBytes) {
  Value tasks = b.mul(batch, spec.heads);
  if (!spec.hasByProducts())
    tasks = b.mul(tasks, b.ceilDiv(sequence, queryBlock));
  return {tasks, b.index(1), scratchBytes};
}

func::FuncOp AttentionTasks::start(ModuleOp module, StringRef name) {
  constexpr int64_t any = ShapedType::kDynamic;
  MemRefType integers = MemRefType::get({any}, b.getI32Type());
  SmallVector<Type> types = {b.buffer({any, spec.qWidth}),
                             b.buffer({any, spec.kWidth}),
                             b.buffer({any, spec.vWidth}), integers, integers};
  if (spec.ownKeyRows)
    types.append({integers, integers});
  types.push_back(b.getIndexType());
  if (spec.mask)
    types.push_back(MemRefType::get({any, any}, b.getI1Type()));
  if (spec.bias)
    types.push_back(b.buffer({any, any, any, any}));
  relative.content.addTypes(types);
  relative.position.addTypes(types);
  types.push_back(b.buffer({any, spec.heads * spec.headDim}));
  byProducts.addTypes(types);
  func::FuncOp function = startKernel(b, module, name, types);
  readArguments(function);
  return function;
}

void AttentionTasks::readArguments(func::FuncOp function) {
  auto *next = function.getArguments().begin();
  auto take = [&]() -> Value { return *next++; };
  q = take();
  k = take();
  v = take();
  offsets = keyOffsets = take();
  positions = keyPositions = take();
  if (spec.ownKeyRows) {
    keyOffsets = take();
    keyPositions = take();
  }
  length = take();
  if (spec.mask)
    mask = take();
  if (spec.bias)
    bias = take();
  relative.content.takeArguments(take);
  relative.position.takeArguments(take);
  out = take();
  byProducts.takeArguments(take);
  begin = take();
  end = take();
  scratch = take();
}

void AttentionTasks::emitTasks() {
  b.reduce(begin, end, 1, b.index(-1),
           [&](Value task, ValueRange copied) -> Values {
             return {emitTask(task, copied[0])};
           });
}

/// `copied` says whose keys and values are in scratch memory, as the number of
/// a sequence and a head of them; gives whose are there after the task.
Value AttentionTasks::emitTask(Value task, Value copied) {
  if (spec.hasByProducts()) {
    findSequence(task);
    byProducts.begin(describeTask());
    copied = emitBlock(b.index(0), rows, copied);
    byProducts.end(describeTask());
    return copied;
  }
  Value blocks = b.ceilDiv(length, queryBlock);
  findSequence(b.div(task, blocks));
  int64_t panel = b.target.tileColumns;
  Value panels = b.ceilDiv(rows, panel);
  Value block = b.rem(task, blocks), next = b.add(block, 1);
  Value first = b.mul(b.div(b.mul(block, panels), blocks), panel);
  Value last = b.min(b.mul(b.div(b.mul(next, panels), blocks), panel), rows);
  return emitBlock(first, last, copied);
}

/// The queries [first, last), of which there may be none.
Value AttentionTasks::emitBlock(Value first, Value last, Value copied) {
  Value pair = b.add(b.mul(sequence, spec.kvHeads), keyHead());
  hasNewKeys = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, pair, copied);
  Value copies = b.select(b.less(b.index(0), keys), pair, copied);
  return b.ifElse(
      b.less(first, last), b.getIndexType(),
      [&]() -> Values {
        emitQueries(first, last);
        return {copies};
      },
      [&]() -> Values { return {copied}; })[0];
}

/// The rows of the sequence and the head that `pair` numbers.
void AttentionTasks::findSequence(Value pair) {
  sequence = b.div(pair, b.index(spec.heads));
  head = b.rem(pair, b.index(spec.heads));
  auto bound = [&](Value offsets, Value i) {
    return b.toIndex(b.load(offsets, {i}));
  };
  Value next = b.add(sequence, 1);
  firstRow = bound(offsets, sequence);
  rows = b.sub(bound(offsets, next), firstRow);
  firstKeyRow = bound(keyOffsets, sequence);
  keys = b.sub(bound(keyOffsets, next), firstKeyRow);
}

/// The queries [first, last) of the sequence, of which there is one at least.
void AttentionTasks::emitQueries(Value first, Value last) {
  // Rows with keys of their own may have none.
  if (spec.ownKeyRows)
    b.ifThen(
        b.less(b.index(0), keys), [&] { attend(first, last); },
        [&] { fillZeros(first, last); });
  else
    attend(first, last);
}

void AttentionTasks::fillZeros(Value first, Value last) {
  Value begin = b.mul(head, spec.headDim);
  b.loop(b.add(firstRow, first), b.add(firstRow, last), 1, [&](Value row) {
    b.forColumns(spec.headDim, [&](Value column, int64_t count) {
      b.storeVector(b.splat(0.0f), out, {row, b.add(begin, column)}, count);
    });
  });
}

void AttentionTasks::forPanels(Value first, Value last,
                               function_ref<void(Value, int64_t)> panel) {
  int64_t lane = b.target.vectorWidth, lanes = b.target.tileColumns;
  Value end = last;
  if (lanes > lane) {
    Value rest = b.rem(b.sub(last, first), b.index(lanes));
    Value isShort = b.less(rest, b.index(lane + 1));
    end = b.select(isShort, b.sub(last, rest), last);
  }
  b.loop(first, end, lanes, [&](Value query) { panel(query, lanes / lane); });
  if (lanes > lane)
    b.ifThen(b.less(end, last), [&] { panel(end, 1); });
}
