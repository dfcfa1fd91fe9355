//===- Bf16x3Gemm.cpp - fp32 products by tiles of AMX ---------------------===//
//
// What is computed: what Gemm.cpp says, for fp32 numbers as the sums of three
// bf16 parts each (Bf16Parts.h). Of the nine products of parts the six largest
// are added to an fp32 sum, a step of up to 32 numbers of K at a time,
// ascending from +0, in each step the products in the order of `partsProducts`,
// each as AmxTiles.cpp says of bf16. The step depends on K alone, so a row's
// result does not depend on the number of rows or their blocks.
//
// What it is worth. tdpbf16ps multiplies 16 times as many numbers as an fp32
// multiply-add in the same time, so six products take 3/8 of it. Products of
// bf16 are exact in fp32, and sums of up to 32 of them are rounded as one term
// of the result's chain, so the error is below that of a chain of
// multiply-adds.
//
// How it is scheduled
//
//   task = (block of rows, group of column tiles)
//     for each block of K                      its states stay in L2
//       for each column tile of the group
//         for each panel of rows:              2 x 2 tiles of sums, 32 x 32
//           for each step of K                 24 products for 14 loads
//             meanwhile the first panel splits the next step's weights,
//             others finish the panel before: bias, activation, residual
//
// Weights lie in memory as fp32: three parts, 6 bytes instead of 4, would cost
// few rows more to read than splitting costs. A step's parts are 6 KiB. A
// single panel keeps two steps of them, in L1; where there are more panels, the
// first leaves those of the block of K in scratch memory, in L2, for the
// others. States are split once, by a QuantiseSpec or by the product they come
// from, into parts of a step whose rows are neighbours, so that a tile's rows
// are 192 bytes apart. Where L2 does not have room for eight panels of them
// beside the parts of a tile, K is cut so that it has for twelve: weights are
// split once for twelve panels then, and sums wait in scratch memory. There a
// group is up to six tiles, so that a block of K is read from L3 less often,
// and at most a quarter of all, which leaves other threads something to do.
//
// Measured, in cycles a step of 32 rows and 32 columns, on Emerald Rapids where
// the limit of tdpbf16ps is 470 of 2.77 GHz (the clock falls to 2.3 GHz with
// AMX): 470 for the products, from L1 as from L2; 260 for splitting; 560 to 600
// for both where parts stay in L1, 890 where they go to L2. AMX and AVX-512
// overlap only where they take turns product by product; then a multiply-add of
// 16 numbers is free in every cycle, and most others in every half. Results
// among products took 384 x 1536 with GELU, 384 rows, from 2.0 to 1.6 ms, and
// K cut for twelve panels 1536 x 384 from 2.6 to 1.95 ms.
// A step asks for the next weights one line of eight streams after the other,
// among its products: all at its begin would take the buffers of L1 from it.
//===----------------------------------------------------------------------===//

#include "Bf16x3Gemm.h"

#include "AmxPanels.h"
#include "Bf16Parts.h"
#include "GemmEpilogue.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

namespace {
constexpr int64_t lineWords = 16;
/// That the next weights are asked for in.
constexpr int64_t numStreams = 8;

/// Of a block of rows: more would gain little from sharing the split weights.
constexpr int64_t mostPanels = 12;

/// Length of blocks of at most `most` that `count` is evenly cut into.
int64_t spread(int64_t count, int64_t most) {
  return llvm::divideCeil(count, llvm::divideCeil(count, most));
}

/// Sizes of the schedule; both the kernel and its caller follow them.
struct Blocking : GemmTasks {
  Blocking(const TargetInfo &target, const GemmSpec &spec)
      : GemmTasks(target, spec), step(target.tileStep(spec.dtype, spec.k)),
        steps(spec.k / (2 * step)) {
    // Bytes of the states of a panel in a step.
    const int64_t bytes = AmxPanels::rows * 2 * step * numParts * 2;
    int64_t panels = target.l2Bytes * 5 / 8 / (bytes * steps);
    blockSteps = steps;
    if (panels < mostPanels * 2 / 3) {
      panels = mostPanels;
      int64_t fit = target.l2Bytes * 7 / 16 / (bytes * panels);
      blockSteps = spread(steps, std::max<int64_t>(fit, 1));
      group = std::clamp<int64_t>(tiles / 4, 1, 6);
      groups = llvm::divideCeil(tiles, group);
    }
    rowBlock = std::min(panels, mostPanels) * AmxPanels::rows;
    // The last block of K is the shortest.
    int64_t shortest = steps - (steps - 1) / blockSteps * blockSteps;
    finishedRows = AmxPanels::rowsToFinish(shortest);
    partsRows = std::max<int64_t>(blockSteps, 2) * rowsOfStep();
    sumsRows = sumsInTurns() ? 2 * AmxPanels::rows : rowBlock * group;
    sumsBytes = sumsRows * target.tileColumns * 4;
  }
  /// Lines of the parts of a step of weights.
  int64_t rowsOfStep() const { return numParts * 2 * step; }
  int64_t scratchBytes() const {
    return AmxPanels::configBytes + sumsBytes + partsRows * lineWords * 4;
  }

