//===- InsertPlanPredictor.cpp - the scores of blocks ---------------------===//
// A layer's predictor with its batch norms folded into the convolutions.
//===----------------------------------------------------------------------===//

#include "InsertPlan.h"

#include <cmath>

using namespace mlir;
using namespace skim;

/// Epsilon of the batch norms of training.
static constexpr double kEpsilon = 1.0e-5;

namespace {
struct Convolution {
  Value weight, bias;
};
} // namespace

/// conv then batch norm as one convolution: w' = w * g / sqrt(var + eps),
/// b' = (b - mean) * g / sqrt(var + eps) + beta, in double.
static FailureOr<Convolution> fold(const PlannedModel &model,
                                   OpBuilder &builder,
                                   const std::string &prefix, StringRef place,
                                   int64_t heads) {
  std::string conv = prefix + "conv" + place.str() + ".";
  std::string norm = prefix + "bn" + place.str() + ".";
  std::vector<float> weight = model.numbers(conv + "weight"),
                     bias = model.numbers(conv + "bias"),
                     scale = model.numbers(norm + "weight"),
                     shift = model.numbers(norm + "bias"),
                     mean = model.numbers(norm + "running_mean"),
                     variance = model.numbers(norm + "running_var");
  size_t inner = weight.size() / heads;
  for (int64_t out = 0; out != heads; ++out) {
    double factor = scale[out] / std::sqrt(double(variance[out]) + kEpsilon);
    double offset = (double(bias[out]) - mean[out]) * factor + shift[out];
    bias[out] = static_cast<float>(offset);
    bool finite = std::isfinite(bias[out]);
    for (size_t i = out * inner; i != (out + 1) * inner; ++i) {
      weight[i] = static_cast<float>(weight[i] * factor);
      finite &= std::isfinite(weight[i]);
    }
    if (!finite)
      return model.error("tensors")
             << "expected a finite convolution from '" << conv << "*' and '"
             << norm << "*', got none for channel " << out << " (running_var "
             << variance[out] << ")";
  }
  return Convolution{
      model.constant(builder, conv + "weight", {heads, heads, 3, 3}, weight),
      model.constant(builder, conv + "bias", {heads}, bias)};
}

FailureOr<Value> skim::insertBlockScores(PlannedModel &model, int64_t index) {
  AttentionOp attention = model.layers[index].attention;
  OpBuilder builder(attention.getContext());
  builder.setInsertionPointAfter(attention);
  std::string prefix = "block_skim." + std::to_string(index) + ".";
  int64_t heads = attention.getHeads();
  FailureOr<Convolution> first = fold(model, builder, prefix, "1", heads);
  if (failed(first))
    return failure();
  FailureOr<Convolution> second = fold(model, builder, prefix, "2", heads);
  if (failed(second))
    return failure();
  auto scores = BlockScoresOp::create(
      builder, attention.getLoc(),
      RaggedType::get(builder.getContext(), 1, builder.getF32Type()),
      attention.getQuery(), attention.getKey(), attention.getRows(),
      first->weight, first->bias, second->weight, second->bias,
      model.constant(builder, prefix + "fc.weight"),
      model.constant(builder, prefix + "fc.bias"), attention.getHeadsAttr(),
      attention.getKvHeadsAttr(), attention.getScaleAttr(),
      builder.getI64IntegerAttr(model.plan.blockSkim->blockSize));
  scores->setAttr(kOverheadAttr, builder.getUnitAttr());
  scores->setAttr(kLayerAttr, builder.getI64IntegerAttr(index));
  return scores.getResult();
}
