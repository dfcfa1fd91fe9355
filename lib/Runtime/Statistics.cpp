//===- Statistics.cpp - what a run did ------------------------------------===//
// Tokens come from the rows that the run packed, FLOPs and seconds from its
// dispatches, FLOPs that could have been from the model's description.
//===----------------------------------------------------------------------===//

#include "Statistics.h"

#include <cstdlib>
#include <cstring>

using namespace skim::rt;

/// What the model's own code does from one dispatch to the next: shapes, loops
/// of ops that no kernel computes, and waiting for memory.
static const skim_rt_kernel betweenKernels = {"between kernels",
                                              SKIM_KIND_OTHER, -1};

Collector::~Collector() {
  std::free(offsets);
  std::free(lastLayers);
  std::free(exitLayers);
  std::free(partTokens);
  std::free(layerTokens);
  std::free(kernels);
}

/// Room for `count` integers, those from `first` on `value`; null when there is
/// no memory.
template <typename Int>
static Int *fill(Int *old, int64_t count, int64_t value, int64_t first = 0) {
  auto *grown = static_cast<Int *>(
      std::realloc(old, (static_cast<size_t>(count) + 1) * sizeof(Int)));
  if (!grown) {
    std::free(old);
    return nullptr;
  }
  for (int64_t i = first; i < count; ++i)
    grown[i] = static_cast<Int>(value);
  return grown;
}

void Collector::begin(uint32_t newWhat, int64_t layers, int32_t threads) {
  what = newWhat;
  started = reached = what ? secondsNow() : 0;
  tracer.begin(what & SKIM_COLLECT_TRACE, started, threads);
  if (!what)
    return;
  rowsKnown = partKnown = false;
  batch = sequence = 0;
  flops = overhead = numKernels = 0;
  numLayers = layers;
  partTokens = fill(partTokens, 2 * layers, -1);
  layerTokens = fill(layerTokens, 2 * layers, 0);
  offsets = fill(offsets, 1, 0);
  lost = !partTokens || !layerTokens || !offsets;
  std::memset(seconds, 0, sizeof(seconds));
  liveRows = 0;
}

void Collector::endPart() {
  if (!partKnown || lost)
    return;
  int64_t tokens = offsets[batch] - offsets[partBegin];
  for (int64_t i = 0; i < 2 * numLayers; ++i) {
    tokens = partTokens[i] < 0 ? tokens : partTokens[i];
    layerTokens[i] += tokens;
    partTokens[i] = -1;
  }
  partKnown = false;
}

void Collector::end() {
  if (!what)
    return;
  endPart();
  double now = secondsNow();
  addGap(now);
  total = now - started;
}

void Collector::addRows(int64_t newBatch, int64_t newSequence,
                        const int32_t *newOffsets,
                        const int32_t *newPositions) {
  liveRows = newOffsets[newBatch];
  if (partKnown || lost || !(what & SKIM_COLLECT_STATISTICS))
    return;
  int32_t last = static_cast<int32_t>(numLayers) - 1;
  sequence = newSequence;
  partBegin = batch;
  batch += newBatch;
  int32_t before = offsets[partBegin];
  offsets = fill(offsets, batch + 1, before, partBegin);
  exitLayers = fill(exitLayers, batch, last, partBegin);
  lastLayers = fill(lastLayers, batch * sequence, -1, partBegin * sequence);
  rowsKnown = partKnown = offsets && exitLayers && lastLayers;
  lost |= !partKnown;
  if (!partKnown)
    return;
  for (int64_t b = 0; b <= newBatch; ++b)
    offsets[partBegin + b] = before + newOffsets[b];
  for (int32_t t = 0; t < newOffsets[newBatch]; ++t)
    lastLayers[partBegin * sequence + newPositions[t]] = last;
}

