//===- Gemm.cpp - the matrix product over packed weights ------------------===//
//
// What is computed
//
//   out[m, n] = act(sum over k of x[m, k] * w[n / T, k, n % T] + bias[n])
//               + residual[m, n]
//
// with one chain of fused multiply-adds for each element, k ascending from +0,
// then bias, activation and residual. No choice below changes this chain, so a
// row's result does not depend on the number of rows or their blocks.
//
// How it is scheduled
//
//   task = (block of rows, group of column tiles)
//     for each block of K:                     kBlock numbers of a row
//       for each column tile of the group:     w[tile, kBlock, T] stays in L2
//         for each panel of rows:              MR x T sums in registers
//           for k in the block                 and the next tile is fetched
//
// Both operands stream from L2, which a step of MR x T multiply-adds leaves
// time for: it reads (MR + T) * 4 bytes in 12 or more cycles. So K is cut only
// where it is long; its sums wait in `out` for the next block. Between its
// steps a panel asks for a part of the tile that comes next, so that memory is
// read while there is work: for one line at a time of each of eight streams
// that the tile's memory is cut into where there is one panel, of four where
// there are two or three, two up to seven, one beyond. A core reads several
// streams about twice as fast as one, and lines of different pages faster than
// neighbours. A panel also asks for the lines of `out` and of the residual that
// its sums will go to. The rows of a block, rowBlock x kBlock, take up to three
// quarters of L2 while the tiles of the group pass. Rows are shared out evenly
// among panels, so that no panel is left with one or two rows, whose chains are
// too few to fill the units. One or two rows alone take several column tiles at
// once, the whole K in one block; then weights are read in as many streams.
//
// In bf16 and int8 all this is the same for words of two or four numbers of K
// (DotProducts.cpp): the same bytes, two or four times the numbers.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine,
// with AVX-512, weights from memory; share of the bandwidth up to 8 rows, then
// of the FMA peak (docs/kernels.md has more, and AVX2):
//
//   rows                       1    4    8 |  16   32   64  128  512
//   768 x 768               102%  92%  85% | 61%  83%  94%  96%  97%
//   768 x 3072, GELU        102%  92%  86% | 61%  87%  91%  91%  90%
//   3072 x 768, residual    102%  91%  85% | 60%  81%  91%  93%  92%
//
// By vpdpbusd, MiniLM with 384 rows: 88 to 97% of the peak of that instruction,
// 85% with a GELU.
//===----------------------------------------------------------------------===//

#include "Gemm.h"
#include "AmxGemm.h"
#include "GemmEpilogue.h"
#include "Int8x3Gemm.h"
#include "RankUpdates.h"
#include "RowPanels.h"
#include "TileStreams.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

namespace {
/// Sizes of the schedule; both the kernel and its caller follow them.
struct Blocking : GemmTasks {
  Blocking(const TargetInfo &target, const GemmSpec &spec)
      : GemmTasks(target, spec) {
    depth = Words(spec.dtype, spec.k).count;
    numKBlocks = llvm::divideCeil(depth, 1024);
    kBlock = llvm::alignTo(llvm::divideCeil(depth, numKBlocks), 4);
    tileRows = target.tileRowsOf(spec.dtype);
    int64_t rows = target.l2Bytes * 3 / 4 / (kBlock * 4);
    rowBlock = std::clamp<int64_t>(rows, 2 * tileRows, 192);
  }
  int64_t depth;              ///< words of K
  int64_t kBlock, numKBlocks; ///< words of K at a time
  int64_t tileRows;           ///< rows of a register tile
};

/// Of the tile that comes next, what a panel asks for meanwhile: the more
/// streams the fewer panels there are.
struct NextTile {
  TileStreams streams;
  Values fewer; ///< fewer panels than eight, four, two: more streams
};

/// Code of one kernel.
class GemmKernel : GemmArguments {
public:
  GemmKernel(KernelBuilder &b, const GemmSpec &spec)
      : b(b), spec(spec),
        dot(b, spec.dtype, spec.k, /*started=*/true, spec.zeroPoints),
        epilogue(b, spec, dot), blocking(b.target, spec) {}
  func::FuncOp emit(ModuleOp module);

private:
  void emitTask(Value task);
  void emitBlocks(Value firstRow, Value rows, Value firstTile, Value lastTile);
  void emitFewRows(int64_t rows, Value firstRow, Value firstTile,
                   Value lastTile);
  void emitTile(int64_t rows, int64_t tiles, Value row, Value tile, Value begin,
                Value end, const NextTile *next = nullptr);
  NextTile nextTile(Value tile, Value k, Value panel, Value panels);
  void fetchNext(const NextTile &next, Value step);
  void fetchRow(Value row, Value tile);
  Values startSums(int64_t rows, int64_t tiles, Value row, Value tile,
                   Value begin);
  void finishSums(int64_t rows, int64_t tiles, Value row, Value tile, Value end,
                  ValueRange sums);
  void storeSums(int64_t rows, int64_t tiles, Value row, Value tile,
                 ValueRange sums, bool finished);
  void emitEpilogue(int64_t tiles, Value row, Value endRow, Value tile);
  /// The row of a buffer that `row` stands for, by its index where it has one.
  Value rowOf(Value index, Value row) {
    return index ? b.toIndex(b.load(index, {row})) : row;
  }
  /// Scales, bias and residual are few instructions, which may be there for
  /// every size of a panel: they take the sums in registers.
  bool finishesInRegisters() const {
    return spec.activation == Activation::None;
  }
  bool hasScales() const { return dot.words.hasIntegerSums(); }
  int64_t tail() const { return epilogue.tail(); }
  Value column(Value tile, int64_t offset) {
    return epilogue.column(tile, offset);
  }

