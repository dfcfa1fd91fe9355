//===- Table.cpp - the one symbol that a compiled library exports ---------===//
// Part of compiled libraries only: names the model that the compiler emitted.
//===----------------------------------------------------------------------===//

#include "Call.h"
#include "Cpus.h"

#include <cstdio>

using namespace skim::rt;

static int32_t missingFeatures(char *text, int64_t room) {
  int32_t missing = 0;
  int64_t used = 0;
  if (room > 0)
    text[0] = 0;
  for (int64_t i = 0; i < skim_model.num_features; ++i) {
    const char *name = skim_model.features[i];
    if (hasCpuFeature(name))
      continue;
    if (used < room) {
      int length = std::snprintf(text + used, static_cast<size_t>(room - used),
                                 "%s%s", missing ? ", " : "", name);
      used += length;
    }
    ++missing;
  }
  return missing;
}

static skim_rt_call *createCallOfModel(const skim_host *host) {
  // Read here, not folded: the linker step writes it into the finished file.
  int64_t delta =
      *const_cast<const volatile int64_t *>(&skim_library_table.weights_delta);
  const char *base = reinterpret_cast<const char *>(&skim_library_table);
  return createCall(&skim_model, delta ? base + delta : nullptr, host);
}

static const char *errorOf(const skim_rt_call *call) { return call->error; }
static void setThreads(skim_rt_call *call, int32_t threads) {
  call->wantedThreads = threads;
}
static const char *statisticsOf(skim_rt_call *call) {
  return call->collector.statistics(*call->model);
}
static const char *profileOf(skim_rt_call *call) {
  return call->collector.profile();
}

// In the part of the file that the loader makes read-only after relocation.
__attribute__((
    section(".data.rel.ro"))) struct skim_library_table skim_library_table = {
    SKIM_LIBRARY_MAGIC,
    SKIM_ABI_VERSION,
    sizeof(skim_library_table),
    &skim_model,
    0,
    missingFeatures,
    createCallOfModel,
    destroyCall,
    errorOf,
    setThreads,
    setInput,
    setOutput,
    runCall,
    getOutput,
    statisticsOf,
    profileOf,
    heldMemory,
};
