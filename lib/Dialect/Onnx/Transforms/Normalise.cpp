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

/// The op that computes a function of dimensions; none of them is negative, so
/// Div and Mod round as the functions do.
static bool isBuildable(SymAtom::Kind kind) {
  return llvm::is_contained({SymAtom::Kind::Min, SymAtom::Kind::Max,
                             SymAtom::Kind::FloorDiv, SymAtom::Kind::Mod},
                            kind);
}

bool NormaliseState::canBuild(const SymDim &element) const {
  for (const SymDim &term : element.splitTerms())
    for (const SymDim &factor : term.splitFactors().second) {
      const SymAtom *atom = factor.singleAtom();
      if (sources.contains(factor.symbolName()))
        continue;
      if (!isBuildable(atom->kind) ||
          !llvm::all_of(atom->args, [&](const SymDim &arg) {
            auto low = arg.lowerBound();
            return canBuild(arg) && low && *low >= 0;
          }))
        return false;
    }
  return true;
}

/// One factor of a term: a dimension of an argument, or a function of some.
Value NormaliseState::buildFactor(RewriterBase &rewriter, Location loc,
                                  const SymDim &factor) {
  Type i64 = rewriter.getI64Type();
  auto source = sources.find(factor.symbolName());
  if (source != sources.end()) {
    auto [argument, axis] = source->second;
    return remember(build<ShapeOp>(rewriter, loc, i64, argument,
                                   rewriter.getI64IntegerAttr(axis + 1),
                                   rewriter.getI64IntegerAttr(axis)));
  }
  const SymAtom *atom = factor.singleAtom();
  SmallVector<Value> args;
  for (const SymDim &arg : atom->args)
    args.push_back(buildElement(rewriter, loc, arg));
  switch (atom->kind) {
  case SymAtom::Kind::Min:
    return remember(build<MinOp>(rewriter, loc, i64, args));
  case SymAtom::Kind::Max:
    return remember(build<MaxOp>(rewriter, loc, i64, args));
  case SymAtom::Kind::FloorDiv:
    return remember(build<DivOp>(rewriter, loc, i64, args[0], args[1]));
  default:
    return remember(build<ModOp>(rewriter, loc, i64, args[0], args[1],
                                 rewriter.getI64IntegerAttr(0)));
  }
}

/// One element as `tensor<1xi64>`: a sum of products.
Value NormaliseState::buildElement(RewriterBase &rewriter, Location loc,
                                   const SymDim &element) {
  if (auto value = element.constant())
    return buildInts(rewriter, loc, {*value});
  Type i64 = rewriter.getI64Type();
  Value sum;
  for (const SymDim &term : element.splitTerms()) {
    Value value;
    auto [coefficient, factors] = term.splitFactors();
    for (const SymDim &factor : factors) {
      Value next = buildFactor(rewriter, loc, factor);
      value = value ? remember(build<MulOp>(rewriter, loc, i64, value, next))
                    : next;
    }
    if (!value || coefficient != 1) {
      Value scale = buildInts(rewriter, loc, {coefficient});
      value = value ? remember(build<MulOp>(rewriter, loc, i64, value, scale))
                    : scale;
    }
    sum = sum ? remember(build<AddOp>(rewriter, loc, i64, sum, value)) : value;
  }
  return sum;
}

Value NormaliseState::buildShape(RewriterBase &rewriter, Location loc,
                                 ArrayRef<SymDim> elements) {
  if (auto values = constantShape(elements))
    return buildInts(rewriter, loc, *values);
  // Asked first: a pattern that fails must not have changed anything.
  if (!canBuildShape(elements))
    return nullptr;
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
    parts.push_back(buildElement(rewriter, loc, element));
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
  if (!canBuild(element))
    return nullptr;
  Value part = buildElement(rewriter, loc, element);
  Value axes = buildInts(rewriter, loc, {0});
  return remember(build<SqueezeOp>(rewriter, loc, i64, part, axes));
}

