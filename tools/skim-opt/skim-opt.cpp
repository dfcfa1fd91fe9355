//===- skim-opt.cpp - compiler and pass tool ------------------------------===//
// Runs passes and pipelines by their registered names, as mlir-opt does.
//===----------------------------------------------------------------------===//

#include "skim/InitAll.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  skim::registerAllDialects(registry);
  skim::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "skim pass tool\n", registry));
}
