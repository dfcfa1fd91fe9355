//===- ImportOnnx.h - ONNX files to the onnx dialect ------------*- C++ -*-===//
// Reads a model file into a module with one function, @main.
//===----------------------------------------------------------------------===//

#ifndef SKIM_IMPORT_ONNX_IMPORTONNX_H
#define SKIM_IMPORT_ONNX_IMPORTONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>
#include <vector>

namespace skim {

/// The range of operator sets that the importer takes. (An op that has not
/// changed since is taken from older ones too.)
constexpr int64_t kOldestOpset = 7;
constexpr int64_t kNewestOpset = 28;

struct ImportOptions {
  /// Names of the graph outputs to keep, in this order; empty: all of them.
  std::vector<std::string> outputs;
};

/// Reads the model at `path`, which names the file in every message. Weights
/// above 64 bytes become dense resources that own what was read (or map the
/// external data file), so the model's bytes are in memory once.
///
/// Errors and warnings go to the context's diagnostic handler. Each text is
/// complete: `model.onnx: node 'x' (Gemm): what is wrong`.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importOnnx(llvm::StringRef path, mlir::MLIRContext *context,
           const ImportOptions &options = {});

} // namespace skim

#endif // SKIM_IMPORT_ONNX_IMPORTONNX_H
