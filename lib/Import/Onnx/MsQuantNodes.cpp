//===- MsQuantNodes.cpp - quantised ops of the domain com.microsoft -------===//
// Import of what ONNX Runtime's quantisers write: products and tables of bytes
// or of fewer bits, as the ops of ONNX that they stand for.
//===----------------------------------------------------------------------===//

#include "MsNodes.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace skim::import;
namespace ox = skim::onnx;

//===----------------------------------------------------------------------===//
// Weights of a few bits
//===----------------------------------------------------------------------===//

/// A new constant of the type, and where its elements go.
template <typename T>
static std::pair<AsmResourceBlob, T *> allocate(RankedTensorType type) {
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(
      type.getNumElements() * sizeof(T), /*align=*/64, /*dataIsMutable=*/true);
  auto *data = reinterpret_cast<T *>(blob.getMutableData().data());
  return {std::move(blob), data};
}

/// `[rows, columns]` of uint8, of rows that are packed from the lowest bits of
/// whole bytes on; `columns` may end before the row's bytes do.
static Value unpack(Node &node, ElementsAttr packed, int64_t rows,
                    int64_t columns, int64_t bits) {
  ArrayRef<uint8_t> from = getBytes(packed);
  bool isSplat = from.size() == 1;
  int64_t stride = rows ? packed.getNumElements() / rows : 0, each = 8 / bits;
  auto type = RankedTensorType::get(
      {rows, columns}, node.getBuilder().getIntegerType(8, /*isSigned=*/false));
  auto [blob, to] = allocate<uint8_t>(type);
  uint8_t mask = (1u << bits) - 1;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t k = 0; k < columns; ++k) {
      uint8_t byte = from[isSplat ? 0 : row * stride + k / each];
      *to++ = byte >> (k % each * bits) & mask;
    }
  return node.makeConstant(
      DenseResourceElementsAttr::get(type, "unpacked", std::move(blob)));
}

/// The product of the first input and of the transpose of `rows`.
static LogicalResult giveProduct(Node &node, Value rows, Value bias) {
  OpBuilder &b = node.getBuilder();
  auto type = cast<RankedTensorType>(rows.getType());
  Type element = type.getElementType();
  Value matrix = node.make<ox::TransposeOp>(
      RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)}, element),
      rows, b.getDenseI64ArrayAttr({1, 0}));
  Value product = node.make<ox::MatMulOp>(withRank(element, node.getRank(0)),
                                          node.getInput(0), matrix);
  return node.give(addBias(node, product, bias));
}

namespace {
/// The sizes of a MatMulNBits: blocks of the inner dimension for each column.
struct NBits {
  int64_t depth, columns, size, bits, blocks;

  explicit NBits(Node &node)
      : depth(node.getInt("K", 0)), columns(node.getInt("N", 0)),
        size(node.getInt("block_size", 0)), bits(node.getInt("bits", 4)),
        blocks(size > 0 ? (depth + size - 1) / size : 0) {}
  int64_t weightBytes() const { return columns * (blocks * size * bits / 8); }
  int64_t zeroBytes() const { return columns * ((blocks * bits + 7) / 8); }
};
} // namespace

/// Sizes whose products stay far below 2^63.
static LogicalResult checkProducts(Node &node, int64_t depth, int64_t columns,
                                   int64_t size) {
  constexpr int64_t kMost = int64_t(1) << 30;
  if (std::max({depth, columns, size}) <= kMost)
    return success();
  return node.fail("expected K, N and block_size of at most " + Twine(kMost) +
                   ", got " + Twine(depth) + ", " + Twine(columns) + " and " +
                   Twine(size));
}

static LogicalResult checkNBits(Node &node, const NBits &sizes) {
  auto [depth, columns, size, bits, blocks] = sizes;
  if (depth < 1 || columns < 1 || size < 1 ||
      (bits != 2 && bits != 4 && bits != 8))
    return node.fail("expected K, N and block_size of at least 1 and bits of "
                     "2, 4 or 8, got " +
                     Twine(depth) + ", " + Twine(columns) + ", " + Twine(size) +
                     " and " + Twine(bits));
  if (failed(checkProducts(node, depth, columns, size)))
    return failure();
  if (size % (8 / bits) != 0)
    return node.fail("expected blocks of whole bytes, got a block_size of " +
                     Twine(size) + " and bits of " + Twine(bits));
  ElementsAttr weights = ox::getConstant(node.getInput(1)),
               scales = ox::getConstant(node.getInput(2));
  if (!weights || !weights.getElementType().isInteger(8) || !scales)
    return node.fail("expected constant weights of bytes and constant scales");
  if (weights.getNumElements() != sizes.weightBytes() ||
      scales.getNumElements() != columns * blocks)
    return node.fail("expected " + Twine(sizes.weightBytes()) +
                     " bytes of weights and " + Twine(columns * blocks) +
                     " scales, got " + Twine(weights.getNumElements()) +
                     " and " + Twine(scales.getNumElements()));
  if (node.hasInput(4))
    return node.fail("expected no g_idx");
  return success();
}

