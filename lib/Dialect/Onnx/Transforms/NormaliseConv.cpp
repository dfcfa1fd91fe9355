//===- NormaliseConv.cpp - convolutions that are products -----------------===//
// Windows that do not overlap are vectors that one matrix is multiplied with:
// patches of an image, single positions of a sequence. Those that do overlap
// are put side by side first, where they are a few positions of many channels.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
/// Windows side by side: their size and how many there are in each spatial
/// dimension, and the channels before and after.
struct Patches {
  SmallVector<int64_t> kernel, counts;
  int64_t inner = 0, outer = 0;
  int64_t size = 1, windows = 1; // Products of the two lists.
  bool areCounted = true;        // Every count is known, and nothing is left.

  /// Windows of one position of a sequence, whose length need not be known.
  bool arePositions() const { return size == 1 && kernel.size() == 1; }
};

/// Conv whose windows lie side by side, without pads: a MatMul of the windows,
/// `[batch, windows, channels x kernel]`, by the weights as one matrix.
struct ConvOfPatches : NormalisePattern<ConvOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override;

private:
  std::optional<Patches> measure(ConvOp op) const;
  Value cut(PatternRewriter &rewriter, ConvOp op, const Patches &patches) const;

  Value reshape(PatternRewriter &rewriter, Value value,
                ArrayRef<int64_t> shape) const {
    Location loc = value.getLoc();
    return buildReshape(rewriter, state, loc, value,
                        buildInts(rewriter, loc, shape));
  }
};
} // namespace

/// Nothing where windows overlap, or leave positions out.
std::optional<Patches> ConvOfPatches::measure(ConvOp op) const {
  auto from = shapes.dims(op.getX()), weight = shapes.dims(op.getW());
  if (!from || !weight || op.getGroup() != 1 ||
      llvm::any_of(op.getPads(), [](int64_t pad) { return pad != 0; }))
    return std::nullopt;
  auto inner = (*weight)[1].constant(), outer = (*weight)[0].constant();
  if (!inner || !outer)
    return std::nullopt;
  Patches patches;
  patches.inner = *inner;
  patches.outer = *outer;
  for (auto [i, stride] : llvm::enumerate(op.getStrides())) {
    auto window = (*weight)[i + 2].constant();
    if (window != stride || (op.getDilations()[i] != 1 && *window != 1))
      return std::nullopt;
    auto extent = (*from)[i + 2].constant();
    patches.areCounted &= extent && *extent % *window == 0;
    patches.kernel.push_back(*window);
    patches.counts.push_back(extent ? *extent / *window : 0);
    patches.size *= *window;
    patches.windows *= patches.counts.back();
  }
  return patches;
}

/// The input as `[batch, channels x kernel, windows]`.
Value ConvOfPatches::cut(PatternRewriter &rewriter, ConvOp op,
                         const Patches &patches) const {
  Value x = op.getX();
  size_t spatial = patches.kernel.size();
  if (patches.size != 1) {
    SmallVector<int64_t> split = {0, 0}, perm = {0, 1};
    for (size_t i = 0; i < spatial; ++i) {
      split.append({patches.counts[i], patches.kernel[i]});
      perm.push_back(3 + 2 * i);
    }
    for (size_t i = 0; i < spatial; ++i)
      perm.push_back(2 + 2 * i);
    x = buildTranspose(rewriter, state, reshape(rewriter, x, split), perm);
  }
  return reshape(rewriter, x,
                 {0, patches.inner * patches.size, patches.windows});
}

LogicalResult ConvOfPatches::matchAndRewrite(ConvOp op,
                                             PatternRewriter &rewriter) const {
  std::optional<Patches> patches = measure(op);
  if (!patches || (!patches->areCounted && !patches->arePositions()))
    return rewriter.notifyMatchFailure(op, "no windows side by side");
  bool arePositions = patches->arePositions();
  Value rows = arePositions ? op.getX() : cut(rewriter, op, *patches);
  Value matrix =
      buildTranspose(rewriter, state,
                     reshape(rewriter, op.getW(),
                             {patches->outer, patches->inner * patches->size}),
                     {1, 0});
  Type type = elementType(op.getX());
  Value y = state.build<MatMulOp>(
      rewriter, op.getLoc(), type,
      buildTranspose(rewriter, state, rows, {0, 2, 1}), matrix);
  if (!isAbsent(op.getB()))
    y = state.build<AddOp>(rewriter, op.getLoc(), type, y, op.getB());
  y = buildTranspose(rewriter, state, y, {0, 2, 1});
  if (!arePositions) {
    SmallVector<int64_t> shape = {0, patches->outer};
    shape.append(patches->counts);
    y = reshape(rewriter, y, shape);
  }
  rewriter.replaceOp(op, y);
  return success();
}

