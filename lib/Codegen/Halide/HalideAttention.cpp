//===- HalideAttention.cpp - attention as a kernel ------------------------===//
//
// Tasks as in the MLIR emitter's kernel: a sequence, a head and up to 256
// queries; with by-products all queries of a sequence and head. A task is a
// call of the pipeline that copies the head's keys and values, and one for each
// panel of queries, which is as wide as a tile of weights; a last panel that
// fits into one vector is one vector wide, by a pipeline of its own.
//
// By-products are begun and ended as in the MLIR emitter's kernel.
//===----------------------------------------------------------------------===//

#include "HalideAttention.h"

#include "../CPU/AttentionByProducts.h"

using namespace mlir;
using namespace skim;

static constexpr int64_t queryBlock = 256;
static constexpr float log2e = 1.44269502f;

namespace {
/// Where things lie in a thread's scratch memory, in bytes.
struct Scratch {
  Scratch(KernelBuilder &b, const AttentionSpec &spec, Value sequence)
      : layout(describeMachine(b.target), spec.headDim) {
    auto place = [&](Value &offset, Value bytes) {
      offset = total ? total : b.index(0);
      total = b.add(offset, bytes);
    };
    Value keys = pad(b, sequence),
          panel = b.mul(keys, b.target.tileColumns * 4);
    place(scores, panel);
    // Beyond the keys a diagonal block's are read, and not used.
    place(powers, b.add(panel, spec.diagonal * b.target.tileColumns * 4));
    place(byProducts, AttentionByProducts::scratchBytes(b, spec, keys));
    place(valueRows, b.mul(keys, layout.tiles * layout.tileStride * 4));
    place(keyRows, b.mul(keys, spec.headDim * 4));
    paddedKeys = keys;
  }
  Value pad(KernelBuilder &b, Value keys) const {
    return b.mul(b.ceilDiv(keys, layout.keysAtOnce), layout.keysAtOnce);
  }

  halide::HeadLayout layout;
  Value scores, powers, byProducts, valueRows, keyRows, paddedKeys, total;
};

/// Code of one kernel.
class HalideAttentionKernel {
public:
  HalideAttentionKernel(KernelBuilder &b, const AttentionSpec &spec)
      : b(b), spec(spec), byProducts(b, spec) {}
  LogicalResult makePipelines(ModuleOp module,
                              const halide::Pipelines &pipelines,
                              StringRef name);
  func::FuncOp emit(ModuleOp module, StringRef name);

private:
  void readArguments(func::FuncOp function);
  void emitTask(Value task);
  void findSequence(Value pair);
  void emitQueries(Value first, Value last);
  void copyHead();
  void emitPanels(Value first, Value last);
  void emitPanel(func::FuncOp pipeline, int64_t lanes, Value query, Value last);
  void fillZeros(Value first, Value last);
  Value place(Value offset) {
    return b.add(addressOf(b, scratch, b.index(0)), offset);
  }
  AttentionByProducts::Task describeTask() {
    return {head, firstKeyRow, keys, Value()};
  }
  int64_t lanes() const { return b.target.vectorWidth; }
  int64_t panel() const { return b.target.tileColumns; }

  KernelBuilder &b;
  const AttentionSpec &spec;
  AttentionByProducts byProducts;
  func::FuncOp headPipeline, panelPipeline, shortPipeline;
  Value q, k, v, offsets, keyOffsets, length, out, begin, end, scratch;
  std::optional<Scratch> places;
  // Of the current task.
  Value head, firstRow, rows, firstKeyRow, keys, padded;
};
} // namespace

