//===- ParsePlan.cpp - a plan from its text -------------------------------===//
// Every field is checked for itself here; against a model in CheckPlan.cpp.
//===----------------------------------------------------------------------===//

#include "JsonFields.h"
#include "JsonText.h"
#include "skim/Plan/Plan.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <limits>

using namespace llvm;
using namespace skim;

/// Beyond it no tensor of a predictor fits into memory.
static constexpr int64_t kMaxBlockSize = 1 << 14;

static std::vector<double>
readPerLayer(const Field &field, size_t count,
             function_ref<double(const Field &)> read) {
  std::vector<double> values;
  for (const Field &item : field.list("a list of numbers"))
    values.push_back(read(item));
  if (field && field.get()->getAsArray() && values.size() != count)
    field.error("expected one for each of " + Twine(count) + " layers, got " +
                Twine(values.size()));
  return values;
}

/// One number for all layers, or a list.
static std::vector<double>
readScalarOrPerLayer(const Field &field, size_t count, double byDefault,
                     function_ref<double(const Field &)> read) {
  if (!field)
    return std::vector<double>(count, byDefault);
  if (field.get()->getAsArray())
    return readPerLayer(field, count, read);
  return std::vector<double>(count, read(field));
}

static double readThreshold(const Field &field) { return field.number(0); }

static std::optional<int64_t> readDenominator(const Field &field) {
  if (!field)
    return std::nullopt;
  if (field.get()->getAsString() == StringRef("alive"))
    return std::nullopt;
  return field.integer(1, "an integer of 1 or more, or 'alive'");
}

static TokenPruning readTokenPruning(FieldErrors &errors, const Field &field) {
  Fields fields(errors, field,
                {"method", "layers", "thresholds", "denominator_tokens",
                 "place", "protect"});
  TokenPruning pruning;
  fields["method"].required().choice({"ltp"});
  pruning.layers = fields["layers"].required().layers();
  pruning.thresholds = readPerLayer(fields["thresholds"].required(),
                                    pruning.layers.size(), readThreshold);
  pruning.denominatorTokens =
      readDenominator(fields["denominator_tokens"].required());
  pruning.place =
      static_cast<Place>(fields["place"].choice({"before_ffn", "after_layer"}));
  pruning.protect = fields["protect"].indices({0});
  return pruning;
}

static BlockSkim readBlockSkim(FieldErrors &errors, const Field &field) {
  Fields fields(errors, field,
                {"layers", "block_size", "threshold", "batch_align", "protect",
                 "protect_segments"});
  BlockSkim skim;
  skim.layers = fields["layers"].required().layers();
  Field size = fields["block_size"].required();
  const char *expected = "a multiple of 4 from 4 to 16384";
  skim.blockSize = size.integer(4, expected);
  if (skim.blockSize % 4 != 0 || skim.blockSize > kMaxBlockSize)
    size.expected(expected);
  skim.threshold = readThreshold(fields["threshold"].required());
  skim.batchAlign =
      static_cast<BatchAlign>(fields["batch_align"].choice({"none", "max"}));
  skim.protect = fields["protect"].indices({0});
  skim.protectSegments = fields["protect_segments"].indices({});
  return skim;
}

static EarlyExit readEarlyExit(FieldErrors &errors, const Field &field) {
  Fields fields(
      errors, field,
      {"layers", "output", "head", "criterion", "threshold", "temperature"});
  EarlyExit exit;
  exit.layers = fields["layers"].required().layers();
  exit.output = fields["output"].required().string("the name of an output");
  exit.head = static_cast<ExitHead>(fields["head"].required().choice(
      {"linear", "pooler", "mean_linear", "fastbert", "scalar_mix"}));
  exit.criterion = static_cast<Criterion>(fields["criterion"].required().choice(
      {"entropy", "normalised_entropy", "max_probability", "patience"}));
  bool isPatience = exit.criterion == Criterion::Patience;
  exit.thresholds = readScalarOrPerLayer(
      fields["threshold"].required(), exit.layers.size(), 0,
      [&](const Field &item) -> double {
        if (isPatience)
          return item.integer(0, "an integer of 0 or more, as patience counts "
                                 "exits");
        return readThreshold(item);
      });
  exit.temperatures = readScalarOrPerLayer(
      fields["temperature"], exit.layers.size(), 1,
      [](const Field &item) { return item.number(0, /*above=*/true); });
  return exit;
}

static std::optional<double> readRestore(FieldErrors &errors,
                                         const Field &field) {
  if (!field || field.get()->getAsString() == StringRef("hold"))
    return std::nullopt;
  if (!field.get()->getAsObject()) {
    field.expected("'hold' or an object with the field 'fill'");
    return std::nullopt;
  }
  Fields fields(errors, field, {"fill"});
  return fields["fill"].required().number(
      -std::numeric_limits<double>::infinity());
}

/// Opens the file that the plan names, beside it.
static std::shared_ptr<const Safetensors> readTensors(const Field &field,
                                                      StringRef directory) {
  std::string name = field.string("the name of a safetensors file");
  if (name.empty())
    return nullptr;
  SmallString<128> path(name);
  if (sys::path::is_relative(path) && !directory.empty()) {
    path = directory;
    sys::path::append(path, name);
  }
  Expected<std::shared_ptr<const Safetensors>> opened = Safetensors::open(path);
  if (opened)
    return *opened;
  field.error(toString(opened.takeError()));
  return nullptr;
}

Error Plan::error(const Twine &path, const Twine &message) const {
  return createStringError(name + ": " + path + ": " + message);
}

std::string skim::exitKnob(int64_t layer) {
  return "early_exit.threshold." + std::to_string(layer);
}

Expected<Plan> skim::parsePlanText(StringRef text, StringRef directory,
                                   StringRef name) {
  Expected<json::Value> json = parseJson(text, name);
  if (!json)
    return json.takeError();
  FieldErrors errors(name);
  Fields fields(errors, Field(errors, &*json, ""),
                {"version", "tensors", "token_pruning", "block_skim",
                 "early_exit", "restore"});
  Plan plan;
  plan.name = name.str();
  if (!errors.any()) {
    Field version = fields["version"].required();
    if (version && version.get()->getAsInteger() != int64_t(1))
      version.expected("version 1");
  }
  if (Field field = fields["token_pruning"])
    plan.tokenPruning = readTokenPruning(errors, field);
  if (Field field = fields["block_skim"])
    plan.blockSkim = readBlockSkim(errors, field);
  if (Field field = fields["early_exit"])
    plan.earlyExit = readEarlyExit(errors, field);
  plan.fill = readRestore(errors, fields["restore"]);
  if (!errors.any())
    plan.tensors = readTensors(fields["tensors"], directory);
  if (Error error = errors.take())
    return std::move(error);
  if (Error error = checkTensorFile(plan))
    return std::move(error);
  return plan;
}

Expected<Plan> skim::parsePlan(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status))
    return createStringError(path +
                             ": cannot open the plan: " + code.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return createStringError(path + ": expected a plan file, got a directory "
                                    "or a device");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(
        path + ": cannot open the plan: " + buffer.getError().message());
  return parsePlanText((*buffer)->getBuffer(), sys::path::parent_path(path),
                       path);
}
