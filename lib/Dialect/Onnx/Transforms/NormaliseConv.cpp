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
/// Conv of windows that overlap: the channels of a window's positions side by
/// side, times the weights as one matrix for each group of channels. Whole rows
/// of channels are copied, and the matrix is a constant; so it costs a copy for
/// each position of the window, and the product has the kernel of a layer.
struct ConvOfWindows : NormalisePattern<ConvOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override;

private:
  /// Fewer channels are left to what computes every number's place.
  static constexpr int64_t kLeastChannels = 16;
  /// Positions that are a slice of all windows each; more are gathered in a
  /// sequence, and left alone in an image.
  static constexpr int64_t kMostSlices = 16, kMostSlicesOfImage = 64;

  struct Windows;
  std::optional<Windows> measure(ConvOp op) const;
  Value lists(PatternRewriter &rewriter, ConvOp op, ArrayRef<int64_t> tap,
              ArrayRef<SymDim> counts, bool ends) const;
  Value pad(PatternRewriter &rewriter, ConvOp op, Value rows) const;
  Value check(PatternRewriter &rewriter, ConvOp op, Value rows,
              const Windows &windows) const;
  Value join(PatternRewriter &rewriter, ConvOp op, Value rows,
             const Windows &windows) const;
  Value gather(PatternRewriter &rewriter, ConvOp op, Value rows,
               const Windows &windows) const;
  Value multiply(PatternRewriter &rewriter, ConvOp op, Value rows,
                 const Windows &windows, int64_t group) const;
  Value slice(PatternRewriter &rewriter, Value value, int64_t axis,
              int64_t begin, int64_t size) const;
};

struct ConvOfWindows::Windows {
  SmallVector<int64_t> kernel;
  SymDims counts; ///< How many there are in each spatial dimension.
  int64_t inner = 0, outer = 0; ///< Channels of a group, and of its results.
  int64_t taps = 1;             ///< The product of `kernel`.

