//===- EinsumEquation.h - the labels of an Einsum ---------------*- C++ -*-===//
// ONNX's equations, `bij,bjk->bik`, as one letter for each axis.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_EINSUMEQUATION_H
#define SKIM_DIALECT_ONNX_IR_EINSUMEQUATION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace skim::onnx {
/// A label for each axis of the operands and of the result. Axes under an
/// ellipsis have the labels '0', '1', ... counted from the last.
struct EinsumEquation {
  llvm::SmallVector<std::string> operands;
  std::string result;
};

/// The labels for operands of these ranks; nothing where they do not fit. An
/// equation without a result has the ellipsis, then the labels that occur once,
/// in alphabetical order.
std::optional<EinsumEquation>
parseEinsumEquation(llvm::StringRef text, llvm::ArrayRef<int64_t> ranks);
} // namespace skim::onnx

#endif // SKIM_DIALECT_ONNX_IR_EINSUMEQUATION_H