namespace {
/// Conv of single positions in a few groups of channels: a MatMul for each
/// group, of its channels and its part of the weights, side by side.
struct ConvOfGroups : NormalisePattern<ConvOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    auto weight = shapes.dims(op.getW());
    auto sizes =
        weight && weight->size() == 3 ? constantShape(*weight) : std::nullopt;
    int64_t groups = op.getGroup();
    if (!sizes || (*sizes)[2] != 1 || op.getStrides()[0] != 1 ||
        op.getPads()[0] != 0 || op.getPads()[1] != 0)
      return rewriter.notifyMatchFailure(op, "not of single positions");
    int64_t inner = (*sizes)[1], outer = (*sizes)[0] / groups;
    if (groups < 2 || inner < kLeastChannels || outer < kLeastChannels)
      return rewriter.notifyMatchFailure(op, "no wide groups");
    Type type = elementType(op.getX());
    Location loc = op.getLoc();
    Value rows = buildTranspose(rewriter, state, op.getX(), {0, 2, 1});
    SmallVector<Value> parts;
    for (int64_t group = 0; group < groups; ++group) {
      Value matrix = slice(rewriter, op.getW(), 0, group * outer, outer);
      matrix =
          buildTranspose(rewriter, state,
                         state.build<SqueezeOp>(rewriter, loc, type, matrix,
                                                buildInts(rewriter, loc, {2})),
                         {1, 0});
      Value part = state.build<MatMulOp>(
          rewriter, loc, type, slice(rewriter, rows, 2, group * inner, inner),
          matrix);
      if (!isAbsent(op.getB()))
        part = state.build<AddOp>(
            rewriter, loc, type, part,
            slice(rewriter, op.getB(), 0, group * outer, outer));
      parts.push_back(part);
    }
    Value y = state.build<ConcatOp>(rewriter, loc, type, parts,
                                    rewriter.getI64IntegerAttr(2));
    rewriter.replaceOp(op, buildTranspose(rewriter, state, y, {0, 2, 1}));
    return success();
  }

private:
  /// Narrower groups are left to what computes every window's sum.
  static constexpr int64_t kLeastChannels = 16;

  Value slice(PatternRewriter &rewriter, Value value, int64_t axis,
              int64_t begin, int64_t size) const {
    Location loc = value.getLoc();
    return state.build<SliceOp>(rewriter, loc, elementType(value), value,
                                buildInts(rewriter, loc, {begin}),
                                buildInts(rewriter, loc, {begin + size}),
                                buildInts(rewriter, loc, {axis}),
                                buildInts(rewriter, loc, {1}));
  }
};
} // namespace

namespace {
/// Conv of windows that overlap: the channels of a window's positions side by
/// side, times the weights as one matrix. Whole rows of channels are copied,
/// and the matrix is a constant; so it costs a copy for each position of the
/// window, and the product has the kernel of a layer.
struct ConvOfWindows : NormalisePattern<ConvOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override;

private:
  /// More positions of fewer channels are left to what computes every number's
  /// place.
  static constexpr int64_t kMostTaps = 16, kLeastChannels = 16;

  Value lists(PatternRewriter &rewriter, ConvOp op, ArrayRef<int64_t> tap,
              ArrayRef<SymDim> counts, bool ends) const;
  Value pad(PatternRewriter &rewriter, ConvOp op, Value rows) const;
  Value join(PatternRewriter &rewriter, ConvOp op, ArrayRef<int64_t> kernel,
             ArrayRef<SymDim> counts) const;
  Value matrix(PatternRewriter &rewriter, ConvOp op,
               ArrayRef<int64_t> weight) const;
};
} // namespace

/// Where a tap of all windows begins in each spatial dimension, or ends.
Value ConvOfWindows::lists(PatternRewriter &rewriter, ConvOp op,
                           ArrayRef<int64_t> tap, ArrayRef<SymDim> counts,
                           bool ends) const {
  SymDims places;
  for (auto [i, k] : llvm::enumerate(tap)) {
    SymDim place = k * op.getDilations()[i];
    if (ends)
      place = place + (counts[i] - 1) * SymDim(op.getStrides()[i]) + 1;
    places.push_back(place);
  }
  return state.buildShape(rewriter, op.getLoc(), places);
}

/// `[batch, spatial.., channels]` with zeros around.
Value ConvOfWindows::pad(PatternRewriter &rewriter, ConvOp op,
                         Value rows) const {
  size_t spatial = op.getStrides().size();
  if (llvm::all_of(op.getPads(), [](int64_t pad) { return pad == 0; }))
    return rows;
  SmallVector<int64_t> pads(2 * (spatial + 2), 0);
  for (size_t i = 0; i < spatial; ++i) {
    pads[1 + i] = op.getPads()[i];
    pads[spatial + 3 + i] = op.getPads()[spatial + i];
  }
  Location loc = op.getLoc();
  Value none = NoneOp::create(rewriter, loc);
  return state.build<PadOp>(rewriter, loc, elementType(rows), rows,
                            buildInts(rewriter, loc, pads), none, none,
                            rewriter.getStringAttr("constant"));
}

