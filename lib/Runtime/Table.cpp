//===- Table.cpp - the one symbol that a compiled library exports ---------===//
// Part of compiled libraries only: names the model that the compiler emitted.
//===----------------------------------------------------------------------===//

#include "Call.h"
#include "Cpus.h"

#include <cstdio>

using namespace skim::rt;

// The table under a hidden name. The library's own code must not look it up
// under the exported one, which the loader may find in another library.
#define SKIM_HIDDEN extern "C" __attribute__((visibility("hidden")))
SKIM_HIDDEN struct skim_library_table skim_rt_table;

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
      int length = std::snprintf(
          text + used, static_cast<size_t>(room - used), "%s%s%s",
          missing ? ", " : "", name,
          isCpuFeatureRefused(name) ? " (refused by the system)" : "");
      used += length;
    }
    ++missing;
  }
  return missing;
}

static skim_rt_call *createCallOfModel(const skim_host *host) {
  // Read here, not folded: the linker step writes it into the finished file.
  const volatile int64_t &delta = skim_rt_table.weights_delta;
  const char *base = reinterpret_cast<const char *>(&skim_rt_table);
  int64_t distance = delta;
  return createCall(&skim_model, distance ? base + distance : nullptr, host);
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
static const char *traceOf(skim_rt_call *call) {
  return call->collector.trace();
}

// In the part of the file that the loader makes read-only after relocation.
#define SKIM_READ_ONLY __attribute__((section(".data.rel.ro")))
SKIM_READ_ONLY struct skim_library_table skim_rt_table = {
    SKIM_LIBRARY_MAGIC,
    SKIM_ABI_VERSION,
    sizeof(struct skim_library_table),
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
    traceOf,
};

#define SKIM_EXPORTED                                                          \
  extern "C" __attribute__((visibility("default"), alias("skim_rt_table")))
SKIM_EXPORTED struct skim_library_table skim_library_table;