void Collector::addCut(int64_t layer, bool forFfn, const skim_rt_rows &from,
                       const skim_rt_rows &to, int64_t count) {
  liveRows = count;
  if (!partKnown || lost || layer < 0 || layer >= numLayers)
    return;
  partTokens[2 * layer + !forFfn] = count;
  int64_t next = 0;
  for (int32_t t = 0; t < from.offsets[from.batch]; ++t) {
    if (next < count && to.source[next] == t)
      ++next;
    else
      lastLayers[partBegin * sequence + from.positions[t]] =
          static_cast<int32_t>(layer);
  }
}

void Collector::addExit(int64_t newSequence, int64_t layer) {
  if (what && partKnown && !lost)
    exitLayers[partBegin + newSequence] = static_cast<int32_t>(layer);
}

void Collector::addSeconds(int32_t kind, double time) {
  seconds[kind >= 0 && kind < SKIM_NUM_KINDS ? kind
                                             : int32_t(SKIM_KIND_OTHER)] +=
      time;
}

void Collector::addDispatch(const skim_rt_kernel *kernel, int64_t tasks,
                            int64_t newFlops, int32_t threads, double begin,
                            double end) {
  addSeconds(kernel->kind, end - begin);
  flops += newFlops;
  if (kernel->kind == SKIM_KIND_ADAPTIVE)
    overhead += newFlops;
  addGap(begin);
  reached = end;
  Place place{kernel, kernel->layer};
  addTime(place, tasks, newFlops, end - begin);
  if (tracer.active())
    tracer.addSpans(place, liveRows, threads, tasks, newFlops);
}

void Collector::addWork(const skim_rt_kernel *label, int64_t layer,
                        double begin, double end) {
  addSeconds(label->kind, end - begin);
  addGap(begin);
  reached = end;
  Place place{label, static_cast<int32_t>(layer)};
  addTime(place, 0, 0, end - begin);
  tracer.add(place, liveRows, begin, end);
}

/// Time that passed since the last dispatch.
void Collector::addGap(double until) {
  Place place{&betweenKernels, -1};
  addTime(place, 0, 0, until - reached);
  tracer.add(place, liveRows, reached, until);
}

void Collector::addTime(Place place, int64_t tasks, int64_t newFlops,
                        double time) {
  if (!(what & SKIM_COLLECT_PROFILE))
    return;
  int64_t i = 0;
  while (i < numKernels && !(kernels[i].place == place))
    ++i;
  if (i == kernelRoom) {
    int64_t room = kernelRoom ? 2 * kernelRoom : 64;
    auto *grown = static_cast<KernelTime *>(
        std::realloc(kernels, room * sizeof(KernelTime)));
    if (!grown) {
      lost = true;
      return;
    }
    kernels = grown;
    kernelRoom = room;
  }
  if (i == numKernels)
    kernels[numKernels++] = KernelTime{place, 0, 0, 0, 0};
  kernels[i].calls += 1;
  kernels[i].tasks += tasks;
  kernels[i].flops += newFlops;
  kernels[i].seconds += time;
}

//===----------------------------------------------------------------------===//
// FLOPs by description
//===----------------------------------------------------------------------===//

/// Pairs of n tokens that a window on one side hides: from window + 1 apart on.
static int64_t hiddenPairs(int64_t n, int64_t window) {
  int64_t beyond = n - 1 - window;
  return window >= 0 && beyond > 0 ? beyond * (beyond + 1) / 2 : 0;
}

static int64_t pairsOf(int64_t n, const skim_flops_desc &part) {
  return n * n - hiddenPairs(n, part.left_window) -
         hiddenPairs(n, part.right_window);
}

static int64_t flopsOf(const skim_flops_desc &part, int64_t n) {
  return part.per_token * n + part.per_pair * pairsOf(n, part) +
         part.per_sequence;
}

