//===- Library.h - an open library, host side -----------------------------===//
// What the opaque skim_library is, and how the host's functions fail.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_LIBRARY_H
#define SKIM_LIB_RUNTIME_LIBRARY_H

#include "skim/Runtime/CompiledABI.h"
#include "skim/Runtime/skim.h"

#include <atomic>
#include <memory>

struct skim_library {
  const struct skim_library_table *table;
  const skim_model_desc *model;
  void *handle = nullptr;        // of dlopen, null for a linked library
  std::atomic<int64_t> users{1}; // the opener and the contexts
  std::unique_ptr<std::atomic<double>[]> knobs; // as many as the model has
};

namespace skim::rt {

/// Sets the calling thread's error text, as printf, and gives the status back.
__attribute__((format(printf, 2, 3))) skim_status fail(skim_status status,
                                                       const char *format, ...);

void retain(skim_library *library);
void release(skim_library *library);

/// Checks that the file is a whole shared library for this machine, so that
/// loading it can neither fail obscurely nor read beyond its end. `identity` is
/// then a number that changes when the file is replaced.
skim_status checkLibraryFile(const char *path, uint64_t &identity);

/// Whether a name given by the user means a knob: its own, or the beginning of
/// it up to a dot.
bool knobMatches(const char *knob, const char *given);

/// Checks name and value against the model's knobs.
skim_status checkKnob(const skim_library *library, const char *name,
                      double value);

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_LIBRARY_H
