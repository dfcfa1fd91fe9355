//===- HalideAttention.cpp - attention as a kernel ------------------------===//
//
// A task (AttentionTasks.h) is a call of the pipeline that copies the head's
// keys and values, and one for each panel of queries; one for panels of one
// vector has its own.
//
// By-products are begun and ended as in the MLIR emitter's kernel.
//===----------------------------------------------------------------------===//

#include "HalideAttention.h"

#include "../CPU/AttentionTasks.h"

using namespace mlir;
using namespace skim;

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
class HalideAttentionKernel : AttentionTasks {
public:
  HalideAttentionKernel(KernelBuilder &b, const AttentionSpec &spec)
      : AttentionTasks(b, spec) {}
  LogicalResult makePipelines(ModuleOp module,
                              const halide::Pipelines &pipelines,
                              StringRef name);
  func::FuncOp emit(ModuleOp module, StringRef name);

private:
  void attend(Value first, Value last) override;
  void copyHead();
  void emitPanel(func::FuncOp pipeline, int64_t lanes, Value query, Value last);
  Value place(Value offset) {
    return b.add(addressOf(b, scratch, b.index(0)), offset);
  }
  int64_t lanes() const { return b.target.vectorWidth; }
  int64_t panel() const { return b.target.tileColumns; }

  func::FuncOp headPipeline, panelPipeline, shortPipeline;
  std::optional<Scratch> places;
  Value padded; ///< the task's keys
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
  func::FuncOp function = start(module, name);
  places.emplace(b, spec, length);
  byProducts.makeViews(scratch, places->byProducts, places->paddedKeys);
  emitTasks();
  finishKernel(b, function);
  return function;
}

void HalideAttentionKernel::attend(Value first, Value last) {
  padded = places->pad(b, keys);
  b.ifThen(hasNewKeys, [&] { copyHead(); });
  forPanels(first, last, [&](Value query, int64_t vectors) {
    int64_t count = vectors * lanes();
    emitPanel(count == panel() ? panelPipeline : shortPipeline, count, query,
              last);
  });
}

void HalideAttentionKernel::copyHead() {
  Value column = keyColumn();
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

bool skim::hasHalideAttention(const AttentionSpec &spec) {
  return spec.products == AttentionProducts::Fma && !spec.changesScores();
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
  return AttentionTasks::launch(b, spec, batch, sequence,
                                Scratch(b, spec, sequence).total);
}
