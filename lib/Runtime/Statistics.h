//===- Statistics.h - what a run did --------------------------------------===//
// Collects tokens, FLOPs and seconds of a run when asked to, and prints them as
// the JSON of docs/runtime.md.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_STATISTICS_H
#define SKIM_LIB_RUNTIME_STATISTICS_H

#include "Text.h"

#include "skim/Runtime/CompiledABI.h"

namespace skim::rt {

/// Seconds since some fixed time.
double secondsNow();

/// What the dispatches of one kernel took in a run.
struct KernelTime {
  const skim_rt_kernel *kernel;
  int64_t calls;
  int64_t tasks;
  int64_t flops;
  double seconds;
};

class Collector {
public:
  ~Collector();

  /// Begins a run that collects what the bits of skim_collect in `what` say.
  void begin(uint32_t what);
  void end();

  bool active() const { return what != 0; }

  /// The rows of the run; the first ones count.
  void addRows(int64_t batch, int64_t sequence, const int32_t *offsets,
               const int32_t *positions);
  void addDispatch(const skim_rt_kernel *kernel, int64_t tasks, int64_t flops,
                   double seconds);

  /// JSON of the last run; null when it was not collected or memory ran out.
  const char *statistics(const skim_model_desc &model);
  const char *profile();

private:
  void printRows(const skim_model_desc &model);
  void printFlops(const skim_model_desc &model);
  void printSeconds();

  uint32_t what = 0;
  bool lost = false; // memory ran out while collecting
  double started = 0, total = 0;
  double seconds[SKIM_NUM_KINDS] = {};
  int64_t flops = 0;
  bool rowsKnown = false;
  int64_t batch = 0, sequence = 0;
  int32_t *offsets = nullptr;   // batch + 1
  int32_t *positions = nullptr; // offsets[batch]
  KernelTime *kernels = nullptr;
  int64_t numKernels = 0, kernelRoom = 0;
  Text text, profileText;
};

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_STATISTICS_H
