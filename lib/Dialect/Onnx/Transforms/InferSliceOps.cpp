//===- InferSliceOps.cpp - shapes of Slice -----------------------------===//
// Starts and ends that are known by symbols, clamped as ONNX does.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "skim/Dialect/Onnx/IR/SliceRange.h"

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

/// Ends from here on mean the end of an axis: exporters write the largest
/// number of some type, tf2onnx also 10^9.
static constexpr int64_t kEndOfAxis = 1'000'000'000;

/// No axis has more elements.
static constexpr int64_t kLongestAxis = int64_t(1) << 46;

/// Whether `extent` is `limit` or what is left of it where an axis is shorter.
static bool isAtMost(const SymDim &extent, const SymDim &limit) {
  const SymAtom *atom = extent.singleAtom();
  return extent == limit || (atom && atom->kind == SymAtom::Kind::Min &&
                             llvm::is_contained(atom->args, limit));
}

/// A start or end of a slice that runs forwards, counted from 0 and clamped to
/// [0, extent]; nothing when its sign is not known.
static OptionalDim clampIndex(const SymDim &index, const SymDim &extent) {
  if (auto value = index.constant()) {
    if (*value >= kEndOfAxis)
      return extent;
    if (*value <= INT32_MIN)
      return SymDim(0);
  }
  if (isKnownLessEqual(0, index))
    return SymDim::min(index, extent);
  if (isKnownLess(index, 0))
    return SymDim::max(index + extent, 0);
  // From the front: `-S` of an axis of S or fewer, which may have none.
  if (isKnownLessEqual(index, 0) && isAtMost(extent, -index))
    return SymDim(0);
  return std::nullopt;
}

/// The same for a slice that runs backwards.
static OptionalDim clampBackwards(const SymDim &index, const SymDim &extent,
                                  SliceLimits limits) {
  auto value = index.constant();
  if (!value)
    return std::nullopt;
  SymDim last = extent + SymDim(limits.high);
  SymDim position = *value < 0 ? index + extent : index;
  if (*value >= kEndOfAxis || position == last)
    return last;
  position = *value <= INT32_MIN ? SymDim(limits.low)
                                 : SymDim::max(position, limits.low);
  return SymDim::min(position, last);
}

static std::optional<SlicedAxis> sliceAxis(const SymDim &start,
                                           const SymDim &end, int64_t step,
                                           const SymDim &extent) {
  if (step < 0) {
    auto from = clampBackwards(start, extent, getStartLimits(true)),
         to = clampBackwards(end, extent, getEndLimits(true));
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

namespace {
/// What is known of a tensor while it is cut axis by axis.
struct SliceFacts {
  SymDims dims;
  OptionalDim element;
  std::optional<SymDims> contents;
};
} // namespace

/// Cuts one axis.
static void cutAxis(SliceFacts &facts, Inference &in, unsigned axis,
                    const SymDim &start, const SymDim &end, int64_t step) {
  // A longer step takes one element as well, and overflows.
  step = std::clamp(step, -kLongestAxis, kLongestAxis);
  auto part = sliceAxis(start, end, step, facts.dims[axis]);
  if (!part) {
    facts.dims[axis] = in.fresh("Slice");
    facts.element.reset();
    facts.contents.reset();
    return;
  }
  if (facts.element) {
    SymDim index = part->start + SymDim(step) * SymDim::index(axis);
    facts.element = facts.element->substitute([&](const SymAtom &atom) {
      return atom.kind == SymAtom::Kind::Index && atom.axis == axis
                 ? OptionalDim(index)
                 : std::nullopt;
    });
  }
  auto first = part->start.constant(), length = part->length.constant();
  if (facts.contents)
    facts.contents = first && length
                         ? sliceContents(*facts.contents, facts.dims, axis,
                                         *first, *length, step)
                         : std::nullopt;
  facts.dims[axis] = part->length;
}

/// The axes that the op names, or the first ones where it names none; `known`
/// is cleared where they are not constant.
static std::optional<SmallVector<unsigned>> slicedAxes(Inference &in,
                                                       bool &known) {
  SmallVector<int64_t> list;
  if (in.isPresent(3)) {
    auto axes = in.constants(3);
    known &= axes.has_value();
    if (axes)
      list = *axes;
  } else if (in.dims(1).size() == 1) {
    // One more than there are is an error.
    int64_t count =
        std::min<int64_t>(in.dims(1)[0].constant().value_or(0), in.rank(0) + 1);
    for (int64_t i = 0; i < count; ++i)
      list.push_back(i);
  }
  return in.axes(list, in.rank(0));
}

static LogicalResult inferSlice(SliceOp op, Inference &in) {
  SliceFacts facts{SymDims(in.dims(0)), in.element(0), std::nullopt};
  auto starts = in.contents(1), ends = in.contents(2);
  bool known = starts && ends;
  auto axes = slicedAxes(in, known);
  if (!axes)
    return failure();
  size_t count = axes->size();
  auto steps =
      in.isPresent(4) ? in.constants(4) : SmallVector<int64_t>(count, 1);
  known &= steps.has_value();
  if (!known) {
    // Only the axes that are cut change, if they are known.
    for (auto [axis, dim] : llvm::enumerate(facts.dims))
      if (axes->empty() || llvm::is_contained(*axes, axis))
        dim = in.fresh("Slice");
    in.setDims(0, std::move(facts.dims));
    return success();
  }
  if (starts->size() != count || ends->size() != count ||
      steps->size() != count)
    return in.error("expected one start, end and step for each of " +
                    Twine(count) + " axes, got " + Twine(starts->size()) +
                    ", " + Twine(ends->size()) + " and " +
                    Twine(steps->size()));
  if (auto all = in.contents(0))
    facts.contents.emplace(*all);
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    if ((*steps)[i] == 0)
      return in.error("expected steps other than 0, got 0 on axis " +
                      Twine(axis));
    cutAxis(facts, in, axis, (*starts)[i], (*ends)[i], (*steps)[i]);
  }
  in.setElement(0, facts.element);
  in.setContents(0, facts.contents);
  in.setDims(0, std::move(facts.dims));
  return success();
}

void skim::onnx::addSliceRules(InferenceRules &rules) {
  rules.add<SliceOp>(&inferSlice);
}
