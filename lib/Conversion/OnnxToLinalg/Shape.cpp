//===- Shape.cpp - ops that move or relabel elements ----------------------===//
// Shapes, axes, starts and repeats may all be known at run time only.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Reductions.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

static int64_t rankOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getRank();
}

static Type storedOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

/// The elements of a vector as indices. Its length, where only known at run
/// time, must be `length`.
static Values readVector(Emitter &e, Value vector, int64_t length) {
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

//===----------------------------------------------------------------------===//
// The same elements in another shape
//===----------------------------------------------------------------------===//

namespace {
/// A product of sizes: a number and the sizes that are not known.
struct Product {
  int64_t number = 1;
  Values factors;

  void multiply(Value size) {
    if (std::optional<int64_t> known = getConstantIntValue(size))
      number *= *known;
    else
      factors.push_back(size);
  }
  /// What `other` lacks of this product, where that is sure to be exact.
  std::optional<Product> without(const Product &other) const {
    if (other.number == 0 || number % other.number != 0)
      return std::nullopt;
    Product rest{number / other.number, factors};
    for (Value factor : other.factors) {
      auto *found = llvm::find(rest.factors, factor);
      if (found == rest.factors.end())
        return std::nullopt;
      rest.factors.erase(found);
    }
    return rest;
  }
};
} // namespace

/// The sizes that a shape operand asks for: 0 takes the input's, -1 is `rest`.
static Values readShape(Emitter &e, onnx::ReshapeOp op, Value shape,
                        ValueRange from, RankedTensorType type) {
  Values wanted = readVector(e, shape, type.getRank());
  if (int64_t(wanted.size()) != type.getRank())
    return {};
  Value zero = e.index(0);
  for (auto [i, size] : llvm::enumerate(wanted)) {
    if (!type.isDynamicDim(i))
      size = e.index(type.getDimSize(i));
    else if (!op.getAllowzero() &&
             !isa_and_nonnull<tensor::DimOp>(size.getDefiningOp()))
      size = e.select(e.compare(Pred::eq, size, zero),
                      i < from.size() ? from[i] : zero, size);
  }
  return wanted;
}

static FailureOr<Value> lowerReshape(Emitter &e, onnx::ReshapeOp op,
                                     onnx::ReshapeOp::Adaptor in) {
  RankedTensorType type = e.resultType();
  Values from = e.dims(in.getData());
  Values sizes = readShape(e, op, in.getShape(), from, type);
  if (int64_t(sizes.size()) != type.getRank())
    return e.fail("expected a shape of " + Twine(type.getRank()) + " elements");
  Value one = e.index(1), zero = e.index(0), minusOne = e.index(-1);
  Product total, known;
  SmallVector<Value *> open; // Sizes that may be -1.
  bool certain = true;
  for (Value size : from)
    total.multiply(size);
  for (Value &size : sizes) {
    if (getConstantIntValue(size) == -1 || !Emitter::isNotNegative(size))
      open.push_back(&size);
    else
      known.multiply(size);
    certain &= getConstantIntValue(size) == -1 || Emitter::isNotNegative(size);
  }
  // One size from the others, where all of these are known by name.
  std::optional<Product> rest = total.without(known);
  if (certain && open.size() <= 1 && rest) {
    Value size = e.mul(e.count(rest->factors), e.index(rest->number));
    if (open.size() == 1) {
      *open[0] = size;
      return e.reshape(in.getData(), sizes);
    }
    if (getConstantIntValue(size) == 1)
      return e.reshape(in.getData(), sizes);
  }
  Value all = e.count(from), product = one;
  for (Value size : sizes)
    product = e.mul(product,
                    e.select(e.compare(Pred::eq, size, minusOne), one, size));
  Value safe = e.select(e.compare(Pred::eq, product, zero), one, product);
  Value missing = e.div(all, safe);
  for (Value *size : open)
    *size = e.select(e.compare(Pred::eq, *size, minusOne), missing, *size);
  Value count = e.count(sizes);
  e.check(e.compare(Pred::eq, count, all),
          "expected a shape of {0} elements, got one of {1}", {all, count});
  return e.reshape(in.getData(), sizes);
}

static FailureOr<Value> lowerFlatten(Emitter &e, onnx::FlattenOp op,
                                     onnx::FlattenOp::Adaptor in) {
  Values dims = e.dims(in.getInput());
  int64_t axis = op.getAxis(), rank = dims.size();
  if (axis < -rank || axis > rank)
    return e.fail("axis out of range");
  axis = axis < 0 ? axis + rank : axis;
  ValueRange all(dims);
  return e.reshape(in.getInput(), {e.count(all.take_front(axis)),
                                   e.count(all.drop_front(axis))});
}

static FailureOr<Value> lowerSqueeze(Emitter &e, onnx::SqueezeOp op,
                                     onnx::SqueezeOp::Adaptor in) {
  Values dims = e.dims(in.getData());
  AxisFlags flags;
  if (onnx::isAbsent(op.getAxes()))
    for (Value size : dims)
      flags.push_back(e.compare(Pred::eq, size, e.index(1)));
  else
    flags = readAxes(e, in.getAxes(), dims.size(), /*noop=*/true);
  for (auto [flag, size] : llvm::zip(flags, dims))
    e.check(e.either(e.negate(flag), e.compare(Pred::eq, size, e.index(1))),
            "expected a dimension of 1 to squeeze, got {0}", size);
  int64_t rank = e.resultType().getRank();
  return e.reshape(in.getData(),
                   keptDims(e, flags, dims, /*keep=*/false, rank));
}

static FailureOr<Value> lowerUnsqueeze(Emitter &e, onnx::UnsqueezeOp op,
                                       onnx::UnsqueezeOp::Adaptor in) {
  Values dims = e.dims(in.getData()), out;
  AxisFlags flags =
      readAxes(e, in.getAxes(), e.resultType().getRank(), /*noop=*/true);
  Value place = e.index(0);
  for (Value flag : flags) {
    Value size = e.index(1);
    for (size_t i = 0; i != dims.size(); ++i)
      size = e.select(e.compare(Pred::eq, place, e.index(i)), dims[i], size);
    out.push_back(e.select(flag, e.index(1), size));
    place = e.select(flag, place, e.add(place, e.index(1)));
  }
  return e.reshape(in.getData(), out);
}

static FailureOr<Value> lowerShape(Emitter &e, onnx::ShapeOp op,
                                   onnx::ShapeOp::Adaptor in) {
  Values dims = e.dims(in.getData()), sizes;
  int64_t rank = dims.size();
  auto place = [&](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank);
  };
  int64_t end = place(op.getEnd().value_or(rank));
  for (int64_t i = place(op.getStart()); i < end; ++i)
    sizes.push_back(e.fromIndex(dims[i], e.b.getI64Type()));
  auto type = RankedTensorType::get({int64_t(sizes.size())}, e.b.getI64Type());
  return e.b.createOrFold<tensor::FromElementsOp>(e.loc, type, sizes);
}