/// `[kernel.. x inner, outer]` of `[outer, inner, kernel..]`.
Value ConvOfWindows::matrix(PatternRewriter &rewriter, ConvOp op,
                            ArrayRef<int64_t> weight) const {
  SmallVector<int64_t> perm;
  for (size_t i = 2; i < weight.size(); ++i)
    perm.push_back(i);
  perm.append({1, 0});
  return buildReshape(rewriter, state, op.getLoc(),
                      buildTranspose(rewriter, state, op.getW(), perm),
                      buildInts(rewriter, op.getLoc(), {-1, weight[0]}));
}

/// Axes: `before`, then `count` spatial ones from `from` on, then `behind`.
static SmallVector<int64_t> aroundSpatial(int64_t count, int64_t from,
                                          ArrayRef<int64_t> before,
                                          ArrayRef<int64_t> behind) {
  SmallVector<int64_t> axes(before);
  for (int64_t axis = from; axis < from + count; ++axis)
    axes.push_back(axis);
  axes.append(behind.begin(), behind.end());
  return axes;
}

/// `[batch, counts.., kernel.. x channels]`: the windows as rows.
Value ConvOfWindows::join(PatternRewriter &rewriter, ConvOp op,
                          ArrayRef<int64_t> kernel,
                          ArrayRef<SymDim> counts) const {
  Location loc = op.getLoc();
  Type type = elementType(op.getX());
  int64_t spatial = kernel.size();
  Value rows = pad(rewriter, op,
                   buildTranspose(rewriter, state, op.getX(),
                                  aroundSpatial(spatial, 2, {0}, {1})));
  Value axes = buildInts(rewriter, loc, aroundSpatial(spatial, 1, {}, {}));
  Value strides = buildInts(rewriter, loc, op.getStrides());
  SmallVector<Value> parts;
  forEachIndex(kernel, [&](ArrayRef<int64_t> tap) {
    parts.push_back(state.build<SliceOp>(
        rewriter, loc, type, rows, lists(rewriter, op, tap, counts, false),
        lists(rewriter, op, tap, counts, true), axes, strides));
  });
  if (parts.size() == 1)
    return parts.front();
  return state.build<ConcatOp>(rewriter, loc, type, parts,
                               rewriter.getI64IntegerAttr(1 + spatial));
}

LogicalResult ConvOfWindows::matchAndRewrite(ConvOp op,
                                             PatternRewriter &rewriter) const {
  auto weight = shapes.dims(op.getW()), to = shapes.dims(op.getY());
  auto sizes = weight ? constantShape(*weight) : std::nullopt;
  if (!to || !sizes || op.getGroup() != 1 || !getConstant(op.getW()) ||
      (*sizes)[1] < kLeastChannels)
    return rewriter.notifyMatchFailure(op, "no constant weights of channels");
  ArrayRef<int64_t> kernel = ArrayRef(*sizes).drop_front(2);
  int64_t spatial = kernel.size(), taps = 1;
  for (int64_t size : kernel)
    taps *= size;
  SymDims counts(ArrayRef<SymDim>(*to).drop_front(2));
  if (taps > kMostTaps || !state.canBuildShape(counts))
    return rewriter.notifyMatchFailure(op, "too many or unknown windows");

  Location loc = op.getLoc();
  Type type = elementType(op.getX());
  int64_t inner = (*sizes)[1], outer = (*sizes)[0];
  Value windows = join(rewriter, op, kernel, counts);
  if (spatial > 1)
    windows = buildReshape(rewriter, state, loc, windows,
                           buildInts(rewriter, loc, {0, -1, taps * inner}));
  Value y = state.build<MatMulOp>(rewriter, loc, type, windows,
                                  matrix(rewriter, op, *sizes));
  if (!isAbsent(op.getB()))
    y = state.build<AddOp>(rewriter, loc, type, y, op.getB());
  if (spatial > 1) {
    SymDims shape{0};
    llvm::append_range(shape, counts);
    shape.push_back(outer);
    y = buildReshape(rewriter, state, loc, y,
                     state.buildShape(rewriter, loc, shape));
  }
  rewriter.replaceOp(
      op, buildTranspose(rewriter, state, y,
                         aroundSpatial(spatial, 1, {0, 1 + spatial}, {})));
  return success();
}

void skim::onnx::addConvPatterns(RewritePatternSet &set,
                                 NormaliseState &state) {
  // Before windows in general: nothing is copied.
  set.add<ConvOfGroups, ConvOfPatches>(set.getContext(), state,
                                       PatternBenefit(2));
  set.add<ConvOfWindows>(set.getContext(), state);
}
