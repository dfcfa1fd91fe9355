//===- Passes.td - passes on the onnx dialect --------------*- tablegen -*-===//
// Shape inference, constant folding and normal forms of imported graphs.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_TRANSFORMS_PASSES_TD
#define SKIM_DIALECT_ONNX_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def InferShapesPass : Pass<"onnx-infer-shapes", "::mlir::func::FuncOp"> {
  let summary = "Work out the shapes of all values";
  let description = [{
    Gives every result of an onnx op a ranked type, with a static extent where the
    dimension is constant, and the function the types of what it returns. Shapes
    are followed by symbols (SymbolicShapes.h), also through shape arithmetic:
    `Shape`, `Gather`, `Concat`, `Reshape` and so on. The names of the inputs'
    dimensions are in the argument attribute `onnx.dims`; where a result has
    that attribute it is written anew, with the dimensions as expressions.

    Needs the form that the importer gives. A shape that an op does not allow, and a rank
    that stays unknown, are errors that name the node. Changes nothing
    when run again.

    ```mlir
    // In, with input_ids named [batch, sequence]:
    %1 = onnx.Gather %table, %input_ids {axis = 0 : i64} : (tensor<97x32xf32>, tensor<?x?xi64>) -> tensor<*xf32>
    // Out:
    %1 = onnx.Gather %table, %input_ids {axis = 0 : i64} : (tensor<97x32xf32>, tensor<?x?xi64>) -> tensor<?x?x32xf32>
    ```

    Example: test/Dialect/Onnx/Transforms/infer-shapes.mlir
  }];
  let statistics = [
    Statistic<"numRefined", "refined", "Number of values whose type was refined">
  ];
}

#endif // SKIM_DIALECT_ONNX_TRANSFORMS_PASSES_TD
