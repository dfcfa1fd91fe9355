//===- TestImport.cpp - prints what the importer makes of a model ---------===//
// usage: skim-test-import MODEL.onnx... [--locations] [--weights] [--quiet]
//        [--outputs=A,B]
// For tests of the importer alone: nothing runs after it but the verifier. Ends
// with 1 when it takes none of several models.
//===----------------------------------------------------------------------===//

#include "skim/Import/Onnx/ImportOnnx.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

/// Imports one model; prints it unless `flags` is null.
static bool importOne(StringRef path, const skim::ImportOptions &options,
                      const OpPrintingFlags *flags) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
    bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
    llvm::errs() << (isError ? "error: " : "warning: ") << diagnostic << '\n';
    return success();
  });
  auto module = skim::importOnnx(path, &context, options);
  if (failed(module) || failed(verify(**module)))
    return false;
  if (flags)
    (*module)->print(llvm::outs(), *flags);
  return true;
}

int main(int argc, char **argv) {
  SmallVector<StringRef> paths;
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
      paths.push_back(argument);
    }
  }
  unsigned taken = 0;
  for (StringRef path : paths)
    taken += importOne(path, options, quiet ? nullptr : &flags);
  if (paths.size() > 1)
    llvm::outs() << "took " << taken << " of " << paths.size() << '\n';
  return taken == 0;
}
