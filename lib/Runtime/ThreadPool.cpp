//===- ThreadPool.cpp - the process's threads -----------------------------===//
// Teams: the caller works itself and never waits for a thread that has not
// joined, so any number of callers, nested ones too, make progress. Workers
// watch for the next team for some microseconds, then sleep.
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"

#include "Cpus.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <new>
#include <pthread.h>
#include <unistd.h>

using namespace skim::rt;

namespace {

/// A call of run_team; lives on its caller's stack. All but `active` is guarded
/// by the pool's mutex.
struct Team {
  void (*body)(void *arg, int32_t slot);
  void *arg;
  int32_t helpers;      // how many may join
  int32_t joined = 0;   // how many did
  bool listed = false;  // more may join
  bool awaited = false; // the caller sleeps until active is 0
  Team *next = nullptr;
  std::atomic<int32_t> active{0}; // joined and not out yet
};

struct Pool {
  pid_t process;
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work = PTHREAD_COND_INITIALIZER;
  pthread_cond_t done = PTHREAD_COND_INITIALIZER;
  Team *first = nullptr; // teams that more may join, oldest first
  int32_t cpus = 1;      // how many threads may watch without harm
  int32_t workers = 0;
  int32_t sleeping = 0;
  std::atomic<int32_t> open{0};     // teams in the list
  std::atomic<int32_t> watching{0}; // workers that look at `open`
};

} // namespace

static std::atomic<Pool *> currentPool{nullptr};

/// How long a thread looks before it sleeps, in nanoseconds.
static constexpr int64_t kWatchTime = 50000;

static int64_t nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
}

static void pauseBriefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Looks until ready() or until the time is over.
template <typename Ready> static void watch(Ready ready) {
  int64_t start = nanoseconds();
  while (!ready()) {
    for (int i = 0; i < 16; ++i)
      pauseBriefly();
    if (nanoseconds() - start > kWatchTime)
      return;
  }
}

static void addTeam(Pool &pool, Team &team) {
  Team **end = &pool.first;
  while (*end)
    end = &(*end)->next;
  *end = &team;
  team.listed = true;
  pool.open.fetch_add(1, std::memory_order_release);
}

static void removeTeam(Pool &pool, Team &team) {
  if (!team.listed)
    return;
  Team **link = &pool.first;
  while (*link != &team)
    link = &(*link)->next;
  *link = team.next;
  team.listed = false;
  pool.open.fetch_sub(1, std::memory_order_release);
}

/// Joins the oldest team and works until it has no more work. Called and left
/// with the mutex held.
static void joinFirstTeam(Pool &pool) {
  Team &team = *pool.first;
  int32_t slot = ++team.joined;
  team.active.fetch_add(1, std::memory_order_relaxed);
  if (team.joined == team.helpers)
    removeTeam(pool, team);
  pthread_mutex_unlock(&pool.mutex);
  team.body(team.arg, slot);
  pthread_mutex_lock(&pool.mutex);
  // From the last decrement on the caller may be gone, and the team with it.
  bool awaited = team.awaited;
  int32_t before = team.active.fetch_sub(1, std::memory_order_release);
  if (awaited && before == 1)
    pthread_cond_broadcast(&pool.done);
}

static void *runWorker(void *arg) {
  Pool &pool = *static_cast<Pool *>(arg);
  pthread_mutex_lock(&pool.mutex);
  while (true) {
    if (pool.first) {
      joinFirstTeam(pool);
      continue;
    }
    if (pool.workers < pool.cpus) {
      pool.watching.fetch_add(1, std::memory_order_relaxed);
      pthread_mutex_unlock(&pool.mutex);
      watch([&] { return pool.open.load(std::memory_order_acquire) > 0; });
      pthread_mutex_lock(&pool.mutex);
      pool.watching.fetch_sub(1, std::memory_order_relaxed);
    }
    while (!pool.first) {
      ++pool.sleeping;
      pthread_cond_wait(&pool.work, &pool.mutex);
      --pool.sleeping;
    }
  }
  return nullptr;
}

/// Keeps the code of this library in memory: threads stand in it from now on.
static void pinCode() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void *>(&pinCode), &info) && info.dli_fname)
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

/// Starts threads until there are `wanted`, or as many as can be had. Signals
/// are left to the program's own threads.
static void startWorkers(Pool &pool, int32_t wanted) {
  if (pool.workers >= wanted)
    return;
  if (pool.workers == 0)
    pinCode();
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0)
    return;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (; pool.workers < wanted; ++pool.workers) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, runWorker, &pool) != 0)
      break;
    pthread_setname_np(thread, "skim");
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  pthread_attr_destroy(&attributes);
}

/// The pool of this process. A forked child has none of its parent's threads
/// and starts anew; the parent's pool is left as it was at the fork.
static Pool *getPool() {
  pid_t process = getpid();
  Pool *pool = currentPool.load(std::memory_order_acquire);
  if (pool && pool->process == process)
    return pool;
  void *memory = std::malloc(sizeof(Pool));
  if (!memory)
    return nullptr;
  Pool *fresh = new (memory) Pool;
  fresh->process = process;
  fresh->cpus = usableCpus();
  if (currentPool.compare_exchange_strong(pool, fresh,
                                          std::memory_order_acq_rel))
    return fresh;
  std::free(memory);
  return pool;
}

/// Waits until everyone who joined is out.
static void waitForHelpers(Pool &pool, Team &team) {
  auto isOut = [&] { return team.active.load(std::memory_order_acquire) == 0; };
  if (isOut())
    return;
  pthread_mutex_unlock(&pool.mutex);
  watch(isOut);
  pthread_mutex_lock(&pool.mutex);
  team.awaited = true;
  while (!isOut())
    pthread_cond_wait(&pool.done, &pool.mutex);
}

static void runTeam(int32_t threads, void (*body)(void *arg, int32_t slot),
                    void *arg) {
  if (threads > kMaxThreads)
    threads = kMaxThreads;
  Pool *pool = threads > 1 ? getPool() : nullptr;
  if (!pool)
    return body(arg, 0);
  Team team{body, arg, threads - 1};
  pthread_mutex_lock(&pool->mutex);
  startWorkers(*pool, threads - 1);
  addTeam(*pool, team);
  int32_t calls = threads - 1 - pool->watching.load(std::memory_order_relaxed);
  if (calls > pool->sleeping)
    calls = pool->sleeping;
  for (int32_t i = 0; i < calls; ++i)
    pthread_cond_signal(&pool->work);
  pthread_mutex_unlock(&pool->mutex);

  body(arg, 0);

  pthread_mutex_lock(&pool->mutex);
  removeTeam(*pool, team);
  waitForHelpers(*pool, team);
  pthread_mutex_unlock(&pool->mutex);
}

const skim_host *skim::rt::processHost() {
  static constexpr skim_host host = {SKIM_ABI_VERSION, sizeof(skim_host),
                                     usableCpus, runTeam};
  return &host;
}

int32_t skim::rt::startedThreads() {
  Pool *pool = currentPool.load(std::memory_order_acquire);
  if (!pool || pool->process != getpid())
    return 0;
  pthread_mutex_lock(&pool->mutex);
  int32_t workers = pool->workers;
  pthread_mutex_unlock(&pool->mutex);
  return workers;
}
