//===- OnnxMsOps.td - domain com.microsoft ----------------*- tablegen -*-===//
// Those whose parts depend on shapes; the others are imported as their parts.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_MsFusedMatMulOp : Onnx_Op<"ms.FusedMatMul", [
    AllElementTypesMatch<["A", "B", "Y"]>]> {
  let summary = "Multiply matrices that may be transposed, and scale";
  let description = [{
    `Y = alpha * A' * B'`; `transA = 1` swaps the last two dimensions of
    `A`, `transBatchA = 1` moves its first dimension before the last; `B`
    likewise.

    Constraints:
    - (C1) Operands have rank 1 or more.
    - (C2) Inner dimensions agree.

    ```mlir
    %result = onnx.ms.FusedMatMul %A, %B
        {alpha = 2.500000e-01 : f32, transB = 1 : i64}
        : (tensor<4x8xf32>, tensor<3x8xf32>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$A,
    Onnx_FloatTensor:$B,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha,
    DefaultValuedAttr<I64Attr, "0">:$transA,
    DefaultValuedAttr<I64Attr, "0">:$transB,
    DefaultValuedAttr<I64Attr, "0">:$transBatchA,
    DefaultValuedAttr<I64Attr, "0">:$transBatchB
  );
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_MsMultiHeadAttentionOp : Onnx_Op<"ms.MultiHeadAttention", [
    AllElementTypesMatch<["query", "output"]>]> {
  let summary = "Attend over projected states";
  let description = [{
    `output = attention(query, key, value)` over `num_heads` heads, scores
    times `scale` or, where that is 0, 1 / sqrt(head size). States are [batch,
    sequence, H], plus their part of `bias`; keys and values may be [batch,
    heads, sequence, head size], and lie beside the queries, [batch, sequence,
    heads, 3, head size], or beside each other, 2 instead of 3.
    Keys that `key_padding_mask` hides get `mask_filter_value` added to their
    scores: [batch, keys], or [batch, queries, keys], is 0 for them, [batch]
    counts those before them. `attention_bias` is added to all; `unidirectional =
    1` hides keys behind the query. `past_key` and `past_value`, [batch, heads,
    sequence, head size], come before the keys and values, as in `present_key`
    and `present_value`.

    Constraints:
    - (C1) `num_heads` is 1 or more.

    ```mlir
    %result:3 = onnx.ms.MultiHeadAttention
        %query, %key, %value, %none, %none, %none, %none, %none
        {num_heads = 2 : i64}
        : (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x4x8xf32>, none, none,
           none, none, none)
        -> (tensor<?x4x8xf32>, none, none)
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$query,
    Onnx_Optional<Onnx_FloatTensor>:$key,
    Onnx_Optional<Onnx_FloatTensor>:$value,
    Onnx_Optional<Onnx_FloatTensor>:$bias,
    Onnx_Optional<Onnx_IndexTensor>:$key_padding_mask,
    Onnx_Optional<Onnx_FloatTensor>:$attention_bias,
    Onnx_Optional<Onnx_FloatTensor>:$past_key,
    Onnx_Optional<Onnx_FloatTensor>:$past_value,
    DefaultValuedAttr<F32Attr, "-10000.0f">:$mask_filter_value,
    I64Attr:$num_heads,
    DefaultValuedAttr<F32Attr, "0.0f">:$scale,
    DefaultValuedAttr<I64Attr, "0">:$unidirectional
  );
  let results = (outs
    Onnx_FloatTensor:$output,
    Onnx_Optional<Onnx_FloatTensor>:$present_key,
    Onnx_Optional<Onnx_FloatTensor>:$present_value
  );
  let hasVerifier = 1;
}

def Onnx_MsRotaryEmbeddingOp : Onnx_Op<"ms.RotaryEmbedding", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "cos_cache", "sin_cache", "output"]>]> {
  let summary = "Turn pairs of elements of each head by the position";
  let description = [{
    What `onnx.RotaryEmbedding` computes with caches of all positions, where
    `position_ids` is [batch, sequence], or one number that the first position
    has. The input is [batch, heads, sequence, head size], or [batch,
    sequence, heads * head size] with `num_heads`; where that is 0, heads are
    as wide as the caches turn.

    Constraints:
    - (C1) The caches have rank 2.

    ```mlir
    %result = onnx.ms.RotaryEmbedding
        %input, %position_ids, %cos_cache, %sin_cache {num_heads = 2 : i64}
        : (tensor<?x4x8xf32>, tensor<?x4xi64>, tensor<16x2xf32>,
           tensor<16x2xf32>) -> tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$input,
    Onnx_I64Tensor:$position_ids,
    Onnx_FloatTensor:$cos_cache,
    Onnx_FloatTensor:$sin_cache,
    DefaultValuedAttr<I64Attr, "0">:$interleaved,
    DefaultValuedAttr<I64Attr, "0">:$num_heads,
    DefaultValuedAttr<I64Attr, "0">:$rotary_embedding_dim
  );
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD
