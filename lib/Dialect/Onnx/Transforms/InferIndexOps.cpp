//===- InferIndexOps.cpp - shapes of ops that select by index -------------===//
// Gather and its like, Range and ConstantOfShape; ops whose result depends on
// data get symbols of their own.
//===----------------------------------------------------------------------===//

#include "Inference.h"

using namespace mlir;
using namespace skim::onnx;

using OptionalDim = std::optional<SymDim>;

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// An index counted from 0, where its sign is known.
static OptionalDim nonNegative(const SymDim &index, const SymDim &extent,
                               ArrayRef<SymDim> extents) {
  if (isKnownLessEqual(0, index, extents))
    return index;
  if (isKnownLess(index, 0, extents))
    return index + extent;
  return std::nullopt;
}

/// data's element function read at an index that is itself a function.
static OptionalDim gatherElement(GatherOp op, Inference &in, unsigned axis) {
  OptionalDim data = in.element(0), index = in.element(1);
  if (!data || !data->usesIndex())
    return data;
  if (!index)
    return std::nullopt;
  index = nonNegative(*index, in.dims(0)[axis], in.dims(1));
  if (!index)
    return std::nullopt;
  unsigned indexRank = in.rank(1);
  SmallVector<std::optional<unsigned>> shifted;
  for (unsigned k = 0; k < indexRank; ++k)
    shifted.push_back(axis + k);
  SymDim place = renameAxes(*index, shifted);
  return data->substitute([&](const SymAtom &atom) -> OptionalDim {
    if (atom.kind != SymAtom::Kind::Index)
      return std::nullopt;
    if (atom.axis == axis)
      return place;
    return SymDim::index(atom.axis < axis ? atom.axis
                                          : atom.axis + indexRank - 1);
  });
}

static std::optional<SymDims> gatherContents(Inference &in, unsigned axis,
                                             ArrayRef<SymDim> dims) {
  auto data = in.contents(0);
  auto indices = in.constants(1);
  auto shape = constantShape(dims), from = constantShape(in.dims(0)),
       places = constantShape(in.dims(1));
  if (!data || !indices || !shape || !from || !places)
    return std::nullopt;
  SymDims contents;
  forEachIndex(*shape, [&](ArrayRef<int64_t> index) {
    int64_t at =
        (*indices)[flatten(index.slice(axis, places->size()), *places)];
    SmallVector<int64_t> source(index.take_front(axis));
    source.push_back(at < 0 ? at + (*from)[axis] : at);
    llvm::append_range(source, index.drop_front(axis + places->size()));
    contents.push_back((*data)[flatten(source, *from)]);
  });
  return contents;
}

static LogicalResult inferGather(GatherOp op, Inference &in) {
  auto axis = in.axis(op.getAxis(), in.rank(0));
  if (!axis)
    return failure();
  ArrayRef<SymDim> from = in.dims(0);
  auto extent = from[*axis].constant();
  if (auto indices = in.constants(1); indices && extent)
    for (int64_t index : *indices)
      if (index < -*extent || index >= *extent)
        return in.error("expected indices in [" + Twine(-*extent) + ", " +
                        Twine(*extent) + "), got " + Twine(index));
  SymDims dims(from.take_front(*axis));
  llvm::append_range(dims, in.dims(1));
  llvm::append_range(dims, from.drop_front(*axis + 1));
  in.setElement(0, gatherElement(op, in, *axis));
  in.setContents(0, gatherContents(in, *axis, dims));
  in.setDims(0, std::move(dims));
  return success();
}

static LogicalResult inferGatherElements(GatherElementsOp op, Inference &in) {
  auto axis = in.axis(op.getAxis(), in.rank(0));
  if (!axis)
    return failure();
  if (in.rank(0) != in.rank(1))
    return in.error("expected indices of rank " + Twine(in.rank(0)) +
                    ", got rank " + Twine(in.rank(1)));
  OptionalDim data = in.element(0), index = in.element(1);
  if (index)
    index = nonNegative(*index, in.dims(0)[*axis], in.dims(1));
  if (data && data->usesIndex())
    data = index ? OptionalDim(data->substitute([&](const SymAtom &atom) {
      return atom.kind == SymAtom::Kind::Index && atom.axis == *axis
                 ? index
                 : std::nullopt;
    }))
                 : std::nullopt;
  in.setElement(0, data);
  in.setDims(0, SymDims(in.dims(1)));
  return success();
}

