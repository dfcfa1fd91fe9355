//===- NormaliseProducts.cpp - matrix products in one form ----------------===//
// Products of flattened states, as some exporters write linear layers, and what
// stands between two of them.
//===----------------------------------------------------------------------===//

#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

/// How many first axes of `from` were joined to the rows of a matrix whose
/// columns are the others, the most where axes of 1 leave a choice; nothing for
/// another view.
static std::optional<size_t> countRowAxes(ArrayRef<SymDim> from,
                                          ArrayRef<SymDim> matrix) {
  if (matrix.size() != 2)
    return std::nullopt;
  for (size_t count = from.size(); count-- > 1;)
    if (product(from.take_front(count)) == matrix[0] &&
        product(from.drop_front(count)) == matrix[1])
      return count;
  return std::nullopt;
}

/// The states that were flattened to `rows`: by a Reshape or, where there is
/// one sequence, by a Squeeze of the batch. Null for other values.
static Value getFlattened(NormaliseState &state, Value rows) {
  if (auto reshape = rows.getDefiningOp<ReshapeOp>())
    return reshape.getData();
  auto squeeze = rows.getDefiningOp<SqueezeOp>();
  if (!squeeze)
    return {};
  auto from = state.shapes.dims(squeeze.getData()),
       to = state.shapes.dims(rows);
  bool dropsBatch = from && to && from->size() == 3 && to->size() == 2 &&
                    from->front().isConstant(1) && !(*from)[1].isConstant(1);
  return dropsBatch ? squeeze.getData() : Value();
}

/// The same of rows that are as wide as the states.
static Value getRowStates(NormaliseState &state, Value rows) {
  Value states = getFlattened(state, rows);
  auto from = states ? state.shapes.dims(states) : std::nullopt,
       to = state.shapes.dims(rows);
  bool areRows = from && to && to->size() == 2 && from->size() > 2 &&
                 from->back() == to->back();
  return areRows ? states : Value();
}

/// States, whose width is known, as the rows of a matrix.
static Value buildRows(RewriterBase &rewriter, NormaliseState &state,
                       Value states) {
  int64_t width = *state.shapes.dims(states)->back().constant();
  Location loc = states.getLoc();
  return buildReshape(rewriter, state, loc, states,
                      buildInts(rewriter, loc, {-1, width}));
}

/// Whether a Gemm is a product of rows and a matrix, with one row added.
static bool isPlain(NormaliseState &state, GemmOp op) {
  if (op.getTransA() != 0 || !op.getAlpha().isExactlyValue(1.0))
    return false;
  if (isAbsent(op.getC()))
    return true;
  if (!op.getBeta().isExactlyValue(1.0))
    return false;
  auto bias = state.shapes.dims(op.getC());
  return bias && bias->size() <= 1;
}

/// The same of a MatMul.
static bool isPlain(NormaliseState &state, MatMulOp op) {
  auto weight = state.shapes.dims(op.getB());
  return weight && weight->size() == 2;
}

/// The same of a product of integers, whose zero points go with no row.
static bool isPlain(NormaliseState &state, MatMulIntegerOp op) {
  auto weight = state.shapes.dims(op.getB());
  auto isNumber = [&](Value point) {
    auto dims = state.shapes.dims(point);
    return isAbsent(point) || (dims && product(*dims).isConstant(1));
  };
  auto points = state.shapes.dims(op.getBZeroPoint());
  return weight && weight->size() == 2 && isNumber(op.getAZeroPoint()) &&
         (isAbsent(op.getBZeroPoint()) || (points && points->size() <= 1));
}

namespace {
/// What was flattened to rows, and its axes where only the heads are joined:
/// `[..., K]`.
struct FlattenedStates {
  Value value;
  SymDims dims;

  Value build(PatternRewriter &rewriter, NormaliseState &state,
              Location loc) const {
    return buildView(rewriter, state, loc, value, dims);
  }
};
} // namespace

