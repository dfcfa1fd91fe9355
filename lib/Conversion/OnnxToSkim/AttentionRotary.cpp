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

/// The table `[sequence, D]`, with ones in front, whose element an angle is.
Value AttentionMatcher::matchAngles(const Element &angle,
                                    const SymDim &position,
                                    const SymDim &inner) {
  if (angle.kind != Kind::Access || angle.number != 1 || angle.at.size() < 2 ||
      angle.at.back() != inner || angle.at[angle.at.size() - 2] != position)
    return {};
  std::optional<SymDims> dims = context.dims(angle.base);
  if (!dims || dims->back() != SymDim(headWidth) ||
      (*dims)[dims->size() - 2] != sequence || !getStates(angle.base))
    return {};
  for (const SymDim &dim : ArrayRef<SymDim>(*dims).drop_back(2))
    if (!dim.isConstant(1))
      return {};
  return angle.base;
}

/// What the op on `[batch, heads, sequence, D]` turns at the rows' own
/// positions, by tables that all sequences share.
std::optional<Element>
AttentionMatcher::matchRotaryOp(onnx::RotaryEmbeddingOp op,
                                const Element &turned, const SymDim &position,
                                const SymDim &inner, Rotary &rotary) {
  if (turned.at.size() != 4 || turned.at[2] != position ||
      turned.at[3] != inner || !onnx::isAbsent(op.getPositionIds()))
    return std::nullopt;
  int64_t rotated = op.getRotaryEmbeddingDim();
  SymDims expected{1, sequence, SymDim((rotated ? rotated : headWidth) / 2)};
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

/// The element of the heads that positions turn to `turned`; `rotary` is set.
/// Nothing when it is no such sum.
std::optional<Element> AttentionMatcher::matchRotary(const Element &turned,
                                                     const SymDim &position,
                                                     const SymDim &inner,
                                                     Rotary &rotary) {
  if (auto op = turned.base.getDefiningOp<onnx::RotaryEmbeddingOp>())
    return matchRotaryOp(op, turned, position, inner, rotary);
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
                          position, inner),
              matchAngles(traceFactor(sum, crossed, 1 - partner, turned.at),
                          position, inner),
              interleaved};
    Element element = traceFactor(sum, straight, number, turned.at);
    if (!rotary.cos || !rotary.sin || element.kind != Kind::Access)
      return std::nullopt;
    element.number *= turned.number;
    return element;
  }
  return std::nullopt;
}

/// A table as `[sequence, D]`.
Value AttentionMatcher::makeAngles(Value table, const Rotary &rotary) {
  Location loc = table.getLoc();
  auto type = cast<RankedTensorType>(table.getType());
  if (int64_t ones = type.getRank() - 2; ones > 0) {
    type = type.clone(type.getShape().drop_front(ones));
    auto axes = llvm::to_vector(llvm::seq<int64_t>(0, ones));
    table = onnx::SqueezeOp::create(rewriter, loc, type, table,
                                    makeInts(rewriter, loc, axes));
  }
  if (!rotary.ofPairs)
    return table;
  // Both numbers of a pair have its angle.
  int64_t length = type.getDimSize(0), pairs = type.getDimSize(1);
  RankedTensorType whole = type.clone({length, 2 * pairs});
  auto join = [&](RankedTensorType of, Value part) {
    return onnx::ConcatOp::create(rewriter, loc, of, ValueRange{part, part},
                                  rewriter.getI64IntegerAttr(-1));
  };
  if (!rotary.interleaved)
    return join(whole, table);
  Value single =
      onnx::UnsqueezeOp::create(rewriter, loc, type.clone({length, pairs, 1}),
                                table, makeInts(rewriter, loc, {2}));
  Value twice = join(type.clone({length, pairs, 2}), single);
  return onnx::ReshapeOp::create(rewriter, loc, whole, twice,
                                 makeInts(rewriter, loc, {0, 2 * pairs}),
                                 rewriter.getI64IntegerAttr(0));
}
