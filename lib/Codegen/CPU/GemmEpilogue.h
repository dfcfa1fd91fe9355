//===- GemmEpilogue.h - what a product does with its sums -------*- C++ -*-===//
// Bias, activation and residual of finished sums, whoever made them.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_GEMMEPILOGUE_H
#define SKIM_LIB_CODEGEN_CPU_GEMMEPILOGUE_H

#include "DotProducts.h"
#include "Gemm.h"

namespace skim {

class GemmEpilogue {
public:
  GemmEpilogue(KernelBuilder &b, const GemmSpec &spec, DotProducts &dot)
      : b(b), spec(spec), dot(dot),
        tileColumns(b.target.tileColumnsOf(spec.dtype)) {}

  /// The sums of row `row` from `column` of `tile` on, `count` of them.
  using LoadSums = llvm::function_ref<Value(Value row, Value tile,
                                            int64_t column, int64_t count)>;
  /// Makes the results of rows [row, endRow) and of `tiles` tiles from `tile`
  /// on, in one loop for all sizes of panels: it keeps the polynomials of an
  /// activation from being there many times.
  void emit(const GemmArguments &arguments, int64_t tiles, Value row,
            Value endRow, Value tile, LoadSums loadSums);

  /// Rows [row, endRow) of `tile`, whose sums wait in the rows of `buffer` from
  /// `first` on; in int8x3 those of all digits side by side.
  struct Waiting {
    Value buffer, first, tile, row, endRow;
  };
  /// Makes the results of them all.
  void finish(const GemmArguments &arguments, const Waiting &waiting);
  /// Makes those of their row `number`, if there are so many, among other work.
  void finishOne(const GemmArguments &arguments, const Waiting &waiting,
                 Value number);

  /// Runs body(number of columns) for whole tiles, or for the last one where
  /// that is not whole: it goes alone.
  void forWidth(int64_t tiles, Value tile,
                llvm::function_ref<void(int64_t)> body);
  /// Numbers of the last tile, when it is not whole.
  int64_t tail() const { return spec.n % tileColumns; }
  /// Column `offset` of `tile` among all.
  Value column(Value tile, int64_t offset) {
    return b.add(b.mul(tile, tileColumns), offset);
  }

private:
  Value loadWaiting(const Waiting &waiting, Value number, int64_t column,
                    int64_t count);
  void emitRows(const GemmArguments &arguments, int64_t rows, Value row,
                Value tile, int64_t width, LoadSums loadSums);

  KernelBuilder &b;
  const GemmSpec &spec;
  DotProducts &dot;
  int64_t tileColumns;
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_GEMMEPILOGUE_H
