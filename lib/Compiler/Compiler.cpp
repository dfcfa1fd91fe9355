//===- Compiler.cpp - from an ONNX file to a library ----------------------===//
// The stages in their order: import, MLIR pipelines, LLVM, linking.
//===----------------------------------------------------------------------===//

#include "skim/Compiler/Compiler.h"

#include "Describe.h"
#include "Diagnostics.h"
#include "Options.h"
#include "Report.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Import/Onnx/ImportOnnx.h"
#include "skim/Pipelines/Pipelines.h"
#include "skim/Target/Library.h"
#include "skim/Target/ObjectEmitter.h"
#include "skim/Target/OutputFile.h"
#include "skim/Target/Translate.h"
#include "skim/Target/WeightsLayout.h"
#include "llvm/IR/LLVMContext.h"

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
  std::string statistics() const { return report.json(); }

private:
  static DialectRegistry makeRegistry();
  using Builder = void (*)(OpPassManager &, const PipelineOptions &);

  llvm::Error import();
  llvm::Error runStage(Stage stage, Builder build);
  llvm::Error translate();
  llvm::Error generateCode();
  llvm::Error printModule();
  llvm::Error give(llvm::StringRef bytes);
  llvm::Error stageError(llvm::StringRef stage) {
    return llvm::createStringError(diagnostics.error(stage));
  }
  std::string factsOf(Stage stage);

  const CompileOptions &options;
  CompileResult &result;
  Report report;
  MLIRContext context;
  DiagnosticCollector diagnostics;
  CpuTarget target;
  PipelineOptions pipelineOptions;
  OwningOpRef<ModuleOp> module;
  ModelDescription description;
  std::vector<WeightsEntry> weights;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::Module> llvmModule;
};
} // namespace

DialectRegistry Compilation::makeRegistry() {
  DialectRegistry registry;
  registerPipelineDialects(registry);
  registerTranslations(registry);
  return registry;
}

/// Writes to the output file, or to the result where there is none.
llvm::Error Compilation::give(StringRef bytes) {
  if (options.output.empty()) {
    result.text = bytes.str();
    return llvm::Error::success();
  }
  llvm::Expected<OutputFile> file = OutputFile::create(options.output);
  if (!file)
    return file.takeError();
  if (llvm::Error error = file->write(bytes))
    return error;
  return file->keep();
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

llvm::Error Compilation::import() {
  ImportOptions importOptions;
  importOptions.outputs = options.outputs;
  FailureOr<OwningOpRef<ModuleOp>> imported =
      importOnnx(options.input, &context, importOptions);
  if (failed(imported))
    return stageError("import");
  module = std::move(*imported);
  unsigned nodes = 0;
  module->walk([&](Operation *op) {
    nodes += op->getName().getDialectNamespace() == "onnx";
  });
  report.endStage("import", std::to_string(nodes) + " nodes");
  return llvm::Error::success();
}

/// How many ops of each kind the module has, by dialect.
std::string Compilation::factsOf(Stage stage) {
  std::map<std::string, unsigned> counts;
  module->walk([&](Operation *op) {
    StringRef dialect = op->getName().getDialectNamespace();
    if (!isa<onnx::ConstantOp, onnx::NoneOp>(op))
      ++counts[dialect.str()];
  });
  std::string text;
  for (auto &[dialect, count] : counts)
    if (dialect == "onnx" || dialect == "skim")
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " +
              dialect + " ops";
  return text;
}

llvm::Error Compilation::runStage(Stage stage, Builder build) {
  PassManager passes(&context);
  build(passes, pipelineOptions);
  if (failed(passes.run(*module)))
    return stageError(stageName(stage));
  report.endStage(stageName(stage), factsOf(stage));
  for (const std::string &remark : diagnostics.takeRemarks())
    report.note(remark);
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
  report.endStage("llvm", std::to_string(description.weightsBytes) +
                              " weight bytes in " +
                              std::to_string(weights.size()) + " entries");
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
  if (llvm::Error error = writeLibrary(bytes, weights, options.output))
    return error;
  report.endStage("so", options.output);
  return llvm::Error::success();
}

llvm::Error Compilation::run() {
  if (llvm::Error error = checkOptions(options))
    return error;
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
  pipelineOptions.keepPadding = options.keepPadding;
  report.set("model", options.input);
  report.set("cpu", target.name);
  report.set("triple", target.triple);

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
      description = std::move(*described);
    }
    if (llvm::Error error = runStage(stage, build))
      return error;
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

CompileResult skim::compile(const CompileOptions &options) {
  CompileResult result;
  Compilation compilation(options, result);
  if (llvm::Error error = compilation.run()) {
    result.error = llvm::toString(std::move(error));
    result.text.clear();
    return result;
  }
  result.ok = true;
  result.statistics = compilation.statistics();
  return result;
}
