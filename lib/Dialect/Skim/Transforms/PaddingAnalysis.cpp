//===- PaddingAnalysis.cpp - may padding be removed? ----------------------===//
// One walk over the function that follows token states and stops at the first
// op that lets a token see a position without one.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/Transforms/PaddingAnalysis.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

#include "mlir/Analysis/SliceAnalysis.h"

using namespace mlir;
using namespace skim;

/// exp(x) is 0 in f32 below about -104, and scores are far smaller than this.
static constexpr float kHidingFill = -1.0e4f;

PaddingAnalysis::PaddingAnalysis(func::FuncOp function, bool scalesOfTokens)
    : scalesOfTokens(scalesOfTokens) {
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
  if (isa<SkimDialect>(op.getDialect()))
    return visitSkim(op);
  if (isa<onnx::OnnxDialect>(op.getDialect()))
    return visitOnnx(op);
}

/// Every op that hides positions must hide the same ones.
void PaddingAnalysis::requireMask(Operation *op, Value candidate) {
  if (!sawAttention) {
    mask = candidate;
    sawAttention = true;
  } else if (mask != candidate) {
    stop(op, candidate ? "has another mask than the attention before it"
                       : "has no mask where the attention before it has one");
  }
}

void PaddingAnalysis::visitSkim(Operation &op) {
  if (auto attention = dyn_cast<AttentionOp>(op)) {
    requireMask(&op, attention.getKeyMask());
    if (attention.getKeyMask() && attention.getFill() &&
        attention.getFill()->convertToFloat() > kHidingFill)
      stop(&op, "fills masked scores with a value above -1e4, which leaves "
                "them some weight");
    if (attention.getBias() && axes.count(attention.getBias()))
      stop(&op, "has a bias made from token states");
    if (attention.getCos() &&
        (axes.count(attention.getCos()) || axes.count(attention.getSin())))
      stop(&op, "has rotary positions made from token states");
    return setAxes(op, TokenAxes{});
  }
  if (auto pool = dyn_cast<PoolOp>(op)) {
    if (!axes.count(pool.getInput()) || pool.getKind() == PoolKind::First)
      return;
    if (mask && !pool.getMask())
      stop(&op, "pools over every position, with or without a token");
    else if (mask && pool.getMask() != mask)
      stop(&op, "pools with another mask than the attention's");
    return;
  }
  auto states = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  if (!states || states.getRank() != 3)
    return;
  bool fromTokens = isa<EmbedOp>(op) ||
                    llvm::any_of(op.getOperands(),
                                 [&](Value v) { return axes.count(v) != 0; });
  auto linear = dyn_cast<LinearOp>(op);
  if (fromTokens && linear && linear.roundsByRange() && !scalesOfTokens)
    stop(&op, "rounds all positions by one scale");
  if (fromTokens)
    setAxes(op, TokenAxes{});
}

void PaddingAnalysis::visitOnnx(Operation &op) {
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
