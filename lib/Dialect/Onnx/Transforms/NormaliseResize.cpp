//===- NormaliseResize.cpp - interpolation as gathers and products --------===//
// Along an axis, interpolation is a product by a matrix of weights, which is
// constant where sizes are. It has few numbers beside those it is multiplied
// with, and a product has a kernel; so positions of an image's patches, which
// are constant too, are resized by the compiler.
//===----------------------------------------------------------------------===//

#include "Normalise.h"

#include <cmath>

using namespace mlir;
using namespace skim::onnx;

namespace {
/// Builds arithmetic on numbers of f32.
class Numbers {
public:
  Numbers(PatternRewriter &rewriter, NormaliseState &state, Location loc)
      : rewriter(rewriter), state(state), loc(loc) {}

  Value number(float value) {
    auto type = RankedTensorType::get({}, f32());
    return ConstantOp::create(rewriter, loc,
                              DenseElementsAttr::get(type, value));
  }
  Value add(Value x, Value y) { return make<AddOp>(x, y); }
  Value sub(Value x, Value y) { return make<SubOp>(x, y); }
  Value mul(Value x, Value y) { return make<MulOp>(x, y); }
  Value div(Value x, Value y) { return make<DivOp>(x, y); }
  Value min(Value x, Value y) { return make<MinOp>(ValueRange{x, y}); }
  Value max(Value x, Value y) { return make<MaxOp>(ValueRange{x, y}); }
  Value abs(Value x) { return make<AbsOp>(x); }
  Value floor(Value x) { return make<FloorOp>(x); }
  Value ceil(Value x) { return make<CeilOp>(x); }
  Value where(Value condition, Value x, Value y) {
    return make<WhereOp>(condition, x, y);
  }
  Value equal(Value x, Value y) { return compare<EqualOp>(x, y); }
  Value less(Value x, Value y) { return compare<LessOp>(x, y); }
  Value cast(Value x, Type element) {
    return buildCast(rewriter, state, loc, x, element);
  }
  Value toNumber(Value x) { return cast(x, f32()); }
  /// `[n]` as `[n, 1]` or `[1, n]`.
  Value unsqueeze(Value x, int64_t axis) {
    return make<UnsqueezeOp>(x, buildInts(rewriter, loc, {axis}));
  }
  Value sumOver(Value x, int64_t axis) {
    return make<ReduceSumOp>(x, buildInts(rewriter, loc, {axis}),
                             rewriter.getI64IntegerAttr(1),
                             rewriter.getI64IntegerAttr(0));
  }
  /// Integers are scalars of i64.
  Value integer(int64_t value) {
    auto type = RankedTensorType::get({}, rewriter.getI64Type());
    return buildSplat(rewriter, loc, type, value);
  }
  Value toInteger(Value x) { return cast(x, rewriter.getI64Type()); }
  Value addIntegers(Value x, Value y) {
    return state.build<AddOp>(rewriter, loc, rewriter.getI64Type(), x, y);
  }
  Value negate(Value x) {
    return state.build<NegOp>(rewriter, loc, rewriter.getI64Type(), x);
  }
  /// begin, begin + 1, .. before `end`.
  Value range(Value begin, Value end) {
    Value places = state.build<RangeOp>(rewriter, loc, rewriter.getI64Type(),
                                        begin, end, integer(1));
    return toNumber(places);
  }
  template <typename OpTy, typename... Args> Value make(Args &&...args) {
    return state.build<OpTy>(rewriter, loc, f32(), std::forward<Args>(args)...);
  }

  Type f32() { return rewriter.getF32Type(); }

private:
  template <typename OpTy> Value compare(Value x, Value y) {
    return state.build<OpTy>(rewriter, loc, rewriter.getI1Type(), x, y);
  }

  PatternRewriter &rewriter;
  NormaliseState &state;
  Location loc;
};

/// One axis of a Resize: scalars, and where its elements are found.
class ResizedAxis {
public:
  /// `from` and `to` count the elements, i64. Without a scale it is that of the
  /// sizes.
  ResizedAxis(Numbers &n, ResizeOp op, Value from, Value to,
              std::optional<float> known, Value scale)
      : n(n), op(op), from(from), places(n.range(n.integer(0), to)),
        size(n.toNumber(from)), newSize(n.toNumber(to)), knownScale(known),
        scale(known   ? n.number(*known)
              : scale ? scale
                      : n.div(newSize, size)) {}

