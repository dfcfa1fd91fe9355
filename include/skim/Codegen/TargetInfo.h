//===- TargetInfo.h - what kernels must know of a processor -----*- C++ -*-===//
// Vector width, registers and caches, and the tile sizes that follow from them.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_TARGETINFO_H
#define SKIM_CODEGEN_TARGETINFO_H

#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace skim {

struct CpuTarget;

/// What the two products of an attention multiply, and by which instructions.
enum class AttentionProducts {
  Fma,      ///< fp32, by multiply-adds
  Int16,    ///< integers of 16 bits and scales, by int16Dot or pairDot
  Int8,     ///< the same, but of 8 bits where they give scores
  Bf16Tiles ///< bf16, by tiles of AMX
};

/// One value per processor; every kernel and the layout of the weights follow
/// from it, so two kernels of a library always agree.
struct TargetInfo {
  std::string name;
  /// Floats in a vector register.
  int64_t vectorWidth = 4;
  int64_t numRegisters = 16;
  /// A fused multiply-add instruction exists. Without it a product is rounded
  /// before it is added; nothing ever calls fmaf.
  bool hasFMA = false;
  bool isX86 = true;
  int64_t l1Bytes = 32 << 10;
  int64_t l2Bytes = 512 << 10;

  /// Register tile of the matrix product: tileRows x tileColumns sums stay in
  /// registers. tileColumns is the T of the packed weights.
  int64_t tileRows = 4;
  int64_t tileColumns = 8;

  /// LLVM's intrinsics, empty where the processor has none: products of words
  /// of int8 and of bf16 numbers (DotProducts.cpp), and of pairs of 16-bit
  /// ones, with the sum that they are added to or without; rounding to bf16.
  std::string int8Dot, bf16Dot, int16Dot, pairDot, bf16Round;
  /// AVX-512's vreduceps, vscalefps, vrangeps, vpermi2ps, vpermi2w, vpsrlvw and
  /// vpmulhrsw (Avx512Math.cpp).
  bool hasAvx512Math = false;
  /// AMX multiplies tiles of the type (AmxTiles.cpp).
  bool int8Tiles = false, bf16Tiles = false;
  /// tileRows of a product without its intrinsic, which needs more registers.
  int64_t emulatedTileRows = 3;

  bool hasTiles(Dtype dtype) const {
    return ((dtype == Dtype::Int8 || dtype == Dtype::Int8x3) && int8Tiles) ||
           (dtype == Dtype::Bf16 && bf16Tiles);
  }
  /// Of attention where linear layers multiply `dtype`: narrow in the narrow
  /// types, by what is there.
  AttentionProducts attentionProducts(Dtype dtype) const {
    bool narrow = dtype == Dtype::Bf16 || dtype == Dtype::Int8;
    if (narrow && hasTiles(Dtype::Bf16))
      return AttentionProducts::Bf16Tiles;
    if (!narrow || pairDot.empty())
      return AttentionProducts::Fma;
    return dtype == Dtype::Int8 ? AttentionProducts::Int8
                                : AttentionProducts::Int16;
  }
  /// Words of K that one instruction of AMX multiplies in products over `k`
  /// numbers (evenStep); 0 where there is no AMX for `dtype`, or where it
  /// cannot multiply these.
  int64_t tileStep(Dtype dtype, int64_t k) const;
  bool emulates(Dtype dtype) const {
    return ((dtype == Dtype::Int8 || dtype == Dtype::Uint8) &&
            int8Dot.empty()) ||
           (dtype == Dtype::Bf16 && bf16Dot.empty());
  }
  int64_t tileRowsOf(Dtype dtype) const {
    return emulates(dtype) ? emulatedTileRows : tileRows;
  }

  /// T of weights packed for products of `dtype`. In int8x3 the sums of an
  /// element are four: a tile is half as wide.
  int64_t tileColumnsOf(Dtype dtype) const {
    return dtype == Dtype::Int8x3 ? tileColumns / 2 : tileColumns;
  }
  int64_t tileVectors(Dtype dtype = Dtype::Fp32) const {
    return tileColumnsOf(dtype) / vectorWidth;
  }
  /// Number of column tiles of a weight of `n` columns.
  int64_t numTiles(int64_t n, Dtype dtype = Dtype::Fp32) const {
    int64_t columns = tileColumnsOf(dtype);
    return (n + columns - 1) / columns;
  }

  static TargetInfo get(const CpuTarget &cpu);
};

} // namespace skim

#endif // SKIM_CODEGEN_TARGETINFO_H
