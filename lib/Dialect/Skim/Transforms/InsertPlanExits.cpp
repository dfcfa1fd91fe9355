//===- InsertPlanExits.cpp - let sequences leave behind layers ------------===//
// From the last exit to the first: what makes the output of the model out of
// the states behind a layer becomes the region of its exit.
//===----------------------------------------------------------------------===//

#include "InsertPlan.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace skim;

namespace {
/// Puts exits in.
class ExitInserter {
public:
  ExitInserter(PlannedModel &model, unsigned output)
      : model(model), exit(*model.plan.earlyExit), output(output),
        builder(model.main.getContext()) {}
  LogicalResult run();

private:
  LogicalResult insert(size_t index, Value logits);
  LogicalResult collectTail(Operation *anchor);
  LogicalResult checkTail();
  LogicalResult checkOnnx(Operation *op);
  SmallVector<Value> collectStates(Operation *anchor);
  bool dependsOnStates(Value value);
  void freeBatch(Operation *op);
  Value result() const { return returnOp().getOperand(output); }
  func::ReturnOp returnOp() const {
    return cast<func::ReturnOp>(model.body().getTerminator());
  }

  PlannedModel &model;
  const EarlyExit &exit;
  unsigned output;
  OpBuilder builder;
  /// The ops that become the region, in their order.
  llvm::SetVector<Operation *> tail;
};
} // namespace

/// Calls `visit` for what `op` and the ops in its regions read from outside.
static void visitOperands(Operation *op, function_ref<void(Value)> visit) {
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (!op->isAncestor(operand.getParentBlock()->getParentOp()))
        visit(operand);
  });
}

/// True for rows and ragged values, and for what is computed from them.
bool ExitInserter::dependsOnStates(Value value) {
  SetVector<Value> work;
  work.insert(value);
  for (size_t i = 0; i != work.size(); ++i) {
    if (isa<RaggedType, RowsType>(work[i].getType()))
      return true;
    if (Operation *op = work[i].getDefiningOp())
      visitOperands(op, [&](Value operand) { work.insert(operand); });
  }
  return false;
}

/// What makes the output behind `anchor`. Ops that do not depend on states go
/// before it; other outputs must not need the tail.
LogicalResult ExitInserter::collectTail(Operation *anchor) {
  SetVector<Operation *> slice;
  auto add = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (op && anchor->isBeforeInBlock(op) && dependsOnStates(value))
      slice.insert(op);
  };
  add(result());
  for (size_t i = 0; i != slice.size(); ++i)
    visitOperands(slice[i], add);
  tail.clear();
  SmallVector<Operation *> dead;
  llvm::DenseSet<Value> undefined;
  for (Operation &op : llvm::make_early_inc_range(llvm::make_range(
           std::next(anchor->getIterator()), std::prev(model.body().end())))) {
    bool reads = false;
    visitOperands(&op, [&](Value v) { reads |= undefined.contains(v); });
    if (slice.contains(&op)) {
      tail.insert(&op);
    } else if (reads) {
      dead.push_back(&op);
    } else {
      op.moveBefore(anchor);
      continue;
    }
    undefined.insert_range(op.getResults());
  }
  for (OpOperand &operand : returnOp()->getOpOperands())
    if (operand.getOperandNumber() != output &&
        undefined.contains(operand.get()))
      return model.error("early_exit.output")
             << "expected outputs that exits define, but '"
             << model.outputName(operand.getOperandNumber())
             << "' is computed behind them; keep '" << exit.output
             << "' alone with --outputs=" << exit.output;
  for (Operation *op : llvm::reverse(dead))
    op->erase();
  return success();
}

/// An onnx op behind an exit must know nothing of the batch but its operands.
LogicalResult ExitInserter::checkOnnx(Operation *op) {
  for (Value operand : op->getOperands()) {
    Operation *definition = operand.getDefiningOp();
    bool constant = definition && definition->hasTrait<OpTrait::ConstantLike>();
    constant |= isa_and_nonnull<onnx::ConstantOp, onnx::NoneOp>(definition);
    if (constant || (definition && tail.contains(definition)))
      continue;
    return model.error("early_exit")
           << "expected ops behind exits that depend on the sequences left "
           << "alone, but " << onnx::describe(op) << " reads others";
  }
  for (Value value : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || type.getRank() == 0 || !type.isDynamicDim(0))
      return model.error("early_exit")
             << "expected ops for any number of sequences behind exits, but "
             << onnx::describe(op) << " makes " << value.getType();
  }
  return success();
}

