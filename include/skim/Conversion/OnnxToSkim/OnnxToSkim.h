//===- OnnxToSkim.h - onnx graphs to the skim dialect -----------*- C++ -*-===//
// The pass that finds an encoder's parts in an onnx graph, and what it reports.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_ONNXTOSKIM_ONNXTOSKIM_H
#define SKIM_CONVERSION_ONNXTOSKIM_ONNXTOSKIM_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skim {

/// An onnx op that computes on floating-point data of the model and stays as it
/// is.
struct UnraisedOp {
  mlir::Operation *op;
  std::string node;   // As `skim::onnx::describe` names it.
  std::string reason; // Why no pattern took it; empty when none came close.
};

/// What raising did with a module.
struct RaiseReport {
  std::map<std::string, unsigned>
      raised; // Ops of the skim dialect by their name.
  std::vector<UnraisedOp> unraised;
};

/// The onnx ops that still compute on the model's floating-point data. Integer,
/// boolean and shape arithmetic, what depends on shapes only, and the plain
/// movement of results to an output do not count.
std::vector<UnraisedOp> collectUnraised(mlir::ModuleOp module);

/// The pass `convert-onnx-to-skim`; fills `report` when there is one.
std::unique_ptr<mlir::Pass> createConvertOnnxToSkimPass(RaiseReport *report);

} // namespace skim

#endif // SKIM_CONVERSION_ONNXTOSKIM_ONNXTOSKIM_H
