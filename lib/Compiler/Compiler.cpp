//===- Compiler.cpp - from an ONNX file to a library ----------------------===//
// The stages in their order: import, MLIR pipelines, LLVM, linking.
//===----------------------------------------------------------------------===//

#include "skim/Compiler/Compiler.h"

#include "Describe.h"
#include "Diagnostics.h"
#include "Facts.h"
#include "Layers.h"
#include "Options.h"
#include "Report.h"
#include "skim/Codegen/TargetInfo.h"
#include "skim/Conversion/SkimToKernels/Passes.h"
#include "skim/Import/Onnx/ImportOnnx.h"
#include "skim/Pipelines/Pipelines.h"
#include "skim/Plan/Plan.h"
#include "skim/Target/Library.h"
#include "skim/Target/ObjectEmitter.h"
#include "skim/Target/OutputFile.h"
#include "skim/Target/Translate.h"
#include "skim/Target/WeightsLayout.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace skim;

const char *skim::compilerVersion() { return SKIM_VERSION; }

namespace {
/// A compilation. Every step gives an error to show, or none.
class Compilation {
public:
  Compilation(const CompileOptions &options, CompileResult &result)
      : options(options), result(result), report(options.onStage),
        context(makeRegistry(), MLIRContext::Threading::DISABLED),
        diagnostics(&context, options.input, options.onWarning) {
    // Notes below an error are for compiler writers.
    context.printOpOnDiagnostic(false);
  }

  llvm::Error run();

private:
  static DialectRegistry makeRegistry();
  using Builder = void (*)(OpPassManager &, const PipelineOptions &);

  llvm::Error compileModel();
  llvm::Error chooseDtype();
  llvm::Error chooseProducts();
  llvm::Error readPlan();
  llvm::Error import();
  llvm::Error runStage(Stage stage, Builder build);
  llvm::Error translate();
  llvm::Error generateCode();
  llvm::Error printModule();
  llvm::Error give(llvm::StringRef bytes);
  llvm::Error openOutput(bool executable = false);
  llvm::Error keepFiles();
  llvm::Error stageError(llvm::StringRef stage) {
    return llvm::createStringError(diagnostics.error(stage));
  }
  void reportStage(Stage stage);

  const CompileOptions &options;
  CompileResult &result;
  Report report;
  MLIRContext context;
  DiagnosticCollector diagnostics;
  CpuTarget target;
  PipelineOptions pipelineOptions;
  std::optional<Plan> plan;
  RaiseReport raised;
  OwningOpRef<ModuleOp> module;
  ModelDescription description;
  std::vector<WeightsEntry> weights;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::Module> llvmModule;
  /// What was written, until all is.
  std::optional<OutputFile> output;
};
} // namespace

DialectRegistry Compilation::makeRegistry() {
  DialectRegistry registry;
  registerPipelineDialects(registry);
  registerTranslations(registry);
  return registry;
}

llvm::Error Compilation::openOutput(bool executable) {
  llvm::Expected<OutputFile> file =
      OutputFile::create(options.output, executable);
  if (!file)
    return file.takeError();
  output.emplace(std::move(*file));
  return llvm::Error::success();
}

/// Writes to the output file, or to the result where there is none.
llvm::Error Compilation::give(StringRef bytes) {
  if (options.output.empty()) {
    result.text = bytes.str();
    return llvm::Error::success();
  }
  if (llvm::Error error = openOutput())
    return error;
  return output->write(bytes);
}

/// Writes all of a file, which is kept later.
static llvm::Expected<OutputFile> writeWhole(llvm::Expected<OutputFile> file,
                                             StringRef text) {
  if (!file)
    return file.takeError();
  if (llvm::Error error = file->write(text))
    return std::move(error);
  if (llvm::Error error = file->finish())
    return std::move(error);
  return file;
}

