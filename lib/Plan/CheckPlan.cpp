//===- CheckPlan.cpp - a plan against a model -----------------------------===//
// Layers that the model has; the tensors of predictors and heads, by name, type
// and shape. Without facts of a model what a plan alone can tell.
//===----------------------------------------------------------------------===//

#include "skim/Plan/Plan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>

using namespace llvm;
using namespace skim;

/// A size that only the model tells.
static constexpr int64_t kUnknown = -1;

/// Width of FastBERT's heads.
static constexpr int64_t kNarrow = 128;

static std::string showShape(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : ", ") +
            (size == kUnknown ? std::string("?") : std::to_string(size));
  return "[" + text + "]";
}

static Error checkLayers(const Plan &plan, StringRef section,
                         ArrayRef<int64_t> layers, int64_t count,
                         StringRef what) {
  for (auto [index, layer] : enumerate(layers))
    if (layer >= count)
      return plan.error(section + ".layers[" + Twine(index) + "]",
                        "expected " + what + ", got " + Twine(layer));
  return Error::success();
}

/// "a layer from 0 to 5".
static std::string layerRange(int64_t last) {
  return "a layer from 0 to " + std::to_string(last);
}

static Error checkAllLayers(const Plan &plan, const ModelFacts &facts) {
  int64_t count = facts.layers.size();
  std::string range = layerRange(count - 1);
  if (plan.tokenPruning)
    if (Error error = checkLayers(plan, "token_pruning",
                                  plan.tokenPruning->layers, count, range))
      return error;
  if (plan.blockSkim)
    if (Error error = checkLayers(plan, "block_skim", plan.blockSkim->layers,
                                  count, range))
      return error;
  if (!plan.earlyExit)
    return Error::success();
  std::string before = count < 2 ? "no exit in a model of one layer"
                                 : layerRange(count - 2) + ", before the last";
  return checkLayers(plan, "early_exit", plan.earlyExit->layers, count - 1,
                     before);
}

static void addLinear(std::vector<PlanTensor> &tensors, const Twine &name,
                      int64_t out, int64_t in) {
  tensors.push_back({(name + ".weight").str(), {out, in}});
  tensors.push_back({(name + ".bias").str(), {out}});
}

static void addPredictor(std::vector<PlanTensor> &tensors, int64_t layer,
                         int64_t heads, int64_t size) {
  std::string prefix = "block_skim." + std::to_string(layer) + ".";
  for (const char *place : {"1", "2"}) {
    std::string conv = prefix + "conv" + place, norm = prefix + "bn" + place;
    tensors.push_back({conv + ".weight", {heads, heads, 3, 3}});
    tensors.push_back({conv + ".bias", {heads}});
    for (const char *part : {"weight", "bias", "running_mean", "running_var"})
      tensors.push_back({norm + "." + part, {heads}});
  }
  int64_t features = heads == kUnknown ? kUnknown : heads * size * size / 16;
  addLinear(tensors, prefix + "fc", 2, features);
}

static void addHead(std::vector<PlanTensor> &tensors, ExitHead head,
                    int64_t layer, int64_t hidden, int64_t classes) {
  std::string prefix = "early_exit." + std::to_string(layer) + ".";
  int64_t width = hidden;
  if (head == ExitHead::Pooler)
    addLinear(tensors, prefix + "pooler", hidden, hidden);
  if (head == ExitHead::ScalarMix)
    tensors.push_back({prefix + "mix", {layer + 1}});
  if (head == ExitHead::FastBert) {
    width = kNarrow;
    addLinear(tensors, prefix + "narrow", kNarrow, hidden);
    for (const char *part : {"query", "key", "value", "mix", "hidden"})
      addLinear(tensors, prefix + part, kNarrow, kNarrow);
  }
  addLinear(tensors, prefix + "classifier", classes, width);
}

/// Number of classes where the model does not tell: the first classifier's.
static int64_t guessClasses(const Plan &plan) {
  const EarlyExit &exit = *plan.earlyExit;
  if (!plan.tensors || exit.layers.empty())
    return kUnknown;
  const Safetensors::Tensor *weight =
      plan.tensors->find("early_exit." + std::to_string(exit.layers.front()) +
                         ".classifier.weight");
  return weight && !weight->shape.empty() ? weight->shape.front() : kUnknown;
}

