//===- Pool.cpp - one state for each sequence -----------------------------===//
// The state at position 0, the mean and the maximum over a sequence, with or
// without a mask; division of rows by their length.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

namespace {

/// True for states `[batch, sequence, H]`.
bool isTokenStates(RaiseContext &context, Value value) {
  std::optional<SymDims> dims = context.dims(value);
  return getStates(value) && dims && dims->size() == 3 &&
         context.isBatch((*dims)[0]) && context.isSequence((*dims)[1]);
}

/// Indices of the elements of states.
struct StateIndices {
  Elements elements;
  SymDim batch, position, column;

  StateIndices(RaiseContext &context, ArrayRef<SymDim> dims)
      : elements(context, {}) {
    auto addIndex = [&](const SymDim &extent) {
      SymDim index = elements.addIndex(extent);
      return extent.isConstant(1) ? SymDim(0) : index;
    };
    batch = addIndex(dims[0]);
    position = addIndex(dims[1]);
    column = addIndex(dims[2]);
  }
};

/// `x[:, 0, :]`, however it is selected.
template <typename Op> struct RaiseFirst : RaisePattern<Op> {
  using RaisePattern<Op>::RaisePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Value result = op->getResult(0);
    RankedTensorType type = getStates(result);
    if (!type || type.getRank() != 2 || onnx::getConstant(op->getOperand(0)))
      return failure();
    std::optional<SymDims> dims = this->context.dims(result);
    if (!dims)
      return failure();
    Elements elements(this->context, {});
    SymDim batch = elements.addIndex((*dims)[0]),
           column = elements.addIndex((*dims)[1]);
    if ((*dims)[0].isConstant(1))
      batch = 0;
    Element element = elements.trace(result, {batch, column});
    if (element.kind != Kind::Access ||
        !isTokenStates(this->context, element.base) ||
        element.at != SymDims{batch, SymDim(0), column} ||
        element.number != 1 ||
        getWidth(element.base.getType()) != type.getShape().back())
      return rewriter.notifyMatchFailure(op, "not the states at position 0");
    rewriter.replaceOpWithNewOp<PoolOp>(op, type, element.base, Value(),
                                        Value(), PoolKind::First,
                                        llvm::APFloat(1e-9f));
    return success();
  }
};

/// Puts a pool in the place of `op`, with the single dimension that it kept.
void replaceByPool(PatternRewriter &rewriter, Operation *op, Value states,
                   Value mask, PoolKind kind, double epsilon) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto pooledType = RankedTensorType::get(
      {type.getShape().front(), type.getShape().back()}, type.getElementType());
  Value pooled =
      PoolOp::create(rewriter, op->getLoc(), pooledType, states, mask, Value(),
                     kind, llvm::APFloat(static_cast<float>(epsilon)));
  if (type.getRank() == 3)
    pooled = onnx::UnsqueezeOp::create(rewriter, op->getLoc(), type, pooled,
                                       makeInts(rewriter, op->getLoc(), {1}));
  rewriter.replaceOp(op, pooled);
}

/// Whether `value` is a constant list of the one integer `wanted`.
bool isOneInt(Value value, int64_t wanted) {
  std::optional<SmallVector<int64_t>> ints = onnx::getConstantInts(value);
  return ints && ints->size() == 1 && ints->front() == wanted;
}

/// `x[:, 0:1, :]`, whose single dimension is taken away later, if at all. A
/// sequence has a position at least, so the slice has one; its type may not say
/// so.
struct RaiseFirstSlice : RaisePattern<onnx::SliceOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::SliceOp op,
                                PatternRewriter &rewriter) const override {
    bool hasStep = !onnx::isAbsent(op.getSteps());
    if (!isTokenStates(context, op.getData()) || onnx::isAbsent(op.getAxes()) ||
        !isOneInt(op.getAxes(), 1) || !isOneInt(op.getStarts(), 0) ||
        !isOneInt(op.getEnds(), 1) || (hasStep && !isOneInt(op.getSteps(), 1)))
      return rewriter.notifyMatchFailure(op, "not the states at position 0");
    replaceByPool(rewriter, op, op.getData(), Value(), PoolKind::First, 1e-9);
    return success();
  }
};

/// A value that is kept at `least` or above: (value, least).
std::optional<std::pair<Value, double>> getBounded(Value value) {
  if (auto clip = value.getDefiningOp<onnx::ClipOp>()) {
    std::optional<double> least = getSplat(clip.getMin());
    if (least && onnx::isAbsent(clip.getMax()))
      return std::make_pair(clip.getInput(), *least);
    return std::nullopt;
  }
  // What is added only matters to a sum of zeros when it is that small.
  Operation *op = value.getDefiningOp();
  auto bounded = isa_and_present<onnx::MaxOp, onnx::AddOp>(op) ? withNumber(op)
                                                               : std::nullopt;
  if (!bounded ||
      (isa<onnx::AddOp>(op) && (bounded->second > 1e-8 || bounded->second < 0)))
    return std::nullopt;
  return bounded;
}

