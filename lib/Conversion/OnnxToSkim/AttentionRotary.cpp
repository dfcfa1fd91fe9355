//===- AttentionRotary.cpp - heads that positions turn --------------------===//
// x * cos + turned(x) * sin, where turned moves each number of a head to its
// partner and negates one of the two. Told by elements, so that it does not
// matter by which ops an exporter splits and joins the halves.
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

static SymDims replaceIndex(ArrayRef<SymDim> at, const SymDim &index,
                            const SymDim &by) {
  SymDims result;
  for (const SymDim &dim : at)
    result.push_back(
        dim.substitute([&](const onnx::SymAtom &atom) -> std::optional<SymDim> {
          if (atom.kind != onnx::SymAtom::Kind::Index ||
              SymDim::index(atom.axis) != index)
            return std::nullopt;
          return by;
        }));
  return result;
}

static bool isSameElement(const Element &a, const Element &b, double factor) {
  return a.kind == Kind::Access && b.kind == Kind::Access && a.base == b.base &&
         a.at == b.at && a.number == factor * b.number;
}

/// A factor of a product at the element `at` of a sum of such products.
Element AttentionMatcher::traceFactor(onnx::AddOp sum, onnx::MulOp product,
                                      unsigned factor, ArrayRef<SymDim> at) {
  auto productAt = getOperandIndex(context, product.getC(), sum.getC(), at);
  Value operand = product->getOperand(factor);
  auto operandAt =
      productAt ? getOperandIndex(context, operand, product.getC(), *productAt)
                : std::nullopt;
  return operandAt ? elements.trace(operand, *operandAt) : Element();
}

/// The table `[length, D]`, with ones in front, whose element an angle is.
Value AttentionMatcher::matchAngles(const Element &angle,
                                    const SymDim &position,
                                    const SymDim &length, const SymDim &inner) {
  if (angle.kind != Kind::Access || angle.number != 1 || angle.at.size() < 2 ||
      angle.at.back() != inner || angle.at[angle.at.size() - 2] != position)
    return {};
  std::optional<SymDims> dims = context.dims(angle.base);
  if (!dims || dims->back() != SymDim(headWidth) ||
      (*dims)[dims->size() - 2] != length || !getStates(angle.base))
    return {};
  for (const SymDim &dim : ArrayRef<SymDim>(*dims).drop_back(2))
    if (!dim.isConstant(1))
      return {};
  return angle.base;
}

/// What the op on `[batch, heads, length, D]` turns at the rows' own
/// positions, by tables that all sequences share.
std::optional<Element> AttentionMatcher::matchRotaryOp(
    onnx::RotaryEmbeddingOp op, const Element &turned, const SymDim &position,
    const SymDim &length, const SymDim &inner, Rotary &rotary) {
  if (turned.at.size() != 4 || turned.at[2] != position ||
      turned.at[3] != inner || !onnx::isAbsent(op.getPositionIds()))
    return std::nullopt;
  int64_t rotated = op.getRotaryEmbeddingDim();
  SymDims expected{1, length, SymDim((rotated ? rotated : headWidth) / 2)};
  for (Value table : {op.getCosCache(), op.getSinCache()})
    if (context.dims(table) != expected || !getStates(table))
      return std::nullopt;
  Element element = elements.trace(op.getX(), turned.at);
  if (element.kind != Kind::Access)
    return std::nullopt;
  rotary = {op.getCosCache(), op.getSinCache(), op.getInterleaved() != 0,
            /*ofPairs=*/true};
  element.number *= turned.number;
  return element;
}

/// Heads of which the first positions stay as they are: of an image the class
/// token, before patches that are turned by their places.
std::optional<Element> AttentionMatcher::matchRotaryBehind(
    onnx::ConcatOp concat, const Element &joined, const SymDim &position,
    const SymDim &inner, Rotary &rotary) {
  auto axis = onnx::normaliseAxis(concat.getAxis(), joined.at.size());
  if (concat->getNumOperands() != 2 || !axis || joined.at[*axis] != position)
    return std::nullopt;
  Value front = concat->getOperand(0), back = concat->getOperand(1);
  auto frontDims = context.dims(front), backDims = context.dims(back);
  if (!frontDims || !backDims)
    return std::nullopt;
  const SymDim still = (*frontDims)[*axis], length = (*backDims)[*axis];
  if (!still.constant() || still + length != sequence)
    return std::nullopt;
  SymDim ofFront = elements.addIndex(still), ofBack = elements.addIndex(length);
  Element plain =
      elements.trace(front, replaceIndex(joined.at, position, ofFront));
  Element turned =
      elements.trace(back, replaceIndex(joined.at, position, ofBack));
  if (plain.kind != Kind::Access || turned.kind != Kind::Access)
    return std::nullopt;
  auto source = matchRotary(turned, ofBack, length, inner, rotary);
  if (!source || source->base != plain.base || source->number != plain.number)
    return std::nullopt;
  // The one index that selects from both; a single one is 0.
  source->at = replaceIndex(source->at, ofBack, position - still);
  SymDim index = still.isConstant(1) ? SymDim(0) : ofFront;
  if (replaceIndex(plain.at, ofFront, index) !=
      replaceIndex(source->at, position, index))
    return std::nullopt;
  rotary.still = *still.constant();
  source->number *= joined.number;
  return source;
}

