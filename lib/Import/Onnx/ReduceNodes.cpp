//===- ReduceNodes.cpp - reductions along axes ---------------------------===//
// Import of the family; axes were an attribute before operator set 18 (13 for
// ReduceSum).
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

/// The shape after the reduction of constant `axes`; none when it is unknown.
static std::optional<SmallVector<int64_t>>
getReducedShape(Node &node, std::optional<SmallVector<int64_t>> axes,
                bool keepDims) {
  auto shape = node.getShape(0);
  if (!shape || (!axes && !keepDims))
    return std::nullopt;
  SmallVector<int64_t> dims(*shape);
  if (!axes) // Which dimensions become 1 is unknown.
    return SmallVector<int64_t>(dims.size(), ShapedType::kDynamic);
  SmallVector<bool> reduced(dims.size(), axes->empty());
  for (int64_t axis : *axes)
    if (auto index = skim::onnx::normaliseAxis(axis, dims.size()))
      reduced[*index] = true;
  SmallVector<int64_t> result;
  for (auto [dim, isReduced] : llvm::zip(dims, reduced))
    if (!isReduced || keepDims)
      result.push_back(isReduced ? 1 : dim);
  return result;
}

static LogicalResult importReduceSince(Node &node, int64_t operandSince) {
  Value axes = node.getInput(1);
  if (node.getOpset() < operandSince) {
    if (node.hasInput(1))
      return node.fail(
          "expected the axes as an attribute before operator set " +
          Twine(operandSince));
    if (node.hasAttr("axes"))
      axes = node.makeInts(node.getInts("axes"));
  } else if (node.hasAttr("axes")) {
    return node.fail("unknown attribute 'axes'");
  }

  std::optional<SmallVector<int64_t>> known;
  if (skim::onnx::isAbsent(axes))
    known.emplace();
  else
    known = skim::onnx::getConstantInts(axes);
  bool noop = node.getInt("noop_with_empty_axes", 0) && known && known->empty();
  if (noop)
    return node.build({node.getInput(0), axes}, node.getInput(0).getType());
  return node.build(
      {node.getInput(0), axes},
      withShape(node.getElement(0),
                getReducedShape(node, known, node.getInt("keepdims", 1))));
}

static LogicalResult importReduce(Node &node) {
  return importReduceSince(node, 18);
}

static LogicalResult importReduceSum(Node &node) {
  return importReduceSince(node, 13);
}

static LogicalResult importArg(Node &node) {
  SmallVector<int64_t> axes{node.getInt("axis", 0)};
  return node.build(
      withShape(node.getBuilder().getI64Type(),
                getReducedShape(node, axes, node.getInt("keepdims", 1))));
}

/// One row of the table below.
static NodeSpec reduction(StringRef name, NodeSpec::Handler handler) {
  return {name,
          1,
          "data axes?",
          "reduced",
          "keepdims:i noop_with_empty_axes:i -axes:I",
          handler};
}

llvm::ArrayRef<NodeSpec> skim::import::getReduceNodes() {
  static const StringRef argAttributes =
      "axis:i keepdims:i select_last_index:i";
  static const NodeSpec nodes[] = {
      {"ArgMax", 7, "data", "reduced", argAttributes, importArg},
      {"ArgMin", 7, "data", "reduced", argAttributes, importArg},
      reduction("ReduceL1", importReduce),
      reduction("ReduceL2", importReduce),
      reduction("ReduceLogSum", importReduce),
      reduction("ReduceLogSumExp", importReduce),
      reduction("ReduceMax", importReduce),
      reduction("ReduceMean", importReduce),
      reduction("ReduceMin", importReduce),
      reduction("ReduceProd", importReduce),
      reduction("ReduceSum", importReduceSum),
      reduction("ReduceSumSquare", importReduce),
  };
  return nodes;
}
