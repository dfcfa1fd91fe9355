//===- Call.cpp - making, running and ending calls ------------------------===//
// A run is a call of the model's entry function; errors leave it by longjmp,
// over frames of compiled code only.
//===----------------------------------------------------------------------===//

#include "Call.h"

#include "ThreadPool.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

using namespace skim::rt;

skim_rt_call *skim::rt::createCall(const skim_model_desc *model,
                                   const char *weights, const skim_host *host) {
  void *memory = std::calloc(1, sizeof(skim_rt_call));
  if (!memory)
    return nullptr;
  auto *call = new (memory) skim_rt_call();
  call->model = model;
  call->host = host ? host : processHost();
  // calloc(0) may give null; one more entry than needed keeps null an error.
  auto make = [](int64_t count, size_t size) {
    return std::calloc(static_cast<size_t>(count) + 1, size);
  };
  call->inputs = static_cast<skim_rt_buffer *>(
      make(model->num_inputs, sizeof(skim_rt_buffer)));
  call->outputs = static_cast<skim_rt_buffer *>(
      make(model->num_outputs, sizeof(skim_rt_buffer)));
  call->inputSlots =
      static_cast<InputSlot *>(make(model->num_inputs, sizeof(InputSlot)));
  call->outputSlots =
      static_cast<OutputSlot *>(make(model->num_outputs, sizeof(OutputSlot)));
  if (!call->inputs || !call->outputs || !call->inputSlots ||
      !call->outputSlots) {
    destroyCall(call);
    return nullptr;
  }
  call->head = {call->inputs, call->outputs, weights, nullptr};
  return call;
}

void skim::rt::destroyCall(skim_rt_call *call) {
  if (!call)
    return;
  std::free(call->inputs);
  std::free(call->outputs);
  std::free(call->inputSlots);
  std::free(call->outputSlots);
  std::free(call->scratch);
  call->~skim_rt_call();
  std::free(call);
}

int32_t skim::rt::failWith(skim_rt_call *call, int32_t status,
                           const char *format, ...) {
  va_list values;
  va_start(values, format);
  std::vsnprintf(call->error, kMessageRoom, format, values);
  va_end(values);
  call->status = status;
  return status;
}

void skim::rt::leaveRun(skim_rt_call *call, int32_t status) {
  call->status = status;
  longjmp(call->out, 1);
}

/// Forgets the last run. Its outputs' memory is used again from here on.
static void beginRun(skim_rt_call *call, const double *knobs,
                     uint32_t collect) {
  call->arena.giveAll();
  for (int64_t i = 0; i < call->model->num_outputs; ++i) {
    call->outputs[i] = skim_rt_buffer();
    call->outputSlots[i].given = false;
  }
  call->head.knobs = knobs;
  call->part = MicroBatch();
  call->dispatching = false;
  call->succeeded = false;
  call->reported.store(0, std::memory_order_relaxed);
  call->status = SKIM_OK;
  call->error[0] = 0;
  int32_t threads = call->wantedThreads > 0 ? call->wantedThreads
                                            : call->host->default_threads();
  call->threads = threads < 1             ? 1
                  : threads > kMaxThreads ? kMaxThreads
                                          : threads;
  call->collector.begin(collect, call->model->num_layers, call->threads);
}

/// The part of a run that longjmp may leave; no objects live in its frame.
static void runEntry(skim_rt_call *call, bool split) {
  if (setjmp(call->out) != 0)
    return;
  if (bindInputs(call) != SKIM_OK)
    return;
  if (split)
    splitBatch(call);
  if (call->part.step == 0)
    return call->model->entry(call);
  while (nextPart(call)) {
    call->model->entry(call);
    call->collector.endPart();
  }
}

static int32_t checkOutputs(skim_rt_call *call) {
  for (int64_t i = 0; i < call->model->num_outputs; ++i)
    if (!call->outputSlots[i].given)
      return failWith(call, SKIM_ERROR_RUN,
                      "output '%s': the model's code did not give it",
                      call->model->outputs[i].name);
  return SKIM_OK;
}

int32_t skim::rt::runCall(skim_rt_call *call, const double *knobs,
                          uint32_t collect) {
  beginRun(call, knobs, collect);
  runEntry(call, /*split=*/true);
  if (call->status == SKIM_ERROR_RUN && call->part.step > 0) {
    // Once more, so that the message names its place in the whole batch.
    beginRun(call, knobs, collect);
    runEntry(call, /*split=*/false);
  }
  if (call->status == SKIM_OK)
    checkOutputs(call);
  call->collector.end();
  call->succeeded = call->status == SKIM_OK;
  call->head.knobs = nullptr;
  return call->status;
}

int64_t skim::rt::heldMemory(const skim_rt_call *call) {
  return call->arena.held() + call->scratchStride * call->scratchSlots;
}

//===----------------------------------------------------------------------===//
// What compiled code calls
//===----------------------------------------------------------------------===//

void *skim_rt_alloc(skim_rt_call *call, int64_t bytes) {
  void *block = call->arena.take(bytes);
  if (block)
    return block;
  failWith(call, SKIM_ERROR_MEMORY, "out of memory: could not get %lld bytes",
           static_cast<long long>(bytes));
  leaveRun(call, SKIM_ERROR_MEMORY);
}

void skim_rt_free(skim_rt_call *call, void *block) { call->arena.give(block); }

void skim_rt_fail(skim_rt_call *call, const char *message, int64_t a,
                  int64_t b) {
  formatMessage(call->error, kMessageRoom, message, a, b);
  leaveRun(call, SKIM_ERROR_RUN);
}

void skim_rt_report(skim_rt_call *call, const char *message, int64_t a,
                    int64_t b) {
  int32_t nothing = 0;
  if (!call->reported.compare_exchange_strong(nothing, 1,
                                              std::memory_order_relaxed))
    return;
  formatMessage(call->report, kMessageRoom, message, a, b);
  call->reported.store(2, std::memory_order_release);
}
