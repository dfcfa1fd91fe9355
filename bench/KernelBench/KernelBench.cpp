//===- KernelBench.cpp - times single kernels -----------------------------===//
// Prints each kernel's GFLOP/s and its share of what a loop of fused
// multiply-adds reaches in the same run. All kernels take turns, round after
// round; a time is CPU time of the thread, the least of all rounds.
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "KernelHarness.h"
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>

using namespace skim;
using namespace skim::test;

namespace {
struct Case {
  std::string name;
  double flops, bytes;
  /// Runs the kernel `repeat` times.
  std::function<void()> run;
  int64_t repeat;
  double seconds = 1e9;
};

/// Keeps alive what the cases' functions refer to.
struct Bench {
  explicit Bench(bool halide) : kernels("native", "", halide) {}

  Kernels kernels;
  std::vector<std::shared_ptr<void>> kept;
  std::vector<Case> cases;
  /// What a case needs after compilation.
  std::vector<std::function<void()>> later;
  std::string filter;

  template <typename T> T &keep(T &&value) {
    auto held = std::make_shared<T>(std::move(value));
    kept.push_back(held);
    return *held;
  }
  bool wanted(const std::string &name) const {
    return name.find(filter) != std::string::npos;
  }
  /// Cases take about a millisecond a round.
  void add(std::string name, double flops, double bytes,
           std::function<void()> once) {
    int64_t repeat = std::max<int64_t>(1, int64_t(2e7 / (flops + bytes + 1)));
    auto run = [once, repeat] {
      for (int64_t i = 0; i != repeat; ++i)
        once();
    };
    cases.push_back({name, flops, bytes, run, repeat});
  }
};
} // namespace

static double cpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static Floats random(std::vector<int64_t> shape) {
  Floats result(shape);
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (int64_t i = 0; i != result.size(); ++i)
    result[i] = uniform(engine);
  return result;
}

/// 12 chains of fused multiply-adds, 1000 each a row: the peak.
static mlir::func::FuncOp makePeak(mlir::ModuleOp module,
                                   const TargetInfo &target) {
  KernelBuilder b(module.getLoc(), module.getContext(), target);
  mlir::Type vector = b.buffer({target.vectorWidth});
  mlir::func::FuncOp function = startKernel(b, module, "peak", {vector});
  mlir::ValueRange arguments = function.getArguments();
  Value x = b.loadVector(arguments[0], b.index(0));
  Value end = b.mul(b.sub(arguments[2], arguments[1]), 1000);
  Values sums = b.reduce(b.index(0), end, 1, Values(12, x),
                         [&](Value, mlir::ValueRange carried) {
                           Values next;
                           for (Value sum : carried)
                             next.push_back(b.fma(sum, x, x));
                           return next;
                         });
  for (size_t i = 1; i != sums.size(); ++i)
    sums[0] = b.addf(sums[0], sums[i]);
  b.storeVector(sums[0], arguments[0], b.index(0));
  finishKernel(b, function);
  return function;
}

/// Reads rows of 4096 numbers: the bandwidth of memory.
static mlir::func::FuncOp makeRead(mlir::ModuleOp module,
                                   const TargetInfo &target) {
  KernelBuilder b(module.getLoc(), module.getContext(), target);
  mlir::Type states = b.buffer({KernelBuilder::kDynamic, 4096});
  mlir::Type vector = b.buffer({target.vectorWidth});
  mlir::func::FuncOp function =
      startKernel(b, module, "read", {states, vector});
  mlir::ValueRange arguments = function.getArguments();
  int64_t lanes = target.vectorWidth;
  b.loop(arguments[2], arguments[3], 1, [&](Value row) {
    Values sums = b.reduce(
        b.index(0), b.index(4096), 8 * lanes, Values(8, b.splat(0.0f)),
        [&](Value column, mlir::ValueRange carried) {
          Values next;
          for (int64_t i = 0; i != 8; ++i)
            next.push_back(b.addf(
                carried[i],
                b.loadVector(arguments[0], {row, b.add(column, i * lanes)})));
          return next;
        });
    for (size_t i = 1; i != sums.size(); ++i)
      sums[0] = b.addf(sums[0], sums[i]);
    b.storeVector(sums[0], arguments[1], b.index(0));
  });
  finishKernel(b, function);
  return function;
}

