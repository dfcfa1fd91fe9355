//===- OnnxShapeOps.td - shapes ---------------------------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXSHAPEOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXSHAPEOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_ReshapeOp : Onnx_Op<"Reshape", [
    AllElementTypesMatch<["data", "reshaped"]>]> {
  let summary = "Give the elements another shape";
  let description = [{
    The elements in row major order in the shape `shape`; a size of 0 copies
    the operand's dimension (with `allowzero = 1` it is 0), one size of -1
    takes what is left.

    Constraints:
    - (C1) `shape` has rank 1.
    - (C2) Constant sizes are -1 or more, at most one is -1.
    - (C3) Operand and result have the same number of elements.

    ```mlir
    %result = onnx.Reshape %data, %shape
        : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_I64Tensor:$shape,
    DefaultValuedAttr<I64Attr, "0">:$allowzero
  );
  let results = (outs Onnx_Tensor:$reshaped);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Onnx_FlattenOp : Onnx_Op<"Flatten", [
    AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Make a matrix";
  let description = [{
    Dimensions before `axis` become rows, the others columns.

    Constraints:
    - (C1) `axis` lies in [-rank, rank].

    ```mlir
    %result = onnx.Flatten %input {axis = 2 : i64}
        : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$input,
    DefaultValuedAttr<I64Attr, "1">:$axis
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_TransposeOp : Onnx_Op<"Transpose", [
    AllElementTypesMatch<["data", "transposed"]>]> {
  let summary = "Permute dimensions";
  let description = [{
    `transposed[i_perm[0], i_perm[1], ..] = data[i_0, i_1, ..]`; without
    `perm` the order is reversed.

    Constraints:
    - (C1) `perm` is a permutation of 0 to rank - 1.
    - (C2) The result has the permuted shape.

    ```mlir
    %result = onnx.Transpose %data {perm = array<i64: 0, 2, 1>}
        : (tensor<2x?x4xf32>) -> tensor<2x4x?xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    OptionalAttr<DenseI64ArrayAttr>:$perm
  );
  let results = (outs Onnx_Tensor:$transposed);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Onnx_SqueezeOp : Onnx_Op<"Squeeze", [
    AllElementTypesMatch<["data", "squeezed"]>]> {
  let summary = "Remove dimensions of size 1";
  let description = [{
    The elements of `data` without the dimensions `axes`, without all
    dimensions of size 1 when `axes` is absent.

    Constraints:
    - (C1) Constant axes lie in [-rank, rank) and differ.
    - (C2) The dimensions at the axes have size 1.

    ```mlir
    %result = onnx.Squeeze %data, %axes
        : (tensor<2x1x3xf32>, tensor<1xi64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_Optional<Onnx_I64Tensor>:$axes);
  let results = (outs Onnx_Tensor:$squeezed);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_UnsqueezeOp : Onnx_Op<"Unsqueeze", [
    AllElementTypesMatch<["data", "expanded"]>]> {
  let summary = "Insert dimensions of size 1";
  let description = [{
    The elements of `data` with dimensions of size 1 at `axes`, which count
    in the result.

    Constraints:
    - (C1) Constant axes lie in the result's range and differ.

    ```mlir
    %result = onnx.Unsqueeze %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1x3xf32>
    ```
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_I64Tensor:$axes);
  let results = (outs Onnx_Tensor:$expanded);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_ExpandOp : Onnx_Op<"Expand", [
    AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Broadcast to a shape";
  let description = [{
    `data` broadcast with a tensor of the shape `shape`; a dimension may
    stay larger than `shape` says.

    Constraints:
    - (C1) `shape` has rank 1.

    ```mlir
    %result = onnx.Expand %input, %shape
        : (tensor<2x1xf32>, tensor<2xi64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Onnx_Tensor:$input, Onnx_I64Tensor:$shape);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_TileOp : Onnx_Op<"Tile", [AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Repeat along each dimension";
  let description = [{
    `output[i, j, ..] = input[i mod d_0, j mod d_1, ..]`, dimension `k`
    repeated `repeats[k]` times.

    Constraints:
    - (C1) `repeats` has rank 1.
    - (C2) There is one repeat for each dimension.

    ```mlir
    %result = onnx.Tile %input, %repeats
        : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins Onnx_Tensor:$input, Onnx_I64Tensor:$repeats);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_ShapeOp : Onnx_Op<"Shape"> {
  let summary = "Give the dimensions";
  let description = [{
    `shape = dimensions [start, end)` of `data`, negative bounds count from
    the end.

    ```mlir
    %result = onnx.Shape %data : (tensor<?x3xf32>) -> tensor<2xi64>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    OptionalAttr<I64Attr>:$end,
    DefaultValuedAttr<I64Attr, "0">:$start
  );
  let results = (outs Onnx_I64Tensor:$shape);
}

def Onnx_SizeOp : Onnx_Op<"Size"> {
  let summary = "Give the number of elements";
  let description = [{
    `size = product of the dimensions of data`.

    ```mlir
    %result = onnx.Size %data : (tensor<?x3xf32>) -> tensor<i64>
    ```
  }];
  let arguments = (ins Onnx_Tensor:$data);
  let results = (outs Onnx_I64Tensor:$size);
}

def Onnx_ConcatOp : Onnx_Op<"Concat"> {
  let summary = "Join along an axis";
  let description = [{
    The operands one after the other along `axis`.

    Constraints:
    - (C1) There is at least one operand.
    - (C2) `axis` lies in [-rank, rank).
    - (C3) Operands have one rank.
    - (C4) Other dimensions agree.

    ```mlir
    %result = onnx.Concat %v0, %v1 {axis = 1 : i64}
        : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    ```
  }];
  let arguments = (ins Variadic<Onnx_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Onnx_Tensor:$concat_result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_SplitOp : Onnx_Op<"Split"> {
  let summary = "Cut along an axis";
  let description = [{
    Pieces of `input` along `axis`: of the sizes `split`, else `num_outputs`
    equal ones, the last may be smaller.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).
    - (C2) There are `num_outputs` results.
    - (C3) There is one constant size for each result.
    - (C4) Constant sizes add up to the dimension.

    ```mlir
    %result:2 = onnx.Split %input, %none {axis = 1 : i64, num_outputs = 2 : i64}
        : (tensor<4x6xf32>, none) -> (tensor<4x3xf32>, tensor<4x3xf32>)
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$input,
    Onnx_Optional<Onnx_I64Tensor>:$split,
    DefaultValuedAttr<I64Attr, "0">:$axis,
    OptionalAttr<I64Attr>:$num_outputs
  );
  let results = (outs Variadic<Onnx_Tensor>:$outputs);
  let hasVerifier = 1;
}

def Onnx_SliceOp : Onnx_Op<"Slice", [
    AllElementTypesMatch<["data", "output"]>,
    AllElementTypesMatch<["starts", "ends"]>]> {
  let summary = "Take ranges along axes";
  let description = [{
    `output = data[starts[k] : ends[k] : steps[k]]` along `axes[k]` (absent:
    0, 1, ..), as in Python: bounds count from the end when negative and are
    clamped.

    Constraints:
    - (C1) The lists have rank 1.
    - (C2) The lists have one length.
    - (C3) Constant steps are not 0.
    - (C4) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.Slice %data, %starts, %ends, %axes, %none
        : (tensor<4x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none)
        -> tensor<4x?xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_IndexTensor:$starts,
    Onnx_IndexTensor:$ends,
    Onnx_Optional<Onnx_IndexTensor>:$axes,
    Onnx_Optional<Onnx_IndexTensor>:$steps
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_PadOp : Onnx_Op<"Pad", [AllElementTypesMatch<["data", "output"]>]> {
  let summary = "Add elements around";
  let description = [{
    `pads` holds the number of elements before each axis, then after each
    (`axes`, absent: all); they are `constant_value` (absent: 0), or from
    the data as `mode` says.

    Constraints:
    - (C1) `mode` is `constant`, `reflect`, `edge` or `wrap`.
    - (C2) `constant_value` has one element.
    - (C3) There are two pads for each axis.

    ```mlir
    %result = onnx.Pad %data, %pads, %none, %none
        : (tensor<2x3xf32>, tensor<4xi64>, none, none) -> tensor<3x5xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_I64Tensor:$pads,
    Onnx_Optional<Onnx_Tensor>:$constant_value,
    Onnx_Optional<Onnx_IndexTensor>:$axes,
    DefaultValuedStrAttr<StrAttr, "constant">:$mode
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXSHAPEOPS_TD
