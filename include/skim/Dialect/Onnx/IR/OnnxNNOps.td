//===- OnnxNNOps.td - products, norms, attention ----------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXNNOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXNNOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_MatMulOp : Onnx_Op<"MatMul", [AllElementTypesMatch<["A", "B", "Y"]>]> {
  let summary = "Multiply matrices";
  let description = [{
    `Y[.., i, j] = sum over k of A[.., i, k] * B[.., k, j]`; leading
    dimensions broadcast, a vector is a row on the left and a column on the
    right.

    Constraints:
    - (C1) Operands have rank 1 or more.
    - (C2) Inner dimensions agree.

    ```mlir
    %result = onnx.MatMul %A, %B
        : (tensor<?x4x8xf32>, tensor<8x3xf32>) -> tensor<?x4x3xf32>
    ```
  }];
  let arguments = (ins Onnx_WideTensor:$A, Onnx_WideTensor:$B);
  let results = (outs Onnx_WideTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_GemmOp : Onnx_Op<"Gemm", [AllElementTypesMatch<["A", "B", "Y"]>]> {
  let summary = "Multiply matrices, scale and add";
  let description = [{
    `Y = alpha * A' * B' + beta * C`, `A'` is `A` or with `transA = 1` its
    transpose, `B'` likewise; `C` broadcasts, absent it is 0.

    Constraints:
    - (C1) `A` and `B` have rank 2.
    - (C2) Inner dimensions agree.
    - (C3) `C` has rank 2 or less.
    - (C4) Rows of `C` have the length of rows of the result, or 1.

    ```mlir
    %result = onnx.Gemm %A, %B, %none {transB = 1 : i64}
        : (tensor<2x?xf32>, tensor<4x?xf32>, none) -> tensor<2x4xf32>
    ```
  }];
  let arguments = (ins
    Onnx_WideTensor:$A,
    Onnx_WideTensor:$B,
    Onnx_Optional<Onnx_WideTensor>:$C,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha,
    DefaultValuedAttr<F32Attr, "1.0f">:$beta,
    DefaultValuedAttr<I64Attr, "0">:$transA,
    DefaultValuedAttr<I64Attr, "0">:$transB
  );
  let results = (outs Onnx_WideTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_EinsumOp : Onnx_Op<"Einsum"> {
  let summary = "Sum products of elements as letters say";
  let description = [{
    `equation` names the dimensions of each operand and of the result: the
    products are added up over the letters that the result lacks.

    Constraints:
    - (C1) There is one term for each operand.
    - (C2) A term without an ellipsis has a letter for each dimension.

    ```mlir
    %result = onnx.Einsum %v0, %v1 {equation = "bij,bjk->bik"}
        : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
    ```
  }];
  let arguments = (ins Variadic<Onnx_NumericTensor>:$Inputs, StrAttr:$equation);
  let results = (outs Onnx_NumericTensor:$Output);
  let hasVerifier = 1;
}

def Onnx_LayerNormalizationOp : Onnx_Op<"LayerNormalization", [
    AllElementTypesMatch<["X", "Scale", "Y"]>]> {
  let summary = "Normalise to mean 0 and variance 1";
  let description = [{
    `Y = (X - Mean) * InvStdDev * Scale + B` with `Mean = mean of X` and
    `InvStdDev = 1 / sqrt(mean of (X - Mean) ** 2 + epsilon)` over the
    dimensions from `axis` on, computed in the type `stash_type`; an absent
    `B` is 0.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).
    - (C2) The last dimension of `Scale` is that of `X`, or 1.

    ```mlir
    %result:3 = onnx.LayerNormalization %X, %Scale, %B
        {epsilon = 9.99999996E-13 : f32}
        : (tensor<?x4x8xf32>, tensor<8xf32>, tensor<8xf32>)
        -> (tensor<?x4x8xf32>, none, none)
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    Onnx_FloatTensor:$Scale,
    Onnx_Optional<Onnx_FloatTensor>:$B,
    DefaultValuedAttr<I64Attr, "-1">:$axis,
    DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
    DefaultValuedAttr<I64Attr, "1">:$stash_type
  );
  let results = (outs
    Onnx_FloatTensor:$Y,
    Onnx_Optional<TensorOf<[BF16, F32]>>:$Mean,
    Onnx_Optional<TensorOf<[BF16, F32]>>:$InvStdDev
  );
  let hasVerifier = 1;
}

def Onnx_RMSNormalizationOp : Onnx_Op<"RMSNormalization", [
    AllElementTypesMatch<["scale", "Y"]>]> {
  let summary = "Normalise to root mean square 1";
  let description = [{
    `Y = X / sqrt(mean of X ** 2 + epsilon) * scale` over the dimensions
    from `axis` on, computed in the type `stash_type`.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).
    - (C2) The last dimension of `scale` is that of `X`, or 1.

    ```mlir
    %result = onnx.RMSNormalization %X, %scale
        : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    Onnx_FloatTensor:$scale,
    DefaultValuedAttr<I64Attr, "-1">:$axis,
    DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
    DefaultValuedAttr<I64Attr, "1">:$stash_type
  );
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_SimplifiedLayerNormalizationOp
    : Onnx_Op<"SimplifiedLayerNormalization", [
    AllElementTypesMatch<["X", "scale", "Y"]>]> {
  let summary = "Normalise to root mean square 1 (ONNX Runtime's form)";
  let description = [{
    `Y = X * inv_std_var * scale` with `inv_std_var = 1 / sqrt(mean of X **
    2 + epsilon)` over the dimensions from `axis` on.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).
    - (C2) The last dimension of `scale` is that of `X`, or 1.

    ```mlir
    %result:2 = onnx.SimplifiedLayerNormalization %X, %scale
        : (tensor<?x4x8xf32>, tensor<8xf32>) -> (tensor<?x4x8xf32>, none)
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    Onnx_FloatTensor:$scale,
    DefaultValuedAttr<I64Attr, "-1">:$axis,
    DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
    DefaultValuedAttr<I64Attr, "1">:$stash_type
  );
  let results = (outs
    Onnx_FloatTensor:$Y,
    Onnx_Optional<Onnx_FloatTensor>:$inv_std_var
  );
  let hasVerifier = 1;
}

def Onnx_LpNormalizationOp : Onnx_Op<"LpNormalization", [
    AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Divide by a norm along an axis";
  let description = [{
    `output = input / (sum of |input| ** p) ** (1 / p)` along `axis`; 0
    where the norm is 0.

    Constraints:
    - (C1) `p` is 1 or 2.
    - (C2) `axis` lies in [-rank, rank).

    ```mlir
    %result = onnx.LpNormalization %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$input,
    DefaultValuedAttr<I64Attr, "-1">:$axis,
    DefaultValuedAttr<I64Attr, "2">:$p
  );
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}

def Onnx_AttentionOp : Onnx_Op<"Attention", [
    AllElementTypesMatch<["Q", "K", "Y"]>]> {
  let summary = "Attend with softmax of scaled products";
  let description = [{
    `Y = softmax(scale * Q K^T + mask) V` for each batch and head; `scale`
    is 1 / sqrt(head size) unless given. States are [batch, heads, sequence,
    head size], or [batch, sequence, heads * head size] with the numbers of
    heads as attributes. A boolean `attn_mask` keeps where it is true,
    others are added; `is_causal` hides later keys, `softcap` bounds the
    scores by tanh. `past_key` and `past_value` come before `K` and `V`,
    whose joined forms are the optional results.

    Constraints:
    - (C1) `Q` has rank 3 or 4.
    - (C2) `K` and `V` have the rank of `Q`.
    - (C3) States of rank 3 need `q_num_heads` and `kv_num_heads`.

    ```mlir
    %result:4 = onnx.Attention %Q, %K, %V, %attn_mask, %none, %none, %none
        : (tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>,
           tensor<4x4xi1>, none, none, none)
        -> (tensor<?x2x4x8xf32>, none, none, none)
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$Q,
    Onnx_FloatTensor:$K,
    Onnx_FloatTensor:$V,
    Onnx_Optional<Onnx_Tensor>:$attn_mask,
    Onnx_Optional<Onnx_FloatTensor>:$past_key,
    Onnx_Optional<Onnx_FloatTensor>:$past_value,
    Onnx_Optional<Onnx_I64Tensor>:$nonpad_kv_seqlen,
    DefaultValuedAttr<I64Attr, "0">:$is_causal,
    OptionalAttr<I64Attr>:$kv_num_heads,
    DefaultValuedAttr<I64Attr, "-1">:$left_window_size,
    OptionalAttr<I64Attr>:$q_num_heads,
    DefaultValuedAttr<I64Attr, "0">:$qk_matmul_output_mode,
    DefaultValuedAttr<I64Attr, "-1">:$right_window_size,
    OptionalAttr<F32Attr>:$scale,
    DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
    OptionalAttr<I64Attr>:$softmax_precision
  );
  let results = (outs
    Onnx_FloatTensor:$Y,
    Onnx_Optional<Onnx_FloatTensor>:$present_key,
    Onnx_Optional<Onnx_FloatTensor>:$present_value,
    Onnx_Optional<Onnx_FloatTensor>:$qk_matmul_output
  );
  let hasVerifier = 1;
}

def Onnx_RotaryEmbeddingOp : Onnx_Op<"RotaryEmbedding", [
    AllElementTypesMatch<["X", "cos_cache", "sin_cache", "Y"]>]> {
  let summary = "Rotate pairs of features by their position";
  let description = [{
    For each pair `(a, b)` of the first `rotary_embedding_dim` features (0:
    all) of a head, the halves or with `interleaved = 1` neighbours: `a' = a
    cos - b sin`, `b' = a sin + b cos`, from the caches at `position_ids`
    or, when absent, at the row itself.

    Constraints:
    - (C1) `X` has rank 3 or 4.
    - (C2) States of rank 3 need `num_heads`.

    ```mlir
    %result = onnx.RotaryEmbedding %X, %cos_cache, %sin_cache, %position_ids
        : (tensor<1x2x4x8xf32>, tensor<9x4xf32>, tensor<9x4xf32>,
           tensor<1x4xi64>)
        -> tensor<1x2x4x8xf32>
    ```
  }];
  let arguments = (ins
    TensorOf<[BF16, F16, F32]>:$X,
    TensorOf<[BF16, F16, F32]>:$cos_cache,
    TensorOf<[BF16, F16, F32]>:$sin_cache,
    Onnx_Optional<Onnx_I64Tensor>:$position_ids,
    DefaultValuedAttr<I64Attr, "0">:$interleaved,
    OptionalAttr<I64Attr>:$num_heads,
    DefaultValuedAttr<I64Attr, "0">:$rotary_embedding_dim
  );
  let results = (outs TensorOf<[BF16, F16, F32]>:$Y);
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXNNOPS_TD
