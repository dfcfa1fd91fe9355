//===- skim-opt.cpp - compiler and pass tool ------------------------------===//
// With an ONNX file among its arguments the compiler; otherwise it runs passes
// and pipelines on MLIR text by their registered names, as mlir-opt does.
//===----------------------------------------------------------------------===//

#include "CompileCommand.h"

#include "skim/InitAll.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <unistd.h>

/// Why the pass tool cannot read its input, or null.
static const char *whyUnreadable(const std::string &input) {
  if (input == "-")
    return nullptr;
  if (llvm::sys::fs::is_directory(input))
    return std::strerror(EISDIR);
  return access(input.c_str(), R_OK) == 0 ? nullptr : std::strerror(errno);
}

static int runPassTool(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  skim::registerAllDialects(registry);
  skim::registerAllPasses();
  auto [input, output] = mlir::registerAndParseCLIOptions(
      argc, argv, "skim pass tool\n", registry);
  if (const char *reason = whyUnreadable(input)) {
    llvm::errs() << "skim-opt: error: cannot open '" << input << "': " << reason
                 << '\n';
    return 1;
  }
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, input, output, registry));
}

int main(int argc, char **argv) {
  // A reader that goes away, or a file that grows too large, is a failed write,
  // not a silent end.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  if (skim::isCompileCommand(argc, argv))
    return skim::runCompileCommand(argc, argv);
  return runPassTool(argc, argv);
}
