//===- IntegerScales.cpp - scales of numbers as integers ------------------===//
// A range is found in one pass down the rows, a vector of columns at a time.
//===----------------------------------------------------------------------===//

#include "IntegerScales.h"

#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;
using namespace skim;

SmallVector<ColumnRange> skim::findRanges(KernelBuilder &b, Value from,
                                          Value firstRow, Value rows,
                                          Value column, int64_t width) {
  int64_t lane = b.target.vectorWidth, count = llvm::divideCeil(width, lane);
  Values none;
  for (int64_t i = 0; i != count; ++i)
    none.append({b.splatInt(0), b.splat(INFINITY), b.splat(-INFINITY)});
  auto extend = [&](Value j, ValueRange carried) {
    Values next;
    for (int64_t i = 0; i != count; ++i) {
      int64_t d = i * lane;
      Value numbers = b.loadVector(from, {b.add(firstRow, j), b.add(column, d)},
                                   std::min(lane, width - d));
      auto part = carried.slice(3 * i, 3);
      next.push_back(b.max(part[0], b.magnitudeBits(numbers)));
      next.push_back(b.minf(numbers, part[1]));
      next.push_back(b.maxf(numbers, part[2]));
    }
    return next;
  };
  Values found = b.reduce(b.index(0), rows, 1, none, extend);
  SmallVector<ColumnRange> ranges;
  for (int64_t i = 0; i != count; ++i)
    ranges.push_back({found[3 * i], found[3 * i + 1], found[3 * i + 2]});
  return ranges;
}

void skim::storeScales(KernelBuilder &b, Value bits, Value scales, Value place,
                       float most, float factor) {
  constexpr int32_t tiny = (127 - 100) << 23, infinity = 0x7f800000;
  Value small = b.less(bits, b.splatInt(tiny));
  Value finite = b.less(bits, b.splatInt(infinity));
  Value largest = b.floatsOf(bits);
  Value inverse =
      b.select(small, b.splat(0.0f), b.divf(b.splat(most), largest));
  Value scale = b.mulf(largest, b.splat(factor / most));
  scale = b.select(small, b.splat(std::numeric_limits<float>::min()), scale);
  scale =
      b.select(finite, scale, b.splat(std::numeric_limits<float>::quiet_NaN()));
  b.storeVector(scale, scales, {b.index(Scale), place});
  b.storeVector(inverse, scales, {b.index(Inverse), place});
}
