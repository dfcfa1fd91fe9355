//===- RankUpdates.h - the inner loop of all matrix products ----*- C++ -*-===//
// A tile of sums in registers, to which products are added one k at a time.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_RANKUPDATES_H
#define SKIM_LIB_CODEGEN_CPU_RANKUPDATES_H

#include "KernelBuilder.h"

namespace skim {

/// Operands of the tile: the number of row i in step k, and vector v in step k.
struct TileOperands {
  int64_t rows, vectors;
  llvm::function_ref<Value(Value k, int64_t row)> scalar;
  llvm::function_ref<Value(Value k, int64_t vector)> vector;
  /// Called once for every few steps, with the first of them, for prefetches;
  /// may be null.
  llvm::function_ref<void(Value k)> ahead = nullptr;
  /// factor * vector + sum where it is no multiply-add of f32; may be null.
  llvm::function_ref<Value(Value factor, Value vector, Value sum)> multiplyAdd =
      nullptr;
  /// Steps of a round: four hide the loop's own instructions.
  int64_t unroll = 4;
};

/// Adds scalar(k, i) * vector(k, v) to sums[i * vectors + v] for k in
/// [begin, end) in ascending order: one chain of fused multiply-adds for each
/// element, whatever the tile. `multiple` divides end - begin.
Values emitRankUpdates(KernelBuilder &builder, Value begin, Value end,
                       int64_t multiple, ValueRange sums,
                       const TileOperands &operands);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_RANKUPDATES_H
