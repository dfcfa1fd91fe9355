//===- Normalise.cpp - pass onnx-normalise --------------------------------===//
// Runs the normalising patterns until nothing changes; builders that they
// share.
//===----------------------------------------------------------------------===//

#include "Normalise.h"

#include "Inference.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"

namespace skim::onnx {
#define GEN_PASS_DEF_NORMALISEPASS
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

using namespace mlir;
using namespace skim::onnx;

//===----------------------------------------------------------------------===//
// Shapes as values
//===----------------------------------------------------------------------===//

NormaliseState::NormaliseState(func::FuncOp func) : shapes(func), func(func) {
  for (BlockArgument argument : func.getArguments()) {
    auto dims = shapes.dims(argument);
    for (auto [axis, dim] : llvm::enumerate(dims.value_or(ArrayRef<SymDim>())))
      if (!dim.symbolName().empty())
        sources.try_emplace(dim.symbolName(), argument, axis);
  }
}

void NormaliseState::notifyOperationErased(Operation *op) {
  shapes.forget(op);
  built.erase(op);
}

Value NormaliseState::remember(Value value) {
  built.insert(value.getDefiningOp());
  return value;
}

/// One element as `tensor<1xi64>`: sums of products of arguments' dimensions.
Value NormaliseState::buildElement(RewriterBase &rewriter, Location loc,
                                   const SymDim &element) {
  Type i64 = rewriter.getI64Type();
  if (auto value = element.constant())
    return buildInts(rewriter, loc, {*value});
  if (auto source = sources.find(element.symbolName());
      source != sources.end()) {
    auto [argument, axis] = source->second;
    return remember(build<ShapeOp>(rewriter, loc, i64, argument,
                                   rewriter.getI64IntegerAttr(axis + 1),
                                   rewriter.getI64IntegerAttr(axis)));
  }
  Value sum;
  for (const SymDim &term : element.splitTerms()) {
    Value value;
    auto [coefficient, symbols] = term.splitFactors();
    for (const SymDim &symbol : symbols) {
      if (!sources.contains(symbol.symbolName()))
        return nullptr;
      Value factor = buildElement(rewriter, loc, symbol);
      value = value ? remember(build<MulOp>(rewriter, loc, i64, value, factor))
                    : factor;
    }
    Value scale = buildInts(rewriter, loc, {coefficient});
    if (!value)
      value = scale;
    else if (coefficient != 1)
      value = remember(build<MulOp>(rewriter, loc, i64, value, scale));
    sum = sum ? remember(build<AddOp>(rewriter, loc, i64, sum, value)) : value;
  }
  return sum;
}

Value NormaliseState::buildShape(RewriterBase &rewriter, Location loc,
                                 ArrayRef<SymDim> elements) {
  if (auto values = constantShape(elements))
    return buildInts(rewriter, loc, *values);
  SmallVector<Value> parts;
  SmallVector<int64_t> constants;
  auto flush = [&] {
    if (!constants.empty())
      parts.push_back(buildInts(rewriter, loc, constants));
    constants.clear();
  };
  for (const SymDim &element : elements) {
    if (auto value = element.constant()) {
      constants.push_back(*value);
      continue;
    }
    flush();
    Value part = buildElement(rewriter, loc, element);
    if (!part)
      return nullptr;
    parts.push_back(part);
  }
  flush();
  if (parts.size() == 1)
    return parts.front();
  return remember(build<ConcatOp>(rewriter, loc, rewriter.getI64Type(), parts,
                                  rewriter.getI64IntegerAttr(0)));
}

Value NormaliseState::buildScalar(RewriterBase &rewriter, Location loc,
                                  const SymDim &element) {
  Type i64 = rewriter.getI64Type();
  if (auto value = element.constant())
    return buildSplat(rewriter, loc, RankedTensorType::get({}, i64), *value);
  Value part = buildElement(rewriter, loc, element);
  if (!part)
    return nullptr;
  Value axes = buildInts(rewriter, loc, {0});
  return remember(build<SqueezeOp>(rewriter, loc, i64, part, axes));
}

//===----------------------------------------------------------------------===//
// Shared builders
//===----------------------------------------------------------------------===//

Type skim::onnx::elementType(Value value) {
  return getElementTypeOrSelf(value.getType());
}

Value skim::onnx::buildInts(RewriterBase &rewriter, Location loc,
                            ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    rewriter.getI64Type());
  return ConstantOp::create(rewriter, loc,
                            DenseIntElementsAttr::get(type, values));
}

Value skim::onnx::buildSplat(RewriterBase &rewriter, Location loc,
                             RankedTensorType type, int64_t value) {
  auto integer = cast<IntegerType>(type.getElementType());
  APInt bits(integer.getWidth(), static_cast<uint64_t>(value),
             /*isSigned=*/!integer.isUnsigned(), /*implicitTrunc=*/true);
  return ConstantOp::create(rewriter, loc, DenseElementsAttr::get(type, bits));
}

LogicalResult skim::onnx::replaceExpanded(RewriterBase &rewriter,
                                          NormaliseState &state, Operation *op,
                                          Value value) {
  auto from = state.shapes.dims(value);
  auto to = state.shapes.dims(op->getResult(0));
  if (!from || !to)
    return rewriter.notifyMatchFailure(op, "dimensions are not known");
  if (*from != *to) {
    SymDims target(*to);
    Value shape = state.buildShape(rewriter, op->getLoc(), target);
    if (!shape)
      return rewriter.notifyMatchFailure(
          op, "the shape is not one of the arguments' dimensions");
    value = state.build<ExpandOp>(rewriter, op->getLoc(), elementType(value),
                                  value, shape);
  }
  rewriter.replaceOp(op, value);
  return success();
}

void skim::onnx::updateFunctionType(func::FuncOp func) {
  auto terminator = cast<func::ReturnOp>(func.getBody().front().back());
  func.setType(FunctionType::get(func.getContext(),
                                 func.getFunctionType().getInputs(),
                                 terminator.getOperandTypes()));
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct NormalisePass : skim::onnx::impl::NormalisePassBase<NormalisePass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    NormaliseState state(func);
    RewritePatternSet patterns(&getContext());
    addAlgebraPatterns(patterns, state);
    addExpandPatterns(patterns, state);
    addGatherPatterns(patterns, state);
    addKnownValuePatterns(patterns, state);
    addViewPatterns(patterns, state);
    GreedyRewriteConfig config;
    // Constants stay where they are: the order of weights is the model's.
    config.enableFolding(false).enableConstantCSE(false).setListener(&state);
    config.setMaxIterations(GreedyRewriteConfig::kNoLimit);
    if (failed(applyPatternsGreedily(func, std::move(patterns), config)))
      return signalPassFailure();
    updateFunctionType(func);
  }
};
} // namespace
