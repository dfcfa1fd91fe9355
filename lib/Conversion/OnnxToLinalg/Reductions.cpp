//===- Reductions.cpp - folds along axes ----------------------------------===//
// One form for axes known now and axes known at run time: what is known folds
// away as the code is built.
//===----------------------------------------------------------------------===//

#include "Reductions.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

Values skim::lowering::readVector(Emitter &e, Value vector, int64_t length) {
  auto type = cast<RankedTensorType>(vector.getType());
  if (type.getRank() == 0)
    return {e.element(vector, 0)};
  if (!type.isDynamicDim(0))
    length = type.getDimSize(0);
  else
    e.check(e.compare(Pred::eq, e.dim(vector, 0), e.index(length)),
            "expected a vector of {0} elements, got {1}",
            {e.index(length), e.dim(vector, 0)});
  Values elements;
  for (int64_t i = 0; i != length; ++i)
    elements.push_back(e.element(vector, i));
  return elements;
}

AxisFlags skim::lowering::staticAxes(Emitter &e, int64_t rank,
                                     ArrayRef<int64_t> axes) {
  AxisFlags flags;
  for (int64_t i = 0; i != rank; ++i)
    flags.push_back(e.boolean(llvm::is_contained(axes, i)));
  return flags;
}

Value skim::lowering::wrapAxis(Emitter &e, Value axis, int64_t rank) {
  Value zero = e.index(0), size = e.index(rank);
  Value wrapped = e.wrap(axis, size);
  e.check(e.both(e.compare(Pred::sge, wrapped, zero),
                 e.compare(Pred::slt, wrapped, size)),
          "expected an axis of a tensor of rank {1}, got {0}", {axis, size});
  return wrapped;
}

AxisFlags skim::lowering::readAxes(Emitter &e, Value axes, int64_t rank,
                                   bool noop) {
  AxisFlags all(rank, e.boolean(!noop));
  if (isa<NoneType>(axes.getType()))
    return all;
  AxisFlags none(rank, e.boolean(false));
  auto mark = [&](AxisFlags flags, Value axis) {
    for (int64_t i = 0; i != rank; ++i)
      flags[i] = e.either(flags[i], e.compare(Pred::eq, axis, e.index(i)));
    return flags;
  };
  auto type = cast<RankedTensorType>(axes.getType());
  if (type.hasStaticShape()) {
    if (type.getNumElements() == 0)
      return all;
    for (int64_t i = 0; i != type.getNumElements(); ++i)
      none = mark(none, wrapAxis(e, e.element(axes, i), rank));
    return none;
  }
  if (rank == 0)
    return all;
  Value count = e.dim(axes, 0);
  AxisFlags flags =
      e.loop(count, none, [&](ValueRange i, ValueRange carried) -> Values {
        Value axis = e.toIndex(e.extract(axes, i));
        return mark(llvm::to_vector(carried), wrapAxis(e, axis, rank));
      });
  Value isEmpty = e.compare(Pred::eq, count, e.index(0));
  for (auto [flag, other] : llvm::zip(flags, all))
    flag = e.select(isEmpty, other, flag);
  return flags;
}

/// For every input dimension its place among the kept ones.
static Values keptPlaces(Emitter &e, const AxisFlags &reduced) {
  Values places;
  Value next = e.index(0);
  for (Value flag : reduced) {
    places.push_back(next);
    next = e.select(flag, next, e.add(next, e.index(1)));
  }
  return places;
}

Values skim::lowering::keptDims(Emitter &e, const AxisFlags &reduced,
                                ValueRange dims, bool keep, int64_t rank) {
  Values out(rank, e.index(1));
  if (keep) {
    for (int64_t i = 0; i != rank; ++i)
      out[i] = e.select(reduced[i], e.index(1), dims[i]);
    return out;
  }
  Values places = keptPlaces(e, reduced);
  for (size_t i = 0; i != dims.size(); ++i)
    for (int64_t j = 0; j != rank; ++j) {
      Value here = e.both(e.compare(Pred::eq, places[i], e.index(j)),
                          e.negate(reduced[i]));
      out[j] = e.select(here, dims[i], out[j]);
    }
  return out;
}

