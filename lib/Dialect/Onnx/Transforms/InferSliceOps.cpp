//===- InferSliceOps.cpp - shapes of Slice -----------------------------===//
// Starts and ends that are known by symbols, clamped as ONNX does.
//===----------------------------------------------------------------------===//

#include "Inference.h"

using namespace mlir;
using namespace skim::onnx;

using OptionalDim = std::optional<SymDim>;

/// The elements of [start, start + length) on an axis.
std::optional<SymDims> skim::onnx::sliceContents(ArrayRef<SymDim> contents,
                                                 ArrayRef<SymDim> dims,
                                                 unsigned axis, int64_t start,
                                                 int64_t length, int64_t step) {
  auto from = constantShape(dims);
  if (!from)
    return std::nullopt;
  SmallVector<int64_t> shape(*from);
  shape[axis] = length;
  SymDims part;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> source(index);
    source[axis] = start + step * index[axis];
    part.push_back(contents[flatten(source, *from)]);
  });
  return part;
}

namespace {
/// The positions start, start + step, ... that a slice takes on one axis.
struct SlicedAxis {
  SymDim start, length;
  int64_t step;
};
} // namespace

/// A start or end of a slice that runs forwards, counted from 0 and clamped to
/// [0, extent]; nothing when its sign is not known.
static OptionalDim clampIndex(const SymDim &index, const SymDim &extent) {
  if (auto value = index.constant()) {
    if (*value >= INT32_MAX)
      return extent;
    if (*value <= INT32_MIN)
      return SymDim(0);
  }
  if (isKnownLessEqual(0, index))
    return SymDim::min(index, extent);
  if (isKnownLess(index, 0))
    return SymDim::max(index + extent, 0);
  return std::nullopt;
}

/// The same for a slice that runs backwards: clamped to [-1, extent - 1].
static OptionalDim clampBackwards(const SymDim &index, const SymDim &extent) {
  auto value = index.constant();
  if (!value)
    return std::nullopt;
  if (*value <= INT32_MIN)
    return SymDim(-1);
  SymDim position = *value < 0 ? index + extent : index;
  return *value >= INT32_MAX
             ? extent - 1
             : SymDim::min(SymDim::max(position, -1), extent - 1);
}

static std::optional<SlicedAxis> sliceAxis(const SymDim &start,
                                           const SymDim &end, int64_t step,
                                           const SymDim &extent) {
  if (step < 0) {
    auto from = clampBackwards(start, extent), to = clampBackwards(end, extent);
    if (!from || !to)
      return std::nullopt;
    SymDim span = SymDim::max(*from - *to, 0);
    return SlicedAxis{*from, SymDim::floorDiv(span + (-step - 1), -step), step};
  }
  auto from = clampIndex(start, extent), to = clampIndex(end, extent);
  if (!from || !to)
    return std::nullopt;
  SymDim span =
      isKnownLessEqual(*from, *to) ? *to - *from : SymDim::max(*to - *from, 0);
  return SlicedAxis{
      *from, step == 1 ? span : SymDim::floorDiv(span + (step - 1), step),
      step};
}

static LogicalResult inferSlice(SliceOp op, Inference &in) {
  SymDims dims(in.dims(0));
  auto starts = in.contents(1), ends = in.contents(2);
  auto count = in.dims(1).size() == 1 ? in.dims(1)[0].constant()
                                      : std::optional<int64_t>();
  SmallVector<int64_t> list;
  bool known = starts && ends;
  if (in.isPresent(3)) {
    auto axes = in.constants(3);
    known &= axes.has_value();
    if (axes)
      list = *axes;
  } else if (count) {
    for (int64_t i = 0; i < *count; ++i)
      list.push_back(i);
  }
  auto axes = in.axes(list, in.rank(0));
  if (!axes)
    return failure();
  auto steps =
      in.isPresent(4) ? in.constants(4) : SmallVector<int64_t>(list.size(), 1);
  known &= steps.has_value();
  if (known && (starts->size() != list.size() || ends->size() != list.size() ||
                steps->size() != list.size()))
    return in.error("expected one start, end and step for each of " +
                    Twine(list.size()) + " axes, got " + Twine(starts->size()) +
                    ", " + Twine(ends->size()) + " and " +
                    Twine(steps->size()));
  if (!known) {
    // Only the axes that are cut change, if they are known.
    for (auto [axis, dim] : llvm::enumerate(dims))
      if (axes->empty() || llvm::is_contained(*axes, axis))
        dim = in.fresh("Slice");
    in.setDims(0, std::move(dims));
    return success();
  }
  OptionalDim element = in.element(0);
  std::optional<SymDims> contents;
  if (auto all = in.contents(0))
    contents.emplace(*all);
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    int64_t step = (*steps)[i];
    if (step == 0)
      return in.error("expected steps other than 0, got 0 on axis " +
                      Twine(axis));
    auto part = sliceAxis((*starts)[i], (*ends)[i], step, dims[axis]);
    if (!part) {
      dims[axis] = in.fresh("Slice");
      element.reset();
      contents.reset();
      continue;
    }
    if (element) {
      SymDim index = part->start + SymDim(step) * SymDim::index(axis);
      unsigned sliced = axis;
      element = element->substitute([&](const SymAtom &atom) {
        return atom.kind == SymAtom::Kind::Index && atom.axis == sliced
                   ? OptionalDim(index)
                   : std::nullopt;
      });
    }
    auto first = part->start.constant(), length = part->length.constant();
    if (contents)
      contents = first && length ? sliceContents(*contents, dims, axis, *first,
                                                 *length, step)
                                 : std::nullopt;
    dims[axis] = part->length;
  }
  in.setElement(0, element);
  in.setContents(0, contents);
  in.setDims(0, std::move(dims));
  return success();
}

void skim::onnx::addSliceRules(InferenceRules &rules) {
  rules.add<SliceOp>(&inferSlice);
}
