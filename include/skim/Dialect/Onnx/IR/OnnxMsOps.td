//===- OnnxMsOps.td - domain com.microsoft ----------------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_MsGeluOp : Onnx_Op<"ms.Gelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the Gaussian error linear unit";
  let description = [{
    `Y = X / 2 * (1 + erf(X / sqrt(2)))`.

    ```mlir
    %result = onnx.ms.Gelu %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_MsFastGeluOp : Onnx_Op<"ms.FastGelu", [
    AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the tanh form of the Gaussian error linear unit";
  let description = [{
    `Y = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3)))` with `x
    = X + bias`.

    ```mlir
    %result = onnx.ms.FastGelu %X, %bias
        : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    Onnx_Optional<Onnx_FloatTensor>:$bias
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_MsBiasGeluOp : Onnx_Op<"ms.BiasGelu", [
    AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Add a bias, then apply the Gaussian error linear unit";
  let description = [{
    `C = gelu(A + B)`, the erf form.

    ```mlir
    %result = onnx.ms.BiasGelu %A, %B
        : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$A, Onnx_FloatTensor:$B);
  let results = (outs Onnx_FloatTensor:$C);
}

def Onnx_MsQuickGeluOp : Onnx_Op<"ms.QuickGelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Multiply by a scaled logistic function";
  let description = [{
    `Y = X / (1 + e ** (-alpha * X))`.

    ```mlir
    %result = onnx.ms.QuickGelu %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.702f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

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

def Onnx_MsSkipLayerNormalizationOp : Onnx_Op<"ms.SkipLayerNormalization", [
    AllElementTypesMatch<["input", "skip", "gamma", "output"]>]> {
  let summary = "Add a residual, then normalise";
  let description = [{
    `output = layer_norm(s) * gamma + beta` with `s = input + skip + bias`,
    which is the last result.

    Constraints:
    - (C1) `gamma` has rank 1.
    - (C2) `gamma` has the length of a row.

    ```mlir
    %result:4 = onnx.ms.SkipLayerNormalization
        %input, %skip, %gamma, %none, %none
        : (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<8xf32>, none, none)
        -> (tensor<?x4x8xf32>, none, none, none)
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$input,
    Onnx_FloatTensor:$skip,
    Onnx_FloatTensor:$gamma,
    Onnx_Optional<Onnx_FloatTensor>:$beta,
    Onnx_Optional<Onnx_FloatTensor>:$bias,
    DefaultValuedAttr<F32Attr, "1.0e-12f">:$epsilon
  );
  let results = (outs
    Onnx_FloatTensor:$output,
    Onnx_Optional<Onnx_FloatTensor>:$mean,
    Onnx_Optional<Onnx_FloatTensor>:$inv_std_var,
    Onnx_Optional<Onnx_FloatTensor>:$input_skip_bias_sum
  );
  let hasVerifier = 1;
}

def Onnx_MsEmbedLayerNormalizationOp : Onnx_Op<"ms.EmbedLayerNormalization", [
   
    AllElementTypesMatch<[
        "word_embedding", "position_embedding", "gamma", "beta", "output"]>]> {
  let summary = "Embed tokens, then normalise";
  let description = [{
    `output = layer_norm(e) * gamma + beta` with `e[b, s] =
    word_embedding[input_ids[b, s]] + position_embedding[p] +
    segment_embedding[segment_ids[b, s]]`, where `p` is `position_ids[b, s]`
    or, when absent, `s`. `mask_index[b]` counts the ones of row `b` of
    `mask`.

    Constraints:
    - (C1) `input_ids` and the tables have rank 2.

    ```mlir
    %result:3 = onnx.ms.EmbedLayerNormalization
        %input_ids, %none, %word_embedding, %position_embedding, %none,
        %gamma, %beta, %none, %none
        : (tensor<?x4xi32>, none, tensor<99x8xf32>, tensor<64x8xf32>, none,
           tensor<8xf32>, tensor<8xf32>, none, none)
        -> (tensor<?x4x8xf32>, none, none)
    ```
  }];
  let arguments = (ins
    Onnx_IndexTensor:$input_ids,
    Onnx_Optional<Onnx_IndexTensor>:$segment_ids,
    Onnx_FloatTensor:$word_embedding,
    Onnx_FloatTensor:$position_embedding,
    Onnx_Optional<Onnx_FloatTensor>:$segment_embedding,
    Onnx_FloatTensor:$gamma,
    Onnx_FloatTensor:$beta,
    Onnx_Optional<Onnx_IndexTensor>:$mask,
    Onnx_Optional<Onnx_IndexTensor>:$position_ids,
    DefaultValuedAttr<F32Attr, "1.0e-12f">:$epsilon,
    DefaultValuedAttr<I64Attr, "0">:$mask_index_type
  );
  let results = (outs
    Onnx_FloatTensor:$output,
    Onnx_Optional<Onnx_IndexTensor>:$mask_index,
    Onnx_Optional<Onnx_FloatTensor>:$embedding_sum
  );
  let hasVerifier = 1;
}

def Onnx_MsAttentionOp : Onnx_Op<"ms.Attention", [
    AllElementTypesMatch<["input", "weights", "output"]>]> {
  let summary = "Project states, then attend";
  let description = [{
    `output = attention(q, k, v)` over `num_heads` heads with `[q, k, v] =
    input * weights + bias`; positions that `mask_index` hides get
    `mask_filter_value` added to their scores.

    Constraints:
    - (C1) `num_heads` is 1 or more.
    - (C2) `input` has rank 3, `weights` rank 2.

    ```mlir
    %result:2 = onnx.ms.Attention
        %input, %weights, %bias, %none, %none, %none, %none
        {num_heads = 2 : i64}
        : (tensor<?x4x8xf32>, tensor<8x24xf32>, tensor<24xf32>, none, none,
           none, none)
        -> (tensor<?x4x8xf32>, none)
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$input,
    Onnx_FloatTensor:$weights,
    Onnx_Optional<Onnx_FloatTensor>:$bias,
    Onnx_Optional<Onnx_IndexTensor>:$mask_index,
    Onnx_Optional<Onnx_FloatTensor>:$past,
    Onnx_Optional<Onnx_FloatTensor>:$attention_bias,
    Onnx_Optional<Onnx_IndexTensor>:$past_sequence_length,
    DefaultValuedAttr<I64Attr, "0">:$do_rotary,
    DefaultValuedAttr<F32Attr, "-10000.0f">:$mask_filter_value,
    I64Attr:$num_heads,
    OptionalAttr<I64Attr>:$past_present_share_buffer,
    OptionalAttr<DenseI64ArrayAttr>:$qkv_hidden_sizes,
    OptionalAttr<I64Attr>:$rotary_embedding_dim,
    OptionalAttr<F32Attr>:$scale,
    DefaultValuedAttr<I64Attr, "0">:$unidirectional
  );
  let results = (outs
    Onnx_FloatTensor:$output,
    Onnx_Optional<Onnx_FloatTensor>:$present
  );
  let hasVerifier = 1;
}

def Onnx_MsMultiHeadAttentionOp : Onnx_Op<"ms.MultiHeadAttention", [
    AllElementTypesMatch<["query", "output"]>]> {
  let summary = "Attend over projected states";
  let description = [{
    `output = attention(query, key, value)` over `num_heads` heads; keys
    that `key_padding_mask` hides get `mask_filter_value` added to their
    scores, `attention_bias` is added to all.

    Constraints:
    - (C1) `num_heads` is 1 or more.

    ```mlir
    %result:4 = onnx.ms.MultiHeadAttention
        %query, %key, %value, %none, %none, %none, %none, %none, %none, %none
        {num_heads = 2 : i64}
        : (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x4x8xf32>, none, none,
           none, none, none, none, none)
        -> (tensor<?x4x8xf32>, none, none, none)
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
    Onnx_Optional<Onnx_IndexTensor>:$past_sequence_length,
    Onnx_Optional<Onnx_IndexTensor>:$cache_indirection,
    DefaultValuedAttr<F32Attr, "-10000.0f">:$mask_filter_value,
    I64Attr:$num_heads,
    OptionalAttr<F32Attr>:$scale,
    DefaultValuedAttr<I64Attr, "0">:$unidirectional
  );
  let results = (outs
    Onnx_FloatTensor:$output,
    Onnx_Optional<Onnx_FloatTensor>:$present_key,
    Onnx_Optional<Onnx_FloatTensor>:$present_value,
    Onnx_Optional<Onnx_FloatTensor>:$qk
  );
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD
