//===- Context.cpp - call contexts, host side -----------------------------===//
// Hands calls on to the library's own runtime, whose version it shares, and
// brings its error texts to the calling thread.
//===----------------------------------------------------------------------===//

#include "Call.h"
#include "Library.h"
#include "ThreadPool.h"

#include <new>

using namespace skim::rt;

struct skim_context {
  skim_library *library;
  skim_rt_call *call;
  uint32_t collect = 0;
  bool succeeded = false; // the last run
  std::atomic<bool> running{false};
  // Three arrays of as many as the model has knobs.
  std::unique_ptr<double[]> overrides;
  std::unique_ptr<bool[]> overridden;
  std::unique_ptr<double[]> values; // of the current run
};

skim_status skim_context_create(skim_library *library, skim_context **out) {
  if (out)
    *out = nullptr;
  if (!library || !out)
    return fail(SKIM_ERROR_ARGUMENT, "skim_context_create: null argument");
  auto knobs = static_cast<size_t>(library->model->num_knobs) + 1;
  std::unique_ptr<skim_context> context(new (std::nothrow) skim_context);
  if (!context)
    return fail(SKIM_ERROR_MEMORY, "out of memory for a context");
  context->overrides.reset(new (std::nothrow) double[knobs]());
  context->overridden.reset(new (std::nothrow) bool[knobs]());
  context->values.reset(new (std::nothrow) double[knobs]());
  context->library = library;
  if (context->overrides && context->overridden && context->values)
    context->call = library->table->call_create(processHost());
  else
    context->call = nullptr;
  if (!context->call)
    return fail(SKIM_ERROR_MEMORY, "out of memory for a context");
  retain(library);
  *out = context.release();
  return SKIM_OK;
}

void skim_context_destroy(skim_context *context) {
  if (!context)
    return;
  context->library->table->call_destroy(context->call);
  release(context->library);
  delete context;
}

/// Hands on a status of the library's runtime with its text.
static skim_status handOn(const skim_context *context, int32_t status) {
  if (status == SKIM_OK)
    return SKIM_OK;
  return fail(static_cast<skim_status>(status), "%s",
              context->library->table->call_error(context->call));
}

skim_status skim_context_set_threads(skim_context *context, int32_t threads) {
  if (!context)
    return fail(SKIM_ERROR_ARGUMENT,
                "skim_context_set_threads: context is null");
  if (threads < 0 || threads > kMaxThreads)
    return fail(SKIM_ERROR_ARGUMENT, "threads: expected 0 to %d, got %d",
                int(kMaxThreads), int(threads));
  context->library->table->call_set_threads(context->call, threads);
  return SKIM_OK;
}

skim_status skim_context_set_knob(skim_context *context, const char *name,
                                  double value) {
  if (!context)
    return fail(SKIM_ERROR_ARGUMENT, "skim_context_set_knob: context is null");
  if (skim_status status = checkKnob(context->library, name, value))
    return status;
  const skim_model_desc &model = *context->library->model;
  for (int64_t i = 0; i < model.num_knobs; ++i)
    if (knobMatches(model.knobs[i].name, name)) {
      context->overrides[i] = value;
      context->overridden[i] = true;
    }
  return SKIM_OK;
}

void skim_context_reset_knobs(skim_context *context) {
  for (int64_t i = 0; context && i < context->library->model->num_knobs; ++i)
    context->overridden[i] = false;
}

skim_status skim_context_set_input(skim_context *context, int64_t index,
                                   const void *data, int32_t dtype,
                                   int64_t rank, const int64_t *dims) {
  if (!context)
    return fail(SKIM_ERROR_ARGUMENT, "skim_context_set_input: context is null");
  return handOn(context, context->library->table->call_set_input(
                             context->call, index, data, dtype, rank, dims));
}

