//===- SkimToKernels.cpp - turn encoder ops into calls of kernels ---------===//
// Rewrites the main function in one pass over its ops, in order.
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "skim/Codegen/HalideKernels.h"
#include "skim/Codegen/KernelChoices.h"
#include "skim/Conversion/SkimToKernels/Passes.h"
#include "skim/Target/CpuTarget.h"
#include "llvm/ADT/MapVector.h"

namespace skim {
#define GEN_PASS_DEF_CONVERTSKIMTOKERNELSPASS
#include "skim/Conversion/SkimToKernels/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

/// Inputs become memrefs; inside they are tensors as before.
static LogicalResult convertInputs(func::FuncOp main, Lowering &lowering) {
  Block &block = main.front();
  lowering.builder.setInsertionPointToStart(&block);
  for (BlockArgument argument : block.getArguments()) {
    if (isa<MemRefType>(argument.getType()))
      continue;
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return main.emitError()
             << "expected input " << argument.getArgNumber()
             << " to be a ranked tensor, got " << argument.getType();
    argument.setType(MemRefType::get(type.getShape(), type.getElementType()));
    Value tensor = lowering.asTensor(argument);
    argument.replaceAllUsesExcept(tensor, tensor.getDefiningOp());
  }
  return success();
}

/// Names and dimensions of the outputs, which the function's results had.
static void keepOutputNames(func::FuncOp main) {
  Builder builder(main.getContext());
  SmallVector<Attribute> outputs;
  for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
    NamedAttrList attributes;
    if (DictionaryAttr given = main.getResultAttrDict(index))
      attributes.append(given.begin(), given.end());
    attributes.set("type", TypeAttr::get(type));
    outputs.push_back(attributes.getDictionary(main.getContext()));
  }
  main->setAttr("skim.outputs", builder.getArrayAttr(outputs));
}

static void convertOutputs(func::FuncOp main, Lowering &lowering) {
  OpBuilder &builder = lowering.builder;
  auto terminator = cast<func::ReturnOp>(main.front().getTerminator());
  builder.setInsertionPoint(terminator);
  keepOutputNames(main);
  for (auto [index, value] : llvm::enumerate(terminator.getOperands()))
    OutputOp::create(builder, value.getLoc(), lowering.bufferOf(value),
                     uint64_t(index));
  func::ReturnOp::create(builder, terminator.getLoc());
  terminator.erase();
  main.setResAttrsAttr(nullptr);
  main.setFunctionType(
      builder.getFunctionType(main.front().getArgumentTypes(), TypeRange()));
}

/// Removes what only ops that are gone have read.
static void eraseDeadConstants(Block &block) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(block.getOperations()))) {
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        eraseDeadConstants(inner);
    if (op.use_empty() && (op.hasTrait<OpTrait::ConstantLike>() ||
                           isa<bufferization::ToTensorOp>(op)))
      op.erase();
  }
}

namespace {
class ConvertSkimToKernels
    : public skim::impl::ConvertSkimToKernelsPassBase<ConvertSkimToKernels> {
public:
  using ConvertSkimToKernelsPassBase::ConvertSkimToKernelsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    llvm::Expected<CpuTarget> cpu = resolveCpuTarget(mcpu, mtriple);
    if (!cpu) {
      module.emitError() << llvm::toString(cpu.takeError());
      return signalPassFailure();
    }
    std::optional<Dtype> numbers = symbolizeDtype(dtype);
    if (!numbers || *numbers == Dtype::Uint8) {
      module.emitError() << "dtype: expected fp32, bf16, int8 or int8x3, got '"
                         << dtype << "'";
      return signalPassFailure();
    }
    TargetInfo target = TargetInfo::get(*cpu);
    if (*numbers == Dtype::Int8x3 && !target.hasTiles(*numbers)) {
      module.emitError() << "dtype: int8x3 needs AMX-INT8, which cpu '"
                         << target.name << "' has not";
      return signalPassFailure();
    }
    llvm::Expected<std::unique_ptr<KernelEmitter>> emitter =
        createEmitter(module, target);
    if (!emitter) {
      module.emitError() << "--kernels=" << kernels << ": "
                         << llvm::toString(emitter.takeError());
      return signalPassFailure();
    }
    WeightsTable weights(module);
    Lowering lowering(main, **emitter, target, weights, *numbers);
    if (failed(convert(main, lowering)))
      return signalPassFailure();
    numDispatches += lowering.numDispatches;
    numWeights += weights.size();
    for (auto &[first, group] : lowering.merged)
      numMerged += group.size() - 1;
  }

private:
  llvm::Expected<std::unique_ptr<KernelEmitter>>
  createEmitter(ModuleOp module, const TargetInfo &target) {
    if (kernels == "auto")
      return createAutoKernelEmitter(module, target, measuredChoices());
    std::unique_ptr<KernelEmitter> plain =
        createCpuKernelEmitter(module, target);
    if (kernels == "mlir")
      return plain;
    if (kernels != "halide")
      return llvm::createStringError("expected auto, mlir or halide");
    if (llvm::Error error = openHalide())
      return error;
    return createHalideKernelEmitter(module, target, std::move(plain));
  }
  static LogicalResult convert(func::FuncOp main, Lowering &lowering) {
    if (failed(convertInputs(main, lowering)))
      return failure();
    SmallVector<Operation *> dead;
    if (failed(lowering.lowerBlock(main.front(), dead)))
      return failure();
    convertOutputs(main, lowering);
    for (Operation *op : llvm::reverse(dead))
      op->erase();
    eraseDeadConstants(main.front());
    return success();
  }
};
} // namespace

std::string skim::listKernels(ModuleOp module) {
  llvm::MapVector<StringRef, int64_t> counts;
  module.walk([&](DispatchOp op) { ++counts[op.getKernel()]; });
  std::string text;
  for (auto &[name, count] : counts) {
    if (!text.empty())
      text += ", ";
    text += name.str();
    if (count > 1)
      text += " x " + std::to_string(count);
  }
  return text;
}
