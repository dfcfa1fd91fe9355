//===- ActivationNodes.cpp - activation functions and softmax ------------===//
// Import of the family; before operator set 13 softmax worked on a matrix made
// of the dimensions before and from its axis.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

/// The old form on the last axis is the new one. On another axis the input is
/// flattened to a matrix, and the result gets its shape back.
static LogicalResult importSoftmax(Node &node) {
  if (node.getOpset() >= 13)
    return importSameType(node);
  Value input = node.getInput(0);
  int64_t axis = node.getInt("axis", 1);
  std::optional<int64_t> rank = node.getRank(0);
  OpBuilder &builder = node.getBuilder();
  NamedAttribute last =
      builder.getNamedAttr("axis", builder.getI64IntegerAttr(-1));
  if (rank && !skim::onnx::normaliseAxis(axis, *rank))
    return node.fail("expected an axis in [-" + Twine(*rank) + ", " +
                     Twine(*rank) + "), got " + Twine(axis));
  if (axis == -1 || (rank && axis == *rank - 1))
    return node.build(input.getType(), last);

  Type matrix = withRank(node.getElement(0), 2);
  Location loc = node.getLoc();
  Value flat = skim::onnx::FlattenOp::create(builder, loc, matrix, input, axis);
  if (failed(node.build(flat, matrix, last)))
    return failure();
  Type sizes = rank ? RankedTensorType::get({*rank}, builder.getI64Type())
                    : withRank(builder.getI64Type(), 1);
  Value shape =
      skim::onnx::ShapeOp::create(builder, loc, sizes, input,
                                  /*end=*/IntegerAttr(),
                                  /*start=*/builder.getI64IntegerAttr(0));
  node.outputs[0] = skim::onnx::ReshapeOp::create(
      builder, loc, input.getType(), node.outputs[0], shape, /*allowzero=*/0);
  return success();
}

llvm::ArrayRef<NodeSpec> skim::import::getActivationNodes() {
  static const NodeSpec nodes[] = {
      {"Celu", 12, "X", "Y", "alpha:f", importSameType},
      {"Elu", 7, "X", "Y", "alpha:f", importSameType},
      {"Gelu", 20, "X", "Y", "approximate:s", importSameType},
      {"HardSigmoid", 7, "X", "Y", "alpha:f beta:f", importSameType},
      {"HardSwish", 14, "X", "Y", "", importSameType},
      {"LeakyRelu", 7, "X", "Y", "alpha:f", importSameType},
      {"LogSoftmax", 7, "input", "output", "axis:i", importSoftmax},
      {"Mish", 18, "X", "Y", "", importSameType},
      {"PRelu", 7, "X slope", "Y", "", importSameType},
      {"Relu", 7, "X", "Y", "", importSameType},
      {"Selu", 7, "X", "Y", "alpha:f gamma:f", importSameType},
      {"Sigmoid", 7, "X", "Y", "", importSameType},
      {"Softmax", 7, "input", "output", "axis:i", importSoftmax},
      {"Softplus", 7, "X", "Y", "", importSameType},
      {"Softsign", 7, "input", "output", "", importSameType},
      {"Swish", 24, "X", "Y", "alpha:f", importSameType},
      {"ThresholdedRelu", 10, "X", "Y", "alpha:f", importSameType},
  };
  return nodes;
}
