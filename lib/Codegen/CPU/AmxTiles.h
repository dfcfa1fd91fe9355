//===- AmxTiles.h - the tile registers of AMX -------------------*- C++ -*-===//
// The only place that knows AMX: which tile holds what, and the instructions,
// one member each.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_AMXTILES_H
#define SKIM_LIB_CODEGEN_CPU_AMXTILES_H

#include "KernelBuilder.h"

namespace skim {

/// Eight registers of up to 16 rows of 64 bytes: 2 x 2 tiles of sums, two of
/// states (rows) and two of weights (columns).
class AmxTiles {
public:
  static constexpr int64_t rows = 16, columns = 16; ///< of a tile of sums

  /// `step`: words of K that one instruction multiplies (TargetInfo::tileStep).
  AmxTiles(KernelBuilder &b, Dtype dtype, int64_t step)
      : b(b), dtype(dtype), step(step) {}

  /// Words of 64 bits of a configuration.
  static constexpr int64_t configWords = 8;
  /// Writes the configuration for `upper` and `lower` rows of states, each from
  /// 1 to 16, to configs[index], an i64 memref [?, configWords].
  void writeConfig(Value configs, Value index, Value upper, Value lower);
  /// Every tile is as configs[index] says afterwards, and zero.
  void useConfig(Value configs, Value index);

  /// The tile's rows begin `stride` bytes apart from memref[indices] on; the
  /// memref's sizes are static but for the first.
  void loadStates(int64_t half, Value states, ValueRange indices,
                  int64_t stride);
  void loadWeights(int64_t half, Value weights, ValueRange indices,
                   int64_t stride);
  void zeroSums(int64_t half, int64_t weightsHalf);
  void loadSums(int64_t half, int64_t weightsHalf, Value sums,
                ValueRange indices, int64_t stride);
  /// Adds the products of a tile of states and one of weights to the sums of
  /// these halves, or to tile `sums` of the four.
  void multiplyAdd(int64_t half, int64_t weightsHalf);
  void multiplyAdd(int64_t sums, int64_t half, int64_t weightsHalf);
  void storeSums(int64_t half, int64_t weightsHalf, Value sums,
                 ValueRange indices, int64_t stride);
  /// Gives the registers back, which spares the system from saving them.
  void release();

private:
  void call(llvm::StringRef name, ValueRange arguments);
  void load(int64_t tile, Value memref, ValueRange indices, int64_t stride);
  Value number(unsigned bits, int64_t value);
  Value address(Value memref, ValueRange indices);

  KernelBuilder &b;
  Dtype dtype;
  int64_t step;
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_AMXTILES_H