static void addLimits(Bench &bench) {
  Kernels &kernels = bench.kernels;
  kernels.add(makePeak(kernels.getModule(), kernels.target()));
  kernels.add(makeRead(kernels.getModule(), kernels.target()));
  int64_t lanes = kernels.target().vectorWidth;
  Floats &vector = bench.keep(random({lanes}));
  Floats &memory = bench.keep(Floats({4096, 4096}));
  bench.add("peak", 1e6 * 24 * lanes, 0,
            [&] { kernels.call("peak", 0, 1000, vector); });
  bench.add("read memory", 0, 4.0 * memory.size(),
            [&] { kernels.call("read", 0, 4096, memory, vector); });
}

static void addGemm(Bench &bench, GemmSpec spec, int64_t rows) {
  std::string name = bench.kernels.add(spec);
  std::string title = name + " rows " + std::to_string(rows);
  if (!bench.wanted(title))
    return;
  int64_t tile = bench.kernels.target().tileColumns;
  int64_t tiles = bench.kernels.target().numTiles(spec.n);
  // As many weights as do not fit into any cache, used in turn.
  int64_t copies = 1 + (48 << 20) / (4 * spec.k * spec.n);
  Floats &weights = bench.keep(random({copies * tiles, spec.k, tile}));
  Floats &x = bench.keep(random({rows, spec.k}));
  Floats &bias = bench.keep(random({tiles * tile}));
  Floats &added = bench.keep(random({rows, spec.n}));
  Floats &out = bench.keep(Floats({rows, spec.n}));
  Ints &index = bench.keep(Ints({rows}));
  std::iota(index.data(), index.data() + rows, 0);
  int64_t &next = bench.keep(int64_t(0));
  int64_t tasks = bench.kernels.gemmTasks(spec, rows);
  auto run = [=, &bench, &weights, &x, &bias, &added, &out, &index, &next] {
    Descriptor<float> w = weights.describe();
    w.aligned += (next++ % copies) * tiles * spec.k * tile;
    w.sizesAndStrides[0] = tiles;
    Arguments arguments;
    arguments.add(x).addSome(spec.indexed ? &index : nullptr).add(w);
    arguments.addSome(spec.bias ? &bias : nullptr);
    arguments.addSome(spec.residual ? &added : nullptr).add(out);
    bench.kernels.callWith(name, 0, tasks, arguments);
  };
  bench.add(title, 2.0 * rows * spec.k * spec.n, 4.0 * spec.k * spec.n, run);
}

static void addAttention(Bench &bench, int64_t heads, int64_t headDim,
                         int64_t n, bool importance, int64_t diagonal) {
  AttentionSpec spec;
  spec.heads = spec.kvHeads = heads;
  spec.headDim = headDim;
  spec.scale = 0.125f;
  spec.qWidth = spec.kWidth = spec.vWidth = 3 * heads * headDim;
  spec.kColumn = heads * headDim;
  spec.vColumn = 2 * heads * headDim;
  spec.importance = importance;
  spec.diagonal = diagonal;
  std::string title = "attention " + std::to_string(heads) + " x " +
                      std::to_string(headDim) + " rows " + std::to_string(n);
  title += importance ? " importance" : "";
  title += diagonal ? " blocks" : "";
  if (!bench.wanted(title))
    return;
  std::string name = bench.kernels.add(spec);
  Floats &qkv = bench.keep(random({n, spec.qWidth}));
  Floats &out = bench.keep(Floats({n, heads * headDim}));
  Floats &sums = bench.keep(Floats({heads, n}));
  Ints &offsets = bench.keep(Ints({2})), &positions = bench.keep(Ints({n}));
  offsets[1] = n;
  std::iota(positions.data(), positions.data() + n, 0);
  int64_t size = diagonal ? diagonal : 1, count = (n + size - 1) / size;
  Ints &blockOffsets = bench.keep(Ints({2}));
  Floats &blocks = bench.keep(Floats({count, heads, size, size}));
  int64_t tasks = bench.kernels.attentionTasks(spec, 1, n);
  auto run = [=, &bench, &qkv, &out, &sums, &offsets, &positions, &blockOffsets,
              &blocks] {
    Arguments arguments;
    arguments.add(qkv).add(qkv).add(qkv).add(offsets).add(positions).add(n);
    arguments.add(out).addSome(importance ? &sums : nullptr);
    arguments.addSome(diagonal ? &blockOffsets : nullptr);
    arguments.addSome(diagonal ? &blocks : nullptr);
    bench.kernels.callWith(name, 0, tasks, arguments);
  };
  bench.add(title, 4.0 * heads * headDim * n * n, 0, run);
}

