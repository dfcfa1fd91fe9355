//===- AmxGemm.cpp - the matrix product by tiles of AMX -------------------===//
//
// What is computed: what Gemm.cpp says, in bf16 or int8. An element's sum is
// made of steps of up to 16 words of K, ascending from +0 (AmxTiles.cpp); their
// length depends on K alone, so a row's result does not depend on the number of
// rows or their blocks.
//
// How it is scheduled
//
//   task = (block of rows, group of column tiles)
//     for each column tile of the group:       w[tile] stays in L2
//       for each panel of rows:                2 x 2 tiles of sums, 32 x 32
//         for k, a step at a time              and the next tile is fetched
//           bias, activation, residual         of the panel before: its sums
//                                              lie in L1
//
// A step loads two tiles of states and two of weights for four products; each
// is loaded as soon as its register is free, a step ahead of its use. Results
// are made among the next panel's products, some rows a step: vectors and tiles
// have units of their own. That took 384 x 1536 with GELU and 384 rows from 684
// to 570 us in bf16, from 587 to 450 in int8 (Emerald Rapids). The last panel's
// come after it, and each panel's own where K has too few steps.
//
// Measured on an Emerald Rapids core of a virtual machine, BERT-base with 128
// rows: 21 to 29% of the peak of the tiles in bf16, 18 to 28% in int8. Weights
// come from memory at 6 to 7 GB/s then: it is that which they wait for
// (docs/types.md).
//===----------------------------------------------------------------------===//

#include "AmxGemm.h"

#include "AmxPanels.h"
#include "GemmEpilogue.h"
#include "TileStreams.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

namespace {
constexpr int64_t panelRows = AmxPanels::rows;

/// Sizes of the schedule; both the kernel and its caller follow them.
struct Blocking : GemmTasks {
  Blocking(const TargetInfo &target, const GemmSpec &spec)
      : GemmTasks(target, spec), words(spec.dtype, spec.k) {
    int64_t fit = target.l2Bytes * 3 / 4 / (words.ofState() * 4);
    rowBlock = std::clamp<int64_t>(fit / panelRows * panelRows, panelRows, 384);
    step = target.tileStep(spec.dtype, spec.k);
    steps = llvm::divideCeil(words.count, step);
    finishedRows = AmxPanels::rowsToFinish(steps);
    sumsBytes = sumsRows * target.tileColumns * 4;
  }
  Words words;
  int64_t step, steps;  ///< words of K in a step, steps in K
  int64_t finishedRows; ///< of the panel before, a step
  static constexpr int64_t sumsRows = 2 * panelRows; ///< panels take turns
  int64_t sumsBytes; ///< scratch memory for sums
};

/// Code of one kernel.
class AmxGemmKernel : GemmArguments {
public:
  AmxGemmKernel(KernelBuilder &b, const GemmSpec &spec)
      : b(b), spec(spec), blocking(b.target, spec),
        amx(b, spec.dtype, blocking.step), dot(b, spec.dtype, spec.k),
        epilogue(b, spec, dot) {}
  func::FuncOp emit(ModuleOp module);

private:
  void emitTask(Value task);
  /// What a panel does with a column tile.
  struct Work {
    AmxPanels::Panel panel;
    Value tile;
    Value sumsRow = {};                ///< where its sums go
    GemmEpilogue::Waiting before = {}; ///< the panel before it
    int64_t finishedRows = 0;          ///< of that one, in each step
    int64_t halves = 2;                ///< of the panel that have rows
    int64_t streams = 0;               ///< that the next tile is asked for in
  };
  GemmEpilogue::Waiting waiting(AmxPanels &panels, Value index, Value tile,
                                Value endRow);
  void emitPanel(AmxPanels &panels, Value index, Value tile);
  void emitSums(const Work &work, const TileStreams &nextTile);
  void emitStep(const Work &work, ValueRange rows, Value number, Value k,
                Value next);
  void loadStates(int64_t half, Value row, Value k);
  void loadWeights(int64_t half, Value tile, Value k);
  TileStreams nextTile(Value tile, int64_t streams, Value panel, Value panels);

  KernelBuilder &b;
  const GemmSpec &spec;
  Blocking blocking;
  AmxTiles amx;
  DotProducts dot;
  GemmEpilogue epilogue;
  Value configs, sums; ///< in scratch memory
};
} // namespace

func::FuncOp AmxGemmKernel::emit(ModuleOp module) {
  func::FuncOp function = startKernel(b, module, spec.name(), types(b, spec));
  read(function, spec);
  Value scratch = function.getArguments().back();
  configs = AmxPanels::configsAt(b, scratch, 0);
  sums = b.view(scratch, b.index(AmxPanels::configBytes),
                b.buffer({Blocking::sumsRows, b.target.tileColumns}));
  b.loop(begin, end, 1, [&](Value task) { emitTask(task); });
  amx.release();
  finishKernel(b, function);
  return function;
}

void AmxGemmKernel::emitTask(Value task) {
  GemmTasks::Range of = blocking.rangeOf(b, task, b.dim(out, 0));
  AmxPanels panels(b, amx, configs, of.firstRow, of.endRow);
  b.loop(of.firstTile, of.lastTile, 1, [&](Value tile) {
    b.loop(b.index(0), panels.count, 1,
           [&](Value index) { emitPanel(panels, index, tile); });
    if (blocking.finishedRows)
      epilogue.finish(*this, waiting(panels, b.sub(panels.count, b.index(1)),
                                     tile, of.endRow));
  });
}

