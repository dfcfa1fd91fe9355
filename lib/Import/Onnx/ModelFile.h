//===- ModelFile.h - reading the protobuf -----------------------*- C++ -*-===//
// Opens a model file, tells what it is when it is no model, and parses it.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_IMPORT_ONNX_MODELFILE_H
#define SKIM_LIB_IMPORT_ONNX_MODELFILE_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>

#include "onnx.pb.h"

namespace skim::import {

/// Reports an error of the model at `path`. Bytes of a damaged model that are
/// no text are made readable.
llvm::LogicalResult reportError(mlir::MLIRContext *context,
                                llvm::StringRef path,
                                const llvm::Twine &message);

/// Parses the file in a stream, so that its bytes are in memory only once. The
/// error's text does not name the file.
llvm::Expected<std::unique_ptr<::onnx::ModelProto>>
readModel(llvm::StringRef path);

} // namespace skim::import

#endif // SKIM_LIB_IMPORT_ONNX_MODELFILE_H
