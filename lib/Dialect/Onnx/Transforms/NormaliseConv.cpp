//===- NormaliseConv.cpp - convolutions that are products -----------------===//
// Windows that do not overlap are vectors that one matrix is multiplied with:
// patches of an image, single positions of a sequence.
//===----------------------------------------------------------------------===//

#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
/// Conv whose windows lie side by side, without pads: a MatMul of the windows,
/// `[batch, windows, channels x kernel]`, by the weights as one matrix.
struct ConvOfPatches : NormalisePattern<ConvOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override;

private:
  /// [batch, channels x kernel, windows..] of the input, which has a static
  /// number of windows in each spatial dimension.
  Value cutPatches(PatternRewriter &rewriter, ConvOp op,
                   ArrayRef<int64_t> counts, ArrayRef<int64_t> kernel) const;
};
} // namespace

Value ConvOfPatches::cutPatches(PatternRewriter &rewriter, ConvOp op,
                                ArrayRef<int64_t> counts,
                                ArrayRef<int64_t> kernel) const {
  Location loc = op.getLoc();
  Type type = elementType(op.getX());
  SmallVector<int64_t> split = {0, 0}, perm = {0, 1};
  size_t spatial = kernel.size();
  for (size_t i = 0; i < spatial; ++i) {
    split.append({counts[i], kernel[i]});
    perm.push_back(3 + 2 * i);
  }
  for (size_t i = 0; i < spatial; ++i)
    perm.push_back(2 + 2 * i);
  Value whole = state.build<ReshapeOp>(rewriter, loc, type, op.getX(),
                                       buildInts(rewriter, loc, split),
                                       rewriter.getI64IntegerAttr(0));
  return state.build<TransposeOp>(rewriter, loc, type, whole,
                                  rewriter.getDenseI64ArrayAttr(perm));
}

LogicalResult ConvOfPatches::matchAndRewrite(ConvOp op,
                                             PatternRewriter &rewriter) const {
  auto from = shapes.dims(op.getX()), weight = shapes.dims(op.getW());
  if (!from || !weight || op.getGroup() != 1 ||
      llvm::any_of(op.getPads(), [](int64_t pad) { return pad != 0; }))
    return rewriter.notifyMatchFailure(op, "groups or pads");
  SmallVector<int64_t> kernel, counts;
  int64_t size = 1, windows = 1;
  bool single = true, known = true;
  for (auto [i, stride] : llvm::enumerate(op.getStrides())) {
    auto window = (*weight)[i + 2].constant();
    if (!window || *window != stride ||
        (op.getDilations()[i] != 1 && *window != 1))
      return rewriter.notifyMatchFailure(op, "the windows overlap");
    auto extent = (*from)[i + 2].constant();
    known &= extent && *extent % *window == 0;
    single &= *window == 1;
    kernel.push_back(*window);
    counts.push_back(extent ? *extent / *window : ShapedType::kDynamic);
    size *= *window;
    windows *= counts.back();
  }
  auto inner = (*weight)[1].constant(), outer = (*weight)[0].constant();
  bool isSequence = single && kernel.size() == 1;
  if (!inner || !outer || (!known && !isSequence))
    return rewriter.notifyMatchFailure(op, "sizes are not known");

  Location loc = op.getLoc();
  Type type = elementType(op.getX());
  auto reshape = [&](Value value, ArrayRef<int64_t> shape) {
    return state.build<ReshapeOp>(rewriter, loc, type, value,
                                  buildInts(rewriter, loc, shape),
                                  rewriter.getI64IntegerAttr(0));
  };
  auto swap = [&](Value value, ArrayRef<int64_t> perm) {
    return state.build<TransposeOp>(rewriter, loc, type, value,
                                    rewriter.getDenseI64ArrayAttr(perm));
  };
  Value x = op.getX();
  if (!single)
    x = cutPatches(rewriter, op, counts, kernel);
  if (!isSequence)
    x = reshape(x, {0, *inner * size, windows});
  Value matrix = swap(reshape(op.getW(), {*outer, *inner * size}), {1, 0});
  Value y =
      state.build<MatMulOp>(rewriter, loc, type, swap(x, {0, 2, 1}), matrix);
  if (!isAbsent(op.getB()))
    y = state.build<AddOp>(rewriter, loc, type, y, op.getB());
  y = swap(y, {0, 2, 1});
  if (!isSequence) {
    SmallVector<int64_t> shape = {0, *outer};
    shape.append(counts);
    y = reshape(y, shape);
  }
  rewriter.replaceOp(op, y);
  return success();
}

void skim::onnx::addConvPatterns(RewritePatternSet &set,
                                 NormaliseState &state) {
  set.add<ConvOfPatches>(set.getContext(), state);
}
