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

/// Copies an output to the caller's memory, which must have its size.
static void *copyToCaller(skim_rt_call *call, int64_t index, const void *data,
                          int64_t bytes) {
  const OutputSlot &slot = call->outputSlots[index];
  if (slot.bytes != bytes) {
    failWith(call, SKIM_ERROR_OUTPUT,
             "output '%s': expected a buffer of %lld bytes, got %lld",
             call->model->outputs[index].name, static_cast<long long>(bytes),
             static_cast<long long>(slot.bytes));
    leaveRun(call, SKIM_ERROR_OUTPUT);
  }
  if (bytes)
    std::memcpy(slot.data, data, static_cast<size_t>(bytes));
  return slot.data;
}

void skim_rt_output(skim_rt_call *call, int64_t index, const void *data,
                    int64_t rank, const int64_t *dims, int32_t owned) {
  skim_rt_buffer &output = call->outputs[index];
  int64_t bytes = dtypeSize(call->model->outputs[index].dtype);
  output.rank = rank;
  for (int64_t i = 0; i < rank; ++i) {
    output.dims[i] = dims[i];
    bytes *= dims[i];
  }
  call->outputSlots[index].given = true;
  auto *block = const_cast<void *>(data);
  if (call->outputSlots[index].data) {
    output.data = copyToCaller(call, index, data, bytes);
    if (owned)
      skim_rt_free(call, block);
    return;
  }
  if (!owned) {
    block = skim_rt_alloc(call, bytes);
    if (bytes)
      std::memcpy(block, data, static_cast<size_t>(bytes));
  }
  output.data = block;
}
