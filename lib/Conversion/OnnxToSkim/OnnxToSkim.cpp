//===- OnnxToSkim.cpp - onnx graphs to the skim dialect -------------------===//
// The pass: runs the families' patterns in their order, keeps why patterns
// failed and reports what stays.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/OnnxToSkim/OnnxToSkim.h"

#include "Patterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "skim/Conversion/Passes.h"

namespace skim {
#define GEN_PASS_DEF_CONVERTONNXTOSKIMPASS
#include "skim/Conversion/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;
using namespace skim::raise;

namespace {

/// Keeps the context true while patterns rewrite, and why they failed.
struct RaiseListener : RewriterBase::Listener {
  explicit RaiseListener(RaiseContext &context) : context(context) {}

  void notifyOperationErased(Operation *op) override { context.forget(op); }

  void notifyMatchFailure(Location loc,
                          function_ref<void(Diagnostic &)> reason) override {
    Diagnostic diagnostic(loc, DiagnosticSeverity::Remark);
    reason(diagnostic);
    reasons[loc] = diagnostic.str();
  }

  RaiseContext &context;
  DenseMap<Location, std::string> reasons;
};

using Populate = void (*)(RewritePatternSet &, RaiseContext &);

struct ConvertOnnxToSkimPass
    : public skim::impl::ConvertOnnxToSkimPassBase<ConvertOnnxToSkimPass> {
  using ConvertOnnxToSkimPassBase::ConvertOnnxToSkimPassBase;
  explicit ConvertOnnxToSkimPass(RaiseReport *result) : result(result) {}

  void runOnOperation() override {
    DenseMap<Location, std::string> reasons;
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isExternal() && failed(raise(func, reasons)))
        return signalPassFailure();
    RaiseReport local;
    RaiseReport &made = result ? *result : local;
    made = {};
    getOperation().walk([&](Operation *op) {
      if (isa_and_present<SkimDialect>(op->getDialect())) {
        ++made.raised[op->getName().stripDialect().str()];
        ++raisedOps;
      }
    });
    made.unraised = collectUnraised(getOperation());
    unraisedOps += made.unraised.size();
    for (UnraisedOp &left : made.unraised) {
      left.reason = reasons.lookup(left.op->getLoc());
      if (report)
        emitRemark(left.op->getLoc())
            << left.node << " stays"
            << (left.reason.empty() ? "" : ": " + left.reason);
    }
  }

private:
  LogicalResult raise(func::FuncOp func,
                      DenseMap<Location, std::string> &reasons);

  RaiseReport *result = nullptr;
};

LogicalResult
ConvertOnnxToSkimPass::raise(func::FuncOp func,
                             DenseMap<Location, std::string> &reasons) {
  onnx::SymbolicShapes shapes(func);
  RaiseContext context(shapes, func);
  // All is known before the first rewrite: rules look at onnx ops only.
  func.walk([&](Operation *op) {
    for (Value value : op->getResults())
      (void)shapes.dims(value);
  });
  RaiseListener listener(context);
  GreedyRewriteConfig config;
  config.enableFolding(false).enableConstantCSE(false).setListener(&listener);
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  // Larger forms before the simple ops that they are made of.
  const SmallVector<SmallVector<Populate>> phases = {
      {populateLinearPatterns, populateQuantisedPatterns, populateNormPatterns,
       populateGeluPatterns},
      {populateEmbeddingPatterns, populateAttentionPatterns},
      {populatePoolPatterns, populateLinearPatterns},
      {populateStatePatterns, populateGatePatterns, populateLinearPatterns},
  };
  for (const SmallVector<Populate> &phase : phases) {
    RewritePatternSet patterns(&getContext());
    for (Populate populate : phase)
      populate(patterns, context);
    if (failed(applyPatternsGreedily(func, std::move(patterns), config)))
      return func.emitError("raising does not come to an end");
  }
  dropLoneEmbeddings(func, context);
  markCountedIds(func, context);
  reasons.insert(listener.reasons.begin(), listener.reasons.end());
  return success();
}

} // namespace

std::unique_ptr<Pass> skim::createConvertOnnxToSkimPass(RaiseReport *report) {
  return std::make_unique<ConvertOnnxToSkimPass>(report);
}
