//===- Outputs.cpp - what a run gives back --------------------------------===//
// Outputs live in the context's memory until its next run, or in the caller's
// where it gave some.
//===----------------------------------------------------------------------===//

#include "Call.h"

#include <cstring>

using namespace skim::rt;

static int32_t checkIndex(skim_rt_call *call, int64_t index) {
  if (index >= 0 && index < call->model->num_outputs)
    return SKIM_OK;
  return failWith(call, SKIM_ERROR_ARGUMENT,
                  "output index %lld: the model has %lld outputs",
                  static_cast<long long>(index),
                  static_cast<long long>(call->model->num_outputs));
}

int32_t skim::rt::setOutput(skim_rt_call *call, int64_t index, void *data,
                            int64_t bytes) {
  if (int32_t status = checkIndex(call, index))
    return status;
  call->outputSlots[index].data = data;
  call->outputSlots[index].bytes = bytes;
  return SKIM_OK;
}

int32_t skim::rt::getOutput(const skim_rt_call *constCall, int64_t index,
                            skim_rt_buffer *out) {
  auto *call = const_cast<skim_rt_call *>(constCall); // for the error text
  if (int32_t status = checkIndex(call, index))
    return status;
  if (!call->succeeded)
    return failWith(call, SKIM_ERROR_ARGUMENT,
                    "output '%s': the last run failed, or there was none",
                    call->model->outputs[index].name);
  *out = call->outputs[index];
  return SKIM_OK;
}

void *skim::rt::placeOutput(skim_rt_call *call, int64_t index, int64_t bytes) {
  const OutputSlot &slot = call->outputSlots[index];
  if (!slot.data)
    return skim_rt_alloc(call, bytes);
  if (slot.bytes == bytes)
    return slot.data;
  failWith(call, SKIM_ERROR_OUTPUT,
           "output '%s': expected a buffer of %lld bytes, got %lld",
           call->model->outputs[index].name, static_cast<long long>(bytes),
           static_cast<long long>(slot.bytes));
  leaveRun(call, SKIM_ERROR_OUTPUT);
}

/// Takes a whole output: its memory, or a copy.
static void takeOutput(skim_rt_call *call, int64_t index,
                       const skim_rt_buffer &given, bool owned) {
  skim_rt_buffer &output = call->outputs[index];
  int64_t bytes = dtypeSize(call->model->outputs[index].dtype) *
                  elementCount(given.rank, given.dims);
  output = given;
  call->outputSlots[index].given = true;
  if (owned && !call->outputSlots[index].data)
    return;
  output.data = placeOutput(call, index, bytes);
  if (bytes)
    std::memcpy(output.data, given.data, static_cast<size_t>(bytes));
  if (owned)
    skim_rt_free(call, given.data);
}

void skim_rt_output(skim_rt_call *call, int64_t index, const void *data,
                    int64_t rank, const int64_t *dims, int32_t owned) {
  skim_rt_buffer given = {const_cast<void *>(data), rank, {}};
  for (int64_t i = 0; i < rank; ++i)
    given.dims[i] = dims[i];
  if (call->part.step == 0 || joinOutput(call, index, given))
    return takeOutput(call, index, given, owned != 0);
  if (owned)
    skim_rt_free(call, given.data);
}
