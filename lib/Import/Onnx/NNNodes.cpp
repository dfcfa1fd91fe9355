//===- NNNodes.cpp - products, normalisation and attention ---------------===//
// Import of the family.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

std::optional<SmallVector<int64_t>> skim::import::getProductShape(Node &node) {
  auto a = node.getShape(0), b = node.getShape(1);
  if (!a || !b || a->empty() || b->empty())
    return std::nullopt;
  SmallVector<int64_t> shape; // From the last dimension to the first.
  if (b->size() > 1)
    shape.push_back(b->back());
  if (a->size() > 1)
    shape.push_back((*a)[a->size() - 2]);
  ArrayRef<int64_t> batchA = a->drop_back(std::min<size_t>(a->size(), 2));
  ArrayRef<int64_t> batchB = b->drop_back(std::min<size_t>(b->size(), 2));
  for (size_t i = 0; i < std::max(batchA.size(), batchB.size()); ++i) {
    int64_t dimA = i < batchA.size() ? batchA[batchA.size() - 1 - i] : 1;
    int64_t dimB = i < batchB.size() ? batchB[batchB.size() - 1 - i] : 1;
    bool takesB = dimA == 1 || (ShapedType::isDynamic(dimA) && dimB != 1);
    shape.push_back(takesB ? dimB : dimA);
  }
  return SmallVector<int64_t>(llvm::reverse(shape));
}

static LogicalResult importMatMul(Node &node) {
  return node.build(withShape(node.getElement(0), getProductShape(node)));
}

SmallVector<int64_t> skim::import::getGemmShape(Node &node) {
  auto a = node.getShape(0), b = node.getShape(1);
  SmallVector<int64_t> shape(2, ShapedType::kDynamic);
  if (a && a->size() == 2)
    shape[0] = (*a)[node.getInt("transA", 0) ? 1 : 0];
  if (b && b->size() == 2)
    shape[1] = (*b)[node.getInt("transB", 0) ? 0 : 1];
  return shape;
}

static LogicalResult importGemm(Node &node) {
  return node.build(withShape(node.getElement(0), getGemmShape(node)));
}

/// The rank is the number of letters after the arrow; without an arrow, of
/// letters that come once. An ellipsis leaves it unknown.
static LogicalResult importEinsum(Node &node) {
  std::string equation = node.getString("equation", "").str();
  llvm::erase(equation, ' ');
  StringRef text(equation);
  std::optional<int64_t> rank;
  if (!text.contains("...")) {
    auto [inputs, output] = text.split("->");
    rank = output.size();
    if (!text.contains("->"))
      rank = llvm::count_if(inputs, [&, in = inputs](char letter) {
        return letter != ',' && in.count(letter) == 1;
      });
  }
  return node.build(withRank(node.getElement(0), rank));
}

/// Mean and inverse deviation have the type that `stash_type` names.
static LogicalResult importLayerNormalization(Node &node) {
  Type stash = getElementType(node.getBuilder().getContext(),
                              node.getInt("stash_type", 1));
  if (!stash)
    return node.fail(Twine(expectedType) + " as stash_type, got " +
                     getDataTypeName(node.getInt("stash_type", 1)));
  Type rows = withRank(stash, node.getRank(0));
  return node.build(TypeRange{node.getInput(0).getType(), rows, rows});
}

static LogicalResult importSimplifiedLayerNormalization(Node &node) {
  Type rows = withRank(node.getBuilder().getF32Type(), node.getRank(0));
  return node.build(TypeRange{node.getInput(0).getType(), rows});
}

static LogicalResult importRMSNormalization(Node &node) {
  return node.build(withElement(node.getInput(0), node.getElement(1)));
}

static LogicalResult importAttention(Node &node) {
  Type key = node.getElement(1), value = node.getElement(2);
  return node.build(TypeRange{withRank(node.getElement(0), node.getRank(0)),
                              withRank(key, 4), withRank(value, 4),
                              withRank(node.getElement(0), 4)});
}

llvm::ArrayRef<NodeSpec> skim::import::getNNNodes() {
  static const NodeSpec nodes[] = {
      {"Attention", 23,
       "Q K V attn_mask? past_key? past_value? nonpad_kv_seqlen?",
       "Y present_key? present_value? qk_matmul_output?",
       "is_causal:i kv_num_heads:i left_window_size:i q_num_heads:i "
       "qk_matmul_output_mode:i right_window_size:i scale:f softcap:f "
       "softmax_precision:i",
       importAttention},
      {"Einsum", 12, "Inputs*", "Output", "equation:s!", importEinsum},
      {"Gemm", 7, "A B C?", "Y", "alpha:f beta:f transA:i transB:i",
       importGemm},
      // ONNX has it from 17 on; ONNX Runtime's optimiser writes it always.
      {"LayerNormalization", 7, "X Scale B?", "Y Mean? InvStdDev?",
       "axis:i epsilon:f stash_type:i", importLayerNormalization},
      {"LpNormalization", 7, "input", "output", "axis:i p:i", importSameType},
      {"MatMul", 7, "A B", "Y", "", importMatMul},
      {"RMSNormalization", 23, "X scale", "Y", "axis:i epsilon:f stash_type:i",
       importRMSNormalization},
      {"RotaryEmbedding", 23, "X cos_cache sin_cache position_ids?", "Y",
       "interleaved:i num_heads:i rotary_embedding_dim:i", importSameType},
      {"SimplifiedLayerNormalization", 1, "X scale", "Y inv_std_var?",
       "axis:i epsilon:f stash_type:i", importSimplifiedLayerNormalization},
  };
  return nodes;
}
