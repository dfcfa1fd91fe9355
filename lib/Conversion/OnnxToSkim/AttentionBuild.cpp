//===- AttentionBuild.cpp - a match to a skim op --------------------------===//
// Tells masks from biases, takes parts of wide projections, makes the
// attention.
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

/// Takes the number that visible keys have from what is added to scores, where
/// it is as small as one that vanishes.
static void subtractSmaller(Element &element) {
  double smaller = std::abs(element.number) < std::abs(element.otherwise)
                       ? element.number
                       : element.otherwise;
  if (std::abs(smaller) > 1)
    return;
  element.number -= smaller;
  element.otherwise -= smaller;
}

/// The key mask that a term is; nothing when it is a bias. `vanishes` is set
/// when it is one number everywhere, which a softmax does not see: one so small
/// that adding it rounds no score much.
std::optional<KeyMask> AttentionMatcher::matchKeyMask(const ScoreTerm &term,
                                                      bool &vanishes) {
  Element element = elements.evaluate(term.value, term.at);
  if (term.isCondition) {
    double whenTrue = term.fillsWhereTrue ? term.fill : 0;
    double whenFalse = term.fillsWhereTrue ? 0 : term.fill;
    if (element.kind == Kind::Access)
      element.kind = Kind::Choice, element.number = 1, element.otherwise = 0;
    if (element.kind == Kind::Choice) {
      element.number = element.number != 0 ? whenTrue : whenFalse;
      element.otherwise = element.otherwise != 0 ? whenTrue : whenFalse;
    } else if (element.kind == Kind::Number) {
      element.number = element.number != 0 ? whenTrue : whenFalse;
    }
  }
  vanishes = element.kind == Kind::Number && std::abs(element.number) <= 1;
  if (element.kind == Kind::Choice && !term.isCondition)
    subtractSmaller(element);
  element.number *= term.factor;
  element.otherwise *= term.factor;
  return getKeyMask(element, indices, context);
}

/// The columns as states of their own.
Value AttentionMatcher::makeStates(const Columns &columns, int64_t width) {
  Location loc = root->getLoc();
  Type type = columns.states.getType();
  if (auto [bias, first] = columns.bias; bias)
    return onnx::AddOp::create(rewriter, loc, type, columns.states,
                               sliceConstant(rewriter, bias, 0, first, width));
  if (getWidth(type) == width)
    return columns.states;
  Type partType = withWidth(type, width);
  auto linear = columns.states.getDefiningOp<LinearOp>();
  if (linear && !linear.getResidual()) {
    // A part of a layer is the layer of a part of its weights.
    auto slice = [&](Value parameter, int64_t axis) {
      return parameter ? sliceConstant(rewriter, parameter, axis, columns.first,
                                       width)
                       : Value();
    };
    return LinearOp::create(
        rewriter, linear.getLoc(), partType, linear.getInput(),
        slice(linear.getWeight(), linear.getTransposeWeight() ? 0 : 1),
        slice(linear.getWeightScale(), 0),
        slice(linear.getWeightZeroPoint(), 0), slice(linear.getBias(), 0),
        Value(), linear.getTransposeWeight(), linear.getActivation(),
        linear.getInputScaleAttr(), linear.getInputZeroPointAttr());
  }
  return onnx::SliceOp::create(rewriter, loc, partType, columns.states,
                               makeInts(rewriter, loc, {columns.first}),
                               makeInts(rewriter, loc, {columns.first + width}),
                               makeInts(rewriter, loc, {2}),
                               makeInts(rewriter, loc, {1}));
}

/// The same, with what normalises the heads.
Value AttentionMatcher::makeHeads(const Columns &columns, int64_t width) {
  Value states = makeStates(columns, width);
  NormOp norm = columns.norm;
  if (!norm)
    return states;
  return NormOp::create(rewriter, norm.getLoc(), states.getType(), states,
                        norm.getScale(), norm.getBias(), norm.getKindAttr(),
                        norm.getEpsilonAttr(),
                        rewriter.getI64IntegerAttr(columns.heads));
}

/// A term as it is before it is repeated.
ScoreTerm AttentionMatcher::skipRepetition(ScoreTerm term) {
  while (auto expand = term.value.getDefiningOp<onnx::ExpandOp>()) {
    auto at = getOperandIndex(context, expand.getInput(), expand.getOutput(),
                              term.at);
    std::optional<SymDims> dims = context.dims(expand.getInput());
    // Queries and keys stay.
    if (!at || dims->size() != term.at.size() ||
        ArrayRef<SymDim>(*at).take_back(2) !=
            ArrayRef<SymDim>(term.at).take_back(2))
      break;
    term.value = expand.getInput();
    term.at = *at;
  }
  return term;
}

static bool fillsFinitely(const ScoreTerm &term) {
  return term.isCondition && !std::isinf(static_cast<float>(term.fill));
}