  int64_t step, steps;  ///< pairs of K in a step, steps in K
  int64_t blockSteps;   ///< steps of a block of K
  int64_t finishedRows; ///< AmxPanels::rowsToFinish
  /// Whether two panels' sums are all that is waiting, so that they stay in L1.
  bool sumsInTurns() const { return finishedRows && blockSteps == steps; }
  int64_t partsRows;           ///< lines of scratch memory for parts of weights
  int64_t sumsRows, sumsBytes; ///< scratch memory for sums
};

/// Code of one kernel.
class Bf16x3Kernel : GemmArguments {
public:
  Bf16x3Kernel(KernelBuilder &b, const GemmSpec &spec)
      : b(b), spec(spec), blocking(b.target, spec),
        amx(b, spec.dtype, blocking.step), dot(b, spec.dtype, spec.k),
        epilogue(b, spec, dot) {}
  func::FuncOp emit(ModuleOp module);

private:
  /// What panels do with a block of K of a column tile.
  struct Work {
    Value tile, begin, end; ///< steps of K
    Value slots;            ///< steps whose parts are kept, less one, as a mask
    Value sumsOfTile;       ///< where all panels' sums go
    Value firstRow;         ///< of all panels
    Value next, nextStep;   ///< tile and step of the weights that come next
    Value streamLines;      ///< of those, in each stream
    Value complete;         ///< whether sums are results afterwards
    // Of one panel.
    AmxPanels::Panel panel = {};
    Value sumsRow = {};                ///< where its sums go
    GemmEpilogue::Waiting before = {}; ///< the panel before it
    int64_t halves = 2;                ///< of the panel that have rows
    bool splits = true;                ///< the weights
  };
  void emitTask(Value task);
  void emitBlock(AmxPanels &panels, const GemmTasks::Range &of, Value begin,
                 Value end, Value slots, Value streamLines);
  void emitPanels(AmxPanels &panels, Work work);
  void emitPanel(const Work &work);
  void startSums(const Work &work);
  void forSums(const Work &work,
               function_ref<void(int64_t, int64_t, ValueRange)> body);
  void emitStep(const Work &work, Value step, bool splitsNext);
  Value sumsOf(AmxPanels &panels, const Work &work, Value index, Value row);
  void loadStates(const Work &work, int64_t tile, int64_t half, Part part,
                  Value step);
  Value partsRow(const Work &work, Value step, int64_t part, int64_t half);
  void splitWeights(const Work &work, Value step, Value pair, int64_t half);
  void fetchLine(const Work &work, Value step, int64_t number);
  /// Lines of the weights of a step, for one of the streams.
  int64_t linesOfStep() {
    return llvm::divideCeil(4 * blocking.step, numStreams);
  }

  KernelBuilder &b;
  const GemmSpec &spec;
  Blocking blocking;
  AmxTiles amx;
  DotProducts dot;
  GemmEpilogue epilogue;
  Value rows, configs, sums, parts; ///< rows of x; scratch memory
};
} // namespace

func::FuncOp Bf16x3Kernel::emit(ModuleOp module) {
  func::FuncOp function = startKernel(b, module, spec.name(), types(b, spec));
  read(function, spec);
  Value scratch = function.getArguments().back();
  rows = b.dim(x, 0);
  configs = AmxPanels::configsAt(b, scratch, 0);
  sums = b.view(scratch, b.index(AmxPanels::configBytes),
                b.buffer({blocking.sumsRows, b.target.tileColumns}));
  parts =
      b.view(scratch, b.index(AmxPanels::configBytes + blocking.sumsBytes),
             MemRefType::get({blocking.partsRows, lineWords}, b.getI32Type()));
  b.loop(begin, end, 1, [&](Value task) { emitTask(task); });
  amx.release();
  finishKernel(b, function);
  return function;
}

void Bf16x3Kernel::emitTask(Value task) {
  GemmTasks::Range of = blocking.rangeOf(b, task, b.dim(out, 0));
  AmxPanels panels(b, amx, configs, of.firstRow, of.endRow);
  // A single panel has no use for blocks of K, nor for parts it has read.
  Value single = b.equal(panels.count, b.index(1)),
        steps = b.index(blocking.steps);
  Value blockSteps = b.select(single, steps, b.index(blocking.blockSteps));
  Value slots = b.select(single, b.index(1), b.index(-1));
  b.loop(b.index(0), steps, blockSteps, [&](Value begin) {
    Value end = b.min(b.add(begin, blockSteps), steps);
    emitBlock(panels, of, begin, end, slots, b.mul(blockSteps, linesOfStep()));
  });
}

