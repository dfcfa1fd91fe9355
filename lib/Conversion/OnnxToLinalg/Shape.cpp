//===- Shape.cpp - ops that relabel, move or repeat elements --------------===//
// Shapes, axes and repeats may all be known at run time only.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Reductions.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

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
  int64_t rank = e.dims(in.getData()).size();
  SmallVector<int64_t> perm;
  for (int64_t i = 0; i != rank; ++i)
    perm.push_back(op.getPerm() ? (*op.getPerm())[i] : rank - 1 - i);
  return e.permute(in.getData(), perm);
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
}
