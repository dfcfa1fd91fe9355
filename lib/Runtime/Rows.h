//===- Rows.h - taking rows out of a batch --------------------------------===//
// What pruning, skipping and exits share once they have decided: which rows go
// on.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_ROWS_H
#define SKIM_LIB_RUNTIME_ROWS_H

#include "Call.h"

namespace skim::rt {

/// Writes kept rows behind one another.
class RowWriter {
public:
  RowWriter(const skim_rt_rows &from, const skim_rt_rows &to)
      : from(from), to(to) {
    to.offsets[0] = 0;
  }
  /// Row t of `from` goes on.
  void keep(int32_t t) {
    to.positions[rows] = from.positions[t];
    to.entry[rows] = from.entry ? from.entry[t] : t;
    to.source[rows] = t;
    ++rows;
  }
  /// No more rows of this sequence.
  void endSequence() { to.offsets[++sequences] = rows; }
  int32_t count() const { return rows; }

private:
  const skim_rt_rows &from;
  const skim_rt_rows &to;
  int32_t rows = 0;
  int64_t sequences = 0;
};

inline int32_t entryRow(const skim_rt_rows &rows, int32_t t) {
  return rows.entry ? rows.entry[t] : t;
}

/// Which of its sequence's tokens at entry row t is.
inline int64_t indexAtEntry(const skim_rt_batch &batch,
                            const skim_rt_rows &rows, int32_t t) {
  return entryRow(rows, t) - batch.offsets[rows.positions[t] / batch.sequence];
}

/// Whether `value` is among the ascending `list`.
inline bool contains(const int64_t *list, int64_t count, int64_t value) {
  for (int64_t i = 0; i < count && list[i] <= value; ++i)
    if (list[i] == value)
      return true;
  return false;
}

/// The value of a knob of this run, `otherwise` where there is none.
inline double knobValue(const skim_rt_call *call, int64_t knob,
                        double otherwise) {
  return knob >= 0 && call->head.knobs ? call->head.knobs[knob] : otherwise;
}

/// Counts the time of its scope as work named by `label` for a layer.
class WorkTime {
public:
  WorkTime(skim_rt_call *call, const skim_rt_kernel &label, int64_t layer = -1)
      : collector(call->collector), label(label), layer(layer),
        started(collector.active() ? secondsNow() : 0) {}
  ~WorkTime() {
    if (collector.active())
      collector.addWork(&label, layer, started, secondsNow());
  }

private:
  Collector &collector;
  const skim_rt_kernel &label;
  int64_t layer;
  double started;
};

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_ROWS_H
