//===- Attention.cpp - attention written out ------------------------------===//
// From the context states back: heads joined, probabilities times values,
// guarded softmax, masks and biases, scales, queries times keys, heads split.
//===----------------------------------------------------------------------===//

#include "Mask.h"
#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

namespace {

/// A summand of the scores beside the product of queries and keys.
struct ScoreTerm {
  Value value;       // Added; for a condition: what chooses.
  SymDims at;        // Its element, as the sum reads it.
  double factor = 1; // What it is multiplied with later.
  // A condition: scores become `fill` where it holds, or where it does not.
  bool isCondition = false, fillsWhereTrue = false;
  double fill = 0;
};

/// Columns of states.
struct Columns {
  Value states;
  int64_t first = 0;
};

/// The parts of an attention.
struct AttentionMatch {
  Columns query, key, value;
  int64_t heads = 0, kvHeads = 0;
  double scale = 1;
  SmallVector<ScoreTerm> terms;
  bool isGuarded = false; // NaN probabilities are replaced by zeros.
};

/// Follows one attention; every step says why it fails.
class AttentionMatcher {
public:
  AttentionMatcher(RaiseContext &context, PatternRewriter &rewriter,
                   Operation *root, ArrayRef<SymDim> dims, int64_t heads,
                   int64_t headWidth)
      : context(context), rewriter(rewriter), root(root), batch(dims[0]),
        sequence(dims[1]), heads(heads), headWidth(headWidth),
        elements(context, {}) {
    // Single ones have no index of their own.
    auto addIndex = [&](const SymDim &extent) {
      SymDim index = elements.addIndex(extent);
      return extent.isConstant(1) ? SymDim(0) : index;
    };
    indices = {addIndex(batch), addIndex(heads), addIndex(sequence),
               addIndex(sequence)};
    column = addIndex(headWidth);
    depth = addIndex(headWidth);
  }

  FailureOr<AttentionMatch> match(onnx::MatMulOp product);

  ScoreIndices indices;
  Elements &getElements() { return elements; }

private:
  LogicalResult fail(const Twine &reason) {
    return rewriter.notifyMatchFailure(root, "attention: " + reason);
  }
  bool hasSequenceDims(Value states);
  LogicalResult matchContext(onnx::MatMulOp product);
  LogicalResult matchProbabilities(Value value, SymDims at);
  LogicalResult matchScores(Value value, SymDims at, double factor,
                            unsigned level);
  LogicalResult matchSum(Operation *sum, ArrayRef<SymDim> at, double factor,
                         unsigned level);
  LogicalResult matchFilled(onnx::WhereOp where, ArrayRef<SymDim> at,
                            double factor, unsigned level);
  LogicalResult matchProduct(onnx::MatMulOp product, ArrayRef<SymDim> at,
                             double factor);
  FailureOr<int64_t> matchHeads(Value value, ArrayRef<SymDim> at,
                                const SymDim &position, const SymDim &inner,
                                Columns &columns, double &factor);

