//===- Memory.h - numbers that are in no cache ------------------*- C++ -*-===//
// One block far larger than the last cache. Whoever reads from memory takes the
// next piece of it, so all of the block has been read before a piece comes
// round again.
//===----------------------------------------------------------------------===//

#ifndef SKIM_BENCH_KERNELBENCH_MEMORY_H
#define SKIM_BENCH_KERNELBENCH_MEMORY_H

#include <cstddef>
#include <cstdint>

namespace skim::bench {

class Memory {
public:
  /// Numbers in (-1, 1). 1 GiB, three times the last cache where that is more;
  /// but at most a third of the machine's memory.
  Memory();
  ~Memory();
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  /// The next `count` numbers, at a page's beginning.
  float *take(int64_t count);
  float *data() const { return numbers; }
  int64_t size() const { return count; } ///< in numbers
  int64_t bytes() const { return 4 * count; }
  /// The last cache's size as the system tells it, 0 where it does not.
  static int64_t lastCacheBytes();

private:
  float *numbers;
  int64_t count, next = 0;
};

} // namespace skim::bench

#endif // SKIM_BENCH_KERNELBENCH_MEMORY_H
