//===- Blocks.cpp - memory that a call context keeps ----------------------===//
// Best fit over few blocks. A request that fits none gets what another left of
// its block, else it replaces the largest idle block, so that slowly growing
// calls do not pile up outgrown ones. Small requests leave large blocks alone:
// a table of rows in the place of states would only make the next states take
// new memory.
//===----------------------------------------------------------------------===//

#include "Blocks.h"

#include <cstdlib>

using namespace skim::rt;

Blocks::~Blocks() {
  for (int64_t i = 0; i < count; ++i)
    if (!blocks[i].isLodger)
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

void Blocks::remove(Block &block) { block = blocks[--count]; }

void Blocks::release(Block &block) {
  total -= block.bytes;
  std::free(block.data);
  remove(block);
}

/// Rounds up to one of eight sizes a power of two, so that nearly equal
/// requests meet in one block.
static int64_t sizeClass(int64_t bytes) {
  int64_t step = kAlignment;
  while (step * 16 < bytes)
    step *= 2;
  return (bytes + step - 1) / step * step;
}

/// A block of more than this many times the request is not for it.
static constexpr int64_t kMostTimes = 16;

/// The part of a block in use that its own request leaves, as a block. There
/// must be a slot for it.
void *Blocks::lodge(int64_t wanted) {
  for (int64_t i = 0; i < count; ++i) {
    Block &host = blocks[i];
    int64_t rest = host.bytes - host.used;
    if (!host.busy || host.lodger || host.isLodger || rest < wanted ||
        host.bytes / kMostTimes > wanted)
      continue;
    host.bytes -= rest;
    host.lodger = static_cast<char *>(host.data) + host.bytes;
    blocks[count++] = {host.lodger, rest, rest, true, true, nullptr};
    return host.lodger;
  }
  return nullptr;
}

void *Blocks::take(int64_t bytes) {
  constexpr int64_t limit = int64_t(1) << 46;
  if (bytes < 0 || bytes > limit || !addSlot())
    return nullptr;
  int64_t wanted = sizeClass(bytes ? bytes : 1);
  Block *best = nullptr, *largest = nullptr;
  for (int64_t i = 0; i < count; ++i) {
    Block &block = blocks[i];
    if (block.busy || block.lodger || block.bytes / kMostTimes > wanted)
      continue;
    if (block.bytes >= wanted && (!best || block.bytes < best->bytes))
      best = &block;
    if (!largest || block.bytes > largest->bytes)
      largest = &block;
  }
  if (best) {
    best->busy = true;
    best->used = wanted;
    return best->data;
  }
  if (void *rest = lodge(wanted))
    return rest;
  if (largest)
    release(*largest);
  void *data = nullptr;
  if (posix_memalign(&data, kAlignment, static_cast<size_t>(wanted)) != 0)
    return nullptr;
  blocks[count++] = {data, wanted, wanted, true, false, nullptr};
  total += wanted;
  return data;
}

void Blocks::give(void *data) {
  Block *given = nullptr, *host = nullptr;
  for (int64_t i = 0; data && i < count; ++i) {
    if (blocks[i].data == data)
      given = &blocks[i];
    if (blocks[i].lodger == data)
      host = &blocks[i];
  }
  if (!given)
    return;
  given->busy = false;
  if (!host)
    return;
  host->bytes += given->bytes;
  host->lodger = nullptr;
  remove(*given);
}

void Blocks::giveAll() {
  for (int64_t i = 0; i < count; ++i)
    blocks[i].busy = false;
  for (int64_t i = 0; i < count;) {
    void *lodger = blocks[i].lodger;
    i = lodger ? (give(lodger), 0) : i + 1;
  }
}
