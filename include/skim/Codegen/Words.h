//===- Words.h - numbers of a dtype in words of 32 bits ---------*- C++ -*-===//
// What the kernels that write and read narrow numbers, and those who make
// their buffers, must agree on.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_WORDS_H
#define SKIM_CODEGEN_WORDS_H

#include "mlir/IR/BuiltinTypes.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

namespace skim {

/// Words of K that one instruction of AMX multiplies, of `words` in all: the
/// most that divide them, so that no step is shorter; 0 where steps would be
/// too short to be of use.
inline int64_t evenStep(int64_t words) {
  constexpr int64_t most = 16, least = 8;
  for (int64_t step = most; step >= least; --step)
    if (words % step == 0)
      return step;
  return 0;
}

/// How `k` numbers of a dtype lie: those of a word are multiplied at once. The
/// last word is filled up with numbers whose product is 0. In int8x3 words of
/// all digits are those of a row, which lie as Quantise.cpp and skim.weights
/// say.
struct Words {
  Words(Dtype dtype, int64_t k)
      : dtype(dtype), perWord(dtype == Dtype::Fp32   ? 1
                              : dtype == Dtype::Bf16 ? 2
                                                     : 4),
        count((k + perWord - 1) / perWord) {}

  /// Of a number in int8x3, each an int8.
  static constexpr int64_t stateDigits = 4, weightDigits = 3;
  /// States in int8x3 lie in blocks of so many rows, the last as many as are
  /// left: [steps of K][stateDigits][rows of it][numbers of a step] for each,
  /// and the scales of all rows after them.
  static constexpr int64_t digitsRows = 16;

  Dtype dtype;
  int64_t perWord; ///< numbers of a word
  int64_t count;   ///< words that `k` numbers take

  /// Words of a row of states in int8x3 without its scale. Where blocks of rows
  /// would begin at multiples of 64 KiB, the sets of a cache that a part of K
  /// falls into would be the same for many of them: 4 KiB between them help.
  int64_t ofDigits() const {
    constexpr int64_t block = 64 * 1024, between = 4 * 1024;
    int64_t digits = stateDigits * count;
    bool collides = digits * 4 * digitsRows % block == 0;
    return digits + (collides ? between / (4 * digitsRows) : 0);
  }
  /// Words of a row of states: int8 rows end with their scale, uint8 rows with
  /// the tensor's scale and zero point and the sum of their numbers less that.
  int64_t ofState() const {
    if (dtype == Dtype::Int8x3)
      return ofDigits() + 1;
    return count + (dtype == Dtype::Uint8 ? 3 : dtype == Dtype::Int8);
  }
  /// Rows of words of a tile of weights: those of bytes end with the scales of
  /// their columns, int8 and uint8 also with what makes up for states that are
  /// stored 128, or by 1 of their zero point, too large, uint8 with the
  /// columns' zero points, too.
  int64_t ofTile() const {
    if (dtype == Dtype::Int8x3)
      return weightDigits * count + 1;
    return count + (dtype == Dtype::Uint8 ? 3 : dtype == Dtype::Int8 ? 2 : 0);
  }
  /// Sums are integers, whose tiles have scales and offsets.
  bool hasIntegerSums() const {
    return dtype == Dtype::Int8 || dtype == Dtype::Uint8;
  }

  mlir::Type element(mlir::MLIRContext *context) const {
    if (dtype == Dtype::Fp32)
      return mlir::Float32Type::get(context);
    return mlir::IntegerType::get(context, 32 / perWord);
  }
  /// States [?, numbers].
  mlir::MemRefType states(mlir::MLIRContext *context) const {
    return mlir::MemRefType::get(
        {mlir::ShapedType::kDynamic, ofState() * perWord}, element(context));
  }
  /// Weights [tiles, rows of words, columns of a tile].
  mlir::MemRefType weights(mlir::MLIRContext *context, int64_t tiles,
                           int64_t tile) const {
    return mlir::MemRefType::get({tiles, ofTile(), tile * perWord},
                                 element(context));
  }
};

} // namespace skim

#endif // SKIM_CODEGEN_WORDS_H