  KernelBuilder &b;
  const GemmSpec &spec;
  DotProducts dot;
  GemmEpilogue epilogue;
  Blocking blocking;
};
} // namespace

SmallVector<Type> GemmArguments::types(KernelBuilder &b, const GemmSpec &spec) {
  int64_t t = b.target.tileColumnsOf(spec.dtype);
  int64_t tiles = b.target.numTiles(spec.n, spec.dtype);
  Words words(spec.dtype, spec.k);
  constexpr int64_t any = ShapedType::kDynamic;
  Type integers = MemRefType::get({any}, b.getI32Type());
  assert((spec.dtype == Dtype::Fp32 || !spec.indexed) &&
         "rounded states are gathered already");
  SmallVector<Type> types = {words.states(b.getContext())};
  if (spec.indexed)
    types.push_back(integers);
  types.push_back(words.weights(b.getContext(), tiles, t));
  if (spec.bias)
    types.push_back(b.buffer({tiles * t}));
  if (spec.residual)
    types.push_back(b.buffer({any, spec.n}));
  if (spec.residual && spec.residualIndexed)
    types.push_back(integers);
  types.push_back(spec.narrowsResult
                      ? Words(spec.dtype, spec.n).states(b.getContext())
                      : b.buffer({any, spec.n}));
  return types;
}

void GemmArguments::read(func::FuncOp kernel, const GemmSpec &spec) {
  auto *next = kernel.getArguments().begin();
  auto take = [&](bool there) { return there ? Value(*next++) : Value(); };
  x = take(true);
  index = take(spec.indexed);
  w = take(true);
  bias = take(spec.bias);
  residual = take(spec.residual);
  residualIndex = take(spec.residual && spec.residualIndexed);
  out = take(true);
  begin = take(true);
  end = take(true);
}

GemmTasks::GemmTasks(const TargetInfo &target, const GemmSpec &spec)
    : tiles(target.numTiles(spec.n, spec.dtype)),
      group(std::min<int64_t>(
          tiles, std::max<int64_t>(1, 64 / target.tileColumnsOf(spec.dtype)))),
      groups(llvm::divideCeil(tiles, group)) {}

GemmTasks::Range GemmTasks::rangeOf(KernelBuilder &b, Value task, Value rows,
                                    int64_t unit) const {
  Value blocks = b.ceilDiv(rows, rowBlock);
  Value block = b.div(task, b.index(groups));
  Value units = unit == 1 ? rows : b.ceilDiv(rows, unit);
  auto rowOf = [&](Value block) {
    Value first = b.div(b.mul(block, units), blocks);
    return unit == 1 ? first : b.min(b.mul(first, unit), rows);
  };
  Value firstTile = b.mul(b.rem(task, b.index(groups)), group);
  return {rowOf(block), rowOf(b.add(block, 1)), firstTile,
          b.min(b.add(firstTile, group), b.index(tiles))};
}