/// Lets the files appear once everything is written, statistics and what is
/// printed among it.
llvm::Error Compilation::keepFiles() {
  result.statistics = report.json();
  SmallVector<OutputFile, 2> files;
  if (output) {
    if (llvm::Error error = output->finish())
      return error;
    files.push_back(std::move(*output));
  }
  if (!options.statistics.empty()) {
    llvm::Expected<OutputFile> file =
        writeWhole(OutputFile::create(options.statistics), result.statistics);
    if (!file)
      return llvm::createStringError("--stats-json: " +
                                     llvm::toString(file.takeError()));
    files.push_back(std::move(*file));
  }
  if (options.printText && options.output.empty()) {
    llvm::Expected<OutputFile> printed =
        writeWhole(OutputFile::standardOutput(), result.text);
    if (!printed)
      return printed.takeError();
  }
  for (OutputFile &file : files)
    if (llvm::Error error = file.keep())
      return error;
  return llvm::Error::success();
}

llvm::Error Compilation::printModule() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // Weights would be megabytes of hexadecimal digits.
  module->print(
      stream,
      OpPrintingFlags().elideLargeElementsAttrs(64).elideLargeResourceString(
          64));
  return give(text + "\n");
}

/// AMX needs the system's permission, for which only libraries that use it ask.
static void dropUnusedTiles(CpuTarget &target, llvm::StringRef dtype) {
  TargetInfo info = TargetInfo::get(target);
  Dtype numbers = *symbolizeDtype(dtype);
  auto uses = [&](Dtype tiles) {
    return info.hasTiles(tiles) && tiles == numbers;
  };
  bool int8 = uses(Dtype::Int8) || uses(Dtype::Int8x3);
  bool bf16 = uses(Dtype::Bf16) ||
              info.attentionProducts(numbers) == AttentionProducts::Bf16Tiles;
  llvm::erase_if(target.required, [&](llvm::StringRef name) {
    return name.consume_front("amx-") &&
           !((name == "tile" && (int8 || bf16)) || (name == "int8" && int8) ||
             (name == "bf16" && bf16));
  });
}

/// How fp32 numbers are multiplied.
llvm::Error Compilation::chooseProducts() {
  bool hasTiles = TargetInfo::get(target).hasTiles(Dtype::Int8x3);
  if (options.fp32Products == "int8x3" && !hasTiles)
    return llvm::createStringError("--fp32-products=int8x3: cpu '" +
                                   target.name + "' has no AMX-INT8");
  // Halide, where it is asked for, has no tiles.
  bool digits = options.fp32Products == "int8x3" ||
                (options.fp32Products == "auto" && hasTiles &&
                 options.kernels != "halide");
  if (digits)
    pipelineOptions.dtype = "int8x3";
  report.set("fp32_products", digits ? "int8x3" : "fma");
  return llvm::Error::success();
}

/// The dtype that was asked for, where the processor has instructions for it.
llvm::Error Compilation::chooseDtype() {
  pipelineOptions.dtype = options.dtype;
  Dtype dtype = *symbolizeDtype(options.dtype);
  bool lacks = TargetInfo::get(target).emulates(dtype);
  if (lacks) {
    std::string found =
        "--dtype=" + options.dtype + ": cpu '" + target.name +
        (dtype == Dtype::Int8 ? "' has neither AVX512-VNNI nor AVX-VNNI"
                              : "' has no AVX512-BF16");
    if (options.dtypeFallback == "error")
      return llvm::createStringError(
          found + "; --dtype-fallback=fp32 compiles in fp32 instead, =emulate "
                  "computes the same numbers with other instructions");
    bool emulate = options.dtypeFallback == "emulate";
    if (!emulate)
      pipelineOptions.dtype = "fp32";
    report.note(found + (emulate ? ", which is emulated" : ": fp32 instead"));
  }
  description.dtype = pipelineOptions.dtype;
  report.set("dtype", description.dtype);
  report.set("dtype_emulated", lacks && description.dtype != "fp32");
  if (description.dtype == "fp32")
    if (llvm::Error error = chooseProducts())
      return error;
  dropUnusedTiles(target, pipelineOptions.dtype);
  return llvm::Error::success();
}