/// The mask `[batch, sequence]` whose elements 1 and 0 `element` is.
std::optional<std::pair<Value, bool>>
getTokenMask(const Element &element, const StateIndices &indices) {
  bool isMask = element.kind == Kind::Access && element.number == 1;
  bool isChoice = element.kind == Kind::Choice && element.number == 1 &&
                  element.otherwise == 0;
  bool isNegated = element.kind == Kind::Choice && element.number == 0 &&
                   element.otherwise == 1;
  if (!isMask && !isChoice && !isNegated)
    return std::nullopt;
  if (!element.alsoAt.empty() || element.at.size() < 2 ||
      element.at.front() != indices.batch ||
      element.at.back() != indices.position)
    return std::nullopt;
  auto type = cast<RankedTensorType>(element.base.getType());
  for (int64_t size : type.getShape().drop_front().drop_back())
    if (size != 1)
      return std::nullopt;
  return std::make_pair(element.base, isNegated);
}

/// True when `op` reduces the sequence's axis and nothing else.
template <typename Op> bool reducesSequence(Op op) {
  std::optional<SmallVector<int64_t>> axes = getAxes(op);
  return axes && axes->size() == 1 && axes->front() == 1;
}

/// The token mask that is broadcast to a result of the states' dimensions.
std::optional<std::pair<Value, bool>> getFactorMask(RaiseContext &context,
                                                    Value mask, Value result,
                                                    StateIndices &indices) {
  auto at = getOperandIndex(context, mask, result,
                            {indices.batch, indices.position, indices.column});
  return at ? getTokenMask(indices.elements.evaluate(mask, *at), indices)
            : std::nullopt;
}

/// What divides the rows of a sum over the sequence, as a count of tokens.
struct TokenCount {
  std::pair<Value, bool> mask;
  double epsilon = 0; // The count is that at least.
};

/// The count of tokens that every element of a divisor is; `at` is one's place.
std::optional<TokenCount> getTokenCount(RaiseContext &context, Value divisor,
                                        SymDims at, StateIndices &indices) {
  TokenCount count;
  auto follow = [&](Value value) {
    Element element = indices.elements.trace(value, at);
    if (element.kind != Kind::Access || element.number != 1)
      return Value();
    at = element.at;
    return element.base;
  };
  Value value = follow(divisor);
  if (auto bounded = value ? getBounded(value) : std::nullopt) {
    count.epsilon = bounded->second;
    value = follow(bounded->first);
  }
  if (auto cast = value ? value.getDefiningOp<onnx::CastOp>() : onnx::CastOp())
    value = follow(cast.getInput());
  auto sum =
      value ? value.getDefiningOp<onnx::ReduceSumOp>() : onnx::ReduceSumOp();
  if (!sum || !reducesSequence(sum))
    return std::nullopt;
  if (sum.getKeepdims() != 0)
    at.erase(at.begin() + 1);
  at.insert(at.begin() + 1, indices.position);
  auto mask =
      getTokenMask(indices.elements.evaluate(sum.getData(), at), indices);
  if (!mask)
    return std::nullopt;
  count.mask = *mask;
  return count;
}

/// `sum(states * mask) / max(sum(mask), epsilon)`.
struct RaiseMaskedMean : RaisePattern<onnx::DivOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::DivOp op,
                                PatternRewriter &rewriter) const override {
    auto sum = op.getA().getDefiningOp<onnx::ReduceSumOp>();
    auto product =
        sum ? sum.getData().getDefiningOp<onnx::MulOp>() : onnx::MulOp();
    if (!product || !reducesSequence(sum) ||
        !context.haveSameDims(sum.getReduced(), op.getC()))
      return failure();
    for (unsigned side : {0, 1}) {
      Value states = product->getOperand(side),
            factor = product->getOperand(1 - side);
      if (!isTokenStates(context, states) ||
          !context.haveSameDims(states, product.getC()))
        continue;
      StateIndices indices(context, *context.dims(states));
      auto mask = getFactorMask(context, factor, product.getC(), indices);
      if (!mask)
        continue;
      SymDims at{indices.batch, indices.column};
      if (sum.getKeepdims() != 0)
        at.insert(at.begin() + 1, SymDim(0));
      auto divisorAt = getOperandIndex(context, op.getB(), op.getC(), at);
      auto count = divisorAt
                       ? getTokenCount(context, op.getB(), *divisorAt, indices)
                       : std::nullopt;
      if (!count)
        return rewriter.notifyMatchFailure(
            op, "mean: the divisor is no count of tokens");
      if (count->mask != *mask)
        return rewriter.notifyMatchFailure(
            op, "mean: sum and count differ in their mask");
      replaceByPool(rewriter, op, states,
                    context.getKeyMask(rewriter, mask->first, mask->second),
                    PoolKind::Mean, count->epsilon);
      return success();
    }
    return rewriter.notifyMatchFailure(op,
                                       "mean: no token states times a mask");
  }
};