static int64_t flopsOfSequence(const skim_model_desc &model, int64_t n) {
  int64_t sum = flopsOf(model.other_flops, n);
  for (int64_t l = 0; n > 0 && l < model.num_layers; ++l)
    sum += flopsOf(model.layers[l].flops, n);
  return sum;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

void Collector::printLayers() {
  int64_t tokens = rowsKnown ? offsets[batch] : 0;
  text << "\"tokens\": " << tokens
       << ", \"padded_tokens\": " << (rowsKnown ? batch * sequence : 0)
       << ", \"layers\": [";
  for (int64_t l = 0; l < numLayers; ++l) {
    text << (l ? ", " : "") << "{\"tokens_in\": " << tokens;
    for (int place = 0; place < 2; ++place) {
      tokens = layerTokens[2 * l + place];
      text << (place ? ", \"tokens_out\": " : ", \"tokens_ffn\": ") << tokens;
    }
    text << "}";
  }
  text << "]";
}

void Collector::printSequences() {
  int64_t sequences = rowsKnown ? batch : 0;
  text << ", \"exit_layer\": [";
  for (int64_t b = 0; b < sequences; ++b)
    text << (b ? ", " : "") << int64_t(exitLayers[b]);
  text << "], \"last_layer\": [";
  for (int64_t b = 0; b < sequences; ++b) {
    text << (b ? ", [" : "[");
    for (int64_t at = b * sequence; at < (b + 1) * sequence; ++at)
      text << (at > b * sequence ? ", " : "") << int64_t(lastLayers[at]);
    text << "]";
  }
  text << "]";
}

/// Whether the compiler has said what the parts of the model cost.
static bool knowsFlops(const skim_model_desc &model) {
  auto isGiven = [](const skim_flops_desc &part) {
    return part.per_token || part.per_pair || part.per_sequence;
  };
  bool given = isGiven(model.other_flops);
  for (int64_t l = 0; l < model.num_layers; ++l)
    given |= isGiven(model.layers[l].flops);
  return given;
}

void Collector::printFlops(const skim_model_desc &model) {
  text << ", \"flops\": {\"executed\": " << flops;
  if (rowsKnown && knowsFlops(model)) {
    int64_t dense = 0;
    for (int64_t b = 0; b < batch; ++b)
      dense += flopsOfSequence(model, offsets[b + 1] - offsets[b]);
    text << ", \"dense\": " << dense
         << ", \"padded\": " << batch * flopsOfSequence(model, sequence);
  } else {
    // Without a plan what runs is the dense model; the rest is not known.
    text << ", \"dense\": " << flops << ", \"padded\": null";
  }
  text << ", \"overhead\": " << overhead << "}";
}

void Collector::printSeconds() {
  // What no dispatch took is other: shapes, packing, copies of outputs.
  double rest = total;
  text << ", \"seconds\": {\"total\": " << total;
  for (int kind = 0; kind < SKIM_KIND_OTHER; ++kind) {
    text << ", \"" << kindName(kind) << "\": " << seconds[kind];
    rest -= seconds[kind];
  }
  text << ", \"other\": " << (rest > 0 ? rest : 0) << "}";
}

const char *Collector::statistics(const skim_model_desc &model) {
  if (!(what & SKIM_COLLECT_STATISTICS) || lost)
    return nullptr;
  text.clear();
  text << "{";
  printLayers();
  printSequences();
  printFlops(model);
  printSeconds();
  text << "}";
  return text.get();
}

const char *Collector::profile() {
  if (!(what & SKIM_COLLECT_PROFILE) || lost)
    return nullptr;
  profileText.clear();
  profileText << "[";
  for (int64_t i = 0; i < numKernels; ++i) {
    const KernelTime &time = kernels[i];
    profileText << (i ? ",\n " : "") << "{\"kernel\": ";
    profileText.quoted(time.place.kernel->name) << ", \"kind\": ";
    profileText.quoted(kindName(time.place.kernel->kind))
        << ", \"layer\": " << int64_t(time.place.layer)
        << ", \"calls\": " << time.calls << ", \"tasks\": " << time.tasks
        << ", \"flops\": " << time.flops << ", \"seconds\": " << time.seconds
        << "}";
  }
  profileText << "]";
  return profileText.get();
}
