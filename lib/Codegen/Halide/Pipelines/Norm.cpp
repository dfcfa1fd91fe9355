//===- Norm.cpp - normalisation of rows in Halide -------------------------===//
//
// What is computed
//
//   layer: (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * scale + bias
//   rms:   x / sqrt(mean(x^2) + epsilon) * scale + bias
//
// with the sums of the MLIR emitter's kernel, so that both give the same bits:
// vector i of a row goes to chain i % chains, the chains are added in pairs,
// then the lanes, those of the two halves of a vector at a time.
//
// How it is scheduled
//
//   for each row
//     sum: the chains in registers         the row comes to L1
//     squares: the same again              from L1
//     result, a vector at a time           from L1
//
// A sum is one chain of additions for each lane, four cycles a step; the
// chains side by side keep the adders busy. They take one register each.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine: 128
// rows of 768 from L2 take 21 us, 37 GB/s read and written.
//===----------------------------------------------------------------------===//

#include "Arithmetic.h"
#include "Generate.h"

using namespace Halide;
using namespace skim::halide;

/// As in the MLIR emitter's Norm.cpp.
static constexpr int chains = 4;

namespace {
/// Algorithm and schedule of one normalisation.
class NormPipeline {
public:
  NormPipeline(const Machine &machine, const Norm &spec)
      : spec(spec), a(machine), lanes(machine.vectorWidth),
        width(int(spec.width)) {}
  void define();
  void schedule();
  std::vector<Halide::Argument> arguments();
  std::vector<skim::halide::Argument> describe() const;

  Func out{"out"};

private:
  using First = std::function<Expr(Expr part)>;
  using Step = std::function<Expr(Expr part, Expr sum)>;
  Expr sumRow(const First &first, const Step &step);
  Func sumLanes(Func parts);
  Func keep(Func stage, int size);
  Func keepNumber(const Expr &number);
  Expr centre(const Expr &part) {
    return spec.centred ? a.subf(part, mean) : part;
  }

  const Norm &spec;
  Arithmetic a;
  int lanes, width;
  ImageParam x{Float(32), 2, "x"}, scale{Float(32), 1, "scale"},
      bias{Float(32), 1, "bias"};
  Param<int> rows{"rows"};
  Var c{"c"}, row{"row"}, lane{"lane"}, chain{"chain"};
  Expr mean;
  std::vector<Func> ofRow; ///< what is computed for each row
};
} // namespace

/// Has the first `size` numbers of a stage in registers, for each row.
Func NormPipeline::keep(Func stage, int size) {
  stage.bound(lane, 0, size).vectorize(lane, size);
  stage.store_in(MemoryType::Register);
  ofRow.push_back(stage);
  return stage;
}

Func NormPipeline::keepNumber(const Expr &number) {
  Func stage("number");
  stage(row) = number;
  ofRow.push_back(stage);
  return stage;
}

/// The sum over the row: `first` of the first number of each chain, then `step`
/// of the others.
Expr NormPipeline::sumRow(const First &first, const Step &step) {
  Func parts("parts");
  int round = lanes * chains, rounds = width / round;
  Expr start = first(x(chain * lanes + lane, row));
  parts(lane, chain, row) = rounds ? start : 0.0f;
  if (rounds > 1) {
    RDom i(1, rounds - 1);
    Expr part = x(i * round + chain * lanes + lane, row);
    parts(lane, chain, row) = step(part, parts(lane, chain, row));
    parts.update().reorder(lane, chain, i).vectorize(lane, lanes).unroll(chain);
  }
  auto addVector = [&](int vector, const Expr &lane) {
    Expr part = x(vector * lanes + lane, row);
    Expr sum = parts(lane, vector % chains, row);
    parts(lane, vector % chains, row) = rounds ? step(part, sum) : first(part);
    return parts.update(parts.num_update_definitions() - 1);
  };
  int vector = rounds * chains, vectors = width / lanes;
  for (; vector != vectors; ++vector)
    addVector(vector, lane).vectorize(lane, lanes);
  // In a loop: LLVM takes a vector of few lanes apart, sums from products.
  if (width % lanes)
    addVector(vector, RDom(0, width % lanes).x).unscheduled();
  keep(parts, lanes).bound(chain, 0, chains).unroll(chain);
  return sumLanes(parts)(0, row);
}

