//===- SpatialNodes.cpp - windows, pools, norms, resizing -----------------===//
// Import of the family for `[batch, channels, spatial..]`; norms and pools over
// whole dimensions become reductions and arithmetic.
//===----------------------------------------------------------------------===//

#include "SpatialNodes.h"

using namespace mlir;
using namespace skim::import;

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// Pads that make as many outputs as there are strides in the input; false
/// where its size is not known and matters.
static bool padSame(WindowAttributes &windows, ArrayRef<int64_t> from,
                    ArrayRef<int64_t> kernel, bool lower) {
  size_t spatial = kernel.size();
  for (size_t i = 0; i < spatial; ++i) {
    int64_t stride = windows.strides[i];
    int64_t span = (kernel[i] - 1) * windows.dilations[i] + 1;
    if (ShapedType::isDynamic(from[i]) && stride != 1)
      return false;
    int64_t total =
        stride == 1
            ? span - 1
            : ((from[i] + stride - 1) / stride - 1) * stride + span - from[i];
    total = std::max<int64_t>(total, 0);
    windows.pads[i] = (total + lower) / 2;
    windows.pads[spatial + i] = total - windows.pads[i];
  }
  return true;
}

FailureOr<WindowAttributes> skim::import::getWindows(Node &node,
                                                     ArrayRef<int64_t> kernel) {
  size_t spatial = kernel.size();
  auto get = [&](StringRef name, size_t count, int64_t otherwise) {
    return node.hasAttr(name) ? node.getInts(name)
                              : SmallVector<int64_t>(count, otherwise);
  };
  WindowAttributes windows{get("dilations", spatial, 1),
                           get("pads", 2 * spatial, 0),
                           get("strides", spatial, 1)};
  StringRef automatic = node.getString("auto_pad", "NOTSET");
  if (automatic == "NOTSET")
    return windows;
  windows.pads.assign(2 * spatial, 0);
  if (automatic == "VALID")
    return windows;
  if (automatic != "SAME_UPPER" && automatic != "SAME_LOWER")
    return node.fail("expected NOTSET, SAME_UPPER, SAME_LOWER or VALID as "
                     "auto_pad, got '" +
                     automatic + "'");
  auto x = node.getShape(0);
  if (!x || x->size() != spatial + 2 || windows.strides.size() != spatial ||
      windows.dilations.size() != spatial)
    return node.fail("expected strides and dilations for " + Twine(spatial) +
                     " spatial dimensions");
  // Pads divide by strides and multiply by dilations; the op's verifier names
  // one of 0 or of more than an int32.
  for (ArrayRef<int64_t> list :
       {ArrayRef(windows.strides), ArrayRef(windows.dilations), kernel})
    if (llvm::any_of(list, [](int64_t x) { return x < 1 || x > INT32_MAX; }))
      return windows;
  if (!padSame(windows, x->drop_front(2), kernel, automatic == "SAME_LOWER"))
    return node.fail("expected an input of known size for auto_pad '" +
                     automatic + "' with a stride");
  return windows;
}

FailureOr<WindowAttributes> skim::import::getConvWindows(Node &node,
                                                         unsigned weight) {
  auto w = node.getShape(weight);
  if (!w || w->size() < 3 || llvm::any_of(*w, ShapedType::isDynamic))
    return node.fail("expected weights of a known shape of rank 3 or more");
  ArrayRef<int64_t> kernel = w->drop_front(2);
  SmallVector<int64_t> named = node.getInts("kernel_shape");
  if (node.hasAttr("kernel_shape") && ArrayRef(named) != kernel)
    return node.fail("expected a kernel_shape as the weights have it, " +
                     formatDims(kernel) + ", got " + formatDims(named));
  return getWindows(node, kernel);
}

static LogicalResult importConv(Node &node) {
  FailureOr<WindowAttributes> windows = getConvWindows(node, 1);
  if (failed(windows))
    return failure();
  return node.build({node.getInput(0), node.getInput(1), node.getInput(2)},
                    withRank(node.getElement(0), node.getRank(1)),
                    windows->toAttributes(node.getBuilder()));
}

static LogicalResult importPool(Node &node) {
  SmallVector<int64_t> kernel = node.getInts("kernel_shape");
  FailureOr<WindowAttributes> windows = getWindows(node, kernel);
  if (failed(windows))
    return failure();
  if (node.wantsOutput(1))
    return node.fail("expected one output, got 'Indices' as well");
  return node.build(
      withRank(node.getElement(0), static_cast<int64_t>(kernel.size()) + 2),
      windows->toAttributes(node.getBuilder()));
}