  int64_t rank() const { return kernel.size(); }
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

/// The padded rows, checked to have room for a window where their sizes do not
/// tell.
Value ConvOfWindows::check(PatternRewriter &rewriter, ConvOp op, Value rows,
                           const Windows &windows) const {
  auto dims = shapes.dims(rows);
  SmallVector<int64_t> axes, spans;
  for (auto [i, size] : llvm::enumerate(windows.kernel)) {
    int64_t span = (size - 1) * op.getDilations()[i] + 1;
    auto least = (*dims)[1 + i].lowerBound();
    // Of no positions there is none to look at either.
    if (size == 1 || (least && *least >= span))
      continue;
    axes.push_back(1 + i);
    spans.push_back(span);
  }
  if (axes.empty())
    return rows;
  return state.build<FitsWindowOp>(rewriter, op.getLoc(), elementType(rows),
                                   rows, rewriter.getDenseI64ArrayAttr(axes),
                                   rewriter.getDenseI64ArrayAttr(spans));
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

/// `[batch, counts.., kernel.. x channels]`: the windows as rows. Of single
/// positions those are all rows.
Value ConvOfWindows::join(PatternRewriter &rewriter, ConvOp op, Value rows,
                          const Windows &windows) const {
  bool areAll =
      windows.taps == 1 &&
      llvm::all_of(op.getStrides(), [](int64_t stride) { return stride == 1; });
  if (areAll)
    return rows;
  Location loc = op.getLoc();
  Type type = elementType(rows);
  Value axes =
      buildInts(rewriter, loc, aroundSpatial(windows.rank(), 1, {}, {}));
  Value strides = buildInts(rewriter, loc, op.getStrides());
  SmallVector<Value> parts;
  forEachIndex(windows.kernel, [&](ArrayRef<int64_t> tap) {
    parts.push_back(state.build<SliceOp>(
        rewriter, loc, type, rows,
        lists(rewriter, op, tap, windows.counts, false),
        lists(rewriter, op, tap, windows.counts, true), axes, strides));
  });
  if (parts.size() == 1)
    return parts.front();
  return state.build<ConcatOp>(rewriter, loc, type, parts,
                               rewriter.getI64IntegerAttr(1 + windows.rank()));
}

/// The same of a sequence, by the position of each tap of each window.
Value ConvOfWindows::gather(PatternRewriter &rewriter, ConvOp op, Value rows,
                            const Windows &windows) const {
  Location loc = op.getLoc();
  Type i64 = rewriter.getI64Type();
  int64_t stride = op.getStrides()[0], taps = windows.taps;
  SmallVector<int64_t> offsets;
  for (int64_t tap = 0; tap != taps; ++tap)
    offsets.push_back(tap * op.getDilations()[0]);
  auto number = [&](const SymDim &value) {
    return state.buildScalar(rewriter, loc, value);
  };
  Value firsts = state.build<RangeOp>(
      rewriter, loc, i64, number(0), number(windows.counts[0] * SymDim(stride)),
      number(stride));
  firsts = state.build<UnsqueezeOp>(rewriter, loc, i64, firsts,
                                    buildInts(rewriter, loc, {1}));
  Value positions = state.build<AddOp>(rewriter, loc, i64, firsts,
                                       buildInts(rewriter, loc, offsets));
  Value taken = state.build<GatherOp>(rewriter, loc, elementType(rows), rows,
                                      positions, rewriter.getI64IntegerAttr(1));
  return buildReshape(rewriter, state, loc, taken,
                      buildInts(rewriter, loc, {0, 0, taps * windows.inner}));
}

Value ConvOfWindows::slice(PatternRewriter &rewriter, Value value, int64_t axis,
                           int64_t begin, int64_t size) const {
  Location loc = value.getLoc();
  return state.build<SliceOp>(rewriter, loc, elementType(value), value,
                              buildInts(rewriter, loc, {begin}),
                              buildInts(rewriter, loc, {begin + size}),
                              buildInts(rewriter, loc, {axis}),
                              buildInts(rewriter, loc, {1}));
}

/// `[batch, windows, outer]`: a group's windows, of its channels of `rows`,
/// times its weights as `[kernel.. x inner, outer]`, plus its bias.
Value ConvOfWindows::multiply(PatternRewriter &rewriter, ConvOp op, Value rows,
                              const Windows &windows, int64_t group) const {
  Location loc = op.getLoc();
  int64_t rank = windows.rank(), width = windows.taps * windows.inner;
  Value weights = op.getW(), bias = op.getB();
  if (op.getGroup() > 1) {
    int64_t from = group * windows.inner, to = group * windows.outer;
    rows = slice(rewriter, rows, 1 + rank, from, windows.inner);
    weights = slice(rewriter, weights, 0, to, windows.outer);
    if (!isAbsent(bias))
      bias = slice(rewriter, bias, 0, to, windows.outer);
  }
  bool areSlices = rank != 1 || windows.taps <= kMostSlices;
  rows = areSlices ? join(rewriter, op, rows, windows)
                   : gather(rewriter, op, rows, windows);
  if (rank > 1)
    rows = buildReshape(rewriter, state, loc, rows,
                        buildInts(rewriter, loc, {0, -1, width}));
  Value matrix = buildTranspose(rewriter, state, weights,
                                aroundSpatial(rank, 2, {}, {1, 0}));
  matrix = buildReshape(rewriter, state, loc, matrix,
                        buildInts(rewriter, loc, {width, windows.outer}));
  Type type = elementType(rows);
  Value y = state.build<MatMulOp>(rewriter, loc, type, rows, matrix);
  return isAbsent(bias) ? y : state.build<AddOp>(rewriter, loc, type, y, bias);
}

/// Nothing where a group has few channels, or not all sizes can be stated.
std::optional<ConvOfWindows::Windows> ConvOfWindows::measure(ConvOp op) const {
  auto weight = shapes.dims(op.getW()), to = shapes.dims(op.getY());
  auto sizes = weight ? constantShape(*weight) : std::nullopt;
  if (!to || !sizes || !getConstant(op.getW()))
    return std::nullopt;
  Windows windows;
  windows.inner = (*sizes)[1];
  windows.outer = (*sizes)[0] / op.getGroup();
  windows.kernel.assign(sizes->begin() + 2, sizes->end());
  windows.counts.assign(to->begin() + 2, to->end());
  for (int64_t size : windows.kernel)
    windows.taps *= size;
  bool isNarrow = op.getGroup() > 1 && windows.outer < kLeastChannels;
  if (windows.inner < kLeastChannels || isNarrow ||
      (windows.taps > kMostSlicesOfImage && windows.rank() != 1) ||
      !state.canBuildShape(windows.counts))
    return std::nullopt;
  return windows;
}

LogicalResult ConvOfWindows::matchAndRewrite(ConvOp op,
                                             PatternRewriter &rewriter) const {
  std::optional<Windows> windows = measure(op);
  if (!windows)
    return rewriter.notifyMatchFailure(op, "no known windows of many channels");
  Location loc = op.getLoc();
  Type type = elementType(op.getX());
  int64_t rank = windows->rank(), groups = op.getGroup();
  Value rows = buildTranspose(rewriter, state, op.getX(),
                              aroundSpatial(rank, 2, {0}, {1}));
  rows = check(rewriter, op, pad(rewriter, op, rows), *windows);
  SmallVector<Value> parts;
  for (int64_t group = 0; group < groups; ++group)
    parts.push_back(multiply(rewriter, op, rows, *windows, group));
  Value y = parts.front();
  if (groups > 1)
    y = state.build<ConcatOp>(rewriter, loc, type, parts,
                              rewriter.getI64IntegerAttr(2));
  if (rank > 1) {
    SymDims shape{0};
    llvm::append_range(shape, windows->counts);
    shape.push_back(groups * windows->outer);
    y = buildReshape(rewriter, state, loc, y,
                     state.buildShape(rewriter, loc, shape));
  }
  rewriter.replaceOp(op,
                     buildTranspose(rewriter, state, y,
                                    aroundSpatial(rank, 1, {0, 1 + rank}, {})));
  return success();
}

void skim::onnx::addConvPatterns(RewritePatternSet &set,
                                 NormaliseState &state) {
  // Before windows in general: nothing is copied.
  set.add<ConvOfPatches>(set.getContext(), state, PatternBenefit(2));
  set.add<ConvOfWindows>(set.getContext(), state);
}
