//===- Pack.cpp - the rows of a batch -------------------------------------===//
// From a mask to the rows that are computed: right padding, left padding, holes
// and empty sequences alike.
//===----------------------------------------------------------------------===//

#include "Rows.h"

using namespace skim::rt;

int64_t skim_rt_pack(skim_rt_call *call, const uint8_t *mask, int64_t B,
                     int64_t S, int32_t *offsets, int32_t *positions) {
  if (S > 0 && B > INT32_MAX / S)
    skim_rt_fail(call,
                 "batch of {0} sequences of {1} positions, expected fewer than "
                 "2^31 positions",
                 B, S);
  static const skim_rt_kernel label = {"pack", SKIM_KIND_OTHER, -1};
  WorkTime time(call, label);
  int32_t rows = 0;
  offsets[0] = 0;
  for (int64_t b = 0; b < B; ++b) {
    for (int64_t at = b * S, end = at + S; at < end; ++at) {
      // Always written: the place is there, and there is no branch to miss.
      positions[rows] = static_cast<int32_t>(at);
      rows += !mask || mask[at] != 0;
    }
    offsets[b + 1] = rows;
  }
  if (call->collector.active())
    call->collector.addRows(B, S, offsets, positions);
  return rows;
}
