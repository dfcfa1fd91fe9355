//===- Cpus.cpp - how many CPUs this process may use ----------------------===//
// Affinity of the calling thread, cut by the CPU quota of the cgroup (version 2
// or 1) and of all cgroups above it.
//===----------------------------------------------------------------------===//

#include "Cpus.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

using namespace skim::rt;

/// Reads the beginning of a small file; false when it cannot be read.
static bool readFile(const char *path, char *out, size_t room) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  ssize_t length = read(file, out, room - 1);
  close(file);
  if (length < 0)
    return false;
  out[length] = 0;
  return true;
}

int32_t skim::rt::cpusOfQuota(const char *text) {
  char *end = nullptr;
  long long quota = std::strtoll(text, &end, 10);
  if (end == text || quota <= 0)
    return 0;
  long long period = std::strtoll(end, nullptr, 10);
  if (period <= 0)
    return 0;
  long long cpus = (quota + period - 1) / period;
  return cpus > 4096 ? 4096 : static_cast<int32_t>(cpus);
}

static int32_t smallerQuota(int32_t a, int32_t b) {
  if (a == 0 || b == 0)
    return a + b;
  return a < b ? a : b;
}

/// Reads the quota of one cgroup folder in either version.
static int32_t quotaOfFolder(const char *folder) {
  char path[4352], text[64], period[32];
  std::snprintf(path, sizeof(path), "%s/cpu.max", folder);
  if (readFile(path, text, sizeof(text)))
    return cpusOfQuota(text);
  std::snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", folder);
  if (!readFile(path, text, 31))
    return 0;
  std::snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", folder);
  if (!readFile(path, period, sizeof(period)))
    return 0;
  std::strcat(text, " ");
  std::strcat(text, period);
  return cpusOfQuota(text);
}

/// The smallest quota from the folder root/group up to root.
static int32_t quotaOfGroup(const char *root, const char *group) {
  char folder[4224];
  std::snprintf(folder, sizeof(folder), "%s%s", root, group);
  size_t rootLength = std::strlen(root);
  int32_t quota = 0;
  while (true) {
    quota = smallerQuota(quota, quotaOfFolder(folder));
    char *slash = std::strrchr(folder, '/');
    if (!slash || static_cast<size_t>(slash - folder) < rootLength)
      return quota;
    *slash = 0;
  }
}

/// Goes through the lines "number:controllers:path" of /proc/self/cgroup.
static int32_t readQuota() {
  char text[8192];
  if (!readFile("/proc/self/cgroup", text, sizeof(text)))
    return 0;
  int32_t quota = 0;
  char *rest = nullptr;
  for (char *line = strtok_r(text, "\n", &rest); line;
       line = strtok_r(nullptr, "\n", &rest)) {
    char *controllers = std::strchr(line, ':');
    char *group = controllers ? std::strchr(controllers + 1, ':') : nullptr;
    if (!group)
      continue;
    *group++ = 0;
    ++controllers;
    if (*controllers == 0)
      quota = smallerQuota(quota, quotaOfGroup("/sys/fs/cgroup", group));
    else if (std::strcmp(controllers, "cpu") == 0 ||
             std::strstr(controllers, "cpu,") ||
             std::strstr(controllers, ",cpu"))
      quota = smallerQuota(quota, quotaOfGroup("/sys/fs/cgroup/cpu", group));
  }
  return quota;
}

static int32_t affinityCount() {
  // Machines with more CPUs than a cpu_set_t has bits need a larger one.
  for (int bits = 1024; bits <= 1 << 16; bits *= 4) {
    size_t bytes = CPU_ALLOC_SIZE(bits);
    auto *set = static_cast<cpu_set_t *>(std::calloc(1, bytes));
    if (!set)
      return 1;
    bool read = sched_getaffinity(0, bytes, set) == 0;
    int count = read ? CPU_COUNT_S(bytes, set) : 0;
    std::free(set);
    if (read)
      return count > 0 ? count : 1;
  }
  return 1;
}

int32_t skim::rt::usableCpus() {
  static std::atomic<int32_t> known{-1};
  int32_t quota = known.load(std::memory_order_relaxed);
  if (quota < 0) {
    quota = readQuota();
    known.store(quota, std::memory_order_relaxed);
  }
  return smallerQuota(affinityCount(), quota);
}
