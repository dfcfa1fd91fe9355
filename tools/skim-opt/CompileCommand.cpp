//===- CompileCommand.cpp - skim-opt MODEL.onnx -o MODEL.so ---------------===//
// Flags to CompileOptions, messages to stderr. The flags live in a subcommand
// of their own, where names of LLVM's global options do not meet them.
//===----------------------------------------------------------------------===//

#include "CompileCommand.h"

#include "skim/Compiler/Compiler.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <fstream>

using namespace llvm;
using namespace skim;

namespace {
/// The compiler's flags, as surface and meaning fix them.
struct Flags {
  cl::SubCommand command{"compile", "Compile an ONNX encoder"};
  cl::opt<std::string> input{cl::Positional, cl::desc("MODEL.onnx"),
                             cl::Required, cl::sub(command)};
  cl::opt<std::string> output{"o", cl::desc("File to write"),
                              cl::value_desc("file"), cl::sub(command)};
  cl::opt<std::string> plan{"plan", cl::desc("Plan of adaptive methods"),
                            cl::value_desc("file.json"), cl::sub(command)};
  cl::opt<std::string> cpu{
      "mcpu", cl::desc("Processor: native, or a name as LLVM has it"),
      cl::value_desc("name"), cl::init("native"), cl::sub(command)};
  cl::opt<std::string> triple{
      "mtriple", cl::desc("Compile for another machine (llvm, asm, obj)"),
      cl::value_desc("triple"), cl::sub(command)};
  cl::opt<std::string> dtype{
      "dtype",
      cl::desc("What linear layers multiply: fp32, bf16 or int8; in the last "
               "two attention multiplies bf16 with AMX, else integers"),
      cl::value_desc("type"), cl::init("fp32"), cl::sub(command)};
  cl::opt<std::string> dtypeFallback{
      "dtype-fallback",
      cl::desc("Where the processor has no instructions for the dtype: error, "
               "fp32 or emulate"),
      cl::value_desc("what"), cl::init("error"), cl::sub(command)};
  cl::opt<std::string> fp32Products{
      "fp32-products",
      cl::desc(
          "How fp32 numbers are multiplied: fma; int8x3, as digits by AMX; "
          "or auto: by AMX where the processor has it"),
      cl::value_desc("how"), cl::init("auto"), cl::sub(command)};
  cl::opt<std::string> kernels{
      "kernels",
      cl::desc("Who writes kernels: mlir, halide, or auto: the faster"),
      cl::value_desc("emitter"), cl::init("auto"), cl::sub(command)};
  cl::opt<bool> keepPadding{"keep-padding",
                            cl::desc("Compute padded positions as ONNX does"),
                            cl::sub(command)};
  cl::list<std::string> outputs{"outputs", cl::desc("Outputs to keep"),
                                cl::value_desc("a,b"), cl::CommaSeparated,
                                cl::sub(command)};
  cl::opt<std::string> emit{"emit", cl::desc("Stop after a stage and print it"),
                            cl::value_desc("stage"), cl::init("so"),
                            cl::sub(command)};
  cl::opt<std::string> statistics{
      "stats-json", cl::desc("Write times and sizes of the compilation"),
      cl::value_desc("file"), cl::sub(command)};
  cl::opt<bool> verbose{"v", cl::desc("Print a line a stage"),
                        cl::sub(command)};
};
} // namespace

static int fail(const Twine &message) {
  errs() << "skim-opt: error: " << message << '\n';
  return 1;
}

/// The first line of what the command line library says, worded as our own.
static std::string sentence(StringRef complaint) {
  std::string text = complaint.split('\n').first.split("  Try:").first.str();
  size_t start = text.find(": ");
  if (start != std::string::npos)
    text.erase(0, start + 2);
  if (!text.empty())
    text[0] = llvm::toLower(text[0]);
  while (!text.empty() && (text.back() == '.' || text.back() == '!'))
    text.pop_back();
  return text;
}

