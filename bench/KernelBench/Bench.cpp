//===- Bench.cpp - kernels with their arguments, to be timed --------------===//
// Weights come from memory, everything else from the caches.
//===----------------------------------------------------------------------===//

#include "Bench.h"
#include "InstructionEmulator.h"
#include "skim/Codegen/Words.h"

#include "llvm/Support/FormatVariadic.h"
#include <ctime>

using namespace skim;
using namespace skim::bench;
using namespace skim::test;

// What is emulated would not be worth timing.
bool skim::test::emulatesCpuFeature(llvm::StringRef) { return false; }

Floats &Bench::floats(std::vector<int64_t> shape) {
  auto array = keep<Floats>(shape);
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (int64_t i = 0; i != array->size(); ++i)
    (*array)[i] = uniform(engine);
  return *array;
}

Bytes &Bench::digits(int64_t rows, int64_t width) {
  int64_t line = 4 * Words(Dtype::Int8x3, width).ofState();
  auto array = keep<Bytes>(std::vector<int64_t>{rows, line});
  std::mt19937 engine(1);
  // Words of these are finite as the scales of the rows, too.
  for (int64_t i = 0; i != array->size(); ++i)
    (*array)[i] = engine() & 0x3f;
  return *array;
}

Ints &Bench::ascending(int64_t count) {
  auto array = keep<Ints>(std::vector<int64_t>{count});
  std::iota(array->data(), array->data() + count, 0);
  return *array;
}

void Bench::add(Case added) {
  // What a fast core does in a second.
  constexpr double flops = 1e11, memory = 1e10, cache = 5e10;
  const Work &work = added.work;
  double seconds =
      work.flops / flops + work.memoryBytes / memory + work.cacheBytes / cache;
  added.repeat = std::max<int64_t>(1, int64_t(1e-3 / seconds));
  cases.push_back(std::move(added));
}

template <typename Spec> Case Bench::describe(const Spec &spec, int64_t rows) {
  Case result;
  result.kernel = kernels.add(spec);
  result.name = result.kernel + " rows " + std::to_string(rows);
  result.shapeClass = shapeClass(spec);
  return result;
}

void Bench::addGemm(const GemmSpec &spec, int64_t rows) {
  if (!wanted(spec.name() + " rows " + std::to_string(rows)))
    return;
  Case added = describe(spec, rows);
  std::string name = added.kernel;
  int64_t tile = kernels.target().tileColumnsOf(spec.dtype);
  int64_t tiles = kernels.target().numTiles(spec.n, spec.dtype);
  bool split = spec.dtype == Dtype::Int8x3;
  Words words(spec.dtype, spec.k);
  Floats &x = floats({split ? 0 : rows, spec.k});
  Bytes &states = digits(split ? rows : 0, spec.k);
  Floats &bias = floats({tiles * tile});
  Floats &residual = floats({rows, spec.n}), &out = floats({rows, spec.n});
  Ints &index = ascending(rows);
  int64_t tasks = kernels.gemmTasks(spec, rows);
  added.work.flops = 2.0 * rows * spec.k * spec.n;
  int64_t weightWords = tiles * words.ofTile() * tile;
  added.work.memoryBytes = 4.0 * weightWords;
  added.once = [=, &x, &states, &bias, &residual, &out, &index] {
    // The strides do not depend on the type.
    float *numbers = memory.take(weightWords);
    Descriptor<float> w{numbers, numbers};
    int64_t line = tile * words.perWord, lines = words.ofTile();
    int64_t shape[] = {tiles, lines, line, lines * line, line, 1};
    std::copy_n(shape, 6, w.sizesAndStrides);
    Arguments arguments;
    arguments.addSome(split ? nullptr : &x);
    arguments.addSome(split ? &states : nullptr);
    arguments.addSome(spec.indexed ? &index : nullptr).add(w);
    arguments.addSome(spec.bias ? &bias : nullptr);
    arguments.addSome(spec.residual ? &residual : nullptr).add(out);
    kernels.callWith(name, 0, tasks, arguments);
  };
  add(std::move(added));
}

void Bench::addMatmul(int64_t batch, int64_t rows, int64_t depth,
                      int64_t columns) {
  std::string title = llvm::formatv("matmul {0} x {1} x {2} rows {3}", batch,
                                    depth, columns, rows);
  if (!wanted(title))
    return;
  Case added = describe(MatmulSpec(), rows);
  added.name = title;
  std::string name = added.kernel;
  Floats &x = floats({batch, rows, depth}),
         &y = floats({batch, depth, columns});
  Floats &out = floats({batch, rows, columns});
  int64_t tasks = kernels.matmulTasks(batch, rows, depth, columns);
  added.work.flops = 2.0 * batch * rows * depth * columns;
  added.work.cacheBytes = 4.0 * (x.size() + y.size() + out.size());
  added.once = [=, &x, &y, &out] { kernels.call(name, 0, tasks, x, y, out); };
  add(std::move(added));
}