/// `[columns, blocks]`: those of the node, or the middle of the range.
static FailureOr<Value> zeroPointsOf(Node &node, const NBits &sizes) {
  if (!node.hasInput(3)) {
    Type byte = getElementTypeOrSelf(node.getInput(1).getType());
    return node.makeConstant(DenseElementsAttr::get(
        RankedTensorType::get({sizes.columns, sizes.blocks}, byte),
        APInt(8, uint64_t(1) << (sizes.bits - 1))));
  }
  ElementsAttr packed = ox::getConstant(node.getInput(3));
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
  Type element = node.getElement(2);
  Value scales = node.make<ox::ReshapeOp>(
      RankedTensorType::get({columns, blocks}, element), node.getInput(2),
      node.makeInts({columns, blocks}), b.getI64IntegerAttr(0));
  Value numbers =
      unpack(node, ox::getConstant(node.getInput(1)), columns, depth, bits);
  Value rows = node.make<ox::DequantizeLinearOp>(
      RankedTensorType::get({columns, depth}, element), numbers, scales, *zero,
      b.getI64IntegerAttr(1), b.getI64IntegerAttr(size),
      b.getI64IntegerAttr(0));
  return giveProduct(node, rows, getOptional(node, 5));
}

/// The numbers that four bits stand for, of which a block's largest magnitude
/// is the unit: bitsandbytes' FP4 (a sign, two bits of exponent and one of
/// mantissa) and NF4 (quantiles of a normal distribution; QLoRA, arXiv
/// 2305.14314, appendix E).
static ArrayRef<float> getFourBitNumbers(int64_t quantType) {
  static constexpr float kFP4[] = {
      0, 0.0625F / 12,  8.F / 12,  1,  4.F / 12,  6.F / 12,  2.F / 12,  0.25F,
      0, -0.0625F / 12, -8.F / 12, -1, -4.F / 12, -6.F / 12, -2.F / 12, -0.25F};
  static constexpr float kNF4[] = {
      -1,           -0.69619280F, -0.52507305F, -0.39491749F,
      -0.28444138F, -0.18477343F, -0.09105004F, 0,
      0.07958030F,  0.16093020F,  0.24611230F,  0.33791524F,
      0.44070983F,  0.56261700F,  0.72295684F,  1};
  return quantType == 0 ? ArrayRef(kFP4) : ArrayRef(kNF4);
}

/// A product with weights of four bits that stand for entries of a table, a
/// scale for each block of all weights in a row: that with fp32 weights.
static LogicalResult importMatMulBnb4(Node &node) {
  int64_t depth = node.getInt("K", 0), columns = node.getInt("N", 0),
          size = node.getInt("block_size", 0),
          quantType = node.getInt("quant_type", 0);
  if (depth < 1 || columns < 1 || size < 1 || quantType < 0 || quantType > 1 ||
      node.getInt("transB", 1) != 1)
    return node.fail("expected K, N and block_size of at least 1, quant_type "
                     "of 0 or 1 and transB of 1");
  if (failed(checkProducts(node, depth, columns, size)))
    return failure();
  int64_t count = depth * columns, blocks = (count + size - 1) / size;
  ElementsAttr weights = ox::getConstant(node.getInput(1)),
               scales = ox::getConstant(node.getInput(2));
  if (!weights || !weights.getElementType().isInteger(8) || !scales ||
      !scales.getElementType().isF32() ||
      weights.getNumElements() != (count + 1) / 2 ||
      scales.getNumElements() != blocks)
    return node.fail("expected " + Twine((count + 1) / 2) +
                     " constant bytes of weights and " + Twine(blocks) +
                     " constant scales of f32");
  ArrayRef<uint8_t> from = getBytes(weights);
  ArrayRef<uint8_t> units = getBytes(scales);
  ArrayRef<float> numbers = getFourBitNumbers(quantType);
  auto type =
      RankedTensorType::get({columns, depth}, node.getBuilder().getF32Type());
  auto [blob, to] = allocate<float>(type);
  for (int64_t i = 0; i < count; ++i) { // The higher bits come first.
    uint8_t byte = from[from.size() == 1 ? 0 : i / 2];
    int64_t block = units.size() == sizeof(float) ? 0 : i / size;
    float unit;
    std::memcpy(&unit, units.data() + block * sizeof(float), sizeof(float));
    to[i] = numbers[i % 2 ? byte & 15 : byte >> 4] * unit;
  }
  return giveProduct(node,
                     node.makeConstant(DenseResourceElementsAttr::get(
                         type, "dequantised", std::move(blob))),
                     Value());
}

