//===- MicroBatches.cpp - a batch in parts --------------------------------===//
// Where the compiler has proved that sequences do not depend on each other, a
// large batch runs in parts whose states stay in the cache. Inputs are views of
// the caller's, outputs are joined as they are given.
//===----------------------------------------------------------------------===//

#include "Call.h"

#include <cstring>

using namespace skim::rt;

/// The batch and the positions of a sequence, by the first input that has both;
/// false where inputs do not agree, which is for the model's code to say.
static bool measureBatch(const skim_rt_call *call, int64_t &batch,
                         int64_t &sequence) {
  bool found = false, agrees = true;
  for (int64_t i = 0; i < call->model->num_inputs; ++i) {
    const skim_rt_buffer &input = call->inputs[i];
    if (!call->model->inputs[i].batched)
      continue;
    // Those of one dimension may come first, and tell no positions.
    agrees &= batch < 0 || input.dims[0] == batch;
    batch = input.dims[0];
    if (!found && input.rank >= 2)
      sequence = input.dims[1];
    found |= input.rank >= 2;
  }
  return found && agrees;
}

/// Sequences of a part: as many as fit, and of all parts about as many.
static int64_t partOf(int64_t batch, int64_t sequence, int64_t positions) {
  int64_t most = sequence > 0 ? positions / sequence : batch;
  most = most < 1 ? 1 : most;
  int64_t parts = (batch + most - 1) / most;
  return parts > 1 ? (batch + parts - 1) / parts : batch;
}

void skim::rt::splitBatch(skim_rt_call *call) {
  int64_t batch = -1, sequence = 0;
  if (call->model->micro_batch <= 0 || !measureBatch(call, batch, sequence))
    return;
  // Positions are numbered in 32 bits; the model's code says so of the whole.
  if (sequence > 0 && batch > INT32_MAX / sequence)
    return;
  int64_t positions = call->model->micro_batch * call->threads;
  int64_t step = partOf(batch, sequence, positions);
  if (step < batch)
    call->part = {0, 0, batch, step};
}

bool skim::rt::nextPart(skim_rt_call *call) {
  MicroBatch &part = call->part;
  int64_t before = part.begin;
  part.begin = part.end;
  if (part.begin >= part.batch)
    return false;
  int64_t left = part.batch - part.begin;
  part.end = part.begin + (part.step < left ? part.step : left);
  for (int64_t i = 0; i < call->model->num_inputs; ++i) {
    const skim_tensor_desc &desc = call->model->inputs[i];
    if (!desc.batched)
      continue;
    skim_rt_buffer &input = call->inputs[i];
    int64_t bytes =
        dtypeSize(desc.dtype) * elementCount(input.rank - 1, input.dims + 1);
    if (input.data)
      input.data =
          static_cast<char *>(input.data) + (part.begin - before) * bytes;
    input.dims[0] = part.end - part.begin;
  }
  return true;
}

/// Ends the run: the parts do not fit together.
[[noreturn]] static void failToJoin(skim_rt_call *call, int64_t index) {
  failWith(call, SKIM_ERROR_RUN,
           "output '%s': expected a part of the batch of %lld sequences and "
           "the shape of the parts before",
           call->model->outputs[index].name,
           static_cast<long long>(call->part.end - call->part.begin));
  leaveRun(call, SKIM_ERROR_RUN);
}

bool skim::rt::joinOutput(skim_rt_call *call, int64_t index,
                          const skim_rt_buffer &given) {
  const MicroBatch &part = call->part;
  skim_rt_buffer &output = call->outputs[index];
  bool isFirst = !call->outputSlots[index].given;
  if (!call->model->outputs[index].batched)
    return isFirst; // the same for all parts
  if (given.rank < 1 || given.dims[0] != part.end - part.begin)
    failToJoin(call, index);
  for (int64_t d = 1; !isFirst && d < given.rank; ++d)
    if (output.dims[d] != given.dims[d])
      failToJoin(call, index);
  int64_t bytes = dtypeSize(call->model->outputs[index].dtype) *
                  elementCount(given.rank - 1, given.dims + 1);
  if (isFirst) {
    output = given;
    output.dims[0] = part.batch;
    output.data = placeOutput(call, index, part.batch * bytes);
    call->outputSlots[index].given = true;
  }
  if (given.dims[0] * bytes > 0)
    std::memcpy(static_cast<char *>(output.data) + part.begin * bytes,
                given.data, static_cast<size_t>(given.dims[0] * bytes));
  return false;
}