static std::string titleOf(const AttentionSpec &spec, int64_t rows) {
  std::string title = "attention " + std::to_string(spec.heads) + " x " +
                      std::to_string(spec.headDim);
  title += spec.importance ? " importance" : "";
  title += spec.diagonal ? " blocks" : "";
  return title + " rows " + std::to_string(rows);
}

void Bench::addAttention(int64_t heads, int64_t headDim, int64_t rows,
                         bool importance, int64_t diagonal) {
  AttentionSpec spec;
  spec.heads = spec.kvHeads = heads;
  spec.headDim = headDim;
  spec.scale = 0.125f;
  spec.qWidth = spec.kWidth = spec.vWidth = 3 * heads * headDim;
  spec.kColumn = heads * headDim;
  spec.vColumn = 2 * heads * headDim;
  spec.importance = importance;
  spec.diagonal = diagonal;
  if (!wanted(titleOf(spec, rows)))
    return;
  Case added = describe(spec, rows);
  added.name = titleOf(spec, rows);
  std::string name = added.kernel;
  Floats &qkv = floats({rows, spec.qWidth});
  Floats &out = floats({rows, heads * headDim}), &sums = floats({heads, rows});
  Ints &offsets = ascending(2), &positions = ascending(rows);
  offsets[1] = rows;
  Floats &blocks = floats({rows, heads, diagonal});
  int64_t tasks = kernels.attentionTasks(spec, 1, rows);
  added.work.flops = 4.0 * heads * headDim * rows * rows;
  added.work.cacheBytes = 16.0 * rows * heads * headDim;
  added.once = [=, &qkv, &out, &sums, &offsets, &positions, &blocks] {
    Arguments arguments;
    arguments.add(qkv).add(qkv).add(qkv).add(offsets).add(positions).add(rows);
    arguments.add(out).addSome(importance ? &sums : nullptr);
    arguments.addSome(diagonal ? &blocks : nullptr);
    kernels.callWith(name, 0, tasks, arguments);
  };
  add(std::move(added));
}

void Bench::addBlockScores(int64_t heads, int64_t size) {
  constexpr int64_t count = 8;
  BlockScoresSpec spec{heads, size};
  if (!wanted(spec.name()))
    return;
  Case added = describe(spec, count);
  added.name = spec.name();
  kernels.reserveBlockScores(spec);
  Floats &blocks = floats({count * size, heads, size});
  Ints &firsts = ascending(count + 1);
  for (int64_t block = 0; block <= count; ++block)
    firsts[block] *= size;
  Floats &conv1 = floats({heads, heads, 3, 3});
  Floats &conv2 = floats({heads, heads, 3, 3});
  Floats &bias = floats({heads}), &fc = floats({2, heads * size * size / 16});
  Floats &two = floats({2}), &out = floats({count});
  std::string name = added.kernel;
  added.work.flops = double(count * spec.flopsPerBlock());
  added.work.cacheBytes = 4.0 * blocks.size();
  added.once = [=, &blocks, &firsts, &conv1, &conv2, &bias, &fc, &two, &out] {
    kernels.call(name, 0, count, blocks, firsts, conv1, bias, conv2, bias, fc,
                 two, out);
  };
  add(std::move(added));
}

void Bench::addNorm(int64_t width, int64_t rows) {
  NormSpec spec{width, NormKind::Layer, true, 1e-12f};
  if (!wanted(spec.name() + " rows " + std::to_string(rows)))
    return;
  Case added = describe(spec, rows);
  Floats &x = floats({rows, width}), &out = floats({rows, width});
  Floats &scale = floats({width}), &bias = floats({width});
  std::string name = added.kernel;
  added.work.cacheBytes = 8.0 * rows * width;
  added.once = [=, &x, &out, &scale, &bias] {
    kernels.call(name, 0, rows, x, scale, bias, out);
  };
  add(std::move(added));
}

void Bench::addGather(int64_t width, int64_t rows) {
  GatherSpec spec{width};
  if (!wanted(spec.name() + " rows " + std::to_string(rows)))
    return;
  Case added = describe(spec, rows);
  Floats &x = floats({2 * rows, width}), &out = floats({rows, width});
  Ints &positions = ascending(rows);
  for (int64_t row = 0; row != rows; ++row)
    positions[row] = 2 * row;
  std::string name = added.kernel;
  added.work.cacheBytes = 8.0 * rows * width;
  added.once = [=, &x, &out, &positions] {
    kernels.call(name, 0, rows, x, positions, out);
  };
  add(std::move(added));
}

static double cpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static void run(const Case &timed) {
  for (int64_t i = 0; i != timed.repeat; ++i)
    timed.once();
}

void skim::bench::timeCases(llvm::ArrayRef<Bench *> benches, int rounds) {
  for (int round = 0; round != rounds; ++round)
    for (size_t i = 0; i != benches[0]->cases.size(); ++i)
      for (size_t turn = 0; turn != benches.size(); ++turn) {
        Case &timed = benches[(turn + round) % benches.size()]->cases[i];
        if (round == 0)
          run(timed);
        double begin = cpuSeconds();
        run(timed);
        double seconds = (cpuSeconds() - begin) / timed.repeat;
        timed.seconds = std::min(timed.seconds, seconds);
      }
}
