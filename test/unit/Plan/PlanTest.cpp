//===- PlanTest.cpp - reading and checking plans --------------------------===//
// One negative test for each message.
//===----------------------------------------------------------------------===//

#include "skim/Plan/Plan.h"

#include "SafetensorsWriter.h"
#include "gtest/gtest.h"

using namespace skim;

static const std::string kPruning =
    R"("token_pruning": {"method": "ltp", "layers": [1, 3],
       "thresholds": [0.001, 0.5], "denominator_tokens": 128)";
static const std::string kSkim =
    R"("block_skim": {"layers": [0], "block_size": 4, "threshold": 0.25)";
static const std::string kExit =
    R"("early_exit": {"layers": [0, 2], "output": "logits", "head": "linear",
       "criterion": "entropy", "threshold": 0.1)";

static std::string document(const std::string &fields) {
  return "{\"version\": 1, " + fields + "}";
}

/// A plan that is right as far as it tells without a model.
static llvm::Expected<Plan> readPlan(const std::string &text,
                                     const std::string &directory) {
  llvm::Expected<Plan> plan = parsePlanText(text, directory);
  if (!plan)
    return plan;
  if (llvm::Error error = checkPlan(*plan, ModelFacts()))
    return std::move(error);
  return plan;
}

/// What is wrong with a plan, or "".
static std::string errorOf(const std::string &text,
                           const std::string &directory = "") {
  llvm::Expected<Plan> plan = readPlan(text, directory);
  return plan ? "" : llvm::toString(plan.takeError());
}

/// The error of a pruning section with one more field.
static std::string pruningError(const std::string &field) {
  return errorOf(document(kPruning + ", " + field + "}"));
}

namespace {
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
} // namespace

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

TEST_F(PlanFiles, RefusesFolders) {
  llvm::Expected<Plan> plan = parsePlan(folder.path(""));
  ASSERT_FALSE(bool(plan));
  EXPECT_EQ(llvm::toString(plan.takeError()),
            folder.path("") + ": expected a plan file, got a directory or a "
                              "device");
}

TEST_F(PlanFiles, ReadsTensorsBesideThePlanFile) {
  file.write(folder.path("plan.safetensors"));
  folder.write("plan.json",
               document(R"("tensors": "plan.safetensors", )" + kSkim + "}"));
  llvm::Expected<Plan> plan = parsePlan(folder.path("plan.json"));
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  EXPECT_EQ(plan->name, folder.path("plan.json"));
  EXPECT_TRUE(plan->tensors->find("block_skim.0.fc.bias"));
}

TEST_F(PlanFiles, FitsTheModel) {
  EXPECT_EQ(check(kPruning + "}, " + kSkim + "}, " + kExit + "}"), "");
}

TEST_F(PlanFiles, ChecksLayersAgainstTheModel) {
  ModelFacts facts;
  facts.layers.assign(3, {3, 8});
  EXPECT_EQ(
      check(kPruning + "}", facts),
      "plan: token_pruning.layers[1]: expected a layer from 0 to 2, got 3");
  EXPECT_EQ(
      check(kExit + "}", facts),
      "plan: early_exit.layers[1]: expected a layer from 0 to 1, before the "
      "last, got 2");
  facts.layers.resize(1);
  EXPECT_EQ(check(kExit + "}", facts),
            "plan: early_exit.layers[0]: expected no exit in a model of one "
            "layer, got 0");
}

TEST_F(PlanFiles, NamesALayerBeyondTheModelBeforeItsTensors) {
  file.write(folder.path("plan.safetensors"));
  std::string fields = R"("tensors": "plan.safetensors", "block_skim": {
    "layers": [0, 9], "block_size": 4, "threshold": 0.5})";
  llvm::Expected<Plan> plan = parsePlanText(document(fields), folder.path(""));
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  ModelFacts facts;
  facts.layers.assign(4, {3, 8});
  EXPECT_EQ(llvm::toString(checkPlan(*plan, facts)),
            "plan: block_skim.layers[1]: expected a layer from 0 to 3, got 9");
}

TEST_F(PlanFiles, NamesMissingTensors) {
  file.remove("block_skim.0.bn2.running_var");
  EXPECT_EQ(check(kSkim + "}"),
            "plan: tensors: expected tensor 'block_skim.0.bn2.running_var' of "
            "shape [?] in '" +
                folder.path("plan.safetensors") + "', got none");
}

