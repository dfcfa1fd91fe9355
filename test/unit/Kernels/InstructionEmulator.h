//===- InstructionEmulator.h - what this processor lacks --------*- C++ -*-===//
// So that kernels for AMX and AVX512-BF16 are tested on processors without:
// the instruction raises SIGILL, and its work is done in the handler. Slow, and
// of the operations only those that kernels use (Intel 64 and IA-32
// Architectures Software Developer's Manual, volume 2, says what they compute).
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_KERNELS_INSTRUCTIONEMULATOR_H
#define SKIM_TEST_UNIT_KERNELS_INSTRUCTIONEMULATOR_H

#include "llvm/ADT/StringRef.h"

namespace skim::test {

/// Whether instructions of the feature, by its runtime name ("amx-tile"), may
/// be run on the calling thread although the processor lacks them. Takes over
/// SIGILL of the process the first time that it says so.
bool emulatesCpuFeature(llvm::StringRef feature);

} // namespace skim::test

#endif // SKIM_TEST_UNIT_KERNELS_INSTRUCTIONEMULATOR_H
