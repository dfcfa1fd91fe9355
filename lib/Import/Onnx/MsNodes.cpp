//===- MsNodes.cpp - ops of the domain com.microsoft ---------------------===//
// Import of what ONNX Runtime's optimiser writes.
//===----------------------------------------------------------------------===//

#include "Node.h"

#include "mlir/IR/DialectResourceBlobManager.h"

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

/// The bytes of a constant of uint8 without splats.
static ArrayRef<uint8_t> bytesOf(ElementsAttr elements) {
  ArrayRef<char> data;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    data = resource.getRawHandle().getBlob()->getData();
  else
    data = cast<DenseElementsAttr>(elements).getRawData();
  return {reinterpret_cast<const uint8_t *>(data.data()), data.size()};
}

/// `[rows, columns]` of uint8, of rows that are packed from the lowest bits of
/// whole bytes on; `columns` may end before the row's bytes do.
static Value unpack(Node &node, ElementsAttr packed, int64_t rows,
                    int64_t columns, int64_t bits) {
  ArrayRef<uint8_t> from = bytesOf(packed);
  bool isSplat = from.size() == 1;
  int64_t stride = packed.getNumElements() / rows, each = 8 / bits;
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(
      rows * columns, /*align=*/64, /*dataIsMutable=*/true);
  auto *to = reinterpret_cast<uint8_t *>(blob.getMutableData().data());
  uint8_t mask = (1u << bits) - 1;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t k = 0; k < columns; ++k) {
      uint8_t byte = from[isSplat ? 0 : row * stride + k / each];
      *to++ = byte >> (k % each * bits) & mask;
    }
  OpBuilder &b = node.getBuilder();
  auto type = RankedTensorType::get(
      {rows, columns},
      IntegerType::get(b.getContext(), 8,
                       IntegerType::SignednessSemantics::Unsigned));
  return node.makeConstant(
      DenseResourceElementsAttr::get(type, "unpacked", std::move(blob)));
}

namespace {
/// The sizes of a MatMulNBits: blocks of the inner dimension for each column.
struct NBits {
  int64_t depth, columns, size, bits, blocks;

  explicit NBits(Node &node)
      : depth(node.getInt("K", 0)), columns(node.getInt("N", 0)),
        size(node.getInt("block_size", 0)), bits(node.getInt("bits", 4)),
        blocks(size > 0 ? (depth + size - 1) / size : 0) {}
  int64_t weightBytes() const { return columns * blocks * size * bits / 8; }
  int64_t zeroBytes() const { return columns * ((blocks * bits + 7) / 8); }
};
} // namespace

static LogicalResult checkNBits(Node &node, const NBits &sizes) {
  auto [depth, columns, size, bits, blocks] = sizes;
  if (depth < 1 || columns < 1 || size < 1 ||
      (bits != 2 && bits != 4 && bits != 8))
    return node.fail("expected K, N and block_size of at least 1 and bits of "
                     "2, 4 or 8, got " +
                     Twine(depth) + ", " + Twine(columns) + ", " + Twine(size) +
                     " and " + Twine(bits));
  ElementsAttr weights = skim::onnx::getConstant(node.getInput(1)),
               scales = skim::onnx::getConstant(node.getInput(2));
  if (!weights || !weights.getElementType().isInteger(8) || !scales)
    return node.fail("expected constant weights of bytes and constant scales");
  if (weights.getNumElements() != sizes.weightBytes() ||
      scales.getNumElements() != columns * blocks)
    return node.fail("expected " + Twine(sizes.weightBytes()) +
                     " bytes of weights and " + Twine(columns * blocks) +
                     " scales, got " + Twine(weights.getNumElements()) +
                     " and " + Twine(scales.getNumElements()));
  if (node.hasInput(4) || node.hasInput(5))
    return node.fail("expected neither g_idx nor bias");
  return success();
}

/// `[columns, blocks]`: those of the node, or the middle of the range.
static FailureOr<Value> zeroPointsOf(Node &node, const NBits &sizes) {
  if (!node.hasInput(3)) {
    Type byte = cast<ShapedType>(node.getInput(1).getType()).getElementType();
    return node.makeConstant(DenseElementsAttr::get(
        RankedTensorType::get({sizes.columns, sizes.blocks}, byte),
        APInt(8, uint64_t(1) << (sizes.bits - 1))));
  }
  ElementsAttr packed = skim::onnx::getConstant(node.getInput(3));
  if (!packed || !packed.getElementType().isInteger(8) ||
      packed.getNumElements() != sizes.zeroBytes())
    return node.fail("expected zero points of " + Twine(sizes.zeroBytes()) +
                     " constant bytes");
  return unpack(node, packed, sizes.columns, sizes.blocks, sizes.bits);
}

/// A product with weights of few bits, a scale and a zero point for each block
/// of the inner dimension: that with the weights dequantised, which folds.
static LogicalResult importMatMulNBits(Node &node) {
  NBits sizes(node);
  if (failed(checkNBits(node, sizes)))
    return failure();
  FailureOr<Value> zero = zeroPointsOf(node, sizes);
  if (failed(zero))
    return failure();
  auto [depth, columns, size, bits, blocks] = sizes;
  OpBuilder &b = node.getBuilder();
  Location loc = node.getLoc();
  Type element = node.getElement(2);
  auto make = [&](ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, element);
  };
  Value scales = skim::onnx::ReshapeOp::create(
      b, loc, make({columns, blocks}), node.getInput(2),
      node.makeInts({columns, blocks}), b.getI64IntegerAttr(0));
  Value numbers = unpack(node, skim::onnx::getConstant(node.getInput(1)),
                         columns, depth, bits);
  Value rows = skim::onnx::DequantizeLinearOp::create(
      b, loc, make({columns, depth}), numbers, scales, *zero,
      b.getI64IntegerAttr(1), b.getI64IntegerAttr(size),
      b.getI64IntegerAttr(0));
  Value matrix = skim::onnx::TransposeOp::create(
      b, loc, make({depth, columns}), rows, b.getDenseI64ArrayAttr({1, 0}));
  node.outputs.push_back(skim::onnx::MatMulOp::create(
      b, loc, withRank(element, node.getRank(0)), node.getInput(0), matrix));
  return success();
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
      {"ms.MatMulNBits", 1, "A B scales zero_points? g_idx? bias?", "Y",
       "-K:i! -N:i! -accuracy_level:i -bits:i -block_size:i!",
       importMatMulNBits},
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