LogicalResult HalideAttentionKernel::makePipelines(
    ModuleOp module, const halide::Pipelines &pipelines, StringRef name) {
  halide::Attention attention;
  attention.heads = spec.heads;
  attention.headDim = spec.headDim;
  attention.scale = spec.scale * log2e;
  attention.qWidth = spec.qWidth;
  attention.kWidth = spec.kWidth;
  attention.vWidth = spec.vWidth;
  attention.importance = spec.importance;
  attention.diagonal = spec.diagonal;
  auto make = [&](func::FuncOp &pipeline,
                  halide::Pipelines::Make<halide::Attention> how,
                  StringRef part) {
    FailureOr<func::FuncOp> made =
        makePipeline(module, b.target, how, attention, (name + part).str());
    if (succeeded(made))
      pipeline = *made;
    return LogicalResult(made);
  };
  if (failed(make(headPipeline, pipelines.attentionHead, "_head")))
    return failure();
  attention.panel = panel();
  if (failed(make(panelPipeline, pipelines.attentionPanel, "_panel")))
    return failure();
  attention.panel = lanes();
  return panel() == lanes()
             ? success()
             : make(shortPipeline, pipelines.attentionPanel, "_short");
}

func::FuncOp HalideAttentionKernel::emit(ModuleOp module, StringRef name) {
  constexpr int64_t any = ShapedType::kDynamic;
  MemRefType integers = MemRefType::get({any}, b.getI32Type());
  SmallVector<Type> types = {b.buffer({any, spec.qWidth}),
                             b.buffer({any, spec.kWidth}),
                             b.buffer({any, spec.vWidth}), integers, integers};
  if (spec.ownKeyRows)
    types.append({integers, integers});
  types.push_back(b.getIndexType());
  types.push_back(b.buffer({any, spec.heads * spec.headDim}));
  byProducts.addTypes(types);
  func::FuncOp function = startKernel(b, module, name, types);
  readArguments(function);
  places.emplace(b, spec, length);
  byProducts.makeViews(scratch, places->byProducts, places->paddedKeys);
  b.loop(begin, end, 1, [&](Value task) { emitTask(task); });
  finishKernel(b, function);
  return function;
}

void HalideAttentionKernel::readArguments(func::FuncOp function) {
  auto *next = function.getArguments().begin();
  auto take = [&]() -> Value { return *next++; };
  q = take();
  k = take();
  v = take();
  offsets = keyOffsets = take();
  take(); // positions, for masks and biases
  if (spec.ownKeyRows) {
    keyOffsets = take();
    take();
  }
  length = take();
  out = take();
  byProducts.takeArguments(take);
  begin = take();
  end = take();
  scratch = take();
}

void HalideAttentionKernel::emitTask(Value task) {
  if (spec.hasByProducts()) {
    findSequence(task);
    byProducts.begin(describeTask());
    b.ifThen(b.less(b.index(0), rows), [&] { emitQueries(b.index(0), rows); });
    byProducts.end(describeTask());
    return;
  }
  Value blocks = b.ceilDiv(length, queryBlock);
  findSequence(b.div(task, blocks));
  // Shared out evenly, in whole panels.
  Value panels = b.ceilDiv(rows, panel());
  Value block = b.rem(task, blocks), next = b.add(block, 1);
  Value first = b.mul(b.div(b.mul(block, panels), blocks), panel());
  Value last = b.min(b.mul(b.div(b.mul(next, panels), blocks), panel()), rows);
  b.ifThen(b.less(first, last), [&] { emitQueries(first, last); });
}

/// The rows of the sequence and the head that `pair` numbers.
void HalideAttentionKernel::findSequence(Value pair) {
  Value sequence = b.div(pair, b.index(spec.heads));
  head = b.rem(pair, b.index(spec.heads));
  auto bound = [&](Value offsets, Value i) {
    return b.toIndex(b.load(offsets, {i}));
  };
  Value next = b.add(sequence, 1);
  firstRow = bound(offsets, sequence);
  rows = b.sub(bound(offsets, next), firstRow);
  firstKeyRow = bound(keyOffsets, sequence);
  keys = b.sub(bound(keyOffsets, next), firstKeyRow);
  padded = places->pad(b, keys);
}

/// The queries [first, last) of the sequence, of which there is one at least.
void HalideAttentionKernel::emitQueries(Value first, Value last) {
  auto attend = [&] {
    copyHead();
    emitPanels(first, last);
  };
  // Rows with keys of their own may have none.
  if (spec.ownKeyRows)
    b.ifThen(b.less(b.index(0), keys), attend, [&] { fillZeros(first, last); });
  else
    attend();
}

