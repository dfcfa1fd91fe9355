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
  if (op.getTransA() != 0 || !op.getAlpha().isExactlyValue(1.0) ||
      !op.getBeta().isExactlyValue(1.0))
    return false;
  if (isAbsent(op.getC()))
    return true;
  auto bias = state.shapes.dims(op.getC());
  return bias && bias->size() <= 1;
}

/// The same of rows with any number of axes, `[..., K]`.
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
/// Gemm of rows that were flattened for it: a MatMul of the states themselves,
/// whose result is flattened. A Reshape back then meets the Reshape.
struct GemmOfFlattened : NormalisePattern<GemmOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(GemmOp op,
                                PatternRewriter &rewriter) const override {
    auto flatten = op.getA().getDefiningOp<ReshapeOp>();
    if (!flatten)
      return rewriter.notifyMatchFailure(op, "the rows are not reshaped");
    auto from = shapes.dims(flatten.getData()), rows = shapes.dims(op.getA()),
         to = shapes.dims(op.getY());
    auto axes = from && rows && to ? countRowAxes(*from, *rows) : std::nullopt;
    if (!axes || *axes < 2 || !rows->back().constant())
      return rewriter.notifyMatchFailure(op, "more than rows is reshaped");
    if (to->size() != 2 || !to->back().constant() || !isPlain(state, op))
      return rewriter.notifyMatchFailure(op, "no plain product");
    // Heads are joined, the axes before them are not.
    SymDims states(from->take_front(*axes));
    states.push_back(rows->back());
    if (!canBuildView(*from, states))
      return rewriter.notifyMatchFailure(op, "takes a shape of dimensions");
    Location loc = op.getLoc();
    Value value = buildProduct(
        rewriter, state, op,
        buildView(rewriter, state, loc, flatten.getData(), states));
    rewriter.replaceOp(op, buildRows(rewriter, state, value));
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
    std::optional<ArrayRef<SymDim>> states;
    for (Value operand : op->getOperands()) {
      auto dims = state.shapes.dims(operand);
      auto flatten = operand.getDefiningOp<ReshapeOp>();
      auto from = flatten && dims == to ? state.shapes.dims(flatten.getData())
                                        : std::nullopt;
      if (from && from->size() > 2 && from->back() == to->back() &&
          (!states || states == from)) {
        states = from;
        operands.push_back(flatten.getData());
      } else if (isAbsent(operand) || (dims && dims->size() <= 1)) {
        operands.push_back(operand);
      } else {
        return rewriter.notifyMatchFailure(op, "an operand is not flattened");
      }
    }
    if (!states)
      return rewriter.notifyMatchFailure(op, "no operand is flattened");
    Value result = rebuild(rewriter, state, op, operands)->getResult(0);
    rewriter.replaceOp(op, buildRows(rewriter, state, result));
    return success();
  }
};

/// A norm of flattened rows: of the states themselves.
template <typename OpTy> struct SinkFlattenBelowNorm : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto flatten = op.getX().template getDefiningOp<ReshapeOp>();
    auto from = flatten ? this->shapes.dims(flatten.getData()) : std::nullopt;
    auto rows = this->shapes.dims(op.getX());
    if (!from || !rows || rows->size() != 2 || from->size() < 3 ||
        from->back() != rows->back() || !rows->back().constant())
      return rewriter.notifyMatchFailure(op, "no flattened rows");
    if (normaliseAxis(op.getAxis(), 2) != 1 ||
        !isNormOfRows(this->state, op, /*rank=*/1))
      return rewriter.notifyMatchFailure(op, "not of each row");
    SmallVector<Value> operands(op->getOperands());
    operands.front() = flatten.getData();
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
  set.add<GemmOfFlattened, GemmTakenApart<ReshapeOp>,
          GemmTakenApart<UnsqueezeOp>, SinkFlattenBelowElementwise,
          SinkFlattenBelowNorm<LayerNormalizationOp>,
          SinkFlattenBelowNorm<RMSNormalizationOp>,
          SinkFlattenBelowNorm<SimplifiedLayerNormalizationOp>>(
      set.getContext(), state);
}