Launch GemmTasks::launch(KernelBuilder &b, Value rows,
                         int64_t scratchBytes) const {
  Value blocks = b.ceilDiv(rows, rowBlock);
  return {b.mul(blocks, groups), b.index(1), b.index(scratchBytes)};
}

func::FuncOp GemmKernel::emit(ModuleOp module) {
  func::FuncOp function = startKernel(b, module, spec.name(), types(b, spec));
  read(function, spec);
  b.loop(begin, end, 1, [&](Value task) { emitTask(task); });
  finishKernel(b, function);
  return function;
}

void GemmKernel::emitTask(Value task) {
  GemmTasks::Range of = blocking.rangeOf(b, task, b.dim(out, 0));
  Value count = b.sub(of.endRow, of.firstRow);
  auto many = [&] {
    emitBlocks(of.firstRow, count, of.firstTile, of.lastTile);
  };
  auto few = [&](int64_t rows) {
    emitFewRows(rows, of.firstRow, of.firstTile, of.lastTile);
  };
  auto two = [&] { few(2); };
  auto one = [&] { few(1); };
  b.ifThen(b.less(b.index(2), count), many,
           [&] { b.ifThen(b.equal(count, b.index(2)), two, one); });
}

void GemmKernel::emitBlocks(Value firstRow, Value rows, Value firstTile,
                            Value lastTile) {
  RowPanels panels(b, firstRow, rows, blocking.tileRows);
  b.loop(b.index(0), b.index(blocking.depth), blocking.kBlock, [&](Value k) {
    Value end = b.min(b.add(k, blocking.kBlock), b.index(blocking.depth));
    Value complete = b.equal(end, b.index(blocking.depth));
    Value goesOn = b.less(end, b.index(blocking.depth));
    b.loop(firstTile, lastTile, 1, [&](Value tile) {
      // Next is another tile, or the first one's next block of K.
      Value isLast = b.equal(b.add(tile, 1), lastTile);
      Value nextTileIndex =
          b.select(arith::AndIOp::create(b, isLast, goesOn), firstTile,
                   b.min(b.add(tile, 1), b.index(blocking.tiles - 1)));
      Value nextK = b.select(isLast, b.select(goesOn, end, b.index(0)), k);
      panels.loop([&](Value panel, Value row, Value count) {
        NextTile next =
            nextTile(nextTileIndex, nextK, panel, panels.getCount());
        int64_t least = blocking.tileRows < 6 ? 2 : 3;
        b.switchOver(count, least, blocking.tileRows, [&](int64_t rows) {
          emitTile(rows, 1, row, tile, k, end, &next);
        });
        b.ifThen(complete,
                 [&] { emitEpilogue(1, row, b.add(row, count), tile); });
      });
    });
  });
}

void GemmKernel::emitFewRows(int64_t rows, Value firstRow, Value firstTile,
                             Value lastTile) {
  // As many chains as two units of latency four or five can take.
  int64_t chains = b.target.numRegisters == 32 ? 16 : 8;
  int64_t together =
      std::min(chains / (rows * b.target.tileVectors()), blocking.group);
  together = std::max<int64_t>(together, 1);
  Value zero = b.index(0), end = b.index(blocking.depth);
  // The last tile goes alone where it is not whole.
  Value whole =
      tail() ? b.min(lastTile, b.index(blocking.tiles - 1)) : lastTile;
  Value count = b.sub(b.max(whole, firstTile), firstTile);
  Value aligned =
      b.add(firstTile, b.mul(b.div(count, b.index(together)), together));
  if (together > 1)
    b.loop(firstTile, aligned, together, [&](Value tile) {
      emitTile(rows, together, firstRow, tile, zero, end);
      emitEpilogue(together, firstRow, b.add(firstRow, rows), tile);
    });
  else
    aligned = firstTile;
  b.loop(aligned, lastTile, 1, [&](Value tile) {
    emitTile(rows, 1, firstRow, tile, zero, end);
    emitEpilogue(1, firstRow, b.add(firstRow, rows), tile);
  });
}