TEST_F(PlanFiles, NamesMisshapenTensors) {
  ModelFacts facts;
  facts.layers.assign(4, {6, 8});
  EXPECT_EQ(
      check(kSkim + "}", facts),
      "plan: tensors: expected tensor 'block_skim.0.conv1.weight' of shape "
      "[6, 6, 3, 3] in '" +
          folder.path("plan.safetensors") + "', got [3, 3, 3, 3]");
  file.add("early_exit.2.classifier.bias", {3});
  EXPECT_EQ(check(kExit + "}"),
            "plan: tensors: expected tensor 'early_exit.2.classifier.bias' of "
            "shape [2] in '" +
                folder.path("plan.safetensors") + "', got [3]");
}

TEST_F(PlanFiles, ChecksClassesAgainstTheOutput) {
  ModelFacts facts;
  facts.layers.assign(4, {3, 8});
  facts.classes = 5;
  EXPECT_EQ(
      check(kExit + "}", facts),
      "plan: tensors: expected tensor 'early_exit.0.classifier.weight' of "
      "shape [5, 8] in '" +
          folder.path("plan.safetensors") + "', got [2, 8]");
}

TEST_F(PlanFiles, RefusesOtherTypesOfTensors) {
  file.add("early_exit.0.classifier.bias", {2}, "F16", 2);
  EXPECT_EQ(check(kExit + "}"),
            "plan: tensors: expected tensor 'early_exit.0.classifier.bias' of "
            "type F32 in '" +
                folder.path("plan.safetensors") + "', got F16");
}

TEST_F(PlanFiles, ListsTensorsThatNothingReads) {
  file.add("early_exit.0.pooler.weight", {8, 8});
  llvm::Expected<Plan> plan = read(
      R"("early_exit": {"layers": [0], "output": "logits", "head": "linear",
         "criterion": "patience", "threshold": 2})");
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  std::vector<std::string> extra = listExtraTensors(*plan);
  EXPECT_TRUE(llvm::is_contained(extra, "early_exit.0.pooler.weight"));
  EXPECT_TRUE(llvm::is_contained(extra, "block_skim.0.fc.bias"));
  EXPECT_FALSE(llvm::is_contained(extra, "early_exit.0.classifier.weight"));
}

/// Names and shapes of a head's tensors at layer 1, of width 8 and 2 classes.
static std::vector<std::string> tensorsOf(ExitHead head) {
  Plan plan;
  plan.earlyExit.emplace();
  plan.earlyExit->layers = {1};
  plan.earlyExit->head = head;
  ModelFacts facts;
  facts.layers.assign(3, {2, 8});
  facts.classes = 2;
  std::vector<std::string> names;
  for (const PlanTensor &tensor : listTensors(plan, facts)) {
    std::string name = tensor.name + " [";
    for (int64_t size : tensor.shape)
      name += std::to_string(size) + (size == tensor.shape.back() ? "" : " ");
    names.push_back(name + "]");
  }
  return names;
}

TEST(Plan, KnowsTheTensorsOfEveryHead) {
  using Names = std::vector<std::string>;
  Names classifier = {"early_exit.1.classifier.weight [2 8]",
                      "early_exit.1.classifier.bias [2]"};
  EXPECT_EQ(tensorsOf(ExitHead::Linear), classifier);
  EXPECT_EQ(tensorsOf(ExitHead::MeanLinear), classifier);
  EXPECT_EQ(tensorsOf(ExitHead::Pooler).size(), 4u);
  EXPECT_EQ(tensorsOf(ExitHead::Pooler).back(), classifier.back());
  Names mix = tensorsOf(ExitHead::ScalarMix);
  EXPECT_EQ(mix.size(), 5u);
  EXPECT_EQ(mix[1], "early_exit.pooler.bias [8]");
  EXPECT_EQ(mix[2], "early_exit.1.mix [2]");
  Names fastbert = tensorsOf(ExitHead::FastBert);
  EXPECT_EQ(fastbert.size(), 14u);
  EXPECT_EQ(fastbert[0], "early_exit.1.narrow.weight [128 8]");
  EXPECT_EQ(fastbert[12], "early_exit.1.classifier.weight [2 128]");
}