  Value nearest();
  Value weights();

private:
  Value coordinates();
  Value halfPixels(Value begin) {
    return n.sub(n.add(n.div(n.add(places, n.number(0.5f)), scale), begin),
                 n.number(0.5f));
  }
  Value onlyBeyondOne(Value x) {
    return n.where(n.less(n.number(1), newSize), x, n.number(0));
  }
  Value last() { return n.sub(size, n.number(1)); }
  Value clamp(Value x) { return n.max(n.number(0), n.min(x, last())); }
  Value kernel(Value distance) {
    return op.getMode() == "cubic" ? keysCubic(distance) : hat(distance);
  }
  Value hat(Value distance);
  Value keysCubic(Value distance);
  Value reach();

  /// Less, of a result without elements say, makes no longer list of weights.
  static constexpr float kLeastScale = 0x1p-20f;

  Numbers &n;
  ResizeOp op;
  Value from, places, size, newSize;
  std::optional<float> knownScale;
  Value scale;
};
} // namespace

/// Where each element of the result lies in the operand.
Value ResizedAxis::coordinates() {
  StringRef mode = op.getCoordinateTransformationMode();
  if (mode == "asymmetric")
    return n.div(places, scale);
  if (mode == "align_corners") {
    Value steps = n.max(n.sub(newSize, n.number(1)), n.number(1));
    return onlyBeyondOne(n.div(n.mul(places, last()), steps));
  }
  if (mode == "pytorch_half_pixel")
    return onlyBeyondOne(halfPixels(n.number(0)));
  if (mode == "half_pixel")
    return halfPixels(n.number(0));
  // What rounding took off the scaled size is left out at both ends.
  Value kept = n.div(newSize, n.mul(scale, size));
  return halfPixels(
      n.mul(n.mul(size, n.number(0.5f)), n.sub(n.number(1), kept)));
}

/// The index of the element next to each place, i64.
Value ResizedAxis::nearest() {
  StringRef mode = op.getNearestMode();
  Value x = coordinates(), half = n.number(0.5f);
  Value index = mode == "floor"               ? n.floor(x)
                : mode == "ceil"              ? n.ceil(x)
                : mode == "round_prefer_ceil" ? n.floor(n.add(x, half))
                                              : n.ceil(n.sub(x, half));
  return n.cast(clamp(index), IntegerType::get(op.getContext(), 64));
}

/// max(0, 1 - |t|).
Value ResizedAxis::hat(Value distance) {
  return n.max(n.number(0), n.sub(n.number(1), n.abs(distance)));
}

/// Keys' cubic convolution: `((a + 2) t - (a + 3)) t^2 + 1` up to |t| = 1, `((a
/// t - 5 a) t + 8 a) t - 4 a` up to 2, 0 beyond.
Value ResizedAxis::keysCubic(Value distance) {
  float a = op.getCubicCoeffA().convertToFloat();
  Value t = n.abs(distance);
  Value near = n.sub(n.mul(t, n.number(a + 2)), n.number(a + 3));
  near = n.add(n.mul(n.mul(near, t), t), n.number(1));
  Value far = n.sub(n.mul(t, n.number(a)), n.number(5 * a));
  far = n.add(n.mul(far, t), n.number(8 * a));
  far = n.sub(n.mul(far, t), n.number(4 * a));
  far = n.where(n.less(t, n.number(2)), far, n.number(0));
  return n.where(n.less(t, n.number(1)), near, far);
}

/// How many elements outside may have a weight, i64.
Value ResizedAxis::reach() {
  int64_t support = op.getMode() == "cubic" ? 2 : 1;
  if (op.getAntialias() == 0)
    return n.integer(support);
  if (knownScale)
    return n.integer(static_cast<int64_t>(
        std::ceil(static_cast<float>(support) /
                  std::clamp(*knownScale, kLeastScale, 1.0f))));
  Value stretched = n.max(n.min(scale, n.number(1)), n.number(kLeastScale));
  return n.toInteger(n.ceil(n.div(n.number(support), stretched)));
}

/// `[places, elements]`.
Value ResizedAxis::weights() {
  Value end = from, begin = n.integer(0);
  bool excludes = op.getExcludeOutside() != 0;
  if (!excludes) {
    Value outside = reach();
    begin = n.negate(outside);
    end = n.addIntegers(from, outside);
  }
  Value keys = n.range(begin, end);
  Value distance = n.sub(n.unsqueeze(coordinates(), 1), n.unsqueeze(keys, 0));
  bool stretches = op.getAntialias() != 0;
  if (stretches)
    distance = n.mul(distance, n.min(scale, n.number(1)));
  Value weights = kernel(distance);
  if (stretches || excludes)
    weights = n.div(weights, n.sumOver(weights, 1));
  if (excludes)
    return weights;
  // Elements outside are those at the border.
  Value elements = n.unsqueeze(n.range(n.integer(0), from), 0);
  Value isElement = n.equal(n.unsqueeze(clamp(keys), 1), elements);
  return n.make<MatMulOp>(weights, n.toNumber(isElement));
}

