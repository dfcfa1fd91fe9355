//===- Attention.cpp - attention in Halide --------------------------------===//
//
// What is computed
//
//   s[i, j] = sum over d of (scale * q[i, d]) * k[j, d]
//   p[i, j] = 2^(s[i, j] - max over j of s[i, j])
//   out[i, d] = (sum over j of p[i, j] * v[j, d]) / (sum over j of p[i, j])
//
// and of the probabilities a[i, j] = p[i, j] / (sum over j of p[i, j])
//
//   importance: a vector of sums over the queries for each key
//   diagonal: a[i, j] where i / size == j / size
//
// for one panel of queries, with the chains of the MLIR emitter's kernel, so
// that both give the same bits. The adapter in HalideAttention.cpp makes the
// calls of a task.
//
// How it is scheduled
//
//   turned: the queries are lanes                        stack, in L1
//   scores: 8 (4) keys x the panel in registers           scratch
//   max, powers, sum: down the keys, the lanes side by side
//   for each tile of the head's columns                  values stay in L1
//     for groups of queries, for keys                    a tile in registers
//
// With AVX-512 a panel is 32 queries. Scores are tiles of 8 keys x 32 queries,
// 16 of 32 registers, and read 2 vectors and 8 numbers for 16 multiply-adds;
// values are tiles of 8 queries x 32 columns. With AVX2 both are 4 x 16, 8 of
// 16 registers: as many chains as hide the latency. A panel's scores and powers
// are 16 KiB each at 128 keys.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine, 12
// heads of 64, share of the FMA peak of the same run:
//
//   rows    16    32    64   128   256   512
//          40%   58%   66%   70%   67%   67%
//===----------------------------------------------------------------------===//

#include "../../VectorForms.h"
#include "Arithmetic.h"
#include "Generate.h"

using namespace Halide;
using namespace skim::halide;

namespace {
/// Algorithm and schedule of one panel.
class PanelPipeline {
public:
  PanelPipeline(const Machine &machine, const Attention &spec)
      : machine(machine), spec(spec), layout(machine, spec.headDim), a(machine),
        lanes(machine.vectorWidth), width(int(spec.panel)),
        depth(int(spec.headDim)) {}
  void define();
  void schedule();
  std::vector<Func> outputs() const;
  std::vector<Halide::Argument> arguments();
  std::vector<skim::halide::Argument> describe() const;

private:
  void defineTurned();
  void defineScores();
  void defineSoftmax();
  void defineValues();
  void defineImportance();
  void defineDiagonal();
  void scheduleTurned();
  void scheduleScores();
  void scheduleValues();
  /// x > y ? x : y, as everywhere.
  Expr larger(const Expr &x, const Expr &y) const {
    return a.select(a.less(y, x), x, y);
  }
  Stage down(Stage stage) { return stage.vectorize(l, lanes).unroll(l); }

  const Machine &machine;
  const Attention &spec;
  HeadLayout layout;
  Arithmetic a;
  int lanes, width, depth; ///< of a vector, queries of a panel, of a head
  ImageParam q{Float(32), 2, "q"}, keyRows{Float(32), 2, "key_rows"},
      valueRows{Float(32), 3, "value_rows"};
  Param<int> valid{"valid"}, keys{"keys"}, padded{"padded"};
  Param<int> firstRow{"first_row"}, firstKey{"first_key"};
  Func turned{"turned"}, sums{"sums"}, scores{"scores"}, largest{"largest"},
      powers{"powers"}, total{"total"}, factors{"factors"}, tile{"tile"},
      out{"out"}, importance{"importance"}, diagonal{"diagonal"};
  Var l{"l"}, d{"d"}, j{"j"}, c{"c"}, i{"i"}, t{"t"};
  Var jo{"jo"}, ji{"ji"}, io{"io"}, ii{"ii"};
  RDom key;
  std::vector<Func> rounds; ///< of turning
};
} // namespace

static skim::halide::Argument
floats(std::vector<skim::halide::Argument::Dimension> dimensions) {
  return {true, true, 32, dimensions};
}
static skim::halide::Argument keysOf(int64_t depth, Size padded) {
  return floats({{{depth}, {1}}, {padded, {depth}}});
}
static skim::halide::Argument valuesOf(const HeadLayout &layout, Size padded) {
  Size distance = {0, padded.argument, layout.tileStride};
  return floats({{{layout.tileStride}, {1}},
                 {padded, {layout.tileStride}},
                 {{layout.tiles}, distance}});
}