static LogicalResult inferGatherND(GatherNDOp op, Inference &in) {
  ArrayRef<SymDim> data = in.dims(0), indices = in.dims(1);
  int64_t batch = op.getBatchDims();
  if (data.empty() || indices.empty() || batch < 0 ||
      batch >= static_cast<int64_t>(std::min(data.size(), indices.size())))
    return in.error("expected batch_dims below the ranks " +
                    Twine(data.size()) + " and " + Twine(indices.size()) +
                    ", got " + Twine(batch));
  auto depth = indices.back().constant();
  if (!depth)
    return success();
  if (*depth < 1 || batch + *depth > static_cast<int64_t>(data.size()))
    return in.error("expected index tuples of length 1 to " +
                    Twine(data.size() - batch) + ", got " + Twine(*depth));
  SymDims dims(indices.drop_back());
  llvm::append_range(dims, data.drop_front(batch + *depth));
  in.setElement(0, in.splat(0));
  in.setDims(0, std::move(dims));
  return success();
}

/// Scatters give the shape of their data.
static LogicalResult inferScatter(Operation *op, Inference &in) {
  in.setDims(0, SymDims(in.dims(0)));
  return success();
}

//===----------------------------------------------------------------------===//
// Generators
//===----------------------------------------------------------------------===//

/// A constant float.
static std::optional<double> floatOf(Value value) {
  ElementsAttr constant = getConstant(value);
  if (!constant || !isa<FloatType>(constant.getElementType()) ||
      constant.getNumElements() != 1)
    return std::nullopt;
  auto elements = constant.tryGetValues<APFloat>();
  if (!elements)
    return std::nullopt;
  return (*(*elements).begin()).convertToDouble();
}

/// The number of elements of a range of floats: of constants, or by steps of 1
/// up to an integer that was converted.
static std::optional<SymDim> floatRangeLength(RangeOp op, const Inference &in) {
  auto start = floatOf(op.getStart()), limit = floatOf(op.getLimit()),
       delta = floatOf(op.getDelta());
  if (!start || !delta || *delta == 0)
    return std::nullopt;
  if (limit) {
    double length = std::ceil((*limit - *start) / *delta);
    return SymDim(length > 0 ? static_cast<int64_t>(length) : 0);
  }
  auto whole = in.convertedScalar(1);
  if (!whole || *delta != 1 || !(std::abs(*start) < 0x1p53))
    return std::nullopt;
  SymDim length = *whole - SymDim(static_cast<int64_t>(std::floor(*start)));
  return isKnownLessEqual(0, length) ? length : SymDim::max(length, 0);
}

static LogicalResult inferRange(RangeOp op, Inference &in) {
  OptionalDim start = in.scalar(0), limit = in.scalar(1), delta = in.scalar(2);
  auto step = delta ? delta->constant() : std::nullopt;
  if (step && *step == 0)
    return in.error("expected a delta other than 0, got 0");
  if (!start || !limit || !step) {
    auto length = floatRangeLength(op, in);
    in.setDims(0, {length ? *length : in.fresh("Range")});
    return success();
  }
  SymDim span = *step > 0 ? *limit - *start : *start - *limit;
  int64_t by = std::abs(*step);
  if (!isKnownLessEqual(0, span))
    span = SymDim::max(span, 0);
  in.setDims(0, {by == 1 ? span : SymDim::floorDiv(span + (by - 1), by)});
  in.setElement(0, *start + SymDim(*step) * SymDim::index(0));
  return success();
}