/// Whether nothing is left of scores that the fill of a condition is added to.
static bool swallowsScores(const ScoreTerm &term) {
  return term.fill * term.factor <= -1e9;
}

/// Scores that are filled last hold nothing but the fill. To be as equal where
/// a query sees no key, those that it is added to must be swallowed.
void AttentionMatcher::lowerFills() {
  for (ScoreTerm &term : llvm::reverse(result.terms)) {
    if (!term.isCondition)
      return;
    if (!swallowsScores(term))
      term.fill = -1e30 / term.factor;
  }
}

/// Puts a term to the masks or the biases, or notes the window that it is; one
/// with masks or a window in it is taken apart.
LogicalResult AttentionMatcher::sortTerm(ScoreTerm term, unsigned level,
                                         SmallVectorImpl<KeyMask> &masks,
                                         SmallVectorImpl<ScoreTerm> &biases) {
  bool vanishes = false;
  if (std::optional<KeyMask> mask = matchKeyMask(term, vanishes)) {
    masks.push_back(*mask);
    return success();
  }
  if (vanishes)
    return success();
  if (matchWindow(term) || matchPositions(term))
    return success();
  term = skipRepetition(term);
  SmallVector<KeyMask> innerMasks;
  SmallVector<ScoreTerm> innerBiases,
      parts = level < 8 ? splitTerm(term) : SmallVector<ScoreTerm>();
  DistanceRange outerDistances = distances;
  PositionTable outerContent = content, outerPosition = position;
  bool isSplit = llvm::all_of(parts, [&](const ScoreTerm &part) {
    return succeeded(sortTerm(part, level + 1, innerMasks, innerBiases));
  });
  // What two finite fills hide would weigh less than what one of them does,
  // where a query sees no key at all.
  bool fillsTwice = fillsFinitely(term) && !innerBiases.empty();
  bool foundParts = !innerMasks.empty() || distances != outerDistances ||
                    content.table != outerContent.table ||
                    position.table != outerPosition.table;
  if (isSplit && !fillsTwice && foundParts) {
    llvm::append_range(masks, innerMasks);
    llvm::append_range(biases, innerBiases);
    return success();
  }
  distances = outerDistances;
  content = outerContent;
  position = outerPosition;
  biases.push_back(term);
  if (term.isCondition && !swallowsScores(term))
    return fail("the scores are filled with a number that leaves some of them");
  return checkBias(term);
}

/// Whether a term has batch and heads in one dimension, as products of three
/// dimensions have.
bool AttentionMatcher::joinsHeads(const ScoreTerm &term) {
  std::optional<SymDims> dims = context.dims(term.value);
  return dims && dims->size() == 3 && heads > 1 &&
         dims->front() == batch * SymDim(heads);
}

/// Which axis of a term of rank four is that of the batch, the heads, the
/// queries and the keys; axes of 1 may be any.
std::optional<SmallVector<int64_t>>
AttentionMatcher::orderBias(const ScoreTerm &term) {
  std::optional<SymDims> dims = context.dims(term.value);
  if (!dims || dims->size() != 4)
    return std::nullopt;
  SymDims whole{batch, SymDim(heads), sequence, sequence};
  SymDims wholeAt{indices.batch, indices.head, indices.query, indices.key};
  SmallVector<int64_t> order(4, -1), left;
  for (auto [axis, dim] : llvm::enumerate(*dims)) {
    auto place = llvm::find(wholeAt, term.at[axis]) - wholeAt.begin();
    if (dim.isConstant(1))
      left.push_back(axis);
    else if (place < 4 && dim == whole[place])
      order[place] = axis;
    else
      return std::nullopt;
  }
  // Axes of 1 stay in their order.
  for (int64_t &axis : order)
    if (axis < 0) {
      if (left.empty())
        return std::nullopt;
      axis = left.front();
      left.erase(left.begin());
    }
  return left.empty() ? std::optional(order) : std::nullopt;
}

LogicalResult AttentionMatcher::checkBias(const ScoreTerm &term) {
  std::optional<SymDims> dims = context.dims(term.value);
  auto type = dyn_cast<RankedTensorType>(term.value.getType());
  if (!dims || !type || dims->size() > 4 ||
      (!term.isCondition && !type.getElementType().isF32()))
    return fail("what is added to the scores is no f32 tensor");
  if (orderBias(term))
    return success();
  SymDims whole{batch, SymDim(heads), sequence, sequence};
  SymDims wholeAt{indices.batch, indices.head, indices.query, indices.key};
  if (joinsHeads(term)) {
    whole = {batch * SymDim(heads), sequence, sequence};
    wholeAt = {indices.batch * SymDim(heads) + indices.head, indices.query,
               indices.key};
  }
  size_t missing = whole.size() - dims->size();
  for (auto [axis, dim] : llvm::enumerate(*dims)) {
    bool single = dim.isConstant(1);
    if ((!single && dim != whole[missing + axis]) ||
        term.at[axis] != (single ? SymDim(0) : wholeAt[missing + axis]))
      return fail("a bias does not have the scores' shape");
  }
  return success();
}

