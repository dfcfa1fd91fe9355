//===- GemmEpilogue.cpp - what a product does with its sums ---------------===//
// While the sums are in L1. Several rows are taken at once, since the
// operations of one vector wait for each other.
//===----------------------------------------------------------------------===//

#include "GemmEpilogue.h"

#include "VectorMath.h"

using namespace mlir;
using namespace skim;

void GemmEpilogue::forWidth(int64_t tiles, Value tile,
                            function_ref<void(int64_t)> body) {
  int64_t whole = tiles * tileColumns;
  if (!tail() || tiles > 1)
    return body(whole);
  Value last = b.index(b.target.numTiles(spec.n, spec.dtype) - 1);
  b.ifThen(b.equal(tile, last), [&] { body(tail()); }, [&] { body(whole); });
}

void GemmEpilogue::emit(const GemmArguments &arguments, int64_t tiles,
                        Value row, Value endRow, Value tile,
                        LoadSums loadSums) {
  int64_t perRow = tiles * b.target.tileVectors(spec.dtype);
  int64_t together = std::max<int64_t>(1, b.target.numRegisters / 4 / perRow);
  forWidth(tiles, tile, [&](int64_t width) {
    auto emit = [&](int64_t rows, Value first) {
      emitRows(arguments, rows, first, tile, width, loadSums);
    };
    Value rest = b.rem(b.sub(endRow, row), b.index(together));
    Value whole = b.sub(endRow, rest);
    b.loop(row, whole, together, [&](Value m) { emit(together, m); });
    if (together > 1)
      b.ifThen(b.less(b.index(0), rest), [&] {
        b.switchOver(rest, 1, together - 1,
                     [&](int64_t rows) { emit(rows, whole); });
      });
  });
}

void GemmEpilogue::finish(const GemmArguments &arguments,
                          const Waiting &waiting) {
  emit(arguments, 1, waiting.row, waiting.endRow, waiting.tile,
       [&](Value row, Value, int64_t column, int64_t count) {
         return loadWaiting(waiting, b.sub(row, waiting.row), column, count);
       });
}

void GemmEpilogue::finishOne(const GemmArguments &arguments,
                             const Waiting &waiting, Value number) {
  Value row = b.add(waiting.row, number);
  b.ifThen(b.less(row, waiting.endRow), [&] {
    forWidth(1, waiting.tile, [&](int64_t width) {
      emitRows(arguments, 1, row, waiting.tile, width,
               [&](Value, Value, int64_t column, int64_t count) {
                 return loadWaiting(waiting, number, column, count);
               });
    });
  });
}

Value GemmEpilogue::loadWaiting(const Waiting &waiting, Value number,
                                int64_t column, int64_t count) {
  Value place = b.add(waiting.first, number);
  auto load = [&](int64_t column) {
    return b.loadVector(waiting.buffer, {place, b.index(column)}, count);
  };
  if (spec.dtype != Dtype::Int8x3)
    return load(column);
  Values sums;
  for (int64_t order = 0; order != Words::stateDigits; ++order)
    sums.push_back(load(order * tileColumns + column));
  return dot.addDigits(sums);
}

void GemmEpilogue::emitRows(const GemmArguments &arguments, int64_t rows,
                            Value row, Value tile, int64_t width,
                            LoadSums loadSums) {
  int64_t lanes = b.target.vectorWidth;
  struct Place {
    Value row, column;
    int64_t count;
  };
  SmallVector<Place> places;
  Values sums;
  for (int64_t i = 0; i != rows; ++i)
    for (int64_t v = 0; v * lanes < width; ++v) {
      Place at{b.add(row, i), column(tile, v * lanes),
               std::min(width - v * lanes, lanes)};
      Value sum = loadSums(at.row, tile, v * lanes, at.count);
      Value added =
          spec.bias ? b.loadVector(arguments.bias, {at.column}) : Value();
      sum = dot.finish(sum, arguments.x, at.row, arguments.w, tile, v, added);
      sums.push_back(sum);
      places.push_back(at);
    }
  // What rounding to narrow numbers changed is far more than such a GELU does.
  bool coarse = spec.dtype == Dtype::Int8 || spec.dtype == Dtype::Bf16;
  sums = emitActivation(b, spec.activation, sums, coarse);
  for (auto [sum, at] : llvm::zip_equal(sums, places)) {
    if (spec.residual) {
      Value from = at.row;
      if (arguments.residualIndex)
        from = b.toIndex(b.load(arguments.residualIndex, {from}));
      Value added =
          b.loadVector(arguments.residual, {from, at.column}, at.count);
      sum = b.addf(sum, added);
    }
    if (spec.narrowsResult)
      sum = emitRoundBf16(b, sum);
    b.storeVector(sum, arguments.out, {at.row, at.column}, at.count);
  }
}
