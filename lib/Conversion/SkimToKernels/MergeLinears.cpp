//===- MergeLinears.cpp - linear layers that are one product --------------===//
// The rows are then read once and the tasks are longer; each element's chain
// stays what it was.
//===----------------------------------------------------------------------===//

#include "MergeLinears.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace skim;

/// Reads a range of columns as it is: by-products and attentions, and what
/// normalises heads for them.
static bool readsColumns(Operation *user) {
  if (isa<AttentionOp, TokenImportanceOp, BlockScoresOp>(user))
    return true;
  return isa<NormOp>(user) && !user->use_empty() &&
         llvm::all_of(
             user->getUsers(),
             llvm::IsaPred<AttentionOp, TokenImportanceOp, BlockScoresOp>);
}

static bool isCandidate(LinearOp op) {
  if (!isRagged(op.getResult().getType()) || op.getResidual() ||
      op.getActivation() != Activation::None || op->use_empty())
    return false;
  for (Value parameter : {op.getWeight(), op.getWeightScale(),
                          op.getWeightZeroPoint(), op.getBias()})
    if (parameter && !matchPattern(parameter, m_Constant()))
      return false;
  return llvm::all_of(op->getUsers(), readsColumns);
}

MergedLinears skim::findMergedLinears(func::FuncOp main) {
  using Key = std::tuple<Value, int, int, int, Attribute, Attribute>;
  llvm::MapVector<Key, SmallVector<LinearOp>> groups;
  main.walk([&](LinearOp op) {
    if (isCandidate(op))
      groups[{op.getInput(), op.getBias() ? 1 : 0,
              op.getTransposeWeight() ? 1 : 0, op.isQuantised() ? 1 : 0,
              op.getInputScaleAttr(), op.getInputZeroPointAttr()}]
          .push_back(op);
  });
  MergedLinears merged;
  for (auto &[key, group] : groups)
    if (group.size() > 1)
      merged[group.front()] = group;
  return merged;
}
