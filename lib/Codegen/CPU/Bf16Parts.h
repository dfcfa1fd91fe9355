//===- Bf16Parts.h - an fp32 number as three of bf16 ------------*- C++ -*-===//
// What products in bf16x3 make of states and of weights.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_BF16PARTS_H
#define SKIM_LIB_CODEGEN_CPU_BF16PARTS_H

#include "KernelBuilder.h"

namespace skim {

/// Parts of a number, the largest first, and the products of parts that are
/// added, in this order. Those that are left out are at most 2^-22 of the whole
/// each.
enum Part { High, Middle, Low, numParts };
struct PartsProduct {
  Part states, weights;
};
inline constexpr PartsProduct partsProducts[] = {
    {High, Low},    {High, Middle}, {Middle, Middle},
    {Middle, High}, {High, High},   {Low, High}};

/// Vectors of 32 bits whose upper halves are the parts of `numbers`, each a
/// bf16; the lower halves are to be cut off. The parts add up to the number,
/// exactly: the high one is cut, the middle one rounded. A number that is not
/// finite gives NaN parts, with `keepInfinite` zeros and itself as the low part
/// (a NaN as a quiet one).
llvm::SmallVector<Value, numParts> splitNumbers(KernelBuilder &b, Value numbers,
                                                bool keepInfinite);
/// Stores the parts of `count` states, each [numParts][step] from `place` of
/// `out` on, in its flat order.
void storeParts(KernelBuilder &b, Value numbers, Value out, Value place,
                int64_t step, int64_t count);
/// Words of the upper halves of two such vectors, the first in the lower half.
Value pairParts(KernelBuilder &b, Value first, Value second);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_BF16PARTS_H
