//===- Peak.cpp - what this machine's multiply-adds reach -----------------===//
// Twelve chains of multiply-adds in registers, or four tiles: more than latency
// times units of any x86-64 or ARM core asks for, so that the units are always
// busy. One loop for each instruction set that a library may be compiled for.
//===----------------------------------------------------------------------===//

#include "Peak.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace skim::run;

static constexpr int kChains = 12;
/// Long enough that reading the clock does not count.
static constexpr int kSteps = 100000;

namespace {
/// Runs kSteps multiply-adds on each chain.
using Loop = float (*)(float factor, float term);

struct Instructions {
  const char *name;
  Loop loop;
  double flopsPerStep; // of one chain
};
} // namespace

/// Defines a loop over vectors of `LANES` floats with the features of `TARGET`.
/// The chains begin with different numbers, or they would be one.
#define SKIM_FLOAT_LOOP(NAME, LANES, TARGET)                                   \
  TARGET static float NAME(float factor, float term) {                         \
    _Pragma("clang fp contract(fast)") typedef float Vector                    \
        __attribute__((vector_size(LANES * sizeof(float))));                   \
    Vector scale = Vector{} + factor, added = Vector{} + term;                 \
    Vector chains[kChains];                                                    \
    for (int i = 0; i < kChains; ++i)                                          \
      chains[i] = Vector{} + float(i);                                         \
    for (int step = 0; step < kSteps; ++step)                                  \
      _Pragma("unroll") for (int i = 0; i < kChains; ++i) chains[i] =          \
          chains[i] * scale + added;                                           \
    float sum = 0;                                                             \
    for (int i = 0; i < kChains; ++i)                                          \
      for (int lane = 0; lane < LANES; ++lane)                                 \
        sum += chains[i][lane];                                                \
    return sum;                                                                \
  }

SKIM_FLOAT_LOOP(runBaseline, 4, )

#if defined(__x86_64__)
#define SKIM_TARGET(FEATURES) __attribute__((target(FEATURES)))

SKIM_FLOAT_LOOP(runAvx, 8, SKIM_TARGET("avx"))
SKIM_FLOAT_LOOP(runAvx2, 8, SKIM_TARGET("avx2,fma"))
SKIM_FLOAT_LOOP(runAvx512, 16, SKIM_TARGET("avx512f"))

SKIM_TARGET("avx512f,avx512bf16") static float runBf16(float factor, float) {
  __m512bh scale = (__m512bh)_mm512_set1_epi16(short(factor));
  __m512 chains[kChains];
  for (int i = 0; i < kChains; ++i)
    chains[i] = _mm512_set1_ps(float(i));
  for (int step = 0; step < kSteps; ++step)
#pragma unroll
    for (int i = 0; i < kChains; ++i)
      chains[i] = _mm512_dpbf16_ps(chains[i], scale, scale);
  float sum = 0;
  for (__m512 chain : chains)
    sum += _mm512_reduce_add_ps(chain);
  return sum;
}

SKIM_TARGET("avx512f,avx512vnni") static float runInt8(float factor, float) {
  __m512i scale = _mm512_set1_epi32(int(factor));
  __m512i chains[kChains];
  for (int i = 0; i < kChains; ++i)
    chains[i] = _mm512_set1_epi32(i);
  for (int step = 0; step < kSteps; ++step)
#pragma unroll
    for (int i = 0; i < kChains; ++i)
      chains[i] = _mm512_dpbusd_epi32(chains[i], scale, scale);
  int sum = 0;
  for (__m512i chain : chains)
    sum += _mm512_reduce_add_epi32(chain);
  return float(sum);
}

