//===- Statistics.h - what a run did --------------------------------------===//
// Collects tokens, FLOPs and seconds of a run when asked to, and prints them as
// the JSON of docs/runtime.md.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_STATISTICS_H
#define SKIM_LIB_RUNTIME_STATISTICS_H

#include "Text.h"
#include "Trace.h"

#include "skim/Runtime/CompiledABI.h"

namespace skim::rt {

/// What a kernel took in a layer in a run.
struct KernelTime {
  Place place;
  int64_t calls;
  int64_t tasks;
  int64_t flops;
  double seconds;
};

class Collector {
public:
  ~Collector();

  /// Begins a run of a model of `layers` layers on at most `threads` threads
  /// that collects what the bits of skim_collect in `what` say.
  void begin(uint32_t what, int64_t layers, int32_t threads);
  /// The model's code has run for a part of the batch; those that follow add to
  /// what it did.
  void endPart();
  void end();

  bool active() const { return what != 0; }

  /// The rows of a part of the batch; the first ones count.
  void addRows(int64_t batch, int64_t sequence, const int32_t *offsets,
               const int32_t *positions);
  /// In layer `layer` the rows of `to`, `count` of them, were taken from those
  /// of `from`, for its feed-forward or behind it.
  void addCut(int64_t layer, bool forFfn, const skim_rt_rows &from,
              const skim_rt_rows &to, int64_t count);
  /// A sequence, by its number in its part of the batch, left behind layer
  /// `layer`.
  void addExit(int64_t sequence, int64_t layer);
  /// A dispatch on `threads` threads, whose spans the tracer has.
  void addDispatch(const skim_rt_kernel *kernel, int64_t tasks, int64_t flops,
                   int32_t threads, double begin, double end);
  /// What a function of the runtime did for a layer, -1: for none.
  void addWork(const skim_rt_kernel *label, int64_t layer, double begin,
               double end);

  Tracer tracer;

  /// JSON of the last run; null when it was not collected or memory ran out.
  const char *statistics(const skim_model_desc &model);
  const char *profile();
  const char *trace() { return tracer.json(total); }

private:
  void addSeconds(int32_t kind, double seconds);
  void addTime(Place place, int64_t tasks, int64_t flops, double seconds);
  void addGap(double until);
  void printLayers();
  void printSequences();
  void printFlops(const skim_model_desc &model);
  void printSeconds();

  uint32_t what = 0;
  bool lost = false; // memory ran out while collecting
  double started = 0, total = 0;
  double reached = 0; // the end of what was added last
  int64_t liveRows = 0;
  double seconds[SKIM_NUM_KINDS] = {};
  int64_t flops = 0, overhead = 0;
  bool rowsKnown = false;
  int64_t batch = 0, sequence = 0;
  int32_t *offsets = nullptr;    // batch + 1
  int32_t *lastLayers = nullptr; // batch * sequence, -1: no token
  int32_t *exitLayers = nullptr; // batch
  bool partKnown = false;        // the rows of this part
  int64_t partBegin = 0;         // its first sequence
  // Tokens of each layer's feed-forward and behind it, of this part, -1: as
  // many as before; and of all parts.
  int64_t *partTokens = nullptr;  // 2 * numLayers
  int64_t *layerTokens = nullptr; // 2 * numLayers
  int64_t numLayers = 0;
  KernelTime *kernels = nullptr;
  int64_t numKernels = 0, kernelRoom = 0;
  Text text, profileText;
};

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_STATISTICS_H
