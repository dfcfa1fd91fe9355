//===- NN.cpp - normalisations and rotary positions -----------------------===//
// Computed in f32 at least, whatever the tensors hold.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Reductions.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// The mean of `map(x)` over `axes`, which stay as dimensions of 1.
static Value meanOf(Emitter &e, Scalars &s, Value input, const AxisFlags &axes,
                    function_ref<Value(Value)> map) {
  Scalars real(e, s.computed), whole(e, e.b.getI64Type());
  return foldAxes(e, s, input, axes, /*keep=*/true, axes.size(), s.computed,
                  {[&] { return s.constant(0); },
                   [&](Value sum, Value x) { return s.add(sum, map(x)); },
                   [&](Value sum, Value count) {
                     Value number = e.fromIndex(count, whole.stored);
                     return s.div(sum, whole.castTo(number, real));
                   }});
}

static RankedTensorType wideType(Value tensor, Scalars &s) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return RankedTensorType::get(type.getShape(), s.computed);
}

/// 1 / sqrt(x + epsilon).
static Value inverseRoot(Emitter &e, Scalars &s, Value tensor, double epsilon) {
  return e.elementwise(tensor, wideType(tensor, s), [&](ValueRange x) {
    Value root = s.sqrt(s.add(x[0], s.constant(epsilon)));
    return s.div(s.constant(1), root);
  });
}

/// The axes from `axis` on, or nothing where it is out of range.
static std::optional<AxisFlags> axesFrom(Emitter &e, Value tensor,
                                         int64_t axis) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  std::optional<int64_t> first = onnx::normaliseAxis(axis, rank);
  if (!first)
    return std::nullopt;
  SmallVector<int64_t> axes;
  for (int64_t i = *first; i != rank; ++i)
    axes.push_back(i);
  return staticAxes(e, rank, axes);
}

static FailureOr<Values>
lowerLayerNorm(Emitter &e, onnx::LayerNormalizationOp op,
               onnx::LayerNormalizationOp::Adaptor in) {
  Scalars s(e, elementOf(op.getX()));
  Scalars real(e, s.computed);
  std::optional<AxisFlags> axes = axesFrom(e, in.getX(), op.getAxis());
  if (!axes)
    return e.fail("axis out of range");
  auto same = [](Value x) { return x; };
  Value mean = meanOf(e, s, in.getX(), *axes, same);
  Value centred =
      e.elementwise({in.getX(), mean}, wideType(in.getX(), s),
                    [&](ValueRange x) { return s.sub(s.load(x[0]), x[1]); });
  Value variance =
      meanOf(e, real, centred, *axes, [&](Value x) { return s.mul(x, x); });
  Value inverse =
      inverseRoot(e, s, variance, op.getEpsilon().convertToDouble());
  Values operands = {centred, inverse, in.getScale()};
  if (!onnx::isAbsent(op.getB()))
    operands.push_back(in.getB());
  Values results(3);
  results[0] = e.elementwise(operands, e.resultType(), [&](ValueRange x) {
    Value y = s.mul(s.mul(x[0], x[1]), s.load(x[2]));
    return s.store(x.size() == 4 ? s.add(y, s.load(x[3])) : y);
  });
  // Statistics are asked for seldom.
  for (auto [i, statistic] : {std::pair(1, mean), std::pair(2, inverse)}) {
    if (onnx::isAbsent(op->getResult(i)))
      continue;
    Scalars to(e, elementOf(op->getResult(i)));
    results[i] = e.elementwise(statistic, e.resultType(i), [&](ValueRange x) {
      return to.store(real.castTo(x[0], to));
    });
  }
  return results;
}

template <typename OpT>
static FailureOr<Values> lowerRMSNorm(Emitter &e, OpT op,
                                      typename OpT::Adaptor in) {
  Scalars s(e, elementOf(op.getX())), to(e, elementOf(op.getY()));
  std::optional<AxisFlags> axes = axesFrom(e, in.getX(), op.getAxis());
  if (!axes)
    return e.fail("axis out of range");
  Value square =
      meanOf(e, s, in.getX(), *axes, [&](Value x) { return s.mul(x, x); });
  Value inverse = inverseRoot(e, s, square, op.getEpsilon().convertToDouble());
  Values results(op->getNumResults());
  results[0] = e.elementwise(
      {in.getX(), inverse, in.getScale()}, e.resultType(), [&](ValueRange x) {
        Value y = s.castTo(s.mul(s.load(x[0]), x[1]), to);
        return to.store(to.mul(y, to.load(x[2])));
      });
  if (results.size() == 2 && !onnx::isAbsent(op->getResult(1)))
    results[1] = e.elementwise(inverse, e.resultType(1), [&](ValueRange x) {
      return to.store(s.castTo(x[0], to));
    });
  return results;
}

/// x / |x|_p along the axis, 0 where the norm is 0.
static FailureOr<Value> lowerLpNorm(Emitter &e, onnx::LpNormalizationOp op,
                                    onnx::LpNormalizationOp::Adaptor in) {
  Scalars s(e, elementOf(op.getInput()));
  int64_t rank = cast<RankedTensorType>(in.getInput().getType()).getRank();
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), rank);
  if (!axis || (op.getP() != 1 && op.getP() != 2))
    return e.fail("expected p of 1 or 2 and an axis within the rank");
  bool square = op.getP() == 2;
  Value norm =
      foldAxes(e, s, in.getInput(), staticAxes(e, rank, *axis), /*keep=*/true,
               rank, s.computed,
               {[&] { return s.constant(0); },
                [&](Value sum, Value x) {
                  return s.add(sum, square ? s.mul(x, x) : s.abs(x));
                },
                [&](Value sum, Value) { return square ? s.sqrt(sum) : sum; }});
  return e.elementwise(
      {in.getInput(), norm}, e.resultType(), [&](ValueRange x) {
        Value zero = s.constant(0);
        Value quotient = s.div(s.load(x[0]), x[1]);
        return s.store(e.select(s.equal(x[1], zero), zero, quotient));
      });
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