//===----------------------------------------------------------------------===//
// Resizing
//===----------------------------------------------------------------------===//

/// A list without elements is an absent one.
static Value getList(Node &node, unsigned i) {
  auto shape = node.getShape(i);
  bool isEmpty = shape && *shape == ArrayRef<int64_t>{0};
  return isEmpty ? node.getNone() : node.getInput(i);
}

static LogicalResult importResize(Node &node) {
  StringRef policy = node.getString("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch")
    return node.fail("expected 'stretch' as keep_aspect_ratio_policy, got '" +
                     policy + "'");
  return node.build({node.getInput(0), getList(node, 2), getList(node, 3)},
                    withRank(node.getElement(0), node.getRank(0)));
}

//===----------------------------------------------------------------------===//
// Whole dimensions
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<int64_t>> skim::import::getSpatialAxes(Node &node) {
  std::optional<int64_t> rank = node.getRank(0);
  if (!rank || *rank < 3)
    return node.fail(Twine("expected an input of a known rank of 3 or more, "
                           "got ") +
                     (rank ? Twine(*rank) : Twine("an unknown one")));
  return llvm::to_vector(llvm::seq<int64_t>(2, *rank));
}

/// One number for each sequence and channel, in dimensions of 1.
template <typename ReduceOp> static LogicalResult importGlobal(Node &node) {
  FailureOr<SmallVector<int64_t>> axes = getSpatialAxes(node);
  if (failed(axes))
    return failure();
  OpBuilder &b = node.getBuilder();
  SmallVector<int64_t> shape(*node.getShape(0));
  for (int64_t axis : *axes)
    shape[axis] = 1;
  node.outputs.push_back(ReduceOp::create(
      b, node.getLoc(), withShape(node.getElement(0), shape), node.getInput(0),
      node.makeInts(*axes), b.getI64IntegerAttr(1), b.getI64IntegerAttr(0)));
  return success();
}

namespace {
/// Builds the arithmetic of a norm; every type is that of its operand, or of
/// it with dimensions of 1.
struct NormBuilder {
  Node &node;
  OpBuilder &b = node.getBuilder();
  Location loc = node.getLoc();
  Type element = node.getElement(0);

  Type likeRank(Value value) const {
    return withRank(element, cast<RankedTensorType>(value.getType()).getRank());
  }
  Value mean(Value x, ArrayRef<int64_t> axes) {
    return skim::onnx::ReduceMeanOp::create(
        b, loc, likeRank(x), x, node.makeInts(axes), b.getI64IntegerAttr(1),
        b.getI64IntegerAttr(0));
  }
  /// `(x - mean) / sqrt(variance + epsilon)` over the axes.
  Value normalise(Value x, ArrayRef<int64_t> axes) {
    Type type = x.getType();
    Value centred = skim::onnx::SubOp::create(b, loc, type, x, mean(x, axes));
    Value square = skim::onnx::MulOp::create(b, loc, type, centred, centred);
    Value variance = mean(square, axes);
    return skim::onnx::DivOp::create(b, loc, type, centred,
                                     deviation(variance));
  }
  /// `sqrt(variance + epsilon)`.
  Value deviation(Value variance) {
    Value epsilon = node.makeScalar(element, node.getFloat("epsilon", 1.0e-5f));
    Type rows = variance.getType();
    variance = node.make<skim::onnx::AddOp>(rows, variance, epsilon);
    return node.make<skim::onnx::SqrtOp>(rows, variance);
  }
  /// A number for each index of axis 1 of x, so that it broadcasts to x.
  Value column(Value x, Value row) {
    auto rank = cast<RankedTensorType>(x.getType()).getRank();
    if (rank == 2)
      return row;
    Value axes =
        node.makeInts(llvm::to_vector(llvm::seq<int64_t>(1, rank - 1)));
    return skim::onnx::UnsqueezeOp::create(b, loc, withRank(element, rank - 1),
                                           row, axes);
  }
  /// `x * scale + bias`, a number of each for what axis 1 counts.
  Value scale(Value x, Value scale, Value bias) {
    x = skim::onnx::MulOp::create(b, loc, x.getType(), x, column(x, scale));
    return skim::onnx::AddOp::create(b, loc, x.getType(), x, column(x, bias));
  }
};
} // namespace

