//===- TargetInfo.cpp - what kernels must know of a processor -------------===//
// Chooses the register tile for each width of vectors.
//===----------------------------------------------------------------------===//

#include "skim/Codegen/TargetInfo.h"

#include "skim/Codegen/Words.h"
#include "skim/Target/CpuTarget.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/TargetParser/Triple.h"

using namespace skim;

/// The instructions for products of narrow numbers.
static void findDotProducts(TargetInfo &info, llvm::StringRef features) {
  auto has = [&](llvm::StringRef feature) {
    llvm::SmallVector<llvm::StringRef> all;
    features.split(all, ',');
    return llvm::is_contained(all, feature);
  };
  if (info.vectorWidth == 16) {
    if (has("+avx512vnni")) {
      info.int8Dot = "llvm.x86.avx512.vpdpbusd.512";
      info.int16Dot = "llvm.x86.avx512.vpdpwssd.512";
    }
    if (has("+avx512bf16")) {
      info.bf16Dot = "llvm.x86.avx512bf16.dpbf16ps.512";
      info.bf16Round = "llvm.x86.avx512bf16.cvtneps2bf16.512";
    }
    if (has("+avx512bw"))
      info.pairDot = "llvm.x86.avx512.pmaddw.d.512";
    info.hasAvx512Math = has("+avx512dq") && has("+avx512bw");
    info.int8Tiles = has("+amx-tile") && has("+amx-int8");
    info.bf16Tiles = has("+amx-tile") && has("+amx-bf16");
  } else if (info.vectorWidth == 8) {
    // The same name with the instruction of either extension.
    if (has("+avxvnni")) {
      info.int8Dot = "llvm.x86.avx512.vpdpbusd.256";
      info.int16Dot = "llvm.x86.avx512.vpdpwssd.256";
    }
    if (has("+avx2"))
      info.pairDot = "llvm.x86.avx2.pmadd.wd";
  } else {
    info.pairDot = "llvm.x86.sse2.pmadd.wd";
  }
}

/// L2 of one core in KiB; the smallest that is common where it is not known.
static int64_t l2KiB(llvm::StringRef cpu) {
  return llvm::StringSwitch<int64_t>(cpu)
      .Cases({"haswell", "broadwell", "skylake"}, 256)
      .Cases({"skylake-avx512", "cascadelake", "cooperlake"}, 1024)
      .Cases({"icelake-server", "icelake-client", "tigerlake"}, 1280)
      .Cases({"sapphirerapids", "emeraldrapids", "graniterapids"}, 2048)
      .Cases({"znver4", "znver5", "neoverse-n1", "neoverse-v1"}, 1024)
      .Default(512);
}

int64_t TargetInfo::tileStep(Dtype dtype, int64_t k) const {
  // More could overflow the sums of three products of digits each.
  constexpr int64_t mostOfInt8x3 = 32768;
  if (!hasTiles(dtype) ||
      (dtype == Dtype::Int8x3 && (k % 4 || k > mostOfInt8x3)))
    return 0;
  return evenStep(Words(dtype, k).count);
}

TargetInfo TargetInfo::get(const CpuTarget &cpu) {
  TargetInfo info;
  info.name = cpu.name;
  info.l2Bytes = l2KiB(cpu.name) << 10;
  info.vectorWidth = cpu.vectorBits / 32;
  if (llvm::Triple(cpu.triple).isAArch64()) {
    // 8 x 8 sums are 16 of 32 registers; 4 more hold the operands of a step.
    info.isX86 = false;
    info.hasFMA = true;
    info.numRegisters = 32;
    info.tileRows = 8;
    info.tileColumns = 8;
    info.emulatedTileRows = 5;
    return info;
  }
  info.hasFMA = llvm::StringRef(cpu.features).contains("+fma");
  if (info.vectorWidth == 16) {
    // 12 x 32 sums are 24 of 32 registers. 32 divides every usual width, where
    // 48 would pad 512, 1024 and 4096.
    info.numRegisters = 32;
    info.tileRows = 12;
    info.tileColumns = 32;
    info.emulatedTileRows = 9;
  } else if (info.vectorWidth == 8) {
    // 6 x 16 sums are 12 of 16 registers, two hold the weights, one the input.
    // Emulated: 8 sums, 4 parts of the weights, 2 of the input, a product.
    info.tileRows = 6;
    info.tileColumns = 16;
    info.emulatedTileRows = 4;
  } else {
    // 4 x 8 sums are 8 of 16 registers: products need registers of their own.
    info.tileRows = 4;
    info.tileColumns = 8;
  }
  findDotProducts(info, cpu.features);
  return info;
}
