//===- DotProducts.h - words of narrow numbers, multiplied ------*- C++ -*-===//
// What a matrix product of a dtype does where one of fp32 loads a number, and
// multiplies and adds: the same for words of several numbers.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_DOTPRODUCTS_H
#define SKIM_LIB_CODEGEN_CPU_DOTPRODUCTS_H

#include "KernelBuilder.h"
#include "skim/Codegen/Words.h"

namespace skim {

class DotProducts {
public:
  /// Sums that begin at `start` have what makes up for unsigned states. With
  /// `zeroPoints` columns have such, in uint8, whose sums always begin there.
  DotProducts(KernelBuilder &b, Dtype dtype, int64_t k, bool started = false,
              bool zeroPoints = false)
      : words(dtype, k), b(b), started(started), zeroPoints(zeroPoints) {
    assert((started || dtype != Dtype::Uint8) && "sums begin elsewhere");
  }

  const Words words;

  /// Sums are vectors of f32; those of int8 and uint8 are of i32.
  mlir::VectorType sumType();
  Value zero();
  /// Where the sums of a vector begin, of any row; `row` is one of them.
  Value start(Value states, Value row, Value weights, Value tile,
              int64_t vector);

  /// Word `word` of a row of states: f32, or i32.
  Value loadWord(Value states, Value row, Value word);
  /// The words `word` of the columns of vector `vector` of the tiles from
  /// `tile` on; so are those of all that follows.
  Value loadWeights(Value weights, Value tile, Value word, int64_t vector);
  /// sum + the products of the numbers of two words, in each lane.
  Value multiplyAdd(Value word, Value weights, Value sum);

  /// Sums wait in the f32 buffer of the results as they are, bit by bit.
  Value toResult(Value sum);
  Value fromResult(Value result);
  /// int8x3: what the sums of products of digits, by the power of 1 / 256 that
  /// they count for, add up to: 2^16 times their worth, as f32.
  Value addDigits(ValueRange sums);
  /// The value that the finished sums of `row` stand for, which `result` holds,
  /// and `bias`, which may be null.
  Value finish(Value result, Value states, Value row, Value weights, Value tile,
               int64_t vector, Value bias);

private:
  Value multiplyAddInt8(Value word, Value weights, Value sum);
  Value multiplyAddBf16(Value word, Value weights, Value sum);
  Value columnScales(Value weights, Value tile, int64_t vector);
  Value offsets(Value weights, Value tile, int64_t vector) {
    return loadWeights(weights, tile, b.index(words.count + 1), vector);
  }
  Value zeroPointsOf(Value weights, Value tile, int64_t vector) {
    return loadWeights(weights, tile, b.index(words.count + 2), vector);
  }
  /// What a row's word holds, in each lane.
  Value rowWord(Value states, Value row, int64_t word) {
    return b.broadcast(loadWord(states, row, b.index(word)));
  }
  Value rowScale(Value states, Value row, Value word);

  KernelBuilder &b;
  bool started, zeroPoints;
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_DOTPRODUCTS_H
