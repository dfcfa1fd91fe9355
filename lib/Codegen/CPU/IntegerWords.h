//===- IntegerWords.h - integers in words of 32 bits ------------*- C++ -*-===//
// Vectors of words that hold two or four integers, made and multiplied.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_INTEGERWORDS_H
#define SKIM_LIB_CODEGEN_CPU_INTEGERWORDS_H

#include "KernelBuilder.h"

namespace skim {

/// The words of the low halves of two vectors, or quarters of four, the first
/// one's lowest.
Value wordsOf(KernelBuilder &builder, llvm::ArrayRef<Value> numbers);

/// sum + the products of the four numbers of a word, unsigned in the first.
/// The target has `int8Dot`.
Value multiplyAddBytes(KernelBuilder &builder, Value word, Value words,
                       Value sum);
/// sum + the products of both numbers of a word. The target has `pairDot`.
Value multiplyAddPairs(KernelBuilder &builder, Value word, Value words,
                       Value sum);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_INTEGERWORDS_H
