//===- InsertPlanRestores.cpp - sequence outputs of dropped tokens --------===//
// What holds at a dropped token in an output that has a sequence dimension:
// what the model's head makes of the token's last state, or a fill value.
//===----------------------------------------------------------------------===//

#include "InsertPlan.h"
#include "RowWise.h"

#include "skim/Dialect/Skim/Transforms/PaddingAnalysis.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace skim;

namespace {
/// Where the dense values that are made from restored states go.
class DenseUses {
public:
  explicit DenseUses(Block &block);

  /// Restores whose states reach an output, and those that go back to rows.
  llvm::SetVector<Operation *> toOutput, toRows;
  /// The first op that takes positions together, and how.
  Operation *mixer = nullptr;
  std::string reason;
  /// Operands of the return that hold states which an op has changed, and so
  /// would change a fill value too.
  SmallVector<OpOperand *> changed;
  /// The restores behind a value, and its token axes.
  llvm::DenseMap<Value, llvm::SetVector<Operation *>> sources;
  llvm::DenseMap<Value, TokenAxes> axes;

private:
  void visit(Operation &op);

  llvm::DenseSet<Value> changes;
};
} // namespace

/// Ops that put values elsewhere and leave them as they are.
static bool onlyMoves(Operation &op) {
  return isa<onnx::TransposeOp, onnx::ReshapeOp, onnx::SplitOp, onnx::SqueezeOp,
             onnx::UnsqueezeOp, onnx::SliceOp, onnx::IdentityOp>(op);
}

DenseUses::DenseUses(Block &block) {
  for (Operation &op : block) {
    if (auto restore = dyn_cast<RestoreOp>(op)) {
      sources[restore.getResult()].insert(restore);
      axes[restore.getResult()] = TokenAxes{};
    } else {
      visit(op);
    }
  }
}

void DenseUses::visit(Operation &op) {
  llvm::SetVector<Operation *> from;
  SmallVector<std::optional<TokenAxes>> operands;
  for (Value operand : op.getOperands()) {
    operands.push_back(axes.count(operand) ? std::optional(axes[operand])
                                           : std::nullopt);
    if (sources.count(operand))
      from.insert_range(sources[operand]);
  }
  // The shape of restored states is exact whatever they hold.
  if (from.empty() || isa<onnx::ShapeOp, onnx::SizeOp>(op))
    return;
  auto isChanged = [&](Value operand) { return changes.contains(operand); };
  if (isa<func::ReturnOp>(op)) {
    for (OpOperand &output : op.getOpOperands())
      if (isChanged(output.get()))
        changed.push_back(&output);
    return toOutput.insert_range(from);
  }
  if (isa<GatherOp>(op))
    return toRows.insert_range(from);
  std::string why;
  std::optional<TokenAxes> result = propagateTokenAxes(op, operands, why);
  if (!result && !mixer) {
    mixer = &op;
    reason = why;
  }
  for (Value value : op.getResults()) {
    sources[value] = from;
    if (result)
      axes[value] = *result;
  }
  if (!onlyMoves(op) || llvm::any_of(op.getOperands(), isChanged))
    changes.insert(op.result_begin(), op.result_end());
}

/// Whether rows can be taken out of a value that is made from states.
static bool canGather(Type value, TokenAxes axes) {
  auto type = cast<RankedTensorType>(value);
  bool isStates = type.getRank() == 3 && !type.isDynamicDim(2);
  return axes.batch == 0 && axes.sequence == 1 &&
         type.getElementType().isF32() && (isStates || type.getRank() == 2);
}

LogicalResult PlannedModel::findOutputs() {
  DenseUses uses(body());
  if ((cuts() || plan.fill) && uses.mixer)
    return error() << "expected ops that work on each token apart, but "
                   << onnx::describe(uses.mixer) << " " << uses.reason;
  for (Operation *restore : uses.toOutput) {
    if (cuts() && uses.toRows.contains(restore))
      return error() << "expected outputs from behind the encoder's ops, but "
                     << onnx::describe(restore) << " feeds both";
    outputs.push_back(cast<RestoreOp>(restore));
  }
  for (OpOperand *output : uses.changed) {
    Value value = output->get();
    if (plan.fill && !canGather(value.getType(), uses.axes[value]))
      return error("restore.fill")
             << "expected f32 [batch, sequence] or [batch, sequence, H] behind "
                "ops that change the fill value, but "
             << onnx::describe(value.getDefiningOp()) << " makes '"
             << outputName(output->getOperandNumber()) << "', "
             << value.getType();
    ChangedOutput &changed = changedOutputs.emplace_back();
    changed.output = output;
    for (Operation *restore : uses.sources[value])
      changed.restores.push_back(cast<RestoreOp>(restore));
  }
  return success();
}