/// Panel `index`, up to row `endRow`.
GemmEpilogue::Waiting AmxGemmKernel::waiting(AmxPanels &panels, Value index,
                                             Value tile, Value endRow) {
  return {sums, panels.inTurns(index), tile, panels.at(index).row, endRow};
}

void AmxGemmKernel::emitPanel(AmxPanels &panels, Value index, Value tile) {
  Work work{panels.use(index), tile};
  // The first has none before it: no rows.
  Value before = b.max(b.sub(index, b.index(1)), b.index(0));
  work.before = waiting(panels, before, tile, work.panel.row);
  work.sumsRow = panels.inTurns(index);
  Value next = b.min(b.add(tile, 1), b.index(blocking.tiles - 1));
  auto emit = [&](int64_t halves, int64_t streams) {
    work.halves = halves;
    work.streams = streams;
    emitSums(work, nextTile(next, streams, index, panels.count));
  };
  auto alone = [&] {
    b.ifThen(panels.oneHalf, [&] { emit(1, 32); }, [&] { emit(2, 32); });
  };
  // A step of K has time for eight lines, and four panels have asked for all of
  // the next tile; fewer wait for memory and ask for more at once.
  auto several = [&] {
    work.finishedRows = blocking.finishedRows;
    b.ifThen(
        b.less(panels.count, b.index(4)), [&] { emit(2, 16); },
        [&] { emit(2, 8); });
  };
  b.ifThen(b.equal(panels.count, b.index(1)), alone, several);
  if (!blocking.finishedRows) {
    Value endRow = b.add(work.panel.row, work.panel.count);
    epilogue.finish(*this, waiting(panels, index, tile, endRow));
  }
}

/// The sums of the rows of the panel and the columns of the tile, into `sums`.
void AmxGemmKernel::emitSums(const Work &work, const TileStreams &nextTile) {
  Values rows = {work.panel.row, b.add(work.panel.row, work.panel.upper)};
  for (int64_t half = 0; half != work.halves; ++half)
    for (int64_t columns = 0; columns != 2; ++columns)
      amx.zeroSums(half, columns);
  Value first = b.index(0), end = b.index(blocking.words.count);
  loadWeights(0, work.tile, first);
  loadStates(0, rows[0], first);
  loadWeights(1, work.tile, first);
  b.loop(first, end, blocking.step, [&](Value k) {
    Value number = b.div(k, b.index(blocking.step));
    nextTile.fetch(b, blocking.words.perWord, blocking.words.count,
                   b.add(nextTile.first, number), 0, work.streams);
    // The last step loads its own operands again.
    Value last = b.index(blocking.words.count - blocking.step);
    emitStep(work, rows, number, k, b.min(b.add(k, blocking.step), last));
  });
  Values places = {work.sumsRow, b.add(work.sumsRow, work.panel.upper)};
  for (int64_t half = 0; half != work.halves; ++half)
    for (int64_t columns = 0; columns != 2; ++columns)
      amx.storeSums(half, columns, sums,
                    {places[half], b.index(columns * AmxTiles::columns)},
                    b.target.tileColumns * 4);
}

void AmxGemmKernel::loadStates(int64_t half, Value row, Value k) {
  const Words &words = blocking.words;
  amx.loadStates(half, x, {row, b.mul(k, words.perWord)}, words.ofState() * 4);
}
void AmxGemmKernel::loadWeights(int64_t half, Value tile, Value k) {
  Value first = b.index(half * AmxTiles::columns * blocking.words.perWord);
  amx.loadWeights(half, w, {tile, k, first}, b.target.tileColumns * 4);
}

/// The products of words `k`, of which all operands are there but the states of
/// the lower half; loads those of words `next` as soon as a register is free.
/// Results of the panel before are made in between, where there is one.
void AmxGemmKernel::emitStep(const Work &work, ValueRange rows, Value number,
                             Value k, Value next) {
  Value firstRow = b.mul(number, work.finishedRows);
  TakingTurns results(work.finishedRows, 2 * work.halves);
  int64_t product = 0;
  auto multiplyAdd = [&](int64_t half, int64_t columns) {
    amx.multiplyAdd(half, columns);
    results.after(++product, [&](int64_t row) {
      epilogue.finishOne(*this, work.before, b.add(firstRow, row));
    });
  };
  multiplyAdd(0, 0);
  if (work.halves == 2)
    loadStates(1, rows[1], k);
  multiplyAdd(0, 1);
  loadStates(0, rows[0], next);
  if (work.halves == 2)
    multiplyAdd(1, 0);
  loadWeights(0, work.tile, next);
  if (work.halves == 2)
    multiplyAdd(1, 1);
  loadWeights(1, work.tile, next);
}

/// What one of `panels` panels asks for of a tile, in so many streams.
TileStreams AmxGemmKernel::nextTile(Value tile, int64_t streams, Value panel,
                                    Value panels) {
  int64_t words = blocking.words.count;
  Value lines = b.index(words * TileStreams::linesPerWord(b.target) / streams);
  Value own = b.index(blocking.steps);
  return {w, tile, b.index(0), lines,
          TileStreams::share(b, lines, own, panel, panels)};
}

bool skim::usesAmx(const TargetInfo &target, const GemmSpec &spec) {
  return target.tileStep(spec.dtype, spec.k) != 0;
}

func::FuncOp skim::emitAmxGemm(KernelBuilder &b, ModuleOp module,
                               const GemmSpec &spec) {
  return AmxGemmKernel(b, spec).emit(module);
}

Launch skim::launchAmxGemm(KernelBuilder &b, const GemmSpec &spec, Value rows) {
  Blocking blocking(b.target, spec);
  return blocking.launch(b, rows, AmxPanels::configBytes + blocking.sumsBytes);
}