skim_status skim_context_set_input_by_name(skim_context *context,
                                           const char *name, const void *data,
                                           int32_t dtype, int64_t rank,
                                           const int64_t *dims) {
  if (!context || !name)
    return fail(SKIM_ERROR_ARGUMENT,
                "skim_context_set_input_by_name: null argument");
  int64_t index = skim_find_input(context->library, name);
  if (index < 0)
    return fail(SKIM_ERROR_ARGUMENT, "input '%s': the model has no such input",
                name);
  return skim_context_set_input(context, index, data, dtype, rank, dims);
}

skim_status skim_context_set_output(skim_context *context, int64_t index,
                                    void *data, int64_t bytes) {
  if (!context)
    return fail(SKIM_ERROR_ARGUMENT,
                "skim_context_set_output: context is null");
  return handOn(context, context->library->table->call_set_output(
                             context->call, index, data, bytes));
}

skim_status skim_context_collect(skim_context *context, uint32_t flags) {
  if (!context || flags > (SKIM_STATISTICS | SKIM_PROFILE | SKIM_TRACE))
    return fail(SKIM_ERROR_ARGUMENT,
                "skim_context_collect: null context or unknown flags");
  context->collect = flags;
  return SKIM_OK;
}

skim_status skim_run(skim_context *context) {
  if (!context)
    return fail(SKIM_ERROR_ARGUMENT, "skim_run: context is null");
  if (context->running.exchange(true, std::memory_order_acquire))
    return fail(SKIM_ERROR_BUSY,
                "skim_run: the context is running on another thread");
  for (int64_t i = 0; i < context->library->model->num_knobs; ++i)
    context->values[i] =
        context->overridden[i]
            ? context->overrides[i]
            : context->library->knobs[i].load(std::memory_order_relaxed);
  int32_t ran = context->library->table->call_run(
      context->call, context->values.get(), context->collect);
  skim_status status = handOn(context, ran);
  context->succeeded = status == SKIM_OK;
  context->running.store(false, std::memory_order_release);
  return status;
}

skim_status skim_context_get_output(skim_context *context, int64_t index,
                                    skim_tensor *output) {
  if (!context || !output)
    return fail(SKIM_ERROR_ARGUMENT, "skim_context_get_output: null argument");
  skim_rt_buffer buffer;
  int32_t status =
      context->library->table->call_output(context->call, index, &buffer);
  if (status != SKIM_OK)
    return handOn(context, status);
  output->data = buffer.data;
  output->dtype = context->library->model->outputs[index].dtype;
  output->rank = static_cast<int32_t>(buffer.rank);
  for (int64_t i = 0; i < SKIM_MAX_RANK; ++i)
    output->dims[i] = i < buffer.rank ? buffer.dims[i] : 0;
  return SKIM_OK;
}

/// What the last run collected, as the library's `read` gives it; null on
/// failure.
static skim_status
giveText(const skim_context *context, const char *what,
         const char *(*skim_library_table::*read)(skim_rt_call *),
         const char **json) {
  if (json)
    *json = nullptr;
  if (!context || !json)
    return fail(SKIM_ERROR_ARGUMENT, "skim_context_%s: null argument", what);
  if (!context->succeeded)
    return fail(SKIM_ERROR_ARGUMENT,
                "%s: the last run failed, or there was none", what);
  *json = (context->library->table->*read)(context->call);
  if (*json)
    return SKIM_OK;
  return fail(SKIM_ERROR_ARGUMENT,
              "%s: the last run did not collect it, or there was none", what);
}

skim_status skim_context_statistics(skim_context *context, const char **json) {
  return giveText(context, "statistics", &skim_library_table::call_statistics,
                  json);
}

skim_status skim_context_profile(skim_context *context, const char **json) {
  return giveText(context, "profile", &skim_library_table::call_profile, json);
}

skim_status skim_context_trace(skim_context *context, const char **json) {
  return giveText(context, "trace", &skim_library_table::call_trace, json);
}

int64_t skim_context_memory(const skim_context *context) {
  return context ? context->library->table->call_memory(context->call) : 0;
}