namespace {
/// Resize: a Gather along each axis, or a MatMul by weights.
struct ResizeByAxes : NormalisePattern<ResizeOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ResizeOp op,
                                PatternRewriter &rewriter) const override {
    auto from = shapes.dims(op.getX()), to = shapes.dims(op.getY());
    if (!from || !to)
      return rewriter.notifyMatchFailure(op, "dimensions are not known");
    SymDims sizes(*from), newSizes(*to);
    Numbers n(rewriter, state, op.getLoc());
    Type element = elementType(op.getX());
    bool gathers = op.getMode() == "nearest";
    Value y = op.getX();
    if (!gathers && !element.isF32())
      y = n.toNumber(y);
    auto scales = op.getConstantScales();
    for (auto [i, axis] : llvm::enumerate(op.getAxesOf(sizes.size()))) {
      auto scale = scales ? std::optional((*scales)[i]) : std::nullopt;
      if (sizes[axis] == newSizes[axis] && scale.value_or(1) == 1)
        continue;
      auto size = sizes[axis].constant(), newSize = newSizes[axis].constant();
      if (!scale && isAbsent(op.getScales()) && size && newSize)
        scale = static_cast<float>(*newSize) / static_cast<float>(*size);
      Value given = isAbsent(op.getScales())
                        ? Value()
                        : pick(rewriter, op.getScales(), i);
      Value from = extent(rewriter, op, axis, sizes[axis]);
      Value to = state.buildScalar(rewriter, op.getLoc(), newSizes[axis]);
      if (!to)
        to = given ? n.toInteger(n.floor(n.mul(n.toNumber(from), given)))
                   : pick(rewriter, op.getSizes(), i);
      ResizedAxis resized(n, op, from, to, scale, given);
      y = gathers
              ? Value(state.build<GatherOp>(rewriter, op.getLoc(), element, y,
                                            resized.nearest(),
                                            rewriter.getI64IntegerAttr(axis)))
              : weigh(rewriter, n, resized, y, axis);
    }
    if (elementType(y) != element)
      y = n.cast(y, element);
    rewriter.replaceOp(op, y);
    return success();
  }

private:
  /// Element `i` of a list, as a scalar.
  Value pick(PatternRewriter &rewriter, Value list, int64_t i) const {
    auto scalar = RankedTensorType::get({}, rewriter.getI64Type());
    return state.build<GatherOp>(rewriter, list.getLoc(), elementType(list),
                                 list,
                                 buildSplat(rewriter, list.getLoc(), scalar, i),
                                 rewriter.getI64IntegerAttr(0));
  }
  /// The size of an axis of the operand, a scalar of i64.
  Value extent(PatternRewriter &rewriter, ResizeOp op, int64_t axis,
               const SymDim &size) const {
    if (Value built = state.buildScalar(rewriter, op.getLoc(), size))
      return built;
    Value shape = state.build<ShapeOp>(
        rewriter, op.getLoc(), rewriter.getI64Type(), op.getX(),
        rewriter.getI64IntegerAttr(axis + 1), rewriter.getI64IntegerAttr(axis));
    return pick(rewriter, shape, 0);
  }
  /// A product along the axis: the last but one needs no Transpose.
  Value weigh(PatternRewriter &rewriter, Numbers &n, ResizedAxis &resized,
              Value y, int64_t axis) const {
    int64_t rank = shapes.dims(y)->size();
    Value weights = resized.weights();
    if (axis == rank - 2 || rank == 1)
      return n.make<MatMulOp>(weights, y);
    weights = buildTranspose(rewriter, state, weights, {1, 0});
    if (axis == rank - 1)
      return n.make<MatMulOp>(y, weights);
    auto perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(perm[axis], perm[rank - 1]);
    Value moved = buildTranspose(rewriter, state, y, perm);
    return buildTranspose(rewriter, state, n.make<MatMulOp>(moved, weights),
                          perm);
  }
};
} // namespace

void skim::onnx::addResizePatterns(RewritePatternSet &set,
                                   NormaliseState &state) {
  set.add<ResizeByAxes>(set.getContext(), state);
}
