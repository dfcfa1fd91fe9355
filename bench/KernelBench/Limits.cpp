//===- Limits.cpp - what this machine can do at most ----------------------===//
// Loops written as kernels are, and compiled for the same processor. Memory is
// read as 1, 2, 4 and 8 streams, and the fastest counts: how many a core's
// prefetchers like best depends on the core.
//===----------------------------------------------------------------------===//

#include "Limits.h"

#include "KernelBuilder.h"

using namespace skim;
using namespace skim::bench;
using namespace skim::test;

static constexpr int64_t chains = 12, steps = 100000;
static constexpr int64_t rowFloats = 4096;
static constexpr int64_t maxStreams = 8;
static constexpr llvm::StringLiteral peakName = "peak";
static constexpr llvm::StringLiteral readName = "read memory";
static constexpr llvm::StringLiteral copyName = "copy in L2";

/// Chains of fused multiply-adds, `steps` a row.
static mlir::func::FuncOp makePeak(mlir::ModuleOp module,
                                   const TargetInfo &target) {
  KernelBuilder b(module.getLoc(), module.getContext(), target);
  mlir::Type vector = b.buffer({target.vectorWidth});
  mlir::func::FuncOp function = startKernel(b, module, "peak", {vector});
  mlir::ValueRange arguments = function.getArguments();
  Value x = b.loadVector(arguments[0], b.index(0));
  Value end = b.mul(b.sub(arguments[2], arguments[1]), steps);
  Values sums = b.reduce(b.index(0), end, 1, Values(chains, x),
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

/// Sums up `streams` rows at once, which lie far from each other: row t, and
/// those that are multiples of a `streams`-th of all rows behind it.
static mlir::func::FuncOp makeRead(mlir::ModuleOp module,
                                   const TargetInfo &target, int64_t streams) {
  KernelBuilder b(module.getLoc(), module.getContext(), target);
  mlir::Type states = b.buffer({KernelBuilder::kDynamic, rowFloats});
  mlir::Type vector = b.buffer({target.vectorWidth});
  mlir::func::FuncOp function = startKernel(
      b, module, "read" + std::to_string(streams), {states, vector});
  mlir::ValueRange arguments = function.getArguments();
  int64_t lanes = target.vectorWidth, vectors = maxStreams / streams;
  Value apart = b.div(b.dim(arguments[0], 0), b.index(streams));
  b.loop(arguments[2], arguments[3], 1, [&](Value row) {
    Values sums = b.reduce(
        b.index(0), b.index(rowFloats), vectors * lanes,
        Values(maxStreams, b.splat(0.0f)),
        [&](Value column, mlir::ValueRange carried) {
          Values next;
          for (int64_t i = 0; i != maxStreams; ++i) {
            Value from = b.add(row, b.mul(apart, i / vectors));
            Value place = b.add(column, i % vectors * lanes);
            next.push_back(
                b.addf(carried[i], b.loadVector(arguments[0], {from, place})));
          }
          return next;
        });
    for (size_t i = 1; i != sums.size(); ++i)
      sums[0] = b.addf(sums[0], sums[i]);
    b.storeVector(sums[0], arguments[1], b.index(0));
  });
  finishKernel(b, function);
  return function;
}

/// Copies rows.
static mlir::func::FuncOp makeCopy(mlir::ModuleOp module,
                                   const TargetInfo &target) {
  KernelBuilder b(module.getLoc(), module.getContext(), target);
  mlir::Type states = b.buffer({KernelBuilder::kDynamic, rowFloats});
  mlir::func::FuncOp function =
      startKernel(b, module, "copy", {states, states});
  mlir::ValueRange arguments = function.getArguments();
  int64_t lanes = target.vectorWidth;
  b.loop(arguments[2], arguments[3], 1, [&](Value row) {
    b.loop(b.index(0), b.index(rowFloats), 4 * lanes, [&](Value column) {
      for (int64_t i = 0; i != 4; ++i) {
        Value place = b.add(column, i * lanes);
        b.storeVector(b.loadVector(arguments[0], {row, place}), arguments[1],
                      {row, place});
      }
    });
  });
  finishKernel(b, function);
  return function;
}

static void addRead(Bench &bench, Memory &memory, int64_t streams) {
  Kernels &kernels = bench.kernels;
  kernels.add(makeRead(kernels.getModule(), kernels.target(), streams));
  Floats &vector = bench.floats({kernels.target().vectorWidth});
  int64_t rows = memory.size() / rowFloats / maxStreams * maxStreams;
  Case added;
  added.name = readName.str() + ", streams " + std::to_string(streams);
  added.work.memoryBytes = 4.0 * rows * rowFloats;
  added.once = [=, &kernels, &memory, &vector] {
    Descriptor<float> all{memory.data(), memory.data()};
    int64_t shape[] = {rows, rowFloats, rowFloats, 1};
    std::copy_n(shape, 4, all.sizesAndStrides);
    Arguments arguments;
    arguments.add(all).add(vector);
    kernels.callWith("read" + std::to_string(streams), 0, rows / streams,
                     arguments);
  };
  bench.add(std::move(added));
}

void skim::bench::addLimits(Bench &bench, Memory &memory) {
  Kernels &kernels = bench.kernels;
  kernels.add(makePeak(kernels.getModule(), kernels.target()));
  kernels.add(makeCopy(kernels.getModule(), kernels.target()));
  int64_t lanes = kernels.target().vectorWidth;
  Floats &vector = bench.floats({lanes});
  Case peak;
  peak.name = peakName.str();
  peak.work.flops = 2.0 * chains * steps * lanes;
  peak.once = [&] { kernels.call("peak", 0, 1, vector); };
  bench.add(std::move(peak));

  // Half of L2, half of that for either side.
  int64_t rows = kernels.target().l2Bytes / 4 / (4 * rowFloats);
  Floats &from = bench.floats({rows, rowFloats});
  Floats &to = bench.floats({rows, rowFloats});
  Case copy;
  copy.name = copyName.str();
  copy.work.cacheBytes = 8.0 * from.size();
  copy.once = [=, &kernels, &from, &to] {
    kernels.call("copy", 0, rows, from, to);
  };
  bench.add(std::move(copy));
  for (int64_t streams : {1, 2, 4, 8})
    addRead(bench, memory, streams);
}

Limits Limits::of(const Bench &bench) {
  Limits limits{};
  for (const Case &timed : bench.cases) {
    const Work &work = timed.work;
    if (timed.name == peakName)
      limits.flops = work.flops / timed.seconds;
    if (timed.name == copyName)
      limits.cache = work.cacheBytes / timed.seconds;
    if (llvm::StringRef(timed.name).starts_with(readName))
      limits.memory = std::max(limits.memory, work.memoryBytes / timed.seconds);
  }
  return limits;
}

Limits::Bound Limits::bind(const Work &work) const {
  Bound bounds[] = {{"FMA", work.flops / flops},
                    {"memory", work.memoryBytes / memory},
                    {"L2", work.cacheBytes / cache}};
  return *std::max_element(
      std::begin(bounds), std::end(bounds),
      [](const Bound &a, const Bound &b) { return a.seconds < b.seconds; });
}
