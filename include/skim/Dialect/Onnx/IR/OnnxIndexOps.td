//===- OnnxIndexOps.td - indexing -------------------------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXINDEXOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXINDEXOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_GatherOp : Onnx_Op<"Gather", [
    AllElementTypesMatch<["data", "output"]>]> {
  let summary = "Take slices by index";
  let description = [{
    `output[.., i, ..] = data[.., indices[i], ..]` along `axis`, with the
    dimensions of `indices` in its place; negative indices count from the
    end.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).

    ```mlir
    %result = onnx.Gather %data, %indices
        : (tensor<100x8xf32>, tensor<2x?xi64>) -> tensor<2x?x8xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_IndexTensor:$indices,
    DefaultValuedAttr<I64Attr, "0">:$axis
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_GatherElementsOp : Onnx_Op<"GatherElements", [
    AllElementTypesMatch<["data", "output"]>]> {
  let summary = "Take elements by index along an axis";
  let description = [{
    `output[i, j, ..] = data[.., indices[i, j, ..], ..]`, the index stands
    at `axis`.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).
    - (C2) `indices` has the rank of `data`.

    ```mlir
    %result = onnx.GatherElements %data, %indices {axis = 1 : i64}
        : (tensor<2x3xf32>, tensor<2x5xi64>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_IndexTensor:$indices,
    DefaultValuedAttr<I64Attr, "0">:$axis
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_GatherNDOp : Onnx_Op<"GatherND", [
    AllElementTypesMatch<["data", "output"]>]> {
  let summary = "Take slices by tuples of indices";
  let description = [{
    `output[b, i, ..] = data[b, indices[b, i, :], ..]`, the first
    `batch_dims` dimensions `b` are common.

    Constraints:
    - (C1) `batch_dims` is 0 or more and below both ranks.
    - (C2) A tuple indexes at most the dimensions after the batch.

    ```mlir
    %result = onnx.GatherND %data, %indices
        : (tensor<2x3x4xf32>, tensor<5x2xi64>) -> tensor<5x4xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_I64Tensor:$indices,
    DefaultValuedAttr<I64Attr, "0">:$batch_dims
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_ScatterElementsOp : Onnx_Op<"ScatterElements", [
    AllElementTypesMatch<["data", "updates", "output"]>]> {
  let summary = "Replace elements by index along an axis";
  let description = [{
    `output = data`, then `output[.., indices[i, j, ..], ..] = updates[i, j,
    ..]` with the index at `axis`, or combined as `reduction` says.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).
    - (C2) `reduction` is `none`, `add`, `mul`, `max` or `min`.
    - (C3) `updates` has the shape of `indices`.

    ```mlir
    %result = onnx.ScatterElements %data, %indices, %updates
        : (tensor<4x3xf32>, tensor<1x3xi64>, tensor<1x3xf32>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_IndexTensor:$indices,
    Onnx_Tensor:$updates,
    DefaultValuedAttr<I64Attr, "0">:$axis,
    DefaultValuedStrAttr<StrAttr, "none">:$reduction
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_ScatterNDOp : Onnx_Op<"ScatterND", [
    AllElementTypesMatch<["data", "updates", "output"]>]> {
  let summary = "Replace slices by tuples of indices";
  let description = [{
    `output = data`, then `output[indices[i, :], ..] = updates[i, ..]`, or
    combined as `reduction` says.

    Constraints:
    - (C1) `reduction` is `none`, `add`, `mul`, `max` or `min`.

    ```mlir
    %result = onnx.ScatterND %data, %indices, %updates {reduction = "add"}
        : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_I64Tensor:$indices,
    Onnx_Tensor:$updates,
    DefaultValuedStrAttr<StrAttr, "none">:$reduction
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_OneHotOp : Onnx_Op<"OneHot", [
    AllElementTypesMatch<["values", "output"]>]> {
  let summary = "Mark indices in rows";
  let description = [{
    `output[.., k, ..] = values[1]` where `k = indices[..]` along the new
    dimension `axis` of size `depth`, else `values[0]`.

    Constraints:
    - (C1) `depth` has one element.
    - (C2) There are two values.
    - (C3) `axis` lies in [-rank - 1, rank].

    ```mlir
    %result = onnx.OneHot %indices, %depth, %values
        : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<4x?xf32>
    ```
  }];
  let arguments = (ins
    Onnx_OneHotTensor:$indices,
    Onnx_OneHotTensor:$depth,
    Onnx_Tensor:$values,
    DefaultValuedAttr<I64Attr, "-1">:$axis
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_NonZeroOp : Onnx_Op<"NonZero"> {
  let summary = "List the indices of elements other than zero";
  let description = [{
    `Y[:, k]` is the index tuple of the `k`-th such element in row major
    order. A scalar counts as a list of one.

    ```mlir
    %result = onnx.NonZero %X : (tensor<2x3xf32>) -> tensor<2x?xi64>
    ```
  }];
  let arguments = (ins Onnx_Tensor:$X);
  let results = (outs Onnx_I64Tensor:$Y);
}

def Onnx_CompressOp : Onnx_Op<"Compress", [
    AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Keep slices by a mask";
  let description = [{
    The slices of `input` along `axis` (absent: of the flat elements) where
    `condition` is true; beyond its end it is false.

    Constraints:
    - (C1) `condition` has rank 1.
    - (C2) `axis` lies in [-rank, rank).

    ```mlir
    %result = onnx.Compress %input, %condition {axis = 0 : i64}
        : (tensor<4x3xf32>, tensor<4xi1>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$input,
    Onnx_BoolTensor:$condition,
    OptionalAttr<I64Attr>:$axis
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_TopKOp : Onnx_Op<"TopK", [AllElementTypesMatch<["X", "Values"]>]> {
  let summary = "Find the largest or smallest elements along an axis";
  let description = [{
    `Values` are the `K` largest (`largest = 0`: smallest) elements along
    `axis`, in order when `sorted` is not 0, `Indices` where they were; of
    equal ones the first.

    Constraints:
    - (C1) `K` has one element.
    - (C2) `axis` lies in [-rank, rank).

    ```mlir
    %result:2 = onnx.TopK %X, %K
        : (tensor<4x9xf32>, tensor<1xi64>) -> (tensor<4x?xf32>, tensor<4x?xi64>)
    ```
  }];
  let arguments = (ins
    Onnx_NumericTensor:$X,
    Onnx_I64Tensor:$K,
    DefaultValuedAttr<I64Attr, "-1">:$axis,
    DefaultValuedAttr<I64Attr, "1">:$largest,
    DefaultValuedAttr<I64Attr, "1">:$sorted
  );
  let results = (outs Onnx_NumericTensor:$Values, Onnx_I64Tensor:$Indices);
  let hasVerifier = 1;
}

def Onnx_RangeOp : Onnx_Op<"Range", [
    AllElementTypesMatch<["start", "limit", "delta", "output"]>]> {
  let summary = "Count up or down";
  let description = [{
    `output[i] = start + i * delta`, `max(ceil((limit - start) / delta), 0)`
    elements.

    Constraints:
    - (C1) `start`, `limit` and `delta` have one element.

    ```mlir
    %result = onnx.Range %start, %limit, %delta
        : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    ```
  }];
  let arguments = (ins
    TensorOf<[I16, I32, I64, BF16, F16, F32, F64]>:$start,
    TensorOf<[I16, I32, I64, BF16, F16, F32, F64]>:$limit,
    TensorOf<[I16, I32, I64, BF16, F16, F32, F64]>:$delta,
    DefaultValuedAttr<I64Attr, "1">:$stash_type
  );
  let results = (outs TensorOf<[I16, I32, I64, BF16, F16, F32, F64]>:$output);
  let hasVerifier = 1;
}

def Onnx_ConstantOfShapeOp : Onnx_Op<"ConstantOfShape"> {
  let summary = "Repeat one value";
  let description = [{
    `output[..] = value` in the shape `input`; without `value` it is the
    float 0.

    Constraints:
    - (C1) `input` has rank 1.
    - (C2) `value` has one element.
    - (C3) `value` has the element type of the result.

    ```mlir
    %result = onnx.ConstantOfShape %input {value = dense<1> : tensor<1xi64>}
        : (tensor<2xi64>) -> tensor<?x?xi64>
    ```
  }];
  let arguments = (ins
    Onnx_I64Tensor:$input,
    OptionalAttr<ElementsAttr>:$value
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_EyeLikeOp : Onnx_Op<"EyeLike"> {
  let summary = "Make an identity matrix";
  let description = [{
    `output[i, j] = 1` where `j = i + k`, else 0, in the shape of `input`.

    Constraints:
    - (C1) `input` has rank 2.

    ```mlir
    %result = onnx.EyeLike %input {k = 1 : i64}
        : (tensor<3x4xf32>) -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$input,
    OptionalAttr<I64Attr>:$dtype,
    DefaultValuedAttr<I64Attr, "0">:$k
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_TriluOp : Onnx_Op<"Trilu", [
    AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Keep a triangle";
  let description = [{
    `output[.., i, j] = input[.., i, j]` where `j >= i + k` (`upper = 0`: `j
    <= i + k`), else 0; an absent `k` is 0.

    Constraints:
    - (C1) `k` has one element.
    - (C2) The operand has rank 2 or more.

    ```mlir
    %result = onnx.Trilu %input, %none {upper = 0 : i64}
        : (tensor<3x4xf32>, none) -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$input,
    Onnx_Optional<Onnx_I64Tensor>:$k,
    DefaultValuedAttr<I64Attr, "1">:$upper
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXINDEXOPS_TD
