//===- Blocks.h - memory that a call context keeps ------------------------===//
// Blocks are handed out best fit and kept for later runs. There are never more
// small ones, nor more large ones, than were in use at once.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_BLOCKS_H
#define SKIM_LIB_RUNTIME_BLOCKS_H

#include <cstdint>

namespace skim::rt {

/// Every block begins at a multiple of this.
constexpr int64_t kAlignment = 64;

/// Rounds up to a multiple of kAlignment.
constexpr int64_t alignUp(int64_t bytes) {
  return (bytes + kAlignment - 1) & ~(kAlignment - 1);
}

class Blocks {
public:
  ~Blocks();

  /// A block of at least `bytes` bytes, null when there is no memory.
  void *take(int64_t bytes);

  /// Gives a block back for reuse. Null is fine.
  void give(void *block);

  /// Gives all blocks back.
  void giveAll();

  /// Bytes held, in use or not.
  int64_t held() const { return total; }

private:
  struct Block {
    void *data;
    int64_t bytes;
    bool busy;
  };

  bool addSlot();
  void release(Block &block);

  Block *blocks = nullptr;
  int64_t count = 0;
  int64_t capacity = 0;
  int64_t total = 0;
};

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_BLOCKS_H