Value NormaliseState::castBuilt(RewriterBase &rewriter, Value value,
                                Type type) {
  if (elementType(value) == type)
    return value;
  return remember(buildCast(rewriter, *this, value.getLoc(), value, type));
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

std::optional<double> skim::onnx::constantSplat(Value value) {
  auto dense = dyn_cast_if_present<DenseElementsAttr>(getConstant(value));
  if (!dense || !dense.isSplat())
    return std::nullopt;
  Type type = dense.getElementType();
  if (isa<FloatType>(type))
    return dense.getSplatValue<APFloat>().convertToDouble();
  APInt bits = dense.getSplatValue<APInt>();
  return type.isUnsignedInteger() || type.isInteger(1)
             ? static_cast<double>(bits.getZExtValue())
             : static_cast<double>(bits.getSExtValue());
}

Value skim::onnx::buildTranspose(RewriterBase &rewriter, NormaliseState &state,
                                 Value value, ArrayRef<int64_t> perm) {
  return state.build<TransposeOp>(rewriter, value.getLoc(), elementType(value),
                                  value, rewriter.getDenseI64ArrayAttr(perm));
}

Value skim::onnx::buildReshape(RewriterBase &rewriter, NormaliseState &state,
                               Location loc, Value value, Value shape) {
  return state.build<ReshapeOp>(rewriter, loc, elementType(value), value, shape,
                                rewriter.getI64IntegerAttr(0));
}

Value skim::onnx::buildCast(RewriterBase &rewriter, NormaliseState &state,
                            Location loc, Value value, Type type) {
  return state.build<CastOp>(rewriter, loc, type, value, StringAttr(),
                             IntegerAttr(),
                             rewriter.getI64IntegerAttr(getDataType(type)));
}

Operation *skim::onnx::rebuild(RewriterBase &rewriter, NormaliseState &state,
                               Operation *op, ValueRange operands,
                               Type element) {
  SmallVector<Type> types;
  for (Value result : op->getResults())
    types.push_back(
        isa<NoneType>(result.getType())
            ? result.getType()
            : UnrankedTensorType::get(element ? element : elementType(result)));
  OperationState opState(op->getLoc(), op->getName(), operands, types,
                         op->getAttrs());
  Operation *built = rewriter.create(opState);
  for (Value result : built->getResults())
    if (!isa<NoneType>(result.getType()))
      result.setType(state.shapes.refinedType(result));
  return built;
}

bool skim::onnx::isNormOfRows(NormaliseState &state, Operation *norm,
                              int64_t rank) {
  return llvm::all_of(llvm::drop_begin(norm->getResults()),
                      [](Value other) { return other.use_empty(); }) &&
         llvm::all_of(llvm::drop_begin(norm->getOperands()), [&](Value value) {
           auto dims = state.shapes.dims(value);
           return isAbsent(value) ||
                  (dims && static_cast<int64_t>(dims->size()) <= rank);
         });
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
    addConvPatterns(patterns, state);
    addEinsumPatterns(patterns, state);
    addExpandPatterns(patterns, state);
    addGatherPatterns(patterns, state);
    addKnownValuePatterns(patterns, state);
    addNormPatterns(patterns, state);
    addProductPatterns(patterns, state);
    addQuantisedPatterns(patterns, state);
    addResizePatterns(patterns, state);
    addSelectPatterns(patterns, state);
    addTransposePatterns(patterns, state);
    addViewPatterns(patterns, state);
    GreedyRewriteConfig config;
    // Constants stay where they are: the order of weights is the model's.
    config.enableFolding(false).enableConstantCSE(false).setListener(&state);
    config.setMaxIterations(100);
    // Any state in between is as exact as the last: no failure if more is left.
    (void)applyPatternsGreedily(func, std::move(patterns), config);
    updateFunctionType(func);
  }
};
} // namespace
