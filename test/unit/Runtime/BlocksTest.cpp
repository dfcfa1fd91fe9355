//===- BlocksTest.cpp - memory that a call context keeps ------------------===//
// Reuse, growth and bounds of the block pool.
//===----------------------------------------------------------------------===//

#include "Blocks.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>
#include <vector>

using skim::rt::Blocks;

TEST(Blocks, GivesAlignedDistinctWritableMemory) {
  Blocks blocks;
  std::set<void *> seen;
  for (int64_t bytes : {0, 1, 63, 64, 65, 4097, 1 << 20}) {
    void *block = blocks.take(bytes);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
    EXPECT_TRUE(seen.insert(block).second);
    std::memset(block, 1, static_cast<size_t>(bytes));
  }
}

TEST(Blocks, SameRequestsAgainTakeNothingNew) {
  Blocks blocks;
  int64_t after = 0;
  for (int call = 0; call < 10; ++call) {
    blocks.giveAll();
    void *a = blocks.take(1000), *b = blocks.take(50000);
    blocks.give(a);
    void *c = blocks.take(900);
    EXPECT_EQ(c, a); // what was freed is used again within a call
    blocks.give(b);
    blocks.give(c);
    if (call == 0)
      after = blocks.held();
  }
  EXPECT_EQ(blocks.held(), after);
}

TEST(Blocks, SlowGrowthDoesNotPileUpOutgrownBlocks) {
  Blocks blocks;
  for (int64_t bytes = 1000; bytes < 1000000; bytes += 1000) {
    blocks.giveAll();
    blocks.take(bytes);
    blocks.take(bytes / 2);
  }
  EXPECT_LE(blocks.held(), 2 * 1000000 * 9 / 8);
}

TEST(Blocks, AnyOrderOfCallsStaysBoundedByTheLargest) {
  Blocks blocks;
  std::mt19937 random(1);
  constexpr int64_t most = 1 << 20;
  for (int call = 0; call < 500; ++call) {
    blocks.giveAll();
    for (int i = 0; i < 8; ++i)
      ASSERT_NE(blocks.take(random() % most), nullptr);
  }
  EXPECT_LE(blocks.held(), 8 * most * 9 / 8);
}

TEST(Blocks, SmallRequestsLeaveLargeBlocksAlone) {
  Blocks blocks;
  void *states = blocks.take(1 << 20);
  blocks.give(states);
  void *table = blocks.take(1000);
  EXPECT_NE(table, states);
  EXPECT_EQ(blocks.take(1 << 20), states);
  EXPECT_LT(blocks.held(), (1 << 20) + 4096);
}

TEST(Blocks, RandomCallsGiveMemoryThatNoOtherRequestHas) {
  Blocks blocks;
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
        blocks.give(data);
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
        continue;
      }
      size_t bytes = (size_t(64) << (random() % 10)) + random() % 3000;
      auto *data = static_cast<char *>(blocks.take(int64_t(bytes)));
      ASSERT_NE(data, nullptr);
      std::memset(data, static_cast<char>(bytes), bytes);
      taken.push_back({data, bytes});
    }
    blocks.giveAll();
  }
}

TEST(Blocks, ImpossibleSizesGiveNull) {
  Blocks blocks;
  EXPECT_EQ(blocks.take(-1), nullptr);
  EXPECT_EQ(blocks.take(INT64_MAX), nullptr);
  EXPECT_EQ(blocks.held(), 0);
}
