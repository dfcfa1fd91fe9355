//===- Int8x3Gemm.cpp - fp32 products by digits and AMX -------------------===//
//
// What is computed: what Gemm.cpp says, for fp32 numbers as integers of four
// digits (states, Quantise.cpp) and three (weights, NarrowWeights.cpp). Digits
// are from -128 to 127; digit i counts 256^-i of the first one, whose worth is
// the row's or the column's. With X_i and W_j the products' factors
//
//   S_o = sum over i + j = o of X_i W_j     exact, in int32, for o = 0 to 3
//   out = (S_0 + S_1 / 256 + S_2 / 256^2 + S_3 / 256^3) * the two worths
//
// which is rounded to fp32 three times (DotProducts.cpp), whatever K is. The
// three products that are left out are below 2^-28 of the product of the row's
// and the column's largest numbers, together.
//
// What it is worth. tdpbssd multiplies 32 times as many numbers a cycle as both
// units for multiply-adds, so the nine products of digits take 9/32 of their
// cycles, and weights take 3 bytes instead of 4.
//
// How it is scheduled
//
//   task = (block of rows, group of column tiles)
//     for each block of K                      its states stay in L2
//       for each column tile of the group      its weights stay in L1
//         for each panel of 16 rows:           a tile of sums for each order
//           for each step of K                 9 products for 7 loads
//             meanwhile the first panel asks for the next weights,
//             others finish the panel before: bias, activation, residual
//
// The tile registers hold four orders' sums of one 16 x 16 block, two tiles of
// states and two of weights. Sums of one order come after one another, three
// times in a step: a product takes 52 cycles and begins every 16, so they are
// as far apart as nine products allow. A step reads 4 KiB of states from L2 in
// some 156 cycles; that of weights as well would be too much, so weights of up
// to 12 steps, 36 KiB, are kept in L1 for all panels. Where K has more it is
// cut, and sums wait in scratch memory for the next block.
//
// Measured on Emerald Rapids: the loop by itself, 128 rows of 768 x 768, takes
// 190 cycles of 2.35 GHz a step with weights in cache and 210 from memory (390
// and 356 GFLOP/s; multiply-adds have 177 at most); within BERT-base 324 to 331
// GFLOP/s where K is not cut, 270 where it is, with 128 rows. With 16 rows
// weights come from memory at 17 GB/s of the 21 that reading alone gets.
//===----------------------------------------------------------------------===//

#include "Int8x3Gemm.h"

#include "AmxPanels.h"
#include "GemmEpilogue.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

namespace {
constexpr int64_t panelRows = AmxTiles::rows;
static_assert(panelRows == Words::digitsRows);
constexpr int64_t numOrders = 4, orderColumns = AmxTiles::columns;
/// That the next weights are asked for in.
constexpr int64_t numStreams = 8;
/// Steps of K whose weights fit in L1.
constexpr int64_t mostSteps = 12;
/// Of a group where K is cut, so that a block's states are read less often; a
/// sixth of all at most, which leaves other threads something to do.
constexpr int64_t mostTiles = 6;

/// A product of digits, for the sums of order `states + weights`.
struct DigitsProduct {
  int64_t states, weights;
};
/// So that an operand is loaded once, and sums of an order are three apart.
constexpr DigitsProduct products[] = {{3, 0}, {2, 0}, {1, 0}, {2, 1}, {1, 1},
                                      {0, 0}, {1, 2}, {0, 2}, {0, 1}};

/// Sizes of the schedule; both the kernel and its caller follow them.
struct Blocking : GemmTasks {
  Blocking(const TargetInfo &target, const GemmSpec &spec)
      : GemmTasks(target, spec), words(spec.dtype, spec.k),
        step(target.tileStep(spec.dtype, spec.k)), steps(words.count / step) {
    int64_t blocks = llvm::divideCeil(steps, mostSteps);
    blockSteps = llvm::divideCeil(steps, blocks);
    if (blocks > 1) {
      group = std::clamp<int64_t>(tiles / 6, 1, mostTiles);
      groups = llvm::divideCeil(tiles, group);
    }
    // Digits of a block of K, and sums of all tiles where they wait for others.
    int64_t bytes = blockSteps * step * 4 * Words::stateDigits;
    bytes += blocks > 1 ? group * sumsBytes : 0;
    int64_t fit = target.l2Bytes * 3 / 4 / bytes;
    rowBlock = std::clamp<int64_t>(fit / panelRows * panelRows, panelRows, 384);
    // The last block of K is the shortest.
    int64_t shortest = steps - (steps - 1) / blockSteps * blockSteps;
    finishedRows = AmxPanels::rowsToFinish(shortest, panelRows);
    sumsRows = sumsInTurns() ? 2 * panelRows : group * rowBlock;
  }
  /// Of a row, all orders.
  static constexpr int64_t sumsBytes = numOrders * orderColumns * 4;
  /// Whether two panels' sums are all that is waiting.
  bool sumsInTurns() const { return finishedRows && blockSteps == steps; }
  int64_t scratchBytes() const {
    return AmxPanels::configBytes + sumsRows * sumsBytes;
  }

