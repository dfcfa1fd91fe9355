//===- Words.h - numbers of a dtype in words of 32 bits ---------*- C++ -*-===//
// What the kernels that write and read narrow numbers, and those who make
// their buffers, must agree on.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_WORDS_H
#define SKIM_CODEGEN_WORDS_H

#include "mlir/IR/BuiltinTypes.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

namespace skim {

/// How `k` numbers of a dtype lie: those of a word are multiplied at once. The
/// last word is filled up with numbers whose product is 0. In bf16x3 weights
/// are those of fp32, and states lie as Quantise.cpp says.
struct Words {
  Words(Dtype dtype, int64_t k)
      : dtype(dtype), perWord(dtype == Dtype::Int8   ? 4
                              : dtype == Dtype::Bf16 ? 2
                                                     : 1),
        count((k + perWord - 1) / perWord) {}

  Dtype dtype;
  int64_t perWord; ///< numbers of a word
  int64_t count;   ///< words that `k` numbers take

  /// Words of a row of states: int8 rows end with their scale.
  int64_t ofState() const { return count + (dtype == Dtype::Int8); }
  /// Rows of words of a tile of weights: int8 tiles end with the scales of
  /// their columns and what makes up for states that are stored 128 too large.
  int64_t ofTile() const { return count + (dtype == Dtype::Int8 ? 2 : 0); }

  mlir::Type element(mlir::MLIRContext *context) const {
    if (dtype == Dtype::Fp32 || dtype == Dtype::Bf16x3)
      return mlir::Float32Type::get(context);
    return mlir::IntegerType::get(context, 32 / perWord);
  }
  /// States [?, numbers].
  mlir::MemRefType states(mlir::MLIRContext *context) const {
    if (dtype == Dtype::Bf16x3)
      return mlir::MemRefType::get({mlir::ShapedType::kDynamic, 3 * count},
                                   mlir::IntegerType::get(context, 16));
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
