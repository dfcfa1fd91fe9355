//===- Statistics.cpp - what a run did ------------------------------------===//
// Tokens come from the rows that the run packed, FLOPs and seconds from its
// dispatches, FLOPs that could have been from the model's description.
//===----------------------------------------------------------------------===//

#include "Statistics.h"

#include <cstdlib>
#include <cstring>
#include <ctime>

using namespace skim::rt;

double skim::rt::secondsNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

Collector::~Collector() {
  std::free(offsets);
  std::free(positions);
  std::free(kernels);
}

void Collector::begin(uint32_t newWhat) {
  what = newWhat;
  if (!what)
    return;
  lost = rowsKnown = false;
  flops = numKernels = 0;
  std::memset(seconds, 0, sizeof(seconds));
  started = secondsNow();
}

void Collector::end() {
  if (what)
    total = secondsNow() - started;
}

static int32_t *copyInts(int32_t *old, const int32_t *from, int64_t count) {
  size_t bytes = static_cast<size_t>(count) * sizeof(int32_t);
  auto *copy =
      static_cast<int32_t *>(std::realloc(old, bytes + sizeof(int32_t)));
  if (!copy) {
    std::free(old);
    return nullptr;
  }
  std::memcpy(copy, from, bytes);
  return copy;
}

void Collector::addRows(int64_t newBatch, int64_t newSequence,
                        const int32_t *newOffsets,
                        const int32_t *newPositions) {
  if (rowsKnown || !(what & SKIM_COLLECT_STATISTICS))
    return;
  batch = newBatch;
  sequence = newSequence;
  offsets = copyInts(offsets, newOffsets, batch + 1);
  positions = copyInts(positions, newPositions, newOffsets[batch]);
  rowsKnown = offsets && positions;
  lost |= !rowsKnown;
}

void Collector::addDispatch(const skim_rt_kernel *kernel, int64_t tasks,
                            int64_t newFlops, double time) {
  int32_t kind = kernel->kind;
  seconds[kind >= 0 && kind < SKIM_NUM_KINDS ? kind
                                             : int32_t(SKIM_KIND_OTHER)] +=
      time;
  flops += newFlops;
  if (!(what & SKIM_COLLECT_PROFILE))
    return;
  int64_t i = 0;
  while (i < numKernels && kernels[i].kernel != kernel)
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
    kernels[numKernels++] = KernelTime{kernel, 0, 0, 0, 0};
  kernels[i].calls += 1;
  kernels[i].tasks += tasks;
  kernels[i].flops += newFlops;
  kernels[i].seconds += time;
}

//===----------------------------------------------------------------------===//
// FLOPs by description
//===----------------------------------------------------------------------===//

/// Pairs (i, j) of n tokens, within the window where there is one.
static int64_t pairsOf(int64_t n, int64_t window) {
  if (window <= 0 || window >= n)
    return n * n;
  return n * (2 * window + 1) - window * (window + 1);
}

static int64_t flopsOf(const skim_flops_desc &part, int64_t n) {
  return part.per_token * n + part.per_pair * pairsOf(n, part.window) +
         part.per_sequence;
}

static int64_t flopsOfSequence(const skim_model_desc &model, int64_t n) {
  int64_t sum = flopsOf(model.other_flops, n);
  for (int64_t l = 0; l < model.num_layers; ++l)
    sum += flopsOf(model.layers[l].flops, n);
  return sum;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

void Collector::printRows(const skim_model_desc &model) {
  int64_t sequences = rowsKnown ? batch : 0;
  int64_t tokens = rowsKnown ? offsets[batch] : 0;
  int64_t last = model.num_layers - 1;
  text << "\"tokens\": " << tokens
       << ", \"padded_tokens\": " << sequences * sequence << ", \"layers\": [";
  for (int64_t l = 0; l < model.num_layers; ++l)
    text << (l ? ", " : "") << "{\"tokens_in\": " << tokens
         << ", \"tokens_ffn\": " << tokens << ", \"tokens_out\": " << tokens
         << "}";
  text << "], \"exit_layer\": [";
  for (int64_t b = 0; b < sequences; ++b)
    text << (b ? ", " : "") << last;
  text << "], \"last_layer\": [";
  int64_t row = 0;
  for (int64_t b = 0; b < sequences; ++b) {
    text << (b ? ", [" : "[");
    for (int64_t at = b * sequence; at < (b + 1) * sequence; ++at) {
      bool token = row < tokens && positions[row] == at;
      row += token;
      text << (at > b * sequence ? ", " : "") << (token ? last : int64_t(-1));
    }
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
  text << ", \"overhead\": " << int64_t(0) << "}";
}

static const char *const kindNames[SKIM_NUM_KINDS] = {
    "embed", "gemm", "attention", "norm", "adaptive", "other"};

void Collector::printSeconds() {
  // What no dispatch took is other: shapes, packing, copies of outputs.
  double rest = total;
  text << ", \"seconds\": {\"total\": " << total;
  for (int kind = 0; kind < SKIM_KIND_OTHER; ++kind) {
    text << ", \"" << kindNames[kind] << "\": " << seconds[kind];
    rest -= seconds[kind];
  }
  text << ", \"other\": " << (rest > 0 ? rest : 0) << "}";
}

const char *Collector::statistics(const skim_model_desc &model) {
  if (!(what & SKIM_COLLECT_STATISTICS) || lost)
    return nullptr;
  text.clear();
  text << "{";
  printRows(model);
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
    int32_t kind = time.kernel->kind;
    profileText << (i ? ",\n " : "") << "{\"kernel\": ";
    profileText.quoted(time.kernel->name) << ", \"kind\": ";
    profileText.quoted(kind >= 0 && kind < SKIM_NUM_KINDS ? kindNames[kind]
                                                          : "other")
        << ", \"layer\": " << int64_t(time.kernel->layer)
        << ", \"calls\": " << time.calls << ", \"tasks\": " << time.tasks
        << ", \"flops\": " << time.flops << ", \"seconds\": " << time.seconds
        << "}";
  }
  profileText << "]";
  return profileText.get();
}
