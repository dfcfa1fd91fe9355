//===- Facts.h - what a stage did, in words ---------------------*- C++ -*-===//
// The texts behind -v, read off the module after each stage.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_COMPILER_FACTS_H
#define SKIM_LIB_COMPILER_FACTS_H

#include "mlir/IR/BuiltinOps.h"
#include "skim/Conversion/OnnxToSkim/OnnxToSkim.h"
#include <string>

namespace skim {

/// "277 onnx ops, 33 skim ops", constants left out.
std::string countOps(mlir::ModuleOp module);

/// The same, and what is quantised by the range of whole tensors.
std::string tellNormalised(mlir::ModuleOp module);

/// "raised 37 ops (attention 3, ...), left unraised: none".
std::string tellRaised(const RaiseReport &report);

/// Whether padding is removed, and the bound on the number of tokens.
std::string tellPacked(mlir::ModuleOp module);

/// What of a plan has been put in.
std::string tellPlanned(mlir::ModuleOp module);

} // namespace skim

#endif // SKIM_LIB_COMPILER_FACTS_H