  RaiseContext &context;
  PatternRewriter &rewriter;
  Operation *root;
  SymDim batch, sequence;
  int64_t heads, headWidth;
  Elements elements;
  SymDim column, depth;
  AttentionMatch result;
};

/// The element `at` of a broadcasting op's operand.
std::optional<SymDims> getOperandIndex(RaiseContext &context, Value operand,
                                       Value result, ArrayRef<SymDim> at) {
  std::optional<SymDims> dims = context.dims(operand),
                         all = context.dims(result);
  if (!dims || !all || all->size() != at.size() || dims->size() > at.size())
    return std::nullopt;
  SymDims operandAt;
  size_t missing = at.size() - dims->size();
  for (auto [axis, dim] : llvm::enumerate(*dims)) {
    if (!dim.isConstant(1) && dim != (*all)[missing + axis])
      return std::nullopt;
    operandAt.push_back(dim.isConstant(1) ? SymDim(0) : at[missing + axis]);
  }
  return operandAt;
}

bool AttentionMatcher::hasSequenceDims(Value states) {
  std::optional<SymDims> dims = context.dims(states);
  return dims && dims->size() == 3 && (*dims)[0] == batch &&
         (*dims)[1] == sequence;
}

/// `value[at]` must be an element of states at `position`, the head's column
/// `inner`; gives the number of heads that the states hold.
FailureOr<int64_t>
AttentionMatcher::matchHeads(Value value, ArrayRef<SymDim> at,
                             const SymDim &position, const SymDim &inner,
                             Columns &columns, double &factor) {
  Element element = elements.trace(value, at);
  if (element.kind != Kind::Access || !getStates(element.base) ||
      !hasSequenceDims(element.base))
    return failure();
  if (element.at[0] != indices.batch || element.at[1] != position)
    return failure();
  columns.states = element.base;
  factor *= element.number;
  int64_t width = getWidth(columns.states.getType());
  // The heads side by side, or one head of keys or values for all of the
  // queries'; from some column on.
  for (int64_t count : {heads, int64_t(1)}) {
    SymDim head = count == 1 ? SymDim(0) : indices.head * SymDim(headWidth);
    std::optional<int64_t> first = (element.at[2] - head - inner).constant();
    if (!first || *first < 0 || *first + count * headWidth > width)
      continue;
    columns.first = *first;
    return count;
  }
  return failure();
}

/// The operand indices of a batched product at `at`, whose inner index is
/// `inner`.
static std::pair<SymDims, SymDims> getProductIndices(ArrayRef<SymDim> at,
                                                     const SymDim &inner) {
  SymDims left(at), right(at);
  left.back() = inner;
  right[right.size() - 2] = inner;
  return {left, right};
}

LogicalResult AttentionMatcher::matchProduct(onnx::MatMulOp product,
                                             ArrayRef<SymDim> at,
                                             double factor) {
  // Queries and keys are as wide as the values' heads.
  auto queryType = dyn_cast<RankedTensorType>(product.getA().getType());
  if (!queryType || queryType.getShape().back() != headWidth)
    return fail("the heads of queries and values differ in width");
  auto [queryAt, keyAt] = getProductIndices(at, depth);
  for (auto [operand, operandAt] : {std::make_pair(product.getA(), &queryAt),
                                    std::make_pair(product.getB(), &keyAt)}) {
    auto index = getOperandIndex(context, operand, operand, *operandAt);
    if (!index)
      return fail("queries and keys have other shapes than their product");
    *operandAt = *index;
  }
  double scale = factor;
  FailureOr<int64_t> queryHeads = matchHeads(
      product.getA(), queryAt, indices.query, depth, result.query, scale);
  if (failed(queryHeads) || *queryHeads != heads)
    return fail("the queries are not the heads of states");
  FailureOr<int64_t> keyHeads =
      matchHeads(product.getB(), keyAt, indices.key, depth, result.key, scale);
  if (failed(keyHeads))
    return fail("the keys are not the heads of states");
  if (*keyHeads != result.kvHeads)
    return fail("keys and values have different numbers of heads");
  result.scale = scale;
  return success();
}

LogicalResult AttentionMatcher::matchSum(Operation *sum, ArrayRef<SymDim> at,
                                         double factor, unsigned level) {
  for (unsigned side : {0, 1}) {
    Value scores = sum->getOperand(side), other = sum->getOperand(1 - side);
    auto scoresAt = getOperandIndex(context, scores, sum->getResult(0), at);
    auto otherAt = getOperandIndex(context, other, sum->getResult(0), at);
    if (!scoresAt || !otherAt)
      return fail("a summand of the scores has a shape of its own");
    AttentionMatch saved = result;
    if (succeeded(matchScores(scores, *scoresAt, factor, level))) {
      result.terms.push_back({other, *otherAt, factor});
      return success();
    }
    result = saved;
  }
  return failure();
}

LogicalResult AttentionMatcher::matchFilled(onnx::WhereOp where,
                                            ArrayRef<SymDim> at, double factor,
                                            unsigned level) {
  bool fillsWhereTrue = getSplat(where.getX()).has_value();
  Value scores = fillsWhereTrue ? where.getY() : where.getX();
  std::optional<double> fill =
      getSplat(fillsWhereTrue ? where.getX() : where.getY());
  if (!fill)
    return fail("the scores are chosen from two tensors");
  auto conditionAt =
      getOperandIndex(context, where.getCondition(), where.getOutput(), at);
  auto scoresAt = getOperandIndex(context, scores, where.getOutput(), at);
  if (!conditionAt || !scoresAt)
    return fail("the condition of filled scores has a shape of its own");
  if (failed(matchScores(scores, *scoresAt, factor, level)))
    return failure();
  ScoreTerm term{where.getCondition(), *conditionAt, factor};
  term.isCondition = true;
  term.fillsWhereTrue = fillsWhereTrue;
  term.fill = *fill;
  result.terms.push_back(term);
  return success();
}

LogicalResult AttentionMatcher::matchScores(Value value, SymDims at,
                                            double factor, unsigned level) {
  Operation *op = value.getDefiningOp();
  if (!op || level > 16)
    return fail("the scores are no product of queries and keys");
  ++level;
  if (auto product = dyn_cast<onnx::MatMulOp>(op))
    return matchProduct(product, at, factor);
  if (isa<onnx::AddOp>(op))
    return matchSum(op, at, factor, level);
  if (auto where = dyn_cast<onnx::WhereOp>(op))
    return matchFilled(where, at, factor, level);
  // Movement and products with a number.
  Element element = elements.trace(value, at);
  if (element.kind != Kind::Access || element.base == value)
    return fail("the scores pass through " + op->getName().stripDialect());
  return matchScores(element.base, element.at, factor * element.number, level);
}

LogicalResult AttentionMatcher::matchProbabilities(Value value, SymDims at) {
  Element element = elements.trace(value, at);
  if (element.kind != Kind::Access || element.number != 1)
    return fail("the probabilities are scaled");
  value = element.base;
  if (auto where = value.getDefiningOp<onnx::WhereOp>()) {
    auto isNan = where.getCondition().getDefiningOp<onnx::IsNaNOp>();
    if (!isNan || isNan.getX() != where.getY() || getSplat(where.getX()) != 0.0)
      return fail("the probabilities are chosen by a condition");
    result.isGuarded = true;
    element = elements.trace(where.getY(), element.at);
    value = element.base;
  }
  auto softmax =
      value ? value.getDefiningOp<onnx::SoftmaxOp>() : onnx::SoftmaxOp();
  if (!softmax)
    return fail("no softmax before the product with the values");
  auto type = cast<RankedTensorType>(softmax.getOutput().getType());
  if (onnx::normaliseAxis(softmax.getAxis(), type.getRank()) !=
      type.getRank() - 1)
    return fail("the softmax is not over the keys");
  if (element.at.back() != indices.key)
    return fail("the softmax is not over the keys");
  return matchScores(softmax.getInput(), element.at, 1, 0);
}

LogicalResult AttentionMatcher::matchContext(onnx::MatMulOp product) {
  std::optional<SymDims> dims = context.dims(product.getY());
  if (!dims)
    return fail("the context's shape is not known");
  // [batch, heads, sequence, D], or batch and heads in one dimension.
  SymDims at{indices.query, column};
  if (dims->size() == 4)
    at.insert(at.begin(), {indices.batch, indices.head});
  else if (dims->size() == 3)
    at.insert(at.begin(), indices.batch * SymDim(heads) + indices.head);
  else
    return fail("the context has rank " + Twine(dims->size()));
  auto [probabilitiesAt, valueAt] = getProductIndices(at, indices.key);
  auto valueIndex =
      getOperandIndex(context, product.getB(), product.getB(), valueAt);
  double factor = 1;
  FailureOr<int64_t> kvHeads = failure();
  if (valueIndex)
    kvHeads = matchHeads(product.getB(), *valueIndex, indices.key, column,
                         result.value, factor);
  if (failed(kvHeads) || factor != 1)
    return fail("the values are not the heads of states");
  result.kvHeads = *kvHeads;
  return matchProbabilities(product.getA(), probabilitiesAt);
}

FailureOr<AttentionMatch> AttentionMatcher::match(onnx::MatMulOp product) {
  result.heads = heads;
  // The context's heads side by side must be the root's rows.
  std::optional<SymDims> dims = context.dims(product.getY());
  Element element = elements.trace(root->getResult(0),
                                   {indices.batch, indices.query,
                                    indices.head * SymDim(headWidth) + column});
  SymDims at{indices.query, column};
  if (dims && dims->size() == 4)
    at.insert(at.begin(), {indices.batch, indices.head});
  else
    at.insert(at.begin(), indices.batch * SymDim(heads) + indices.head);
  if (element.kind != Kind::Access || element.base != product.getY() ||
      element.at != at || element.number != 1)
    return fail("the heads are not joined side by side");
  if (failed(matchContext(product)))
    return failure();
  return result;
}

/// The product that a value's elements are moved from.
onnx::MatMulOp getMovedProduct(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto product = dyn_cast<onnx::MatMulOp>(op))
      return product;
    if (!isa<onnx::ReshapeOp, onnx::TransposeOp, onnx::IdentityOp,
             onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::FlattenOp>(op))
      return {};
    value = op->getOperand(0);
  }
  return {};
}