/// A term as a f32 tensor of rank four.
Value AttentionMatcher::makeBias(const ScoreTerm &term) {
  Value value = term.value;
  Location loc = value.getLoc();
  auto type = cast<RankedTensorType>(value.getType());
  if (term.isCondition) {
    type = RankedTensorType::get(type.getShape(), rewriter.getF32Type());
    Value fill = makeFloat(rewriter, loc, static_cast<float>(term.fill));
    Value zero = makeFloat(rewriter, loc, 0);
    value = onnx::WhereOp::create(rewriter, loc, type, value,
                                  term.fillsWhereTrue ? fill : zero,
                                  term.fillsWhereTrue ? zero : fill);
  }
  if (term.factor != 1)
    value = onnx::MulOp::create(
        rewriter, loc, type, value,
        makeFloat(rewriter, loc, static_cast<float>(term.factor)));
  if (type.getRank() == 4) {
    SmallVector<int64_t> order = *orderBias(term), shape;
    if (llvm::is_sorted(order))
      return value;
    for (int64_t axis : order)
      shape.push_back(type.getDimSize(axis));
    return onnx::TransposeOp::create(rewriter, loc, type.clone(shape), value,
                                     rewriter.getDenseI64ArrayAttr(order));
  }
  bool joined = joinsHeads(term);
  SmallVector<int64_t> axes, shape(type.getShape());
  for (int64_t axis = joined; axis < joined + 4 - type.getRank(); ++axis) {
    axes.push_back(axis);
    shape.insert(shape.begin() + axis, 1);
  }
  value = onnx::UnsqueezeOp::create(rewriter, loc, type.clone(shape), value,
                                    makeInts(rewriter, loc, axes));
  if (!joined)
    return value;
  shape[0] = cast<RankedTensorType>(root->getResult(0).getType()).getDimSize(0);
  shape[1] = heads;
  return onnx::ReshapeOp::create(rewriter, loc, type.clone(shape), value,
                                 makeInts(rewriter, loc, {-1, heads, 0, 0}),
                                 rewriter.getI64IntegerAttr(0));
}

