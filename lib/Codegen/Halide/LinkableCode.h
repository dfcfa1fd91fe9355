//===- LinkableCode.h - Halide's bitcode made ready to link -----*- C++ -*-===//
// From a pipeline's function over halide_buffer_t to one over plain numbers.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_LINKABLECODE_H
#define SKIM_LIB_CODEGEN_HALIDE_LINKABLECODE_H

#include "skim/Codegen/HalidePipelines.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace skim {

/// Bitcode of a module whose function `name` takes a 64-bit number for each
/// argument of the pipeline: a scalar, or the address of a buffer's elements.
/// `pipeline` is the name of Halide's function in `code`. Nothing of the
/// result needs a runtime.
llvm::Expected<std::string> makeLinkable(const halide::Code &code,
                                         llvm::StringRef pipeline,
                                         llvm::StringRef name);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_HALIDE_LINKABLECODE_H
