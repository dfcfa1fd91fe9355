//===- RowKernels.cpp - kernels that go over rows, to be timed ------------===//
// They multiply little: what counts is what they read and write, in L2.
//===----------------------------------------------------------------------===//

#include "Bench.h"
#include "skim/Codegen/Words.h"

using namespace skim;
using namespace skim::bench;
using namespace skim::test;

template <typename Spec>
void Bench::addRows(const Spec &spec, int64_t tasks, double bytes,
                    std::function<void(Arguments &)> describe) {
  std::string title = spec.name() + " tasks " + std::to_string(tasks);
  if (!wanted(title))
    return;
  Case added;
  added.kernel = kernels.add(spec);
  added.name = title;
  added.work.cacheBytes = bytes;
  added.once = [this, name = added.kernel, tasks, describe] {
    Arguments arguments;
    describe(arguments);
    kernels.callWith(name, 0, tasks, arguments);
  };
  add(std::move(added));
}

/// Rows of states in int8, uint8 and bf16, and what uint8 asks for.
void Bench::addQuantise(int64_t width, int64_t rows) {
  Floats &x = floats({rows, width}), &scale = floats({1, 4});
  Floats &ranges = floats({rows, 2});
  addRows(RangeSpec{width}, rows, 4.0 * rows * width,
          [&](Arguments &arguments) { arguments.add(x).add(ranges); });
  addRows(TensorScaleSpec(), 1, 8.0 * rows,
          [&](Arguments &arguments) { arguments.add(ranges).add(scale); });
  for (Dtype dtype : {Dtype::Int8, Dtype::Uint8, Dtype::Bf16}) {
    int64_t line = 4 * Words(dtype, width).ofState();
    auto out = keep<Bytes>(std::vector<int64_t>{rows, line});
    auto halves = keep<Halves>(std::vector<int64_t>{rows, line / 2});
    addRows(
        QuantiseSpec{width, dtype}, rows, rows * (4.0 * width + line),
        [=, &x](Arguments &arguments) {
          arguments.add(x).addSome(dtype == Dtype::Uint8 ? &scale : nullptr);
          dtype == Dtype::Bf16 ? arguments.add(*halves) : arguments.add(*out);
        });
  }
}

/// Four sequences of `length` rows, of which half are left in `restore`.
void Bench::addSequences(int64_t width, int64_t length) {
  constexpr int64_t count = 4;
  int64_t rows = count * length;
  Floats &x = floats({rows, width}), &pooled = floats({count, width});
  Ints &offsets = ascending(count + 1), &positions = ascending(rows / 2);
  for (int64_t i = 0; i <= count; ++i)
    offsets[i] *= length;
  for (int64_t i = 0; i != rows / 2; ++i)
    positions[i] *= 2;
  Floats &left = floats({rows / 2, width});
  for (PoolKind kind : {PoolKind::Mean, PoolKind::Max})
    addRows(PoolSpec{width, kind, 1e-9f}, count, 4.0 * rows * width,
            [&](Arguments &arguments) {
              arguments.add(x).add(offsets).add(pooled);
            });
  addRows(RestoreSpec{width}, count, 6.0 * rows * width,
          [&, length](Arguments &arguments) {
            arguments.add(left).add(positions).add(length).add(x);
          });
}

/// Words, places and kinds of tokens, as BERT has them; words from all over
/// their table.
void Bench::addEmbed(int64_t width, int64_t rows) {
  EmbedSpec spec;
  spec.width = width;
  spec.ragged = false;
  constexpr int64_t words = 30522;
  spec.tables = {
      {words, 64, false, "words"}, {rows, 64, true, ""}, {2, 64, false, ""}};
  auto ids = keep<Array<int64_t>>(std::vector<int64_t>{1, rows});
  auto places = keep<Array<int64_t>>(std::vector<int64_t>{1, rows});
  auto kinds = keep<Array<int64_t>>(std::vector<int64_t>{1, rows}, 0);
  for (int64_t i = 0; i != rows; ++i) {
    (*ids)[i] = i * 7919 % words;
    (*places)[i] = i;
  }
  Floats &ofWords = floats({words, width}), &ofPlaces = floats({rows, width});
  Floats &ofKinds = floats({2, width}), &out = floats({rows, width});
  addRows(spec, rows, 12.0 * rows * width,
          [=, &ofWords, &ofPlaces, &ofKinds, &out](Arguments &arguments) {
            arguments.add(*ids).add(ofWords).add(*places).add(ofPlaces);
            arguments.add(*kinds).add(ofKinds).add(rows).add(out);
          });
}

/// What no product could take into its epilogue, and the last norm.
void Bench::addElementwise(int64_t width, int64_t rows) {
  using Kind = ElementwiseSpec::Kind;
  Floats &x = floats({rows, width}), &y = floats({rows, width});
  Floats &wide = floats({rows, 2 * width}), &out = floats({rows, width});
  double bytes = 4.0 * rows * width;
  auto ofX = [&](Arguments &arguments) { arguments.add(x).add(out); };
  auto ofBoth = [&](Arguments &arguments) { arguments.add(x).add(y).add(out); };
  addRows(ElementwiseSpec{Kind::Add, width}, rows, 3 * bytes, ofBoth);
  addRows(ElementwiseSpec{Kind::Activation, width, Activation::GeluErf}, rows,
          2 * bytes, ofX);
  addRows(ElementwiseSpec{Kind::Glu, width, Activation::GeluErf}, rows,
          3 * bytes,
          [&](Arguments &arguments) { arguments.add(wide).add(out); });
  Ints &positions = ascending(rows);
  Floats &angles = floats({rows, 64});
  addRows(RotarySpec{width / 64, 64, 64, width}, rows, 2 * bytes,
          [&, rows](Arguments &arguments) {
            arguments.add(x).add(positions).add(rows);
            arguments.add(angles).add(angles).add(out);
          });
  addRows(WeightedSumSpec{width, {0.5f, 0.5f}}, rows, 3 * bytes, ofBoth);
  addRows(L2Spec{width, 1e-12f}, rows, 2 * bytes, ofX);
}
