//===- InsertPlanCuts.cpp - prune tokens and skip blocks ------------------===//
// A cut takes the states that are live behind it with it; what follows lies on
// the rows that stay.
//===----------------------------------------------------------------------===//

#include "InsertPlan.h"

using namespace mlir;
using namespace skim;

namespace {
/// Puts cuts in, from the first layer to the last.
class Cutter {
public:
  explicit Cutter(PlannedModel &model)
      : model(model), rows(model.entryRows), builder(model.main.getContext()) {}
  LogicalResult run();

private:
  void prune(int64_t layer, double threshold);
  LogicalResult skip(int64_t layer);
  Value importance(EncoderLayer &layer, Operation *&last);
  SmallVector<Value> liveBehind(Operation *op) const;
  FailureOr<Value> findSegments() const;
  void replaceBehind(Operation *op, Value old, Value value);
  template <typename CutOp> void replaceRows(CutOp cut, ArrayRef<Value> states);
  /// States over the entry rows, made before the first cut.
  Value heldBefore(Operation *op);
  void setLayer(Operation *op, int64_t layer) {
    op->setAttr(kLayerAttr, builder.getI64IntegerAttr(layer));
  }

  PlannedModel &model;
  Value rows; // behind the last cut
  Value held; // null where nothing is held
  OpBuilder builder;
};
} // namespace

/// Ragged values that are there behind `op` and read behind it.
SmallVector<Value> Cutter::liveBehind(Operation *op) const {
  SmallVector<Value> live;
  auto consider = [&](Value value) {
    if (!isRagged(value.getType()) || value == held)
      return;
    if (llvm::any_of(value.getUsers(), [&](Operation *user) {
          return op->isBeforeInBlock(user);
        }))
      live.push_back(value);
  };
  for (Value argument : model.body().getArguments())
    consider(argument);
  for (Operation &before : model.body()) {
    for (Value result : before.getResults())
      consider(result);
    if (&before == op)
      break;
  }
  return live;
}

void Cutter::replaceBehind(Operation *op, Value old, Value value) {
  old.replaceUsesWithIf(value, [&](OpOperand &use) {
    return op->isBeforeInBlock(use.getOwner());
  });
}

/// The cut of a layer: what lies behind it names the values that stay.
template <typename CutOp>
void Cutter::replaceRows(CutOp cut, ArrayRef<Value> states) {
  int64_t index = cut.getLayer();
  replaceBehind(cut, rows, cut.getKept());
  for (auto [old, value] : llvm::zip(states, cut.getResults())) {
    replaceBehind(cut, old, value);
    // A stream that goes on through this layer's cuts only: the states that
    // are held belong to it.
    EncoderLayer &layer = model.layers[index];
    if (old == layer.output || old == layer.input)
      model.streams.insert(value);
    if (old != layer.output)
      continue;
    layer.output = value;
    if (index + 1 < int64_t(model.layers.size()))
      model.layers[index + 1].input = value;
  }
  rows = cut.getKept();
  if (held)
    held = cut.getHeldResult();
}

Value Cutter::heldBefore(Operation *op) {
  if (!held && model.holds()) {
    Type type = model.layers.front().input.getType();
    held = EmptyStatesOp::create(builder, op->getLoc(), type, model.entryRows);
  }
  return held;
}

Value Cutter::importance(EncoderLayer &layer, Operation *&last) {
  AttentionOp attention = layer.attention;
  builder.setInsertionPointAfter(attention);
  const TokenPruning &pruning = *model.plan.tokenPruning;
  IntegerAttr denominator;
  if (pruning.denominatorTokens)
    denominator = builder.getI64IntegerAttr(*pruning.denominatorTokens);
  auto type = RaggedType::get(builder.getContext(), 1, builder.getF32Type());
  auto op = TokenImportanceOp::create(
      builder, attention.getLoc(), type, attention.getQuery(),
      attention.getKey(), attention.getRows(), attention.getHeadsAttr(),
      attention.getKvHeadsAttr(), attention.getScaleAttr(), denominator);
  last = op;
  return op;
}

