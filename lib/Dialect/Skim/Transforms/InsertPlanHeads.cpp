//===- InsertPlanHeads.cpp - the classifiers of early exits ---------------===//
// Heads are made of the encoder's own ops. Each op says that it is overhead and
// whose layer it follows.
//===----------------------------------------------------------------------===//

#include "InsertPlan.h"

#include <cmath>

using namespace mlir;
using namespace skim;

/// FastBERT's heads: so wide, with so many attention heads.
static constexpr int64_t kNarrow = 128;
static constexpr int64_t kNarrowHeads = 2;

namespace {
/// Makes the heads of one plan.
class HeadBuilder {
public:
  HeadBuilder(PlannedModel &model, int64_t batch)
      : model(model), batch(batch), builder(model.main.getContext()) {}
  FailureOr<SmallVector<Value>> run();

private:
  Value logits(int64_t layer);
  Value fastBert(int64_t layer, Value states);
  FailureOr<Value> mix(int64_t layer);
  Value pool(PoolKind kind, Value states, Value rows);
  Value linear(const Twine &name, Value input,
               Activation activation = Activation::None);
  template <typename OpTy, typename... Args> OpTy make(Args &&...args);
  /// Values of the plan are read once for all heads that share them.
  Value constant(const std::string &name);

  PlannedModel &model;
  int64_t batch;
  OpBuilder builder;
  int64_t layer = 0;         // whose head is being made
  Value rows;                // behind this layer
  SmallVector<Value> pooled; // scalar_mix: a state of each layer so far
  llvm::StringMap<Value> constants;
};
} // namespace

template <typename OpTy, typename... Args>
OpTy HeadBuilder::make(Args &&...args) {
  auto op = OpTy::create(builder, model.layers[layer].attention.getLoc(),
                         std::forward<Args>(args)...);
  op->setAttr(kOverheadAttr, builder.getUnitAttr());
  op->setAttr(kLayerAttr, builder.getI64IntegerAttr(layer));
  return op;
}

Value HeadBuilder::constant(const std::string &name) {
  Value &value = constants[name];
  if (!value) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&model.body());
    value = model.constant(builder, name);
  }
  return value;
}

Value HeadBuilder::linear(const Twine &name, Value input,
                          Activation activation) {
  Value weight = constant((name + ".weight").str());
  Value bias = constant((name + ".bias").str());
  int64_t width = cast<ShapedType>(weight.getType()).getDimSize(0);
  return make<LinearOp>(withWidth(input.getType(), width), input, weight, bias,
                        Value(), /*transpose_weight=*/true, activation);
}

Value HeadBuilder::pool(PoolKind kind, Value states, Value rows) {
  auto type = RankedTensorType::get({batch, getWidth(states.getType())},
                                    builder.getF32Type());
  return make<PoolOp>(type, states, Value(), rows, kind,
                      llvm::APFloat(1.0e-9f));
}

/// narrow - tanh - attention of the first token to all - mix - hidden - tanh.
Value HeadBuilder::fastBert(int64_t index, Value states) {
  std::string prefix = "early_exit." + std::to_string(index) + ".";
  Value narrow = linear(prefix + "narrow", states, Activation::Tanh);
  auto first = make<FirstRowsOp>(rows.getType(), TypeRange(narrow.getType()),
                                 rows, ValueRange(narrow));
  Value query = linear(prefix + "query", first.getResults().front());
  Value key = linear(prefix + "key", narrow);
  Value value = linear(prefix + "value", narrow);
  float scale = 1.0f / std::sqrt(float(kNarrow / kNarrowHeads));
  auto attention = make<AttentionOp>(
      query.getType(), query, key, value, /*key_mask=*/Value(),
      /*bias=*/Value(), /*cos=*/Value(), /*sin=*/Value(),
      /*content_to_position=*/Value(), /*content_index=*/Value(),
      /*position_to_content=*/Value(), /*position_index=*/Value(),
      /*rows=*/first.getKept(), /*key_rows=*/rows,
      builder.getI64IntegerAttr(kNarrowHeads), /*kv_heads=*/IntegerAttr(),
      builder.getF32FloatAttr(scale), /*fill=*/FloatAttr(),
      EmptyKeysAttr::get(builder.getContext(), EmptyKeys::Uniform),
      /*left_window=*/IntegerAttr(), /*right_window=*/IntegerAttr(),
      /*rotary_interleaved=*/UnitAttr(),
      /*mask_queries=*/UnitAttr());
  Value mixed = linear(prefix + "mix", attention.getResult());
  Value pooledState = pool(PoolKind::First, mixed, first.getKept());
  return linear(prefix + "hidden", pooledState, Activation::Tanh);
}

/// The layers' pooled states, each with a weight.
FailureOr<Value> HeadBuilder::mix(int64_t index) {
  std::string name = "early_exit." + std::to_string(index) + ".mix";
  std::vector<float> weights = model.numbers(name);
  for (float weight : weights)
    if (!std::isfinite(weight))
      return model.error("tensors")
             << "expected finite numbers in '" << name << "', got " << weight;
  return make<WeightedSumOp>(pooled.front().getType(), pooled,
                             builder.getDenseF32ArrayAttr(weights))
      .getResult();
}

FailureOr<SmallVector<Value>> HeadBuilder::run() {
  const EarlyExit &exit = *model.plan.earlyExit;
  SmallVector<Value> all;
  for (layer = 0; layer <= exit.layers.back(); ++layer) {
    bool hasExit = llvm::is_contained(exit.layers, layer);
    Value states = model.layers[layer].output;
    builder.setInsertionPointAfter(states.getDefiningOp());
    rows = model.layers[layer + 1].attention.getRows();
    if (exit.head == ExitHead::ScalarMix)
      pooled.push_back(linear("early_exit.pooler",
                              pool(PoolKind::First, states, rows),
                              Activation::Tanh));
    if (!hasExit)
      continue;
    std::string prefix = "early_exit." + std::to_string(layer) + ".";
    Value state;
    switch (exit.head) {
    case ExitHead::Linear:
      state = pool(PoolKind::First, states, rows);
      break;
    case ExitHead::Pooler:
      state = linear(prefix + "pooler", pool(PoolKind::First, states, rows),
                     Activation::Tanh);
      break;
    case ExitHead::MeanLinear:
      state = pool(PoolKind::Mean, states, rows);
      break;
    case ExitHead::FastBert:
      state = fastBert(layer, states);
      break;
    case ExitHead::ScalarMix: {
      FailureOr<Value> mixed = mix(layer);
      if (failed(mixed))
        return failure();
      state = *mixed;
      break;
    }
    }
    all.push_back(linear(prefix + "classifier", state));
  }
  return all;
}

FailureOr<SmallVector<Value>> skim::insertHeads(PlannedModel &model,
                                                int64_t batch) {
  return HeadBuilder(model, batch).run();
}
