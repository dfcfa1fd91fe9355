//===- VerifyForms.cpp - verifiers of the forms between stages ------------===//
// The constraints of Passes.td; the first op that breaks one is reported, with
// the stage whose promise it breaks.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Pipelines/Passes.h"

namespace skim {
#define GEN_PASS_DEF_VERIFYKERNELSFORMPASS
#define GEN_PASS_DEF_VERIFYLLVMFORMPASS
#define GEN_PASS_DEF_VERIFYONNXFORMPASS
#define GEN_PASS_DEF_VERIFYPACKEDFORMPASS
#define GEN_PASS_DEF_VERIFYSKIMFORMPASS
#include "skim/Pipelines/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

/// Says what breaks a form and which one.
static InFlightDiagnostic complain(Operation *op, StringRef form) {
  return op->emitError() << "does not belong into the " << form << " form: ";
}

static bool isKernelOp(Operation *op) {
  return isa<WeightsOp, WeightsViewOp, PackRowsOp, DispatchOp, CheckOp,
             ReportOp, OutputOp, PruneRowsOp, BlockRowsOp, SkipRowsOp,
             ExitRowsOp, LeadingRowsOp, HoldRowsOp, ScatterRowsOp,
             ComposeRowsOp>(op);
}

/// Applies `check` to every op below `module`.
static LogicalResult checkOps(ModuleOp module,
                              function_ref<LogicalResult(Operation *)> check) {
  WalkResult walked = module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == module)
      return WalkResult::advance();
    return failed(check(op)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

static bool isUnranked(Value value) {
  return isa<UnrankedTensorType>(value.getType());
}

/// States `[batch, sequence, H]` that are not ragged.
static bool isDense(Value value) {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  return tensor && tensor.getRank() == 3 && tensor.getElementType().isF32();
}

static bool isOfRows(Type type) {
  return isRagged(type) || isa<RowsType>(type);
}

/// The forms before kernels: onnx ops, with `skimOps` those of encoders, with
/// `ragged` on ragged states.
static LogicalResult checkTensorForm(ModuleOp module, StringRef form,
                                     bool skimOps, bool ragged) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return module.emitError()
           << "expected a function 'main' with a body in the " << form
           << " form";
  return checkOps(module, [&](Operation *op) -> LogicalResult {
    if (isa<func::FuncOp, func::ReturnOp>(op))
      return success();
    bool isOnnx = isa_and_nonnull<onnx::OnnxDialect>(op->getDialect());
    bool isSkim = isa_and_nonnull<SkimDialect>(op->getDialect());
    if (!isOnnx && !(isSkim && skimOps && !isKernelOp(op)))
      return complain(op, form) << "found " << op->getName();
    for (Value result : op->getResults()) {
      if (isUnranked(result))
        return complain(op, form) << "a result has no rank";
      if (!ragged && isOfRows(result.getType()))
        return complain(op, form) << "found " << result.getType();
    }
    // Linear layers and the like may work on tables of positions as well.
    if (ragged && isa<EmbedOp, AttentionOp>(op) &&
        llvm::any_of(op->getResults(), isDense))
      return complain(op, form) << op->getName() << " on dense states";
    return success();
  });
}

static LogicalResult checkKernelsForm(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (main &&
      (main.getNumResults() != 0 ||
       !llvm::all_of(main.getArgumentTypes(), llvm::IsaPred<MemRefType>)))
    return main.emitError() << "expected a main function of memrefs without "
                               "results, got "
                            << main.getFunctionType();
  return checkOps(module, [&](Operation *op) -> LogicalResult {
    StringRef dialect = op->getName().getDialectNamespace();
    bool allowed = llvm::is_contained({"arith", "math", "memref", "scf",
                                       "vector", "affine", "ub", "func"},
                                      dialect) ||
                   isKernelOp(op) ||
                   isa<LLVM::CallIntrinsicOp, LLVM::IntToPtrOp>(op);
    if (!allowed)
      return complain(op, "kernels") << "found " << op->getName();
    for (Value result : op->getResults())
      if (isa<TensorType>(result.getType()))
        return complain(op, "kernels") << "found " << result.getType();
    return success();
  });
}

static LogicalResult checkLLVMForm(ModuleOp module) {
  return checkOps(module, [&](Operation *op) -> LogicalResult {
    if (isa<WeightsOp>(op) ||
        isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()))
      return success();
    return complain(op, "llvm") << "found " << op->getName();
  });
}

namespace {
struct VerifyOnnxForm : skim::impl::VerifyOnnxFormPassBase<VerifyOnnxForm> {
  void runOnOperation() override {
    if (failed(checkTensorForm(getOperation(), "onnx", /*skimOps=*/false,
                               /*ragged=*/false)))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

struct VerifySkimForm : skim::impl::VerifySkimFormPassBase<VerifySkimForm> {
  void runOnOperation() override {
    if (failed(checkTensorForm(getOperation(), "skim", /*skimOps=*/true,
                               /*ragged=*/false)))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

struct VerifyPackedForm
    : skim::impl::VerifyPackedFormPassBase<VerifyPackedForm> {
  void runOnOperation() override {
    if (failed(checkTensorForm(getOperation(), "packed", /*skimOps=*/true,
                               /*ragged=*/true)))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

struct VerifyKernelsForm
    : skim::impl::VerifyKernelsFormPassBase<VerifyKernelsForm> {
  void runOnOperation() override {
    if (failed(checkKernelsForm(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

struct VerifyLLVMForm : skim::impl::VerifyLLVMFormPassBase<VerifyLLVMForm> {
  void runOnOperation() override {
    if (failed(checkLLVMForm(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