/// Adds k in [begin, end) to the sums of `tiles` tiles. Every four steps ask
/// for some lines of the next tile, and for what a row of this one ends with.
void GemmKernel::emitTile(int64_t rows, int64_t tiles, Value row, Value tile,
                          Value begin, Value end, const NextTile *next) {
  TileOperands operands{rows, tiles * b.target.tileVectors(), nullptr, nullptr};
  Values from;
  for (int64_t i = 0; i != rows; ++i)
    from.push_back(rowOf(index, b.add(row, i)));
  auto scalar = [&](Value k, int64_t i) { return dot.loadWord(x, from[i], k); };
  auto vector = [&](Value k, int64_t v) {
    return dot.loadWeights(w, tile, k, v);
  };
  auto multiplyAdd = [&](Value factor, Value vector, Value sum) {
    return dot.multiplyAdd(factor, vector, sum);
  };
  operands.scalar = scalar;
  operands.vector = vector;
  operands.multiplyAdd = multiplyAdd;
  auto fetch = [&](Value k) {
    Value step = b.div(b.sub(k, begin), b.index(4));
    fetchNext(*next, step);
    fetchRow(b.add(row, b.min(step, b.index(rows - 1))), tile);
  };
  const int64_t perWord = dot.words.perWord, line = 16 * perWord;
  // Few rows wait for weights only: their own, some steps on. As many as eight
  // streams a core fetches by itself.
  auto fetchOwn = [&](Value k) {
    for (int64_t step = 0; step != 4; ++step)
      for (int64_t t = 0; t != tiles; ++t)
        for (int64_t n = 0; n < b.target.tileColumns * perWord; n += line) {
          Value from = b.min(b.add(k, 16 + step), b.index(blocking.depth - 1));
          b.prefetch(w, {b.add(tile, t), from, b.index(n)}, /*toL1=*/true);
        }
  };
  if (next)
    operands.ahead = fetch;
  else if (tiles < 8)
    operands.ahead = fetchOwn;
  Values sums = startSums(rows, tiles, row, tile, begin);
  sums = emitRankUpdates(b, begin, end, blocking.depth, sums, operands);
  finishSums(rows, tiles, row, tile, end, sums);
}

/// What one of `panels` panels asks for of a tile that begins at word `k`.
NextTile GemmKernel::nextTile(Value tile, Value k, Value panel, Value panels) {
  int64_t perWord = TileStreams::linesPerWord(b.target);
  Value words = b.index(blocking.kBlock);
  Value count = b.index(std::max<int64_t>(1, perWord / 2));
  Values fewer;
  for (int64_t panelsLess : {8, 4, 2}) {
    fewer.push_back(b.less(panels, b.index(panelsLess)));
    count = b.select(fewer.back(), b.index(perWord * 8 / panelsLess), count);
  }
  Value lines = b.div(b.mul(words, b.index(perWord)), count);
  // A line of each stream for every four words of K.
  Value first =
      TileStreams::share(b, lines, b.div(words, b.index(4)), panel, panels);
  return {{w, tile, k, lines, first}, fewer};
}

void GemmKernel::fetchNext(const NextTile &next, Value step) {
  int64_t perWord = TileStreams::linesPerWord(b.target);
  Value at = b.add(next.streams.first, step);
  auto fetch = [&](int64_t begin, int64_t end) {
    next.streams.fetch(b, dot.words.perWord, blocking.depth, at, begin, end);
  };
  int64_t fetched = std::max<int64_t>(1, perWord / 2), end = perWord;
  fetch(0, fetched);
  for (Value fewer : next.fewer) {
    if (fetched < end)
      b.ifThen(fewer, [&] { fetch(fetched, end); });
    fetched = end;
    end *= 2;
  }
}

/// Asks for what a row's sums will meet: its place in `out`, its residual.
void GemmKernel::fetchRow(Value row, Value tile) {
  Value from = spec.residual ? rowOf(residualIndex, row) : Value();
  for (int64_t n = 0; n < b.target.tileColumns; n += 16) {
    Value column = b.min(this->column(tile, n), b.index(spec.n - 1));
    b.prefetchForStore(out, {row, column});
    if (spec.residual)
      b.prefetch(residual, {from, column}, /*toL1=*/true);
  }
}

