//===- MathNodes.cpp - elementwise arithmetic ----------------------------===//
// Import of the family; Clip before operator set 11 had attributes for its
// bounds.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

/// Bounds that the model leaves out stay absent.
static LogicalResult importClip(Node &node) {
  if (node.getOpset() >= 11)
    return importSameType(node);
  if (node.getNumInputs() > 1)
    return node.fail("expected 1 input before operator set 11, got " +
                     Twine(node.getNumInputs()));
  SmallVector<Value> operands{node.getInput(0)};
  for (StringRef bound : {"min", "max"})
    operands.push_back(
        node.hasAttr(bound)
            ? node.makeScalar(node.getElement(0), node.getFloat(bound, 0))
            : node.getNone());
  return node.build(operands, node.getInput(0).getType());
}

llvm::ArrayRef<NodeSpec> skim::import::getMathNodes() {
  static const NodeSpec nodes[] = {
      {"Abs", 7, "X", "Y", "", importSameType},
      {"Acos", 7, "input", "output", "", importSameType},
      {"Acosh", 9, "input", "output", "", importSameType},
      {"Add", 7, "A B", "C", "", importBroadcast},
      {"Asin", 7, "input", "output", "", importSameType},
      {"Asinh", 9, "input", "output", "", importSameType},
      {"Atan", 7, "input", "output", "", importSameType},
      {"Atanh", 9, "input", "output", "", importSameType},
      {"Ceil", 7, "X", "Y", "", importSameType},
      {"Clip", 7, "input min? max?", "output", "-min:f -max:f", importClip},
      {"Cos", 7, "input", "output", "", importSameType},
      {"Cosh", 9, "input", "output", "", importSameType},
      {"CumSum", 11, "x axis", "y", "exclusive:i reverse:i", importSameType},
      {"Div", 7, "A B", "C", "", importBroadcast},
      {"Erf", 9, "input", "output", "", importSameType},
      {"Exp", 7, "input", "output", "", importSameType},
      {"Floor", 7, "X", "Y", "", importSameType},
      {"Log", 7, "input", "output", "", importSameType},
      {"Max", 7, "data_0*", "max", "", importBroadcast},
      {"Mean", 7, "data_0*", "mean", "", importBroadcast},
      {"Min", 7, "data_0*", "min", "", importBroadcast},
      {"Mod", 10, "A B", "C", "fmod:i", importBroadcast},
      {"Mul", 7, "A B", "C", "", importBroadcast},
      {"Neg", 7, "X", "Y", "", importSameType},
      {"Pow", 7, "X Y", "Z", "", importBroadcast},
      {"Reciprocal", 7, "X", "Y", "", importSameType},
      {"Round", 11, "X", "Y", "", importSameType},
      {"Sign", 9, "input", "output", "", importSameType},
      {"Sin", 7, "input", "output", "", importSameType},
      {"Sinh", 9, "input", "output", "", importSameType},
      {"Sqrt", 7, "X", "Y", "", importSameType},
      {"Sub", 7, "A B", "C", "", importBroadcast},
      {"Sum", 7, "data_0*", "sum", "", importBroadcast},
      {"Tan", 7, "input", "output", "", importSameType},
      {"Tanh", 7, "input", "output", "", importSameType},
  };
  return nodes;
}