/// Attention, found at the reshape that joins the heads.
struct RaiseAttention : RaisePattern<onnx::ReshapeOp> {
  using RaisePattern::RaisePattern;

  LogicalResult matchAndRewrite(onnx::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getStates(op.getReshaped());
    if (!type || type.getRank() != 3)
      return failure();
    onnx::MatMulOp product = getMovedProduct(op.getReshaped());
    if (!product)
      return failure();
    std::optional<SymDims> dims = context.dims(op.getReshaped());
    RankedTensorType contextType = getStates(product.getY());
    if (!dims || !contextType)
      return rewriter.notifyMatchFailure(
          op, "attention: the context's shape is not known");
    int64_t width = type.getShape().back(),
            headWidth = contextType.getShape().back();
    if (headWidth == 0 || width % headWidth != 0)
      return rewriter.notifyMatchFailure(op,
                                         "attention: the heads are not joined");
    AttentionMatcher matcher(context, rewriter, op, *dims, width / headWidth,
                             headWidth);
    FailureOr<AttentionMatch> match = matcher.match(product);
    if (failed(match))
      return failure();
    return build(op, *match, matcher, rewriter);
  }

private:
  LogicalResult build(onnx::ReshapeOp op, const AttentionMatch &match,
                      AttentionMatcher &matcher,
                      PatternRewriter &rewriter) const;
  FailureOr<Value> makeBias(onnx::ReshapeOp op, const ScoreTerm &term,
                            const AttentionMatch &match,
                            AttentionMatcher &matcher,
                            PatternRewriter &rewriter) const;
};