static LogicalResult importInstanceNormalization(Node &node) {
  FailureOr<SmallVector<int64_t>> axes = getSpatialAxes(node);
  if (failed(axes))
    return failure();
  NormBuilder norm{node};
  return node.give(norm.scale(norm.normalise(node.getInput(0), *axes),
                              node.getInput(1), node.getInput(2)));
}

/// `(x - mean) / sqrt(variance + epsilon) * scale + bias`, a number of each for
/// every index of axis 1.
static LogicalResult importBatchNormalization(Node &node) {
  std::optional<int64_t> rank = node.getRank(0);
  if (!rank || *rank < 2)
    return node.fail("expected an input of a known rank of 2 or more");
  if (node.getInt("training_mode", 0) != 0 || node.getInt("spatial", 1) != 1 ||
      node.getNumOutputs() > 1)
    return node.fail(
        "expected training_mode of 0, spatial of 1 and one output");
  NormBuilder norm{node};
  Value x = node.getInput(0), deviation = norm.deviation(node.getInput(4));
  Value centred = node.make<skim::onnx::SubOp>(
      x.getType(), x, norm.column(x, node.getInput(3)));
  Value rows = node.make<skim::onnx::DivOp>(x.getType(), centred,
                                            norm.column(x, deviation));
  return node.give(norm.scale(rows, node.getInput(1), node.getInput(2)));
}

/// Before operator set 21 scale and bias have a number for each group.
static LogicalResult importGroupNormalization(Node &node) {
  if (failed(getSpatialAxes(node)))
    return failure();
  int64_t groups = node.getInt("num_groups", 0);
  if (groups < 1)
    return node.fail("expected num_groups of at least 1, got " + Twine(groups));
  NormBuilder norm{node};
  OpBuilder &b = norm.b;
  Value x = node.getInput(0);
  Value rows = skim::onnx::ReshapeOp::create(
      b, norm.loc, withRank(norm.element, 3), x, node.makeInts({0, groups, -1}),
      b.getI64IntegerAttr(0));
  rows = norm.normalise(rows, {2});
  bool ofGroups = node.getOpset() < 21;
  if (ofGroups)
    rows = norm.scale(rows, node.getInput(1), node.getInput(2));
  Value shape = skim::onnx::ShapeOp::create(
      b, norm.loc, RankedTensorType::get({*node.getRank(0)}, b.getI64Type()), x,
      IntegerAttr(), b.getI64IntegerAttr(0));
  Value y = skim::onnx::ReshapeOp::create(b, norm.loc, x.getType(), rows, shape,
                                          b.getI64IntegerAttr(1));
  return node.give(
      ofGroups ? y : norm.scale(y, node.getInput(1), node.getInput(2)));
}

llvm::ArrayRef<NodeSpec> skim::import::getSpatialNodes() {
  static const NodeSpec nodes[] = {
      {"AveragePool", 7, "X", "Y",
       "-auto_pad:s ceil_mode:i count_include_pad:i -dilations:I "
       "kernel_shape:I! -pads:I -strides:I",
       importPool},
      {"BatchNormalization", 7, "X scale B input_mean input_var",
       "Y running_mean? running_var? saved_mean? saved_var?",
       "-epsilon:f -momentum:f -spatial:i -training_mode:i",
       importBatchNormalization},
      {"Conv", 7, "X W B?", "Y",
       "-auto_pad:s -dilations:I group:i -kernel_shape:I -pads:I -strides:I",
       importConv},
      {"GlobalAveragePool", 1, "X", "Y", "",
       importGlobal<skim::onnx::ReduceMeanOp>},
      {"GlobalMaxPool", 1, "X", "Y", "", importGlobal<skim::onnx::ReduceMaxOp>},
      {"GroupNormalization", 18, "X scale bias", "Y",
       "-epsilon:f -num_groups:i! -stash_type:i", importGroupNormalization},
      {"InstanceNormalization", 6, "input scale B", "output", "-epsilon:f",
       importInstanceNormalization},
      {"MaxPool", 8, "X", "Y Indices?",
       "-auto_pad:s ceil_mode:i -dilations:I kernel_shape:I! -pads:I "
       "-storage_order:i -strides:I",
       importPool},
      {"Resize", 11, "X roi? scales? sizes?", "Y",
       "antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f "
       "exclude_outside:i -extrapolation_value:f "
       "-keep_aspect_ratio_policy:s mode:s nearest_mode:s",
       importResize},
  };
  return nodes;
}
