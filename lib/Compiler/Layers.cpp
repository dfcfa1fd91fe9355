//===- Layers.cpp - floating-point operations by layer --------------------===//
// A layer is an attention, the linear layers that make its operands, and those
// behind it up to the next attention's. Behind the last attention as many
// belong to it as to the first; the rest are heads.
//===----------------------------------------------------------------------===//

#include "Layers.h"

#include "mlir/Pass/PassManager.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace skim;

namespace {
class LayerCounter {
public:
  LayerCounter(func::FuncOp main, ModelDescription &model)
      : main(main), model(model) {}
  void run();

private:
  void addAttention(AttentionOp op);
  void addLinear(LinearOp op);
  /// The linear layers that make `value`, through ops that only move or add.
  void claimOperands(Value value, unsigned layer);
  /// Whether `value` has a row for each sequence, not one for each token.
  bool isFirstRows(Value value) const { return firstRows.contains(value); }
  void followFirstRows(Operation *op);

  func::FuncOp main;
  ModelDescription &model;
  /// Attentions before a value on its longest path.
  DenseMap<Value, unsigned> depths;
  /// Linear layers in front of an attention.
  DenseMap<Operation *, unsigned> claimed;
  /// Linear layers behind the attention of each layer, so far.
  std::vector<unsigned> behind;
  DenseSet<Value> firstRows;
};
} // namespace

void LayerCounter::claimOperands(Value value, unsigned layer) {
  Operation *op = value.getDefiningOp();
  // The heads of queries and keys may be normalised; behind a norm of states is
  // the layer before.
  if (auto norm = dyn_cast_or_null<NormOp>(op)) {
    auto linear = norm.getInput().getDefiningOp<LinearOp>();
    op = linear && !linear.getResidual() ? linear.getOperation() : nullptr;
  }
  if (!op || isa<AttentionOp, AddOp, EmbedOp>(op))
    return;
  if (isa<LinearOp>(op)) {
    claimed.try_emplace(op, layer);
    return;
  }
  if (op->getNumOperands() > 0)
    claimOperands(op->getOperand(0), layer);
}

void LayerCounter::addAttention(AttentionOp op) {
  LayerDescription layer;
  layer.hidden = getWidth(op.getResult().getType());
  layer.heads = op.getHeads();
  (isFirstRows(op.getResult()) ? layer.flops.perToken : layer.flops.perPair) =
      op.getFlopsPerPair();
  layer.flops.leftWindow = op.getLeftWindow().value_or(-1);
  layer.flops.rightWindow = op.getRightWindow().value_or(-1);
  unsigned index = model.layers.size();
  for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
    claimOperands(operand, index);
  model.layers.push_back(layer);
}

void LayerCounter::addLinear(LinearOp op) {
  Type type = op.getResult().getType();
  int64_t inner = getWidth(op.getInput().getType()), outer = getWidth(type);
  int64_t flops = 2 * inner * outer;
  // Not of the tokens' rows: of one row a sequence, or of as many as its type
  // says, the patches of an image.
  auto tensor = dyn_cast<RankedTensorType>(type);
  bool isFixed = tensor && tensor.getRank() == 3 && !tensor.isDynamicDim(1);
  if (isFixed || (tensor && tensor.getRank() < 3)) {
    model.otherFlops.perSequence +=
        flops * (isFixed ? tensor.getDimSize(1) : 1);
    return;
  }
  auto count = [&](FlopsDescription &part) {
    (isFirstRows(op.getResult()) ? part.perSequence : part.perToken) += flops;
  };
  auto claim = claimed.find(op);
  if (claim != claimed.end()) {
    count(model.layers[claim->second].flops);
    return;
  }
  unsigned depth = depths.lookup(op.getInput());
  bool isHead = depth == model.layers.size() && depth > 1 &&
                behind[depth - 1] >= behind[0];
  if (depth == 0 || isHead) {
    count(model.otherFlops);
    return;
  }
  LayerDescription &layer = model.layers[depth - 1];
  ++behind[depth - 1];
  count(layer.flops);
  // The wide one of a feed-forward's two.
  layer.ffn = std::max(layer.ffn, std::max(inner, outer));
}

void LayerCounter::followFirstRows(Operation *op) {
  auto first = dyn_cast<FirstRowsOp>(op);
  if (!first && (op->getNumOperands() == 0 || !isFirstRows(op->getOperand(0))))
    return;
  for (Value result : op->getResults())
    if (isRagged(result.getType()))
      firstRows.insert(result);
}

void LayerCounter::run() {
  main.walk([&](Operation *op) { followFirstRows(op); });
  main.walk([&](AttentionOp op) { addAttention(op); });
  behind.resize(model.layers.size());
  main.walk([&](Operation *op) {
    unsigned depth = 0;
    for (Value operand : op->getOperands())
      depth = std::max(depth, depths.lookup(operand));
    depth += isa<AttentionOp>(op);
    for (Value result : op->getResults())
      depths[result] = depth;
    if (auto linear = dyn_cast<LinearOp>(op))
      addLinear(linear);
  });
}

LogicalResult skim::countFlops(ModuleOp packed, ModelDescription &model) {
  // Weights are resources, which a clone shares.
  OwningOpRef<ModuleOp> dense = packed.clone();
  PassManager passes(packed.getContext());
  passes.addNestedPass<func::FuncOp>(createSkimNarrowRowsPass());
  if (failed(passes.run(*dense)))
    return failure();
  LayerCounter(dense->lookupSymbol<func::FuncOp>("main"), model).run();
  return success();
}