/// The element of the heads that `length` positions turn to `turned`; `rotary`
/// is set. Nothing when it is no such sum.
std::optional<Element> AttentionMatcher::matchRotary(const Element &turned,
                                                     const SymDim &position,
                                                     const SymDim &length,
                                                     const SymDim &inner,
                                                     Rotary &rotary) {
  if (auto op = turned.base.getDefiningOp<onnx::RotaryEmbeddingOp>())
    return matchRotaryOp(op, turned, position, length, inner, rotary);
  if (auto concat = turned.base.getDefiningOp<onnx::ConcatOp>())
    return length == sequence
               ? matchRotaryBehind(concat, turned, position, inner, rotary)
               : std::nullopt;
  auto sum = turned.base.getDefiningOp<onnx::AddOp>();
  if (!sum || headWidth % 2 != 0)
    return std::nullopt;
  const SymDim half(headWidth / 2);
  SymDim pair = elements.addIndex(half);
  for (unsigned choice = 0; choice < 16; ++choice) {
    bool interleaved = choice & 8;
    unsigned side = choice & 1, number = choice >> 1 & 1,
             partner = choice >> 2 & 1;
    auto straight = sum->getOperand(side).getDefiningOp<onnx::MulOp>();
    auto crossed = sum->getOperand(1 - side).getDefiningOp<onnx::MulOp>();
    if (!straight || !crossed)
      return std::nullopt;
    SymDims first =
        replaceIndex(turned.at, inner, interleaved ? pair * SymDim(2) : pair);
    SymDims second =
        replaceIndex(turned.at, inner,
                     interleaved ? pair * SymDim(2) + SymDim(1) : pair + half);
    auto at = [&](bool isCrossed, ArrayRef<SymDim> where) {
      return traceFactor(sum, isCrossed ? crossed : straight,
                         isCrossed ? partner : number, where);
    };
    if (!isSameElement(at(true, first), at(false, second), -1) ||
        !isSameElement(at(true, second), at(false, first), 1))
      continue;
    rotary = {matchAngles(traceFactor(sum, straight, 1 - number, turned.at),
                          position, length, inner),
              matchAngles(traceFactor(sum, crossed, 1 - partner, turned.at),
                          position, length, inner),
              interleaved};
    Element element = traceFactor(sum, straight, number, turned.at);
    if (!rotary.cos || !rotary.sin || element.kind != Kind::Access)
      return std::nullopt;
    element.number *= turned.number;
    return element;
  }
  return std::nullopt;
}

/// A table of the angles of pairs as one of both numbers of each.
static Value repeatPairs(OpBuilder &builder, Value table, bool interleaved) {
  Location loc = table.getLoc();
  auto type = cast<RankedTensorType>(table.getType());
  int64_t length = type.getDimSize(0), pairs = type.getDimSize(1);
  RankedTensorType whole = type.clone({length, 2 * pairs});
  auto join = [&](RankedTensorType of, Value part) {
    return onnx::ConcatOp::create(builder, loc, of, ValueRange{part, part},
                                  builder.getI64IntegerAttr(-1));
  };
  if (!interleaved)
    return join(whole, table);
  Value single =
      onnx::UnsqueezeOp::create(builder, loc, type.clone({length, pairs, 1}),
                                table, makeInts(builder, loc, {2}));
  Value twice = join(type.clone({length, pairs, 2}), single);
  return onnx::ReshapeOp::create(builder, loc, whole, twice,
                                 makeInts(builder, loc, {0, 2 * pairs}),
                                 builder.getI64IntegerAttr(0));
}

/// A table as `[sequence, D]`; positions that stay have `ofStill` in it.
Value AttentionMatcher::makeAngles(Value table, const Rotary &rotary,
                                   float ofStill) {
  Location loc = table.getLoc();
  auto type = cast<RankedTensorType>(table.getType());
  if (int64_t ones = type.getRank() - 2; ones > 0) {
    type = type.clone(type.getShape().drop_front(ones));
    auto axes = llvm::to_vector(llvm::seq<int64_t>(0, ones));
    table = onnx::SqueezeOp::create(rewriter, loc, type, table,
                                    makeInts(rewriter, loc, axes));
  }
  if (rotary.ofPairs)
    table = repeatPairs(rewriter, table, rotary.interleaved);
  if (rotary.still == 0)
    return table;
  type = cast<RankedTensorType>(table.getType());
  int64_t length = type.getDimSize(0);
  auto frontType = type.clone({rotary.still, type.getDimSize(1)});
  Value front = onnx::ConstantOp::create(
      rewriter, loc, DenseElementsAttr::get(frontType, ofStill));
  auto whole = type.clone(
      {ShapedType::isDynamic(length) ? length : length + rotary.still,
       type.getDimSize(1)});
  return onnx::ConcatOp::create(rewriter, loc, whole, ValueRange{front, table},
                                rewriter.getI64IntegerAttr(0));
}