/// A reduction over the sequence without a mask.
template <typename Op, PoolKind kind> struct RaiseReduction : RaisePattern<Op> {
  using RaisePattern<Op>::RaisePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!reducesSequence(op) || !isTokenStates(this->context, op.getData()))
      return failure();
    replaceByPool(rewriter, op, op.getData(), Value(), kind, 1e-9);
    return success();
  }
};

/// The maximum of states that a mask filled with a low number.
struct RaiseMaskedMax : RaisePattern<onnx::ReduceMaxOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::ReduceMaxOp op,
                                PatternRewriter &rewriter) const override {
    auto where = op.getData().getDefiningOp<onnx::WhereOp>();
    if (!where || !reducesSequence(op))
      return failure();
    std::optional<double> low = getSplat(where.getX());
    Value states = low ? where.getY() : where.getX();
    bool fillsWhereTrue = low.has_value();
    if (!low)
      low = getSplat(where.getY());
    if (!low || *low > -1e4 || !isTokenStates(context, states) ||
        !context.haveSameDims(states, where.getOutput()))
      return rewriter.notifyMatchFailure(op, "maximum: no masked token states");
    StateIndices indices(context, *context.dims(states));
    auto mask = getFactorMask(context, where.getCondition(), where.getOutput(),
                              indices);
    if (!mask)
      return rewriter.notifyMatchFailure(
          op, "maximum: the condition is no token mask");
    bool negated = mask->second != fillsWhereTrue;
    replaceByPool(rewriter, op, states,
                  context.getKeyMask(rewriter, mask->first, negated),
                  PoolKind::Max, 1e-9);
    return success();
  }
};

/// x when `value` is the length of each of its rows.
Value getLengthOf(Value value) {
  if (auto length = value.getDefiningOp<onnx::ReduceL2Op>())
    return length.getKeepdims() == 1 && reducesLastAxis(length)
               ? length.getData()
               : Value();
  auto root = value.getDefiningOp<onnx::SqrtOp>();
  if (!root)
    return {};
  if (auto sum = root.getX().getDefiningOp<onnx::ReduceSumSquareOp>())
    return sum.getKeepdims() == 1 && reducesLastAxis(sum) ? sum.getData()
                                                          : Value();
  auto sum = root.getX().getDefiningOp<onnx::ReduceSumOp>();
  if (!sum || sum.getKeepdims() != 1 || !reducesLastAxis(sum))
    return {};
  if (auto pow = sum.getData().getDefiningOp<onnx::PowOp>())
    return isSplat(pow.getY(), 2) ? pow.getX() : Value();
  auto square = sum.getData().getDefiningOp<onnx::MulOp>();
  return square && square.getA() == square.getB() ? square.getA() : Value();
}

/// `x / max(length(x), epsilon)`.
struct RaiseL2Normalize : RaisePattern<onnx::DivOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::DivOp op,
                                PatternRewriter &rewriter) const override {
    Value length = op.getB();
    while (isa_and_present<onnx::ExpandOp, onnx::IdentityOp>(
        length.getDefiningOp()))
      length = length.getDefiningOp()->getOperand(0);
    double epsilon = 0;
    if (auto bounded = getBounded(length)) {
      epsilon = bounded->second;
      length = bounded->first;
    }
    if (getLengthOf(length) != op.getA() || !getStates(op.getA()) ||
        op.getA().getType() != op.getC().getType())
      return failure();
    rewriter.replaceOpWithNewOp<L2NormalizeOp>(
        op, op.getC().getType(), op.getA(),
        llvm::APFloat(static_cast<float>(epsilon)));
    return success();
  }
};

struct RaiseLpNormalization : RaisePattern<onnx::LpNormalizationOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::LpNormalizationOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getStates(op.getInput());
    if (!type || op.getP() != 2)
      return rewriter.notifyMatchFailure(op, "not the length of f32 rows");
    if (onnx::normaliseAxis(op.getAxis(), type.getRank()) != type.getRank() - 1)
      return rewriter.notifyMatchFailure(op, "not over the last axis");
    // Rows of zeros stay zeros.
    rewriter.replaceOpWithNewOp<L2NormalizeOp>(op, type, op.getInput(),
                                               llvm::APFloat(1e-30f));
    return success();
  }
};

} // namespace

void skim::raise::populatePoolPatterns(RewritePatternSet &patterns,
                                       RaiseContext &context) {
  patterns
      .add<RaiseFirst<onnx::GatherOp>, RaiseFirst<onnx::SqueezeOp>,
           RaiseFirst<onnx::ReshapeOp>, RaiseFirstSlice, RaiseMaskedMean,
           RaiseMaskedMax, RaiseReduction<onnx::ReduceMeanOp, PoolKind::Mean>,
           RaiseReduction<onnx::ReduceMaxOp, PoolKind::Max>, RaiseL2Normalize,
           RaiseLpNormalization>(patterns.getContext(), context);
}