  Words words;
  int64_t step, steps;  ///< words of K in a step, steps in K
  int64_t blockSteps;   ///< steps of a block of K
  int64_t finishedRows; ///< AmxPanels::rowsToFinish
  int64_t sumsRows;     ///< in scratch memory
};

/// Code of one kernel.
class Int8x3Kernel : GemmArguments {
public:
  Int8x3Kernel(KernelBuilder &b, const GemmSpec &spec)
      : b(b), spec(spec), blocking(b.target, spec),
        amx(b, spec.dtype, blocking.step), dot(b, spec.dtype, spec.k),
        epilogue(b, spec, dot) {}
  func::FuncOp emit(ModuleOp module);

private:
  /// What panels do with a block of K of a column tile.
  struct Work {
    Value tile, begin, end; ///< steps of K
    Value complete;         ///< whether sums are results afterwards
    Value sumsOfTile;       ///< where all panels' sums go
    Value next, nextLine;   ///< tile and line of the weights that come next
    Value streamLines;      ///< of those, in each stream
    // Of one panel.
    AmxPanels::Panel panel = {};
    Value sumsRow = {};                ///< where its sums go
    GemmEpilogue::Waiting before = {}; ///< the panel before it
    bool isFirst = true;
  };
  void emitTask(Value task);
  void emitBlock(AmxPanels &panels, const GemmTasks::Range &of, Work work);
  void emitPanels(AmxPanels &panels, Work work);
  void emitPanel(const Work &work);
  void startSums(const Work &work);
  void emitStep(const Work &work, Value step);
  void loadStates(const Work &work, Value step, int64_t digit);
  void loadWeights(const Work &work, Value step, int64_t digit);
  void fetchLine(const Work &work, Value step, int64_t number);
  GemmEpilogue::Waiting waiting(AmxPanels &panels, const Work &work,
                                Value index, Value endRow);
  /// The row of panel `index` in the scratch memory for sums.
  Value sumsOf(AmxPanels &panels, const Work &work, Value index) {
    if (blocking.sumsInTurns())
      return panels.inTurns(index);
    return b.add(work.sumsOfTile, b.mul(index, panelRows));
  }
  /// Registers that hold a digit's tile.
  static int64_t statesTile(int64_t digit) { return (digit + 1) % 2; }
  static int64_t weightsTile(int64_t digit) { return digit % 2; }
  /// Lines of the weights of a step, and in each stream that asks for them.
  int64_t linesOfStep() { return Words::weightDigits * blocking.step; }
  int64_t linesOfStream() {
    return llvm::divideCeil(linesOfStep(), numStreams);
  }

  KernelBuilder &b;
  const GemmSpec &spec;
  Blocking blocking;
  AmxTiles amx;
  DotProducts dot;
  GemmEpilogue epilogue;
  Value configs, sums; ///< in scratch memory
};
} // namespace