static FailureOr<Value> lowerSize(Emitter &e, onnx::SizeOp op,
                                  onnx::SizeOp::Adaptor in) {
  Value size = e.fromIndex(e.count(e.dims(in.getData())), e.b.getI64Type());
  return e.b.createOrFold<tensor::FromElementsOp>(
      e.loc, RankedTensorType::get({}, e.b.getI64Type()), size);
}

//===----------------------------------------------------------------------===//
// Elements from other places
//===----------------------------------------------------------------------===//

static FailureOr<Value> lowerTranspose(Emitter &e, onnx::TransposeOp op,
                                       onnx::TransposeOp::Adaptor in) {
  Values from = e.dims(in.getData()), to;
  int64_t rank = from.size();
  SmallVector<int64_t> perm;
  for (int64_t i = 0; i != rank; ++i)
    perm.push_back(op.getPerm() ? (*op.getPerm())[i] : rank - 1 - i);
  for (int64_t p : perm)
    to.push_back(from[p]);
  return e.generate(to, storedOf(in.getData()), [&](ValueRange indices) {
    Values at(rank);
    for (auto [p, i] : llvm::zip(perm, indices))
      at[p] = i;
    return e.extract(in.getData(), at);
  });
}

static FailureOr<Value> lowerExpand(Emitter &e, onnx::ExpandOp op,
                                    onnx::ExpandOp::Adaptor in) {
  RankedTensorType type = e.resultType();
  Values out = readVector(e, in.getShape(), type.getRank());
  Values from = e.dims(in.getInput());
  while (out.size() < from.size())
    out.insert(out.begin(), e.index(1));
  size_t shift = out.size() - from.size();
  for (auto [i, size] : llvm::enumerate(from)) {
    Value &wanted = out[i + shift];
    if (!Emitter::same(size, wanted))
      wanted = e.select(e.compare(Pred::eq, wanted, e.index(1)), size, wanted);
  }
  if (int64_t(out.size()) != type.getRank())
    return e.fail("expected a result of rank " + Twine(out.size()));
  out = e.settle(out, type);
  e.checkBroadcast(in.getInput(), out);
  return e.generate(out, storedOf(in.getInput()), [&](ValueRange indices) {
    return e.readBroadcast(in.getInput(), out, indices);
  });
}

