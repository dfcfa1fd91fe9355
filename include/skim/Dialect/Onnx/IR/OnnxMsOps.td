//===- OnnxMsOps.td - ops of the domain com.microsoft -----*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_MsGeluOp : Onnx_Op<"ms.Gelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_MsFastGeluOp : Onnx_Op<"ms.FastGelu", [
    AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    Onnx_Optional<Onnx_FloatTensor>:$bias
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_MsBiasGeluOp : Onnx_Op<"ms.BiasGelu", [
    AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins Onnx_FloatTensor:$A, Onnx_FloatTensor:$B);
  let results = (outs Onnx_FloatTensor:$C);
}

def Onnx_MsQuickGeluOp : Onnx_Op<"ms.QuickGelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.702f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_MsFusedMatMulOp : Onnx_Op<"ms.FusedMatMul", [
    AllElementTypesMatch<["A", "B", "Y"]>]> {
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
}

def Onnx_MsSkipLayerNormalizationOp : Onnx_Op<"ms.SkipLayerNormalization", [
    AllElementTypesMatch<["input", "skip", "gamma", "output"]>]> {
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
}

def Onnx_MsEmbedLayerNormalizationOp : Onnx_Op<"ms.EmbedLayerNormalization", [
   
    AllElementTypesMatch<["word_embedding", "position_embedding", "gamma", "beta", "output"]>]> {
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
}

def Onnx_MsAttentionOp : Onnx_Op<"ms.Attention", [
    AllElementTypesMatch<["input", "weights", "output"]>]> {
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
}

def Onnx_MsMultiHeadAttentionOp : Onnx_Op<"ms.MultiHeadAttention", [
    AllElementTypesMatch<["query", "output"]>]> {
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
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXMSOPS_TD