/// Before the model, which may be large.
llvm::Error Compilation::readPlan() {
  if (options.plan.empty() && options.planText.empty())
    return llvm::Error::success();
  llvm::Expected<Plan> read =
      options.planText.empty()
          ? parsePlan(options.plan)
          : parsePlanText(options.planText, options.planDirectory);
  if (!read)
    return read.takeError();
  plan = std::move(*read);
  pipelineOptions.plan = &*plan;
  diagnostics.addComplete(plan->name + ": ");
  return llvm::Error::success();
}

llvm::Error Compilation::import() {
  ImportOptions importOptions;
  importOptions.outputs = options.outputs;
  FailureOr<OwningOpRef<ModuleOp>> imported =
      importOnnx(options.input, &context, importOptions);
  if (failed(imported))
    return stageError("import");
  module = std::move(*imported);
  report.endStage("import", countOps(*module));
  return llvm::Error::success();
}

/// The line of a stage that has just ended, and its facts for the JSON.
void Compilation::reportStage(Stage stage) {
  switch (stage) {
  case Stage::Skim: {
    report.endStage("skim", tellRaised(raised));
    llvm::json::Array unraised;
    for (const UnraisedOp &left : raised.unraised) {
      std::string why = left.reason.empty() ? "no pattern" : left.reason;
      report.note(left.node + ": " + why);
      unraised.push_back(
          llvm::json::Object{{"node", left.node}, {"reason", why}});
    }
    llvm::json::Object kinds;
    for (auto &[name, count] : raised.raised)
      kinds[name] = count;
    report.set("raised", std::move(kinds));
    report.set("unraised", std::move(unraised));
    // The ops that it points to do not outlive the next stage.
    raised = RaiseReport();
    break;
  }
  case Stage::Onnx:
    report.endStage("onnx", tellNormalised(*module));
    break;
  case Stage::Packed:
    report.endStage("packed", tellPacked(*module));
    break;
  case Stage::Planned:
    report.endStage("planned", tellPlanned(*module));
    if (plan)
      for (const std::string &name : listExtraTensors(*plan))
        report.note(plan->tensors->path().str() + ": tensor '" + name +
                    "' is not used");
    break;
  case Stage::Kernels: {
    std::string kernels = listKernels(*module);
    report.endStage("kernels", kernels);
    report.set("kernels", kernels);
    break;
  }
  default:
    report.endStage(stageName(stage), countOps(*module));
  }
  for (const std::string &remark : diagnostics.takeRemarks())
    report.note(remark);
}

llvm::Error Compilation::runStage(Stage stage, Builder build) {
  PassManager passes(&context);
  build(passes, pipelineOptions);
  if (failed(passes.run(*module)))
    return stageError(stageName(stage));
  // The LLVM stage ends with the translation.
  if (stage != Stage::Llvm)
    reportStage(stage);
  return llvm::Error::success();
}

/// The LLVM module with the model's description, and the weights beside it.
llvm::Error Compilation::translate() {
  FailureOr<std::vector<WeightsEntry>> entries = collectWeights(*module);
  if (failed(entries))
    return stageError("weights");
  weights = std::move(*entries);
  llvmModule = translateToLLVM(*module, llvmContext);
  if (!llvmModule)
    return stageError("llvm");
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> made =
      createTargetMachine(target);
  if (!made)
    return made.takeError();
  machine = std::move(*made);
  setTarget(*llvmModule, target, *machine);
  description.weightsBytes = weightsSize(weights);
  emitModelDescriptor(*llvmModule, description);
  report.set("weights_bytes", description.weightsBytes);
  report.endStage("llvm", std::to_string(llvmModule->size()) + " functions, " +
                              std::to_string(weights.size()) + " weights of " +
                              std::to_string(description.weightsBytes) +
                              " bytes");
  return llvm::Error::success();
}