namespace {
/// A table whose rows are quantised in blocks, one number a byte.
struct QuantisedTable {
  Value numbers, zero;
  int64_t rows, columns;
};
} // namespace

/// The table of a GatherBlockQuantized, whose bytes hold several numbers, as do
/// those of the zero points.
static FailureOr<QuantisedTable> unpackTable(Node &node, ElementsAttr table,
                                             ArrayRef<int64_t> shape,
                                             int64_t bits, int64_t size) {
  int64_t rows = shape[0], columns = shape[1] * (8 / bits),
          blocks = llvm::divideCeil(columns, size),
          zeroBytes = rows * llvm::divideCeil(blocks * bits, 8);
  Value numbers = unpack(node, table, rows, columns, bits);
  if (!node.hasInput(3)) {
    auto type = RankedTensorType::get({rows, blocks}, table.getElementType());
    Value middle = node.makeConstant(
        DenseElementsAttr::get(type, APInt(8, uint64_t(1) << (bits - 1))));
    return QuantisedTable{numbers, middle, rows, columns};
  }
  ElementsAttr packed = ox::getConstant(node.getInput(3));
  if (!packed || !packed.getElementType().isInteger(8) ||
      packed.getNumElements() != zeroBytes)
    return node.fail("expected zero points of " + Twine(zeroBytes) +
                     " constant bytes");
  return QuantisedTable{numbers, unpack(node, packed, rows, blocks, bits), rows,
                        columns};
}

/// Rows of a table of few bits, a scale for each block of a row: rows of the
/// table dequantised.
static LogicalResult importGatherBlockQuantized(Node &node) {
  OpBuilder &b = node.getBuilder();
  auto shape = node.getShape(0);
  ElementsAttr table = ox::getConstant(node.getInput(0));
  int64_t bits = node.getInt("bits", 4), size = node.getInt("block_size", 128),
          axis = node.getInt("quantize_axis", 1);
  if (!table || !table.getElementType().isInteger(8) || shape->size() != 2 ||
      node.getInt("gather_axis", 0) != 0 || (axis != 1 && axis != -1))
    return node.fail("expected a constant table of rank 2 whose rows are "
                     "gathered and quantised");
  if ((bits != 2 && bits != 4 && bits != 8) || size < 1)
    return node.fail("expected bits of 2, 4 or 8 and a block_size of at least "
                     "1, got " +
                     Twine(bits) + " and " + Twine(size));
  FailureOr<QuantisedTable> parts = QuantisedTable{
      node.getInput(0), node.getInput(3), (*shape)[0], (*shape)[1]};
  if (!node.holdsFourBits(0) && bits < 8)
    parts = unpackTable(node, table, *shape, bits, size);
  if (failed(parts))
    return failure();
  Type element = node.getElement(2);
  Value floats = node.make<ox::DequantizeLinearOp>(
      RankedTensorType::get({parts->rows, parts->columns}, element),
      parts->numbers, node.getInput(2), parts->zero, b.getI64IntegerAttr(1),
      b.getI64IntegerAttr(size), b.getI64IntegerAttr(0));
  std::optional<int64_t> rank = node.getRank(1);
  Value gathered = node.make<ox::GatherOp>(
      withRank(element, rank ? std::optional(*rank + 1) : rank), floats,
      node.getInput(1), b.getI64IntegerAttr(0));
  return node.give(gathered);
}

//===----------------------------------------------------------------------===//
// Products of bytes
//===----------------------------------------------------------------------===//

/// The product of bytes as numbers: of integers, times both scales.
static Value multiplyBytes(Node &node, ArrayRef<Value> bytes,
                           ArrayRef<Value> zeros, ArrayRef<Value> scales) {
  OpBuilder &b = node.getBuilder();
  Type type = withRank(b.getF32Type(), node.getRank(0));
  Value integers = node.make<ox::MatMulIntegerOp>(
      withElement(node.getInput(0), b.getI32Type()), bytes[0], bytes[1],
      zeros[0], zeros[1]);
  Value numbers =
      node.make<ox::CastOp>(type, integers, StringAttr(), IntegerAttr(),
                            b.getI64IntegerAttr(getDataType(b.getF32Type())));
  Value scale = node.make<ox::MulOp>(scales[1].getType(), scales[0], scales[1]);
  return node.make<ox::MulOp>(type, numbers, scale);
}

