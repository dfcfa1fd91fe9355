//===- ThreadPoolTest.cpp - the process's threads -------------------------===//
// Teams from many callers at once, nested teams, forks.
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace skim::rt;

/// Runs body(slot) on a team.
template <typename Body> static void runTeam(int32_t threads, Body body) {
  processHost()->run_team(
      threads,
      [](void *arg, int32_t slot) { (*static_cast<Body *>(arg))(slot); },
      &body);
}

TEST(ThreadPool, SlotsAreDistinctAndWithinTheTeam) {
  for (int32_t threads : {1, 2, 3, 7}) {
    std::vector<std::atomic<int>> uses(static_cast<size_t>(threads));
    runTeam(threads, [&](int32_t slot) {
      ASSERT_GE(slot, 0);
      ASSERT_LT(slot, threads);
      uses[static_cast<size_t>(slot)].fetch_add(1);
    });
    EXPECT_EQ(uses[0].load(), 1);
    for (auto &count : uses)
      EXPECT_LE(count.load(), 1);
  }
}

TEST(ThreadPool, ReturnsWhenAllAreOut) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> inside{0};
    runTeam(4, [&](int32_t) {
      inside.fetch_add(1);
      std::this_thread::yield();
      inside.fetch_sub(1);
    });
    ASSERT_EQ(inside.load(), 0);
  }
}

TEST(ThreadPool, ManyCallersAtOnceAllFinish) {
  constexpr int callers = 8, rounds = 300, work = 64;
  std::atomic<int64_t> done{0};
  std::vector<std::thread> threads;
  for (int c = 0; c < callers; ++c)
    threads.emplace_back([&, c] {
      for (int r = 0; r < rounds; ++r) {
        std::atomic<int> next{0};
        std::atomic<int> mine{0};
        runTeam(1 + (c + r) % 4, [&](int32_t) {
          while (next.fetch_add(1) < work)
            mine.fetch_add(1);
        });
        ASSERT_EQ(mine.load(), work);
        done.fetch_add(mine.load());
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(done.load(), int64_t(callers) * rounds * work);
}

TEST(ThreadPool, NestedTeamsFinish) {
  std::atomic<int> inner{0};
  runTeam(3, [&](int32_t) {
    for (int i = 0; i < 20; ++i)
      runTeam(3, [&](int32_t) { inner.fetch_add(1); });
  });
  EXPECT_GE(inner.load(), 20);
}

TEST(ThreadPool, StartsNoMoreThreadsThanAskedFor) {
  runTeam(1, [](int32_t) {});
  int32_t before = startedThreads();
  runTeam(before + 3, [](int32_t) {});
  EXPECT_EQ(startedThreads(), before + 2);
  runTeam(2, [](int32_t) {});
  EXPECT_EQ(startedThreads(), before + 2);
}

TEST(ThreadPool, TwoThreadsReallyMeet) {
  // Each waits for the other, so this ends only when both are inside at once.
  std::atomic<int> inside{0};
  runTeam(2, [&](int32_t) {
    inside.fetch_add(1);
    while (inside.load() < 2)
      std::this_thread::yield();
  });
  EXPECT_EQ(inside.load(), 2);
}

// The sanitizer's runtime cannot follow threads over a fork.
#if !__has_feature(thread_sanitizer)
TEST(ThreadPool, ForkedChildStartsItsOwnThreads) {
  runTeam(2, [](int32_t) {});
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::atomic<int> inside{0};
    bool fresh = startedThreads() == 0;
    runTeam(2, [&](int32_t) {
      inside.fetch_add(1);
      while (inside.load() < 2)
        std::this_thread::yield();
    });
    _exit(fresh && startedThreads() == 1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  runTeam(2, [](int32_t) {}); // the parent's threads are still there
}
#endif
