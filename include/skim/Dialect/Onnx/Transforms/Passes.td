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

    Dynamic dimensions of inputs that have no name (or a number that an exporter gave,
    `unk__7`, `DynamicDimension.7`) and that an op broadcasts with another input's, or that a
    `Reshape` replaces by another input's, are taken to be equal and get one name: a model
    whose inputs are `[?, ?]` then is as one whose inputs are `[batch, sequence]`. (One of
    them as 1 and the other not would be valid ONNX, and is refused at run time.)

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
  let dependentDialects = ["::skim::onnx::OnnxDialect"];
  let statistics = [
    Statistic<"numRefined", "refined", "Number of values whose type was refined">
  ];
}

def WidenFloatsPass : Pass<"onnx-widen-floats", "::mlir::func::FuncOp"> {
  let summary = "Compute in fp32 what a model computes in 16 bits";
  let description = [{
    Values of float16 and bfloat16 become f32: inputs and weights behind a `Cast`,
    which folds for weights, outputs before one. Inputs and outputs keep their types.
    Nothing is rounded in between, so results are nearer to those of exact arithmetic
    than what is computed in 16 bits, and what overflows there may be finite here. A
    `Cast` to 16 bits becomes one to f32. A scalar that is what 16 bits leave of a number
    in GELU's definitions, sqrt(2) say, becomes that number.

    ```mlir
    // In:
    func.func @main(%x: tensor<4xf16>) -> tensor<4xf16> {
      %w = onnx.Constant dense_resource<w> : tensor<4xf16>
      %y = onnx.Mul %x, %w : (tensor<4xf16>, tensor<4xf16>) -> tensor<4xf16>
      return %y : tensor<4xf16>
    }
    // Out:
    func.func @main(%x: tensor<4xf16>) -> tensor<4xf16> {
      %0 = onnx.Cast %x {to = 1 : i64} : (tensor<4xf16>) -> tensor<4xf32>
      %w = onnx.Constant dense_resource<w> : tensor<4xf16>
      %1 = onnx.Cast %w {to = 1 : i64} : (tensor<4xf16>) -> tensor<4xf32>
      %y = onnx.Mul %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %2 = onnx.Cast %y {to = 10 : i64} : (tensor<4xf32>) -> tensor<4xf16>
      return %2 : tensor<4xf16>
    }
    ```

    Example: test/Dialect/Onnx/Transforms/widen-floats.mlir
  }];
  let dependentDialects = ["::skim::onnx::OnnxDialect"];
  let statistics = [
    Statistic<"numWidened", "widened", "Number of values that became f32">
  ];
}

def ExpandFusedOpsPass
    : Pass<"onnx-expand-fused-ops", "::mlir::func::FuncOp"> {
  let summary = "Write ops of com.microsoft as those of ONNX";
  let description = [{
    What ONNX Runtime's optimiser fused becomes what it was, so that all that follows
    knows ONNX only:

    - `FusedMatMul` becomes `Transpose`, `MatMul` and `Mul`;
    - `MultiHeadAttention` becomes `Attention` on heads that `Reshape` and `Transpose` take apart,
      its masks numbers to add: 0, or `mask_filter_value`;
    - `RotaryEmbedding` becomes ONNX's.

    Needs ranks, and the width of states that heads are taken from (`onnx-infer-shapes`).
    An op whose operands have other forms is an error that names the node.

    ```mlir
    // In:
    %0 = onnx.ms.FusedMatMul %a, %b {alpha = 2.500000e-01 : f32, transB = 1 : i64} : (tensor<4x8xf32>, tensor<3x8xf32>) -> tensor<4x3xf32>
    // Out:
    %0 = onnx.Transpose %b {perm = array<i64: 1, 0>} : (tensor<3x8xf32>) -> tensor<8x3xf32>
    %1 = onnx.MatMul %a, %0 : (tensor<4x8xf32>, tensor<8x3xf32>) -> tensor<4x3xf32>
    %2 = onnx.Constant dense<2.500000e-01> : tensor<f32>
    %3 = onnx.Mul %1, %2 : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
    ```

    Example: test/Dialect/Onnx/Transforms/expand-fused-ops.mlir and
    expand-fused-attention.mlir
  }];
  let dependentDialects = ["::skim::onnx::OnnxDialect"];
  let statistics = [
    Statistic<"numExpanded", "expanded", "Number of ops that were expanded">
  ];
}

