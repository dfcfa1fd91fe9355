//===- Parts.cpp - ops that put together and take apart -------------------===//
// Concat, Split, Slice and Pad. Starts, ends and sizes may all be known at run
// time only.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Reductions.h"
#include "skim/Dialect/Onnx/IR/SliceRange.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

static int64_t rankOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getRank();
}

/// Concatenation of small integer vectors: their elements, one by one.
static Value concatScalars(Emitter &e, ValueRange inputs) {
  Values elements;
  for (Value input : inputs)
    for (int64_t i = 0;
         i != cast<RankedTensorType>(input.getType()).getDimSize(0); ++i)
      elements.push_back(e.extract(input, e.index(i)));
  auto type = RankedTensorType::get({int64_t(elements.size())},
                                    storedOf(inputs.front()));
  return e.b.createOrFold<tensor::FromElementsOp>(e.loc, type, elements);
}

static FailureOr<Value> lowerConcat(Emitter &e, onnx::ConcatOp op,
                                    onnx::ConcatOp::Adaptor in) {
  int64_t rank = e.resultType().getRank();
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), rank);
  if (!axis)
    return e.fail("axis out of range");
  Values out = e.dims(in.getInputs().front()), starts;
  out[*axis] = e.index(0);
  for (Value input : in.getInputs()) {
    Values from = e.dims(input);
    for (int64_t i = 0; i != rank; ++i) {
      if (i == *axis || Emitter::same(from[i], out[i]))
        continue;
      e.check(e.compare(Pred::eq, from[i], out[i]),
              "expected equal dimensions " + Twine(i) + ", got {0} and {1}",
              {out[i], from[i]});
      if (getConstantIntValue(from[i]))
        out[i] = from[i];
    }
    starts.push_back(out[*axis]);
    out[*axis] = e.add(out[*axis], from[*axis]);
  }
  if (rank == 1 && Emitter::isSmall(out, storedOf(in.getInputs().front())))
    return concatScalars(e, in.getInputs());
  Value result = e.empty(out, storedOf(in.getInputs().front()));
  SmallVector<OpFoldResult> ones(rank, e.b.getIndexAttr(1));
  for (auto [input, start] : llvm::zip(in.getInputs(), starts)) {
    // Nothing to insert, and no place that MLIR would accept for it.
    if (llvm::is_contained(cast<RankedTensorType>(input.getType()).getShape(),
                           0))
      continue;
    SmallVector<OpFoldResult> offsets(rank, e.b.getIndexAttr(0));
    offsets[*axis] = getAsOpFoldResult(start);
    Values part(out);
    part[*axis] = e.dim(input, *axis);
    result = tensor::InsertSliceOp::create(e.b, e.loc, e.withSizes(input, part),
                                           result, offsets,
                                           getAsOpFoldResult(part), ones);
  }
  return result;
}

/// `sizes` elements from `starts` on, `steps` apart.
static Value takePart(Emitter &e, Value tensor, ValueRange starts,
                      ValueRange sizes, ValueRange steps) {
  return e.generate(sizes, storedOf(tensor), [&](ValueRange indices) {
    Values at;
    for (auto [i, start, step] : llvm::zip(indices, starts, steps))
      at.push_back(e.add(e.mul(i, step), start));
    return e.extract(tensor, at);
  });
}

static FailureOr<Values> lowerSplit(Emitter &e, onnx::SplitOp op,
                                    onnx::SplitOp::Adaptor in) {
  Values dims = e.dims(in.getInput());
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), dims.size());
  if (!axis)
    return e.fail("axis out of range");
  int64_t parts = op.getNumResults();
  Values sizes;
  if (!onnx::isAbsent(op.getSplit())) {
    sizes = readVector(e, in.getSplit(), parts);
    if (int64_t(sizes.size()) != parts)
      return e.fail("expected as many sizes as results");
  } else {
    Value part = e.div(e.add(dims[*axis], e.index(parts - 1)), e.index(parts));
    for (int64_t i = 0; i != parts; ++i) {
      Value rest = e.sub(dims[*axis], e.mul(part, e.index(i)));
      sizes.push_back(e.max(e.min(part, rest), e.index(0)));
    }
  }
  Values results, starts(dims.size(), e.index(0));
  Values steps(dims.size(), e.index(1));
  for (Value size : sizes) {
    e.check(e.compare(Pred::sge, size, e.index(0)),
            "expected sizes of 0 or more, got {0}", size);
    Values part = dims;
    part[*axis] = size;
    Value end = e.add(starts[*axis], size);
    e.check(e.compare(Pred::sle, end, dims[*axis]),
            "expected parts of {0} elements, got {1} or more",
            {dims[*axis], end});
    results.push_back(takePart(e, in.getInput(), starts, part, steps));
    starts[*axis] = end;
  }
  return results;
}

/// A start or an end of a slice, counted from 0, within its limits.
static Value clampTo(Emitter &e, Value x, Value size, Value down,
                     onnx::SliceLimits backward, onnx::SliceLimits forward) {
  bool isForward = getConstantIntValue(down) == 0;
  Value low = e.select(down, e.index(backward.low), e.index(forward.low));
  Value high = e.add(
      size, e.select(down, e.index(backward.high), e.index(forward.high)));
  if (!Emitter::isNotNegative(x) || getConstantIntValue(low) != 0)
    x = e.max(x, low);
  // Forwards `high` is the size, which is not negative.
  return Emitter::same(x, high) || (isForward && getConstantIntValue(x) == 0)
             ? x
             : e.min(x, high);
}

