//===- Facts.cpp - what a stage did, in words -----------------------------===//
// One line each.
//===----------------------------------------------------------------------===//

#include "Facts.h"

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include <map>

using namespace mlir;
using namespace skim;

static std::string plural(uint64_t count, StringRef what) {
  return std::to_string(count) + " " + what.str() + (count == 1 ? "" : "s");
}

std::string skim::countOps(ModuleOp module) {
  std::map<std::string, uint64_t> counts = {{"onnx", 0}, {"skim", 0}};
  module->walk([&](Operation *op) {
    auto found = counts.find(op->getName().getDialectNamespace().str());
    if (found != counts.end() && !isa<onnx::ConstantOp, onnx::NoneOp>(op))
      ++found->second;
  });
  std::string text;
  for (auto &[dialect, count] : counts)
    if (count > 0)
      text += (text.empty() ? "" : ", ") + plural(count, dialect + " op");
  return text;
}

std::string skim::tellNormalised(ModuleOp module) {
  uint64_t quantised = 0;
  module->walk([&](onnx::DynamicQuantizeLinearOp op) { ++quantised; });
  std::string text = countOps(module);
  if (quantised > 0)
    text += "; " + plural(quantised, "tensor") +
            " quantised by the range of all tokens, as the model says "
            "(--dtype=int8: by that of each)";
  return text;
}

std::string skim::tellRaised(const RaiseReport &report) {
  std::string kinds;
  uint64_t total = 0;
  for (auto &[name, count] : report.raised) {
    StringRef kind = name;
    kind.consume_front("skim.");
    kinds +=
        (kinds.empty() ? "" : ", ") + kind.str() + " " + std::to_string(count);
    total += count;
  }
  std::string text = "raised " + plural(total, "op");
  if (!kinds.empty())
    text += " (" + kinds + ")";
  return text + ", left unraised: " +
         (report.unraised.empty() ? "none"
                                  : std::to_string(report.unraised.size()));
}

/// "batch_size x sequence_length": the names of the first two dimensions of the
/// first input that has as many; a length that states have in any run.
static std::string tellPositions(func::FuncOp main) {
  std::string length;
  main.walk([&](PackOp op) {
    auto like = op.getLike() ? cast<RankedTensorType>(op.getLike().getType())
                             : RankedTensorType();
    if (like && like.getRank() == 3 && !like.isDynamicDim(1))
      length = std::to_string(like.getDimSize(1));
  });
  for (unsigned i = 0; i != main.getNumArguments(); ++i) {
    auto dims = main.getArgAttrOfType<ArrayAttr>(i, "onnx.dims");
    auto type = dyn_cast<RankedTensorType>(main.getArgumentTypes()[i]);
    if (!dims || !type || type.getRank() < 2 || dims.size() < 2)
      continue;
    std::string text;
    for (unsigned d = 0; d != 2; ++d) {
      auto name = dyn_cast<StringAttr>(dims[d]);
      text += (d ? " x " : "") + (d && !length.empty()    ? length
                                  : name && !name.empty() ? name.str()
                                                          : std::string("?"));
    }
    return text;
  }
  return "batch x sequence";
}

std::string skim::tellPacked(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  uint64_t masked = 0, whole = 0;
  main.walk([&](PackOp op) { ++(op.getMask() ? masked : whole); });
  std::string text = "no token states";
  if (masked > 0)
    text = "padding removed at entry";
  else if (whole > 0)
    text = "every position is computed";
  if (masked + whole > 0)
    text += "; tokens: at most " + tellPositions(main);
  return text;
}

std::string skim::tellPlanned(ModuleOp module) {
  if (!module->hasAttr("skim.knobs"))
    return "no plan";
  uint64_t prunes = 0, skips = 0, exits = 0, holds = 0;
  StringRef criterion;
  module->walk([&](Operation *op) {
    prunes += isa<PruneOp>(op);
    skips += isa<SkipBlocksOp>(op);
    holds += isa<HoldOp>(op);
    if (auto exit = dyn_cast<EarlyExitOp>(op)) {
      ++exits;
      criterion = stringifyCriterion(exit.getCriterion());
    }
  });
  std::string text;
  auto add = [&](const std::string &part) {
    text += (text.empty() ? "" : "; ") + part;
  };
  if (prunes > 0)
    add("tokens pruned in " + plural(prunes, "layer"));
  if (skips > 0)
    add("blocks skipped in " + plural(skips, "layer"));
  if (exits > 0)
    add(plural(exits, "early exit") + " (" + criterion.str() + ")");
  if (holds > 0)
    add("states of dropped tokens held for " + plural(holds, "output"));
  return text.empty() ? "nothing to skip" : text;
}