/// turned(l, d) = scale * q(d, l); lanes beyond the last query repeat it. Whole
/// squares are turned in registers: rows i and i + lanes / 2 are merged lane by
/// lane, and after a round for each bit every vector has a lane of each row.
void PanelPipeline::defineTurned() {
  auto scaled = [&](const Expr &d, const Expr &l) {
    return a.mulf(q(d, min(l, valid - 1)), spec.scale);
  };
  if (depth % lanes) {
    turned(l, d) = scaled(d, l);
    return;
  }
  Func rows("rows");
  rows(l, d, c, t) = scaled(c * lanes + l, t * lanes + d);
  rounds.push_back(rows);
  int half = lanes / 2;
  for (int bits = lanes; bits > 1; bits /= 2) {
    Func merged("merged");
    Expr from = d % 2 * half + l / 2;
    merged(l, d, c, t) = select(l % 2 == 0, rounds.back()(from, d / 2, c, t),
                                rounds.back()(from, d / 2 + half, c, t));
    rounds.push_back(merged);
  }
  turned(l, d) = rounds.back()(l % lanes, d % lanes, d / lanes, l / lanes);
}

void PanelPipeline::defineScores() {
  defineTurned();
  int whole = depth / 4 * 4;
  RDom k(0, std::max(whole, 1), "k");
  sums(l, j) = 0.0f;
  if (whole)
    sums(l, j) = a.fma(keyRows(k, j), turned(l, k), sums(l, j));
  for (int last = whole; last != depth; ++last)
    sums(l, j) = a.fma(keyRows(last, j), turned(l, last), sums(l, j));
  scores(l, j) = sums(l, j);
}

void PanelPipeline::defineSoftmax() {
  // Keys that pad are a key again, and change no maximum.
  int count = int(layout.keysAtOnce);
  RDom group(0, padded / count, "group");
  std::vector<Expr> next;
  for (int i = 0; i != count; ++i)
    next.push_back(scores(l, group * count + i));
  while (next.size() > 1) {
    for (size_t i = 0; i != next.size() / 2; ++i)
      next[i] = larger(next[2 * i], next[2 * i + 1]);
    next.resize(next.size() / 2);
  }
  largest(l) = -std::numeric_limits<float>::infinity();
  largest(l) = larger(largest(l), next[0]);

  Expr exponent = a.subf(scores(l, j), largest(l));
  powers(l, j) = skim::forms::exp2NonPositive(a, exponent);
  total(l) = 0.0f;
  total(l) = a.addf(total(l), powers(l, key));
  factors(l) = a.divf(1.0f, total(l));
}

void PanelPipeline::defineValues() {
  tile(c, t, i) = 0.0f;
  tile(c, t, i) = a.fma(powers(i, key), valueRows(c, key, t), tile(c, t, i));
  out(c, t, i) = a.mulf(tile(c, t, i), factors(i));
}

/// importance[w, j]: lane w of every vector of queries.
void PanelPipeline::defineImportance() {
  importance(l, j) = undef<float>();
  Expr sum = importance(l, key);
  for (int first = 0; first != width; first += lanes) {
    // Lanes beyond the last query add exactly 0.
    Expr lane = l + first;
    Expr factor = select(lane < valid, factors(lane), 0.0f);
    sum = a.fma(powers(lane, key), factor, sum);
  }
  importance(l, key) = sum;
  importance.output_buffer().dim(0).set_bounds(0, lanes);
  importance.output_buffer().dim(1).set_bounds(0, keys).set_stride(lanes);
}

/// Of each query the probabilities of its block's keys, zeros beyond the last.
void PanelPipeline::defineDiagonal() {
  int size = int(spec.diagonal);
  Expr at = firstKey + (firstRow + i) / size * size + c;
  // What lies beyond the keys is read, since one address a vector is less work
  // than one a lane, and is not used.
  Expr power = powers(i, unsafe_promise_clamped(at, 0, keys - 1));
  diagonal(c, i) = select(at < keys, a.mulf(power, factors(i)), 0.0f);
  OutputImageParam buffer = diagonal.output_buffer();
  buffer.dim(0).set_bounds(0, size);
  buffer.dim(1).set_bounds(0, valid).set_stride(int(spec.heads) * size);
}

