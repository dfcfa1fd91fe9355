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
#include <csignal>

static int runPassTool(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  skim::registerAllDialects(registry);
  skim::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "skim pass tool\n", registry));
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
