//===- Call.h - one call context's state ----------------------------------===//
// What the opaque skim_rt_call is. The library's code sees its head only, the
// host sees it through the functions of the library's table.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_CALL_H
#define SKIM_LIB_RUNTIME_CALL_H

#include "Arena.h"
#include "Statistics.h"

#include "skim/Runtime/CompiledABI.h"
#include "skim/Runtime/skim.h"

#include <atomic>
#include <csetjmp>

namespace skim::rt {

constexpr size_t kMessageRoom = 1024;

/// An input as the caller set it.
struct InputSlot {
  const void *data;
  int64_t dims[SKIM_MAX_RANK];
  int32_t dtype;
  bool set;
};

/// Where an output goes and whether this run gave it.
struct OutputSlot {
  void *data; // the caller's memory, null: the context's
  int64_t bytes;
  bool given;
};

/// The sequences [begin, end) of a batch that entry is called for, of at most
/// `step` sequences. Without parts entry is called once, for what there is.
struct MicroBatch {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t batch = 0;
  int64_t step = 0; // 0: no parts
};

} // namespace skim::rt

struct skim_rt_call {
  skim_rt_call_head head; // first: compiled code reads it
  const skim_model_desc *model;
  const skim_host *host;
  int32_t wantedThreads; // 0: as the host says
  int32_t threads;       // of the current run
  skim::rt::Arena arena;
  skim_rt_buffer *inputs;
  skim_rt_buffer *outputs;
  skim::rt::InputSlot *inputSlots;
  skim::rt::OutputSlot *outputSlots;
  char *scratch; // scratchStride bytes for each of scratchSlots threads
  int64_t scratchStride;
  int64_t scratchSlots;
  skim::rt::MicroBatch part;
  bool dispatching;
  bool succeeded; // the last run
  std::atomic<int32_t>
      reported; // 0: nothing, 1: being written, 2: report holds it
  char report[skim::rt::kMessageRoom];
  int32_t status;
  char error[skim::rt::kMessageRoom];
  skim::rt::Collector collector;
  jmp_buf out; // back to run()
};

namespace skim::rt {

/// A call context of `model`, whose weights lie at `weights`; null when there
/// is no memory. host may be null: the process's own threads.
skim_rt_call *createCall(const skim_model_desc *model, const char *weights,
                         const skim_host *host);
void destroyCall(skim_rt_call *call);

/// Runs the model's entry function; a status.
int32_t runCall(skim_rt_call *call, const double *knobs, uint32_t collect);

/// The functions of the library's table of these names.
int32_t setInput(skim_rt_call *call, int64_t index, const void *data,
                 int32_t dtype, int64_t rank, const int64_t *dims);
int32_t setOutput(skim_rt_call *call, int64_t index, void *data, int64_t bytes);
int32_t getOutput(const skim_rt_call *call, int64_t index, skim_rt_buffer *out);
int64_t heldMemory(const skim_rt_call *call);

/// Sets the call's error text, as printf, and gives the status back.
__attribute__((format(printf, 3, 4))) int32_t failWith(skim_rt_call *call,
                                                       int32_t status,
                                                       const char *format, ...);

/// Before a run: all inputs set, named dimensions agree; converts dtypes.
int32_t bindInputs(skim_rt_call *call);

/// Chooses the parts of the bound inputs' batch, if any, from where nextPart
/// makes the inputs views of the next one; false when there is none left.
void splitBatch(skim_rt_call *call);
bool nextPart(skim_rt_call *call);

/// In a run of parts, copies what one gives of output `index` to its place;
/// whether it is the whole output instead.
bool joinOutput(skim_rt_call *call, int64_t index, const skim_rt_buffer &given);

/// Memory for `bytes` bytes of output `index`: the caller's, which must have
/// that size, or the context's.
void *placeOutput(skim_rt_call *call, int64_t index, int64_t bytes);

/// Leaves the run with the call's status and error text.
[[noreturn]] void leaveRun(skim_rt_call *call, int32_t status);

/// Elements of a shape.
int64_t elementCount(int64_t rank, const int64_t *dims);

/// Bytes of an element, 0 for numbers that are no dtype; its name.
int64_t dtypeSize(int32_t dtype);
const char *dtypeName(int32_t dtype);

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_CALL_H
