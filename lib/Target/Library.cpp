//===- Library.cpp - object code and weights to a library -----------------===//
// The runtime object is part of this binary, byte for byte.
//===----------------------------------------------------------------------===//

#include "skim/Target/Library.h"

#include "skim/Runtime/CompiledABI.h"
#include "skim/Target/Linker.h"
#include <cstddef>

using namespace llvm;
using namespace skim;

// SKIM_RUNTIME_OBJECT, the object's path, comes from the build.
asm(".section .rodata\n"
    ".balign 16\n"
    "skim_embedded_runtime_begin:\n"
    ".incbin \"" SKIM_RUNTIME_OBJECT "\"\n"
    "skim_embedded_runtime_end:\n"
    ".byte 0\n"
    ".text\n");

extern "C" {
__attribute__((
    visibility("hidden"))) extern const char skim_embedded_runtime_begin[];
__attribute__((
    visibility("hidden"))) extern const char skim_embedded_runtime_end[];
}

ArrayRef<char> skim::runtimeObject() {
  return ArrayRef<char>(skim_embedded_runtime_begin, skim_embedded_runtime_end);
}

Error skim::writeLibrary(ArrayRef<char> object, ArrayRef<WeightsEntry> weights,
                         StringRef name, OutputFile &file) {
  LinkInput inputs[] = {{"model.o", object}, {"runtime.o", runtimeObject()}};
  Expected<std::vector<char>> library =
      linkSharedObject(inputs, name, "skim_library_table");
  if (!library)
    return library.takeError();
  return writeWithWeights(*library, "skim_library_table",
                          offsetof(struct skim_library_table, weights_delta),
                          weights, file);
}
