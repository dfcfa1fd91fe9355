//===- NormaliseNorms.cpp - norms that are written otherwise --------------===//
// TensorFlow computes a layer norm by its batch norm, whose channels are the
// rows: an image [1, rows, width, 1], less its mean over all axes but the
// second, by the root of its variance.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

/// What `value` is a view of.
static Value behindViews(Value value) {
  while (isView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

namespace {
/// Rows of an image's channels, normalised: a LayerNormalization without scale
/// and bias.
struct NormOfChannels : NormalisePattern<DivOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(DivOp op,
                                PatternRewriter &rewriter) const override;

private:
  /// One axis of rows, one of what is normalised behind it, others of 1.
  struct Axes {
    int64_t rows, width;
    int64_t size; ///< Of `width`.
  };
  std::optional<Axes> findAxes(Value image, ReduceMeanOp mean) const;
  std::optional<double> epsilonOf(Value root, Value image, ReduceMeanOp mean,
                                  const Axes &axes) const;
  /// Whether `value` has a number for each row, along the axis of rows.
  bool isOfRows(Value value, Value image, const Axes &axes) const;
};
} // namespace

std::optional<NormOfChannels::Axes>
NormOfChannels::findAxes(Value image, ReduceMeanOp mean) const {
  auto dims = shapes.dims(image);
  auto reduced =
      dims ? getConstantAxes(mean.getAxes(), dims->size()) : std::nullopt;
  if (!reduced || reduced->size() + 1 != dims->size())
    return std::nullopt;
  Axes axes{-1, -1, 1};
  for (auto [axis, dim] : llvm::enumerate(*dims)) {
    if (!llvm::is_contained(*reduced, int64_t(axis))) {
      axes.rows = axis;
    } else if (dim != SymDim(1)) {
      if (axes.width >= 0 || !dim.constant())
        return std::nullopt;
      axes.width = axis;
      axes.size = *dim.constant();
    }
  }
  if (axes.width < axes.rows)
    return std::nullopt;
  return axes;
}

bool NormOfChannels::isOfRows(Value value, Value image,
                              const Axes &axes) const {
  auto dims = shapes.dims(value), all = shapes.dims(image);
  if (!dims || dims->size() > all->size())
    return false;
  SymDims whole(all->size() - dims->size(), SymDim(1));
  llvm::append_range(whole, *dims);
  for (auto [axis, dim] : llvm::enumerate(whole))
    if (dim != (int64_t(axis) == axes.rows ? (*all)[axis] : SymDim(1)))
      return false;
  return true;
}

/// epsilon of `sqrt(sum of squares / size + epsilon)`.
std::optional<double> NormOfChannels::epsilonOf(Value root, Value image,
                                                ReduceMeanOp mean,
                                                const Axes &axes) const {
  auto sqrt = behindViews(root).getDefiningOp<SqrtOp>();
  auto sum = sqrt ? sqrt.getX().getDefiningOp<AddOp>() : AddOp();
  auto epsilon = sum ? constantSplat(sum.getB()) : std::nullopt;
  auto quotient =
      epsilon ? behindViews(sum.getA()).getDefiningOp<DivOp>() : DivOp();
  if (!quotient || constantSplat(quotient.getB()) != double(axes.size))
    return std::nullopt;
  auto squares =
      behindViews(quotient.getA()).getDefiningOp<ReduceSumSquareOp>();
  auto centred = squares ? squares.getData().getDefiningOp<SubOp>() : SubOp();
  int64_t rank = shapes.dims(image)->size();
  if (!centred || centred.getA() != image ||
      !isOfRows(centred.getB(), image, axes) ||
      behindViews(centred.getB()) != mean.getResult() ||
      getConstantAxes(squares.getAxes(), rank) !=
          getConstantAxes(mean.getAxes(), rank))
    return std::nullopt;
  return epsilon;
}

LogicalResult NormOfChannels::matchAndRewrite(DivOp op,
                                              PatternRewriter &rewriter) const {
  auto centred = op.getA().getDefiningOp<SubOp>();
  auto mean = centred
                  ? behindViews(centred.getB()).getDefiningOp<ReduceMeanOp>()
                  : ReduceMeanOp();
  if (!mean || mean.getData() != centred.getA())
    return rewriter.notifyMatchFailure(op, "nothing less its mean");
  Value image = centred.getA();
  auto axes = findAxes(image, mean);
  if (!axes || !isOfRows(centred.getB(), image, *axes) ||
      !isOfRows(op.getB(), image, *axes))
    return rewriter.notifyMatchFailure(op, "no channels of one row each");
  auto epsilon = epsilonOf(op.getB(), image, mean, *axes);
  SymDims dims(*shapes.dims(image));
  SymDims flat{dims[axes->rows], dims[axes->width]};
  if (!epsilon || !canBuildView(dims, flat) || !canBuildView(flat, dims))
    return rewriter.notifyMatchFailure(op, "not the root of its variance");
  Location loc = op.getLoc();
  Type type = elementType(image), none = NoneType::get(op.getContext());
  Value rows = buildView(rewriter, state, loc, image, flat);
  Value ones = ConstantOp::create(
      rewriter, loc,
      DenseElementsAttr::get(RankedTensorType::get({axes->size}, type),
                             rewriter.getFloatAttr(type, 1).getValue()));
  auto norm = LayerNormalizationOp::create(
      rewriter, loc, rows.getType(), none, none, rows, ones,
      NoneOp::create(rewriter, loc), rewriter.getI64IntegerAttr(-1),
      rewriter.getF32FloatAttr(float(*epsilon)), rewriter.getI64IntegerAttr(1));
  rewriter.replaceOp(op, buildView(rewriter, state, loc, norm.getY(), dims));
  return success();
}

void skim::onnx::addNormPatterns(RewritePatternSet &set,
                                 NormaliseState &state) {
  set.add<NormOfChannels>(set.getContext(), state);
}