std::vector<PlanTensor> skim::listTensors(const Plan &plan,
                                          const ModelFacts &facts) {
  std::vector<PlanTensor> tensors;
  auto fact = [&](int64_t layer, int64_t ModelFacts::Layer::*field) {
    return layer < int64_t(facts.layers.size()) ? facts.layers[layer].*field
                                                : kUnknown;
  };
  if (plan.blockSkim)
    for (int64_t layer : plan.blockSkim->layers)
      addPredictor(tensors, layer, fact(layer, &ModelFacts::Layer::heads),
                   plan.blockSkim->blockSize);
  if (!plan.earlyExit)
    return tensors;
  const EarlyExit &exit = *plan.earlyExit;
  int64_t classes = facts.classes > 0 ? facts.classes : guessClasses(plan);
  if (exit.head == ExitHead::ScalarMix) {
    int64_t hidden = fact(exit.layers.front(), &ModelFacts::Layer::hidden);
    addLinear(tensors, "early_exit.pooler", hidden, hidden);
  }
  for (int64_t layer : exit.layers)
    addHead(tensors, exit.head, layer, fact(layer, &ModelFacts::Layer::hidden),
            classes);
  return tensors;
}

/// A head or predictor of such numbers would decide nothing.
static Error checkNumbers(const Plan &plan, StringRef name,
                          ArrayRef<char> bytes) {
  for (size_t i = 0, e = bytes.size() / sizeof(float); i != e; ++i) {
    float value;
    memcpy(&value, bytes.data() + i * sizeof(float), sizeof(float));
    if (std::isfinite(value))
      continue;
    std::string text;
    raw_string_ostream(text)
        << "expected finite numbers in tensor '" << name << "' in '"
        << plan.tensors->path() << "', got "
        << format("%g", std::isnan(value) ? NAN : value) << " at " << i;
    return plan.error("tensors", text);
  }
  return Error::success();
}

static Error checkTensor(const Plan &plan, const PlanTensor &needed) {
  std::string what = "expected tensor '" + needed.name + "' of shape " +
                     showShape(needed.shape) + " in '" +
                     plan.tensors->path().str() + "'";
  const Safetensors::Tensor *tensor = plan.tensors->find(needed.name);
  if (!tensor)
    return plan.error("tensors", what + ", got none");
  bool fits = tensor->shape.size() == needed.shape.size();
  for (auto [got, expected] : zip(tensor->shape, needed.shape))
    fits &= expected == kUnknown || got == expected;
  if (!fits)
    return plan.error("tensors", what + ", got " + showShape(tensor->shape));
  if (tensor->dtype != "F32")
    return plan.error("tensors",
                      "expected tensor '" + needed.name + "' of type F32 in '" +
                          plan.tensors->path() + "', got " + tensor->dtype);
  return checkNumbers(plan, needed.name, tensor->bytes);
}

Error skim::checkTensorFile(const Plan &plan) {
  if (plan.tensors || (!plan.blockSkim && !plan.earlyExit))
    return Error::success();
  return plan.error("tensors",
                    "expected the name of a safetensors file, which " +
                        Twine(plan.blockSkim ? "block_skim" : "early_exit") +
                        " needs, got none");
}

Error skim::checkPlan(const Plan &plan, const ModelFacts &facts) {
  if (!facts.layers.empty())
    if (Error error = checkAllLayers(plan, facts))
      return error;
  if (Error error = checkTensorFile(plan))
    return error;
  for (const PlanTensor &tensor : listTensors(plan, facts))
    if (Error error = checkTensor(plan, tensor))
      return error;
  return Error::success();
}

std::vector<std::string> skim::listExtraTensors(const Plan &plan) {
  std::vector<std::string> extra;
  if (!plan.tensors)
    return extra;
  StringSet<> used;
  for (const PlanTensor &tensor : listTensors(plan, ModelFacts()))
    used.insert(tensor.name);
  for (const std::string &name : plan.tensors->names())
    if (!used.contains(name))
      extra.push_back(name);
  return extra;
}