/// The states that were flattened to `rows`; nothing where more than rows was
/// reshaped.
static std::optional<FlattenedStates> findStates(NormaliseState &state,
                                                 Value rows) {
  Value flattened = getFlattened(state, rows);
  auto from = flattened ? state.shapes.dims(flattened) : std::nullopt,
       to = state.shapes.dims(rows);
  auto axes = from && to ? countRowAxes(*from, *to) : std::nullopt;
  if (!axes || *axes < 2 || !to->back().constant())
    return std::nullopt;
  // Heads are joined, the axes before them are not.
  SymDims states(from->take_front(*axes));
  while (states.size() > 2 && states.back().isConstant(1))
    states.pop_back();
  states.push_back(to->back());
  if (!canBuildView(*from, states))
    return std::nullopt;
  return FlattenedStates{flattened, states};
}

/// The same of rows with any number of axes, `[..., K]`.
static Value buildProduct(PatternRewriter &rewriter, NormaliseState &state,
                          MatMulIntegerOp op, Value rows) {
  return state.build<MatMulIntegerOp>(rewriter, op.getLoc(),
                                      elementType(op.getY()), rows, op.getB(),
                                      op.getAZeroPoint(), op.getBZeroPoint());
}

static Value buildProduct(PatternRewriter &rewriter, NormaliseState &state,
                          MatMulOp op, Value rows) {
  return state.build<MatMulOp>(rewriter, op.getLoc(), elementType(op.getY()),
                               rows, op.getB());
}

static Value buildProduct(PatternRewriter &rewriter, NormaliseState &state,
                          GemmOp op, Value rows) {
  Type type = elementType(op.getY());
  Value weight = op.getB();
  if (op.getTransB() != 0)
    weight = buildTranspose(rewriter, state, weight, {1, 0});
  Value value =
      state.build<MatMulOp>(rewriter, op.getLoc(), type, rows, weight);
  if (!isAbsent(op.getC()))
    value = state.build<AddOp>(rewriter, op.getLoc(), type, value, op.getC());
  return value;
}

namespace {
/// Gemm, or MatMul, of rows that were flattened for it: a MatMul of the states
/// themselves, whose result is flattened. A Reshape back then meets the
/// Reshape.
template <typename OpTy> struct ProductOfFlattened : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    NormaliseState &state = this->state;
    auto to = state.shapes.dims(op.getY());
    auto states = findStates(state, op.getA());
    if (!states || !to)
      return rewriter.notifyMatchFailure(op, "no flattened rows");
    if (to->size() != 2 || !to->back().constant() || !isPlain(state, op))
      return rewriter.notifyMatchFailure(op, "no plain product");
    Value value = buildProduct(rewriter, state, op,
                               states->build(rewriter, state, op.getLoc()));
    rewriter.replaceOp(op, buildRows(rewriter, state, value));
    return success();
  }
};

/// Rows that are quantised by one scale: the states are, and flattened then.
template <typename OpTy> struct QuantiseFlattened : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    NormaliseState &state = this->state;
    auto states = findStates(state, op.getX());
    if (!states)
      return rewriter.notifyMatchFailure(op, "no flattened rows");
    SmallVector<Value> operands(op->getOperands());
    for (Value parameter : ArrayRef(operands).drop_front()) {
      auto dims = state.shapes.dims(parameter);
      if (!isAbsent(parameter) && !(dims && product(*dims).isConstant(1)))
        return rewriter.notifyMatchFailure(op, "more than one scale");
    }
    operands.front() = states->build(rewriter, state, op.getLoc());
    Operation *quantised = rebuild(rewriter, state, op, operands);
    SmallVector<Value> results(quantised->getResults());
    results.front() = buildRows(rewriter, state, results.front());
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// A view that takes the rows of a Gemm apart: a MatMul of rows with those
/// axes, where heads were parts of another axis before they were flattened.
template <typename OpTy> struct GemmTakenApart : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto gemm = op->getOperand(0).template getDefiningOp<GemmOp>();
    auto flatten =
        gemm ? gemm.getA().template getDefiningOp<ReshapeOp>() : ReshapeOp();
    if (!flatten || !isPlain(this->state, gemm))
      return rewriter.notifyMatchFailure(op, "no product of flattened rows");
    auto from = this->shapes.dims(flatten.getData()),
         rows = this->shapes.dims(gemm.getA()),
         columns = this->shapes.dims(gemm.getY()),
         to = this->shapes.dims(op->getResult(0));
    if (!from || !rows || !columns || !to || rows->size() != 2 ||
        columns->size() != 2 || to->size() < 3 || to->back() != columns->back())
      return rewriter.notifyMatchFailure(op, "rows are not taken apart");
    SymDims states(to->drop_back());
    states.push_back(rows->back());
    if (!canBuildView(*from, states))
      return rewriter.notifyMatchFailure(op, "takes a shape of dimensions");
    rewriter.replaceOp(
        op, buildProduct(rewriter, this->state, gemm,
                         buildView(rewriter, this->state, op.getLoc(),
                                   flatten.getData(), states)));
    return success();
  }
};

