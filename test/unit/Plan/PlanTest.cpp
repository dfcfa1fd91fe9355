//===- PlanTest.cpp - the fields of plans ---------------------------------===//
// One negative test for each message.
//===----------------------------------------------------------------------===//

#include "PlanText.h"
#include "gtest/gtest.h"

using namespace skim;
using namespace skim::test;

/// The error of a pruning section with one more field.
static std::string pruningError(const std::string &field) {
  return errorOf(document(kPruning + ", " + field + "}"));
}

TEST(Plan, ReadsEveryFieldOfPruning) {
  llvm::Expected<Plan> plan = parsePlanText(
      document(kPruning + R"(, "place": "after_layer", "protect": [7, 2]})"),
      "");
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  const TokenPruning &pruning = *plan->tokenPruning;
  EXPECT_EQ(pruning.layers, (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(pruning.thresholds, (std::vector<double>{0.001, 0.5}));
  EXPECT_EQ(pruning.denominatorTokens, std::optional<int64_t>(128));
  EXPECT_EQ(pruning.place, Place::AfterLayer);
  EXPECT_EQ(pruning.protect, (std::vector<int64_t>{2, 7}));
  EXPECT_FALSE(plan->blockSkim || plan->earlyExit || plan->fill);
}

TEST(Plan, HasDefaultsForPruning) {
  llvm::Expected<Plan> plan = parsePlanText(
      document(R"("token_pruning": {"method": "ltp", "layers": [0],
        "thresholds": [0], "denominator_tokens": "alive"})"),
      "");
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  EXPECT_EQ(plan->tokenPruning->denominatorTokens, std::nullopt);
  EXPECT_EQ(plan->tokenPruning->place, Place::BeforeFFN);
  EXPECT_EQ(plan->tokenPruning->protect, (std::vector<int64_t>{0}));
}

TEST_F(PlanFiles, ReadsEveryFieldOfSkimming) {
  llvm::Expected<Plan> plan =
      read(kSkim + R"(, "batch_align": "max", "protect": [],
                        "protect_segments": [1, 0]}, "restore": {"fill": -100})");
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  const BlockSkim &skim = *plan->blockSkim;
  EXPECT_EQ(skim.layers, (std::vector<int64_t>{0}));
  EXPECT_EQ(skim.blockSize, 4);
  EXPECT_EQ(skim.threshold, 0.25);
  EXPECT_EQ(skim.batchAlign, BatchAlign::Max);
  EXPECT_TRUE(skim.protect.empty());
  EXPECT_EQ(skim.protectSegments, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(plan->fill, std::optional<double>(-100));
}

TEST_F(PlanFiles, HasDefaultsForSkimming) {
  llvm::Expected<Plan> plan = read(kSkim + R"(}, "restore": "hold")");
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  EXPECT_EQ(plan->blockSkim->batchAlign, BatchAlign::None);
  EXPECT_EQ(plan->blockSkim->protect, (std::vector<int64_t>{0}));
  EXPECT_TRUE(plan->blockSkim->protectSegments.empty());
  EXPECT_FALSE(plan->fill);
}

TEST_F(PlanFiles, ReadsEveryFieldOfExits) {
  llvm::Expected<Plan> plan =
      read(R"("early_exit": {"layers": [0, 2], "output": "logits",
        "head": "mean_linear", "criterion": "max_probability",
        "threshold": [0.5, 0.75], "temperature": [1, 2.5]})");
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  const EarlyExit &exit = *plan->earlyExit;
  EXPECT_EQ(exit.layers, (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(exit.output, "logits");
  EXPECT_EQ(exit.head, ExitHead::MeanLinear);
  EXPECT_EQ(exit.criterion, Criterion::MaxProbability);
  EXPECT_EQ(exit.thresholds, (std::vector<double>{0.5, 0.75}));
  EXPECT_EQ(exit.temperatures, (std::vector<double>{1, 2.5}));
}

TEST_F(PlanFiles, SpreadsOneThresholdOverAllExits) {
  llvm::Expected<Plan> plan = read(kExit + "}");
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  EXPECT_EQ(plan->earlyExit->thresholds, (std::vector<double>{0.1, 0.1}));
  EXPECT_EQ(plan->earlyExit->temperatures, (std::vector<double>{1, 1}));
}

TEST(Plan, MayBeEmpty) { EXPECT_EQ(errorOf("{\"version\": 1}"), ""); }

TEST(Plan, RefusesWhatIsNoJson) {
  EXPECT_EQ(errorOf("{\"version\": 1,}")
                .find("plan: expected JSON, got an "
                      "error at [1:"),
            0u);
  EXPECT_EQ(errorOf("").find("plan: expected JSON, got an error at"), 0u);
  EXPECT_EQ(errorOf("[]"), "plan: expected an object, got an empty list");
  EXPECT_EQ(errorOf(std::string(100000, '[')),
            "plan: expected nesting of at most 64 levels, got more");
}

TEST(Plan, RefusesFieldsGivenTwice) {
  EXPECT_EQ(errorOf(R"({"version": 1, "version": 1})"),
            "plan: version: expected the field once, got it twice");
  EXPECT_EQ(
      pruningError(R"("protect": [0], "protect": [1])"),
      "plan: token_pruning.protect: expected the field once, got it twice");
}

TEST(Plan, RefusesUnknownFields) {
  EXPECT_EQ(errorOf(document(R"("pruning": {})")),
            "plan: pruning: unknown field, expected one of version, tensors, "
            "token_pruning, block_skim, early_exit, restore");
  EXPECT_EQ(pruningError(R"("keep": 1)"),
            "plan: token_pruning.keep: unknown field, expected one of method, "
            "layers, thresholds, denominator_tokens, place, protect");
  EXPECT_EQ(errorOf(document(R"("restore": {"fill": 0, "hold": 1})")),
            "plan: restore.hold: unknown field, expected one of fill");
}

TEST(Plan, RefusesOtherVersions) {
  EXPECT_EQ(errorOf("{}"), "plan: version: expected the field, got none");
  EXPECT_EQ(errorOf(R"({"version": 2})"),
            "plan: version: expected version 1, got 2");
  EXPECT_EQ(errorOf(R"({"version": "1"})"),
            "plan: version: expected version 1, got '1'");
}

TEST(Plan, RefusesWrongTypes) {
  EXPECT_EQ(errorOf(document(R"("token_pruning": null)")),
            "plan: token_pruning: expected an object, got null");
  EXPECT_EQ(errorOf(document(R"("tensors": 1)")),
            "plan: tensors: expected the name of a safetensors file, got 1");
  EXPECT_EQ(errorOf(document(R"("tensors": "")")),
            "plan: tensors: expected the name of a safetensors file, got an "
            "empty string");
  EXPECT_EQ(pruningError(R"("protect": 0)"),
            "plan: token_pruning.protect: expected a list of integers, got 0");
  EXPECT_EQ(pruningError(R"("protect": [0.5])"),
            "plan: token_pruning.protect[0]: expected an integer of 0 or more, "
            "got 0.5");
  EXPECT_EQ(
      errorOf(document(R"("restore": "drop")")),
      "plan: restore: expected 'hold' or an object with the field 'fill', "
      "got 'drop'");
}

TEST(Plan, NamesMissingFields) {
  EXPECT_EQ(errorOf(document(R"("token_pruning": {})")),
            "plan: token_pruning.method: expected the field, got none");
  EXPECT_EQ(errorOf(document(R"("block_skim": {"layers": [0]})")),
            "plan: block_skim.block_size: expected the field, got none");
  EXPECT_EQ(errorOf(document(R"("early_exit": {"layers": [0]})")),
            "plan: early_exit.output: expected the field, got none");
  EXPECT_EQ(errorOf(document(R"("restore": {})")),
            "plan: restore.fill: expected the field, got none");
}

TEST(Plan, RefusesUnknownChoices) {
  EXPECT_EQ(errorOf(document(R"("token_pruning": {"method": "topk"})")),
            "plan: token_pruning.method: expected 'ltp', got 'topk'");
  EXPECT_EQ(
      pruningError(R"("place": "before")"),
      "plan: token_pruning.place: expected one of before_ffn, after_layer, "
      "got 'before'");
  EXPECT_EQ(
      errorOf(document(kSkim + R"(, "batch_align": "min"})")),
      "plan: block_skim.batch_align: expected one of none, max, got 'min'");
}

/// The error of a pruning section with these layers and thresholds.
static std::string layersError(const std::string &layers,
                               const std::string &thresholds = "[0.1]") {
  return errorOf(document(R"("token_pruning": {"method": "ltp", "layers": )" +
                          layers + R"(, "thresholds": )" + thresholds +
                          R"(, "denominator_tokens": 8})"));
}

TEST(Plan, ChecksLayers) {
  EXPECT_EQ(layersError("[]", "[]"),
            "plan: token_pruning.layers: expected at least one layer, got an "
            "empty list");
  EXPECT_EQ(layersError("3"), "plan: token_pruning.layers: expected a list of "
                              "layers, got 3");
  EXPECT_EQ(
      layersError("[-1]"),
      "plan: token_pruning.layers[0]: expected a layer, an integer of 0 or "
      "more, got -1");
  EXPECT_EQ(
      layersError("[true]"),
      "plan: token_pruning.layers[0]: expected a layer, an integer of 0 or "
      "more, got true");
  EXPECT_EQ(layersError("[1, 1]", "[0, 0]"),
            "plan: token_pruning.layers[1]: expected layers that ascend, got 1 "
            "behind 1");
  EXPECT_EQ(layersError("[2, 1]", "[0, 0]"),
            "plan: token_pruning.layers[1]: expected layers that ascend, got 1 "
            "behind 2");
}

TEST(Plan, ChecksThresholds) {
  EXPECT_EQ(
      layersError("[1]", "[0.1, 0.2]"),
      "plan: token_pruning.thresholds: expected one for each of 1 layers, "
      "got 2");
  EXPECT_EQ(
      layersError("[1]", "0.1"),
      "plan: token_pruning.thresholds: expected a list of numbers, got 0.1");
  EXPECT_EQ(
      layersError("[1]", "[-0.1]"),
      "plan: token_pruning.thresholds[0]: expected a finite number of 0 or "
      "more, got -0.1");
  EXPECT_EQ(
      layersError("[1]", "[NaN]"),
      "plan: token_pruning.thresholds[0]: expected a finite number of 0 or "
      "more, got NaN");
  EXPECT_EQ(
      layersError("[1]", "[-Infinity]"),
      "plan: token_pruning.thresholds[0]: expected a finite number of 0 or "
      "more, got -Infinity");
  EXPECT_EQ(
      layersError("[1]", "[1e39]")
          .find("plan: token_pruning.thresholds[0]: expected a finite number"),
      0u);
  EXPECT_EQ(
      layersError("[1]", "[\"0.1\"]"),
      "plan: token_pruning.thresholds[0]: expected a finite number of 0 or "
      "more, got '0.1'");
}

TEST(Plan, ChecksDenominator) {
  auto error = [](const std::string &value) {
    return errorOf(document(
        R"("token_pruning": {"method": "ltp", "layers": [0], "thresholds": [0],
           "denominator_tokens": )" +
        value + "}"));
  };
  EXPECT_EQ(error("0"), "plan: token_pruning.denominator_tokens: expected an "
                        "integer of 1 or more, or 'alive', got 0");
  EXPECT_EQ(error("\"live\""),
            "plan: token_pruning.denominator_tokens: expected "
            "an integer of 1 or more, or 'alive', got 'live'");
}

TEST(Plan, ChecksProtected) {
  EXPECT_EQ(pruningError(R"("protect": [2, 1, 2])"),
            "plan: token_pruning.protect[2]: expected each number once, got 2 "
            "again");
  EXPECT_EQ(pruningError(R"("protect": [-1])"),
            "plan: token_pruning.protect[0]: expected an integer of 0 or more, "
            "got -1");
}

TEST(Plan, ChecksBlockSize) {
  auto error = [](const std::string &size) {
    return errorOf(document(R"("block_skim": {"layers": [0], "threshold": 0,
                               "block_size": )" +
                            size + "}"));
  };
  for (std::string size : {"0", "-4", "6", "16388", "4.5"})
    EXPECT_EQ(error(size),
              "plan: block_skim.block_size: expected a multiple of "
              "4 from 4 to 16384, got " +
                  size);
}

