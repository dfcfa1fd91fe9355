//===- Options.cpp - names of stages and checks of options ----------------===//
// Every message names the flag, what was expected and what was found.
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "skim/Codegen/HalideKernels.h"
#include "skim/Target/OutputFile.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace skim;

static constexpr std::pair<StringRef, Stage> stages[] = {
    {"onnx", Stage::Onnx},           {"skim", Stage::Skim},
    {"packed", Stage::Packed},       {"planned", Stage::Planned},
    {"optimised", Stage::Optimised}, {"kernels", Stage::Kernels},
    {"llvm", Stage::Llvm},           {"asm", Stage::Assembly},
    {"obj", Stage::Object},          {"so", Stage::Library},
};

std::optional<Stage> skim::parseStage(const std::string &name) {
  for (auto [known, stage] : stages)
    if (known == name)
      return stage;
  return std::nullopt;
}

std::string skim::listStages() {
  std::string text;
  for (auto [name, stage] : stages)
    text += (text.empty() ? "" : ", ") + name.str();
  return text;
}

StringRef skim::stageName(Stage stage) {
  for (auto [name, known] : stages)
    if (known == stage)
      return name;
  llvm_unreachable("every stage has a name");
}

/// Checks a flag that takes one of `known`.
static Error checkChoice(StringRef flag, StringRef value,
                         ArrayRef<StringRef> known) {
  if (!is_contained(known, value))
    return createStringError("--" + flag + ": expected one of " +
                             join(known, ", ") + ", got '" + value + "'");
  return Error::success();
}

/// Checks the outputs to keep, as far as it needs no model.
static Error checkOutputs(ArrayRef<std::string> outputs) {
  for (auto [index, name] : enumerate(outputs))
    if (is_contained(outputs.take_front(index), name))
      return createStringError("--outputs: expected each name once, got '" +
                               name + "' again");
  return Error::success();
}

/// Checks where the output and the statistics go.
static Error checkFiles(const CompileOptions &options) {
  if (options.output.empty() && options.emit == Stage::Library)
    return createStringError("-o: expected a file to write the library to, "
                             "got none (-o MODEL.so)");
  if (Error error =
          toError(checkDistinct({{"-o", options.output, ""},
                                 {"--stats-json", options.statistics, ""},
                                 {"MODEL", options.input, "the model itself"},
                                 {"--plan", options.plan, "the plan"}})))
    return error;
  if (!options.output.empty())
    if (Error error = toError(checkOutputPath(options.output)))
      return error;
  if (!options.statistics.empty())
    if (Error error = toError(checkOutputPath(options.statistics)))
      return createStringError("--stats-json: " + toString(std::move(error)));
  return Error::success();
}

Error skim::checkOptions(const CompileOptions &options) {
  if (options.input.empty())
    return createStringError("expected a model file");
  if (options.cpu.empty() && options.triple.empty())
    return createStringError(
        "--mcpu: expected native or the name of a processor, got ''");
  if (Error error =
          checkChoice("dtype", options.dtype, {"fp32", "bf16", "int8"}))
    return error;
  if (Error error = checkChoice("dtype-fallback", options.dtypeFallback,
                                {"error", "fp32", "emulate"}))
    return error;
  if (Error error = checkChoice("fp32-products", options.fp32Products,
                                {"auto", "fma", "int8x3"}))
    return error;
  if (options.fp32Products != "auto" && options.dtype != "fp32")
    return createStringError("--fp32-products=" + options.fp32Products +
                             ": expected --dtype=fp32 beside it, got " +
                             options.dtype);
  if (Error error =
          checkChoice("kernels", options.kernels, {"auto", "mlir", "halide"}))
    return error;
  if (options.kernels == "halide")
    if (Error error = openHalide())
      return createStringError("--kernels=halide: " +
                               toString(std::move(error)));
  bool hasPlan = !options.plan.empty() || !options.planText.empty();
  if (hasPlan && options.keepPadding)
    return createStringError(
        "--keep-padding: expected no plan beside it, got " +
        (options.plan.empty() ? "one" : options.plan));
  if (Error error = checkOutputs(options.outputs))
    return error;
  return checkFiles(options);
}
