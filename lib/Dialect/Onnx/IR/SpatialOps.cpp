//===- SpatialOps.cpp - windows, pools, resizing --------------------------===//
// Verifiers of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

#include <cmath>

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxSpatialOps.cpp.inc"

void OnnxDialect::addSpatialOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxSpatialOps.cpp.inc"
      >();
}

namespace {
/// A list of numbers that belong to windows.
struct WindowList {
  StringRef name;
  ArrayRef<int64_t> values;
  size_t count;
  int64_t least;
};
} // namespace

/// Products of two of them are numbers of 64 bits.
static LogicalResult verifyLists(Operation *op, ArrayRef<WindowList> lists) {
  for (const WindowList &list : lists) {
    if (list.values.size() != list.count)
      return op->emitOpError("expected ") << list.count << " " << list.name
                                          << ", got " << list.values.size();
    for (int64_t value : list.values)
      if (value < list.least)
        return op->emitOpError("expected ") << list.name << " of at least "
                                            << list.least << ", got " << value;
      else if (value > INT32_MAX)
        return op->emitOpError("expected ")
               << list.name << " of at most " << INT32_MAX << ", got " << value;
  }
  return success();
}

LogicalResult ConvOp::verify() {
  auto x = getShape(getX()), w = getShape(getW()), b = getShape(getB());
  std::optional<size_t> rank = x   ? std::optional(x->size())
                               : w ? std::optional(w->size())
                                   : std::nullopt;
  if (!rank)
    return success();
  if (*rank < 3) // conv_c1
    return emitOpError("expected 'X' of rank 3 or more, got ") << *rank;
  if (failed(verifyRank(*this, "W", getW(), *rank)))
    return failure();
  size_t spatial = *rank - 2;
  if (failed(verifyLists(*this, {{"strides", getStrides(), spatial, 1},
                                 {"dilations", getDilations(), spatial, 1},
                                 {"pads", getPads(), 2 * spatial, 0}})))
    return failure(); // conv_c2
  int64_t group = getGroup(), channels = w ? (*w)[0] : ShapedType::kDynamic;
  if (group < 1 || // conv_c3
      (!ShapedType::isDynamic(channels) && channels % group != 0))
    return emitOpError("expected a group that divides ")
           << channels << " channels, got " << group;
  if (x && w && !ShapedType::isDynamic((*w)[1]) &&
      !agree((*x)[1], group * (*w)[1]))
    return emitOpError("expected ")
           << group * (*w)[1] << " channels of 'X', got " << (*x)[1];
  if (b && (b->size() != 1 || !agree(b->front(), channels))) // conv_c4
    return emitOpError("expected 'B' of ")
           << channels << " elements, got " << getB().getType();
  return success();
}

LogicalResult FitsWindowOp::verify() { // fits_window_c1
  if (getAxes().size() != getSpans().size())
    return emitOpError("expected ")
           << getAxes().size() << " spans, got " << getSpans().size();
  for (int64_t axis : getAxes())
    if (failed(verifyAxis(*this, axis, getX())))
      return failure();
  return success();
}

template <typename PoolOp> static LogicalResult verifyPool(PoolOp op) {
  auto x = getShape(op.getX());
  if (x && x->size() < 3) // max_pool_c1, average_pool_c1
    return op.emitOpError("expected 'X' of rank 3 or more, got ") << x->size();
  size_t spatial = x ? x->size() - 2 : op.getKernelShape().size();
  if (failed(verifyLists(op, {{"kernel_shape", op.getKernelShape(), spatial, 1},
                              {"strides", op.getStrides(), spatial, 1},
                              {"dilations", op.getDilations(), spatial, 1},
                              {"pads", op.getPads(), 2 * spatial, 0}})))
    return failure(); // max_pool_c2, average_pool_c2
  for (auto [i, pad] : llvm::enumerate(op.getPads())) {
    size_t axis = i % spatial;
    int64_t span =
        (op.getKernelShape()[axis] - 1) * op.getDilations()[axis] + 1;
    if (pad >= span) // max_pool_c3, average_pool_c3
      return op.emitOpError("expected pads of less than the window's ")
             << span << " positions, got " << pad;
  }
  return success();
}

LogicalResult MaxPoolOp::verify() { return verifyPool(*this); }

LogicalResult AveragePoolOp::verify() { return verifyPool(*this); }

std::optional<SmallVector<float>> ResizeOp::getConstantScales() {
  auto constant =
      dyn_cast_if_present<DenseElementsAttr>(getConstant(getScales()));
  if (!constant)
    return std::nullopt;
  return llvm::to_vector(constant.getValues<float>());
}

SmallVector<int64_t> ResizeOp::getAxesOf(int64_t rank) {
  if (!getAxes())
    return llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return llvm::to_vector(llvm::map_range(*getAxes(), [&](int64_t axis) {
    return normaliseAxis(axis, rank).value_or(axis);
  }));
}

LogicalResult ResizeOp::verify() {
  bool hasScales = !isAbsent(getScales());
  if (hasScales != isAbsent(getSizes())) // resize_c1
    return emitOpError("expected either 'sizes' or 'scales', got ")
           << (hasScales ? "both" : "none");
  auto x = getShape(getX()),
       given = getShape(hasScales ? getScales() : getSizes());
  std::optional<int64_t> axes = getAxes()
                                    ? std::optional<int64_t>(getAxes()->size())
                                : x ? std::optional<int64_t>(x->size())
                                    : std::nullopt;
  if (axes && given && (given->size() != 1 || !agree(*axes, given->front())))
    return emitOpError("expected ")
           << *axes << (hasScales ? " scales" : " sizes")
           << ", one for each axis, got "
           << (hasScales ? getScales() : getSizes()).getType();
  if (auto scales = getConstantScales()) // resize_c2
    for (float scale : *scales)
      if (!(scale > 0) || !std::isfinite(scale))
        return emitOpError("expected finite scales greater than 0, got ")
               << scale;
  for (int64_t axis : getAxes().value_or(ArrayRef<int64_t>()))
    if (failed(verifyAxis(*this, axis, getX())))
      return failure();
  if (failed(
          verifyOneOf(*this, "coordinate_transformation_mode", // resize_c3
                      getCoordinateTransformationMode(),
                      {"half_pixel", "half_pixel_symmetric",
                       "pytorch_half_pixel", "align_corners", "asymmetric"})) ||
      failed(verifyOneOf(*this, "mode", getMode(),
                         {"nearest", "linear", "cubic"})) ||
      failed(verifyOneOf(
          *this, "nearest_mode", getNearestMode(),
          {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"})))
    return failure();
  Type element = getElementTypeOrSelf(getX().getType());
  if (getMode() != "nearest" && !isa<FloatType>(element)) // resize_c4
    return emitOpError("expected elements of floats for the mode '")
           << getMode() << "', got " << element;
  return success();
}