/// As sums begin in the first block of K, afterwards what the one before left
/// in `out`.
Values GemmKernel::startSums(int64_t rows, int64_t tiles, Value row, Value tile,
                             Value begin) {
  int64_t vectors = tiles * b.target.tileVectors();
  auto starts = [&] {
    Values sums;
    for (int64_t i = 0; i != rows * vectors; ++i)
      sums.push_back(dot.start(x, row, w, tile, i % vectors));
    return sums;
  };
  if (blocking.numKBlocks == 1)
    return starts();
  auto loads = [&](int64_t width) {
    Values sums;
    for (int64_t i = 0; i != rows; ++i)
      for (int64_t v = 0; v != vectors; ++v) {
        int64_t first = v * b.target.vectorWidth;
        int64_t count =
            std::clamp<int64_t>(width - first, 0, b.target.vectorWidth);
        sums.push_back(
            count == 0
                ? dot.zero()
                : dot.fromResult(b.loadVector(
                      out, {b.add(row, i), column(tile, first)}, count)));
      }
    return sums;
  };
  SmallVector<Type> types(rows * vectors, dot.sumType());
  int64_t whole = tiles * b.target.tileColumns;
  return b.ifElse(b.equal(begin, b.index(0)), types, starts, [&] {
    if (!tail() || tiles > 1)
      return loads(whole);
    return b.ifElse(
        b.equal(tile, b.index(blocking.tiles - 1)), types,
        [&] { return loads(tail()); }, [&] { return loads(whole); });
  });
}

/// Stores the sums up to k = `end`, with scales, bias and residual where that
/// is all that is left to do.
void GemmKernel::finishSums(int64_t rows, int64_t tiles, Value row, Value tile,
                            Value end, ValueRange sums) {
  auto store = [&](bool finished) {
    storeSums(rows, tiles, row, tile, sums, finished);
  };
  bool changes = spec.bias || spec.residual || hasScales();
  if (!finishesInRegisters() || !changes)
    return store(false);
  if (blocking.numKBlocks == 1)
    return store(true);
  b.ifThen(
      b.equal(end, b.index(blocking.depth)), [&] { store(true); },
      [&] { store(false); });
}

void GemmKernel::storeSums(int64_t rows, int64_t tiles, Value row, Value tile,
                           ValueRange sums, bool finished) {
  int64_t lanes = b.target.vectorWidth;
  int64_t vectors = tiles * b.target.tileVectors();
  Values from;
  for (int64_t i = 0; finished && spec.residual && i != rows; ++i)
    from.push_back(rowOf(residualIndex, b.add(row, i)));
  epilogue.forWidth(tiles, tile, [&](int64_t width) {
    for (int64_t v = 0; v * lanes < width; ++v) {
      int64_t count = std::min(width - v * lanes, lanes);
      Value n = column(tile, v * lanes);
      Value added = finished && spec.bias ? b.loadVector(bias, {n}) : Value();
      for (int64_t i = 0; i != rows; ++i) {
        Value sum = dot.toResult(sums[i * vectors + v]);
        if (finished)
          sum = dot.finish(sum, x, b.add(row, i), w, tile, v, added);
        if (!from.empty())
          sum = b.addf(sum, b.loadVector(residual, {from[i], n}, count));
        b.storeVector(sum, out, {b.add(row, i), n}, count);
      }
    }
  });
}

/// Of the rows [row, endRow), whose sums lie in `out` and in L1 still, where
/// that was not done in registers.
void GemmKernel::emitEpilogue(int64_t tiles, Value row, Value endRow,
                              Value tile) {
  if (finishesInRegisters())
    return;
  epilogue.emit(*this, tiles, row, endRow, tile,
                [&](Value m, Value tile, int64_t offset, int64_t count) {
                  return b.loadVector(out, {m, column(tile, offset)}, count);
                });
}

func::FuncOp skim::emitGemm(KernelBuilder &b, ModuleOp module,
                            const GemmSpec &spec) {
  if (spec.dtype == Dtype::Int8x3)
    return emitInt8x3Gemm(b, module, spec);
  if (usesAmx(b.target, spec))
    return emitAmxGemm(b, module, spec);
  return GemmKernel(b, spec).emit(module);
}

Launch skim::launchGemm(KernelBuilder &b, const GemmSpec &spec, Value rows) {
  if (spec.dtype == Dtype::Int8x3)
    return launchInt8x3Gemm(b, spec, rows);
  if (usesAmx(b.target, spec))
    return launchAmxGemm(b, spec, rows);
  return Blocking(b.target, spec).launch(b, rows);
}