/// The key mask that a term is; nothing when it is a bias. `vanishes` is set
/// when it is 0 everywhere.
std::optional<KeyMask> matchKeyMask(const ScoreTerm &term,
                                    AttentionMatcher &matcher,
                                    RaiseContext &context, bool &vanishes) {
  Element element = matcher.getElements().evaluate(term.value, term.at);
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
  vanishes = element.isNumber(0);
  element.number *= term.factor;
  element.otherwise *= term.factor;
  return getKeyMask(element, matcher.indices, context);
}

/// The columns as states of their own.
Value makeStates(PatternRewriter &rewriter, Location loc,
                 const Columns &columns, int64_t width) {
  Type type = columns.states.getType();
  if (getWidth(type) == width)
    return columns.states;
  Type partType = withWidth(type, width);
  auto linear = columns.states.getDefiningOp<LinearOp>();
  if (linear && !linear.getResidual()) {
    // A part of a layer is the layer of a part of its weights.
    Value weight = sliceConstant(rewriter, linear.getWeight(),
                                 linear.getTransposeWeight() ? 0 : 1,
                                 columns.first, width);
    Value bias = linear.getBias() ? sliceConstant(rewriter, linear.getBias(), 0,
                                                  columns.first, width)
                                  : Value();
    return LinearOp::create(
        rewriter, linear.getLoc(), partType, linear.getInput(), weight, bias,
        Value(), linear.getTransposeWeight(), linear.getActivation());
  }
  return onnx::SliceOp::create(rewriter, loc, partType, columns.states,
                               makeInts(rewriter, loc, {columns.first}),
                               makeInts(rewriter, loc, {columns.first + width}),
                               makeInts(rewriter, loc, {2}),
                               makeInts(rewriter, loc, {1}));
}

