//===- QuantNodes.cpp - quantisation -------------------------------------===//
// Import of the family.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

/// The type of the result: the zero point's, `output_dtype`, else uint8.
static LogicalResult importQuantize(Node &node) {
  Builder &builder = node.getBuilder();
  Type type = builder.getIntegerType(8, /*isSigned=*/false);
  int64_t wanted = node.getInt("output_dtype", 0);
  if (node.holdsFourBits(2))
    return node.fail("expected a zero point of 8 bits or more, got 4");
  if (node.hasInput(2))
    type = node.getElement(2);
  else if (wanted != 0)
    type = getElementType(builder.getContext(), wanted);
  if (!type)
    return node.fail(Twine(expectedType) + " as output_dtype, got " +
                     getDataTypeName(wanted));
  return node.build(withElement(node.getInput(0), type));
}

/// The type of the result: `output_dtype`, else the scale's.
static LogicalResult importDequantize(Node &node) {
  int64_t wanted = node.getInt("output_dtype", 0);
  Type type = wanted == 0
                  ? node.getElement(1)
                  : getElementType(node.getBuilder().getContext(), wanted);
  if (!type)
    return node.fail(Twine(expectedType) + " as output_dtype, got " +
                     getDataTypeName(wanted));
  return node.build(withElement(node.getInput(0), type));
}

static LogicalResult importDynamicQuantize(Node &node) {
  Builder &builder = node.getBuilder();
  Type bytes = builder.getIntegerType(8, /*isSigned=*/false);
  SmallVector<Type> types{
      withElement(node.getInput(0), bytes),
      RankedTensorType::get({}, builder.getF32Type()),
      RankedTensorType::get({}, bytes),
  };
  return node.build(types);
}

static LogicalResult importMatMulInteger(Node &node) {
  return node.build(
      withShape(node.getBuilder().getI32Type(), getProductShape(node)));
}

llvm::ArrayRef<NodeSpec> skim::import::getQuantNodes() {
  static const NodeSpec nodes[] = {
      {"DequantizeLinear", 10, "x x_scale x_zero_point?", "y",
       "axis:i block_size:i output_dtype:i", importDequantize},
      {"DynamicQuantizeLinear", 11, "x", "y y_scale y_zero_point", "",
       importDynamicQuantize},
      {"MatMulInteger", 10, "A B a_zero_point? b_zero_point?", "Y", "",
       importMatMulInteger},
      {"QuantizeLinear", 10, "x y_scale y_zero_point?", "y",
       "axis:i block_size:i output_dtype:i precision:i saturate:i",
       importQuantize},
  };
  return nodes;
}