static FailureOr<Value> lowerTile(Emitter &e, onnx::TileOp op,
                                  onnx::TileOp::Adaptor in) {
  Values from = e.dims(in.getInput()), out;
  Values repeats = readVector(e, in.getRepeats(), from.size());
  if (repeats.size() != from.size())
    return e.fail("expected as many repeats as dimensions");
  for (auto [size, repeat] : llvm::zip(from, repeats))
    out.push_back(e.mul(size, e.max(repeat, e.index(0))));
  out = e.settle(out, e.resultType());
  return e.generate(out, storedOf(in.getInput()), [&](ValueRange indices) {
    Values at;
    for (auto [i, size] : llvm::zip(indices, from))
      at.push_back(e.rem(i, size));
    return e.extract(in.getInput(), at);
  });
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

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
    SmallVector<OpFoldResult> offsets(rank, e.b.getIndexAttr(0)), sizes;
    offsets[*axis] = getAsOpFoldResult(start);
    for (Value size : e.dims(input))
      sizes.push_back(getAsOpFoldResult(size));
    result = tensor::InsertSliceOp::create(e.b, e.loc, input, result, offsets,
                                           sizes, ones);
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

/// Start and number of elements of a slice of a dimension.
static std::pair<Value, Value> sliceRange(Emitter &e, Value size, Value start,
                                          Value end, Value step) {
  Value zero = e.index(0), last = e.sub(size, e.index(1));
  start = e.wrap(start, size);
  end = e.wrap(end, size);
  auto clamp = [&](Value x, Value low, Value high) {
    if (!Emitter::isNotNegative(x) || getConstantIntValue(low) != 0)
      x = e.max(x, low);
    return Emitter::same(x, high) || getConstantIntValue(x) == 0
               ? x
               : e.min(x, high);
  };
  Value down = e.compare(Pred::slt, step, zero);
  if (getConstantIntValue(down) == 0) {
    Value from = clamp(start, zero, size), to = clamp(end, zero, size);
    return {from, e.stepCount(from, to, step)};
  }
  Value from = clamp(start, zero, e.select(down, last, size));
  Value to = e.min(e.max(end, e.select(down, e.index(-1), zero)),
                   e.select(down, last, size));
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

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

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

void skim::lowering::addShapeLowerings(Family &family) {
  family.add<onnx::ReshapeOp>(lowerReshape);
  family.add<onnx::FlattenOp>(lowerFlatten);
  family.add<onnx::SqueezeOp>(lowerSqueeze);
  family.add<onnx::UnsqueezeOp>(lowerUnsqueeze);
  family.add<onnx::ShapeOp>(lowerShape);
  family.add<onnx::SizeOp>(lowerSize);
  family.add<onnx::TransposeOp>(lowerTranspose);
  family.add<onnx::ExpandOp>(lowerExpand);
  family.add<onnx::TileOp>(lowerTile);
  family.add<onnx::ConcatOp>(lowerConcat);
  family.add<onnx::SplitOp>(lowerSplit);
  family.add<onnx::SliceOp>(lowerSlice);
  family.add<onnx::PadOp>(lowerPad);
}
