//===- Library.h - object code and weights to a library ---------*- C++ -*-===//
// The last step of the compiler: links a model's object with the runtime and
// writes the shared library.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_LIBRARY_H
#define SKIM_TARGET_LIBRARY_H

#include "skim/Target/WeightsSegment.h"

namespace skim {

/// The runtime that is part of every library, a relocatable object for the
/// baseline processor of the host's architecture.
llvm::ArrayRef<char> runtimeObject();

/// Writes the library of the model's object and weights to `file`; `name` is
/// what it calls itself.
llvm::Error writeLibrary(llvm::ArrayRef<char> object,
                         llvm::ArrayRef<WeightsEntry> weights,
                         llvm::StringRef name, OutputFile &file);

} // namespace skim

#endif // SKIM_TARGET_LIBRARY_H
