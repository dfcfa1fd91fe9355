//===- Prune.cpp - tokens of low importance -------------------------------===//
// Learned token pruning's decision: the attention that a token receives against
// a threshold.
//===----------------------------------------------------------------------===//

#include "Rows.h"

using namespace skim::rt;

namespace {
/// Decides the rows of one sequence after the other.
class Pruner {
public:
  Pruner(const skim_rt_prune_desc &desc, const skim_rt_batch &batch,
         const skim_rt_rows &from, double scale, const float *sums)
      : desc(desc), batch(batch), from(from), sums(sums),
        rows(from.offsets[from.batch]), isOff(!(scale > 0)) {
    bound = scale * desc.threshold;
    bound = bound > desc.floor ? bound : desc.floor;
  }

  void write(int64_t sequence, RowWriter &writer) const;

private:
  /// Received attention of row t, the heads added in order.
  double importance(int32_t t, double divisor) const {
    float sum = 0;
    for (int64_t h = 0; h < desc.heads; ++h)
      sum += sums[h * rows + t];
    return double(sum) / divisor;
  }

  const skim_rt_prune_desc &desc;
  const skim_rt_batch &batch;
  const skim_rt_rows &from;
  const float *sums;
  int64_t rows;
  bool isOff;
  double bound;
};
} // namespace

void Pruner::write(int64_t sequence, RowWriter &writer) const {
  int32_t first = from.offsets[sequence], last = from.offsets[sequence + 1];
  int32_t before = writer.count();
  int64_t tokens = desc.denominator ? desc.denominator : last - first;
  double divisor = double(desc.heads) * double(tokens);
  double highest = -1;
  int32_t best = first;
  for (int32_t t = first; t < last; ++t) {
    double score = isOff ? 0 : importance(t, divisor);
    if (score > highest) {
      highest = score;
      best = t;
    }
    if (isOff || !(score < bound) ||
        contains(desc.protect, desc.num_protect, indexAtEntry(batch, from, t)))
      writer.keep(t);
  }
  if (first < last && writer.count() == before)
    writer.keep(best);
  writer.endSequence();
}

int64_t skim_rt_prune(skim_rt_call *call, const skim_rt_prune_desc *desc,
                      const skim_rt_batch *batch, const skim_rt_rows *from,
                      const skim_rt_rows *to, const float *sums) {
  static const skim_rt_kernel label = {"prune", SKIM_KIND_ADAPTIVE, -1};
  WorkTime time(call, label, desc->layer);
  Pruner pruner(*desc, *batch, *from, knobValue(call, desc->knob, 1), sums);
  RowWriter writer(*from, *to);
  for (int64_t b = 0; b < from->batch; ++b)
    pruner.write(b, writer);
  if (call->collector.active())
    call->collector.addCut(desc->layer, desc->after_layer == 0, *from, *to,
                           writer.count());
  return writer.count();
}