/// A term as it is before it is repeated.
ScoreTerm skipRepetition(RaiseContext &context, ScoreTerm term) {
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

/// A term as a bias of rank four.
FailureOr<Value> RaiseAttention::makeBias(onnx::ReshapeOp op,
                                          const ScoreTerm &term,
                                          const AttentionMatch &match,
                                          AttentionMatcher &matcher,
                                          PatternRewriter &rewriter) const {
  std::optional<SymDims> dims = context.dims(term.value);
  std::optional<SymDims> rootDims = context.dims(op.getReshaped());
  auto type = dyn_cast<RankedTensorType>(term.value.getType());
  if (!dims || !type || term.isCondition || term.factor != 1 ||
      dims->size() > 4 || dims->size() < 2)
    return rewriter.notifyMatchFailure(op,
                                       "attention: a mask depends on queries");
  SymDims whole{(*rootDims)[0], SymDim(match.heads), (*rootDims)[1],
                (*rootDims)[1]};
  SymDims wholeAt{matcher.indices.batch, matcher.indices.head,
                  matcher.indices.query, matcher.indices.key};
  size_t missing = 4 - dims->size();
  for (auto [axis, dim] : llvm::enumerate(*dims)) {
    bool repeats = dim.isConstant(1) && missing + axis < 2;
    if ((!repeats && dim != whole[missing + axis]) ||
        term.at[axis] !=
            (dim.isConstant(1) ? SymDim(0) : wholeAt[missing + axis]))
      return rewriter.notifyMatchFailure(
          op, "attention: a bias does not have the scores' shape");
  }
  if (missing == 0)
    return term.value;
  SmallVector<int64_t> axes, shape(missing, 1);
  for (size_t axis = 0; axis < missing; ++axis)
    axes.push_back(axis);
  llvm::append_range(shape, type.getShape());
  return onnx::UnsqueezeOp::create(rewriter, op.getLoc(), type.clone(shape),
                                   term.value,
                                   makeInts(rewriter, op.getLoc(), axes))
      .getResult();
}

LogicalResult RaiseAttention::build(onnx::ReshapeOp op,
                                    const AttentionMatch &match,
                                    AttentionMatcher &matcher,
                                    PatternRewriter &rewriter) const {
  std::optional<KeyMask> mask;
  SmallVector<ScoreTerm> biases;
  for (const ScoreTerm &term : match.terms) {
    bool vanishes = false;
    std::optional<KeyMask> termMask =
        matchKeyMask(term, matcher, context, vanishes);
    if (vanishes)
      continue;
    if (!termMask)
      biases.push_back(term);
    else if (!mask)
      mask = termMask;
    else if (mask->base != termMask->base ||
             mask->negated != termMask->negated ||
             mask->masksQueries != termMask->masksQueries)
      return rewriter.notifyMatchFailure(op,
                                         "attention: two different key masks");
  }
  if (biases.size() > 1)
    return rewriter.notifyMatchFailure(op, "attention: two biases");
  Type stateType = op.getReshaped().getType();
  int64_t width = getWidth(stateType),
          kvWidth = width / match.heads * match.kvHeads;
  if (withWidth(match.query.states.getType(), width) != stateType)
    return rewriter.notifyMatchFailure(
        op, "attention: the context is not as the queries");
  Value bias;
  if (!biases.empty()) {
    ScoreTerm term = skipRepetition(context, biases.front());
    FailureOr<Value> made = makeBias(op, term, match, matcher, rewriter);
    if (failed(made))
      return failure();
    bias = *made;
  }
  Value keyMask;
  FloatAttr fill;
  EmptyKeys emptyKeys = EmptyKeys::Uniform;
  if (mask) {
    keyMask = context.getKeyMask(rewriter, mask->base, mask->negated);
    fill = rewriter.getF32FloatAttr(static_cast<float>(mask->fill));
    if (std::isinf(static_cast<float>(mask->fill)))
      emptyKeys = match.isGuarded ? EmptyKeys::Zero : EmptyKeys::Nan;
  }
  IntegerAttr kvHeads;
  if (match.kvHeads != match.heads)
    kvHeads = rewriter.getI64IntegerAttr(match.kvHeads);
  rewriter.replaceOpWithNewOp<AttentionOp>(
      op, stateType, makeStates(rewriter, op.getLoc(), match.query, width),
      makeStates(rewriter, op.getLoc(), match.key, kvWidth),
      makeStates(rewriter, op.getLoc(), match.value, kvWidth), keyMask, bias,
      /*cos=*/Value(), /*sin=*/Value(), /*content_to_position=*/Value(),
      /*position_to_content=*/Value(), /*rows=*/Value(), /*key_rows=*/Value(),
      rewriter.getI64IntegerAttr(match.heads), kvHeads,
      rewriter.getF32FloatAttr(static_cast<float>(match.scale)), fill,
      EmptyKeysAttr::get(rewriter.getContext(), emptyKeys),
      /*window=*/IntegerAttr(),
      /*position_buckets=*/IntegerAttr(), /*rotary_interleaved=*/UnitAttr(),
      /*mask_queries=*/mask && mask->masksQueries ? rewriter.getUnitAttr()
                                                  : UnitAttr());
  return success();
}

} // namespace

void skim::raise::populateAttentionPatterns(RewritePatternSet &patterns,
                                            RaiseContext &context) {
  patterns.add<RaiseAttention>(patterns.getContext(), context);
}
