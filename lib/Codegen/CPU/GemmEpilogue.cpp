//===- GemmEpilogue.cpp - what a product does with its sums ---------------===//
// Vector by vector, while the sums are in L1.
//===----------------------------------------------------------------------===//

#include "GemmEpilogue.h"

#include "VectorMath.h"

using namespace mlir;
using namespace skim;

void GemmEpilogue::forWidth(int64_t tiles, Value tile,
                            function_ref<void(int64_t)> body) {
  int64_t whole = tiles * b.target.tileColumns;
  if (!tail() || tiles > 1)
    return body(whole);
  Value last = b.index(b.target.numTiles(spec.n) - 1);
  b.ifThen(
      b.equal(tile, last), [&] { body(tail()); }, [&] { body(whole); });
}

void GemmEpilogue::emit(const GemmArguments &arguments, int64_t tiles,
                        Value row, Value endRow, Value tile,
                        LoadSums loadSums) {
  int64_t lanes = b.target.vectorWidth, perTile = b.target.tileVectors();
  forWidth(tiles, tile, [&](int64_t width) {
    b.loop(row, endRow, 1, [&](Value m) {
      Value from = m;
      if (spec.residual && arguments.residualIndex)
        from = b.toIndex(b.load(arguments.residualIndex, {m}));
      for (int64_t v = 0; v * lanes < width; ++v) {
        int64_t count = std::min(width - v * lanes, lanes);
        Value n = column(tile, v * lanes);
        Value sum = loadSums(m, tile, v * lanes, count);
        sum = dot.finish(sum, arguments.x, m, arguments.w,
                         b.add(tile, v / perTile), v % perTile);
        if (spec.bias)
          sum = b.addf(sum, b.loadVector(arguments.bias, {n}));
        sum = emitActivation(b, spec.activation, sum);
        if (spec.residual)
          sum = b.addf(sum, b.loadVector(arguments.residual, {from, n}, count));
        b.storeVector(sum, arguments.out, {m, n}, count);
      }
    });
  });
}
