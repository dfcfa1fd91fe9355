//===- EveryEmitter.h - tests that all emitters pass ------------*- C++ -*-===//
// A test of this class, by TEST_P, runs with the kernels of each emitter.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_KERNELS_EVERYEMITTER_H
#define SKIM_TEST_UNIT_KERNELS_EVERYEMITTER_H

#include "KernelHarness.h"
#include "gtest/gtest.h"

namespace skim::test {

class EveryEmitter : public testing::TestWithParam<bool> {
protected:
  void SetUp() override {
    if (halide() && !hasHalide())
      GTEST_SKIP() << "this build has no Halide";
  }
  bool halide() const { return GetParam(); }
  Kernels makeKernels(llvm::StringRef cpu = "native") const {
    return Kernels(cpu, "", halide());
  }
};

inline std::string nameEmitter(const testing::TestParamInfo<bool> &info) {
  return info.param ? "halide" : "mlir";
}

} // namespace skim::test

/// Runs the tests of `Suite`, a class derived from EveryEmitter.
#define SKIM_FOR_EVERY_EMITTER(Suite)                                          \
  INSTANTIATE_TEST_SUITE_P(Emitters, Suite, testing::Bool(),                   \
                           skim::test::nameEmitter)

#endif // SKIM_TEST_UNIT_KERNELS_EVERYEMITTER_H
