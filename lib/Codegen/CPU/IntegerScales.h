//===- IntegerScales.h - scales of numbers as integers ----------*- C++ -*-===//
// The ranges of the columns of a matrix, the scales that follow from them, and
// integers by these.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_INTEGERSCALES_H
#define SKIM_LIB_CODEGEN_CPU_INTEGERSCALES_H

#include "KernelBuilder.h"

namespace skim {

/// Rows of a view of scales: number = integer * scale, integer = number *
/// inverse; what is taken from numbers before, where there is such a thing.
enum ScaleRow { Scale, Inverse, Centre };

/// Of each lane: the bits of the largest magnitude, least and largest number.
/// Without NaN, which shows in the magnitude only.
struct ColumnRange {
  Value magnitude, low, high;
};
/// Of the columns [column, column + width) of the rows [firstRow, firstRow +
/// rows) of `from`, a vector after the other.
llvm::SmallVector<ColumnRange> findRanges(KernelBuilder &builder, Value from,
                                          Value firstRow, Value rows,
                                          Value column, int64_t width);

/// Stores scale and inverse of numbers whose largest has the bits `bits` and
/// becomes `most`. The scale is multiplied by `factor`; it is above 0, so that
/// minus infinity stays what it is, and NaN where `bits` are not finite. Below
/// 2^-100 the inverse is 0.
void storeScales(KernelBuilder &builder, Value bits, Value scales, Value place,
                 float most, float factor);

/// Adding it rounds to an integer, which the low 16 bits hold.
constexpr float toIntegerMagic = 12582912.0f;
/// The integers next to numbers * inverse, in the low halves of the lanes.
inline Value toIntegers(KernelBuilder &b, Value numbers, Value inverse) {
  return b.bitsOf(b.fma(numbers, inverse, b.splat(toIntegerMagic)));
}

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_INTEGERSCALES_H
