//===- InferSpatialOps.cpp - shapes of windows, pools, resizing -----------===//
// Rules of the family.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "MatMulDims.h"

#include <cmath>

using namespace mlir;
using namespace skim::onnx;

/// How many windows fit into a dimension of `size`; nothing, and an error,
/// where not even one does.
static std::optional<SymDim> countWindows(Inference &in, const SymDim &size,
                                          const SymDim &window, int64_t pads,
                                          int64_t stride) {
  SymDim room = size + SymDim(pads) - window;
  if (auto least = room.upperBound(); least && *least < 0) {
    (void)in.error("expected a window of at most the padded input, got " +
                   window.str() + " of " + (room + window).str());
    return std::nullopt;
  }
  return SymDim::floorDiv(room, SymDim(stride)) + 1;
}

/// Of each spatial dimension as many as strides of the window fit.
static LogicalResult inferConv(ConvOp op, Inference &in) {
  ArrayRef<SymDim> x = in.dims(0), w = in.dims(1);
  size_t spatial = op.getStrides().size();
  if (x.size() != spatial + 2 || w.size() != spatial + 2)
    return in.error("expected operands of rank " + Twine(spatial + 2) +
                    ", got " + Twine(x.size()) + " and " + Twine(w.size()));
  if (failed(checkEqual(in, "channels", x[1], w[1] * SymDim(op.getGroup()))))
    return failure();
  SymDims dims{x[0], w[0]};
  for (size_t i = 0; i < spatial; ++i) {
    SymDim window = (w[i + 2] - 1) * SymDim(op.getDilations()[i]) + 1;
    auto count = countWindows(in, x[i + 2], window,
                              op.getPads()[i] + op.getPads()[spatial + i],
                              op.getStrides()[i]);
    if (!count)
      return failure();
    dims.push_back(*count);
  }
  in.setDims(0, std::move(dims));
  return success();
}

/// A window that ends behind the pads, if there is room for its beginning.
static SymDim countOpenWindows(Inference &in, const SymDim &size, int64_t span,
                               int64_t begin, int64_t end, int64_t stride) {
  SymDim count =
      SymDim::floorDiv(size + SymDim(begin + end - span + stride - 1),
                       SymDim(stride)) +
      1;
  // Never behind the input and the pads before it.
  if (end + stride <= span)
    return count;
  auto known = size.constant(), windows = count.constant();
  if (!known || !windows)
    return in.fresh("windows");
  return (*windows - 1) * stride >= *known + begin ? count - 1 : count;
}

static LogicalResult inferFitsWindow(FitsWindowOp op, Inference &in) {
  in.setDims(0, SymDims(in.dims(0)));
  return success();
}

template <typename PoolOp>
static LogicalResult inferPool(PoolOp op, Inference &in) {
  ArrayRef<SymDim> x = in.dims(0);
  size_t spatial = op.getKernelShape().size();
  if (x.size() != spatial + 2)
    return in.error("expected an operand of rank " + Twine(spatial + 2) +
                    ", got " + Twine(x.size()));
  SymDims dims{x[0], x[1]};
  for (size_t i = 0; i < spatial; ++i) {
    int64_t span = (op.getKernelShape()[i] - 1) * op.getDilations()[i] + 1,
            begin = op.getPads()[i], end = op.getPads()[spatial + i],
            stride = op.getStrides()[i];
    auto count = countWindows(in, x[i + 2], span, begin + end, stride);
    if (!count)
      return failure();
    dims.push_back(op.getCeilMode() ? countOpenWindows(in, x[i + 2], span,
                                                       begin, end, stride)
                                    : *count);
  }
  in.setDims(0, std::move(dims));
  return success();
}

/// `floor(size * scale)`, in floats as the standard has it; nothing where that
/// is no size.
static std::optional<SymDim> scaled(Inference &in, const SymDim &size,
                                    float scale) {
  if (auto known = size.constant()) {
    float extent = std::floor(static_cast<float>(*known) * scale);
    if (extent < 0x1p62f)
      return SymDim(static_cast<int64_t>(extent));
    return std::nullopt;
  }
  float inverse = 1 / scale;
  if (scale == std::floor(scale))
    return size * SymDim(static_cast<int64_t>(scale));
  if (inverse == std::floor(inverse) && 1 / inverse == scale)
    return SymDim::floorDiv(size, static_cast<int64_t>(inverse));
  return in.fresh("resized");
}

static LogicalResult inferResize(ResizeOp op, Inference &in) {
  SymDims dims(in.dims(0));
  auto axes = in.axes(op.getAxesOf(dims.size()), dims.size());
  if (!axes)
    return failure();
  auto scales = op.getConstantScales();
  auto sizes = in.isPresent(2) ? in.contents(2) : std::nullopt;
  size_t given = scales ? scales->size() : sizes ? sizes->size() : axes->size();
  if (given != axes->size())
    return in.error("expected a size for each of " + Twine(axes->size()) +
                    " axes, got " + Twine(given));
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    auto size = scales
                    ? scaled(in, dims[axis], (*scales)[i])
                    : std::optional(sizes ? (*sizes)[i] : in.fresh("resized"));
    if (!size)
      return in.error("expected a scale of " + dims[axis].str() +
                      " elements to a number of 64 bits, got " +
                      std::to_string((*scales)[i]));
    dims[axis] = *size;
  }
  in.setDims(0, std::move(dims));
  return success();
}

void skim::onnx::addSpatialRules(InferenceRules &rules) {
  rules.add<AveragePoolOp>(&inferPool<AveragePoolOp>);
  rules.add<ConvOp>(&inferConv);
  rules.add<FitsWindowOp>(&inferFitsWindow);
  rules.add<MaxPoolOp>(&inferPool<MaxPoolOp>);
  rules.add<ResizeOp>(&inferResize);
}
