//===- IndexNodes.cpp - selecting, scattering and generating elements ----===//
// Import of the family; TopK had its count as an attribute before operator set
// 10, ScatterElements was called Scatter before 11.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

static constexpr int64_t kDynamic = ShapedType::kDynamic;

/// The type of the data with the shape of the indices.
static LogicalResult importGatherElements(Node &node) {
  auto indices = dyn_cast<TensorType>(node.getInput(1).getType());
  return node.build(indices.clone(node.getElement(0)));
}

static LogicalResult importGather(Node &node) {
  auto data = node.getShape(0), indices = node.getShape(1);
  std::optional<SmallVector<int64_t>> shape;
  if (data && indices) {
    auto axis = skim::onnx::normaliseAxis(node.getInt("axis", 0), data->size());
    if (!axis)
      return node.fail("expected an axis in [-" + Twine(data->size()) + ", " +
                       Twine(data->size()) + "), got " +
                       Twine(node.getInt("axis", 0)));
    shape = SmallVector<int64_t>(data->take_front(*axis));
    llvm::append_range(*shape, *indices);
    llvm::append_range(*shape, data->drop_front(*axis + 1));
  }
  return node.build(withShape(node.getElement(0), shape));
}

static LogicalResult importGatherND(Node &node) {
  auto data = node.getRank(0);
  auto indices = node.getShape(1);
  std::optional<int64_t> rank;
  if (data && indices && !indices->empty() &&
      !ShapedType::isDynamic(indices->back()))
    rank = *data + indices->size() - 1 - indices->back() -
           node.getInt("batch_dims", 0);
  return node.build(withRank(node.getElement(0), rank));
}

static LogicalResult importScatter(Node &node) {
  OpBuilder &builder = node.getBuilder();
  if (node.getOpset() > 10)
    return node.fail("unsupported op 'Scatter' from operator set 11 on: it is "
                     "called ScatterElements");
  node.outputs.push_back(skim::onnx::ScatterElementsOp::create(
      builder, node.getLoc(), node.getInput(0).getType(), node.getInput(0),
      node.getInput(1), node.getInput(2), node.getInt("axis", 0), "none"));
  return success();
}

static LogicalResult importOneHot(Node &node) {
  std::optional<int64_t> rank = node.getRank(0);
  if (rank)
    ++*rank;
  return node.build(withRank(node.getElement(2), rank));
}

static LogicalResult importNonZero(Node &node) {
  // A scalar counts as a list of one.
  auto rank = node.getRank(0);
  SmallVector<int64_t> shape{rank ? std::max<int64_t>(*rank, 1) : kDynamic,
                             kDynamic};
  return node.build(withShape(node.getBuilder().getI64Type(), shape));
}

static LogicalResult importCompress(Node &node) {
  return node.build(
      withRank(node.getElement(0), node.hasAttr("axis") ? node.getRank(0) : 1));
}

static LogicalResult importTopK(Node &node) {
  Value count = node.getInput(1);
  if (node.getOpset() < 10) {
    if (node.hasInput(1) || !node.hasAttr("k"))
      return node.fail("expected an attribute 'k' before operator set 10");
    count = node.makeInts(node.getInt("k", 0));
  } else if (!node.hasInput(1)) {
    return node.fail("expected an input 'K'");
  }
  Type i64 = node.getBuilder().getI64Type();
  return node.build({node.getInput(0), count},
                    {withRank(node.getElement(0), node.getRank(0)),
                     withRank(i64, node.getRank(0))});
}

static LogicalResult importRange(Node &node) {
  return node.build(withRank(node.getElement(0), 1));
}

/// A value that is left out is the float 0.
static LogicalResult importConstantOfShape(Node &node) {
  Builder &builder = node.getBuilder();
  ElementsAttr value = DenseElementsAttr::get(
      RankedTensorType::get({1}, builder.getF32Type()), 0.0f);
  if (node.hasAttr("value")) {
    FailureOr<ElementsAttr> tensor = node.getTensor("value");
    if (failed(tensor))
      return failure();
    value = *tensor;
  }
  auto type = dyn_cast<RankedTensorType>(node.getInput(0).getType());
  std::optional<int64_t> rank;
  if (type && type.getRank() == 1 && !type.isDynamicDim(0))
    rank = type.getDimSize(0);
  return node.build(withRank(value.getElementType(), rank),
                    builder.getNamedAttr("value", value));
}

static LogicalResult importEyeLike(Node &node) {
  Type element = node.getElement(0);
  if (node.hasAttr("dtype"))
    element =
        getElementType(node.getBuilder().getContext(), node.getInt("dtype", 0));
  if (!element)
    return node.fail(Twine(expectedType) + " as dtype, got " +
                     getDataTypeName(node.getInt("dtype", 0)));
  return node.build(withElement(node.getInput(0), element));
}

llvm::ArrayRef<NodeSpec> skim::import::getIndexNodes() {
  static const NodeSpec nodes[] = {
      {"Compress", 9, "input condition", "output", "axis:i", importCompress},
      {"ConstantOfShape", 9, "input", "output", "-value:t",
       importConstantOfShape},
      {"EyeLike", 9, "input", "output", "dtype:i k:i", importEyeLike},
      {"Gather", 7, "data indices", "output", "axis:i", importGather},
      {"GatherElements", 11, "data indices", "output", "axis:i",
       importGatherElements},
      {"GatherND", 11, "data indices", "output", "batch_dims:i",
       importGatherND},
      {"NonZero", 9, "X", "Y", "", importNonZero},
      {"OneHot", 9, "indices depth values", "output", "axis:i", importOneHot},
      {"Range", 11, "start limit delta", "output", "stash_type:i", importRange},
      {"Scatter", 9, "data indices updates", "output", "axis:i", importScatter},
      {"ScatterElements", 11, "data indices updates", "output",
       "axis:i reduction:s", importSameType},
      {"ScatterND", 11, "data indices updates", "output", "reduction:s",
       importSameType},
      {"TopK", 7, "X K?", "Values Indices", "axis:i largest:i sorted:i -k:i",
       importTopK},
      {"Trilu", 14, "input k?", "output", "upper:i", importSameType},
  };
  return nodes;
}
