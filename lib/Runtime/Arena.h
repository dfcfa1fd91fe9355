//===- Arena.h - memory that a call context keeps -------------------------===//
// Parts of few large regions, which grow in place: what one buffer leaves free
// is split for smaller ones, and free neighbours are one. Nothing goes back
// before the end, so a run like an earlier one finds its memory there.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_ARENA_H
#define SKIM_LIB_RUNTIME_ARENA_H

#include <cstdint>

namespace skim::rt {

/// What memory begins at a multiple of: of any size, and of a page and more.
constexpr int64_t kAlignment = 64;
constexpr int64_t kPage = 4096;

/// Rounds up to a multiple of `unit`, a power of two.
constexpr int64_t alignUp(int64_t bytes, int64_t unit = kAlignment) {
  return (bytes + unit - 1) & ~(unit - 1);
}

/// A range of addresses of which a first part, always the longest so far, is
/// memory.
class Region {
public:
  /// Takes `bytes` bytes of addresses; none where there are not as many.
  explicit Region(int64_t bytes);
  ~Region();

  /// `bytes` bytes, null where they do not fit. Best fit, the first at a tie.
  void *take(int64_t bytes);
  /// Frees what take gave; whether that was of this region.
  bool give(void *data);
  void giveAll();
  int64_t held() const { return memory; }

private:
  /// Pieces lie one behind the other, from the region's beginning.
  struct Piece {
    int64_t bytes;
    bool busy;
  };

  bool grow(int64_t bytes);
  bool commit(int64_t bytes);
  bool insert(int64_t index, Piece piece);

  char *base = nullptr;
  int64_t reserved = 0;
  int64_t memory = 0; // of the addresses
  int64_t used = 0;   // all pieces
  Piece *pieces = nullptr;
  int64_t count = 0;
  int64_t capacity = 0;
};

class Arena {
public:
  ~Arena();

  /// `bytes` bytes, null when there is no memory.
  void *take(int64_t bytes);

  /// Gives memory back for reuse. Null is fine.
  void give(void *data);

  /// Gives all memory back.
  void giveAll();

  /// Bytes held, in use or not.
  int64_t held() const;

private:
  /// Large memory and small: tables of rows live longer than states, and would
  /// lie between them.
  struct Link {
    Link(int64_t room, bool large) : region(room), large(large) {}
    Region region;
    bool large;
    Link *next = nullptr;
  };

  /// `bytes` bytes of a new region of `room`, which becomes the last.
  static void *add(Link **end, int64_t room, bool large, int64_t bytes);

  Link *links = nullptr;
};

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_ARENA_H
