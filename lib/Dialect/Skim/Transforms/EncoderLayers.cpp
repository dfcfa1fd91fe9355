//===- EncoderLayers.cpp - where an encoder's layers begin and end --------===//
// Live ranges of ragged values give the residual stream between layers;
// residual additions give the end of the last layer.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/Transforms/EncoderLayers.h"

using namespace mlir;
using namespace skim;

/// Name of the attribute on the ops of exit heads.
static constexpr StringLiteral kOverhead = "skim.overhead";

EncoderLayers::EncoderLayers(func::FuncOp function) {
  function.walk<WalkOrder::PreOrder>([&](AttentionOp attention) {
    if (!attention->hasAttr(kOverhead) && attention.getRows())
      layers.push_back({attention, Value(), Value()});
  });
  if (!layers.empty())
    findInputs();
  if (!obstacle && !layers.empty())
    findLastOutput();
  if (obstacle)
    layers.clear();
}

void EncoderLayers::stop(AttentionOp attention, const Twine &why) {
  obstacle = attention;
  reason = why.str();
}

/// The last op of `block` that reads `value` itself or in a region.
static Operation *lastUser(Value value, Block *block) {
  Operation *last = nullptr;
  for (Operation *user : value.getUsers()) {
    Operation *ancestor = block->findAncestorOpInBlock(*user);
    if (ancestor && (!last || last->isBeforeInBlock(ancestor)))
      last = ancestor;
  }
  return last;
}

/// The value that is alone among the ragged ones live just before `op`.
static Value onlyLive(ArrayRef<std::pair<Value, Operation *>> ragged,
                      Operation *op) {
  Value only;
  for (auto [value, last] : ragged) {
    if (last->isBeforeInBlock(op))
      continue;
    if (only)
      return Value();
    only = value;
  }
  return only;
}

/// The residual stream before `attention`: the ragged value that was last
/// alone.
static Value streamBefore(AttentionOp attention) {
  Block *block = attention->getBlock();
  SmallVector<std::pair<Value, Operation *>> ragged;
  auto define = [&](Value value) {
    if (!isRagged(value.getType()))
      return;
    if (Operation *last = lastUser(value, block))
      ragged.push_back({value, last});
  };
  for (Value argument : block->getArguments())
    define(argument);
  Value stream;
  for (Operation &op : *block) {
    if (Value only = onlyLive(ragged, &op))
      stream = only;
    if (&op == attention)
      break;
    llvm::erase_if(ragged, [&](auto entry) { return entry.second == &op; });
    for (Value result : op.getResults())
      define(result);
  }
  return stream;
}

void EncoderLayers::findInputs() {
  for (auto [index, layer] : llvm::enumerate(layers)) {
    layer.input = streamBefore(layer.attention);
    if (!layer.input)
      return stop(layer.attention, "reads no single stream of states");
    if (index == 0)
      continue;
    EncoderLayer &before = layers[index - 1];
    before.output = layer.input;
    // An argument of another block begins the region of an exit.
    Block *block = before.attention->getBlock();
    Operation *definition = layer.input.getDefiningOp();
    if (layer.input.getParentBlock() == block &&
        (!definition || definition->isBeforeInBlock(before.attention)))
      return stop(layer.attention,
                  "stands beside the attention before it, not behind it");
  }
}

namespace {
/// The residual additions behind an attention, in the order of the ops.
struct Additions {
  /// Their results up to `end`, or to the end of the block without one.
  SmallVector<Value> results;
  /// The first norm that alone reads an addition's result: norms behind them.
  bool normsBehind = false;

  Additions(AttentionOp attention, Value end);
};
} // namespace

/// The norm that alone reads `value`.
static NormOp normOf(Value value) {
  if (!value.hasOneUse())
    return NormOp();
  return dyn_cast<NormOp>(*value.user_begin());
}

static bool isAddition(Operation &op) {
  auto linear = dyn_cast<LinearOp>(op);
  return isa<AddOp>(op) || (linear && linear.getResidual());
}

Additions::Additions(AttentionOp attention, Value end) {
  DenseSet<Value> behind = {attention.getResult()};
  Operation *op = attention;
  Operation *last = end ? end.getDefiningOp() : nullptr;
  while (op != last && (op = op->getNextNode())) {
    if (!llvm::any_of(op->getOperands(),
                      [&](Value operand) { return behind.contains(operand); }))
      continue;
    for (Value result : op->getResults())
      if (isRagged(result.getType()))
        behind.insert(result);
    if (isAddition(*op) && isRagged(op->getResult(0).getType()))
      results.push_back(op->getResult(0));
  }
  normsBehind = !results.empty() && normOf(results.front());
}

/// The state that a cut or an exit hands on as `value`; null behind none.
static Value stateBehind(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto exit = dyn_cast<EarlyExitOp>(argument.getOwner()->getParentOp());
    return exit && argument.getArgNumber() > 0
               ? exit.getStates()[argument.getArgNumber() - 1]
               : Value();
  }
  auto find = [&](ValueRange results, ValueRange states) {
    for (auto [result, state] : llvm::zip(results, states))
      if (result == value)
        return state;
    return Value();
  };
  if (auto prune = value.getDefiningOp<PruneOp>())
    return find(prune.getResults(), prune.getStates());
  if (auto skip = value.getDefiningOp<SkipBlocksOp>())
    return find(skip.getResults(), skip.getStates());
  return Value();
}

/// `value` as it was before the cuts and exits that handed it on.
static Value beforeCuts(Value value) {
  while (Value state = stateBehind(value))
    value = state;
  return value;
}

void EncoderLayers::findLastOutput() {
  // Two additions, around the attention and around the feed-forward network,
  // unless the first layer shows another number; and a norm where it has one.
  AttentionOp first = layers.front().attention, last = layers.back().attention;
  Value end = layers.size() > 1 ? beforeCuts(layers.front().output) : Value();
  if (end && end.getParentBlock() != first->getBlock())
    end = Value();
  Additions shown(first, end), additions(last, Value());
  size_t count = end ? shown.results.size() : 2;
  if (count == 0 || additions.results.size() < count)
    return stop(last, "is followed by " + Twine(additions.results.size()) +
                          " residual additions where " + Twine(count) +
                          " were expected");
  Value output = additions.results[count - 1];
  bool hasNorm = end ? static_cast<bool>(end.getDefiningOp<NormOp>())
                     : additions.normsBehind;
  if (NormOp norm = hasNorm ? normOf(output) : NormOp())
    output = norm.getResult();
  layers.back().output = output;
}