/// One number for each row from `chains` vectors.
Func NormPipeline::sumLanes(Func parts) {
  std::vector<Expr> sums;
  for (int i = 0; i != chains; ++i)
    sums.push_back(parts(lane, i, row));
  while (sums.size() > 1) {
    for (size_t i = 0; i != sums.size() / 2; ++i)
      sums[i] = a.addf(sums[2 * i], sums[2 * i + 1]);
    sums.resize(sums.size() / 2);
  }
  Func all("all");
  all(lane, row) = sums[0];
  keep(all, lanes);
  for (int half = lanes / 2; half >= 1; half /= 2) {
    Func next("half");
    next(lane, row) = a.addf(all(lane, row), all(lane + half, row));
    all = keep(next, half);
  }
  return all;
}

void NormPipeline::define() {
  Expr count = float(spec.width);
  if (spec.centred) {
    Expr sum = sumRow([&](Expr part) { return a.addf(0.0f, part); },
                      [&](Expr part, Expr sum) { return a.addf(sum, part); });
    mean = keepNumber(a.divf(sum, count))(row);
  }
  // A multiply-add to +0 is the square, rounded. It is written as such, since
  // LLVM leaves out the sum and then nothing says what is to be fused.
  Expr squares =
      sumRow([&](Expr part) { return a.mulf(centre(part), centre(part)); },
             [&](Expr part, Expr sum) {
               Expr centred = centre(part);
               return a.fma(centred, centred, sum);
             });
  Expr variance = a.addf(a.divf(squares, count), spec.epsilon);
  Expr factor = keepNumber(a.divf(1.0f, sqrt(variance)))(row);
  Expr scaled = a.mulf(centre(x(c, row)), factor);
  out(c, row) =
      spec.bias ? a.fma(scaled, scale(c), bias(c)) : a.mulf(scaled, scale(c));

  for (OutputImageParam buffer : {OutputImageParam(x), out.output_buffer()}) {
    buffer.dim(0).set_bounds(0, width);
    buffer.dim(1).set_min(0).set_stride(width);
  }
  scale.dim(0).set_bounds(0, width);
  bias.dim(0).set_bounds(0, width);
}

void NormPipeline::schedule() {
  out.output_buffer().dim(1).set_bounds(0, rows);
  out.vectorize(c, lanes, tailOf(width, lanes));
  if (width % (4 * lanes) == 0)
    out.unroll(c, 4);
  for (Func stage : ofRow)
    stage.compute_at(out, row);
}

std::vector<Halide::Argument> NormPipeline::arguments() {
  if (spec.bias)
    return {x, scale, bias, rows};
  return {x, scale, rows};
}

std::vector<skim::halide::Argument> NormPipeline::describe() const {
  Size rows = {0, 2 + spec.bias};
  skim::halide::Argument states = {
      true, true, 32, {{{spec.width}, {1}}, {rows, {spec.width}}}};
  skim::halide::Argument vector = {true, true, 32, {{{spec.width}, {1}}}};
  if (spec.bias)
    return {states, vector, vector, {}, states};
  return {states, vector, {}, states};
}

bool skim::halide::makeNorm(const Machine &machine, const Norm &spec,
                            const std::string &name, Code &code,
                            std::string &error) {
  return guarded(error, [&] {
    NormPipeline pipeline(machine, spec);
    pipeline.define();
    pipeline.schedule();
    code.arguments = pipeline.describe();
    code.bitcode =
        generate(machine, {pipeline.out}, pipeline.arguments(), name);
  });
}
