//===- Passes.td - passes that change the dialect ----------*- tablegen -*-===//
// One definition for each conversion between dialects.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_PASSES_TD
#define SKIM_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// OnnxToSkim
//===----------------------------------------------------------------------===//

def ConvertOnnxToSkimPass : Pass<"convert-onnx-to-skim", "::mlir::ModuleOp"> {
  let summary = "Find the parts of an encoder in an onnx graph";
  let description = [{
    Replaces subgraphs of onnx ops by the ops of the skim dialect that they
    compute: linear layers, normalisations, activations, embeddings, attention,
    pools. Exporters write these in many orders; what is matched is what an
    element of a value is as a function of its position, so that the order of
    reshapes, transpositions, selections and scalings does not matter.

    Needs ranked types with all static dimensions in them (`onnx-infer-shapes`).
    What no pattern takes stays as it is; `report` says which ops those are and
    why. Weights stay operands that `onnx.Constant` defines. Masks with a score for
    each key become one `tensor<?x?xi1>` that all attentions share; an integer or
    float mask is taken to hold ones and zeros where the model computes with it, and
    is what a comparison says where it is compared.
    Conditions that a mask joins are taken apart: those that let a query see a range
    of distances, its own position among them, become the attention's windows (causal
    attention is one of 0 to the right), others on positions alone a bias. Two that are
    filled by one finite number stay one bias unless one is a window: where a query sees
    no key all that they hide weighs alike. Queries and keys whose heads are normalised
    are norms of heads; turned ones become rotary positions where all sequences share
    their tables.

    Example, from `test/Conversion/OnnxToSkim/linear.mlir`:

    ```mlir
    // before
    %1 = onnx.MatMul %x, %w : (tensor<?x?x4xf32>, tensor<4x6xf32>) -> tensor<?x?x6xf32>
    %2 = onnx.Add %b, %1 : (tensor<6xf32>, tensor<?x?x6xf32>) -> tensor<?x?x6xf32>
    // after
    %2 = skim.linear %x, %w bias %b : tensor<?x?x4xf32>, tensor<4x6xf32>, tensor<6xf32> -> tensor<?x?x6xf32>
    ```
  }];
  let dependentDialects = ["::skim::SkimDialect", "::skim::onnx::OnnxDialect"];
  let options = [
    Option<"report", "report", "bool", /*default=*/"false",
           "Remark on each op that stays and on why">
  ];
  let statistics = [
    Statistic<"raisedOps", "raised", "Ops of the skim dialect made">,
    Statistic<"unraisedOps", "unraised", "Onnx ops on floating-point data left">
  ];
}

#endif // SKIM_CONVERSION_PASSES_TD
