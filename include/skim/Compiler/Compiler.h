//===- Compiler.h - from an ONNX file to a library --------------*- C++ -*-===//
// The compiler as a call, for skim-opt and the Python package alike. Nothing
// here ends the process, prints unless asked to, or reads global options; two
// threads may compile at once. Plain C++: no LLVM types in the interface.
//===----------------------------------------------------------------------===//

#ifndef SKIM_COMPILER_COMPILER_H
#define SKIM_COMPILER_COMPILER_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace skim {

/// Where to stop, in order.
enum class Stage {
  Onnx,
  Skim,
  Packed,
  Planned,
  Optimised,
  Kernels,
  Llvm,
  Assembly,
  Object,
  Library
};

/// The stage that --emit calls `name`, if there is one.
std::optional<Stage> parseStage(const std::string &name);

/// Names of all stages for messages: "onnx, skim, ...".
std::string listStages();

struct CompileOptions {
  /// The ONNX file.
  std::string input;
  /// File to write; empty: the text goes to CompileResult::text (text stages
  /// only). "-" is an ordinary name here.
  std::string output;
  /// Print the text where no output is named, instead of giving it.
  bool printText = false;
  /// File to write the statistics to; empty: none. A compilation that fails, be
  /// it that one of the two cannot be written, makes and replaces neither file.
  std::string statistics;
  Stage emit = Stage::Library;
  /// "native" or a processor as LLVM names it.
  std::string cpu = "native";
  /// Triple to compile for; empty: this machine's.
  std::string triple;
  /// Plan file; empty: none.
  std::string plan;
  /// The plan itself, as JSON, in place of a file; a relative path of its
  /// tensors begins at `planDirectory`.
  std::string planText;
  std::string planDirectory;
  /// What linear layers multiply: "fp32", "bf16" or "int8".
  std::string dtype = "fp32";
  /// What to do where the processor has no instruction for the products of
  /// `dtype`: "error"; "fp32", compile in fp32; "emulate", get the same numbers
  /// from other instructions.
  std::string dtypeFallback = "error";
  /// How linear layers multiply fp32 numbers: "fma", by multiply-adds;
  /// "int8x3", by AMX, as integers of several digits of the scale of their row
  /// or column; or "auto": by AMX where the processor has it, and where
  /// `kernels` is not "halide".
  std::string fp32Products = "auto";
  /// "auto", "mlir" or "halide".
  std::string kernels = "auto";
  bool keepPadding = false;
  /// Outputs to keep; empty: all.
  std::vector<std::string> outputs;
  /// Called for every warning, one line without "warning: ".
  std::function<void(const std::string &)> onWarning;
  /// Called with a line for each stage: its time and what it did. Empty: quiet.
  std::function<void(const std::string &)> onStage;
};

struct CompileResult {
  bool ok = false;
  /// What is wrong, where, what was expected and found; one message.
  std::string error;
  /// The text of a text stage where no output file was named.
  std::string text;
  /// Statistics of the compilation, as JSON.
  std::string statistics;
};

CompileResult compile(const CompileOptions &options);

/// Checks a plan as far as it needs no model; gives what is wrong, or nothing.
std::string checkPlanText(const std::string &text,
                          const std::string &directory);

/// Version of the compiler, as written into libraries.
const char *compilerVersion();

} // namespace skim

#endif // SKIM_COMPILER_COMPILER_H
