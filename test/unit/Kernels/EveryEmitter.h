//===- EveryEmitter.h - tests that all emitters pass ------------*- C++ -*-===//
// A test of this class, by TEST_P, runs with the kernels of each emitter.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_KERNELS_EVERYEMITTER_H
#define SKIM_TEST_UNIT_KERNELS_EVERYEMITTER_H

#include "KernelHarness.h"
#include "gtest/gtest.h"

namespace skim::test {

/// Who writes a kernel, and of what numbers its products are.
enum class Form { Mlir, Halide, Int16, Int8, Tiles };

class EveryEmitter : public testing::TestWithParam<Form> {
protected:
  void SetUp() override {
    if (halide() && !hasHalide())
      GTEST_SKIP() << "this build has no Halide";
    if (GetParam() == Form::Tiles && !canRun(withTiles))
      GTEST_SKIP() << "this processor has no AMX";
  }
  bool halide() const { return GetParam() == Form::Halide; }
  AttentionProducts products() const {
    return GetParam() == Form::Tiles   ? AttentionProducts::Bf16Tiles
           : GetParam() == Form::Int16 ? AttentionProducts::Int16
           : GetParam() == Form::Int8  ? AttentionProducts::Int8
                                       : AttentionProducts::Fma;
  }
  /// The processor to compile for: tiles need one that has them.
  llvm::StringRef cpuFor(llvm::StringRef cpu) const {
    return GetParam() == Form::Tiles ? withTiles : cpu;
  }
  Kernels makeKernels(llvm::StringRef cpu = "native") const {
    return Kernels(cpu, "", halide());
  }

private:
};

inline std::string nameForm(const testing::TestParamInfo<Form> &info) {
  static constexpr const char *names[] = {"mlir", "halide", "int16", "int8",
                                          "tiles"};
  return names[size_t(info.param)];
}

} // namespace skim::test

/// Runs the tests of `Suite`, a class derived from EveryEmitter, in each form.
#define SKIM_FOR_EVERY_FORM(Suite, ...)                                        \
  INSTANTIATE_TEST_SUITE_P(Emitters, Suite, testing::Values(__VA_ARGS__),      \
                           skim::test::nameForm)
#define SKIM_FOR_EVERY_EMITTER(Suite)                                          \
  SKIM_FOR_EVERY_FORM(Suite, skim::test::Form::Mlir, skim::test::Form::Halide)
/// Attention by products of integers and by tiles of AMX as well.
#define SKIM_FOR_EVERY_ATTENTION(Suite)                                        \
  SKIM_FOR_EVERY_FORM(Suite, skim::test::Form::Mlir, skim::test::Form::Halide, \
                      skim::test::Form::Int16, skim::test::Form::Int8,         \
                      skim::test::Form::Tiles)

#endif // SKIM_TEST_UNIT_KERNELS_EVERYEMITTER_H
