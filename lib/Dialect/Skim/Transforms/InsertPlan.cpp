//===- InsertPlan.cpp - put a plan's methods into a model -----------------===//
// The pass: reads the plan, checks it against the model, and puts in its parts
// in the order in which they act.
//===----------------------------------------------------------------------===//

#include "InsertPlan.h"
#include "skim/Dialect/Skim/Transforms/InsertPlanPass.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"

namespace skim {
#define GEN_PASS_DEF_SKIMINSERTPLANPASS
#include "skim/Dialect/Skim/Transforms/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

/// Attribute of the module that lists the knobs of the run.
static constexpr StringLiteral kKnobsAttr = "skim.knobs";

static std::vector<std::pair<std::string, double>> listKnobs(const Plan &plan) {
  std::vector<std::pair<std::string, double>> knobs;
  if (plan.tokenPruning)
    knobs.push_back({"token_pruning.scale", 1.0});
  if (plan.blockSkim)
    knobs.push_back({"block_skim.threshold", plan.blockSkim->threshold});
  if (plan.earlyExit)
    for (auto [layer, threshold] :
         llvm::zip(plan.earlyExit->layers, plan.earlyExit->thresholds))
      knobs.push_back({exitKnob(layer), threshold});
  return knobs;
}

static ArrayAttr makeKnobs(const Plan &plan, MLIRContext *context) {
  Builder builder(context);
  SmallVector<Attribute> knobs;
  for (auto &[name, initial] : listKnobs(plan))
    knobs.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", builder.getStringAttr(name)),
         builder.getNamedAttr("initial", builder.getF64FloatAttr(initial))}));
  return builder.getArrayAttr(knobs);
}

/// What the plan's numbers and tensors must fit.
static ModelFacts describe(const PlannedModel &model) {
  ModelFacts facts;
  for (const EncoderLayer &layer : model.layers) {
    AttentionOp attention = layer.attention;
    facts.layers.push_back({static_cast<int64_t>(attention.getHeads()),
                            getWidth(layer.output.getType())});
  }
  if (!model.plan.earlyExit)
    return facts;
  std::optional<unsigned> output =
      model.findOutput(model.plan.earlyExit->output);
  if (!output)
    return facts;
  auto type = dyn_cast<RankedTensorType>(model.main.getResultTypes()[*output]);
  if (type && type.getRank() == 2 && !type.isDynamicDim(1))
    facts.classes = type.getDimSize(1);
  return facts;
}

namespace {

class InsertPlanPass
    : public skim::impl::SkimInsertPlanPassBase<InsertPlanPass> {
public:
  using SkimInsertPlanPassBase::SkimInsertPlanPassBase;
  explicit InsertPlanPass(const Plan *given) : given(given) {}

  void runOnOperation() override {
    if (given) {
      if (failed(insert(*given)))
        signalPassFailure();
      return;
    }
    if (plan.empty())
      return;
    llvm::Expected<Plan> read = parsePlan(plan);
    if (!read) {
      getOperation().emitError() << llvm::toString(read.takeError());
      return signalPassFailure();
    }
    if (failed(insert(*read)))
      signalPassFailure();
  }

private:
  LogicalResult insert(const Plan &plan) {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return module.emitError("expected a function 'main' with a body");
    PlannedModel model(main, plan);
    if (failed(model.analyse()))
      return failure();
    if (llvm::Error error = checkPlan(plan, describe(model)))
      return main.emitError() << llvm::toString(std::move(error));
    if (failed(insertCuts(model)) || failed(insertRestores(model)) ||
        failed(insertExits(model)))
      return failure();
    module->setAttr(kKnobsAttr, makeKnobs(plan, module.getContext()));
    count(module);
    return success();
  }

  void count(ModuleOp module) {
    module.walk([&](Operation *op) {
      numPrunes += isa<PruneOp>(op);
      numSkips += isa<SkipBlocksOp>(op);
      numExits += isa<EarlyExitOp>(op);
    });
  }

  const Plan *given = nullptr;
};

} // namespace

std::unique_ptr<Pass> skim::createSkimInsertPlanPass(const Plan *plan) {
  return std::make_unique<InsertPlanPass>(plan);
}