/// An elementwise op between products of flattened rows: computed before the
/// rows are flattened.
struct SinkFlattenBelowElementwise : AnyOpPattern<> {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    auto to =
        isElementwise(op) ? state.shapes.dims(op->getResult(0)) : std::nullopt;
    if (!to || to->size() != 2 || !to->back().constant())
      return failure();
    SmallVector<Value> operands;
    std::optional<ArrayRef<SymDim>> rows;
    for (Value operand : op->getOperands()) {
      auto dims = state.shapes.dims(operand);
      Value flattened = getRowStates(state, operand);
      auto from = flattened ? state.shapes.dims(flattened) : std::nullopt;
      // One number for each row is repeated.
      bool fits = from && (*dims)[0] == (*to)[0] &&
                  (dims->back() == to->back() || dims->back().isConstant(1));
      if (fits && (!rows || *rows == from->drop_back())) {
        rows = from->drop_back();
        operands.push_back(flattened);
      } else if (isAbsent(operand) || (dims && dims->size() <= 1)) {
        operands.push_back(operand);
      } else {
        return rewriter.notifyMatchFailure(op, "an operand is not flattened");
      }
    }
    if (!rows)
      return rewriter.notifyMatchFailure(op, "no operand is flattened");
    Value result = rebuild(rewriter, state, op, operands)->getResult(0);
    rewriter.replaceOp(op, buildRows(rewriter, state, result));
    return success();
  }
};

/// The mean of each flattened row: of the states themselves.
struct SinkFlattenBelowMean : NormalisePattern<ReduceMeanOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ReduceMeanOp op,
                                PatternRewriter &rewriter) const override {
    Value flattened = getRowStates(state, op.getData());
    auto axes =
        isAbsent(op.getAxes()) ? std::nullopt : getConstantInts(op.getAxes());
    if (!flattened)
      return rewriter.notifyMatchFailure(op, "no flattened rows");
    if (!axes || axes->size() != 1 || normaliseAxis(axes->front(), 2) != 1 ||
        op.getKeepdims() != 1)
      return rewriter.notifyMatchFailure(op, "not of each row");
    Value mean = state.build<ReduceMeanOp>(
        rewriter, op.getLoc(), elementType(op.getData()), flattened,
        buildInts(rewriter, op.getLoc(), {-1}), op.getKeepdimsAttr(),
        op.getNoopWithEmptyAxesAttr());
    rewriter.replaceOp(op, buildRows(rewriter, state, mean));
    return success();
  }
};

/// Rows of a table by flattened ids: by the ids themselves.
struct SinkFlattenBelowGather : NormalisePattern<GatherOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const override {
    auto flatten = op.getIndices().getDefiningOp<ReshapeOp>();
    auto from = flatten ? shapes.dims(flatten.getData()) : std::nullopt;
    auto ids = shapes.dims(op.getIndices()), table = shapes.dims(op.getData());
    if (!from || !ids || !table || from->size() < 2 || ids->size() != 1 ||
        table->size() != 2 || op.getAxis() != 0 || !table->back().constant())
      return rewriter.notifyMatchFailure(op, "no rows by flattened ids");
    Value rows = state.build<GatherOp>(
        rewriter, op.getLoc(), elementType(op.getOutput()), op.getData(),
        flatten.getData(), op.getAxisAttr());
    rewriter.replaceOp(op, buildRows(rewriter, state, rows));
    return success();
  }
};

/// A constant added to the parts that rows are taken apart into: a bias of the
/// rows themselves.
struct BiasOfParts : NormalisePattern<AddOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      Value parts = op->getOperand(side), bias = op->getOperand(1 - side);
      auto split = parts.getDefiningOp<ReshapeOp>();
      if (!split || !parts.hasOneUse() || !getConstant(bias) ||
          !isOfParts(split, bias))
        continue;
      Location loc = op.getLoc();
      Value row = buildReshape(rewriter, state, loc, bias,
                               buildInts(rewriter, loc, {-1}));
      Value rows = state.build<AddOp>(rewriter, loc, elementType(parts),
                                      split.getData(), row);
      rewriter.replaceOp(op, buildReshape(rewriter, state, split.getLoc(), rows,
                                          split.getShape()));
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no constant for parts of rows");
  }

