//===- Trace.h - what ran when, on which thread ---------------------------===//
// One event for each thread that took part in a dispatch, and for each function
// of the runtime that takes time. Collected when asked to.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_TRACE_H
#define SKIM_LIB_RUNTIME_TRACE_H

#include "Text.h"

#include "skim/Runtime/CompiledABI.h"

namespace skim::rt {

/// Seconds since some fixed time.
double secondsNow();

/// A kernel in a layer, as the label has it or the runtime knows it.
struct Place {
  const skim_rt_kernel *kernel;
  int32_t layer;

  bool operator==(const Place &other) const {
    return kernel == other.kernel && layer == other.layer;
  }
};

/// "gemm" for SKIM_KIND_GEMM, "other" for numbers that are no kind.
const char *kindName(int32_t kind);

/// What one thread did of a dispatch. No two threads write to one cache line.
struct alignas(64) Span {
  double begin, end;
  int64_t tasks; // 0: it came too late
};

class Tracer {
public:
  ~Tracer();

  /// Begins a run of at most `threads` threads, from `started`.
  void begin(bool on, double started, int32_t threads);
  bool active() const { return on; }

  /// One place for each thread, to be filled during a dispatch; null when off.
  Span *spans() { return on ? places : nullptr; }
  /// A dispatch of `tasks` tasks is over that `threads` threads filled spans
  /// of.
  void addSpans(Place place, int64_t rows, int32_t threads, int64_t tasks,
                int64_t flops);
  /// Work of the calling thread.
  void add(Place place, int64_t rows, double begin, double end);

  /// JSON of the last run, of `seconds` in all; null when it was not traced or
  /// memory ran out.
  const char *json(double seconds);

private:
  struct Event {
    Place place;
    int32_t thread;
    double begin, end;
    int64_t rows, tasks, flops;
  };
  void append(const Event &event);

  bool on = false;
  bool lost = false; // memory ran out
  double started = 0;
  int32_t threads = 0, placeRoom = 0;
  Span *places = nullptr;
  Event *events = nullptr;
  int64_t numEvents = 0, eventRoom = 0;
  Text text;
};

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_TRACE_H
