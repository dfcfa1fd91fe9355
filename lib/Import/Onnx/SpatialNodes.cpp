//===- SpatialNodes.cpp - pools and norms over spatial dimensions ---------===//
// Import of the family for `[batch, channels, spatial..]`, in reductions and
// arithmetic.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

/// All dimensions behind batch and channels.
static FailureOr<SmallVector<int64_t>> getSpatialAxes(Node &node) {
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
    Value epsilon = node.makeScalar(element, node.getFloat("epsilon", 1.0e-5f));
    Type rows = variance.getType();
    variance = skim::onnx::AddOp::create(b, loc, rows, variance, epsilon);
    Value deviation = skim::onnx::SqrtOp::create(b, loc, rows, variance);
    return skim::onnx::DivOp::create(b, loc, type, centred, deviation);
  }
  /// `x * scale + bias`, a number of each for what axis 1 counts.
  Value scale(Value x, Value scale, Value bias) {
    auto rank = cast<RankedTensorType>(x.getType()).getRank();
    auto column = [&](Value row) -> Value {
      Value axes =
          node.makeInts(llvm::to_vector(llvm::seq<int64_t>(1, rank - 1)));
      return skim::onnx::UnsqueezeOp::create(
          b, loc, withRank(element, rank - 1), row, axes);
    };
    x = skim::onnx::MulOp::create(b, loc, x.getType(), x, column(scale));
    return skim::onnx::AddOp::create(b, loc, x.getType(), x, column(bias));
  }
};
} // namespace

static LogicalResult importInstanceNormalization(Node &node) {
  FailureOr<SmallVector<int64_t>> axes = getSpatialAxes(node);
  if (failed(axes))
    return failure();
  NormBuilder norm{node};
  node.outputs.push_back(norm.scale(norm.normalise(node.getInput(0), *axes),
                                    node.getInput(1), node.getInput(2)));
  return success();
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
  node.outputs.push_back(
      ofGroups ? y : norm.scale(y, node.getInput(1), node.getInput(2)));
  return success();
}

llvm::ArrayRef<NodeSpec> skim::import::getSpatialNodes() {
  static const NodeSpec nodes[] = {
      {"GlobalAveragePool", 1, "X", "Y", "",
       importGlobal<skim::onnx::ReduceMeanOp>},
      {"GlobalMaxPool", 1, "X", "Y", "", importGlobal<skim::onnx::ReduceMaxOp>},
      {"GroupNormalization", 18, "X scale bias", "Y",
       "-epsilon:f -num_groups:i! -stash_type:i", importGroupNormalization},
      {"InstanceNormalization", 6, "input scale B", "output", "-epsilon:f",
       importInstanceNormalization},
  };
  return nodes;
}