namespace {
/// Turns pairs of elements of each head by the angles of a position.
struct Rotation {
  Emitter &e;
  Scalars &s;
  Value cosines, sines, positions;
  /// Size of the part that is turned.
  Value width;
  bool interleaved;

  /// cos or sin of pair `pair` for position `s` of sequence `b`.
  Value angle(Value cache, Value b, Value position, Value pair);
  /// `read(d)` is element d of the head.
  Value turn(Value b, Value position, Value d, function_ref<Value(Value)> read);
};
} // namespace

Value Rotation::angle(Value cache, Value b, Value position, Value pair) {
  if (!positions)
    return s.load(e.extract(cache, {b, position, pair}));
  Value id = e.toIndex(e.extract(positions, {b, position}));
  return s.load(e.extract(cache, {e.wrapIndex(id, e.dim(cache, 0)), pair}));
}

Value Rotation::turn(Value b, Value position, Value d,
                     function_ref<Value(Value)> read) {
  Value two = e.index(2), one = e.index(1), half = e.div(width, two);
  Value pair, isFirst, partner;
  if (interleaved) {
    pair = e.div(d, two);
    isFirst = e.compare(Pred::eq, e.rem(d, two), e.index(0));
    partner = e.select(isFirst, e.add(d, one), e.sub(d, one));
  } else {
    isFirst = e.compare(Pred::ult, d, half);
    pair = e.select(isFirst, d, e.sub(d, half));
    partner = e.select(isFirst, e.add(d, half), e.sub(d, half));
  }
  Value inside = e.compare(Pred::ult, d, width);
  return e.ifElse(
      s.computed, inside,
      [&] {
        Value cosine = angle(cosines, b, position, pair);
        Value sine = angle(sines, b, position, pair);
        Value own = s.mul(read(d), cosine), other = s.mul(read(partner), sine);
        return Values{e.select(isFirst, s.sub(own, other), s.add(own, other))};
      },
      [&] { return Values{read(d)}; })[0];
}

static FailureOr<Value> lowerRotary(Emitter &e, onnx::RotaryEmbeddingOp op,
                                    onnx::RotaryEmbeddingOp::Adaptor in) {
  Scalars s(e, elementOf(op.getX()));
  Value x = in.getX();
  Values dims = e.dims(x);
  bool flat = dims.size() == 3;
  int64_t heads = op.getNumHeads().value_or(0);
  if (dims.size() != 4 && (!flat || heads <= 0))
    return e.fail("expected a tensor of rank 4, or of rank 3 and num_heads");
  Value size = flat ? e.div(dims[2], e.index(heads)) : dims[3];
  int64_t part = op.getRotaryEmbeddingDim();
  Rotation rotation{e,
                    s,
                    in.getCosCache(),
                    in.getSinCache(),
                    onnx::isAbsent(op.getPositionIds()) ? Value()
                                                        : in.getPositionIds(),
                    part ? e.index(part) : size,
                    op.getInterleaved() != 0};
  // What is read of the caches and of the head lies inside.
  e.check(e.compare(Pred::sle, rotation.width, size),
          "expected at most {0} elements to turn, got {1}",
          {size, rotation.width});
  Value half = e.div(rotation.width, e.index(2));
  for (Value cache : {rotation.cosines, rotation.sines}) {
    Values cacheDims = e.dims(cache);
    if (cacheDims.size() != (rotation.positions ? 2 : 3))
      return e.fail("expected caches of rank 3, or 2 with position ids");
    e.check(e.compare(Pred::eq, cacheDims.back(), half),
            "expected a cache of {0} angles, got {1}",
            {half, cacheDims.back()});
    if (rotation.positions)
      e.checkReadable(cacheDims[0], dims);
    Value sequence = dims[flat ? 1 : 2];
    for (auto [i, want] : {std::pair(0, dims[0]), std::pair(1, sequence)})
      if (!rotation.positions)
        e.check(e.compare(Pred::eq, cacheDims[i], want),
                "expected a cache with a dimension of {0}, got {1}",
                {want, cacheDims[i]});
  }
  return e.generate(dims, s.stored, [&](ValueRange at) {
    Value position = flat ? at[1] : at[2];
    Value head = flat ? e.div(at[2], size) : at[1];
    Value d = flat ? e.rem(at[2], size) : at[3];
    auto read = [&](Value i) {
      Values from = flat ? Values{at[0], at[1], e.add(e.mul(head, size), i)}
                         : Values{at[0], at[1], at[2], i};
      return s.load(e.extract(x, from));
    };
    return s.store(rotation.turn(at[0], position, d, read));
  });
}

void skim::lowering::addNNLowerings(Family &family) {
  family.add<onnx::LayerNormalizationOp>(lowerLayerNorm);
  family.add<onnx::RMSNormalizationOp>(lowerRMSNorm<onnx::RMSNormalizationOp>);
  family.add<onnx::SimplifiedLayerNormalizationOp>(
      lowerRMSNorm<onnx::SimplifiedLayerNormalizationOp>);
  family.add<onnx::LpNormalizationOp>(lowerLpNorm);
  family.add<onnx::RotaryEmbeddingOp>(lowerRotary);
}