private:
  /// Whether `bias` has a number for each place of the axes that the last one
  /// is taken apart into, and others stay.
  bool isOfParts(ReshapeOp split, Value bias) const {
    auto from = shapes.dims(split.getData()),
         to = shapes.dims(split.getReshaped()), own = shapes.dims(bias);
    if (!from || !to || !own || from->empty() || to->size() <= from->size())
      return false;
    size_t kept = from->size() - 1;
    ArrayRef<SymDim> tail = to->drop_front(kept), ofBias = *own;
    while (ofBias.size() > tail.size() && ofBias.front() == SymDim(1))
      ofBias = ofBias.drop_front();
    SymDim size = 1;
    for (const SymDim &dim : tail)
      size = size * dim;
    return size.constant() && from->back() == size && ofBias == tail &&
           from->take_front(kept) == to->take_front(kept) &&
           own->size() <= to->size();
  }
};

/// Rows of a table as the product of ones and zeros with it. An id outside of
/// the table, whose row would be zeros, is an error of the run then.
struct ProductOfOneHot : NormalisePattern<MatMulOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    auto hot = op.getA().getDefiningOp<OneHotOp>();
    auto dims = hot ? shapes.dims(hot.getOutput()) : std::nullopt,
         table = shapes.dims(op.getB());
    if (!dims || !table || table->size() != 2 || dims->back() != table->front())
      return rewriter.notifyMatchFailure(op, "no table of as many rows");
    auto values = getConstant(hot.getValues());
    if (normaliseAxis(hot.getAxis(), dims->size()) != dims->size() - 1 ||
        !isa<IntegerType>(elementType(hot.getIndices())) || !values ||
        !isa<DenseElementsAttr>(values) || !values.getElementType().isF32())
      return rewriter.notifyMatchFailure(op,
                                         "the last axis is not that of f32");
    if (SmallVector<float>(values.getValues<float>()) !=
        SmallVector<float>{0, 1})
      return rewriter.notifyMatchFailure(op, "not of ones and zeros");
    rewriter.replaceOp(
        op, state.build<GatherOp>(rewriter, op.getLoc(), elementType(op.getY()),
                                  op.getB(), hot.getIndices(),
                                  rewriter.getI64IntegerAttr(0)));
    return success();
  }
};

/// A norm of flattened rows: of the states themselves.
template <typename OpTy> struct SinkFlattenBelowNorm : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Value flattened = getRowStates(this->state, op.getX());
    if (!flattened || !this->shapes.dims(flattened)->back().constant())
      return rewriter.notifyMatchFailure(op, "no flattened rows");
    if (normaliseAxis(op.getAxis(), 2) != 1 ||
        !isNormOfRows(this->state, op, /*rank=*/1))
      return rewriter.notifyMatchFailure(op, "not of each row");
    SmallVector<Value> operands(op->getOperands());
    operands.front() = flattened;
    Operation *norm = rebuild(rewriter, this->state, op, operands);
    norm->setAttr("axis", rewriter.getI64IntegerAttr(-1));
    SmallVector<Value> results(norm->getResults());
    results.front() = buildRows(rewriter, this->state, results.front());
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void skim::onnx::addProductPatterns(RewritePatternSet &set,
                                    NormaliseState &state) {
  set.add<ProductOfFlattened<GemmOp>, ProductOfFlattened<MatMulOp>,
          ProductOfFlattened<MatMulIntegerOp>,
          QuantiseFlattened<DynamicQuantizeLinearOp>,
          QuantiseFlattened<QuantizeLinearOp>, GemmTakenApart<ReshapeOp>,
          GemmTakenApart<UnsqueezeOp>, SinkFlattenBelowElementwise,
          SinkFlattenBelowMean, SinkFlattenBelowGather, BiasOfParts,
          ProductOfOneHot, SinkFlattenBelowNorm<LayerNormalizationOp>,
          SinkFlattenBelowNorm<RMSNormalizationOp>,
          SinkFlattenBelowNorm<SimplifiedLayerNormalizationOp>>(
      set.getContext(), state);
}
