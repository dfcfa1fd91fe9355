//===- CheckPlanTest.cpp - plans against files and models -----------------===//
// Files of tensors, and facts of a model; one negative test for each message.
//===----------------------------------------------------------------------===//

#include "PlanText.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace skim;
using namespace skim::test;

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

TEST_F(PlanFiles, RefusesTensorsThatAreNotFinite) {
  file.add("early_exit.2.classifier.weight", {2, 8});
  file.set("early_exit.2.classifier.weight", 9, NAN);
  std::string what = "plan: tensors: expected finite numbers in tensor "
                     "'early_exit.2.classifier.weight' in '" +
                     folder.path("plan.safetensors") + "', got ";
  EXPECT_EQ(check(kExit + "}"), what + "nan at 9");
  file.set("early_exit.2.classifier.weight", 0, -INFINITY);
  EXPECT_EQ(check(kExit + "}"), what + "-inf at 0");
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