LogicalResult ExitInserter::checkTail() {
  for (Operation *op : tail) {
    if (isa<onnx::OnnxDialect>(op->getDialect())) {
      if (failed(checkOnnx(op)))
        return failure();
    } else if (isa<RestoreOp, GatherOp, EmbedOp, PackOp>(op)) {
      return model.error("early_exit")
             << "expected ops on states without padding behind exits, but "
             << onnx::describe(op) << " is none";
    }
  }
  return success();
}

/// The states and pooled states that the tail reads, defined before it.
SmallVector<Value> ExitInserter::collectStates(Operation *anchor) {
  llvm::SetVector<Value> states;
  for (Operation *op : tail)
    visitOperands(op, [&](Value value) {
      Operation *definition = value.getDefiningOp();
      if (definition && tail.contains(definition))
        return;
      auto tensor = dyn_cast<RankedTensorType>(value.getType());
      bool pooled = tensor && tensor.getRank() == 2 && dependsOnStates(value);
      if (isRagged(value.getType()) || pooled)
        states.insert(value);
    });
  return states.takeVector();
}

/// Behind an exit any number of sequences may be left.
void ExitInserter::freeBatch(Operation *op) {
  op->walk([&](Operation *inner) {
    if (!isa<SkimDialect>(inner->getDialect()))
      return;
    for (Value value : inner->getResults()) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (type && type.getRank() == 2)
        value.setType(type.clone({ShapedType::kDynamic, type.getDimSize(1)}));
    }
  });
}

LogicalResult ExitInserter::insert(size_t index, Value logits) {
  Operation *anchor = logits.getDefiningOp();
  int64_t layer = exit.layers[index];
  if (failed(collectTail(anchor)) || failed(checkTail()))
    return failure();
  if (tail.empty() || !tail.contains(result().getDefiningOp()))
    return model.error("early_exit.output")
           << "expected an output that the layers behind exits make, but '"
           << exit.output << "' is computed before layer " << layer << " ends";
  Value rows = model.layers[layer + 1].attention.getRows();
  SmallVector<Value> states = collectStates(anchor);
  builder.setInsertionPointAfter(anchor);
  Location loc = anchor->getLoc();
  auto op = EarlyExitOp::create(
      builder, loc, logits.getType(), logits, rows, states,
      CriterionAttr::get(builder.getContext(), exit.criterion),
      builder.getF32FloatAttr(exit.thresholds[index]),
      builder.getF32FloatAttr(exit.temperatures[index]),
      builder.getI64IntegerAttr(layer),
      index == 0 ? builder.getUnitAttr() : UnitAttr());
  Block *block = builder.createBlock(&op.getContinuation());
  IRMapping inside;
  inside.map(rows, block->addArgument(rows.getType(), loc));
  for (Value state : states) {
    Type type = state.getType();
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      type = tensor.clone({ShapedType::kDynamic, tensor.getDimSize(1)});
    inside.map(state, block->addArgument(type, loc));
  }
  Value last = result();
  for (Operation *moved : tail) {
    moved->moveBefore(block, block->end());
    freeBatch(moved);
  }
  builder.setInsertionPointToEnd(block);
  YieldOp::create(builder, loc, last);
  for (auto [outer, inner] : inside.getValueMap())
    Value(outer).replaceUsesWithIf(inner, [&](OpOperand &use) {
      return op.getContinuation().isAncestor(use.getOwner()->getParentRegion());
    });
  returnOp()->setOperand(output, op.getResult());
  return success();
}

LogicalResult ExitInserter::run() {
  Value before = result();
  auto type = cast<RankedTensorType>(before.getType());
  FailureOr<SmallVector<Value>> logits = insertHeads(model, type.getDimSize(0));
  if (failed(logits))
    return failure();
  for (size_t index = exit.layers.size(); index-- != 0;)
    if (failed(insert(index, (*logits)[index])))
      return failure();
  return success();
}

LogicalResult skim::insertExits(PlannedModel &model) {
  if (!model.plan.earlyExit)
    return success();
  const EarlyExit &exit = *model.plan.earlyExit;
  std::optional<unsigned> output = model.findOutput(exit.output);
  if (!output)
    return model.error("early_exit.output")
           << "expected one of the outputs " << model.listOutputs() << ", got '"
           << exit.output << "'";
  auto type = dyn_cast<RankedTensorType>(model.main.getResultTypes()[*output]);
  if (!type || type.getRank() != 2 || type.isDynamicDim(1) ||
      !type.getElementType().isF32())
    return model.error("early_exit.output")
           << "expected an output of f32 [batch, classes], but '" << exit.output
           << "' is " << model.main.getResultTypes()[*output];
  return ExitInserter(model, *output).run();
}
