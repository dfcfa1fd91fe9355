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
//         bias, activation, residual           sums pass through L1
//
// A step loads two tiles of states and two of weights for four products; each
// is loaded as soon as its register is free, a step ahead of its use.
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
    sumsBytes = panelRows * target.tileColumns * 4;
  }
  Words words;
  int64_t sumsBytes; ///< scratch memory for the sums of a panel
};

/// Code of one kernel.
class AmxGemmKernel : GemmArguments {
public:
  AmxGemmKernel(KernelBuilder &b, const GemmSpec &spec)
      : b(b), spec(spec), step(b.target.tileStep(spec.dtype, spec.k)),
        amx(b, spec.dtype, step), dot(b, spec.dtype, spec.k),
        epilogue(b, spec, dot), blocking(b.target, spec) {}
  func::FuncOp emit(ModuleOp module);

private:
  void emitTask(Value task);
  void emitPanel(int64_t halves, const AmxPanels::Panel &panel, Value tile,
                 const TileStreams &nextTile, int64_t streams);
  void emitStep(int64_t halves, ValueRange rows, Value tile, Value k,
                Value next);
  void loadStates(int64_t half, Value row, Value k);
  void loadWeights(int64_t half, Value tile, Value k);
  TileStreams nextTile(Value tile, int64_t streams, Value panel, Value panels);

  KernelBuilder &b;
  const GemmSpec &spec;
  int64_t step; ///< words of K
  AmxTiles amx;
  DotProducts dot;
  GemmEpilogue epilogue;
  Blocking blocking;
  Value configs, sums; ///< in scratch memory
};
} // namespace

func::FuncOp AmxGemmKernel::emit(ModuleOp module) {
  func::FuncOp function = startKernel(b, module, spec.name(), types(b, spec));
  read(function, spec);
  Value scratch = function.getArguments().back();
  configs = AmxPanels::configsAt(b, scratch, 0);
  sums = b.view(scratch, b.index(AmxPanels::configBytes),
                b.buffer({panelRows, b.target.tileColumns}));
  b.loop(begin, end, 1, [&](Value task) { emitTask(task); });
  amx.release();
  finishKernel(b, function);
  return function;
}

void AmxGemmKernel::emitTask(Value task) {
  GemmTasks::Range of = blocking.rangeOf(b, task, b.dim(out, 0));
  AmxPanels panels(b, amx, configs, of.firstRow, of.endRow);
  b.loop(of.firstTile, of.lastTile, 1, [&](Value tile) {
    Value next = b.min(b.add(tile, 1), b.index(blocking.tiles - 1));
    b.loop(b.index(0), panels.count, 1, [&](Value index) {
      AmxPanels::Panel panel = panels.use(index);
      auto emit = [&](int64_t streams) {
        TileStreams ahead = nextTile(next, streams, index, panels.count);
        auto whole = [&] { emitPanel(2, panel, tile, ahead, streams); };
        auto half = [&] { emitPanel(1, panel, tile, ahead, streams); };
        b.ifThen(panels.oneHalf, half, whole);
      };
      // A step of K has time for eight lines, and four panels have asked for
      // all of the next tile; fewer wait for memory and ask for more at once.
      auto several = [&] {
        b.ifThen(
            b.less(panels.count, b.index(4)), [&] { emit(16); },
            [&] { emit(8); });
      };
      b.ifThen(b.equal(panels.count, b.index(1)), [&] { emit(32); }, several);
      epilogue.emit(*this, 1, panel.row, b.add(panel.row, panel.count), tile,
                    [&](Value m, Value, int64_t offset, int64_t lanes) {
                      return b.loadVector(
                          sums, {b.sub(m, panel.row), b.index(offset)}, lanes);
                    });
    });
  });
}

/// The sums of the rows of `panel` and the columns of `tile`, into `sums`.
void AmxGemmKernel::emitPanel(int64_t halves, const AmxPanels::Panel &panel,
                              Value tile, const TileStreams &nextTile,
                              int64_t streams) {
  Values rows = {panel.row, b.add(panel.row, panel.upper)};
  for (int64_t half = 0; half != halves; ++half)
    for (int64_t columns = 0; columns != 2; ++columns)
      amx.zeroSums(half, columns);
  Value first = b.index(0), end = b.index(blocking.words.count);
  loadWeights(0, tile, first);
  loadStates(0, rows[0], first);
  loadWeights(1, tile, first);
  b.loop(first, end, step, [&](Value k) {
    nextTile.fetch(b, blocking.words.perWord, blocking.words.count,
                   b.add(nextTile.first, b.div(k, b.index(step))), 0, streams);
    // The last step loads its own operands again.
    Value last = b.index(blocking.words.count - step);
    emitStep(halves, rows, tile, k, b.min(b.add(k, step), last));
  });
  Values places = {b.index(0), panel.upper};
  for (int64_t half = 0; half != halves; ++half)
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
void AmxGemmKernel::emitStep(int64_t halves, ValueRange rows, Value tile,
                             Value k, Value next) {
  amx.multiplyAdd(0, 0);
  if (halves == 2)
    loadStates(1, rows[1], k);
  amx.multiplyAdd(0, 1);
  loadStates(0, rows[0], next);
  if (halves == 2)
    amx.multiplyAdd(1, 0);
  loadWeights(0, tile, next);
  if (halves == 2)
    amx.multiplyAdd(1, 1);
  loadWeights(1, tile, next);
}

/// What one of `panels` panels asks for of a tile, in so many streams.
TileStreams AmxGemmKernel::nextTile(Value tile, int64_t streams, Value panel,
                                    Value panels) {
  int64_t words = blocking.words.count;
  Value lines = b.index(words * TileStreams::linesPerWord(b.target) / streams);
  Value own = b.index(llvm::divideCeil(words, step));
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
