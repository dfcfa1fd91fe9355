//===- AttentionMatch.cpp - attention written out -------------------------===//
// From the context states back: heads joined, probabilities times values,
// guarded softmax, masks and biases, scales, queries times keys, heads split.
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

AttentionMatcher::AttentionMatcher(RaiseContext &context,
                                   PatternRewriter &rewriter, Operation *root,
                                   ArrayRef<SymDim> dims, int64_t heads,
                                   int64_t headWidth, int64_t groups)
    : context(context), rewriter(rewriter), root(root), batch(dims[0]),
      sequence(dims[1]), heads(heads), headWidth(headWidth), groups(groups),
      elements(context, {}) {
  // Single ones have no index of their own.
  auto addIndex = [&](const SymDim &extent) {
    SymDim index = elements.addIndex(extent);
    return extent.isConstant(1) ? SymDim(0) : index;
  };
  // Heads of one group share a head of keys and values.
  SymDim head;
  if (groups == 1) {
    head = addIndex(heads);
  } else {
    group = addIndex(groups);
    head = group * SymDim(heads / groups) + addIndex(heads / groups);
  }
  indices = {addIndex(batch), head, addIndex(sequence), addIndex(sequence)};
  column = addIndex(headWidth);
  depth = addIndex(headWidth);
  result.heads = heads;
}

bool AttentionMatcher::hasSequenceDims(Value states) {
  std::optional<SymDims> dims = context.dims(states);
  return dims && dims->size() == 3 && (*dims)[0] == batch &&
         (*dims)[1] == sequence;
}

/// What a norm of heads, not of states, reads at an element of its result;
/// `norm` is set.
std::optional<Element> AttentionMatcher::matchHeadNorm(const Element &element,
                                                       const SymDim &inner,
                                                       NormOp &norm) {
  auto found = element.base.getDefiningOp<NormOp>();
  if (!found || hasSequenceDims(element.base) ||
      getWidth(found.getType()) != headWidth || element.at.back() != inner)
    return std::nullopt;
  // A factor in front of it would change epsilon's share.
  Element input = elements.trace(found.getInput(), element.at);
  if (input.kind != Kind::Access || input.number != 1)
    return std::nullopt;
  norm = found;
  input.number = element.number;
  return input;
}

/// `value[at]` must be an element of states at `position`, the head's column
/// `inner`; gives the number of heads that the states hold.
FailureOr<int64_t>
AttentionMatcher::matchHeads(Value value, ArrayRef<SymDim> at,
                             const SymDim &position, const SymDim &inner,
                             Columns &columns, double &factor) {
  Element element = elements.trace(value, at);
  if (element.kind == Kind::Access) {
    Rotary rotary; // Also set where the match fails later.
    if (auto still = matchRotary(element, position, sequence, inner, rotary)) {
      element = *still;
      columns.rotary = rotary;
    }
  }
  if (element.kind == Kind::Access)
    if (auto plain = matchHeadNorm(element, inner, columns.norm))
      element = *plain;
  factor *= element.number;
  FailureOr<int64_t> count = matchColumns(element, position, inner, columns);
  if (succeeded(count))
    columns.heads = *count;
  return count;
}

/// The same of the states themselves.
FailureOr<int64_t> AttentionMatcher::matchColumns(const Element &element,
                                                  const SymDim &position,
                                                  const SymDim &inner,
                                                  Columns &columns) {
  if (element.kind != Kind::Access || !getStates(element.base) ||
      !hasSequenceDims(element.base))
    return failure();
  if (element.at[0] != indices.batch || element.at[1] != position)
    return failure();
  columns.states = element.base;
  int64_t width = getWidth(columns.states.getType());
  // The heads side by side, or one head of keys or values for all of the
  // queries' or for a group of them; from some column on.
  for (auto [count, which] :
       {std::make_pair(heads, indices.head), std::make_pair(groups, group),
        std::make_pair(int64_t(1), SymDim(0))}) {
    SymDim head = which * SymDim(headWidth);
    std::optional<int64_t> first = (element.at[2] - head - inner).constant();
    if (!first || *first < 0 || *first + count * headWidth > width)
      continue;
    columns.first = *first;
    return count;
  }
  return failure();
}

std::pair<SymDims, SymDims>
skim::raise::getProductIndices(ArrayRef<SymDim> at, const SymDim &inner) {
  SymDims left(at), right(at);
  left.back() = inner;
  right[right.size() - 2] = inner;
  return {left, right};
}

