//===- Tensors.h - tensors of a model to attributes -------------*- C++ -*-===//
// Element types, and TensorProto to dense or dense_resource attributes without
// copying the weights.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_IMPORT_ONNX_TENSORS_H
#define SKIM_LIB_IMPORT_ONNX_TENSORS_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <memory>

#include "onnx.pb.h"

namespace skim::import {

class MappedFile;

using onnx::getDataType;
using onnx::getElementType;

/// ONNX's name of an element type: `FLOAT`, or `32` for an unknown number.
std::string getDataTypeName(int64_t dataType);

/// What messages on unsupported types say; the rest names what was found.
inline constexpr const char *expectedType =
    "expected floats, integers or booleans";

/// Bytes of one element in an ONNX file.
unsigned getElementBytes(mlir::Type elementType);

/// The elements of a constant as they are stored: one where all are equal.
llvm::ArrayRef<uint8_t> getBytes(mlir::ElementsAttr elements);

/// The op of a tensor that was read. Numbers of 4 bits become bytes, and the op
/// has the attribute `onnx.bits`.
onnx::ConstantOp makeConstant(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::ElementsAttr value);
inline constexpr llvm::StringLiteral bitsAttr = "onnx.bits";

/// Reads tensors. Those of 4 bits keep a byte for each number. Errors and
/// warnings begin with `what`, which names the tensor.
class TensorReader {
public:
  /// External data is looked up beside the model.
  TensorReader(mlir::MLIRContext *context, llvm::StringRef modelPath);
  ~TensorReader();

  /// Takes the data out of `tensor`: it must not be read a second time.
  llvm::Expected<mlir::ElementsAttr> read(::onnx::TensorProto &tensor,
                                          const llvm::Twine &what);

private:
  llvm::Expected<mlir::ElementsAttr> readFourBits(::onnx::TensorProto &tensor,
                                                  const llvm::Twine &what);
  llvm::Expected<mlir::ElementsAttr> readExternal(::onnx::TensorProto &tensor,
                                                  mlir::RankedTensorType type,
                                                  const llvm::Twine &what);
  llvm::Expected<std::shared_ptr<MappedFile>> map(llvm::StringRef location,
                                                  const llvm::Twine &what);
  mlir::ElementsAttr make(mlir::RankedTensorType type, llvm::StringRef name,
                          llvm::ArrayRef<char> data,
                          mlir::AsmResourceBlob::DeleterFn deleter,
                          const llvm::Twine &what);
  void warnNonFinite(mlir::Type elementType, llvm::ArrayRef<char> data,
                     const llvm::Twine &what);

  mlir::MLIRContext *context;
  std::string modelPath;
  llvm::StringMap<std::shared_ptr<MappedFile>> files;
};

/// The dimensions as a message names them: "2 x 3".
std::string formatDims(llvm::ArrayRef<int64_t> dims);

} // namespace skim::import

#endif // SKIM_LIB_IMPORT_ONNX_TENSORS_H
