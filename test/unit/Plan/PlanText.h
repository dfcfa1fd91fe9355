//===- PlanText.h - plans and files for tests -------------------*- C++ -*-===//
// Sections that are right, but for their closing brace, what reading a plan
// says, and a folder of plan and tensors.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_PLAN_PLANTEXT_H
#define SKIM_TEST_UNIT_PLAN_PLANTEXT_H

#include "skim/Plan/Plan.h"

#include "SafetensorsWriter.h"
#include "gtest/gtest.h"

namespace skim::test {

inline const std::string kPruning =
    R"("token_pruning": {"method": "ltp", "layers": [1, 3],
       "thresholds": [0.001, 0.5], "denominator_tokens": 128)";
inline const std::string kSkim =
    R"("block_skim": {"layers": [0], "block_size": 4, "threshold": 0.25)";
inline const std::string kExit =
    R"("early_exit": {"layers": [0, 2], "output": "logits", "head": "linear",
       "criterion": "entropy", "threshold": 0.1)";

inline std::string document(const std::string &fields) {
  return "{\"version\": 1, " + fields + "}";
}

/// A plan that is right as far as it tells without a model.
inline llvm::Expected<Plan> readPlan(const std::string &text,
                                     const std::string &directory) {
  llvm::Expected<Plan> plan = parsePlanText(text, directory);
  if (!plan)
    return plan;
  if (llvm::Error error = checkPlan(*plan, ModelFacts()))
    return std::move(error);
  return plan;
}

/// What is wrong with a plan, or "".
inline std::string errorOf(const std::string &text,
                           const std::string &directory = "") {
  llvm::Expected<Plan> plan = readPlan(text, directory);
  return plan ? "" : llvm::toString(plan.takeError());
}

/// A folder with the tensors of block skimming (3 heads) and linear exits
/// (width 8, 2 classes) in layers 0 to 2, and what tests add or change.
struct PlanFiles : testing::Test {
  PlanFiles() {
    for (int layer : {0, 1, 2}) {
      std::string skim = "block_skim." + std::to_string(layer) + ".";
      for (std::string place : {"1", "2"}) {
        file.add(skim + "conv" + place + ".weight", {3, 3, 3, 3});
        file.add(skim + "conv" + place + ".bias", {3});
        for (std::string part :
             {"weight", "bias", "running_mean", "running_var"})
          file.add(skim + "bn" + place + "." + part, {3});
      }
      file.add(skim + "fc.weight", {2, 3});
      file.add(skim + "fc.bias", {2});
      std::string exit = "early_exit." + std::to_string(layer) + ".";
      file.add(exit + "classifier.weight", {2, 8});
      file.add(exit + "classifier.bias", {2});
    }
  }

  /// Reads a plan beside the file of tensors.
  llvm::Expected<Plan> read(const std::string &fields) {
    file.write(folder.path("plan.safetensors"));
    return readPlan(document(R"("tensors": "plan.safetensors", )" + fields),
                    folder.path(""));
  }

  /// The plan's error, or the error of checking it against four layers.
  std::string check(const std::string &fields, ModelFacts facts = {}) {
    llvm::Expected<Plan> plan = read(fields);
    if (!plan)
      return llvm::toString(plan.takeError());
    if (facts.layers.empty())
      facts.layers.assign(4, {3, 8});
    llvm::Error error = checkPlan(*plan, facts);
    return llvm::toString(std::move(error));
  }

  TemporaryFolder folder;
  SafetensorsWriter file;
};
} // namespace skim::test

#endif // SKIM_TEST_UNIT_PLAN_PLANTEXT_H