/// A block of K: all column tiles.
void Bf16x3Kernel::emitBlock(AmxPanels &panels, const GemmTasks::Range &of,
                             Value begin, Value end, Value slots,
                             Value streamLines) {
  Value complete = b.equal(end, b.index(blocking.steps));
  b.loop(of.firstTile, of.lastTile, 1, [&](Value tile) {
    // Next is another tile, or the first one's next block of K.
    Value isLast = b.equal(b.add(tile, 1), of.lastTile);
    Value goesOn = b.select(complete, b.index(0), end);
    Value nextStep = b.select(isLast, goesOn, begin);
    Value next = b.min(b.add(tile, 1), b.index(blocking.tiles - 1));
    next = b.select(b.less(begin, nextStep), of.firstTile, next);
    Value sumsOfTile = b.mul(b.sub(tile, of.firstTile), blocking.rowBlock);
    Work work{tile,        begin, end,      slots,       sumsOfTile,
              of.firstRow, next,  nextStep, streamLines, complete};
    emitPanels(panels, work);
    Value panel =
        blocking.finishedRows ? b.sub(panels.count, b.index(1)) : b.index(0);
    Value first = panels.at(panel).row;
    b.ifThen(complete, [&] {
      epilogue.finish(*this, {sums, sumsOf(panels, work, panel, first), tile,
                              first, of.endRow});
    });
  });
}

/// Where the sums of panel `index` are, whose first row is `row`.
Value Bf16x3Kernel::sumsOf(AmxPanels &panels, const Work &work, Value index,
                           Value row) {
  if (blocking.sumsInTurns())
    return panels.inTurns(index);
  return b.add(work.sumsOfTile, b.sub(row, work.firstRow));
}

/// All panels, for which `work` has what they share. The first splits the
/// weights, and asks for those that come next.
void Bf16x3Kernel::emitPanels(AmxPanels &panels, Work work) {
  auto emit = [&](Value index, int64_t halves, bool splits) {
    work.panel = panels.use(index);
    work.sumsRow = sumsOf(panels, work, index, work.panel.row);
    work.halves = halves;
    work.splits = splits;
    if (!splits) {
      Value before = b.sub(index, b.index(1)), row = panels.at(before).row;
      Value endRow = b.select(work.complete, work.panel.row, row);
      work.before = {sums, sumsOf(panels, work, before, row), work.tile, row,
                     endRow};
    }
    emitPanel(work);
  };
  Value zero = b.index(0);
  b.ifThen(
      panels.oneHalf, [&] { emit(zero, 1, true); },
      [&] { emit(zero, 2, true); });
  b.loop(b.index(1), panels.count, 1,
         [&](Value index) { emit(index, 2, false); });
}

void Bf16x3Kernel::emitPanel(const Work &work) {
  startSums(work);
  Value last = work.end;
  if (work.splits) {
    b.loop(b.index(0), b.index(blocking.step), 1, [&](Value pair) {
      for (int64_t half = 0; half != 2; ++half)
        splitWeights(work, work.begin, pair, half);
    });
    last = b.sub(work.end, b.index(1));
  }
  b.loop(work.begin, last, 1,
         [&](Value step) { emitStep(work, step, work.splits); });
  if (work.splits)
    emitStep(work, last, /*splitsNext=*/false);
  forSums(work, [&](int64_t half, int64_t columns, ValueRange place) {
    amx.storeSums(half, columns, sums, place, b.target.tileColumns * 4);
  });
}

/// Zeros, or what the block of K before this one has left.
void Bf16x3Kernel::startSums(const Work &work) {
  auto zero = [&] {
    forSums(work, [&](int64_t half, int64_t columns, ValueRange) {
      amx.zeroSums(half, columns);
    });
  };
  auto goOn = [&] {
    forSums(work, [&](int64_t half, int64_t columns, ValueRange place) {
      amx.loadSums(half, columns, sums, place, b.target.tileColumns * 4);
    });
  };
  b.ifThen(b.equal(work.begin, b.index(0)), zero, goOn);
}

/// Calls body(half, half of the columns, place among the sums) for each tile.
void Bf16x3Kernel::forSums(
    const Work &work, function_ref<void(int64_t, int64_t, ValueRange)> body) {
  for (int64_t half = 0; half != work.halves; ++half)
    for (int64_t columns = 0; columns != 2; ++columns) {
      Value row = half ? b.add(work.sumsRow, work.panel.upper) : work.sumsRow;
      body(half, columns, {row, b.index(columns * AmxTiles::columns)});
    }
}