/// The fold along axes of which none is joined with another.
static Value foldApart(Emitter &e, Scalars &s, Value input,
                       const AxisFlags &reduced, bool keep, int64_t rank,
                       Type element, const Fold &fold) {
  Values dims = e.dims(input), counts, places;
  Value number = e.index(1);
  for (auto [flag, dim] : llvm::zip(reduced, dims)) {
    counts.push_back(e.select(flag, dim, e.index(1)));
    number = e.mul(number, counts.back());
  }
  if (!keep)
    places = keptPlaces(e, reduced);
  Values out = keptDims(e, reduced, dims, keep, rank);
  return e.generate(out, element, [&](ValueRange indices) {
    Values first;
    for (size_t i = 0; i != dims.size(); ++i) {
      Value at = e.index(0);
      if (keep)
        at = indices[i];
      for (int64_t j = 0; !keep && j != rank; ++j)
        at = e.select(e.compare(Pred::eq, places[i], e.index(j)), indices[j],
                      at);
      first.push_back(e.select(reduced[i], e.index(0), at));
    }
    Values last = e.loop(
        counts, fold.initial(), [&](ValueRange steps, ValueRange carried) {
          Values at;
          for (auto [step, start] : llvm::zip(steps, first))
            at.push_back(e.add(step, start));
          return Values{fold.combine(carried[0], s.load(e.extract(input, at)))};
        });
    return fold.finish(last[0], number);
  });
}

/// Neighbouring axes that are known to be reduced as one: their elements follow
/// one another.
static Value joinReduced(Emitter &e, Value input, AxisFlags &reduced) {
  AxisFlags flags;
  Values dims;
  bool before = false;
  for (auto [flag, dim] : llvm::zip(reduced, e.dims(input))) {
    bool joins = getConstantIntValue(flag).value_or(0) != 0;
    if (joins && before) {
      dims.back() = e.mul(dims.back(), dim);
      continue;
    }
    before = joins;
    flags.push_back(flag);
    dims.push_back(dim);
  }
  if (flags.size() == reduced.size())
    return input;
  reduced = flags;
  return e.reshape(input, dims);
}

Value skim::lowering::foldAxes(Emitter &e, Scalars &s, Value input,
                               const AxisFlags &reduced, bool keep,
                               int64_t rank, Type element, const Fold &fold) {
  AxisFlags apart = reduced;
  Value joined = joinReduced(e, input, apart);
  int64_t kept = keep ? int64_t(apart.size()) : rank;
  Value result = foldApart(e, s, joined, apart, keep, kept, element, fold);
  if (joined == input)
    return result;
  return e.reshape(result, keptDims(e, reduced, e.dims(input), keep, rank));
}

Value skim::lowering::softmax(Emitter &e, Scalars s, Value input, int64_t axis,
                              bool log) {
  auto type = cast<RankedTensorType>(input.getType());
  int64_t rank = type.getRank();
  auto wide = RankedTensorType::get(type.getShape(), s.computed);
  Scalars real(e, s.computed);
  AxisFlags flags = staticAxes(e, rank, axis);
  auto keepValue = [](Value last, Value) { return last; };
  Value largest = foldAxes(e, s, input, flags, /*keep=*/true, rank, s.computed,
                           {[&] { return s.lowest(); },
                            [&](Value best, Value x) { return s.max(best, x); },
                            keepValue});
  Value shifted = e.elementwise({input, largest}, wide, [&](ValueRange x) {
    return s.sub(s.load(x[0]), x[1]);
  });
  Value powers =
      e.elementwise(shifted, wide, [&](ValueRange x) { return s.exp(x[0]); });
  Value sums =
      foldAxes(e, real, powers, flags, /*keep=*/true, rank, s.computed,
               {[&] { return s.constant(0); },
                [&](Value sum, Value x) { return s.add(sum, x); },
                [&](Value sum, Value) { return log ? s.log(sum) : sum; }});
  return e.elementwise({log ? shifted : powers, sums}, type, [&](ValueRange x) {
    return s.store(log ? s.sub(x[0], x[1]) : s.div(x[0], x[1]));
  });
}
