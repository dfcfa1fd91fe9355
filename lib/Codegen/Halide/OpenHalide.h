//===- OpenHalide.h - opens the module that runs Halide ---------*- C++ -*-===//
// What openHalide() finds.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_OPENHALIDE_H
#define SKIM_LIB_CODEGEN_HALIDE_OPENHALIDE_H

#include "skim/Codegen/HalidePipelines.h"
#include "llvm/Support/Error.h"

namespace skim {

llvm::Expected<const halide::Pipelines *> findHalidePipelines();

} // namespace skim

#endif // SKIM_LIB_CODEGEN_HALIDE_OPENHALIDE_H