/// Products of AMX's tiles into four tiles of sums, kChains a step. The library
/// has asked for the system's permission when it was opened.
#define SKIM_TILE_LOOP(NAME, PRODUCT, TARGET)                                  \
  SKIM_TARGET(TARGET) static float NAME(float, float) {                        \
    alignas(64) uint8_t config[64] = {1};                                      \
    for (int tile = 0; tile < 8; ++tile) {                                     \
      config[16 + 2 * tile] = 64;                                              \
      config[48 + tile] = 16;                                                  \
    }                                                                          \
    _tile_loadconfig(config);                                                  \
    for (int step = 0; step < kSteps * kChains / 4; ++step) {                  \
      PRODUCT(0, 4, 6);                                                        \
      PRODUCT(1, 4, 7);                                                        \
      PRODUCT(2, 5, 6);                                                        \
      PRODUCT(3, 5, 7);                                                        \
    }                                                                          \
    _tile_release();                                                           \
    return 0;                                                                  \
  }

SKIM_TILE_LOOP(runBf16Tiles, _tile_dpbf16ps, "amx-tile,amx-bf16")
SKIM_TILE_LOOP(runInt8Tiles, _tile_dpbusd, "amx-tile,amx-int8")
#endif

static Instructions chooseInstructions(const skim_model_info &model,
                                       bool ofBytes) {
#if defined(__x86_64__)
  auto has = [&](const char *feature) {
    return std::any_of(
        model.features, model.features + model.num_features,
        [&](const char *name) { return std::strcmp(name, feature) == 0; });
  };
  if (ofBytes && has("avx512vnni"))
    return {"AVX-512 int8 dot products", runInt8, 128};
  if (has("amx-int8") && std::strcmp(model.dtype, "fp32") == 0)
    return {"AMX int8 products, nine for one of fp32", runInt8Tiles,
            16 * 16 * 64 * 2 / 9.0};
  if (has("amx-bf16"))
    return {"AMX bf16 products", runBf16Tiles, 16 * 16 * 32 * 2};
  if (has("amx-int8"))
    return {"AMX int8 products", runInt8Tiles, 16 * 16 * 64 * 2};
  if (std::strcmp(model.dtype, "bf16") == 0 && has("avx512bf16"))
    return {"AVX-512 bf16 dot products", runBf16, 64};
  if (std::strcmp(model.dtype, "int8") == 0 && has("avx512vnni"))
    return {"AVX-512 int8 dot products", runInt8, 128};
  if (has("avx512f"))
    return {"AVX-512 fp32 multiply-adds", runAvx512, 32};
  if (has("avx2") && has("fma"))
    return {"AVX2 fp32 multiply-adds", runAvx2, 16};
  if (has("avx"))
    return {"AVX fp32 multiplications and additions", runAvx, 16};
  return {"SSE fp32 multiplications and additions", runBaseline, 8};
#else
  return {"NEON fp32 multiply-adds", runBaseline, 8};
#endif
}

/// The least seconds of a loop among those that some hundredths of a second
/// hold: what the core does when nothing else runs on it.
static double leastSeconds(Loop loop) {
  using Clock = std::chrono::steady_clock;
  volatile float factor = 0.5f, term = 1, result;
  double least = 1e9;
  for (auto begin = Clock::now();
       Clock::now() - begin < std::chrono::milliseconds(60);) {
    auto start = Clock::now();
    result = loop(factor, term);
    std::chrono::duration<double> took = Clock::now() - start;
    least = std::min(least, took.count());
  }
  (void)result;
  return least;
}

Peak skim::run::measurePeak(const skim_model_info &model,
                            const std::string &profile, int threads) {
  // A quantised model's own integers, whatever else it multiplies.
  bool ofBytes = profile.find("\"gemm_uint8_") != std::string::npos;
  Instructions instructions = chooseInstructions(model, ofBytes);
  std::vector<double> seconds(static_cast<size_t>(std::max(threads, 1)));
  auto measure = [&](double &place) {
    place = leastSeconds(instructions.loop);
  };
  std::vector<std::thread> others;
  for (size_t i = 1; i < seconds.size(); ++i)
    others.emplace_back(measure, std::ref(seconds[i]));
  measure(seconds[0]);
  for (std::thread &other : others)
    other.join();
  double flops = instructions.flopsPerStep * kChains * kSteps, sum = 0;
  for (double each : seconds)
    sum += flops / each;
  return {instructions.name, static_cast<int>(seconds.size()), sum};
}
