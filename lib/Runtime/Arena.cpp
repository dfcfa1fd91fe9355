//===- Arena.cpp - memory that a call context keeps -----------------------===//
// Addresses are reserved far beyond what is needed and become memory as the
// pieces grow, so that a large buffer goes where a small one ended.
//===----------------------------------------------------------------------===//

#include "Arena.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>

using namespace skim::rt;

static constexpr int64_t kHugePage = 2 << 20;

Region::Region(int64_t bytes) {
  bytes = alignUp(bytes, kHugePage);
  int64_t room = bytes + kHugePage; // to begin at a huge page
  void *range = mmap(nullptr, static_cast<size_t>(room), PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (range == MAP_FAILED)
    return;
  auto *first = static_cast<char *>(range);
  int64_t before = -reinterpret_cast<intptr_t>(first) & (kHugePage - 1);
  base = first + before;
  reserved = bytes;
  if (before)
    munmap(first, static_cast<size_t>(before));
  munmap(base + bytes, static_cast<size_t>(room - before - bytes));
}

Region::~Region() {
  if (base)
    munmap(base, static_cast<size_t>(reserved));
  std::free(pieces);
}

/// Makes the first `bytes` bytes memory. Pages that are all memory are huge
/// where the system has such; a last one in part would take more than is held.
bool Region::commit(int64_t bytes) {
  bytes = alignUp(bytes, kPage);
  if (bytes <= memory)
    return true;
  if (bytes > reserved ||
      mprotect(base + memory, static_cast<size_t>(bytes - memory),
               PROT_READ | PROT_WRITE) != 0)
    return false;
  int64_t first = alignUp(memory, kHugePage), last = bytes & ~(kHugePage - 1);
  if (first < last)
    madvise(base + first, static_cast<size_t>(last - first), MADV_HUGEPAGE);
  memory = bytes;
  return true;
}

bool Region::insert(int64_t index, Piece piece) {
  if (count == capacity) {
    int64_t wanted = capacity ? 2 * capacity : 64;
    auto *grown =
        static_cast<Piece *>(std::realloc(pieces, wanted * sizeof(Piece)));
    if (!grown)
      return false;
    pieces = grown;
    capacity = wanted;
  }
  std::memmove(pieces + index + 1, pieces + index,
               static_cast<size_t>(count - index) * sizeof(Piece));
  pieces[index] = piece;
  ++count;
  return true;
}

/// Makes the last piece a free one of `bytes` bytes.
bool Region::grow(int64_t bytes) {
  bool extend = count && !pieces[count - 1].busy;
  int64_t more = extend ? bytes - pieces[count - 1].bytes : bytes;
  if (more > reserved - used || !commit(used + more))
    return false;
  if (extend)
    pieces[count - 1].bytes = bytes;
  else if (!insert(count, {bytes, false}))
    return false;
  used += more;
  return true;
}

void *Region::take(int64_t bytes) {
  int64_t best = -1, offset = 0, at = 0;
  for (int64_t i = 0; i < count; ++i) {
    const Piece &piece = pieces[i];
    if (!piece.busy && piece.bytes >= bytes &&
        (best < 0 || piece.bytes < pieces[best].bytes)) {
      best = i;
      at = offset;
    }
    offset += piece.bytes;
  }
  if (best < 0) {
    if (!grow(bytes))
      return nullptr;
    best = count - 1;
    at = used - bytes;
  }
  int64_t rest = pieces[best].bytes - bytes;
  if (rest && insert(best + 1, {rest, false}))
    pieces[best].bytes = bytes;
  pieces[best].busy = true;
  return base + at;
}

bool Region::give(void *data) {
  if (data < base || data >= base + used)
    return false;
  int64_t at = static_cast<char *>(data) - base, offset = 0, i = 0;
  for (; offset < at; ++i)
    offset += pieces[i].bytes;
  pieces[i].busy = false;
  int64_t first = i && !pieces[i - 1].busy ? i - 1 : i;
  int64_t last = i + 1 < count && !pieces[i + 1].busy ? i + 1 : i;
  for (int64_t k = first + 1; k <= last; ++k)
    pieces[first].bytes += pieces[k].bytes;
  std::memmove(pieces + first + 1, pieces + last + 1,
               static_cast<size_t>(count - last - 1) * sizeof(Piece));
  count -= last - first;
  return true;
}

void Region::giveAll() {
  if (!count)
    return;
  count = 1;
  pieces[0] = {used, false};
}

void *Arena::add(Link **end, int64_t room, bool large, int64_t bytes) {
  void *memory = std::malloc(sizeof(Link));
  if (!memory)
    return nullptr;
  auto *link = new (memory) Link(room, large);
  void *data = link->region.take(bytes);
  if (data) {
    *end = link;
    return data;
  }
  link->~Link();
  std::free(memory);
  return nullptr;
}

Arena::~Arena() {
  while (Link *link = links) {
    links = link->next;
    link->~Link();
    std::free(link);
  }
}

void *Arena::take(int64_t bytes) {
  constexpr int64_t limit = int64_t(1) << 46, most = 64 << 10;
  if (bytes < 0 || bytes > limit)
    return nullptr;
  bool large = bytes > most;
  bytes = alignUp(bytes ? bytes : 1, large ? kPage : kAlignment);
  Link **end = &links;
  for (; *end; end = &(*end)->next)
    if ((*end)->large == large)
      if (void *data = (*end)->region.take(bytes))
        return data;
  // The first of its kind, or one more where that could not grow. A process
  // may have few addresses.
  const int64_t rooms[] = {int64_t(large ? 64 : 1) << 30, 8 * bytes, bytes};
  for (int64_t room : rooms)
    if (void *data = room < bytes ? nullptr : add(end, room, large, bytes))
      return data;
  return nullptr;
}

void Arena::give(void *data) {
  for (Link *link = links; data && link; link = link->next)
    if (link->region.give(data))
      return;
}

void Arena::giveAll() {
  for (Link *link = links; link; link = link->next)
    link->region.giveAll();
}

int64_t Arena::held() const {
  int64_t bytes = 0;
  for (Link *link = links; link; link = link->next)
    bytes += link->region.held();
  return bytes;
}
