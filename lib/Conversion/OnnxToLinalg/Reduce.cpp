//===- Reduce.cpp - reductions, ArgMax, ArgMin, CumSum --------------------===//
// Axes may be known at run time only, as ONNX allows.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Reductions.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// Adds a reduction; `make` gives its fold to `run`.
template <typename OpT, typename Make>
static void addReduction(Family &family, Make make) {
  family.add<OpT>(
      [make](Emitter &e, OpT op, typename OpT::Adaptor in) -> FailureOr<Value> {
        Scalars s(e, elementOf(op.getData()));
        int64_t rank = cast<RankedTensorType>(in.getData().getType()).getRank();
        AxisFlags axes =
            readAxes(e, in.getAxes(), rank, op.getNoopWithEmptyAxes() != 0);
        RankedTensorType type = e.resultType();
        Value result;
        make(e, s, [&](const Fold &fold) {
          result = foldAxes(
              e, s, in.getData(), axes, op.getKeepdims() != 0, type.getRank(),
              s.stored,
              {fold.initial, fold.combine, [&](Value last, Value count) {
                 return s.store(fold.finish ? fold.finish(last, count) : last);
               }});
        });
        return result;
      });
}

/// sqrt, through f64 for integers.
static Value root(Emitter &e, Scalars &s, Value x) {
  if (s.isFloat)
    return s.sqrt(x);
  Scalars real(e, e.b.getF64Type());
  return real.castTo(real.sqrt(s.castTo(x, real)), s);
}

/// A sum of `map(x)`, of which `finish(sum, count)` is the result.
template <typename OpT, typename Map, typename Finish>
static void addSum(Family &family, Map map, Finish finish) {
  addReduction<OpT>(family, [=](Emitter &e, Scalars &s,
                                function_ref<void(const Fold &)> run) {
    run({[&] { return s.constant(0); },
         [&](Value sum, Value x) { return s.add(sum, map(s, x)); },
         [&](Value sum, Value count) { return finish(e, s, sum, count); }});
  });
}

static void addSums(Family &family) {
  auto same = [](Scalars &, Value x) { return x; };
  auto square = [](Scalars &s, Value x) { return s.mul(x, x); };
  auto magnitude = [](Scalars &s, Value x) { return s.abs(x); };
  auto done = [](Emitter &, Scalars &, Value sum, Value) { return sum; };
  addSum<onnx::ReduceSumOp>(family, same, done);
  addSum<onnx::ReduceSumSquareOp>(family, square, done);
  addSum<onnx::ReduceL1Op>(family, magnitude, done);
  addSum<onnx::ReduceL2Op>(
      family, square,
      [](Emitter &e, Scalars &s, Value sum, Value) { return root(e, s, sum); });
  addSum<onnx::ReduceLogSumOp>(
      family, same,
      [](Emitter &, Scalars &s, Value sum, Value) { return s.log(sum); });
  addSum<onnx::ReduceMeanOp>(
      family, same, [](Emitter &e, Scalars &s, Value sum, Value count) {
        Scalars whole(e, e.b.getI64Type());
        Value number = e.fromIndex(count, whole.stored);
        return s.div(sum, whole.castTo(number, s));
      });
}

static void addExtremes(Family &family) {
  using Run = function_ref<void(const Fold &)>;
  addReduction<onnx::ReduceMaxOp>(family, [](Emitter &, Scalars &s, Run run) {
    run({[&] { return s.lowest(); },
         [&](Value best, Value x) { return s.max(best, x); }, nullptr});
  });
  addReduction<onnx::ReduceMinOp>(family, [](Emitter &, Scalars &s, Run run) {
    run({[&] { return s.highest(); },
         [&](Value best, Value x) { return s.min(best, x); }, nullptr});
  });
  addReduction<onnx::ReduceProdOp>(family, [](Emitter &, Scalars &s, Run run) {
    run({[&] { return s.constant(1); },
         [&](Value product, Value x) { return s.mul(product, x); }, nullptr});
  });
}

/// log(sum(exp(x))) = m + log(sum(exp(x - m))), m the largest (0 if infinite).
static FailureOr<Value> lowerLogSumExp(Emitter &e, onnx::ReduceLogSumExpOp op,
                                       onnx::ReduceLogSumExpOp::Adaptor in) {
  Scalars s(e, elementOf(op.getData()));
  Scalars real(e, s.computed);
  auto from = cast<RankedTensorType>(in.getData().getType());
  RankedTensorType to = e.resultType();
  bool keep = op.getKeepdims() != 0;
  AxisFlags axes =
      readAxes(e, in.getAxes(), from.getRank(), op.getNoopWithEmptyAxes() != 0);
  auto largest = [&](bool keepDims, int64_t rank) {
    return foldAxes(e, s, in.getData(), axes, keepDims, rank, s.computed,
                    {[&] { return s.lowest(); },
                     [&](Value best, Value x) { return s.max(best, x); },
                     [&](Value best, Value) {
                       Value finite = s.less(s.abs(best), s.highest());
                       return e.select(finite, best, s.constant(0));
                     }});
  };
  Value kept = largest(true, from.getRank());
  Value powers = e.elementwise(
      {in.getData(), kept}, RankedTensorType::get(from.getShape(), s.computed),
      [&](ValueRange x) { return s.exp(s.sub(s.load(x[0]), x[1])); });
  Value logs = foldAxes(e, real, powers, axes, keep, to.getRank(), s.computed,
                        {[&] { return s.constant(0); },
                         [&](Value sum, Value x) { return s.add(sum, x); },
                         [&](Value sum, Value) { return s.log(sum); }});
  Value shift = keep ? kept : largest(false, to.getRank());
  return e.elementwise({logs, shift}, to, [&](ValueRange x) {
    return s.store(s.add(x[0], x[1]));
  });
}

