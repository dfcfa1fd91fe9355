//===- Matmul.cpp - products of matrices that are computed ----------------===//
//
// What is computed
//
//   out[b, m, n] = sum over k of x[b, m, k] * y[b, k, n]
//
// with one chain of fused multiply-adds for each element, k ascending from +0:
// the chain of Gemm.cpp and of the loops that linalg becomes.
//
// How it is scheduled
//
//   task = (b, block of rows, group of column tiles)
//     copy y[b, :, tile] to scratch memory         [tile][K][T], zeros beyond N
//     for each panel of rows, each column tile of the group:
//       for k:                                     MR x T sums in registers:
//                                                  x[m, k] times the tile's
//                                                  row, and lines of out are
//                                                  fetched
//
// The copy is what packed weights are for Gemm.cpp: rows of y are far apart,
// often by a power of two, so that a tile of them would meet in few sets of L1;
// it is read once for each panel, 16 panels of a whole block, and costs two
// operations beside the MR multiply-adds of each of them. A group is up to four
// tiles that take half of L2 at most: a panel's x is in L1 for all of them, and
// rows of `out` are written in pieces of 512 bytes. Nothing is known of
// the sizes at compile time: one kernel does all products of a model. Rows are
// shared out evenly among panels, as in Gemm.cpp.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine,
// with AVX-512, 12 products, share of the FMA peak:
//
//   rows of x                   16  128  384
//   K = 64, N = 512            63%  75%  76%
//   K = 64, N = rows           40%  90%  77%
//
// With 16 rows copying y is a third of the time; results of megabytes have to
// be written beyond L2.
//===----------------------------------------------------------------------===//

#include "Matmul.h"
#include "RankUpdates.h"
#include "RowPanels.h"

using namespace mlir;
using namespace skim;

namespace {
/// Sizes of the schedule; both the kernel and its caller follow them.
struct Blocking {
  Blocking(KernelBuilder &b, Value rows, Value depth, Value columns)
      : rowBlock(16 * b.target.tileRows), blocks(b.ceilDiv(rows, rowBlock)),
        tiles(b.ceilDiv(columns, b.target.tileColumns)) {
    int64_t room = b.target.l2Bytes / 2 / (b.target.tileColumns * 4);
    Value most = b.div(b.index(room), b.max(depth, b.index(1)));
    group = b.max(b.min(b.min(most, b.index(4)), tiles), b.index(1));
    groups = b.div(b.add(tiles, b.sub(group, b.index(1))), group);
  }
  int64_t rowBlock; ///< most rows of a task
  Value blocks, tiles;
  Value group, groups; ///< most column tiles of a task, number of groups
};

/// Code of the kernel.
class MatmulKernel {
public:
  explicit MatmulKernel(KernelBuilder &b) : b(b) {}
  func::FuncOp emit(ModuleOp module, StringRef name);

private:
  void emitTask(const Blocking &blocking, Value task);
  void copyTile(Value batch, Value column, Value place);
  void emitPanel(int64_t rows, Value batch, Value row, Value column,
                 Value place);
  void fetchRow(Value batch, Value row, Value column);
  /// Calls `access(v, mask)` for each vector of the tile that begins at
  /// `column`: without a mask where all of the tile's columns are there.
  void forVectors(Value column, function_ref<void(int64_t, Value)> access);
  Value load(Value batch, Value k, Value n, Value mask);

  KernelBuilder &b;
  Value x, y, out;
  Value rows, depth, columns;
  Value packed; ///< rows of the group's tiles, in scratch memory
};
} // namespace

func::FuncOp MatmulKernel::emit(ModuleOp module, StringRef name) {
  constexpr int64_t any = ShapedType::kDynamic;
  Type matrices = b.buffer({any, any, any});
  func::FuncOp function =
      startKernel(b, module, name, {matrices, matrices, matrices});
  ValueRange arguments = function.getArguments();
  x = arguments[0], y = arguments[1], out = arguments[2];
  rows = b.dim(out, 1), columns = b.dim(out, 2), depth = b.dim(x, 2);
  Blocking blocking(b, rows, depth, columns);
  packed =
      b.view(arguments[5], b.index(0), b.buffer({any, b.target.tileColumns}),
             b.mul(depth, blocking.group));
  b.loop(arguments[3], arguments[4], 1,
         [&](Value task) { emitTask(blocking, task); });
  finishKernel(b, function);
  return function;
}