/// Copies the row-wise ops that make `value` from the residual stream, over
/// held states in its place. Null where another op stands between.
static Value cloneOnHeld(OpBuilder &builder, Value value, Value stream,
                         Value held, IRMapping &mapping) {
  if (value == stream)
    return held;
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  if (!isRowWise(op))
    return Value();
  for (Value operand : op->getOperands()) {
    if (!isRagged(operand.getType()))
      continue;
    Value copy = cloneOnHeld(builder, operand, stream, held, mapping);
    if (!copy)
      return Value();
    mapping.map(operand, copy);
  }
  return builder.clone(*op, mapping)->getResult(0);
}

/// The values of the residual stream that `value` is made from, row by row.
static void findStreams(const PlannedModel &model, Value value,
                        llvm::SetVector<Value> &found) {
  if (model.streams.contains(value)) {
    found.insert(value);
    return;
  }
  Operation *op = value.getDefiningOp();
  if (!isRowWise(op))
    return;
  for (Value operand : op->getOperands())
    if (isRagged(operand.getType()))
      findStreams(model, operand, found);
}

/// The held states behind the cut that made `rows`.
static Value heldBehind(Value rows) {
  Operation *cut = rows.getDefiningOp();
  if (auto prune = dyn_cast_or_null<PruneOp>(cut))
    return prune.getHeldResult();
  return cast<SkipBlocksOp>(cut).getHeldResult();
}

/// Lets a sequence output read, at entry rows, what is held.
static LogicalResult hold(PlannedModel &model, RestoreOp restore) {
  Value rows = restore.getRows();
  if (rows == model.entryRows)
    return success();
  llvm::SetVector<Value> streams;
  findStreams(model, restore.getInput(), streams);
  OpBuilder builder(restore);
  Value copy;
  if (streams.size() == 1) {
    Value held = HoldOp::create(builder, restore.getLoc(), heldBehind(rows),
                                streams.front(), rows);
    IRMapping mapping;
    copy = cloneOnHeld(builder, restore.getInput(), streams.front(), held,
                       mapping);
  }
  if (!copy)
    return model.error("restore")
           << "expected outputs made from the states behind one layer, but "
           << onnx::describe(restore) << " reads others";
  restore.getInputMutable().assign(copy);
  restore.getRowsMutable().assign(model.entryRows);
  return success();
}

/// `value`, [batch, sequence] or [batch, sequence, H], with the fill value
/// where there are no rows.
static Value refill(OpBuilder &builder, Value value, Value rows,
                    llvm::APFloat fill) {
  Location loc = value.getLoc();
  auto type = cast<RankedTensorType>(value.getType());
  Value axis;
  if (type.getRank() == 2) {
    axis =
        onnx::ConstantOp::create(builder, loc, builder.getI64TensorAttr({2}));
    auto wide = RankedTensorType::get(
        {type.getDimSize(0), type.getDimSize(1), 1}, type.getElementType());
    value = onnx::UnsqueezeOp::create(builder, loc, wide, value, axis);
  }
  auto wide = cast<RankedTensorType>(value.getType());
  auto ragged = RaggedType::get(builder.getContext(), wide.getDimSize(2),
                                type.getElementType());
  value = GatherOp::create(builder, loc, ragged, value, rows);
  value = RestoreOp::create(builder, loc, wide, value, rows, fill);
  return axis ? onnx::SqueezeOp::create(builder, loc, type, value, axis)
              : value;
}

/// Puts the fill value into an output behind the ops that would change it.
static LogicalResult fillChanged(PlannedModel &model,
                                 PlannedModel::ChangedOutput &changed,
                                 llvm::APFloat fill) {
  Value rows = changed.restores.front().getRows();
  for (RestoreOp restore : changed.restores)
    if (restore.getRows() != rows)
      return model.error("restore.fill")
             << "expected '"
             << model.outputName(changed.output->getOperandNumber())
             << "' made from the states behind one layer, but "
             << onnx::describe(restore) << " reads others";
  OpBuilder builder(changed.output->getOwner());
  changed.output->set(refill(builder, changed.output->get(), rows, fill));
  return success();
}

LogicalResult skim::insertRestores(PlannedModel &model) {
  if (!model.plan.fill) {
    for (RestoreOp restore : model.outputs)
      if (model.cuts() && failed(hold(model, restore)))
        return failure();
    return success();
  }
  llvm::APFloat fill(static_cast<float>(*model.plan.fill));
  for (RestoreOp restore : model.outputs)
    restore.setFill(fill);
  for (PlannedModel::ChangedOutput &changed : model.changedOutputs)
    if (failed(fillChanged(model, changed, fill)))
      return failure();
  return success();
}