static LogicalResult importMatMulIntegerToFloat(Node &node) {
  Value product = multiplyBytes(node, {node.getInput(0), node.getInput(1)},
                                {node.getInput(4), node.getInput(5)},
                                {node.getInput(2), node.getInput(3)});
  return node.give(addBias(node, product, getOptional(node, 6)));
}

static LogicalResult importDynamicQuantizeMatMul(Node &node) {
  OpBuilder &b = node.getBuilder();
  Type byte = b.getIntegerType(8, /*isSigned=*/false);
  auto bytes = node.make<ox::DynamicQuantizeLinearOp>(
      TypeRange{withElement(node.getInput(0), byte),
                RankedTensorType::get({}, b.getF32Type()),
                RankedTensorType::get({}, byte)},
      node.getInput(0));
  Value product = multiplyBytes(node, {bytes.getY(), node.getInput(1)},
                                {bytes.getYZeroPoint(), node.getInput(3)},
                                {bytes.getYScale(), node.getInput(2)});
  return node.give(addBias(node, product, getOptional(node, 4)));
}

static LogicalResult importQAttention(Node &node) {
  Value product = multiplyBytes(node, {node.getInput(0), node.getInput(1)},
                                {node.getInput(6), node.getInput(7)},
                                {node.getInput(3), node.getInput(4)});
  return buildPackedAttention(node, addBias(node, product, node.getInput(2)),
                              getOptional(node, 5), getOptional(node, 8),
                              Value());
}

/// Tables and parameters of bytes by one scale each, and as numbers.
static LogicalResult importQEmbedLayerNormalization(Node &node) {
  OpBuilder &b = node.getBuilder();
  auto dequantise = [&](unsigned numbers, unsigned scale, unsigned zero) {
    if (!node.hasInput(numbers))
      return Value();
    Value values = node.getInput(numbers);
    return Value(node.make<ox::DequantizeLinearOp>(
        withElement(values, b.getF32Type()), values, node.getInput(scale),
        node.getInput(zero), b.getI64IntegerAttr(0), b.getI64IntegerAttr(0),
        b.getI64IntegerAttr(0)));
  };
  return buildEmbedLayerNorm(
      node, {dequantise(2, 8, 13), dequantise(3, 9, 14), dequantise(4, 10, 15),
             dequantise(5, 11, 16), dequantise(6, 12, 17), getOptional(node, 7),
             Value()});
}

llvm::ArrayRef<NodeSpec> skim::import::getMsQuantNodes() {
  static const NodeSpec nodes[] = {
      {"ms.DynamicQuantizeMatMul", 1, "A B b_scale b_zero_point? bias?", "Y",
       "", importDynamicQuantizeMatMul},
      {"ms.GatherBlockQuantized", 1, "data indices scales zero_points?",
       "output", "-bits:i -block_size:i -gather_axis:i -quantize_axis:i",
       importGatherBlockQuantized},
      {"ms.MatMulBnb4", 1, "A B absmax", "Y",
       "-K:i! -N:i! -block_size:i! -quant_type:i! -training_mode:i -transB:i",
       importMatMulBnb4},
      {"ms.MatMulIntegerToFloat", 1,
       "A B a_scale b_scale a_zero_point? b_zero_point? bias?", "Y", "",
       importMatMulIntegerToFloat},
      {"ms.MatMulNBits", 1, "A B scales zero_points? g_idx? bias?", "Y",
       "-K:i! -N:i! -accuracy_level:i -bits:i -block_size:i!",
       importMatMulNBits},
      {"ms.QAttention", 1,
       "input weight bias input_scale weight_scale mask_index? "
       "input_zero_point? weight_zero_point? past?",
       "output present?",
       "-do_rotary:i -mask_filter_value:f -num_heads:i! "
       "-past_present_share_buffer:i -scale:f -unidirectional:i",
       importQAttention},
      {"ms.QEmbedLayerNormalization", 1,
       "input_ids segment_ids? word_embedding_quant position_embedding_quant "
       "segment_embedding? gamma_quant beta_quant mask? word_embedding_scale "
       "position_embedding_scale segment_embedding_scale? gamma_scale "
       "beta_scale word_embedding_zero_point position_embedding_zero_point "
       "segment_embedding_zero_point? gamma_zero_point beta_zero_point",
       "layernorm_out mask_index_out?", "-epsilon:f",
       importQEmbedLayerNormalization},
  };
  return nodes;
}
