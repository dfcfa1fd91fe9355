//===- CpusTest.cpp - CPUs, quotas and CPU features -----------------------===//
// The number of threads follows affinity; feature names agree with what the
// compiler's own check says.
//===----------------------------------------------------------------------===//

#include "Cpus.h"

#include <gtest/gtest.h>

#include <sched.h>
#include <thread>

#if defined(__x86_64__)
#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

using namespace skim::rt;

TEST(Cpus, QuotaIsRoundedUp) {
  EXPECT_EQ(cpusOfQuota("max 100000"), 0);
  EXPECT_EQ(cpusOfQuota("200000 100000"), 2);
  EXPECT_EQ(cpusOfQuota("150000 100000\n"), 2);
  EXPECT_EQ(cpusOfQuota("1000 100000"), 1);
  EXPECT_EQ(cpusOfQuota("-1 100000"), 0); // version 1 without a quota
}

TEST(Cpus, UnreadableQuotaIsNone) {
  for (const char *text : {"", "x", "100000", "100000 0", "100000 x", "0 1"})
    EXPECT_EQ(cpusOfQuota(text), 0) << text;
}

TEST(Cpus, AffinityOfTheCallingThreadCounts) {
  std::thread([] {
    cpu_set_t all, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
    EXPECT_GE(usableCpus(), 1);
    EXPECT_LE(usableCpus(), CPU_COUNT(&all));
    int cpu = 0;
    while (!CPU_ISSET(cpu, &all))
      ++cpu;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(usableCpus(), 1);
  }).join();
}

TEST(Cpus, UnknownFeatureIsNeitherKnownNorThere) {
  EXPECT_FALSE(knowsCpuFeature("avx1024"));
  EXPECT_FALSE(hasCpuFeature("avx1024"));
  EXPECT_FALSE(hasCpuFeature(""));
}

#if defined(__x86_64__)
TEST(Cpus, FeaturesAgreeWithTheCompilersCheck) {
  __builtin_cpu_init();
#define EXPECT_SAME(name)                                                      \
  EXPECT_TRUE(knowsCpuFeature(name)) << name;                                  \
  EXPECT_EQ(hasCpuFeature(name), __builtin_cpu_supports(name) != 0) << name
  EXPECT_SAME("sse2");
  EXPECT_SAME("sse3");
  EXPECT_SAME("ssse3");
  EXPECT_SAME("sse4.1");
  EXPECT_SAME("sse4.2");
  EXPECT_SAME("popcnt");
  EXPECT_SAME("aes");
  EXPECT_SAME("pclmul");
  EXPECT_SAME("avx");
  EXPECT_SAME("f16c");
  EXPECT_SAME("fma");
  EXPECT_SAME("avx2");
  EXPECT_SAME("bmi");
  EXPECT_SAME("bmi2");
  EXPECT_SAME("lzcnt");
  EXPECT_SAME("movbe");
  EXPECT_SAME("avx512f");
  EXPECT_SAME("avx512bw");
  EXPECT_SAME("avx512cd");
  EXPECT_SAME("avx512dq");
  EXPECT_SAME("avx512vl");
  EXPECT_SAME("avx512vnni");
  EXPECT_SAME("avx512bf16");
  EXPECT_SAME("avx512fp16");
  EXPECT_SAME("avx512ifma");
  EXPECT_SAME("avx512vbmi");
  EXPECT_SAME("avx512vbmi2");
  EXPECT_SAME("avxvnni");
  EXPECT_SAME("gfni");
  EXPECT_SAME("vaes");
  EXPECT_SAME("vpclmulqdq");
  EXPECT_SAME("sse4a");
  EXPECT_SAME("fma4");
  EXPECT_SAME("xop");
#undef EXPECT_SAME
}

/// Has the system refuse arch_prctl, by which tiles are asked for, to the
/// calling thread; false where it cannot.
static bool refuseTiles() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program = {4, code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(Cpus, TilesAreAskedFor) {
  bool there = hasCpuFeature("amx-tile");
  EXPECT_FALSE(there && isCpuFeatureRefused("amx-tile"));
  std::thread([&] {
    if (!refuseTiles())
      GTEST_SKIP() << "no filters of system calls";
    EXPECT_FALSE(hasCpuFeature("amx-tile"));
    EXPECT_TRUE(!there || isCpuFeatureRefused("amx-tile"));
    EXPECT_FALSE(isCpuFeatureRefused("avx512f"));
  }).join();
}
#endif
