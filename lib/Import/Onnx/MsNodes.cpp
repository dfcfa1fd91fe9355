//===- MsNodes.cpp - ops of the domain com.microsoft ---------------------===//
// Import of what ONNX Runtime's optimiser writes.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

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

/// The statistics are float whatever the states are.
static LogicalResult importSkipLayerNormalization(Node &node) {
  Type states = node.getInput(0).getType();
  Type rows = withElement(node.getInput(0), node.getBuilder().getF32Type());
  if (auto type = dyn_cast<RankedTensorType>(rows))
    rows = withRank(type.getElementType(), type.getRank());
  return node.build(TypeRange{states, rows, rows, states});
}

static LogicalResult importEmbedLayerNormalization(Node &node) {
  Type states = withRank(node.getElement(2), 3);
  Type index = withRank(node.getBuilder().getI32Type(), 1);
  return node.build(TypeRange{states, index, states});
}

static LogicalResult importAttention(Node &node) {
  Type element = node.getElement(0);
  return node.build(TypeRange{withRank(element, 3), withRank(element, 5)});
}

static LogicalResult importMultiHeadAttention(Node &node) {
  Type element = node.getElement(0), cache = withRank(element, 4);
  return node.build(TypeRange{withRank(element, 3), cache, cache, cache});
}

llvm::ArrayRef<NodeSpec> skim::import::getMsNodes() {
  static const NodeSpec nodes[] = {
      {"ms.Attention", 1,
       "input weights bias? mask_index? past? attention_bias? "
       "past_sequence_length?",
       "output present?",
       "do_rotary:i mask_filter_value:f num_heads:i! "
       "past_present_share_buffer:i qkv_hidden_sizes:I rotary_embedding_dim:i "
       "scale:f unidirectional:i",
       importAttention},
      {"ms.BiasGelu", 1, "A B", "C", "", importSameType},
      {"ms.EmbedLayerNormalization", 1,
       "input_ids segment_ids? word_embedding position_embedding "
       "segment_embedding? gamma beta mask? position_ids?",
       "output mask_index? embedding_sum?", "epsilon:f mask_index_type:i",
       importEmbedLayerNormalization},
      {"ms.FastGelu", 1, "X bias?", "Y", "", importSameType},
      {"ms.FusedMatMul", 1, "A B", "Y",
       "alpha:f transA:i transB:i transBatchA:i transBatchB:i",
       importFusedMatMul},
      {"ms.Gelu", 1, "X", "Y", "", importSameType},
      {"ms.MultiHeadAttention", 1,
       "query key? value? bias? key_padding_mask? attention_bias? past_key? "
       "past_value? past_sequence_length? cache_indirection?",
       "output present_key? present_value? qk?",
       "mask_filter_value:f num_heads:i! scale:f unidirectional:i",
       importMultiHeadAttention},
      {"ms.QuickGelu", 1, "X", "Y", "alpha:f", importSameType},
      {"ms.SkipLayerNormalization", 1, "input skip gamma beta? bias?",
       "output mean? inv_std_var? input_skip_bias_sum?", "epsilon:f",
       importSkipLayerNormalization},
  };
  return nodes;
}