func::FuncOp Int8x3Kernel::emit(ModuleOp module) {
  func::FuncOp function = startKernel(b, module, spec.name(), types(b, spec));
  read(function, spec);
  Value scratch = function.getArguments().back();
  configs = AmxPanels::configsAt(b, scratch, 0);
  sums = b.view(scratch, b.index(AmxPanels::configBytes),
                b.buffer({blocking.sumsRows, numOrders * orderColumns}));
  b.loop(begin, end, 1, [&](Value task) { emitTask(task); });
  amx.release();
  finishKernel(b, function);
  return function;
}

void Int8x3Kernel::emitTask(Value task) {
  GemmTasks::Range of =
      blocking.rangeOf(b, task, b.dim(out, 0), Words::digitsRows);
  AmxPanels panels(b, amx, configs, of.firstRow, of.endRow, panelRows);
  // A single panel has no use for blocks of K.
  Value steps = b.index(blocking.steps);
  Value blockSteps = b.select(b.equal(panels.count, b.index(1)), steps,
                              b.index(blocking.blockSteps));
  Work work;
  work.streamLines = b.mul(blockSteps, linesOfStream());
  b.loop(b.index(0), steps, blockSteps, [&](Value begin) {
    work.begin = begin;
    work.end = b.min(b.add(begin, blockSteps), steps);
    work.complete = b.equal(work.end, steps);
    emitBlock(panels, of, work);
  });
}

/// A block of K: all column tiles.
void Int8x3Kernel::emitBlock(AmxPanels &panels, const GemmTasks::Range &of,
                             Work work) {
  b.loop(of.firstTile, of.lastTile, 1, [&](Value tile) {
    // Next is another tile, or the first one's next block of K.
    Value following = b.add(tile, 1);
    Value isLast = b.equal(following, of.lastTile);
    Value goesOn = b.select(work.complete, b.index(0), work.end);
    Value nextStep = b.select(isLast, goesOn, work.begin);
    work.tile = tile;
    work.sumsOfTile = b.mul(b.sub(tile, of.firstTile), blocking.rowBlock);
    work.next = b.select(b.less(work.begin, nextStep), of.firstTile,
                         b.min(following, b.index(blocking.tiles - 1)));
    work.nextLine = b.mul(nextStep, linesOfStep());
    emitPanels(panels, work);
    Value last = b.sub(panels.count, b.index(1));
    if (blocking.finishedRows)
      b.ifThen(work.complete, [&] {
        epilogue.finish(*this, waiting(panels, work, last, of.endRow));
      });
  });
}

/// Panel `index`, up to row `endRow`.
GemmEpilogue::Waiting Int8x3Kernel::waiting(AmxPanels &panels, const Work &work,
                                            Value index, Value endRow) {
  return {sums, sumsOf(panels, work, index), work.tile, panels.at(index).row,
          endRow};
}

/// All panels, for which `work` has what they share. The first asks for the
/// weights that come next.
void Int8x3Kernel::emitPanels(AmxPanels &panels, Work work) {
  auto emit = [&](Value index, bool isFirst) {
    work.panel = panels.use(index);
    work.sumsRow = sumsOf(panels, work, index);
    work.isFirst = isFirst;
    if (!isFirst) {
      Value before = b.sub(index, b.index(1)), row = panels.at(before).row;
      work.before = waiting(panels, work, before,
                            b.select(work.complete, work.panel.row, row));
    }
    emitPanel(work);
    if (!blocking.finishedRows)
      b.ifThen(work.complete, [&] {
        Value endRow = b.add(work.panel.row, work.panel.count);
        epilogue.finish(*this, waiting(panels, work, index, endRow));
      });
  };
  emit(b.index(0), true);
  b.loop(b.index(1), panels.count, 1, [&](Value index) { emit(index, false); });
}

