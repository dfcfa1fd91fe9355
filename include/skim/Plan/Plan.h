//===- Plan.h - which tokens, blocks and sequences to skip ------*- C++ -*-===//
// The plan file, read and checked. Every message names the file and the JSON
// path, what was expected and what was found.
//===----------------------------------------------------------------------===//

#ifndef SKIM_PLAN_PLAN_H
#define SKIM_PLAN_PLAN_H

#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Plan/Safetensors.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skim {

/// Cuts tokens by the attention that they receive (`ltp`).
struct TokenPruning {
  std::vector<int64_t> layers;
  std::vector<double> thresholds; // one for each layer
  /// N of the importance; none: the live tokens of the sequence.
  std::optional<int64_t> denominatorTokens;
  Place place = Place::BeforeFFN;
  std::vector<int64_t> protect = {0}; // ascending
};

/// Cuts blocks of tokens by the attention among themselves.
struct BlockSkim {
  std::vector<int64_t> layers;
  int64_t blockSize = 0;
  double threshold = 0;
  BatchAlign batchAlign = BatchAlign::None;
  std::vector<int64_t> protect = {0};   // ascending
  std::vector<int64_t> protectSegments; // ascending
};

enum class ExitHead { Linear, Pooler, MeanLinear, FastBert, ScalarMix };

/// Lets sequences leave whose answer is sure enough.
struct EarlyExit {
  std::vector<int64_t> layers;
  std::string output;
  ExitHead head = ExitHead::Linear;
  Criterion criterion = Criterion::Entropy;
  std::vector<double> thresholds;   // one for each layer
  std::vector<double> temperatures; // one for each layer
};

struct Plan {
  /// How messages call it: the file, or "plan".
  std::string name;
  std::optional<TokenPruning> tokenPruning;
  std::optional<BlockSkim> blockSkim;
  std::optional<EarlyExit> earlyExit;
  /// What sequence outputs hold at dropped tokens; none: what the head makes of
  /// their last state.
  std::optional<double> fill;
  /// Tensors of predictors and heads; null where the plan names no file.
  std::shared_ptr<const Safetensors> tensors;

  /// An error about the field at `path`: "plan.json: path: message".
  llvm::Error error(const llvm::Twine &path, const llvm::Twine &message) const;
};

/// What a plan is checked against.
struct ModelFacts {
  struct Layer {
    int64_t heads = 0;
    int64_t hidden = 0;
  };
  std::vector<Layer> layers;
  /// Classes of the output that early exit replaces; 0: unknown.
  int64_t classes = 0;
};

/// A tensor that a plan needs, with its shape.
struct PlanTensor {
  std::string name;
  std::vector<int64_t> shape;
};

/// Reads the plan file at `path` and checks each field for itself; its tensors
/// lie beside it.
llvm::Expected<Plan> parsePlan(llvm::StringRef path);

/// The same of a plan's text; a relative path of tensors begins at `directory`.
llvm::Expected<Plan> parsePlanText(llvm::StringRef text,
                                   llvm::StringRef directory,
                                   llvm::StringRef name = "plan");

/// Whether there is a file of tensors where a section needs one.
llvm::Error checkTensorFile(const Plan &plan);

/// Checks layers, then tensors and their shapes, against a model; without its
/// facts as far as a plan alone tells.
llvm::Error checkPlan(const Plan &plan, const ModelFacts &facts);

/// The tensors that the predictors and heads of a plan read.
std::vector<PlanTensor> listTensors(const Plan &plan, const ModelFacts &facts);

/// Names of the tensors in the plan's file that nothing reads.
std::vector<std::string> listExtraTensors(const Plan &plan);

/// Name of a knob: "token_pruning.scale", "block_skim.threshold",
/// "early_exit.threshold.3".
std::string exitKnob(int64_t layer);

} // namespace skim

#endif // SKIM_PLAN_PLAN_H
