//===- Bf16Parts.cpp - an fp32 number as three of bf16 --------------------===//
//
// What is computed, for x of 24 significant bits
//
//   high   = x cut to 8 bits                  |x - high| < 2^-7 |x|
//   middle = (x - high) to the nearest of 8   |rest| <= 2^-8 |x - high|
//   low    = x - high - middle                8 bits at most, exact
//
// Both differences are exact, since their operands share an exponent's range.
// The high part is cut since rounding could make a large number infinite; the
// middle part is rounded (half away from zero, by an addition to its bits),
// which takes a bit and any bias from what the products leave out. Parts below
// 2^-126 count as 0 in a product of AMX.
//===----------------------------------------------------------------------===//

#include "Bf16Parts.h"

using namespace mlir;
using namespace skim;

static constexpr int32_t upperHalf = int32_t(0xffff0000);

static Value cut(KernelBuilder &b, Value bits) {
  return arith::AndIOp::create(b, bits, b.splatInt(upperHalf));
}

SmallVector<Value, numParts> skim::splitNumbers(KernelBuilder &b, Value numbers,
                                                bool keepInfinite) {
  Value high = b.bitsOf(numbers), finite;
  auto zeroUnlessFinite = [&](Value bits) {
    return keepInfinite ? b.select(finite, bits, b.splatInt(0)) : bits;
  };
  if (keepInfinite)
    finite = b.less(arith::AndIOp::create(b, high, b.splatInt(0x7fffffff)),
                    b.splatInt(0x7f800000));
  high = zeroUnlessFinite(high);
  Value rest = b.subf(numbers, b.floatsOf(cut(b, high)));
  Value middle = arith::AddIOp::create(b, b.bitsOf(rest), b.splatInt(0x8000));
  middle = zeroUnlessFinite(middle);
  rest = b.subf(rest, b.floatsOf(cut(b, middle)));
  return {high, middle, b.bitsOf(rest)};
}

Value skim::pairParts(KernelBuilder &b, Value first, Value second) {
  Value lower = arith::ShRUIOp::create(b, first, b.splatInt(16));
  return arith::OrIOp::create(b, cut(b, second), lower);
}

void skim::storeParts(KernelBuilder &b, Value numbers, Value out, Value place,
                      int64_t step, int64_t count) {
  auto type = VectorType::get(b.target.vectorWidth, b.getI16Type());
  auto parts = splitNumbers(b, numbers, /*keepInfinite=*/true);
  for (int64_t part = 0; part != numParts; ++part) {
    Value upper = arith::ShRUIOp::create(b, parts[part], b.splatInt(16));
    b.storeVector(arith::TruncIOp::create(b, type, upper), out,
                  {b.index(0), b.add(place, part * step)}, count);
  }
}
