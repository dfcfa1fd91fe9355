//===- LogicNodes.cpp - comparison, boolean and bitwise ops --------------===//
// Import of the family.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

/// The result is boolean, its shape is broadcast.
static LogicalResult importCompare(Node &node) {
  return node.build(
      withShape(node.getBuilder().getI1Type(), getBroadcastShape(node)));
}

/// The result is boolean and has the shape of the input.
static LogicalResult importTest(Node &node) {
  return node.build(
      withElement(node.getInput(0), node.getBuilder().getI1Type()));
}

static LogicalResult importWhere(Node &node) {
  return node.build(withShape(node.getElement(1), getBroadcastShape(node)));
}

llvm::ArrayRef<NodeSpec> skim::import::getLogicNodes() {
  static const NodeSpec nodes[] = {
      {"And", 7, "A B", "C", "", importCompare},
      {"BitShift", 11, "X Y", "Z", "direction:s!", importBroadcast},
      {"BitwiseAnd", 18, "A B", "C", "", importBroadcast},
      {"BitwiseNot", 18, "X", "Y", "", importSameType},
      {"BitwiseOr", 18, "A B", "C", "", importBroadcast},
      {"BitwiseXor", 18, "A B", "C", "", importBroadcast},
      {"Equal", 7, "A B", "C", "", importCompare},
      {"Greater", 7, "A B", "C", "", importCompare},
      {"GreaterOrEqual", 12, "A B", "C", "", importCompare},
      {"IsInf", 10, "X", "Y", "detect_negative:i detect_positive:i",
       importTest},
      {"IsNaN", 9, "X", "Y", "", importTest},
      {"Less", 7, "A B", "C", "", importCompare},
      {"LessOrEqual", 12, "A B", "C", "", importCompare},
      {"Not", 1, "X", "Y", "", importSameType},
      {"Or", 7, "A B", "C", "", importCompare},
      {"Where", 9, "condition X Y", "output", "", importWhere},
      {"Xor", 7, "A B", "C", "", importCompare},
  };
  return nodes;
}