llvm::Error Compilation::generateCode() {
  optimizeModule(*llvmModule, *machine);
  SmallVector<char, 0> bytes;
  if (options.emit == Stage::Assembly) {
    if (llvm::Error error = emitAssembly(*llvmModule, *machine, bytes))
      return error;
    report.endStage("asm", std::to_string(bytes.size()) + " bytes");
    return give(StringRef(bytes.data(), bytes.size()));
  }
  if (llvm::Error error = emitObject(*llvmModule, *machine, bytes))
    return error;
  report.endStage("obj", std::to_string(bytes.size()) + " bytes of code for " +
                             target.name);
  if (options.emit == Stage::Object)
    return give(StringRef(bytes.data(), bytes.size()));
  // The file first: linking is wasted where it cannot be written.
  if (llvm::Error error = openOutput(/*executable=*/true))
    return error;
  if (llvm::Error error = writeLibrary(
          bytes, weights, llvm::sys::path::filename(options.output), *output))
    return error;
  uint64_t size = output->tell();
  report.set("library_bytes", int64_t(size));
  report.endStage("so", std::to_string(size) + " bytes, of them " +
                            std::to_string(description.weightsBytes) +
                            " weight bytes: " + options.output);
  return llvm::Error::success();
}

llvm::Error Compilation::run() {
  if (llvm::Error error = checkOptions(options))
    return error;
  if (llvm::Error error = compileModel())
    return error;
  return keepFiles();
}

llvm::Error Compilation::compileModel() {
  llvm::Expected<CpuTarget> resolved =
      resolveCpuTarget(options.cpu, options.triple);
  if (!resolved)
    return resolved.takeError();
  target = *resolved;
  if (options.emit == Stage::Library && !target.isHost)
    return llvm::createStringError(
        "--emit=so: a library for " + target.triple +
        " cannot be linked here; --emit=obj gives its object");
  pipelineOptions.cpu = options.cpu;
  pipelineOptions.triple = options.triple;
  pipelineOptions.kernels = options.kernels;
  pipelineOptions.keepPadding = options.keepPadding;
  pipelineOptions.raiseReport = &raised;
  report.set("model", options.input);
  report.set("cpu", target.name);
  report.set("triple", target.triple);
  if (llvm::Error error = chooseDtype())
    return error;

  if (llvm::Error error = readPlan())
    return error;
  if (llvm::Error error = import())
    return error;
  static constexpr std::pair<Stage, Builder> stages[] = {
      {Stage::Onnx, buildOnnxPipeline},
      {Stage::Skim, buildRaisePipeline},
      {Stage::Packed, buildPackPipeline},
      {Stage::Planned, buildPlanPipeline},
      {Stage::Optimised, buildOptimisePipeline},
      {Stage::Kernels, buildKernelsPipeline},
  };
  for (auto [stage, build] : stages) {
    if (stage == Stage::Kernels) {
      // While there are tensors and layers to speak of.
      FailureOr<ModelDescription> described = describeModel(*module, target);
      if (failed(described))
        return stageError("description");
      described->dtype = description.dtype;
      described->layers = std::move(description.layers);
      described->otherFlops = description.otherFlops;
      description = std::move(*described);
    }
    if (llvm::Error error = runStage(stage, build))
      return error;
    if (stage == Stage::Packed && failed(countFlops(*module, description)))
      return stageError("description");
    if (stage == options.emit)
      return printModule();
  }
  if (llvm::Error error = runStage(Stage::Llvm, buildLLVMPipeline))
    return error;
  if (llvm::Error error = translate())
    return error;
  if (options.emit == Stage::Llvm) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvmModule->print(stream, nullptr);
    return give(text);
  }
  return generateCode();
}

std::string skim::checkPlanText(const std::string &text,
                                const std::string &directory) {
  llvm::Expected<Plan> plan = parsePlanText(text, directory);
  return llvm::toString(plan ? checkPlan(*plan, ModelFacts())
                             : plan.takeError());
}

CompileResult skim::compile(const CompileOptions &options) {
  CompileResult result;
  Compilation compilation(options, result);
  if (llvm::Error error = compilation.run()) {
    result.error = llvm::toString(std::move(error));
    result.text.clear();
    result.statistics.clear();
    return result;
  }
  result.ok = true;
  return result;
}