LogicalResult AttentionMatcher::matchProduct(onnx::MatMulOp product,
                                             ArrayRef<SymDim> at,
                                             double factor) {
  auto [leftAt, rightAt] = getProductIndices(at, depth);
  // Keys times queries, where the scores were turned.
  bool isTurned = at.size() >= 2 && at[at.size() - 2] == indices.key;
  Value query = isTurned ? product.getB() : product.getA(),
        key = isTurned ? product.getA() : product.getB();
  SymDims queryAt = isTurned ? rightAt : leftAt,
          keyAt = isTurned ? leftAt : rightAt;
  // Queries and keys are as wide as the values' heads.
  auto leftType = dyn_cast<RankedTensorType>(product.getA().getType());
  if (!leftType || leftType.getShape().back() != headWidth)
    return fail("the heads of queries and values differ in width");
  for (auto [operand, operandAt] :
       {std::make_pair(query, &queryAt), std::make_pair(key, &keyAt)}) {
    auto index = getOperandIndex(context, operand, operand, *operandAt);
    if (!index)
      return fail("queries and keys have other shapes than their product");
    *operandAt = *index;
  }
  double scale = factor;
  FailureOr<int64_t> queryHeads =
      matchHeads(query, queryAt, indices.query, depth, result.query, scale);
  if (failed(queryHeads) || *queryHeads != heads)
    return fail("the queries are not the heads of states");
  FailureOr<int64_t> keyHeads =
      matchHeads(key, keyAt, indices.key, depth, result.key, scale);
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
  if (!isFill(*fill * factor))
    return fail("the scores are filled with a number that hides no key");
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

/// Probabilities some of which are replaced by zeros: those that are NaN, or
/// those of the keys that a mask hides. `element` becomes that of the others.
LogicalResult AttentionMatcher::matchZeroed(onnx::WhereOp where,
                                            Element &element) {
  bool zeroWhereTrue = getSplat(where.getX()) == 0.0;
  Value kept = zeroWhereTrue ? where.getY() : where.getX();
  if (!zeroWhereTrue && getSplat(where.getY()) != 0.0)
    return fail("the probabilities are chosen from two tensors");
  auto isNan = where.getCondition().getDefiningOp<onnx::IsNaNOp>();
  auto keptAt = getOperandIndex(context, kept, where.getOutput(), element.at);
  auto conditionAt = getOperandIndex(context, where.getCondition(),
                                     where.getOutput(), element.at);
  if (!keptAt || !conditionAt)
    return fail("the probabilities are chosen by a condition of another shape");
  if (isNan && zeroWhereTrue && isNan.getX() == kept) {
    result.isGuarded = true;
  } else {
    ScoreTerm term{where.getCondition(), *conditionAt};
    term.isCondition = true;
    term.fillsWhereTrue = zeroWhereTrue;
    term.fill = std::numeric_limits<float>::lowest();
    result.zeroed = term;
  }
  element = elements.trace(kept, *keptAt);
  return element.kind == Kind::Access && element.number == 1
             ? success()
             : fail("the probabilities are scaled");
}

LogicalResult AttentionMatcher::matchProbabilities(Value value, SymDims at) {
  Element element = elements.trace(value, at);
  if (element.kind != Kind::Access || element.number != 1)
    return fail("the probabilities are scaled");
  value = element.base;
  if (auto where = value.getDefiningOp<onnx::WhereOp>()) {
    if (failed(matchZeroed(where, element)))
      return failure();
    value = element.base;
  }
  auto softmax =
      value ? value.getDefiningOp<onnx::SoftmaxOp>() : onnx::SoftmaxOp();
  if (!softmax)
    return fail("no softmax before the product with the values");
  auto type = cast<RankedTensorType>(softmax.getOutput().getType());
  auto axis = onnx::normaliseAxis(softmax.getAxis(), type.getRank());
  if (!axis || element.at[*axis] != indices.key)
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

LogicalResult AttentionMatcher::matchRoot(Value product) {
  // The context's heads side by side must be the root's rows.
  std::optional<SymDims> dims = context.dims(product);
  Element element = elements.trace(root->getResult(0),
                                   {indices.batch, indices.query,
                                    indices.head * SymDim(headWidth) + column});
  SymDims at{indices.query, column};
  if (dims && dims->size() == 4)
    at.insert(at.begin(), {indices.batch, indices.head});
  else
    at.insert(at.begin(), indices.batch * SymDim(heads) + indices.head);
  if (element.kind != Kind::Access || element.base != product ||
      element.at != at || element.number != 1)
    return fail("the heads are not joined side by side");
  return success();
}

FailureOr<AttentionMatch> AttentionMatcher::match(onnx::MatMulOp product) {
  if (failed(matchRoot(product.getY())) || failed(matchContext(product)))
    return failure();
  return result;
}

FailureOr<AttentionMatch> AttentionMatcher::match(onnx::AttentionOp op) {
  if (failed(matchRoot(op.getY())))
    return failure();
  double factor = 1;
  auto matchOperand = [&](Value operand, const SymDim &position,
                          const SymDim &inner,
                          Columns &columns) -> FailureOr<int64_t> {
    SymDims at{indices.batch, indices.head, position, inner};
    auto index = getOperandIndex(context, operand, operand, at);
    if (!index)
      return failure();
    return matchHeads(operand, *index, position, inner, columns, factor);
  };
  FailureOr<int64_t> query =
      matchOperand(op.getQ(), indices.query, depth, result.query);
  FailureOr<int64_t> key =
      matchOperand(op.getK(), indices.key, depth, result.key);
  result.scale = factor;
  factor = 1;
  FailureOr<int64_t> value =
      matchOperand(op.getV(), indices.key, column, result.value);
  if (failed(query) || failed(key) || failed(value) || *query != heads ||
      *key != *value || factor != 1)
    return fail("queries, keys or values are not the heads of states");
  result.kvHeads = *key;
  result.isGuarded = true;
  return result;
}

std::optional<ScoreTerm> AttentionMatcher::makeTerm(Value value) {
  std::optional<SymDims> dims = context.dims(value);
  if (!dims || dims->size() > 4)
    return std::nullopt;
  SymDims whole{indices.batch, indices.head, indices.query, indices.key};
  ScoreTerm term{value, {}};
  for (auto [axis, dim] : llvm::enumerate(*dims))
    term.at.push_back(dim.isConstant(1) ? SymDim(0)
                                        : whole[4 - dims->size() + axis]);
  return term;
}