void HalideAttentionKernel::copyHead() {
  Value group = b.div(b.mul(head, spec.kvHeads), b.index(spec.heads));
  Value column = b.mul(group, spec.headDim);
  auto from = [&](Value buffer, int64_t width, int64_t first) {
    Value offset = b.add(b.mul(firstKeyRow, width), b.add(column, first));
    return addressOf(b, buffer, offset);
  };
  func::CallOp::create(b, headPipeline,
                       Values{from(k, spec.kWidth, spec.kColumn),
                              from(v, spec.vWidth, spec.vColumn), keys, padded,
                              place(places->keyRows),
                              place(places->valueRows)});
}

void HalideAttentionKernel::emitPanels(Value first, Value last) {
  Value end = last;
  if (shortPipeline) {
    Value rest = b.rem(b.sub(last, first), b.index(panel()));
    Value isShort = b.less(rest, b.index(lanes() + 1));
    end = b.select(isShort, b.sub(last, rest), last);
  }
  b.loop(first, end, panel(),
         [&](Value query) { emitPanel(panelPipeline, panel(), query, last); });
  if (shortPipeline)
    b.ifThen(b.less(end, last),
             [&] { emitPanel(shortPipeline, lanes(), end, last); });
}

/// The queries from `query` on, `lanes` at most.
void HalideAttentionKernel::emitPanel(func::FuncOp pipeline, int64_t lanes,
                                      Value query, Value last) {
  Value row = b.add(firstRow, query), column = b.mul(head, spec.headDim);
  Value from = b.add(b.mul(row, spec.qWidth), b.add(column, spec.qColumn));
  Values operands = {addressOf(b, q, from),
                     place(places->keyRows),
                     place(places->valueRows),
                     b.min(b.sub(last, query), b.index(lanes)),
                     keys,
                     padded};
  Value inBlock;
  if (spec.diagonal) {
    inBlock = b.rem(query, b.index(spec.diagonal));
    operands.append({inBlock, b.sub(query, inBlock)});
  }
  operands.append({place(places->scores), place(places->powers)});
  if (spec.importance)
    operands.push_back(place(places->byProducts));
  if (spec.diagonal)
    operands.push_back(
        addressOf(b, byProducts.diagonalBuffer(),
                  b.mul(b.add(b.mul(row, spec.heads), head), spec.diagonal)));
  Value to = b.add(b.mul(row, spec.heads * spec.headDim), column);
  operands.push_back(addressOf(b, out, to));
  func::CallOp::create(b, pipeline, operands);
}

void HalideAttentionKernel::fillZeros(Value first, Value last) {
  Value begin = b.mul(head, spec.headDim);
  b.loop(b.add(firstRow, first), b.add(firstRow, last), 1, [&](Value row) {
    b.forColumns(spec.headDim, [&](Value column, int64_t count) {
      b.storeVector(b.splat(0.0f), out, {row, b.add(begin, column)}, count);
    });
  });
}

bool skim::hasHalideAttention(const AttentionSpec &spec) {
  return !spec.mask && !spec.bias && !spec.window;
}

FailureOr<func::FuncOp>
skim::emitHalideAttention(KernelBuilder &b, ModuleOp module,
                          const halide::Pipelines &pipelines,
                          const AttentionSpec &spec, StringRef name) {
  HalideAttentionKernel kernel(b, spec);
  if (failed(kernel.makePipelines(module, pipelines, name)))
    return failure();
  return kernel.emit(module, name);
}

Launch skim::launchHalideAttention(KernelBuilder &b, const AttentionSpec &spec,
                                   Value batch, Value sequence) {
  Value tasks = b.mul(batch, spec.heads);
  if (!spec.hasByProducts())
    tasks = b.mul(tasks, b.ceilDiv(sequence, queryBlock));
  return {tasks, b.index(1), Scratch(b, spec, sequence).total};
}