/// The products of a step, taking turns with the splitting of the next one's
/// weights and with the lines that are asked for.
void Bf16x3Kernel::emitStep(const Work &work, Value step, bool splitsNext) {
  Value following = b.add(step, 1);
  Value firstRow = b.mul(b.sub(step, work.begin), blocking.finishedRows);
  const int64_t products = std::size(partsProducts) * 2 * work.halves;
  TakingTurns lines(work.splits ? linesOfStep() * numStreams : 0, products);
  TakingTurns splits(splitsNext ? 2 * blocking.step : 0, products);
  TakingTurns results(work.splits ? 0 : blocking.finishedRows, products);
  int64_t product = 0;
  auto takeTurns = [&] {
    ++product;
    lines.after(product, [&](int64_t line) { fetchLine(work, step, line); });
    splits.after(product, [&](int64_t piece) {
      splitWeights(work, following, b.index(piece / 2), piece % 2);
    });
    results.after(product, [&](int64_t row) {
      epilogue.finishOne(*this, work.before, b.add(firstRow, row));
    });
  };
  std::optional<Part> weights, states[2];
  for (const PartsProduct &factors : partsProducts) {
    for (int64_t half = 0; weights != factors.weights && half != 2; ++half)
      amx.loadWeights(half, parts,
                      {partsRow(work, step, factors.weights, half), b.index(0)},
                      lineWords * 4);
    weights = factors.weights;
    for (int64_t half = 0; half != work.halves; ++half) {
      // A single half keeps its high part in one of the two tiles.
      int64_t tile = work.halves == 2 ? half : factors.states != High;
      if (states[tile] != factors.states)
        loadStates(work, tile, half, factors.states, step);
      states[tile] = factors.states;
      for (int64_t columns = 0; columns != 2; ++columns) {
        amx.multiplyAdd(2 * half + columns, tile, columns);
        takeTurns();
      }
    }
  }
}

void Bf16x3Kernel::loadStates(const Work &work, int64_t tile, int64_t half,
                              Part part, Value step) {
  Value row = work.panel.row;
  if (half == 1)
    row = b.add(row, work.panel.upper);
  Value place = b.add(b.mul(step, rows), row);
  place = b.mul(b.add(b.mul(place, numParts), part), 2 * blocking.step);
  amx.loadStates(tile, x, {b.index(0), place}, numParts * blocking.step * 4);
}

/// Line of the parts of a step's weights.
Value Bf16x3Kernel::partsRow(const Work &work, Value step, int64_t part,
                             int64_t half) {
  Value slot = arith::AndIOp::create(b, b.sub(step, work.begin), work.slots);
  return b.add(b.mul(slot, blocking.rowsOfStep()),
               (2 * part + half) * blocking.step);
}

/// Splits 32 weights of a step: a pair of k, 16 columns.
void Bf16x3Kernel::splitWeights(const Work &work, Value step, Value pair,
                                int64_t half) {
  Value k = b.mul(b.add(b.mul(step, blocking.step), pair), 2);
  SmallVector<Value, numParts> both[2];
  for (int64_t i = 0; i != 2; ++i) {
    Value column = b.index(half * AmxTiles::columns);
    both[i] = splitNumbers(b, b.loadVector(w, {work.tile, b.add(k, i), column}),
                           /*keepInfinite=*/false);
  }
  for (int64_t part = 0; part != numParts; ++part)
    b.storeVector(pairParts(b, both[0][part], both[1][part]), parts,
                  {b.add(partsRow(work, step, part, half), pair), b.index(0)});
}

/// Asks for a line of the weights that come next, as one of `numStreams`
/// streams that take turns; the lines of a tile are one after the other.
void Bf16x3Kernel::fetchLine(const Work &work, Value step, int64_t number) {
  int64_t stream = number % numStreams, place = number / numStreams;
  Value line = b.mul(b.sub(step, work.begin), linesOfStep());
  line = b.add(b.add(line, b.mul(work.streamLines, stream)), place);
  line = b.add(line, b.mul(work.nextStep, 4 * blocking.step));
  b.prefetch(w, {work.next, b.index(0), b.mul(line, lineWords)});
}

func::FuncOp skim::emitBf16x3Gemm(KernelBuilder &b, ModuleOp module,
                                  const GemmSpec &spec) {
  return Bf16x3Kernel(b, spec).emit(module);
}

Launch skim::launchBf16x3Gemm(KernelBuilder &b, const GemmSpec &spec,
                              Value rows) {
  Blocking blocking(b.target, spec);
  return blocking.launch(b, rows, blocking.scratchBytes());
}
