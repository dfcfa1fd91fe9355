//===- OnnxReduceOps.td - reductions along axes -----------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXREDUCEOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXREDUCEOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_ReduceSumOp : Onnx_Op<"ReduceSum", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Add up along axes";
  let description = [{
    `reduced = sum of data` along `axes` (absent or empty: all of them);
    `keepdims = 0` removes the dimensions, with `noop_with_empty_axes = 1`
    empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceSum %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ReduceMeanOp : Onnx_Op<"ReduceMean", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Average along axes";
  let description = [{
    `reduced = sum of data / number of elements` along `axes` (absent or
    empty: all of them); `keepdims = 0` removes the dimensions, with
    `noop_with_empty_axes = 1` empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceMean %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ReduceMaxOp : Onnx_Op<"ReduceMax", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Take the largest element along axes";
  let description = [{
    `reduced = max of data` along `axes` (absent or empty: all of them);
    `keepdims = 0` removes the dimensions, with `noop_with_empty_axes = 1`
    empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceMax %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    TensorOf<[I1, I8, I32, I64, UI8, UI32, UI64, BF16, F16, F32, F64]>:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs
    TensorOf<[I1, I8, I32, I64, UI8, UI32, UI64, BF16, F16, F32, F64]>:$reduced
  );
  let hasVerifier = 1;
}

def Onnx_ReduceMinOp : Onnx_Op<"ReduceMin", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Take the smallest element along axes";
  let description = [{
    `reduced = min of data` along `axes` (absent or empty: all of them);
    `keepdims = 0` removes the dimensions, with `noop_with_empty_axes = 1`
    empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceMin %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    TensorOf<[I1, I8, I32, I64, UI8, UI32, UI64, BF16, F16, F32, F64]>:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs
    TensorOf<[I1, I8, I32, I64, UI8, UI32, UI64, BF16, F16, F32, F64]>:$reduced
  );
  let hasVerifier = 1;
}

def Onnx_ReduceProdOp : Onnx_Op<"ReduceProd", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Multiply along axes";
  let description = [{
    `reduced = product of data` along `axes` (absent or empty: all of them);
    `keepdims = 0` removes the dimensions, with `noop_with_empty_axes = 1`
    empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceProd %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ReduceL1Op : Onnx_Op<"ReduceL1", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Add up absolute values along axes";
  let description = [{
    `reduced = sum of |data|` along `axes` (absent or empty: all of them);
    `keepdims = 0` removes the dimensions, with `noop_with_empty_axes = 1`
    empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceL1 %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ReduceL2Op : Onnx_Op<"ReduceL2", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Take the Euclidean norm along axes";
  let description = [{
    `reduced = sqrt(sum of data ** 2)` along `axes` (absent or empty: all of
    them); `keepdims = 0` removes the dimensions, with `noop_with_empty_axes
    = 1` empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceL2 %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ReduceSumSquareOp : Onnx_Op<"ReduceSumSquare", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Add up squares along axes";
  let description = [{
    `reduced = sum of data ** 2` along `axes` (absent or empty: all of
    them); `keepdims = 0` removes the dimensions, with `noop_with_empty_axes
    = 1` empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceSumSquare %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ReduceLogSumOp : Onnx_Op<"ReduceLogSum", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Take the logarithm of the sum along axes";
  let description = [{
    `reduced = ln(sum of data)` along `axes` (absent or empty: all of them);
    `keepdims = 0` removes the dimensions, with `noop_with_empty_axes = 1`
    empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceLogSum %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_FloatTensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ReduceLogSumExpOp : Onnx_Op<"ReduceLogSumExp", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let summary = "Take the logarithm of the sum of exponentials along axes";
  let description = [{
    `reduced = ln(sum of e ** data)` along `axes` (absent or empty: all of
    them); `keepdims = 0` removes the dimensions, with `noop_with_empty_axes
    = 1` empty axes reduce nothing.

    Constraints:
    - (C1) `axes` is a list.
    - (C2) Constant axes lie in [-rank, rank) and differ.

    ```mlir
    %result = onnx.ReduceLogSumExp %data, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_FloatTensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ArgMaxOp : Onnx_Op<"ArgMax"> {
  let summary = "Find the largest element along an axis";
  let description = [{
    `reduced` is the index of the largest element along `axis`, of equal
    ones the first (`select_last_index = 1`: the last); `keepdims = 0`
    removes the dimension.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).

    ```mlir
    %result = onnx.ArgMax %data {axis = 1 : i64}
        : (tensor<2x3xf32>) -> tensor<2x1xi64>
    ```
  }];
  let arguments = (ins
    Onnx_NumericTensor:$data,
    DefaultValuedAttr<I64Attr, "0">:$axis,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$select_last_index
  );
  let results = (outs Onnx_I64Tensor:$reduced);
  let hasVerifier = 1;
}

def Onnx_ArgMinOp : Onnx_Op<"ArgMin"> {
  let summary = "Find the smallest element along an axis";
  let description = [{
    `reduced` is the index of the smallest element along `axis`, of equal
    ones the first (`select_last_index = 1`: the last); `keepdims = 0`
    removes the dimension.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).

    ```mlir
    %result = onnx.ArgMin %data {axis = 1 : i64}
        : (tensor<2x3xf32>) -> tensor<2x1xi64>
    ```
  }];
  let arguments = (ins
    Onnx_NumericTensor:$data,
    DefaultValuedAttr<I64Attr, "0">:$axis,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$select_last_index
  );
  let results = (outs Onnx_I64Tensor:$reduced);
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXREDUCEOPS_TD
