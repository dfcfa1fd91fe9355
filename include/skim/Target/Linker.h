//===- Linker.h - objects to a shared object in memory ----------*- C++ -*-===//
// Calls lld as a library, so that users need no toolchain.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_LINKER_H
#define SKIM_TARGET_LINKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace skim {

/// A relocatable object and the name that errors call it by.
struct LinkInput {
  std::string name;
  llvm::ArrayRef<char> bytes;
};

/// Links `objects` against this process's C and C++ libraries into a shared
/// object named `soname` that exports `exported` and nothing else. The linker's
/// own errors become the error's text.
llvm::Expected<std::vector<char>>
linkSharedObject(llvm::ArrayRef<LinkInput> objects, llvm::StringRef soname,
                 llvm::StringRef exported);

} // namespace skim

#endif // SKIM_TARGET_LINKER_H
