//===- Hold.cpp - moving rows by their numbers ----------------------------===//
// The last states of cut tokens, results of sequences that went on, indices of
// indices.
//===----------------------------------------------------------------------===//

#include "Rows.h"

#include <cstring>

using namespace skim::rt;

static void copyRow(float *to, int64_t toRow, const float *from,
                    int64_t fromRow, int64_t width) {
  std::memcpy(to + toRow * width, from + fromRow * width,
              static_cast<size_t>(width) * sizeof(float));
}

void skim_rt_hold(skim_rt_call *call, float *held, const float *states,
                  const int32_t *index, const skim_rt_rows *from,
                  const skim_rt_rows *kept, int64_t width) {
  static const skim_rt_kernel label = {"hold", SKIM_KIND_ADAPTIVE, -1};
  WorkTime time(call, label);
  int32_t count = from->offsets[from->batch];
  int32_t staying = kept ? kept->offsets[kept->batch] : 0, next = 0;
  for (int32_t t = 0; t < count; ++t) {
    if (next < staying && kept->source[next] == t) {
      ++next;
      continue;
    }
    copyRow(held, entryRow(*from, t), states, index ? index[t] : t, width);
  }
}

void skim_rt_scatter(skim_rt_call *call, float *to, const float *from,
                     const int32_t *index, int64_t count, int64_t width) {
  static const skim_rt_kernel label = {"scatter", SKIM_KIND_ADAPTIVE, -1};
  WorkTime time(call, label);
  for (int64_t i = 0; i < count; ++i)
    copyRow(to, index[i], from, i, width);
}

void skim_rt_compose(skim_rt_call *call, const int32_t *outer,
                     const int32_t *inner, int32_t *composed, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    composed[i] = outer[inner[i]];
}

int64_t skim_rt_first_rows(skim_rt_call *call, const skim_rt_rows *from,
                           const skim_rt_rows *to) {
  RowWriter writer(*from, *to);
  for (int64_t b = 0; b < from->batch; ++b) {
    if (from->offsets[b] < from->offsets[b + 1])
      writer.keep(from->offsets[b]);
    writer.endSequence();
  }
  return writer.count();
}