def FoldConstantsPass : Pass<"onnx-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "Compute ops on constants at compile time";
  let description = [{
    Replaces every op whose operands are all constants by its result, in the
    element type's own arithmetic: arithmetic, comparisons, casts (also from int8, uint8,
    float16 and bfloat16), DequantizeLinear, MatMul, LayerNormalization, Transpose, Reshape, Gather, Slice,
    Concat, Range, Expand and so on. Weights behind Cast, Mul, Transpose or
    Identity become plain weights.

    An op is left alone when its result would be larger than `max-growth` bytes and
    have more elements than its largest operand. Also left are what the raising to
    skim reads: `Gather` of rows of a table of floats, and `Transpose` of a
    large matrix that only feeds the second operand of `MatMul` whose first is no
    constant.

    Needs ranked static result types (`onnx-infer-shapes`). Results of more than 64 bytes
    are resources that keep the name of the weight they come from. A weight that
    nothing reads any more is freed at once, so two copies of all weights never exist.

    ```mlir
    // In:
    %w = onnx.Cast %stored {to = 1 : i64} : (tensor<2x2xi8>) -> tensor<2x2xf32>
    %r = onnx.Mul %w, %scale : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
    // Out:
    %r = onnx.Constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
    ```

    Example: test/Dialect/Onnx/Transforms/fold-constants.mlir
  }];
  let dependentDialects = ["::skim::onnx::OnnxDialect"];
  let options = [
    Option<"maxGrowth", "max-growth", "int64_t", /*default=*/"65536",
           "Bytes up to which a result may have more elements than the operands">
  ];
  let statistics = [
    Statistic<"numFolded", "folded", "Number of ops computed">,
    Statistic<"numReleased", "released", "Bytes of weights freed">
  ];
}

def UnquantiseActivationsPass
    : Pass<"onnx-unquantise-activations", "::mlir::func::FuncOp"> {
  let summary = "Take the quantisation of activations out of products";
  let description = [{
    A product of 8-bit integers whose activations `DynamicQuantizeLinear` quantises by
    the range of the whole tensor becomes a product of the activations themselves and
    of the weights as numbers:

    `float((q(x) - zero) (w - zero_w)) * (scale * scale_w)  ->  x * dequantise(w)`

    Activations that go through `QuantizeLinear` and `DequantizeLinear` by one scale are
    themselves. Not exact: what rounding x to 8 bits changes is gone. Meant for the types in which
    linear layers round activations themselves, a token at a time, so that they do not
    round twice, and no token depends on the range of others. Weights that are no
    constants, or with another number of zero points than of scales, stay.

    Rounding to a range also cuts off what lies outside, and static quantisers leave out
    activations that do no more: where a range begins at 0 a `Relu` takes the place of rounding, where both
    ends are whole numbers a `Clip`, unless what is rounded cannot lie outside (probabilities).
    Other ranges, those that were measured, cut nothing off.

    ```mlir
    // In:
    %q:3 = onnx.DynamicQuantizeLinear %x : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
    %0 = onnx.MatMulInteger %q#0, %w, %q#2, %none : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<ui8>, none) -> tensor<?x3xi32>
    %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<?x3xi32>) -> tensor<?x3xf32>
    %2 = onnx.Mul %q#1, %scale : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = onnx.Mul %1, %2 : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    // Out:
    %0 = onnx.DequantizeLinear %w, %scale, %none {axis = 1 : i64} : (tensor<4x3xi8>, tensor<3xf32>, none) -> tensor<4x3xf32>
    %3 = onnx.MatMul %x, %0 : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
    ```

    Example: test/Dialect/Onnx/Transforms/unquantise-activations.mlir
  }];
  let dependentDialects = ["::skim::onnx::OnnxDialect"];
  let statistics = [
    Statistic<"numPlaces", "places", "Number of products and roundings that were changed">
  ];
}