/// The index of the best element; the first or the last one at a tie.
template <typename OpT>
static FailureOr<Value> lowerArg(Emitter &e, OpT op, typename OpT::Adaptor in,
                                 bool largest) {
  Scalars s(e, elementOf(op.getData()));
  Value data = in.getData();
  int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), rank);
  if (!axis)
    return e.fail("axis out of range");
  bool keep = op.getKeepdims() != 0, last = op.getSelectLastIndex() != 0;
  Values dims = e.dims(data), out = dims;
  if (keep)
    out[*axis] = e.index(1);
  else
    out.erase(out.begin() + *axis);
  e.checkReadable(dims[*axis], out);
  Type i64 = e.b.getI64Type();
  return e.generate(e.settle(out, e.resultType()), i64, [&](ValueRange outer) {
    Values at = llvm::to_vector(outer);
    if (keep)
      at[*axis] = e.index(0);
    else
      at.insert(at.begin() + *axis, e.index(0));
    Values best = {s.load(e.extract(data, at)), e.index(0)};
    best =
        e.loop(dims[*axis], best, [&](ValueRange i, ValueRange so) -> Values {
          at[*axis] = i[0];
          Value x = s.load(e.extract(data, at));
          Value low = largest ? so[0] : x, high = largest ? x : so[0];
          Value better = last ? s.lessOrEqual(low, high) : s.less(low, high);
          return {e.select(better, x, so[0]), e.select(better, i[0], so[1])};
        });
    return e.fromIndex(best[1], i64);
  });
}

/// Element after element: each adds to the one before it along the axis.
static FailureOr<Value> lowerCumSum(Emitter &e, onnx::CumSumOp op,
                                    onnx::CumSumOp::Adaptor in) {
  Scalars s(e, elementOf(op.getX()));
  Value data = in.getX();
  int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
  if (rank == 0)
    return e.fail("expected a tensor of rank 1 or more");
  Value axis = wrapAxis(e, e.element(in.getAxis(), 0), rank);
  bool exclusive = op.getExclusive() != 0, reverse = op.getReverse() != 0;
  Values dims = e.dims(data);
  Value zero = e.index(0), one = e.index(1);
  Values done = e.loop(
      dims, e.empty(dims, s.stored), [&](ValueRange steps, ValueRange carried) {
        Values at, before;
        Value isFirst = e.boolean(true);
        for (int64_t i = 0; i != rank; ++i) {
          Value here = e.compare(Pred::eq, axis, e.index(i));
          Value mirrored = e.sub(e.sub(dims[i], one), steps[i]);
          Value to = reverse ? e.select(here, mirrored, steps[i]) : steps[i];
          Value start = e.compare(Pred::eq, steps[i], zero);
          Value back = reverse ? e.add(to, one) : e.sub(to, one);
          at.push_back(to);
          before.push_back(e.select(e.both(here, e.negate(start)), back, to));
          isFirst = e.both(isFirst, e.either(e.negate(here), start));
        }
        Value sum = s.load(e.extract(carried[0], before));
        Value x = s.load(e.extract(data, exclusive ? before : at));
        Value next = s.add(sum, x);
        Value first = exclusive ? s.constant(0) : x;
        return Values{
            e.insert(s.store(e.select(isFirst, first, next)), carried[0], at)};
      });
  return done[0];
}

void skim::lowering::addReduceLowerings(Family &family) {
  addSums(family);
  addExtremes(family);
  family.add<onnx::ReduceLogSumExpOp>(lowerLogSumExp);
  family.add<onnx::CumSumOp>(lowerCumSum);
  family.add<onnx::ArgMaxOp>(
      [](Emitter &e, onnx::ArgMaxOp op, onnx::ArgMaxOp::Adaptor in) {
        return lowerArg(e, op, in, /*largest=*/true);
      });
  family.add<onnx::ArgMinOp>(
      [](Emitter &e, onnx::ArgMinOp op, onnx::ArgMinOp::Adaptor in) {
        return lowerArg(e, op, in, /*largest=*/false);
      });
}
