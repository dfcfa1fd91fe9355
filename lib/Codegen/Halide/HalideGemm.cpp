//===- HalideGemm.cpp - the matrix product as a kernel --------------------===//
//
// Task = (block of rows, group of column tiles), as in the MLIR emitter's
// kernel. Rows are shared out evenly among panels, which have one of two sizes:
// a call of the pipeline for each, and the same again for the last column tile
// where that is not whole.
//
// The pipeline takes K at once. A block's rows and one tile's weights stay in
// L2 together: three quarters of it for the rows, less where K is long.
//===----------------------------------------------------------------------===//

#include "HalideGemm.h"

#include "../CPU/Gemm.h"

using namespace mlir;
using namespace skim;

namespace {
/// Sizes of the tasks; both the kernel and its caller follow them.
struct Tasks : GemmTasks {
  Tasks(const TargetInfo &target, const GemmSpec &spec)
      : GemmTasks(target, spec) {
    int64_t tileBytes = spec.k * target.tileColumns * 4;
    int64_t room = std::max<int64_t>(target.l2Bytes * 3 / 4,
                                     target.l2Bytes - tileBytes * 3 / 2);
    if (tileBytes > target.l2Bytes / 4)
      room = target.l2Bytes / 2;
    rowBlock =
        std::clamp<int64_t>(room / (spec.k * 4), 4 * target.tileRows, 192);
  }
};

/// Code of one kernel.
class HalideGemmKernel : GemmArguments {
public:
  HalideGemmKernel(KernelBuilder &b, const GemmSpec &spec)
      : b(b), spec(spec), tasks(b.target, spec) {}
  func::FuncOp emit(ModuleOp module, func::FuncOp callee, StringRef name);

private:
  void emitTask(Value task);
  void emitRows(Value row, Value rows, Value size, Value firstTile,
                Value lastTile);
  void emitCall(Value row, Value rows, Value size, Value tile, Value tiles,
                int64_t columns);
  int64_t tail() const { return spec.n % b.target.tileColumns; }

  KernelBuilder &b;
  const GemmSpec &spec;
  Tasks tasks;
  func::FuncOp pipeline;
};
} // namespace

func::FuncOp HalideGemmKernel::emit(ModuleOp module, func::FuncOp callee,
                                    StringRef name) {
  pipeline = callee;
  func::FuncOp function = startKernel(b, module, name, types(b, spec));
  read(function, spec);
  b.loop(begin, end, 1, [&](Value task) { emitTask(task); });
  finishKernel(b, function);
  return function;
}

void HalideGemmKernel::emitTask(Value task) {
  GemmTasks::Range of = tasks.rangeOf(b, task, b.dim(out, 0));
  // The first `longer` panels have one row more.
  Value count = b.sub(of.endRow, of.firstRow);
  Value panels = b.ceilDiv(count, b.target.tileRows);
  Value size = b.div(count, panels), longer = b.rem(count, panels);
  Value more = b.add(size, 1), moreRows = b.mul(longer, more);
  b.ifThen(b.less(b.index(0), longer), [&] {
    emitRows(of.firstRow, moreRows, more, of.firstTile, of.lastTile);
  });
  emitRows(b.add(of.firstRow, moreRows), b.sub(count, moreRows), size,
           of.firstTile, of.lastTile);
}

/// The rows [row, row + rows) in panels of `size`, for a group of tiles.
void HalideGemmKernel::emitRows(Value row, Value rows, Value size,
                                Value firstTile, Value lastTile) {
  int64_t whole = b.target.tileColumns;
  Value end = tail() ? b.min(lastTile, b.index(tasks.tiles - 1)) : lastTile;
  auto wholeTiles = [&] {
    emitCall(row, rows, size, firstTile, b.sub(end, firstTile), whole);
  };
  if (!tail())
    return wholeTiles();
  b.ifThen(b.less(firstTile, end), wholeTiles);
  b.ifThen(b.less(end, lastTile),
           [&] { emitCall(row, rows, size, end, b.index(1), tail()); });
}

void HalideGemmKernel::emitCall(Value row, Value rows, Value size, Value tile,
                                Value tiles, int64_t columns) {
  int64_t t = b.target.tileColumns;
  Value column = b.mul(tile, t), zero = b.index(0);
  auto place = [&](Value row) { return b.add(b.mul(row, spec.n), column); };
  Values operands = {addressOf(b, x, spec.indexed ? zero : b.mul(row, spec.k))};
  if (spec.indexed)
    operands.push_back(addressOf(b, index, row));
  operands.push_back(addressOf(b, w, b.mul(column, spec.k)));
  if (spec.bias)
    operands.push_back(addressOf(b, bias, column));
  if (spec.residual)
    operands.push_back(
        addressOf(b, residual, place(spec.residualIndexed ? zero : row)));
  if (spec.residual && spec.residualIndexed)
    operands.push_back(addressOf(b, residualIndex, row));
  operands.append({size, rows, tiles, b.index(columns)});
  operands.push_back(addressOf(b, out, place(row)));
  func::CallOp::create(b, pipeline, operands);
}

FailureOr<func::FuncOp> skim::emitHalideGemm(KernelBuilder &b, ModuleOp module,
                                             const halide::Pipelines &pipelines,
                                             const GemmSpec &spec,
                                             StringRef name) {
  halide::Gemm gemm;
  gemm.k = spec.k;
  gemm.n = spec.n;
  gemm.activation = stringifyActivation(spec.activation).str();
  gemm.bias = spec.bias;
  gemm.residual = spec.residual;
  gemm.indexed = spec.indexed;
  gemm.residualIndexed = spec.residualIndexed;
  FailureOr<func::FuncOp> pipeline =
      makePipeline(module, b.target, pipelines.gemm, gemm, name);
  if (failed(pipeline))
    return failure();
  return HalideGemmKernel(b, spec).emit(module, *pipeline, name);
}

Launch skim::launchHalideGemm(KernelBuilder &b, const GemmSpec &spec,
                              Value rows) {
  return Tasks(b.target, spec).launch(b, rows);
}
