//===- Exit.cpp - sequences whose answer is sure enough -------------------===//
// The four criteria of early exit, and what happens to those that leave.
//===----------------------------------------------------------------------===//

#include "Rows.h"

#include <cmath>
#include <cstring>

using namespace skim::rt;

/// The class of the largest logit, the lowest one at a tie.
static int32_t argmax(const float *logits, int64_t classes) {
  int64_t best = 0;
  for (int64_t c = 1; c < classes; ++c)
    if (logits[c] > logits[best])
      best = c;
  return static_cast<int32_t>(best);
}

namespace {
/// Of softmax(logits / temperature).
struct Sureness {
  double entropy; // nats
  double largest;
};
} // namespace

static Sureness measure(const float *logits, int64_t classes,
                        double temperature) {
  double top = double(logits[argmax(logits, classes)]) / temperature;
  double sum = 0, weighted = 0;
  for (int64_t c = 0; c < classes; ++c) {
    double below = double(logits[c]) / temperature - top;
    double power = std::exp(below);
    sum += power;
    // exp of a low number is 0, and 0 times it would be NaN for -infinity.
    if (power > 0)
      weighted += power * below;
  }
  // -sum p ln p with p = exp(below) / sum.
  return {std::log(sum) - weighted / sum, 1 / sum};
}

/// Whether the sequence leaves; `votes` are its last class and its counter.
static bool decide(const skim_rt_exit_desc &desc, double threshold,
                   const float *logits, int32_t *votes) {
  if (desc.criterion == SKIM_EXIT_PATIENCE) {
    int32_t vote = argmax(logits, desc.classes);
    votes[1] = !desc.first && votes[0] == vote ? votes[1] + 1 : 0;
    votes[0] = vote;
    return threshold > 0 && double(votes[1]) == threshold;
  }
  Sureness sure = measure(logits, desc.classes, desc.temperature);
  if (desc.criterion == SKIM_EXIT_MAX_PROBABILITY)
    return sure.largest >= threshold;
  if (!(threshold > 0))
    return false;
  if (desc.criterion == SKIM_EXIT_ENTROPY)
    return sure.entropy < threshold;
  return sure.entropy / std::log(double(desc.classes)) < threshold;
}

int64_t skim_rt_exit(skim_rt_call *call, const skim_rt_exit_desc *desc,
                     const skim_rt_batch *batch, const skim_rt_rows *from,
                     const skim_rt_rows *to, const float *logits,
                     float *results, int32_t *kept, int32_t *votes,
                     int64_t *to_batch) {
  static const skim_rt_kernel label = {"exit", SKIM_KIND_ADAPTIVE, -1};
  WorkTime time(call, label, desc->layer);
  double threshold = knobValue(call, desc->knob, desc->threshold);
  size_t bytes = static_cast<size_t>(desc->classes) * sizeof(float);
  RowWriter writer(*from, *to);
  int64_t stay = 0;
  for (int64_t b = 0; b < from->batch; ++b) {
    int32_t first = from->offsets[b], last = from->offsets[b + 1];
    const float *answer = logits + b * desc->classes;
    // A sequence without a token goes on: it costs nothing.
    int64_t original =
        first < last ? from->positions[first] / batch->sequence : -1;
    if (original >= 0 &&
        decide(*desc, threshold, answer, votes + 2 * original)) {
      std::memcpy(results + b * desc->classes, answer, bytes);
      call->collector.addExit(original, desc->layer);
      continue;
    }
    kept[stay++] = static_cast<int32_t>(b);
    for (int32_t t = first; t < last; ++t)
      writer.keep(t);
    writer.endSequence();
  }
  if (call->collector.active())
    call->collector.addCut(desc->layer, false, *from, *to, writer.count());
  *to_batch = stay;
  return writer.count();
}