void Cutter::prune(int64_t index, double threshold) {
  const TokenPruning &pruning = *model.plan.tokenPruning;
  EncoderLayer &layer = model.layers[index];
  bool early = pruning.place == Place::BeforeFFN;
  Operation *point = nullptr;
  Value scores = importance(layer, point);
  setLayer(point, index);
  if (!early)
    point = layer.output.getDefiningOp();
  SmallVector<Value> states = liveBehind(point);
  builder.setInsertionPointAfter(point);
  Value before = heldBefore(point);
  Value last = !before ? Value() : early ? layer.input : layer.output;
  auto cut = PruneOp::create(
      builder, layer.attention.getLoc(), rows.getType(),
      TypeRange(ValueRange(states)), before ? before.getType() : Type(), scores,
      rows, states, before, last, builder.getF32FloatAttr(threshold),
      builder.getF32FloatAttr(1.0e-5f),
      builder.getDenseI64ArrayAttr(pruning.protect),
      PlaceAttr::get(builder.getContext(), pruning.place),
      builder.getI64IntegerAttr(index));
  replaceRows(cut, states);
}

/// The input that says which segment a token belongs to.
FailureOr<Value> Cutter::findSegments() const {
  if (model.plan.blockSkim->protectSegments.empty())
    return Value();
  std::string names;
  for (BlockArgument argument : model.main.getArguments()) {
    auto name = model.main.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                        "onnx.name");
    if (!name)
      continue;
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    std::string lower = name.getValue().lower();
    bool named = StringRef(lower).contains("token_type") ||
                 StringRef(lower).contains("segment");
    if (named && type && type.getRank() == 2 &&
        (type.getElementType().isInteger(64) ||
         type.getElementType().isInteger(32)))
      return Value(argument);
    names += (names.empty() ? "'" : ", '") + name.getValue().str() + "'";
  }
  return model.error("block_skim.protect_segments")
         << "expected a model with an input of segment ids (token_type_ids), "
         << "got inputs " << names;
}

LogicalResult Cutter::skip(int64_t index) {
  const BlockSkim &skim = *model.plan.blockSkim;
  EncoderLayer &layer = model.layers[index];
  FailureOr<Value> segments = findSegments();
  if (failed(segments))
    return failure();
  Operation *point = layer.output.getDefiningOp();
  SmallVector<Value> states = liveBehind(point);
  FailureOr<Value> scores = insertBlockScores(model, index);
  if (failed(scores))
    return failure();
  builder.setInsertionPointAfter(point);
  Value before = heldBefore(point);
  AttentionOp attention = layer.attention;
  auto cut = SkipBlocksOp::create(
      builder, attention.getLoc(), rows.getType(),
      TypeRange(ValueRange(states)), before ? before.getType() : Type(),
      *scores, attention.getRows(), rows, states, before,
      before ? layer.output : Value(), *segments,
      builder.getI64IntegerAttr(skim.blockSize),
      builder.getF32FloatAttr(skim.threshold),
      BatchAlignAttr::get(builder.getContext(), skim.batchAlign),
      builder.getDenseI64ArrayAttr(skim.protect),
      builder.getDenseI64ArrayAttr(skim.protectSegments),
      builder.getI64IntegerAttr(index));
  replaceRows(cut, states);
  return success();
}

LogicalResult Cutter::run() {
  const Plan &plan = model.plan;
  for (int64_t index = 0; index != int64_t(model.layers.size()); ++index) {
    if (plan.tokenPruning)
      for (auto [layer, threshold] :
           llvm::zip(plan.tokenPruning->layers, plan.tokenPruning->thresholds))
        if (layer == index)
          prune(index, threshold);
    if (plan.blockSkim && llvm::is_contained(plan.blockSkim->layers, index) &&
        failed(skip(index)))
      return failure();
  }
  return success();
}

LogicalResult skim::insertCuts(PlannedModel &model) {
  return Cutter(model).run();
}
