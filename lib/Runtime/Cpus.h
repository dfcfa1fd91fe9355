//===- Cpus.h - what this process may compute with ------------------------===//
// The number of CPUs by affinity and cgroup quota, and CPU features by name.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_CPUS_H
#define SKIM_LIB_RUNTIME_CPUS_H

#include <cstdint>

namespace skim::rt {

/// CPUs that the calling thread may use: its affinity, cut by the cgroup's
/// quota. At least 1.
int32_t usableCpus();

/// The CPUs that a cgroup quota amounts to, rounded up; 0: no quota. `text` is
/// what cpu.max (version 2) holds: "max 100000" or "150000 100000".
int32_t cpusOfQuota(const char *text);

/// Whether this process may use the feature, spelled as __builtin_cpu_supports
/// does; false for names that nobody knows. Asks the system for its permission
/// where it wants to be asked: for the tiles of AMX.
bool hasCpuFeature(const char *name);

/// Whether the processor has the feature but the system does not permit it.
bool isCpuFeatureRefused(const char *name);

/// Whether hasCpuFeature knows the name at all.
bool knowsCpuFeature(const char *name);

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_CPUS_H