void Int8x3Kernel::emitPanel(const Work &work) {
  startSums(work);
  b.loop(work.begin, work.end, 1, [&](Value step) { emitStep(work, step); });
  for (int64_t order = 0; order != numOrders; ++order)
    amx.storeSums(order / 2, order % 2, sums,
                  {work.sumsRow, b.index(order * orderColumns)},
                  Blocking::sumsBytes);
}

/// Zeros, or what the block of K before this one has left.
void Int8x3Kernel::startSums(const Work &work) {
  auto zero = [&] {
    for (int64_t order = 0; order != numOrders; ++order)
      amx.zeroSums(order / 2, order % 2);
  };
  auto goOn = [&] {
    for (int64_t order = 0; order != numOrders; ++order)
      amx.loadSums(order / 2, order % 2, sums,
                   {work.sumsRow, b.index(order * orderColumns)},
                   Blocking::sumsBytes);
  };
  b.ifThen(b.equal(work.begin, b.index(0)), zero, goOn);
}

/// The products of a step, taking turns with other work.
void Int8x3Kernel::emitStep(const Work &work, Value step) {
  Value firstRow = b.mul(b.sub(step, work.begin), blocking.finishedRows);
  const int64_t count = std::size(products);
  TakingTurns lines(work.isFirst ? linesOfStream() * numStreams : 0, count);
  TakingTurns results(work.isFirst ? 0 : blocking.finishedRows, count);
  int64_t product = 0, states[2] = {-1, -1}, weights[2] = {-1, -1};
  for (const DigitsProduct &digits : products) {
    int64_t &loaded = states[statesTile(digits.states)];
    if (std::exchange(loaded, digits.states) != digits.states)
      loadStates(work, step, digits.states);
    int64_t &loadedWeights = weights[weightsTile(digits.weights)];
    if (std::exchange(loadedWeights, digits.weights) != digits.weights)
      loadWeights(work, step, digits.weights);
    amx.multiplyAdd(digits.states + digits.weights, statesTile(digits.states),
                    weightsTile(digits.weights));
    ++product;
    lines.after(product, [&](int64_t line) { fetchLine(work, step, line); });
    results.after(product, [&](int64_t row) {
      epilogue.finishOne(*this, work.before, b.add(firstRow, row));
    });
  }
}

void Int8x3Kernel::loadStates(const Work &work, Value step, int64_t digit) {
  int64_t bytes = blocking.step * 4;
  Value place = b.add(b.mul(step, Words::stateDigits), digit);
  place = b.mul(b.mul(place, work.panel.count), bytes);
  place = b.add(b.mul(work.panel.row, blocking.words.ofDigits() * 4), place);
  amx.loadStates(statesTile(digit), x, {b.index(0), place}, bytes);
}
void Int8x3Kernel::loadWeights(const Work &work, Value step, int64_t digit) {
  Value line = b.add(b.mul(step, linesOfStep()), digit * blocking.step);
  amx.loadWeights(weightsTile(digit), w, {work.tile, line, b.index(0)},
                  orderColumns * 4);
}

/// Asks for a line of the weights that come next, as one of `numStreams`
/// streams that take turns.
void Int8x3Kernel::fetchLine(const Work &work, Value step, int64_t number) {
  int64_t stream = number % numStreams, place = number / numStreams;
  Value line = b.mul(b.sub(step, work.begin), linesOfStream());
  line = b.add(b.add(line, b.mul(work.streamLines, stream)), place);
  b.prefetch(w, {work.next, b.add(line, work.nextLine), b.index(0)});
}

func::FuncOp skim::emitInt8x3Gemm(KernelBuilder &b, ModuleOp module,
                                  const GemmSpec &spec) {
  return Int8x3Kernel(b, spec).emit(module);
}

Launch skim::launchInt8x3Gemm(KernelBuilder &b, const GemmSpec &spec,
                              Value rows) {
  Blocking blocking(b.target, spec);
  return blocking.launch(b, rows, blocking.scratchBytes());
}
