//===- Gemm.cpp - the matrix product in Halide ----------------------------===//
//
// What is computed
//
//   out[m, n] = act(sum over k of x[m, k] * w[n / T, k, n % T] + bias[n])
//               + residual[m, n]
//
// with the chain of the MLIR emitter's product: fused multiply-adds, k
// ascending from +0, then bias, activation and residual, so that both give the
// same bits. A call takes rows of which the panel's size is a divisor and some
// column tiles; the adapter in HalideGemm.cpp makes the calls of a task.
//
// How it is scheduled
//
//   for each column tile                 w[tile, K, T] stays in L2
//     for each panel of rows             one form for each size, 1 to MR
//       for k, four steps a round        size x T sums in registers
//       tile: the sums go to the stack, in L1
//       for each row of the panel        epilogue, in one loop
//
// With AVX2 6 x 16 sums take 12 of 16 registers; a step reads 16 weights and 6
// numbers of x for 12 multiply-adds, from L2 where K is long. The epilogue is
// apart from the sums because 12 GELUs at once would not fit registers, and in
// a loop because their code would be there 12 times for each size. One row
// alone takes four tiles at once, two take two: eight chains fill the units.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine,
// with AVX-512, weights from memory; share of the bandwidth up to 8 rows, then
// of the FMA peak. It does not ask for the weights that come next:
//
//   rows                       1    4    8 |  16   32   64  128  512
//   768 x 768                97%  71%  60% | 34%  50%  66%  77%  80%
//   384 x 1536, GELU         98%  70%  59% | 35%  52%  66%  73%  76%
//===----------------------------------------------------------------------===//

#include "Arithmetic.h"
#include "Forms.h"
#include "Generate.h"

using namespace Halide;
using namespace skim::halide;

namespace {
/// Algorithm and schedule of one product.
class GemmPipeline {
public:
  GemmPipeline(const Machine &machine, const Gemm &spec)
      : machine(machine), spec(spec), a(machine) {
    width = machine.tileColumns;
    depth = int(spec.k);
    lanes = machine.vectorWidth;
  }
  void define();
  void schedule();
  std::vector<Halide::Argument> arguments();
  std::vector<skim::halide::Argument> describe() const;

  Func out{"out"};

private:
  void scheduleSize(int size, int tiles, Stage stage);

  const Machine &machine;
  const Gemm &spec;
  Arithmetic a;
  int width, lanes, depth;
  ImageParam x{Float(32), 2, "x"}, w{Float(32), 3, "w"},
      bias{Float(32), 2, "bias"}, residual{Float(32), 3, "residual"};
  ImageParam index{Int(32), 1, "index"},
      residualIndex{Int(32), 1, "residual_index"};
  Param<int> size{"size"}, rows{"rows"}, tiles{"tiles"}, columns{"columns"};
  Func sums{"sums"}, tile{"tile"};
  Var n{"n"}, t{"t"}, m{"m"}, panel{"panel"}, i{"i"}, group{"group"},
      inner{"inner"};
};
} // namespace

void GemmPipeline::define() {
  int whole = depth / 4 * 4;
  RDom k(0, std::max(whole, 1), "k");
  Expr row = spec.indexed ? anyRow(index(m), x) : Expr(m);
  sums(n, t, m) = 0.0f;
  if (whole)
    sums(n, t, m) = a.fma(x(k, row), w(n, k, t), sums(n, t, m));
  for (int last = whole; last != depth; ++last)
    sums(n, t, m) = a.fma(x(last, row), w(n, last, t), sums(n, t, m));
  tile(n, t, m) = sums(n, t, m);

  Expr result = tile(n, t, m);
  if (spec.bias)
    result = a.addf(result, bias(n, t));
  result = activate(a, spec.activation, result);
  if (spec.residual) {
    Expr from =
        spec.residualIndexed ? anyRow(residualIndex(m), residual) : Expr(m);
    result = a.addf(result, residual(n, t, from));
  }
  out(n, t, m) = result;

  x.dim(0).set_bounds(0, depth);
  x.dim(1).set_min(0).set_stride(depth);
  w.dim(0).set_bounds(0, width);
  w.dim(1).set_bounds(0, depth).set_stride(width);
  w.dim(2).set_min(0).set_stride(depth * width);
  bias.dim(0).set_bounds(0, width);
  bias.dim(1).set_min(0).set_stride(width);
  auto setDense = [&](OutputImageParam buffer) {
    buffer.dim(0).set_min(0);
    buffer.dim(1).set_min(0).set_stride(width);
    buffer.dim(2).set_min(0).set_stride(int(spec.n));
  };
  setDense(residual);
  setDense(out.output_buffer());
  index.dim(0).set_min(0);
  residualIndex.dim(0).set_min(0);
}

