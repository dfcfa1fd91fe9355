//===- ImportOnnx.cpp - ONNX files to the onnx dialect --------------------===//
// The entry point: a file to a module with one function.
//===----------------------------------------------------------------------===//

#include "skim/Import/Onnx/ImportOnnx.h"

#include "Graph.h"
#include "ModelFile.h"

using namespace mlir;

FailureOr<OwningOpRef<ModuleOp>>
skim::importOnnx(StringRef path, MLIRContext *context,
                 const ImportOptions &options) {
  context->loadDialect<func::FuncDialect, onnx::OnnxDialect>();
  auto model = import::readModel(path);
  if (!model)
    return import::reportError(context, path,
                               llvm::toString(model.takeError()));
  return import::GraphImporter(context, path, **model, options).import();
}