/// The sum of all terms, with the sequence as its last two dimensions.
Value AttentionMatcher::makeBiases(ArrayRef<ScoreTerm> terms, Value states) {
  Location loc = root->getLoc();
  auto stateType = cast<RankedTensorType>(root->getResult(0).getType());
  Value sum;
  for (const ScoreTerm &term : terms) {
    Value bias = makeBias(term);
    if (!sum) {
      sum = bias;
      continue;
    }
    SmallVector<int64_t> shape;
    auto a = cast<RankedTensorType>(sum.getType()),
         b = cast<RankedTensorType>(bias.getType());
    for (auto [left, right] : llvm::zip_equal(a.getShape(), b.getShape()))
      shape.push_back(left == 1 ? right : left);
    sum = onnx::AddOp::create(rewriter, loc, a.clone(shape), sum, bias);
  }
  if (!sum)
    return {};
  auto type = cast<RankedTensorType>(sum.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[2] = shape[3] = stateType.getDimSize(1);
  if (type.getShape() == ArrayRef<int64_t>(shape))
    return sum;
  Value extent = onnx::ShapeOp::create(
      rewriter, loc, RankedTensorType::get({1}, rewriter.getI64Type()), states,
      rewriter.getI64IntegerAttr(2), rewriter.getI64IntegerAttr(1));
  Value ones = makeInts(rewriter, loc, {1, 1});
  Value target = onnx::ConcatOp::create(
      rewriter, loc, RankedTensorType::get({4}, rewriter.getI64Type()),
      ValueRange{ones, extent, extent}, rewriter.getI64IntegerAttr(0));
  return onnx::ExpandOp::create(rewriter, loc, type.clone(shape), sum, target);
}

/// A window's size; nothing when it is unlimited.
static IntegerAttr makeLimit(OpBuilder &builder, int64_t limit) {
  return limit == DistanceRange::unlimited ? IntegerAttr()
                                           : builder.getI64IntegerAttr(limit);
}

/// Whether the probabilities that are replaced by zeros are those that the
/// only term of the scores, or the mask, makes 0 anyway, but for queries that
/// see no key.
bool AttentionMatcher::hidesWhatIsZeroed(const std::optional<KeyMask> &mask) {
  const ScoreTerm &term = result.terms.front(), &other = *result.zeroed;
  if (result.terms.size() == 1 && term.isCondition &&
      isFill(term.fill * term.factor) && term.value == other.value &&
      term.at == other.at && term.fillsWhereTrue == other.fillsWhereTrue)
    return true;
  bool vanishes = false;
  std::optional<KeyMask> zeroed = matchKeyMask(*result.zeroed, vanishes);
  return mask && zeroed && mask->base == zeroed->base &&
         mask->negated == zeroed->negated &&
         mask->masksQueries == zeroed->masksQueries && isFill(mask->fill);
}

/// Queries that see no key are found by their largest score, but those that
/// hold no token: what hides keys and becomes no mask of keys alone does it by
/// minus infinity.
void AttentionMatcher::hideByInfinity(std::optional<KeyMask> &mask,
                                      MutableArrayRef<ScoreTerm> biases) {
  for (ScoreTerm &bias : biases)
    if (bias.isCondition && isFill(bias.fill))
      bias.fill = -INFINITY;
  if (mask && !mask->masksQueries && distances != DistanceRange())
    mask->fill = -INFINITY;
}

LogicalResult AttentionMatcher::build(const AttentionMatch &match) {
  result = match;
  lowerFills();
  SmallVector<KeyMask> masks;
  SmallVector<ScoreTerm> biases;
  for (const ScoreTerm &term : result.terms)
    if (failed(sortTerm(term, 0, masks, biases)))
      return failure();
  std::optional<KeyMask> mask;
  for (const KeyMask &other : masks) {
    if (mask && (mask->base != other.base || mask->negated != other.negated ||
                 mask->masksQueries != other.masksQueries))
      return fail("two different key masks");
    mask = other;
  }
  if (match.zeroed) {
    if (match.terms.empty() || !hidesWhatIsZeroed(mask))
      return fail("the probabilities are chosen by another condition than the "
                  "scores");
    hideByInfinity(mask, biases);
  }
  // Scores that two fills hide would weigh less than those that one does, where
  // a query sees no key at all.
  if (llvm::count_if(biases, fillsFinitely) > 1)
    return fail("the scores are filled twice");
  const Rotary &rotary = match.query.rotary;
  if (!(match.key.rotary == rotary) || match.value.rotary.cos)
    return fail("queries, keys and values have different rotary positions");
  Type stateType = root->getResult(0).getType();
  int64_t width = getWidth(stateType),
          kvWidth = width / match.heads * match.kvHeads;
  if (withWidth(match.query.states.getType(), width) != stateType)
    return fail("the context is not as the queries");
  if (!context.learnSequence(batch, sequence))
    return fail("other positions than those of another attention");
  // Nothing fails from here on.
  Value bias = makeBiases(biases, match.query.states);
  auto [contentTable, contentIndex] =
      makePositions(content, match.query.states);
  auto [positionTable, positionIndex] =
      makePositions(position, match.query.states);
  Value keyMask;
  FloatAttr fill;
  EmptyKeys emptyKeys = EmptyKeys::Uniform;
  if (mask) {
    keyMask = context.getKeyMask(rewriter, mask->base, mask->negated);
    fill = rewriter.getF32FloatAttr(static_cast<float>(mask->fill));
    if (std::isinf(static_cast<float>(mask->fill)))
      emptyKeys = match.isGuarded ? EmptyKeys::Zero : EmptyKeys::Nan;
    if (match.zeroed)
      emptyKeys = EmptyKeys::Zero;
  } else if (bias && (match.isGuarded || match.zeroed)) {
    // The bias masks, by minus infinity.
    emptyKeys = EmptyKeys::Zero;
  }
  IntegerAttr kvHeads;
  if (match.kvHeads != match.heads)
    kvHeads = rewriter.getI64IntegerAttr(match.kvHeads);
  rewriter.replaceOpWithNewOp<AttentionOp>(
      root, stateType, makeHeads(match.query, width),
      makeHeads(match.key, kvWidth), makeHeads(match.value, kvWidth), keyMask,
      bias, rotary.cos ? makeAngles(rotary.cos, rotary, 1) : Value(),
      rotary.sin ? makeAngles(rotary.sin, rotary, 0) : Value(), contentTable,
      contentIndex, positionTable, positionIndex,
      /*rows=*/Value(), /*key_rows=*/Value(),
      rewriter.getI64IntegerAttr(match.heads), kvHeads,
      rewriter.getF32FloatAttr(static_cast<float>(match.scale)), fill,
      EmptyKeysAttr::get(rewriter.getContext(), emptyKeys),
      makeLimit(rewriter, distances.most),
      makeLimit(rewriter, -distances.least),
      rotary.interleaved ? rewriter.getUnitAttr() : UnitAttr(),
      /*mask_queries=*/mask && mask->masksQueries ? rewriter.getUnitAttr()
                                                  : UnitAttr());
  return success();
}