/// Whether a file is binary and no MLIR bytecode. Of what is no regular file
/// nothing is read.
static bool isBinary(StringRef path) {
  if (!sys::fs::is_regular_file(path))
    return false;
  char prefix[512];
  std::ifstream file(path.str(), std::ios::binary);
  file.read(prefix, sizeof(prefix));
  StringRef start(prefix, size_t(file.gcount()));
  return !start.starts_with("ML\xefR") && any_of(start, [](char c) {
    return uint8_t(c) < 0x20 && !llvm::isSpace(c);
  });
}

bool skim::isCompileCommand(int argc, char **argv) {
  if (argc == 2 &&
      (StringRef(argv[1]) == "--help" || StringRef(argv[1]) == "-h"))
    return true;
  for (int i = 1; i < argc; ++i) {
    StringRef argument = argv[i];
    if (argument == "-o" || argument == "--o")
      ++i; // its value is no input
    else if (!argument.starts_with("-") &&
             (argument.ends_with_insensitive(".onnx") || isBinary(argument)))
      return true;
  }
  return false;
}

/// A flag that was given without its value, or an empty name.
static StringRef findEmptyFlag(const Flags &flags) {
  for (const cl::opt<std::string> *flag :
       {&flags.output, &flags.plan, &flags.cpu, &flags.triple,
        &flags.statistics})
    if (flag->getNumOccurrences() > 0 && flag->empty())
      return flag->ArgStr;
  return "";
}

static CompileOptions makeOptions(const Flags &flags) {
  CompileOptions options;
  options.input = flags.input;
  options.output = flags.output;
  options.statistics = flags.statistics;
  options.printText = true;
  options.cpu = flags.cpu;
  if (!flags.triple.empty() && flags.cpu.getNumOccurrences() == 0)
    options.cpu.clear();
  options.triple = flags.triple;
  options.plan = flags.plan;
  options.dtype = flags.dtype;
  options.dtypeFallback = flags.dtypeFallback;
  options.fp32Products = flags.fp32Products;
  options.kernels = flags.kernels;
  options.keepPadding = flags.keepPadding;
  options.outputs.assign(flags.outputs.begin(), flags.outputs.end());
  options.onWarning = [](const std::string &text) {
    errs() << "skim-opt: warning: " << text << '\n';
  };
  if (flags.verbose)
    options.onStage = [](const std::string &line) { errs() << line << '\n'; };
  return options;
}

int skim::runCompileCommand(int argc, char **argv) {
  Flags flags;
  SmallVector<const char *> arguments = {argv[0], "compile"};
  bool named = argc > 1 && StringRef(argv[1]) == "compile";
  arguments.append(argv + 1 + named, argv + argc);
  std::string complaint;
  raw_string_ostream stream(complaint);
  if (!cl::ParseCommandLineOptions(
          arguments.size(), arguments.data(),
          "skim-opt MODEL.onnx -o MODEL.so [flags]: the compiler\n"
          "skim-opt X.mlir --PASS ...: the pass tool; skim-opt X.mlir --help\n",
          &stream))
    return fail(sentence(complaint));

  CompileOptions options = makeOptions(flags);
  std::optional<Stage> stage = parseStage(flags.emit);
  if (!stage)
    return fail("--emit: expected one of " + listStages() + ", got '" +
                flags.emit + "'");
  options.emit = *stage;
  if (StringRef flag = findEmptyFlag(flags); !flag.empty())
    return fail((flag == "o" ? "-" : "--") + flag +
                ": expected a value, got none");
  if (options.statistics == "-")
    return fail("--stats-json: expected a file, got '-'");
  if (options.output == "-") {
    if (*stage >= Stage::Object)
      return fail("-o: expected a file for --emit=" + flags.emit +
                  ", got '-': text can be printed");
    options.output.clear();
  }
  CompileResult result = compile(options);
  return result.ok ? 0 : fail(result.error);
}
