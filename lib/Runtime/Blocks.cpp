//===- Blocks.cpp - memory that a call context keeps ----------------------===//
// Best fit over few blocks; a request that fits none replaces the largest idle
// block, so that slowly growing calls do not pile up outgrown ones. Small and
// large blocks keep apart: a table of rows in the place of states would only
// make the next states take new memory.
//===----------------------------------------------------------------------===//

#include "Blocks.h"

#include <cstdlib>

using namespace skim::rt;

Blocks::~Blocks() {
  for (int64_t i = 0; i < count; ++i)
    std::free(blocks[i].data);
  std::free(blocks);
}

bool Blocks::addSlot() {
  if (count < capacity)
    return true;
  int64_t wanted = capacity ? 2 * capacity : 16;
  auto *grown =
      static_cast<Block *>(std::realloc(blocks, wanted * sizeof(Block)));
  if (!grown)
    return false;
  blocks = grown;
  capacity = wanted;
  return true;
}

void Blocks::release(Block &block) {
  total -= block.bytes;
  std::free(block.data);
  block = blocks[--count];
}

/// Rounds up to one of eight sizes a power of two, so that nearly equal
/// requests meet in one block.
static int64_t sizeClass(int64_t bytes) {
  int64_t step = kAlignment;
  while (step * 16 < bytes)
    step *= 2;
  return (bytes + step - 1) / step * step;
}

/// Tables of rows, offsets, sizes.
static bool isSmall(int64_t bytes) { return bytes <= 64 << 10; }

void *Blocks::take(int64_t bytes) {
  constexpr int64_t limit = int64_t(1) << 46;
  if (bytes < 0 || bytes > limit)
    return nullptr;
  int64_t wanted = sizeClass(bytes ? bytes : 1);
  Block *best = nullptr, *largest = nullptr;
  for (int64_t i = 0; i < count; ++i) {
    Block &block = blocks[i];
    if (block.busy || isSmall(block.bytes) != isSmall(wanted))
      continue;
    if (block.bytes >= wanted && (!best || block.bytes < best->bytes))
      best = &block;
    if (!largest || block.bytes > largest->bytes)
      largest = &block;
  }
  if (best) {
    best->busy = true;
    return best->data;
  }
  if (largest)
    release(*largest);
  if (!addSlot())
    return nullptr;
  void *data = nullptr;
  if (posix_memalign(&data, kAlignment, static_cast<size_t>(wanted)) != 0)
    return nullptr;
  blocks[count++] = {data, wanted, true};
  total += wanted;
  return data;
}

void Blocks::give(void *data) {
  for (int64_t i = 0; i < count; ++i)
    if (blocks[i].data == data)
      blocks[i].busy = false;
}

void Blocks::giveAll() {
  for (int64_t i = 0; i < count; ++i)
    blocks[i].busy = false;
}
