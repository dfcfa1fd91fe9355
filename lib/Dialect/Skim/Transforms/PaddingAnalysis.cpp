//===- PaddingAnalysis.cpp - may padding be removed? ----------------------===//
// One walk over the function that follows token states and stops at the first
// op that lets a token see a position without one, or that would see another
// value there than the model has.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/Transforms/PaddingAnalysis.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

#include "mlir/Analysis/SliceAnalysis.h"

using namespace mlir;
using namespace skim;

/// exp(x) is 0 in f32 below about -104, and scores are far smaller than this.
static constexpr float kHidingFill = -1.0e4f;

Value PaddingAnalysis::findMask(func::FuncOp function) {
  auto attentions = function.front().getOps<AttentionOp>();
  return attentions.empty() ? Value() : (*attentions.begin()).getKeyMask();
}

PaddingAnalysis::PaddingAnalysis(func::FuncOp function, Value mask,
                                 const Ops &packed, bool scalesOfTokens)
    : mask(mask), packed(packed), scalesOfTokens(scalesOfTokens) {
  for (Operation &op : function.front()) {
    visit(op);
    if (obstacle)
      return;
  }
  if (mask && dependsOnStates(mask))
    stop(mask.getDefiningOp(), "makes the attention mask from token states");
}

/// Even from their shape: rows are numbered before there are states.
bool PaddingAnalysis::dependsOnStates(Value value) const {
  if (axes.count(value))
    return true;
  Operation *definition = value.getDefiningOp();
  if (!definition)
    return false;
  SetVector<Operation *> slice;
  BackwardSliceOptions options;
  options.inclusive = true;
  options.omitBlockArguments = true;
  (void)getBackwardSlice(definition, &slice, options);
  return llvm::any_of(slice, [&](Operation *op) {
    return llvm::any_of(op->getOperands(),
                        [&](Value operand) { return axes.count(operand); });
  });
}

std::optional<TokenAxes> PaddingAnalysis::getAxes(Value value) const {
  auto it = axes.find(value);
  if (it == axes.end())
    return std::nullopt;
  return it->second;
}

void PaddingAnalysis::stop(Operation *op, const Twine &why) {
  if (obstacle)
    return;
  obstacle = op;
  reason = why.str();
}

void PaddingAnalysis::setAxes(Operation &op, TokenAxes tokenAxes) {
  for (Value result : op.getResults())
    axes[result] = tokenAxes;
}

void PaddingAnalysis::visit(Operation &op) {
  if (packed.contains(&op))
    visitPacked(op);
  else if (isa<SkimDialect, onnx::OnnxDialect>(op.getDialect()))
    visitDense(op);
}

/// Ops on rows make rows of tokens, whatever their operands held elsewhere.
void PaddingAnalysis::visitPacked(Operation &op) {
  for (Value operand : op.getOperands()) {
    std::optional<TokenAxes> found = getAxes(operand);
    if (found && rankOf(operand) == 3 &&
        (found->batch != 0 || found->sequence != 1))
      return stop(&op, "takes token states in another order");
  }
  if (auto pool = dyn_cast<PoolOp>(op))
    return visitPool(pool);
  if (auto attention = dyn_cast<AttentionOp>(op))
    visitAttention(attention);
  auto linear = dyn_cast<LinearOp>(op);
  if (linear && linear.roundsByRange() && !scalesOfTokens)
    stop(&op, "rounds all positions by one scale");
  setAxes(op, TokenAxes{});
}

/// Every op that hides positions must hide the same ones.
void PaddingAnalysis::visitAttention(AttentionOp op) {
  if (op.getKeyMask() != mask)
    stop(op, op.getKeyMask() ? "has another mask than the attention before it"
                             : "has no mask where the attention before it has "
                               "one");
  if (op.getKeyMask() && op.getFill() &&
      op.getFill()->convertToFloat() > kHidingFill)
    stop(op, "fills masked scores with a value above -1e4, which leaves them "
             "some weight");
  if (op.getBias() && axes.count(op.getBias()))
    stop(op, "has a bias made from token states");
  if (op.getCos() && (axes.count(op.getCos()) || axes.count(op.getSin())))
    stop(op, "has rotary positions made from token states");
}

void PaddingAnalysis::visitPool(PoolOp op) {
  if (!mask || op.getKind() == PoolKind::First)
    return;
  if (!op.getMask())
    stop(op, "pools over every position, with or without a token");
  else if (op.getMask() != mask)
    stop(op, "pools with another mask than the attention's");
}

/// Ops on dense values read what rows leave at positions without a token.
void PaddingAnalysis::visitDense(Operation &op) {
  SmallVector<std::optional<TokenAxes>> operands;
  bool any = false;
  for (Value operand : op.getOperands()) {
    operands.push_back(getAxes(operand));
    any |= operands.back().has_value();
  }
  // The shape of states is exact whatever they hold.
  if (!any || isa<onnx::ShapeOp, onnx::SizeOp>(op))
    return;
  std::string why;
  if (std::optional<TokenAxes> result = propagateTokenAxes(op, operands, why))
    setAxes(op, *result);
  else
    stop(&op, why);
}
