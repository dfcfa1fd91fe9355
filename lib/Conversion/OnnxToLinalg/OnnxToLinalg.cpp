//===- OnnxToLinalg.cpp - the pass ----------------------------------------===//
// Signatures and constants first, then the families' patterns on every op.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/OnnxToLinalg/Passes.h"

#include "Constants.h"
#include "Patterns.h"
#include "mlir/Transforms/RegionUtils.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

namespace skim {
#define GEN_PASS_DEF_CONVERTONNXTOLINALGPASS
#include "skim/Conversion/OnnxToLinalg/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// Unsigned integers become signless ones.
static Type convertType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  auto integer =
      tensor ? dyn_cast<IntegerType>(tensor.getElementType()) : IntegerType();
  if (!integer || integer.isSignless())
    return type;
  return tensor.clone(IntegerType::get(type.getContext(), integer.getWidth()));
}

static Value castTo(OpBuilder &builder, Type type, ValueRange inputs,
                    Location loc) {
  return UnrealizedConversionCastOp::create(builder, loc, type, inputs)
      .getResult(0);
}

/// Gives the function a signature of converted types; casts lead to the types
/// that the body has so far.
static void convertSignature(func::FuncOp function) {
  if (function.isExternal())
    return;
  Block &entry = function.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&entry);
  for (BlockArgument argument : entry.getArguments()) {
    Type from = argument.getType(), to = convertType(from);
    if (from == to)
      continue;
    argument.setType(to);
    Value cast = castTo(builder, from, argument, argument.getLoc());
    argument.replaceAllUsesExcept(cast, cast.getDefiningOp());
  }
  Operation *end = entry.getTerminator();
  builder.setInsertionPoint(end);
  for (OpOperand &operand : end->getOpOperands()) {
    Type to = convertType(operand.get().getType());
    if (to != operand.get().getType())
      operand.set(castTo(builder, to, operand.get(), end->getLoc()));
  }
  function.setFunctionType(builder.getFunctionType(
      entry.getArgumentTypes(), llvm::to_vector(end->getOperandTypes())));
}

/// The dimensions of the arguments, those of one name as one value.
static void readArguments(func::FuncOp function, ArgumentDims &arguments) {
  if (function.isExternal())
    return;
  Block &entry = function.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&entry);
  llvm::StringMap<Value> named;
  for (BlockArgument argument : entry.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                                      "onnx.dims");
    for (int64_t i = 0; type && i != type.getRank(); ++i) {
      if (!type.isDynamicDim(i))
        continue;
      StringRef name;
      if (names && i < int64_t(names.size()))
        if (auto text = dyn_cast<StringAttr>(names[i]))
          name = text.getValue();
      Value known = name.empty() ? Value() : named.lookup(name);
      if (!known)
        known = tensor::DimOp::create(builder, function.getLoc(), argument, i);
      if (!name.empty())
        named[name] = known;
      arguments[{argument, i}] = known;
    }
  }
}

void skim::lowering::replaceNode(Emitter &e,
                                 ConversionPatternRewriter &rewriter,
                                 const Values &results) {
  Values values;
  for (unsigned i = 0; i != e.op->getNumResults(); ++i) {
    if (isa<NoneType>(e.op->getResult(i).getType())) {
      values.push_back(onnx::NoneOp::create(rewriter, e.loc));
      continue;
    }
    RankedTensorType type = e.resultType(i);
    Value value = results[i];
    if (value.getType() != type) {
      e.settle(e.dims(value), type);
      value = tensor::CastOp::create(rewriter, e.loc, type, value);
    }
    values.push_back(value);
  }
  rewriter.replaceOp(e.op, values);
}

static void addPatterns(Family &family) {
  addActivationLowerings(family);
  addAttentionLowerings(family);
  addElementwiseLowerings(family);
  addGatherLowerings(family);
  addGenerateLowerings(family);
  addMatMulLowerings(family);
  addConvLowerings(family);
  addNNLowerings(family);
  addPartLowerings(family);
  addPoolLowerings(family);
  addQuantLowerings(family);
  addReduceLowerings(family);
  addScatterLowerings(family);
  addSelectLowerings(family);
  addShapeLowerings(family);
}

static bool isOnnx(Operation *op) {
  return isa_and_nonnull<onnx::OnnxDialect>(op->getDialect());
}

namespace {
struct ConvertOnnxToLinalg
    : skim::impl::ConvertOnnxToLinalgPassBase<ConvertOnnxToLinalg> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    ArgumentDims arguments;
    module.walk([&](func::FuncOp function) {
      convertSignature(function);
      readArguments(function, arguments);
    });
    FailureOr<int64_t> weights = lowerConstants(module, constantLimit);
    if (failed(weights))
      return signalPassFailure();
    numWeights += *weights;
    module.walk([&](Operation *op) {
      numLowered += isOnnx(op) && !isa<onnx::NoneOp, onnx::ConstantOp>(op);
    });
    if (failed(convert(module, arguments)))
      return signalPassFailure();
    removeDead(module);
  }

private:
  LogicalResult convert(ModuleOp module, const ArgumentDims &arguments);
  void removeDead(ModuleOp module);
};
} // namespace

LogicalResult ConvertOnnxToLinalg::convert(ModuleOp module,
                                           const ArgumentDims &arguments) {
  TypeConverter converter;
  converter.addConversion(convertType);
  converter.addSourceMaterialization(castTo);
  converter.addTargetMaterialization(castTo);
  RewritePatternSet patterns(&getContext());
  std::string reason;
  Family family{converter, patterns, arguments, reason};
  addPatterns(family);
  ConversionTarget target(getContext());
  target.addIllegalDialect<onnx::OnnxDialect>();
  target.addLegalOp<onnx::NoneOp, onnx::ConstantOp>();
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });

  // The driver's own message says only that an op is illegal: keep its place.
  std::optional<Location> place;
  LogicalResult converted = success();
  {
    ScopedDiagnosticHandler quiet(&getContext(), [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error && !place)
        place = diagnostic.getLocation();
      return success();
    });
    converted = applyPartialConversion(module, target, std::move(patterns));
  }
  if (succeeded(converted))
    return success();
  Operation *culprit = nullptr;
  module.walk([&](Operation *op) {
    if (isOnnx(op) && !target.isLegal(op) && op->getLoc() == place)
      culprit = culprit ? culprit : op;
  });
  if (!culprit)
    return module.emitError("expected every onnx op to have a lowering");
  return culprit->emitError()
         << onnx::describe(culprit) << ": cannot be lowered: "
         << (reason.empty() ? "no lowering for the op" : StringRef(reason));
}

/// Casts that meet, constants and shapes that nothing uses any more.
void ConvertOnnxToLinalg::removeDead(ModuleOp module) {
  SmallVector<UnrealizedConversionCastOp> casts;
  module.walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
  reconcileUnrealizedCasts(casts);
  IRRewriter rewriter(&getContext());
  (void)runRegionDCE(rewriter, module->getRegions());
}