TEST(Plan, ChecksExits) {
  auto error = [](const std::string &criterion, const std::string &threshold,
                  const std::string &more = "") {
    return errorOf(document(R"("early_exit": {"layers": [0, 1], "output": "o",
      "head": "linear", "criterion": ")" +
                            criterion + R"(", "threshold": )" + threshold +
                            more + "}"));
  };
  EXPECT_EQ(error("sure", "0"),
            "plan: early_exit.criterion: expected one of entropy, "
            "normalised_entropy, max_probability, patience, got 'sure'");
  EXPECT_EQ(
      error("entropy", "[0.1]"),
      "plan: early_exit.threshold: expected one for each of 2 layers, got "
      "1");
  EXPECT_EQ(
      error("entropy", "-1"),
      "plan: early_exit.threshold: expected a finite number of 0 or more, "
      "got -1");
  EXPECT_EQ(error("patience", "1.5"),
            "plan: early_exit.threshold: expected an integer of 0 or more, as "
            "patience counts exits, got 1.5");
  EXPECT_EQ(
      error("entropy", "0.1", R"(, "temperature": 0)"),
      "plan: early_exit.temperature: expected a finite number above 0, got "
      "0");
  EXPECT_EQ(
      error("entropy", "0.1", R"(, "temperature": 1e-300)"),
      "plan: early_exit.temperature: expected a finite number above 0 in fp32, "
      "got 1e-300");
  EXPECT_EQ(
      error("entropy", "0.1", R"(, "temperature": [1, -1])"),
      "plan: early_exit.temperature[1]: expected a finite number above 0, "
      "got -1");
}

TEST(Plan, ChecksFill) {
  EXPECT_EQ(errorOf(document(R"("restore": {"fill": "0"})")),
            "plan: restore.fill: expected a finite number, got '0'");
  EXPECT_EQ(errorOf(document(R"("restore": {"fill": Infinity})")),
            "plan: restore.fill: expected a finite number, got Infinity");
  EXPECT_EQ(errorOf(document(R"("restore": {"fill": -100.5})")), "");
}

TEST(Plan, NamesFilesThatAreMissing) {
  llvm::Expected<Plan> plan = parsePlan("no-such-plan.json");
  ASSERT_FALSE(bool(plan));
  EXPECT_EQ(
      llvm::toString(plan.takeError()),
      "no-such-plan.json: cannot open the plan: No such file or directory");
  EXPECT_EQ(errorOf(document(R"("tensors": "none.safetensors")"), "/no/folder"),
            "plan: tensors: /no/folder/none.safetensors: No such file or "
            "directory");
  EXPECT_EQ(errorOf(document(kSkim + "}")),
            "plan: tensors: expected the name of a safetensors file, which "
            "block_skim needs, got none");
}
