//===- ArenaTest.cpp - memory that a call context keeps ------------------===//
// Reuse, growth and bounds of the arena, and what a network takes of it.
//===----------------------------------------------------------------------===//

#include "Arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>
#include <vector>

using skim::rt::Arena;

TEST(Arena, GivesAlignedDistinctWritableMemory) {
  Arena arena;
  std::set<void *> seen;
  for (int64_t bytes : {0, 1, 63, 64, 65, 4097, 1 << 20}) {
    void *block = arena.take(bytes);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
    EXPECT_TRUE(seen.insert(block).second);
    std::memset(block, 1, static_cast<size_t>(bytes));
  }
}

TEST(Arena, LargeMemoryBeginsAtAPage) {
  Arena arena;
  for (int64_t bytes : {100000, 70001, 1 << 20, (2 << 20) + 1})
    EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.take(bytes)) % 4096, 0u);
}

TEST(Arena, WhatOneLeavesServesSmallerOnes) {
  Arena arena;
  void *whole = arena.take(4 << 20);
  arena.give(whole);
  std::set<void *> parts;
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(parts.insert(arena.take(1 << 20)).second);
  EXPECT_EQ(*parts.begin(), whole);
  EXPECT_EQ(arena.held(), 4 << 20);
}

TEST(Arena, FreeNeighboursAreOne) {
  Arena arena;
  void *a = arena.take(1 << 20), *b = arena.take(1 << 20),
       *c = arena.take(1 << 20), *d = arena.take(1 << 20);
  for (void *data : {a, c, b})
    arena.give(data);
  EXPECT_EQ(arena.take(3 << 20), a);
  arena.give(d);
  // What is free at the end grows.
  EXPECT_EQ(arena.take(5 << 20), d);
  EXPECT_EQ(arena.held(), 8 << 20);
}

/// The buffers of encoder layers in units of their states, and beside the
/// attention's result `diagonal` of them.
static int64_t unitsOfLayers(int64_t states, int64_t diagonal, int64_t table) {
  Arena arena;
  auto take = [&](int64_t units) { return arena.take(units * states); };
  void *x = take(1);
  for (int layer = 0; layer != 6; ++layer) {
    void *rows = table ? arena.take(table) : nullptr;
    void *qkv = take(3), *context = take(1);
    void *blocks = diagonal ? arena.take(diagonal) : nullptr;
    arena.give(qkv);
    arena.give(blocks);
    void *sum = take(1);
    arena.give(context);
    arena.give(x);
    void *middle = take(1);
    arena.give(sum);
    void *inner = take(4), *out = take(1);
    arena.give(inner);
    arena.give(middle);
    x = take(1);
    arena.give(out);
    arena.give(rows);
  }
  return arena.held();
}

TEST(Arena, LayersTakeWhatIsAliveAtOnce) {
  for (int64_t states : {160 << 10, 768 << 10, 3 << 20}) {
    EXPECT_EQ(unitsOfLayers(states, 0, 0), 6 * states);
    EXPECT_EQ(unitsOfLayers(states, states / 2, 0), 6 * states);
    EXPECT_EQ(unitsOfLayers(states, states, 0), 6 * states);
  }
  // Tables that live for a layer, large and small.
  EXPECT_EQ(unitsOfLayers(3 << 20, 3 << 20, 100 << 10),
            6 * (3 << 20) + (100 << 10));
  EXPECT_EQ(unitsOfLayers(3 << 20, 3 << 20, 4 << 10),
            6 * (3 << 20) + (4 << 10));
}

TEST(Arena, SameRequestsAgainTakeNothingNew) {
  Arena arena;
  int64_t after = 0;
  for (int call = 0; call < 10; ++call) {
    arena.giveAll();
    void *a = arena.take(1000), *b = arena.take(50000);
    arena.give(a);
    void *c = arena.take(900);
    EXPECT_EQ(c, a); // what was freed is used again within a call
    arena.give(b);
    arena.give(c);
    if (call == 0)
      after = arena.held();
  }
  EXPECT_EQ(arena.held(), after);
}

TEST(Arena, SlowGrowthDoesNotPileUpOutgrownBlocks) {
  Arena arena;
  for (int64_t bytes = 1000; bytes < 1000000; bytes += 1000) {
    arena.giveAll();
    arena.take(bytes);
    arena.take(bytes / 2);
  }
  EXPECT_LE(arena.held(), 2 * 1000000 * 9 / 8);
}

TEST(Arena, AnyOrderOfCallsStaysBoundedByTheLargest) {
  Arena arena;
  std::mt19937 random(1);
  constexpr int64_t most = 1 << 20;
  for (int call = 0; call < 500; ++call) {
    arena.giveAll();
    for (int i = 0; i < 8; ++i)
      ASSERT_NE(arena.take(random() % most), nullptr);
  }
  EXPECT_LE(arena.held(), 8 * most * 9 / 8);
}

TEST(Arena, SmallRequestsLeaveLargeBlocksAlone) {
  Arena arena;
  void *states = arena.take(1 << 20);
  arena.give(states);
  void *table = arena.take(1000);
  EXPECT_NE(table, states);
  EXPECT_EQ(arena.take(1 << 20), states);
  EXPECT_LE(arena.held(), (1 << 20) + 4096);
}

TEST(Arena, RandomCallsGiveMemoryThatNoOtherRequestHas) {
  Arena arena;
  std::mt19937 random(2);
  for (int call = 0; call < 200; ++call) {
    std::vector<std::pair<char *, size_t>> taken;
    for (int i = 0; i < 60; ++i) {
      if (taken.size() > 8 || (random() % 3 == 0 && !taken.empty())) {
        size_t which = random() % taken.size();
        auto [data, bytes] = taken[which];
        // As it was written: nobody else wrote to it.
        for (size_t byte = 0; byte < bytes; byte += 63)
          ASSERT_EQ(data[byte], static_cast<char>(bytes));
        arena.give(data);
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
        continue;
      }
      size_t bytes = (size_t(64) << (random() % 10)) + random() % 3000;
      auto *data = static_cast<char *>(arena.take(int64_t(bytes)));
      ASSERT_NE(data, nullptr);
      std::memset(data, static_cast<char>(bytes), bytes);
      taken.push_back({data, bytes});
    }
    arena.giveAll();
  }
}

TEST(Arena, ImpossibleSizesGiveNull) {
  Arena arena;
  EXPECT_EQ(arena.take(-1), nullptr);
  EXPECT_EQ(arena.take(INT64_MAX), nullptr);
  EXPECT_EQ(arena.held(), 0);
}