void PanelPipeline::define() {
  key = RDom(0, keys, "key");
  defineScores();
  defineSoftmax();
  defineValues();
  if (spec.importance)
    defineImportance();
  if (spec.diagonal)
    defineDiagonal();

  int tileSize = int(layout.tile), tileStride = int(layout.tileStride);
  q.dim(0).set_bounds(0, depth);
  q.dim(1).set_min(0).set_stride(int(spec.qWidth));
  keyRows.dim(0).set_bounds(0, depth);
  keyRows.dim(1).set_min(0).set_stride(depth);
  valueRows.dim(0).set_bounds(0, tileStride);
  valueRows.dim(1).set_min(0).set_stride(tileStride);
  valueRows.dim(2).set_min(0);
  for (Func stage : {scores, powers}) {
    stage.output_buffer().dim(0).set_bounds(0, width);
    stage.output_buffer().dim(1).set_min(0).set_stride(width);
  }
  scores.output_buffer().dim(1).set_extent(padded);
  powers.output_buffer().dim(1).set_extent(keys);
  OutputImageParam result = out.output_buffer();
  result.dim(0).set_bounds(0, tileSize);
  result.dim(1).set_bounds(0, int(layout.tiles)).set_stride(tileSize);
  result.dim(2).set_bounds(0, valid).set_stride(int(spec.heads * depth));
}

void PanelPipeline::scheduleTurned() {
  turned.compute_root().bound(l, 0, width).store_in(MemoryType::Stack);
  if (rounds.empty()) {
    down(turned);
    return;
  }
  Var lo("lo"), li("li"), d0("d0"), di("di");
  turned.split(l, lo, li, lanes)
      .split(d, d0, di, lanes)
      .reorder(li, di, d0, lo)
      .vectorize(li)
      .unroll(di);
  for (Func round : rounds) {
    round.compute_at(turned, d0).store_in(MemoryType::Register);
    round.bound(l, 0, lanes)
        .bound(d, 0, lanes)
        .bound_extent(c, 1)
        .bound_extent(t, 1);
    if (round.name() == rounds.front().name())
      round.vectorize(l, lanes).unroll(d);
    else
      // Halide stores the two halves of a merged vector at once.
      round.split(l, lo, li, 2)
          .reorder(li, lo, d)
          .unroll(li)
          .vectorize(lo)
          .unroll(d);
  }
}

void PanelPipeline::scheduleScores() {
  scores.bound(l, 0, width)
      .split(j, jo, ji, int(layout.keysAtOnce), TailStrategy::RoundUp);
  down(scores.unroll(ji));
  sums.compute_at(scores, jo).store_in(MemoryType::Register);
  sums.bound_extent(j, int(layout.keysAtOnce));
  down(sums.unroll(j));
  for (int update = 0; update != sums.num_update_definitions(); ++update) {
    Stage stage = sums.update(update);
    if (update == 0 && depth >= 4) {
      RVar k(stage.get_schedule().rvars()[0].var), ko("ko"), ki("ki");
      stage.split(k, ko, ki, 4).reorder(l, j, ki, ko).unroll(ki);
    }
    down(stage.unroll(j));
  }
}

void PanelPipeline::scheduleValues() {
  // As many sums as hide the latency, and no more queries than a panel has; a
  // power of two divides it.
  int room = machine.numRegisters == 32 ? 16 : 8, rows = 1;
  while (2 * rows * layout.vectors <= room && 2 * rows <= width)
    rows *= 2;
  out.split(i, io, ii, rows, TailStrategy::GuardWithIf)
      .reorder(c, ii, io, t)
      .vectorize(c, lanes, tailOf(layout.tile, lanes))
      .unroll(c)
      .unroll(ii);
  tile.compute_at(out, io)
      .store_in(MemoryType::Register)
      .bound_extent(c, int(layout.tileStride))
      .bound_extent(i, rows);
  tile.vectorize(c, lanes).unroll(c).unroll(i);
  tile.update().reorder(c, i, t, key).vectorize(c, lanes).unroll(c).unroll(i);
}

void PanelPipeline::schedule() {
  scheduleTurned();
  scheduleScores();
  for (Func stage : {largest, total, factors}) {
    down(stage.compute_root().bound(l, 0, width).store_in(MemoryType::Stack));
    if (stage.has_update_definition())
      down(stage.update());
  }
  down(powers.bound(l, 0, width));
  scheduleValues();
  if (spec.importance)
    importance.update().vectorize(l, lanes);
  if (spec.diagonal)
    diagonal.vectorize(c, spec.diagonal % lanes ? 4 : lanes);
}