def QuantiseProductsPass
    : Pass<"onnx-quantise-products", "::mlir::func::FuncOp"> {
  let summary = "Multiply the integers that numbers stand for";
  let description = [{
    A product of activations by a constant matrix, both of which `DequantizeLinear` makes
    of integers of 8 bits, becomes the product of the integers:

    `((q - zero) * scale) ((w - zero_w) * scale_w)  ->  float((q - zero) (w - zero_w)) *
    (scale * scale_w)`

    The same but for rounding, of which the integers have none. Static quantisers write
    the first form; the second is what a layer with 8-bit products is raised from. Scales
    are constants: one number for q, one or one for each column for w.

    ```mlir
    // In:
    %0 = onnx.DequantizeLinear %q, %s, %z : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
    %1 = onnx.DequantizeLinear %w, %t, %none : (tensor<4x3xi8>, tensor<3xf32>, none) -> tensor<4x3xf32>
    %2 = onnx.MatMul %0, %1 : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
    // Out:
    %0 = onnx.MatMulInteger %q, %w, %z, %none : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<ui8>, none) -> tensor<?x3xi32>
    %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<?x3xi32>) -> tensor<?x3xf32>
    %2 = onnx.Mul %s, %t : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
    %3 = onnx.Mul %1, %2 : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    ```

    Example: test/Dialect/Onnx/Transforms/quantise-products.mlir
  }];
  let dependentDialects = ["::skim::onnx::OnnxDialect"];
  let statistics = [
    Statistic<"numProducts", "products", "Number of products that became those of integers">
  ];
}

def NormalisePass : Pass<"onnx-normalise", "::mlir::func::FuncOp"> {
  let summary = "Bring graphs to one form, without shape arithmetic";
  let description = [{
    Exporters write the same computation in many ways, most of it arithmetic on
    shapes. This pass rewrites, exactly but for the order of sums:

    - integer tensors whose elements are known to constants, those with one
      value everywhere to an `Expand` of it, and other arithmetic on dimensions to `Shape` of
      function arguments;
    - `Reshape`, `Flatten`, `Squeeze`, `Unsqueeze` in a row to one of them with a constant
      operand (0 and -1 in the shape where that says it);
    - `Transpose` in a row, also with axes joined and taken apart around it, to one, and
      `Transpose` of `Tile` to `Tile` of `Transpose`;
    - `Transpose` moves behind what works on rows, elements or named axes of states (layers,
      norms, embeddings, elementwise ops, reductions, selections, views of the last axes), so
      that encoders with the sequence or the channels first are ones of [batch, sequence, H];
    - `Gemm`, `MatMul` and `MatMulInteger` of flattened rows, also quantised ones, and what stands
      between two of them, to `MatMul` or `MatMulInteger` of the states; rows of a table by flattened ids to rows by ids, also where ones and zeros (`OneHot`) pick them;
    - choices that are spelled as arithmetic, `cast(c) * a + cast(not c) * b`, to `Where`;
    - `Einsum` of one operand to `ReduceSum` and `Transpose`, of two to `MatMul` of moved and
      joined axes, or to `Mul` where nothing is added up;
    - `Conv` whose windows lie side by side, or that has 16 channels or more in each group and
      constant weights, to `MatMul` of the windows, each of one row;
    - a layer norm by way of TensorFlow's batch norm, whose channels are the rows, to
      `LayerNormalization`;
    - `DequantizeLinear` of rows of a table to rows of the table dequantised;
    - `QuantizeLinear` of what `DequantizeLinear` made with the same scale, as it is or moved, to
      the integers, moved alike;
    - `Gather` and `GatherND` by grids of `Range` to the gathered tensor with
      axes moved and added;
    - `Expand` moves behind elementwise ops, reductions over other axes and row selections,
      and goes where the next op broadcasts;
    - ops that do nothing go: `Identity`, casts to the same type, full slices,
      `And` with true, `Where` with a known condition, x * 1.

    Needs ranked types (`onnx-infer-shapes`); works best after `onnx-fold-constants`, and
    leaves constants to fold and equal ops to merge.

    ```mlir
    // In: a mask gathered by all pairs of batch and position.
    %grid = onnx.Concat %b, %k {axis = -1 : i64} : (tensor<?x1x1x?x1xi64>, tensor<?x1x1x?x1xi64>) -> tensor<?x1x1x?x2xi64>
    %m = onnx.GatherND %mask, %grid : (tensor<?x?xi1>, tensor<?x1x1x?x2xi64>) -> tensor<?x1x1x?xi1>
    // Out:
    %m = onnx.Unsqueeze %mask, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
    ```

    Example: test/Dialect/Onnx/Transforms/normalise.mlir, normalise-transposes.mlir,
    normalise-products.mlir, normalise-conv.mlir, normalise-norms.mlir, normalise-quantised.mlir, normalise-selects.mlir and normalise-einsum.mlir
  }];
  let dependentDialects = ["::skim::onnx::OnnxDialect"];
}

#endif // SKIM_DIALECT_ONNX_TRANSFORMS_PASSES_TD
