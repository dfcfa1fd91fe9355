//===- MsNodes.cpp - ops of the domain com.microsoft ---------------------===//
// Import of what ONNX Runtime's optimiser writes: as the ops of ONNX that it
// fused, where these do not depend on shapes.
//===----------------------------------------------------------------------===//

#include "MsNodes.h"

using namespace mlir;
using namespace skim::import;
namespace ox = skim::onnx;

Value skim::import::getOptional(Node &node, unsigned i) {
  return node.hasInput(i) ? node.getInput(i) : Value();
}

Value skim::import::addBias(Node &node, Value value, Value bias) {
  return bias ? node.make<ox::AddOp>(value.getType(), value, bias) : value;
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

static LogicalResult giveGelu(Node &node, Value input, StringRef approximate) {
  return node.give(
      node.make<ox::GeluOp>(input.getType(), input, approximate).getY());
}

static LogicalResult importGelu(Node &node) {
  return giveGelu(node, node.getInput(0), "none");
}

static LogicalResult importBiasGelu(Node &node) {
  Type type = withShape(node.getElement(0), getBroadcastShape(node));
  Value sum =
      node.make<ox::AddOp>(type, node.getInput(0), node.getInput(1)).getC();
  return giveGelu(node, sum, "none");
}

static LogicalResult importFastGelu(Node &node) {
  return giveGelu(node, addBias(node, node.getInput(0), getOptional(node, 1)),
                  "tanh");
}

static LogicalResult importQuickGelu(Node &node) {
  FloatAttr alpha =
      node.getBuilder().getF32FloatAttr(node.getFloat("alpha", 1.702f));
  Value input = node.getInput(0);
  return node.give(
      node.make<ox::SwishOp>(input.getType(), input, alpha).getY());
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The parameters of ONNX's activations that a Gemm may end with, by which its
/// attributes are called after `activation_`; nothing for other ops.
static std::optional<SmallVector<StringRef>> getParameters(StringRef name) {
  return llvm::StringSwitch<std::optional<SmallVector<StringRef>>>(name)
      .Cases({"Relu", "Sigmoid", "Softplus", "Softsign", "Tanh"},
             SmallVector<StringRef>{})
      .Cases({"Elu", "LeakyRelu", "ThresholdedRelu"},
             SmallVector<StringRef>{"alpha"})
      .Case("HardSigmoid", SmallVector<StringRef>{"alpha", "beta"})
      .Case("Selu", SmallVector<StringRef>{"alpha", "gamma"})
      .Default(std::nullopt);
}

static LogicalResult importFusedGemm(Node &node) {
  OpBuilder &b = node.getBuilder();
  auto number = [&](StringRef name) {
    return b.getF32FloatAttr(node.getFloat(name, 1));
  };
  Value product = node.make<ox::GemmOp>(
      withShape(node.getElement(0), getGemmShape(node)), node.getInput(0),
      node.getInput(1), node.getInput(2), number("alpha"), number("beta"),
      b.getI64IntegerAttr(node.getInt("transA", 0)),
      b.getI64IntegerAttr(node.getInt("transB", 0)));
  StringRef activation = node.getString("activation", "");
  if (activation.empty())
    return node.give(product);
  auto parameters = getParameters(activation);
  if (!parameters)
    return node.fail("expected an activation of ONNX, got '" + activation +
                     "'");
  SmallVector<NamedAttribute> attrs;
  for (StringRef parameter : *parameters)
    if (std::string name = ("activation_" + parameter).str();
        node.hasAttr(name))
      attrs.push_back(b.getNamedAttr(parameter, number(name)));
  return node.give(node.makeNamed(activation, product, attrs));
}

static LogicalResult importFusedMatMul(Node &node) {
  bool permutes =
      node.getInt("transBatchA", 0) || node.getInt("transBatchB", 0);
  std::optional<int64_t> rank = node.getRank(0);
  if (rank && node.getRank(1))
    rank = std::max(*rank, *node.getRank(1));
  else
    rank.reset();
  if (permutes && node.getRank(0) != node.getRank(1))
    return node.fail("expected operands of one rank with transBatchA or "
                     "transBatchB");
  return node.build(withRank(node.getElement(0), rank));
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

/// Output `i`, a number for each row, or none where nothing names it.
static Type getStatisticsType(Node &node, unsigned i) {
  Type number = node.getBuilder().getF32Type();
  return node.wantsOutput(i) ? withRank(number, node.getRank(0))
                             : Type(node.getBuilder().getNoneType());
}

static FloatAttr getEpsilon(Node &node) {
  return node.getBuilder().getF32FloatAttr(node.getFloat("epsilon", 1e-12f));
}

static ox::LayerNormalizationOp makeLayerNorm(Node &node, Value input,
                                              Value gamma, Value beta,
                                              TypeRange statistics) {
  OpBuilder &b = node.getBuilder();
  SmallVector<Type> types{input.getType()};
  llvm::append_range(types, statistics);
  return node.make<ox::LayerNormalizationOp>(
      types, input, gamma, beta, b.getI64IntegerAttr(-1), getEpsilon(node),
      b.getI64IntegerAttr(1));
}

/// The bias first: it is that of the layer before.
static Value sumWithSkip(Node &node, unsigned bias) {
  Value sum = addBias(node, node.getInput(0), getOptional(node, bias));
  return addBias(node, sum, node.getInput(1));
}

static LogicalResult importSkipLayerNormalization(Node &node) {
  Value sum = sumWithSkip(node, 4);
  auto norm =
      makeLayerNorm(node, sum, node.getInput(2), node.getInput(3),
                    {getStatisticsType(node, 1), getStatisticsType(node, 2)});
  return node.give({norm.getY(), norm.getMean(), norm.getInvStdDev(), sum});
}

static LogicalResult importSkipSimplifiedLayerNormalization(Node &node) {
  if (node.wantsOutput(1))
    return node.fail("expected no output 'mean', which is not computed");
  OpBuilder &b = node.getBuilder();
  Value sum = sumWithSkip(node, 3);
  auto norm = node.make<ox::SimplifiedLayerNormalizationOp>(
      TypeRange{sum.getType(), getStatisticsType(node, 2)}, sum,
      node.getInput(2), b.getI64IntegerAttr(-1), getEpsilon(node),
      b.getI64IntegerAttr(1));
  return node.give({norm.getY(), Value(), norm.getInvStdVar(), sum});
}

//===----------------------------------------------------------------------===//
// Embedding
//===----------------------------------------------------------------------===//

static Value makeRows(Node &node, Value table, Value ids) {
  std::optional<int64_t> rank;
  if (auto type = dyn_cast<RankedTensorType>(ids.getType()))
    rank = type.getRank() + 1;
  return node.make<ox::GatherOp>(
      withRank(getElementTypeOrSelf(table.getType()), rank), table, ids,
      node.getBuilder().getI64IntegerAttr(0));
}

/// Dimension `axis` of a value as a tensor of one element.
static Value makeDim(Node &node, Value value, int64_t axis) {
  OpBuilder &b = node.getBuilder();
  return node.make<ox::ShapeOp>(RankedTensorType::get({1}, b.getI64Type()),
                                value, b.getI64IntegerAttr(axis + 1),
                                b.getI64IntegerAttr(axis));
}

/// 0, 1, .. for the positions of ids.
static Value makePositions(Node &node, Value ids) {
  Type i64 = node.getBuilder().getI64Type();
  Value length =
      node.make<ox::SqueezeOp>(RankedTensorType::get({}, i64),
                               makeDim(node, ids, 1), node.makeInts({0}));
  return node.make<ox::RangeOp>(withRank(i64, 1), node.makeScalar(i64, 0),
                                length, node.makeScalar(i64, 1),
                                node.getBuilder().getI64IntegerAttr(1));
}

/// How many ones each row of a mask has; without a mask none.
static Value makeMaskIndex(Node &node, Value mask) {
  OpBuilder &b = node.getBuilder();
  if (!mask)
    return node.make<ox::ConstantOfShapeOp>(
        withRank(b.getI32Type(), 1), makeDim(node, node.getInput(0), 0),
        DenseElementsAttr::get(RankedTensorType::get({1}, b.getI32Type()),
                               int32_t(0)));
  return node.make<ox::ReduceSumOp>(
      withRank(getElementTypeOrSelf(mask.getType()), 1), mask,
      node.makeInts({1}), b.getI64IntegerAttr(0), b.getI64IntegerAttr(0));
}

LogicalResult skim::import::buildEmbedLayerNorm(Node &node,
                                                const EmbeddingParts &parts) {
  Value ids = node.getInput(0);
  Value sum = makeRows(node, parts.words, ids);
  sum = addBias(node, sum,
                makeRows(node, parts.positions,
                         parts.positionIds ? parts.positionIds
                                           : makePositions(node, ids)));
  if (parts.segments) {
    if (!node.hasInput(1))
      return node.fail("expected segment_ids beside segment_embedding");
    sum = addBias(node, sum, makeRows(node, parts.segments, node.getInput(1)));
  }
  Type none = node.getBuilder().getNoneType();
  Value norm =
      makeLayerNorm(node, sum, parts.gamma, parts.beta, {none, none}).getY();
  Value count = node.wantsOutput(1) ? makeMaskIndex(node, parts.mask) : Value();
  return node.give({norm, count, sum});
}

static LogicalResult importEmbedLayerNormalization(Node &node) {
  return buildEmbedLayerNorm(node, {node.getInput(2), node.getInput(3),
                                    getOptional(node, 4), node.getInput(5),
                                    node.getInput(6), getOptional(node, 7),
                                    getOptional(node, 8)});
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Queries, keys and values, side by side in the last axis.
static SmallVector<Value> splitProjected(Node &node, Value projected) {
  OpBuilder &b = node.getBuilder();
  SmallVector<int64_t> sizes = node.getInts("qkv_hidden_sizes");
  Type type = withRank(getElementTypeOrSelf(projected.getType()), 3);
  auto split = node.make<ox::SplitOp>(
      TypeRange{type, type, type}, projected,
      sizes.empty() ? node.getNone() : node.makeInts(sizes),
      b.getI64IntegerAttr(-1),
      sizes.empty() ? b.getI64IntegerAttr(3) : IntegerAttr());
  return SmallVector<Value>(split.getOutputs());
}

/// The keys or the values of a cache that holds both.
static Value getCached(Node &node, Value past, int64_t which) {
  if (!past)
    return node.getNone();
  OpBuilder &b = node.getBuilder();
  return node.make<ox::GatherOp>(
      withRank(getElementTypeOrSelf(past.getType()), 4), past,
      node.makeScalar(b.getI64Type(), which), b.getI64IntegerAttr(0));
}

LogicalResult skim::import::buildPackedAttention(Node &node, Value projected,
                                                 Value mask, Value past,
                                                 Value attentionBias) {
  if (node.getInt("do_rotary", 0) != 0 ||
      node.getInt("past_present_share_buffer", 0) != 0)
    return node.fail("expected do_rotary and past_present_share_buffer of 0");
  if (size_t count = node.getInts("qkv_hidden_sizes").size();
      node.hasAttr("qkv_hidden_sizes") && count != 3)
    return node.fail("expected 3 qkv_hidden_sizes, got " + Twine(count));
  OpBuilder &b = node.getBuilder();
  SmallVector<Value> parts = splitProjected(node, projected);
  auto orNone = [&](Value value) { return value ? value : node.getNone(); };
  Type element = getElementTypeOrSelf(projected.getType()),
       cache =
           node.wantsOutput(1) ? withRank(element, 4) : Type(b.getNoneType());
  auto attention = node.make<ox::MsMultiHeadAttentionOp>(
      TypeRange{withRank(element, 3), cache, cache}, parts[0], parts[1],
      parts[2], node.getNone(), orNone(mask), orNone(attentionBias),
      getCached(node, past, 0), getCached(node, past, 1),
      b.getF32FloatAttr(node.getFloat("mask_filter_value", -10000)),
      b.getI64IntegerAttr(node.getInt("num_heads", 0)),
      b.getF32FloatAttr(node.getFloat("scale", 0)),
      b.getI64IntegerAttr(node.getInt("unidirectional", 0)));
  if (!node.wantsOutput(1))
    return node.give(attention.getOutput());
  SmallVector<Value> presents;
  for (Value present : {attention.getPresentKey(), attention.getPresentValue()})
    presents.push_back(node.make<ox::UnsqueezeOp>(withRank(element, 5), present,
                                                  node.makeInts({0})));
  Value joined = node.make<ox::ConcatOp>(withRank(element, 5), presents,
                                         b.getI64IntegerAttr(0));
  return node.give({attention.getOutput(), joined});
}

static LogicalResult importAttention(Node &node) {
  if (node.hasInput(6))
    return node.fail("expected no past_sequence_length");
  Value projected = node.make<ox::MatMulOp>(withRank(node.getElement(0), 3),
                                            node.getInput(0), node.getInput(1));
  return buildPackedAttention(
      node, addBias(node, projected, getOptional(node, 2)),
      getOptional(node, 3), getOptional(node, 4), getOptional(node, 5));
}

static LogicalResult importMultiHeadAttention(Node &node) {
  if (node.hasInput(8) || node.hasInput(9) || node.wantsOutput(3))
    return node.fail("expected neither past_sequence_length nor "
                     "cache_indirection nor an output 'qk'");
  SmallVector<Value> operands;
  for (unsigned i = 0; i < 8; ++i)
    operands.push_back(node.getInput(i));
  Type element = node.getElement(0), cache = withRank(element, 4);
  return node.build(operands, TypeRange{withRank(element, 3), cache, cache});
}

static LogicalResult importRotaryEmbedding(Node &node) {
  if (node.getInt("is_packed_batching", 0) != 0 ||
      node.getFloat("scale", 1) != 1)
    return node.fail("expected is_packed_batching of 0 and a scale of 1");
  return importSameType(node);
}

llvm::ArrayRef<NodeSpec> skim::import::getMsNodes() {
  static const NodeSpec nodes[] = {
      {"ms.Attention", 1,
       "input weights bias? mask_index? past? attention_bias? "
       "past_sequence_length?",
       "output present?",
       "-do_rotary:i -mask_filter_value:f -num_heads:i! "
       "-past_present_share_buffer:i -qkv_hidden_sizes:I "
       "-rotary_embedding_dim:i -scale:f -unidirectional:i",
       importAttention},
      {"ms.BiasGelu", 1, "A B", "C", "", importBiasGelu},
      {"ms.EmbedLayerNormalization", 1,
       "input_ids segment_ids? word_embedding position_embedding "
       "segment_embedding? gamma beta mask? position_ids?",
       "output mask_index? embedding_sum?", "-epsilon:f -mask_index_type:i",
       importEmbedLayerNormalization},
      {"ms.FastGelu", 1, "X bias?", "Y", "", importFastGelu},
      {"ms.FusedGemm", 1, "A B C?", "Y",
       "-activation:s -activation_alpha:f -activation_beta:f "
       "-activation_gamma:f -alpha:f -beta:f -transA:i -transB:i",
       importFusedGemm},
      {"ms.FusedMatMul", 1, "A B", "Y",
       "alpha:f transA:i transB:i transBatchA:i transBatchB:i",
       importFusedMatMul},
      {"ms.Gelu", 1, "X", "Y", "", importGelu},
      {"ms.MultiHeadAttention", 1,
       "query key? value? bias? key_padding_mask? attention_bias? past_key? "
       "past_value? past_sequence_length? cache_indirection?",
       "output present_key? present_value? qk?",
       "mask_filter_value:f num_heads:i! scale:f unidirectional:i",
       importMultiHeadAttention},
      {"ms.QuickGelu", 1, "X", "Y", "-alpha:f", importQuickGelu},
      {"ms.RotaryEmbedding", 1, "input position_ids cos_cache sin_cache",
       "output",
       "interleaved:i -is_packed_batching:i num_heads:i "
       "rotary_embedding_dim:i -scale:f",
       importRotaryEmbedding},
      {"ms.SkipLayerNormalization", 1, "input skip gamma beta? bias?",
       "output mean? inv_std_var? input_skip_bias_sum?", "-epsilon:f",
       importSkipLayerNormalization},
      {"ms.SkipSimplifiedLayerNormalization", 1, "input skip gamma bias?",
       "output mean? inv_std_var? input_skip_bias_sum?", "-epsilon:f",
       importSkipSimplifiedLayerNormalization},
  };
  return nodes;
}
