//===- CpuTargetTest.cpp - what --mcpu and --mtriple resolve to -----------===//

#include "skim/Target/CpuTarget.h"

#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

using namespace skim;

static CpuTarget resolve(llvm::StringRef cpu, llvm::StringRef triple = "") {
  llvm::Expected<CpuTarget> target = resolveCpuTarget(cpu, triple);
  if (!target) {
    ADD_FAILURE() << llvm::toString(target.takeError());
    return CpuTarget();
  }
  return *target;
}

static std::string errorOf(llvm::StringRef cpu, llvm::StringRef triple = "") {
  llvm::Expected<CpuTarget> target = resolveCpuTarget(cpu, triple);
  return target ? "" : llvm::toString(target.takeError());
}

TEST(CpuTarget, BaselineHasNarrowVectors) {
  CpuTarget target = resolve("x86-64", "x86_64-unknown-linux-gnu");
  EXPECT_EQ(target.vectorBits, 128u);
  EXPECT_TRUE(target.required.empty());
}

TEST(CpuTarget, LevelThreeIsAvx2) {
  CpuTarget target = resolve("x86-64-v3", "x86_64-unknown-linux-gnu");
  EXPECT_EQ(target.vectorBits, 256u);
  EXPECT_TRUE(llvm::is_contained(target.required, "avx2"));
  EXPECT_TRUE(llvm::is_contained(target.required, "fma"));
  EXPECT_FALSE(llvm::is_contained(target.required, "avx512f"));
}

TEST(CpuTarget, Avx512IsNotHalved) {
  CpuTarget target = resolve("skylake-avx512", "x86_64-unknown-linux-gnu");
  EXPECT_EQ(target.vectorBits, 512u);
  EXPECT_NE(target.features.find("-prefer-256-bit"), std::string::npos);
}

// Only where there is an instruction that LLVM could cut in two.
TEST(CpuTarget, ProductsOfPairsStayWhole) {
  for (llvm::StringRef cpu : {"cascadelake", "alderlake", "haswell"}) {
    CpuTarget target = resolve(cpu, "x86_64-unknown-linux-gnu");
    EXPECT_EQ(llvm::StringRef(target.features).contains("+fast-dpwssd"),
              cpu != "haswell");
    EXPECT_FALSE(llvm::is_contained(target.required, "fast-dpwssd"));
  }
}

TEST(CpuTarget, TilesAreFeatures) {
  CpuTarget target = resolve("sapphirerapids", "x86_64-unknown-linux-gnu");
  for (const char *feature : {"amx-tile", "amx-bf16", "amx-int8"})
    EXPECT_TRUE(llvm::is_contained(target.required, feature)) << feature;
  target = resolve("znver5", "x86_64-unknown-linux-gnu");
  EXPECT_FALSE(llvm::is_contained(target.required, "amx-tile"));
}

TEST(CpuTarget, ArmNameAloneCrossCompiles) {
  CpuTarget target = resolve("neoverse-n1");
  EXPECT_EQ(target.triple, "aarch64-unknown-linux-gnu");
  EXPECT_EQ(target.vectorBits, 128u);
}

TEST(CpuTarget, ErrorsNameTheFlagAndTheValue) {
  EXPECT_NE(errorOf("pentium-9").find("--mcpu: unknown processor 'pentium-9'"),
            std::string::npos);
  EXPECT_NE(errorOf("", "riscv64-linux").find("--mtriple: expected"),
            std::string::npos);
  EXPECT_NE(errorOf("znver1", "aarch64-linux-gnu").find("for aarch64"),
            std::string::npos);
}