void MatmulKernel::emitTask(const Blocking &blocking, Value task) {
  Value group = b.rem(task, blocking.groups);
  Value rest = b.div(task, blocking.groups);
  Value block = b.rem(rest, blocking.blocks);
  Value batch = b.div(rest, blocking.blocks);
  Value begin = b.div(b.mul(block, rows), blocking.blocks);
  Value end = b.div(b.mul(b.add(block, 1), rows), blocking.blocks);
  Value first = b.mul(group, blocking.group);
  Value count = b.min(blocking.group, b.sub(blocking.tiles, first));
  auto forTiles = [&](function_ref<void(Value column, Value place)> body) {
    b.loop(b.index(0), count, 1, [&](Value tile) {
      body(b.mul(b.add(first, tile), b.target.tileColumns), b.mul(tile, depth));
    });
  };
  forTiles([&](Value column, Value place) { copyTile(batch, column, place); });
  RowPanels panels(b, begin, b.sub(end, begin), b.target.tileRows);
  panels.loop([&](Value, Value row, Value count) {
    b.switchOver(count, 1, b.target.tileRows, [&](int64_t rows) {
      forTiles([&](Value column, Value place) {
        emitPanel(rows, batch, row, column, place);
      });
    });
  });
}

void MatmulKernel::forVectors(Value column,
                              function_ref<void(int64_t, Value)> access) {
  Value left = b.sub(columns, column);
  auto all = [&](bool masked) {
    auto type = VectorType::get(b.target.vectorWidth, b.getI1Type());
    for (int64_t v = 0; v != b.target.tileVectors(); ++v) {
      Value mask;
      if (masked) {
        Value there =
            b.sub(left, b.min(left, b.index(v * b.target.vectorWidth)));
        mask = vector::CreateMaskOp::create(b, type, there);
      }
      access(v, mask);
    }
  };
  b.ifThen(
      b.less(left, b.index(b.target.tileColumns)), [&] { all(true); },
      [&] { all(false); });
}

Value MatmulKernel::load(Value batch, Value k, Value n, Value mask) {
  if (!mask)
    return b.loadVector(y, {batch, k, n});
  return vector::MaskedLoadOp::create(b, b.vectorType(), y, {batch, k, n}, mask,
                                      b.splat(0.0f));
}

void MatmulKernel::copyTile(Value batch, Value column, Value place) {
  b.loop(b.index(0), depth, 1, [&](Value k) {
    forVectors(column, [&](int64_t v, Value mask) {
      int64_t offset = v * b.target.vectorWidth;
      Value part = load(batch, k, b.add(column, offset), mask);
      b.storeVector(part, packed, {b.add(place, k), b.index(offset)});
    });
  });
}

void MatmulKernel::emitPanel(int64_t rows, Value batch, Value row, Value column,
                             Value place) {
  int64_t lanes = b.target.vectorWidth, vectors = b.target.tileVectors();
  TileOperands operands{rows, vectors, nullptr, nullptr};
  auto scalar = [&](Value k, int64_t i) {
    return b.load(x, {batch, b.add(row, i), k});
  };
  auto vector = [&](Value k, int64_t v) {
    return b.loadVector(packed, {b.add(place, k), b.index(v * lanes)});
  };
  operands.scalar = scalar;
  operands.vector = vector;
  auto ahead = [&](Value k) {
    fetchRow(batch, b.add(row, b.min(k, b.index(rows - 1))), column);
  };
  operands.ahead = ahead;
  // Rows whose distance is not a constant take an addition a step each; four
  // steps at once have more numbers at hand than registers.
  operands.unroll = 1;
  Values sums(rows * vectors, b.splat(0.0f));
  sums = emitRankUpdates(b, b.index(0), depth, /*multiple=*/1, sums, operands);
  forVectors(column, [&](int64_t v, Value mask) {
    Value n = b.add(column, v * lanes);
    for (int64_t i = 0; i != rows; ++i) {
      Values place = {batch, b.add(row, i), n};
      if (mask)
        vector::MaskedStoreOp::create(b, out, place, mask,
                                      sums[i * vectors + v]);
      else
        b.storeVector(sums[i * vectors + v], out, place);
    }
  });
}

/// Asks for the lines of `out` that a row's sums will go to.
void MatmulKernel::fetchRow(Value batch, Value row, Value column) {
  Value last = b.sub(columns, b.index(1));
  for (int64_t n = 0; n < b.target.tileColumns; n += 16)
    b.prefetchForStore(out, {batch, row, b.min(b.add(column, n), last)});
}

func::FuncOp skim::emitMatmul(KernelBuilder &b, ModuleOp module,
                              const MatmulSpec &spec) {
  return MatmulKernel(b).emit(module, spec.name());
}

Launch skim::launchMatmul(KernelBuilder &b, const MatmulSizes &sizes) {
  Blocking blocking(b, sizes.rows, sizes.depth, sizes.columns);
  Value tasks = b.mul(sizes.batch, b.mul(blocking.blocks, blocking.groups));
  // Some 100,000 multiply-adds a piece, so that handing them out costs little.
  Value most = b.mul(blocking.group, b.target.tileColumns);
  Value work = b.mul(b.min(sizes.rows, b.index(blocking.rowBlock)),
                     b.mul(sizes.depth, b.min(sizes.columns, most)));
  Value grain = b.div(b.index(1 << 17), b.max(work, b.index(1)));
  Value bytes = b.mul(b.mul(sizes.depth, most), 4);
  return {tasks, b.max(grain, b.index(1)), bytes};
}