/// Start and number of elements of a slice of a dimension.
static std::pair<Value, Value> sliceRange(Emitter &e, Value size, Value start,
                                          Value end, Value step) {
  Value down = e.compare(Pred::slt, step, e.index(0));
  Value from = clampTo(e, e.wrap(start, size), size, down,
                       onnx::getStartLimits(true), onnx::getStartLimits(false));
  Value to = clampTo(e, e.wrap(end, size), size, down, onnx::getEndLimits(true),
                     onnx::getEndLimits(false));
  return {from, e.stepCount(from, to, step)};
}

static FailureOr<Value> lowerSlice(Emitter &e, onnx::SliceOp op,
                                   onnx::SliceOp::Adaptor in) {
  Values dims = e.dims(in.getData());
  int64_t rank = dims.size();
  Values starts = readVector(e, in.getStarts(), rank);
  int64_t number = starts.size();
  Values ends = readVector(e, in.getEnds(), number), axes, steps;
  if (!onnx::isAbsent(op.getAxes()))
    axes = readVector(e, in.getAxes(), number);
  else
    for (int64_t i = 0; i != number; ++i)
      axes.push_back(e.index(i));
  if (!onnx::isAbsent(op.getSteps()))
    steps = readVector(e, in.getSteps(), number);
  else
    steps.assign(number, e.index(1));
  if (int64_t(ends.size()) != number || int64_t(axes.size()) != number ||
      int64_t(steps.size()) != number)
    return e.fail("expected as many ends, axes and steps as starts");
  Values from(rank, e.index(0)), sizes = dims, by(rank, e.index(1));
  for (int64_t j = 0; j != number; ++j) {
    Value axis = wrapAxis(e, axes[j], rank);
    for (int64_t i = 0; i != rank; ++i) {
      Value here = e.compare(Pred::eq, axis, e.index(i));
      if (getConstantIntValue(here) == 0)
        continue;
      auto [start, size] = sliceRange(e, dims[i], starts[j], ends[j], steps[j]);
      from[i] = e.select(here, start, from[i]);
      sizes[i] = e.select(here, size, sizes[i]);
      by[i] = e.select(here, steps[j], by[i]);
    }
  }
  return takePart(e, in.getData(), from, e.settle(sizes, e.resultType()), by);
}

/// The source of index `i` (may lie outside) in a dimension that is continued.
static Value continued(Emitter &e, StringRef mode, Value i, Value size) {
  Value zero = e.index(0), one = e.index(1), last = e.sub(size, one);
  auto modulo = [&](Value x, Value y) {
    Value safe = e.max(y, one);
    Value r = arith::RemSIOp::create(e.b, e.loc, x, safe);
    return e.select(e.compare(Pred::slt, r, zero), e.add(r, safe), r);
  };
  if (mode == "edge")
    return e.max(e.min(i, last), zero);
  if (mode == "wrap")
    return modulo(i, size);
  Value period = e.mul(last, e.index(2));
  Value r = modulo(i, period);
  return e.select(e.compare(Pred::sgt, r, last), e.sub(period, r), r);
}

static FailureOr<Value> lowerPad(Emitter &e, onnx::PadOp op,
                                 onnx::PadOp::Adaptor in) {
  Scalars s(e, elementOf(op.getData()));
  Values dims = e.dims(in.getData());
  int64_t rank = dims.size();
  Values axes;
  if (onnx::isAbsent(op.getAxes()))
    for (int64_t i = 0; i != rank; ++i)
      axes.push_back(e.index(i));
  else
    axes = readVector(e, in.getAxes(), rank);
  Values pads = readVector(e, in.getPads(), 2 * axes.size());
  if (pads.size() != 2 * axes.size())
    return e.fail("expected two pads for each axis");
  Values low(rank, e.index(0)), out = dims;
  for (size_t j = 0; j != axes.size(); ++j) {
    Value axis = wrapAxis(e, axes[j], rank);
    Value both = e.add(pads[j], pads[j + axes.size()]);
    for (int64_t i = 0; i != rank; ++i) {
      Value here = e.compare(Pred::eq, axis, e.index(i));
      low[i] = e.select(here, pads[j], low[i]);
      out[i] = e.select(here, e.max(e.add(dims[i], both), e.index(0)), out[i]);
    }
  }
  out = e.settle(out, e.resultType());
  bool constant = op.getMode() == "constant";
  for (Value size : dims)
    if (!constant)
      e.checkReadable(size, out);
  Value filler;
  if (constant && !onnx::isAbsent(op.getConstantValue())) {
    Values first(rankOf(in.getConstantValue()), e.index(0));
    filler = e.extract(in.getConstantValue(), first);
  } else {
    filler = s.store(s.constant(0));
  }
  return e.generate(out, s.stored, [&](ValueRange indices) {
    Values at;
    Value inside = e.boolean(true);
    for (auto [i, before, size] : llvm::zip(indices, low, dims)) {
      Value from = e.sub(i, before);
      if (!constant)
        from = continued(e, op.getMode(), from, size);
      at.push_back(from);
      // One comparison: negative numbers are large when taken as unsigned.
      inside = e.both(inside, e.compare(Pred::ult, from, size));
    }
    if (!constant)
      return e.extract(in.getData(), at);
    return e.ifElse(
        s.stored, inside, [&] { return Values{e.extract(in.getData(), at)}; },
        [&] { return Values{filler}; })[0];
  });
}

void skim::lowering::addPartLowerings(Family &family) {
  family.add<onnx::ConcatOp>(lowerConcat);
  family.add<onnx::SplitOp>(lowerSplit);
  family.add<onnx::SliceOp>(lowerSlice);
  family.add<onnx::PadOp>(lowerPad);
}
