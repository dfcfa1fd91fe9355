//===- AttentionTasks.h - the frame of attention kernels --------*- C++ -*-===//
// Arguments, tasks and panels of an AttentionSpec's kernel, whoever emits it.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_ATTENTIONTASKS_H
#define SKIM_LIB_CODEGEN_CPU_ATTENTIONTASKS_H

#include "AttentionByProducts.h"
#include "AttentionPositions.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

/// Says which task computes what; what is derived from it computes it.
///
/// A task is a sequence, a head and a block of queries, or all of its queries
/// where by-products are asked for, which are sums over them.
class AttentionTasks {
public:
  /// How a call for `batch` sequences of at most `sequence` rows is cut.
  static Launch launch(KernelBuilder &builder, const AttentionSpec &spec,
                       Value batch, Value sequence, Value scratchBytes);

protected:
  /// Softmax in powers of two takes its scores times this.
  static constexpr float log2e = 1.44269502f;

  AttentionTasks(KernelBuilder &b, const AttentionSpec &spec)
      : b(b), spec(spec), byProducts(b, spec), relative(b, spec) {}
  virtual ~AttentionTasks() = default;

  /// Begins the kernel and finds its arguments.
  mlir::func::FuncOp start(mlir::ModuleOp module, llvm::StringRef name);
  /// The loop over the tasks of a call.
  void emitTasks();
  /// The queries [first, last) of the task's sequence, one at least, which has
  /// a key at least.
  virtual void attend(Value first, Value last) = 0;

  /// Panels as wide as a tile of weights; a rest that one vector holds goes by
  /// itself. `panel` takes the first query and the number of vectors.
  void forPanels(Value first, Value last,
                 llvm::function_ref<void(Value query, int64_t vectors)> panel);
  /// Which head of keys and values the task's queries have: they may share one.
  Value keyHead() {
    return b.div(b.mul(head, spec.kvHeads), b.index(spec.heads));
  }
  /// The first column of the task's keys and values, less `kColumn` and
  /// `vColumn`.
  Value keyColumn() { return b.mul(keyHead(), spec.headDim); }
  AttentionByProducts::Task describeTask() {
    return {head, firstKeyRow, keys, Value()};
  }

  KernelBuilder &b;
  const AttentionSpec &spec;
  AttentionByProducts byProducts;
  AttentionPositions relative;
  Value q, k, v, offsets, positions, keyOffsets, keyPositions, length, mask,
      bias, out, begin, end, scratch;
  // Of the current task.
  Value sequence, head, firstRow, rows, firstKeyRow, keys;
  /// Whether the keys and values differ from those of the task before, whose
  /// copies are in scratch memory still.
  Value hasNewKeys;

private:
  void readArguments(mlir::func::FuncOp function);
  Value emitTask(Value task, Value copied);
  Value emitBlock(Value first, Value last, Value copied);
  void findSequence(Value pair);
  void emitQueries(Value first, Value last);
  void fillZeros(Value first, Value last);
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_ATTENTIONTASKS_H
