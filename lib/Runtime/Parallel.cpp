//===- Parallel.cpp - a kernel's tasks over the threads -------------------===//
// Ranges are handed out large first, small at the end. Which thread gets which
// range does not matter: a task's result depends on the task alone.
//===----------------------------------------------------------------------===//

#include "Call.h"

#include <cstdlib>

using namespace skim::rt;

namespace {

struct Dispatch {
  skim_rt_call *call;
  skim_rt_task_fn fn;
  void *args;
  int64_t tasks;
  int64_t grain;
  int32_t threads;
  Span *spans; // of each slot, null: nobody asks
  std::atomic<int64_t> next{0};
};

} // namespace

/// Takes the next range: half a thread's share of what is left, at least a
/// grain.
static bool takeRange(Dispatch &dispatch, int64_t &begin, int64_t &end) {
  begin = dispatch.next.load(std::memory_order_relaxed);
  do {
    int64_t left = dispatch.tasks - begin;
    if (left <= 0)
      return false;
    int64_t grains = left / (2 * dispatch.threads) / dispatch.grain;
    int64_t size = grains > 0 ? grains * dispatch.grain : dispatch.grain;
    end = size < left ? begin + size : dispatch.tasks;
  } while (!dispatch.next.compare_exchange_weak(begin, end,
                                                std::memory_order_relaxed));
  return true;
}

static void runRanges(void *arg, int32_t slot) {
  auto &dispatch = *static_cast<Dispatch *>(arg);
  skim_rt_call *call = dispatch.call;
  char *scratch =
      call->scratch ? call->scratch + slot * call->scratchStride : nullptr;
  Span *span = dispatch.spans ? dispatch.spans + slot : nullptr;
  if (span)
    *span = {secondsNow(), 0, 0};
  int64_t begin, end;
  while (call->reported.load(std::memory_order_relaxed) == 0 &&
         takeRange(dispatch, begin, end)) {
    dispatch.fn(dispatch.args, begin, end, scratch, call);
    if (span)
      *span = {span->begin, secondsNow(), span->tasks + end - begin};
  }
}

/// Makes room for `bytes` of scratch for each thread; false without memory.
static bool growScratch(skim_rt_call *call, int64_t bytes, int64_t slots) {
  if (bytes <= call->scratchStride && slots <= call->scratchSlots)
    return true;
  int64_t stride =
      alignUp(bytes > call->scratchStride ? bytes : call->scratchStride);
  if (slots < call->scratchSlots)
    slots = call->scratchSlots;
  std::free(call->scratch);
  call->scratch = nullptr;
  call->scratchStride = call->scratchSlots = 0;
  void *memory = nullptr;
  if (bytes > (int64_t(1) << 40) ||
      posix_memalign(&memory, kAlignment,
                     static_cast<size_t>(stride * slots)) != 0)
    return false;
  call->scratch = static_cast<char *>(memory);
  call->scratchStride = stride;
  call->scratchSlots = slots;
  return true;
}

/// A dispatch from inside a kernel: on this thread, with scratch of its own.
static void runNested(skim_rt_call *call, skim_rt_task_fn fn, void *args,
                      int64_t tasks, int64_t bytes) {
  void *scratch = nullptr;
  if (bytes > 0 &&
      posix_memalign(&scratch, kAlignment, static_cast<size_t>(bytes)) != 0) {
    skim_rt_report(call, "out of memory: could not get {0} bytes", bytes, 0);
    return;
  }
  fn(args, 0, tasks, scratch, call);
  std::free(scratch);
}

void skim_rt_parallel_for(skim_rt_call *call, const skim_rt_kernel *kernel,
                          skim_rt_task_fn fn, void *args, int64_t tasks,
                          int64_t grain, int64_t scratch_bytes, int64_t flops) {
  if (tasks <= 0)
    return;
  if (call->dispatching)
    return runNested(call, fn, args, tasks, scratch_bytes);
  if (grain < 1)
    grain = 1;
  int64_t grains = (tasks - 1) / grain + 1;
  int32_t threads =
      grains < call->threads ? static_cast<int32_t>(grains) : call->threads;
  if (!growScratch(call, scratch_bytes, threads)) {
    failWith(call, SKIM_ERROR_MEMORY,
             "out of memory: could not get %lld bytes for %d threads",
             static_cast<long long>(scratch_bytes), threads);
    leaveRun(call, SKIM_ERROR_MEMORY);
  }
  bool collect = call->collector.active();
  double start = collect ? secondsNow() : 0;
  call->dispatching = true;
  Span *spans = call->collector.tracer.spans();
  for (int32_t slot = 0; spans && slot < threads; ++slot)
    spans[slot].tasks = 0;
  Dispatch dispatch{call, fn, args, tasks, grain, threads, spans};
  if (threads == 1)
    fn(args, 0, tasks, call->scratch, call);
  else
    call->host->run_team(threads, runRanges, &dispatch);
  call->dispatching = false;
  if (collect) {
    double end = secondsNow();
    if (spans && threads == 1)
      spans[0] = {start, end, tasks};
    call->collector.addDispatch(kernel, tasks, flops, threads, start, end);
  }
  if (call->reported.load(std::memory_order_acquire) == 2) {
    failWith(call, SKIM_ERROR_RUN, "%s", call->report);
    leaveRun(call, SKIM_ERROR_RUN);
  }
}