static void addBlockScores(Bench &bench, int64_t heads, int64_t size) {
  BlockScoresSpec spec{heads, size};
  std::string name = bench.kernels.add(spec);
  if (!bench.wanted(name))
    return;
  bench.kernels.reserveBlockScores(spec);
  Floats &blocks = bench.keep(random({8, heads, size, size}));
  Floats &conv1 = bench.keep(random({heads, heads, 3, 3}));
  Floats &conv2 = bench.keep(random({heads, heads, 3, 3}));
  Floats &bias = bench.keep(random({heads}));
  Floats &fc = bench.keep(random({2, heads * size * size / 16}));
  Floats &two = bench.keep(random({2})), &out = bench.keep(Floats({8}));
  bench.add(name, 8.0 * spec.flopsPerBlock(), 0,
            [=, &bench, &blocks, &conv1, &conv2, &bias, &fc, &two, &out] {
              bench.kernels.call(name, 0, 8, blocks, conv1, bias, conv2, bias,
                                 fc, two, out);
            });
}

static void addNorm(Bench &bench, int64_t width, int64_t rows) {
  NormSpec spec{width, NormKind::Layer, true, 1e-12f};
  std::string name = bench.kernels.add(spec);
  if (!bench.wanted(name))
    return;
  Floats &x = bench.keep(random({rows, width}));
  Floats &out = bench.keep(Floats({rows, width}));
  Floats &scale = bench.keep(random({width})),
         &bias = bench.keep(random({width}));
  bench.add(name + " rows " + std::to_string(rows), 0, 8.0 * rows * width,
            [=, &bench, &x, &out, &scale, &bias] {
              bench.kernels.call(name, 0, rows, x, scale, bias, out);
            });
}

static void addAll(Bench &bench) {
  auto gelu = Activation::GeluErf;
  for (int64_t rows : {1, 2, 4, 8, 16, 32, 64, 128, 512}) {
    addGemm(bench, {768, 768, Activation::None, true, true}, rows);
    addGemm(bench, {768, 2304, Activation::None, true}, rows);
    addGemm(bench, {768, 3072, gelu, true}, rows);
    addGemm(bench, {3072, 768, Activation::None, true, true}, rows);
    addGemm(bench, {384, 1536, gelu, true}, rows);
    addGemm(bench, {1536, 384, Activation::None, true, true}, rows);
    addGemm(bench, {768, 768}, rows);
    GemmSpec indexed{768, 768};
    indexed.indexed = true;
    addGemm(bench, indexed, rows);
  }
  for (int64_t headDim : {64, 32})
    for (int64_t n : {16, 32, 64, 128, 256, 512})
      for (int64_t kind : {0, 1, 2, 3})
        addAttention(bench, 12, headDim, n, kind & 1, kind & 2 ? 32 : 0);
  for (int64_t size : {4, 8, 16, 32, 64})
    addBlockScores(bench, 12, size);
  addNorm(bench, 768, 128);
  addNorm(bench, 384, 128);
}

static void print(const Bench &bench) {
  const Case &peak = bench.cases[0], &read = bench.cases[1];
  double flops = peak.flops / peak.seconds, bytes = read.bytes / read.seconds;
  std::printf("| kernel | us | GFLOP/s | of peak | GB/s | of memory |\n"
              "| --- | ---: | ---: | ---: | ---: | ---: |\n");
  for (const Case &c : bench.cases)
    std::printf("| %s | %.1f | %.1f | %.1f%% | %.1f | %.0f%% |\n",
                c.name.c_str(), c.seconds * 1e6, c.flops / c.seconds / 1e9,
                100 * c.flops / c.seconds / flops, c.bytes / c.seconds / 1e9,
                100 * c.bytes / c.seconds / bytes);
}

/// Usage: skim-bench-kernels [--halide] [part of a name [rounds]]
int main(int argc, char **argv) {
  bool halide = argc > 1 && std::string(argv[1]) == "--halide";
  argc -= halide;
  argv += halide;
  if (halide && !hasHalide()) {
    std::fprintf(stderr, "skim-bench-kernels: this build has no Halide\n");
    return 1;
  }
  Bench bench(halide);
  bench.filter = argc > 1 ? argv[1] : "";
  int rounds = argc > 2 ? std::atoi(argv[2]) : 20;
  addLimits(bench);
  addAll(bench);
  bench.kernels.compile();
  for (int round = 0; round != rounds; ++round)
    for (Case &c : bench.cases) {
      if (round == 0)
        c.run();
      double begin = cpuSeconds();
      c.run();
      c.seconds = std::min(c.seconds, (cpuSeconds() - begin) / c.repeat);
    }
  print(bench);
  return 0;
}