std::vector<Func> PanelPipeline::outputs() const {
  std::vector<Func> all = {scores, powers};
  if (spec.importance)
    all.push_back(importance);
  if (spec.diagonal)
    all.push_back(diagonal);
  all.push_back(out);
  return all;
}

std::vector<Halide::Argument> PanelPipeline::arguments() {
  std::vector<Halide::Argument> all = {q,     keyRows, valueRows,
                                       valid, keys,    padded};
  if (spec.diagonal) {
    all.push_back(firstRow);
    all.push_back(firstKey);
  }
  return all;
}

std::vector<skim::halide::Argument> PanelPipeline::describe() const {
  Size valid = {0, 3}, keys = {0, 4}, padded = {0, 5};
  int64_t size = spec.diagonal, row = spec.heads * depth;
  std::vector<skim::halide::Argument> all = {
      floats({{{depth}, {1}}, {valid, {spec.qWidth}}}),
      keysOf(depth, padded),
      valuesOf(layout, padded),
      {},
      {},
      {}};
  if (spec.diagonal)
    all.resize(all.size() + 2);
  all.push_back(floats({{{width}, {1}}, {padded, {width}}}));
  all.push_back(floats({{{width}, {1}}, {keys, {width}}}));
  if (spec.importance)
    all.push_back(floats({{{lanes}, {1}}, {keys, {lanes}}}));
  if (spec.diagonal)
    all.push_back(floats({{{size}, {1}}, {valid, {spec.heads * size}}}));
  all.push_back(floats(
      {{{layout.tile}, {1}}, {{layout.tiles}, {layout.tile}}, {valid, {row}}}));
  return all;
}

bool skim::halide::makeAttentionPanel(const Machine &machine,
                                      const Attention &spec,
                                      const std::string &name, Code &code,
                                      std::string &error) {
  return guarded(error, [&] {
    PanelPipeline pipeline(machine, spec);
    pipeline.define();
    pipeline.schedule();
    code.arguments = pipeline.describe();
    code.bitcode =
        generate(machine, pipeline.outputs(), pipeline.arguments(), name);
  });
}

// Rows of a wide matrix would meet in few sets of the cache: the keys and the
// values of a head are copied together, the values by tiles of columns. The
// last key is there again until their number is a whole one of score tiles.
bool skim::halide::makeAttentionHead(const Machine &machine,
                                     const Attention &spec,
                                     const std::string &name, Code &code,
                                     std::string &error) {
  return guarded(error, [&] {
    HeadLayout layout(machine, spec.headDim);
    int lanes = machine.vectorWidth, depth = int(spec.headDim);
    int tile = int(layout.tile);
    ImageParam k(Float(32), 2, "k"), v(Float(32), 3, "v");
    Param<int> keys("keys"), padded("padded");
    Var d("d"), j("j"), c("c"), t("t");
    Func keyRows("key_rows"), valueRows("value_rows");
    keyRows(d, j) = k(d, min(j, keys - 1));
    valueRows(c, j, t) = v(c, t, j);
    keyRows.vectorize(d, lanes, tailOf(depth, lanes));
    valueRows.reorder(c, t, j).vectorize(c, lanes, tailOf(tile, lanes));

    k.dim(0).set_bounds(0, depth);
    k.dim(1).set_min(0).set_stride(int(spec.kWidth));
    v.dim(0).set_bounds(0, tile);
    v.dim(1).set_bounds(0, int(layout.tiles)).set_stride(tile);
    v.dim(2).set_min(0).set_stride(int(spec.vWidth));
    OutputImageParam to = keyRows.output_buffer();
    to.dim(0).set_bounds(0, depth);
    to.dim(1).set_bounds(0, padded).set_stride(depth);
    to = valueRows.output_buffer();
    to.dim(0).set_bounds(0, tile);
    to.dim(1).set_bounds(0, keys).set_stride(int(layout.tileStride));
    to.dim(2).set_bounds(0, int(layout.tiles));

    Size count = {0, 2}, rows = {0, 3};
    code.arguments = {
        floats({{{depth}, {1}}, {count, {spec.kWidth}}}),
        floats(
            {{{tile}, {1}}, {{layout.tiles}, {tile}}, {count, {spec.vWidth}}}),
        {},
        {},
        keysOf(depth, rows),
        valuesOf(layout, rows)};
    code.bitcode =
        generate(machine, {keyRows, valueRows}, {k, v, keys, padded}, name);
  });
}
