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
  /// The first op that changes values, and so a fill value, on the way to an
  /// output.
  llvm::DenseMap<Operation *, Operation *> changers;

private:
  void visit(Operation &op);

  /// The restores behind a value, and its token axes.
  llvm::DenseMap<Value, llvm::SetVector<Operation *>> sources;
  llvm::DenseMap<Value, TokenAxes> axes;
};
} // namespace

/// Ops that put values elsewhere and leave them as they are.
static bool onlyMoves(Operation &op) {
  return isa<onnx::TransposeOp, onnx::ReshapeOp, onnx::SplitOp, onnx::SqueezeOp,
             onnx::UnsqueezeOp, onnx::SliceOp, onnx::IdentityOp,
             onnx::DropoutOp>(op);
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
  if (isa<func::ReturnOp>(op))
    return toOutput.insert_range(from);
  if (isa<GatherOp>(op))
    return toRows.insert_range(from);
  std::string why;
  std::optional<TokenAxes> result;
  if (isa_and_nonnull<onnx::OnnxDialect>(op.getDialect()))
    result = propagateTokenAxes(op, operands, why);
  if (!result && !mixer) {
    mixer = &op;
    reason = why.empty() ? "takes positions together" : why;
  }
  for (Value value : op.getResults()) {
    sources[value] = from;
    if (result)
      axes[value] = *result;
  }
  if (!onlyMoves(op))
    for (Operation *restore : from)
      changers.try_emplace(restore, &op);
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
    Operation *changer = uses.changers.lookup(restore);
    if (plan.fill && changer)
      return error("restore.fill")
             << "expected outputs that show states as they are, but "
             << onnx::describe(changer) << " changes the fill value";
    outputs.push_back(cast<RestoreOp>(restore));
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

LogicalResult skim::insertRestores(PlannedModel &model) {
  for (RestoreOp restore : model.outputs) {
    if (model.plan.fill)
      restore.setFill(llvm::APFloat(static_cast<float>(*model.plan.fill)));
    else if (model.cuts() && failed(hold(model, restore)))
      return failure();
  }
  return success();
}
