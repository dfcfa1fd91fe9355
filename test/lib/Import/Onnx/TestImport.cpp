//===- TestImport.cpp - prints what the importer makes of a model ---------===//
// usage: skim-test-import MODEL.onnx [--locations] [--weights] [--quiet]
//        [--outputs=A,B]
// For tests of the importer alone: nothing runs after it but the verifier.
//===----------------------------------------------------------------------===//

#include "skim/Import/Onnx/ImportOnnx.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

int main(int argc, char **argv) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
    bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
    llvm::errs() << (isError ? "error: " : "warning: ") << diagnostic << '\n';
    return success();
  });
  StringRef path;
  bool quiet = false;
  OpPrintingFlags flags;
  flags.elideLargeResourceString(0);
  skim::ImportOptions options;
  for (StringRef argument : llvm::ArrayRef(argv + 1, argc - 1)) {
    if (argument == "--locations") {
      flags.enableDebugInfo();
    } else if (argument == "--weights") {
      flags = OpPrintingFlags();
    } else if (argument == "--quiet") {
      quiet = true;
    } else if (argument.consume_front("--outputs=")) {
      for (StringRef name : llvm::split(argument, ','))
        options.outputs.push_back(name.str());
    } else {
      path = argument;
    }
  }
  auto module = skim::importOnnx(path, &context, options);
  if (failed(module) || failed(verify(**module)))
    return 1;
  if (!quiet)
    (*module)->print(llvm::outs(), flags);
  return 0;
}