/// Panels of `size` rows and `together` column tiles at once.
void GemmPipeline::scheduleSize(int size, int together, Stage stage) {
  stage.split(m, panel, i, size, TailStrategy::RoundUp)
      .split(t, group, inner, together, TailStrategy::RoundUp)
      .reorder(n, inner, i, panel, group)
      .vectorize(n, lanes, tailOf(spec.n, width))
      .unroll(inner);
}

void GemmPipeline::schedule() {
  int chains = machine.numRegisters == 32 ? 16 : 8;
  out.output_buffer().dim(2).set_bounds(0, rows);
  out.output_buffer().dim(1).set_bounds(0, tiles);
  if (spec.n % width == 0)
    out.output_buffer().dim(0).set_bounds(0, width);
  else
    out.output_buffer().dim(0).set_bounds(0, columns);
  for (int s = machine.tileRows; s >= 1; --s) {
    int together = std::max(1, chains / (s * width / lanes));
    if (s <= 2 && together > 1)
      scheduleSize(s, together,
                   out.specialize(size == s && tiles % together == 0 &&
                                  columns == width));
    if (s > 1)
      scheduleSize(s, 1, out.specialize(size == s));
  }
  scheduleSize(1, 1, out);

  for (Func stage : {tile, sums})
    stage.compute_at(out, panel)
        .bound_extent(n, width)
        .vectorize(n, lanes)
        .unroll(n)
        .unroll(t)
        .unroll(m);
  sums.store_in(MemoryType::Register);
  tile.store_in(MemoryType::Stack);
  for (int update = 0; update != sums.num_update_definitions(); ++update) {
    Stage stage = sums.update(update);
    if (update == 0 && spec.k >= 4) {
      RVar k(stage.get_schedule().rvars()[0].var), ko("ko"), ki("ki");
      stage.split(k, ko, ki, 4).reorder(n, t, m, ki, ko).unroll(ki);
    }
    stage.vectorize(n, lanes).unroll(n).unroll(t).unroll(m);
  }
}

std::vector<Halide::Argument> GemmPipeline::arguments() {
  std::vector<Halide::Argument> result = {x};
  if (spec.indexed)
    result.push_back(index);
  result.push_back(w);
  if (spec.bias)
    result.push_back(bias);
  if (spec.residual)
    result.push_back(residual);
  if (spec.residual && spec.residualIndexed)
    result.push_back(residualIndex);
  for (const Halide::Argument &scalar :
       std::vector<Halide::Argument>{size, rows, tiles, columns})
    result.push_back(scalar);
  return result;
}

std::vector<skim::halide::Argument> GemmPipeline::describe() const {
  using skim::halide::Argument;
  std::vector<Argument> all;
  int buffers = 3 + spec.indexed + spec.bias + spec.residual +
                (spec.residual && spec.residualIndexed);
  // The scalars follow the inputs, the output comes last.
  Size sizes[] = {
      {0, buffers - 1}, {0, buffers}, {0, buffers + 1}, {0, buffers + 2}};
  Size rows = sizes[1], tiles = sizes[2], columns = sizes[3];
  auto add = [&](bool there, std::vector<Argument::Dimension> dimensions,
                 bool isFloat = true) {
    if (there)
      all.push_back({true, isFloat, 32, dimensions});
  };
  // An index may name any row.
  Size most = {INT32_MAX};
  add(true, {{{spec.k}, {1}}, {spec.indexed ? most : rows, {spec.k}}});
  add(spec.indexed, {{rows, {1}}}, false);
  add(true, {{{width}, {1}}, {{spec.k}, {width}}, {tiles, {spec.k * width}}});
  add(spec.bias, {{{width}, {1}}, {tiles, {width}}});
  std::vector<Argument::Dimension> dense = {
      {columns, {1}}, {tiles, {width}}, {rows, {spec.n}}};
  add(spec.residual,
      {dense[0], dense[1], {spec.residualIndexed ? most : rows, {spec.n}}});
  add(spec.residual && spec.residualIndexed, {{rows, {1}}}, false);
  all.resize(all.size() + 4);
  add(true, dense);
  return all;
}

bool skim::halide::makeGemm(const Machine &machine, const Gemm &spec,
                            const std::string &name, Code &code,
                            std::string &error) {
  return guarded(error, [&] {
    GemmPipeline pipeline(machine, spec);
    pipeline.define();
    pipeline.schedule();
    code.arguments = pipeline.describe();
    code.bitcode =
        generate(machine, {pipeline.out}, pipeline.arguments(), name);
  });
}