static LogicalResult inferConstantOfShape(ConstantOfShapeOp op, Inference &in) {
  SymDims dims;
  if (auto shape = in.contents(0)) {
    dims.assign(shape->begin(), shape->end());
  } else {
    auto rank =
        in.rank(0) == 1 ? in.dims(0)[0].constant() : std::optional<int64_t>();
    if (!rank)
      return success();
    for (int64_t i = 0; i < *rank; ++i)
      dims.push_back(in.fresh("ConstantOfShape"));
  }
  for (const SymDim &dim : dims)
    if (auto extent = dim.constant(); extent && *extent < 0)
      return in.error("expected a shape without negative dimensions, got " +
                      toString(dims));
  if (ElementsAttr value = op.getValueAttr()) {
    if (auto type = dyn_cast<IntegerType>(value.getElementType()))
      if (auto ints = value.tryGetValues<APInt>();
          ints && value.getNumElements() == 1) {
        APInt v = *(*ints).begin();
        in.setElement(0, SymDim(type.isUnsigned() || type.getWidth() == 1
                                    ? static_cast<int64_t>(v.getZExtValue())
                                    : v.getSExtValue()));
      }
  }
  in.setDims(0, std::move(dims));
  return success();
}

static LogicalResult inferEyeLike(EyeLikeOp op, Inference &in) {
  if (in.rank(0) != 2)
    return in.error("expected an input of rank 2, got rank " +
                    Twine(in.rank(0)));
  in.setDims(0, SymDims(in.dims(0)));
  return success();
}

static LogicalResult inferOneHot(OneHotOp op, Inference &in) {
  auto axis = in.axis(op.getAxis(), in.rank(0) + 1);
  if (!axis)
    return failure();
  OptionalDim depth = in.scalar(1);
  SymDims dims(in.dims(0));
  dims.insert(dims.begin() + *axis, depth ? *depth : in.fresh("OneHot"));
  in.setDims(0, std::move(dims));
  return success();
}

//===----------------------------------------------------------------------===//
// Selections that depend on data
//===----------------------------------------------------------------------===//

static LogicalResult inferTopK(TopKOp op, Inference &in) {
  auto axis = in.axis(op.getAxis(), in.rank(0));
  if (!axis)
    return failure();
  OptionalDim k = in.scalar(1);
  SymDims dims(in.dims(0));
  auto number = k ? k->constant() : std::nullopt;
  auto extent = dims[*axis].constant();
  if (number && extent && *number > *extent)
    return in.error("expected k of at most " + Twine(*extent) + ", got " +
                    Twine(*number));
  dims[*axis] = k ? *k : in.fresh("TopK");
  in.setDims(0, dims);
  in.setDims(1, dims);
  return success();
}

static LogicalResult inferNonZero(NonZeroOp op, Inference &in) {
  // Of a vector of ones: every position, as exporters write a range.
  auto each = in.splat(0) ? in.splat(0)->constant() : std::nullopt;
  if (in.rank(0) == 1 && each && *each != 0) {
    in.setDims(0, {SymDim(1), in.dims(0)[0]});
    in.setElement(0, SymDim::index(1));
    return success();
  }
  // A scalar counts as a list of one.
  in.setDims(0, {std::max<int64_t>(in.rank(0), 1), in.fresh("NonZero")});
  return success();
}

static LogicalResult inferCompress(CompressOp op, Inference &in) {
  if (!op.getAxis()) {
    in.setDims(0, {in.fresh("Compress")});
    return success();
  }
  auto axis = in.axis(*op.getAxis(), in.rank(0));
  if (!axis)
    return failure();
  SymDims dims(in.dims(0));
  dims[*axis] = in.fresh("Compress");
  in.setDims(0, std::move(dims));
  return success();
}

void skim::onnx::addIndexRules(InferenceRules &rules) {
  rules.add<CompressOp>(&inferCompress);
  rules.add<ConstantOfShapeOp>(&inferConstantOfShape);
  rules.add<EyeLikeOp>(&inferEyeLike);
  rules.add<GatherElementsOp>(&inferGatherElements);
  rules.add<GatherNDOp>(&inferGatherND);
  rules.add<GatherOp>(&inferGather);
  rules.add<NonZeroOp>(&inferNonZero);
  rules.add<OneHotOp>(&inferOneHot);
  rules.add<RangeOp>(&inferRange);
  rules.addAll<ScatterElementsOp, ScatterNDOp>(&inferScatter);
  rules.add<TopKOp>(&inferTopK);
}
