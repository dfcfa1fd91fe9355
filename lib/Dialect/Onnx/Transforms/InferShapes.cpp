//===- InferShapes.cpp - pass onnx-infer-shapes ---------------------------===//
// Writes what SymbolicShapes finds into the types of values and functions.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"
#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"

namespace skim::onnx {
#define GEN_PASS_DEF_INFERSHAPESPASS
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

using namespace mlir;
using namespace skim::onnx;

namespace {
struct InferShapesPass
    : skim::onnx::impl::InferShapesPassBase<InferShapesPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    nameDims(func);
    SymbolicShapes shapes(func);
    auto walked = func.walk([&](Operation *op) {
      return isa<OnnxDialect>(op->getDialect()) ? refine(op, shapes)
                                                : WalkResult::advance();
    });
    if (walked.wasInterrupted())
      return signalPassFailure();
    updateFunction(func, shapes);
  }

  /// Names dimensions until no broadcast of unnamed ones is left.
  void nameDims(func::FuncOp func) {
    auto shapes = std::make_unique<SymbolicShapes>(func);
    while (nameEqualDims(func, *shapes))
      shapes = std::make_unique<SymbolicShapes>(func);
  }

  /// Gives the results of one op their types.
  WalkResult refine(Operation *op, SymbolicShapes &shapes) {
    if (failed(shapes.infer(op)))
      return WalkResult::interrupt();
    for (OpResult result : op->getResults()) {
      if (!isa<TensorType>(result.getType()))
        continue;
      Type type = shapes.refinedType(result);
      if (!isa<RankedTensorType>(type)) {
        emitError(op->getLoc())
            << describe(op) << ": expected a known rank, got " << type
            << " for result " << result.getResultNumber();
        return WalkResult::interrupt();
      }
      if (type == result.getType())
        continue;
      result.setType(type);
      ++numRefined;
    }
    return WalkResult::advance();
  }

  /// The function's type and the names of its results' dimensions.
  void updateFunction(func::FuncOp func, SymbolicShapes &shapes) {
    auto terminator = cast<func::ReturnOp>(func.getBody().front().back());
    func.setType(FunctionType::get(&getContext(),
                                   func.getFunctionType().getInputs(),
                                   terminator.getOperandTypes()));
    for (auto [i, value] : llvm::enumerate(terminator.getOperands())) {
      auto dims = shapes.dims(value);
      auto given = func.getResultAttrOfType<ArrayAttr>(i, "onnx.dims");
      if (!dims || !given)
        continue;
      SmallVector<Attribute> names;
      for (const SymDim &dim : *dims)
        names.push_back(StringAttr::get(&getContext(), dim.str()));
      func.setResultAttr(i, "onnx.dims", ArrayAttr::get(&getContext(), names));
    }
  }
};
} // namespace
