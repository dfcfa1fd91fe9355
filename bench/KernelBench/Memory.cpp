//===- Memory.cpp - numbers that are in no cache --------------------------===//
// Huge pages where they are to be had, so that what is measured is memory and
// not the translation of addresses.
//===----------------------------------------------------------------------===//

#include "Memory.h"

#include "llvm/Support/ErrorHandling.h"
#include <algorithm>
#include <cstring>
#include <random>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace skim::bench;

static constexpr int64_t pageFloats = 1024;

int64_t Memory::lastCacheBytes() {
  return std::max<int64_t>(0, std::max(sysconf(_SC_LEVEL3_CACHE_SIZE),
                                       sysconf(_SC_LEVEL2_CACHE_SIZE)));
}

Memory::Memory() {
  int64_t machine = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE);
  int64_t bytes = std::max<int64_t>(1 << 30, 3 * lastCacheBytes());
  bytes = std::min(bytes, machine / 3) >> 21 << 21;
  void *block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED)
    llvm::report_fatal_error("no memory for the arrays to read");
  madvise(block, bytes, MADV_HUGEPAGE);
  numbers = static_cast<float *>(block);
  count = bytes / 4;
  // The same numbers over and over: making them all would take longer.
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> some(1 << 18);
  for (float &number : some)
    number = uniform(engine);
  for (int64_t i = 0; i < count; i += some.size())
    memcpy(numbers + i, some.data(),
           4 * std::min<int64_t>(some.size(), count - i));
}

Memory::~Memory() { munmap(numbers, bytes()); }

float *Memory::take(int64_t wanted) {
  if (wanted > count)
    llvm::report_fatal_error("more numbers wanted than there are");
  if (next + wanted > count)
    next = 0;
  float *piece = numbers + next;
  next += (wanted + pageFloats - 1) / pageFloats * pageFloats;
  return piece;
}
