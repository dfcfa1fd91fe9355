//===- NormaliseProducts.cpp - matrix products in one form ----------------===//
// Products of flattened states, as some exporters write linear layers.
//===----------------------------------------------------------------------===//

#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

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
    if (!from || !rows || !to || from->size() < 3 ||
        from->back() != rows->back())
      return rewriter.notifyMatchFailure(op, "more than rows is reshaped");
    if (op.getTransA() != 0 || !op.getAlpha().isExactlyValue(1.0) ||
        !op.getBeta().isExactlyValue(1.0))
      return rewriter.notifyMatchFailure(op, "no plain product");
    bool hasBias = !isAbsent(op.getC());
    auto bias = hasBias ? shapes.dims(op.getC()) : std::nullopt;
    if (hasBias && (!bias || bias->size() > 1))
      return rewriter.notifyMatchFailure(op, "C is not one row");
    auto columns = to->back().constant();
    if (!columns)
      return rewriter.notifyMatchFailure(op, "the width is not known");
    Type type = elementType(op.getY());
    Location loc = op.getLoc();
    Value weight = op.getB();
    if (op.getTransB() != 0)
      weight = state.build<TransposeOp>(rewriter, loc, type, weight,
                                        rewriter.getDenseI64ArrayAttr({1, 0}));
    Value value =
        state.build<MatMulOp>(rewriter, loc, type, flatten.getData(), weight);
    if (hasBias)
      value = state.build<AddOp>(rewriter, loc, type, value, op.getC());
    Value target = buildInts(rewriter, loc, {-1, *columns});
    rewriter.replaceOp(
        op, state.build<ReshapeOp>(rewriter, loc, type, value, target,
                                   rewriter.getI64IntegerAttr(0)));
    return success();
  }
};
} // namespace

void skim::onnx::addProductPatterns(RewritePatternSet &set,
                                    NormaliseState &state) {
  set.add<GemmOfFlattened>(set.getContext(), state);
}
