//===- AttentionWindow.cpp - conditions on scores taken apart -------------===//
// A mask may hide keys without a token, keys that are far from the query, or
// both at once, and may be chosen against a bias. Here it becomes a condition
// for each; the one on the distance is the attention's window.
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

/// Notes the window that a condition is; false when it is none.
bool AttentionMatcher::matchWindow(const ScoreTerm &term) {
  if (!term.isCondition || !isFill(term.fill * term.factor))
    return false;
  DistanceRangeFinder finder(context, elements, indices.query - indices.key);
  std::optional<DistanceRange> found =
      finder.find(term.value, term.at, /*holds=*/!term.fillsWhereTrue);
  // A query sees its own position.
  if (!found || !found->contains(0))
    return false;
  limitDistances(*found);
  return true;
}

/// The conditions that a condition joins.
SmallVector<ScoreTerm> AttentionMatcher::splitCondition(const ScoreTerm &term) {
  Element element = elements.trace(term.value, term.at);
  Operation *op = element.kind == Kind::Access && element.number == 1
                      ? element.base.getDefiningOp()
                      : nullptr;
  // Scores stay where all hold, or are filled where any does.
  bool isSplit = term.fillsWhereTrue ? isa_and_present<onnx::OrOp>(op)
                                     : isa_and_present<onnx::AndOp>(op);
  if (!isSplit && !isa_and_present<onnx::NotOp>(op))
    return {};
  SmallVector<ScoreTerm> parts;
  for (Value operand : op->getOperands()) {
    auto at = getOperandIndex(context, operand, op->getResult(0), element.at);
    if (!at)
      return {};
    ScoreTerm &part = parts.emplace_back(term);
    part.value = operand;
    part.at = *at;
    part.fillsWhereTrue = term.fillsWhereTrue != !isSplit;
  }
  return parts;
}

/// A choice between a fill and something else, as a condition and what else is
/// added.
SmallVector<ScoreTerm> AttentionMatcher::splitChoice(const ScoreTerm &term) {
  Element element = elements.trace(term.value, term.at);
  auto where = element.kind == Kind::Access
                   ? element.base.getDefiningOp<onnx::WhereOp>()
                   : onnx::WhereOp();
  if (!where)
    return {};
  double factor = term.factor * element.number;
  for (bool fillsWhereTrue : {true, false}) {
    Value filled = fillsWhereTrue ? where.getX() : where.getY();
    Value other = fillsWhereTrue ? where.getY() : where.getX();
    std::optional<double> fill = getSplat(filled);
    if (!fill || !isFill(*fill * factor))
      continue;
    auto at = getOperandIndex(context, where.getCondition(), where.getOutput(),
                              element.at);
    auto otherAt =
        getOperandIndex(context, other, where.getOutput(), element.at);
    if (!at || !otherAt)
      return {};
    ScoreTerm condition{where.getCondition(), *at, factor};
    condition.isCondition = true;
    condition.fillsWhereTrue = fillsWhereTrue;
    condition.fill = *fill;
    SmallVector<ScoreTerm> parts = {condition};
    if (getSplat(other) != 0.0)
      parts.push_back({other, *otherAt, factor});
    return parts;
  }
  return {};
}

/// A term before its axes were moved.
static SmallVector<ScoreTerm> moveTerm(onnx::TransposeOp op, ScoreTerm term) {
  auto perm = op.getPerm();
  if (!perm || perm->size() != term.at.size())
    return {};
  SymDims at(term.at);
  for (auto [to, from] : llvm::enumerate(*perm))
    at[from] = term.at[to];
  term.value = op.getData();
  term.at = std::move(at);
  return {term};
}

/// Terms whose sum is as `term` as far as any key is seen; none when it is no
/// sum.
SmallVector<ScoreTerm> AttentionMatcher::splitTerm(const ScoreTerm &term) {
  if (term.isCondition)
    return splitCondition(term);
  if (auto moved = term.value.getDefiningOp<onnx::TransposeOp>())
    return moveTerm(moved, term);
  auto sum = term.value.getDefiningOp<onnx::AddOp>();
  if (!sum)
    return splitChoice(term);
  SmallVector<ScoreTerm> parts;
  for (Value operand : sum->getOperands()) {
    auto at = getOperandIndex(context, operand, sum.getC(), term.at);
    if (!at)
      return {};
    parts.push_back({operand, *at, term.factor});
  }
  return parts;
}
