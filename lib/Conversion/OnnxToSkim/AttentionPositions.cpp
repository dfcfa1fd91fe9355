//===- AttentionPositions.cpp - disentangled positions --------------------===//
// Products of queries, or keys, with a table of projected positions, of which
// GatherElements picks one for each pair (DeBERTa). They become the attention's
// own, which depend on tokens only through the states that it reads.
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

static bool isSameStates(const Columns &a, const Columns &b) {
  return a.states == b.states && a.first == b.first && a.bias == b.bias &&
         a.rotary == b.rotary;
}

/// The constant `[heads, D, P]`, with ones in front, whose element `[head, d,
/// position]` a factor of a product is.
Value AttentionMatcher::matchPositionTable(Value factor, ArrayRef<SymDim> at,
                                           const SymDim &position) {
  Element element = elements.trace(factor, at);
  if (element.kind != Kind::Access || element.number != 1 ||
      !onnx::getConstant(element.base) || element.at.size() < 3)
    return {};
  auto type = cast<RankedTensorType>(element.base.getType());
  ArrayRef<SymDim> place = ArrayRef(element.at).take_back(3);
  ArrayRef<int64_t> shape = type.getShape().take_back(3);
  bool hasOnesInFront = llvm::all_of(type.getShape().drop_back(3),
                                     [](int64_t size) { return size == 1; });
  if (!hasOnesInFront || shape[0] != heads || shape[1] != headWidth ||
      !type.getElementType().isF32() || place[0] != indices.head ||
      place[1] != depth || place[2] != position)
    return {};
  return element.base;
}

/// The product of states and a table that `value[at]` is, where the last index
/// is that of a position; `columns` and `factor` are those of the states.
Value AttentionMatcher::matchPositionProduct(Value value, SymDims at,
                                             const SymDim &row,
                                             int64_t stateHeads,
                                             Columns &columns, double &factor) {
  auto type = cast<RankedTensorType>(value.getType());
  SymDim position = elements.addIndex(type.getShape().back());
  at.back() = position;
  Element element = elements.trace(value, at);
  auto product = element.kind == Kind::Access
                     ? element.base.getDefiningOp<onnx::MatMulOp>()
                     : onnx::MatMulOp();
  if (!product)
    return {};
  factor *= element.number;
  auto [statesAt, tableAt] = getProductIndices(element.at, depth);
  for (auto [operand, operandAt] : {std::make_pair(product.getA(), &statesAt),
                                    std::make_pair(product.getB(), &tableAt)}) {
    int64_t rank = cast<RankedTensorType>(operand.getType()).getRank();
    auto index = getOperandIndex(context, operand, operand,
                                 ArrayRef(*operandAt).take_back(rank));
    if (!index)
      return {};
    *operandAt = *index;
  }
  FailureOr<int64_t> found =
      matchHeads(product.getA(), statesAt, row, depth, columns, factor);
  if (failed(found) || *found != stateHeads)
    return {};
  return matchPositionTable(product.getB(), tableAt, position);
}

/// Notes the term of disentangled positions that a summand is; false when it is
/// none.
bool AttentionMatcher::matchPositions(const ScoreTerm &term) {
  if (term.isCondition)
    return false;
  Element element = elements.trace(term.value, term.at);
  auto gather = element.kind == Kind::Access
                    ? element.base.getDefiningOp<onnx::GatherElementsOp>()
                    : onnx::GatherElementsOp();
  auto type = gather ? dyn_cast<RankedTensorType>(gather.getData().getType())
                     : RankedTensorType();
  if (!type || type.getRank() < 3 || type.isDynamicDim(type.getRank() - 1) ||
      onnx::normaliseAxis(gather.getAxis(), type.getRank()) !=
          type.getRank() - 1)
    return false;
  const SymDim &row = element.at[type.getRank() - 2],
               &other = element.at.back();
  bool ofContent = row == indices.query && other == indices.key;
  if (!ofContent && (row != indices.key || other != indices.query))
    return false;
  PositionTable &terms = ofContent ? content : position;
  Columns columns;
  double factor = term.factor * element.number;
  Value table = matchPositionProduct(gather.getData(), element.at, row,
                                     ofContent ? result.heads : result.kvHeads,
                                     columns, factor);
  DistanceFunction index(context, elements, indices.query - indices.key);
  if (terms.table || !table || !isClose(factor, result.scale) ||
      !isSameStates(columns, ofContent ? result.query : result.key) ||
      !isClipped(gather.getIndices(), type.getShape().back()) ||
      !index.match(gather.getIndices(), element.at))
    return false;
  terms.table = table;
  terms.index = index;
  return true;
}

/// The distances of queries and keys, `1 - sequence` to `sequence - 1`.
static Value makeDistances(OpBuilder &builder, Location loc, Value shaped) {
  Type integer = builder.getI64Type();
  auto scalar = RankedTensorType::get({}, integer);
  Value extent = onnx::ShapeOp::create(
      builder, loc, RankedTensorType::get({1}, integer), shaped,
      builder.getI64IntegerAttr(2), builder.getI64IntegerAttr(1));
  extent = onnx::SqueezeOp::create(builder, loc, scalar, extent,
                                   makeInts(builder, loc, {0}));
  Value one = makeInt(builder, loc, 1);
  Value first = onnx::SubOp::create(builder, loc, scalar, one, extent);
  auto type = RankedTensorType::get({ShapedType::kDynamic}, integer);
  return onnx::RangeOp::create(builder, loc, type, first, extent, one);
}

/// A table as `[heads, D, P]`, and its index.
std::pair<Value, Value>
AttentionMatcher::makePositions(const PositionTable &terms, Value states) {
  if (!terms.table)
    return {};
  auto type = cast<RankedTensorType>(terms.table.getType());
  Value table =
      reshapeConstant(rewriter, terms.table, type.getShape().take_back(3));
  // The input's shape where it has the sequence: all layers share the index.
  Value tokens = context.getTokens();
  Value shaped = tokens && context.isSequence(sequence) ? tokens : states;
  Value distances = makeDistances(rewriter, root->getLoc(), shaped);
  return {table, terms.index->build(rewriter, distances)};
}
