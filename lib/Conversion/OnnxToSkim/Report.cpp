//===- Report.cpp - what raising left -------------------------------------===//
// Finds the onnx ops that compute on the model's floating-point data.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/OnnxToSkim/OnnxToSkim.h"

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

/// Ops that give their elements as they are, in other places.
static bool isMovement(Operation *op) {
  return isa<onnx::IdentityOp, onnx::ReshapeOp, onnx::FlattenOp,
             onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::TransposeOp,
             onnx::SplitOp, onnx::SliceOp, onnx::ConcatOp, onnx::ExpandOp>(op);
}

/// Marks the values that follow from the model's inputs by more than their
/// shape.
static DenseSet<Value> collectData(func::FuncOp func) {
  DenseSet<Value> data(func.getArguments().begin(), func.getArguments().end());
  func.walk([&](Operation *op) {
    if (isa<onnx::ShapeOp, onnx::SizeOp>(op))
      return;
    if (llvm::any_of(op->getOperands(),
                     [&](Value v) { return data.contains(v); }))
      data.insert(op->result_begin(), op->result_end());
  });
  return data;
}

/// Movement whose results reach nothing but outputs.
static DenseSet<Operation *> collectOutputMovement(func::FuncOp func) {
  DenseSet<Operation *> movement;
  // Users come after their operands.
  for (Block &block : llvm::reverse(func.getBody()))
    for (Operation &op : llvm::reverse(block))
      if (isMovement(&op) && llvm::all_of(op.getUsers(), [&](Operation *user) {
            return isa<func::ReturnOp>(user) || movement.contains(user);
          }))
        movement.insert(&op);
  return movement;
}

std::vector<UnraisedOp> skim::collectUnraised(ModuleOp module) {
  std::vector<UnraisedOp> unraised;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isExternal())
      continue;
    DenseSet<Value> data = collectData(func);
    DenseSet<Operation *> outputs = collectOutputMovement(func);
    DenseSet<Location> nodes;
    func.walk([&](Operation *op) {
      if (!isa_and_present<onnx::OnnxDialect>(op->getDialect()) ||
          isa<onnx::ShapeOp, onnx::SizeOp>(op) || outputs.contains(op))
        return;
      // A mask that comes as floats.
      if (auto cast = dyn_cast<onnx::CastOp>(op);
          cast && isa<BlockArgument>(cast.getInput()) &&
          !isFloat(cast.getOutput()))
        return;
      auto isFloatData = [&](Value v) {
        return isFloat(v) && data.contains(v);
      };
      if (llvm::none_of(op->getOperands(), isFloatData) &&
          llvm::none_of(op->getResults(), isFloatData))
        return;
      // A node that has become several ops is one node.
      if (isa<NameLoc>(op->getLoc()) && !nodes.insert(op->getLoc()).second)
        return;
      unraised.push_back({op, onnx::describe(op), ""});
    });
  }
  return unraised;
}
