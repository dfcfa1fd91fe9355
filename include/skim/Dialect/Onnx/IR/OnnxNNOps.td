//===- OnnxNNOps.td - products, normalisation and attention -*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXNNOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXNNOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_MatMulOp : Onnx_Op<"MatMul", [AllElementTypesMatch<["A", "B", "Y"]>]> {
  let arguments = (ins Onnx_WideTensor:$A, Onnx_WideTensor:$B);
  let results = (outs Onnx_WideTensor:$Y);
}

def Onnx_GemmOp : Onnx_Op<"Gemm", [AllElementTypesMatch<["A", "B", "Y"]>]> {
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
}

def Onnx_EinsumOp : Onnx_Op<"Einsum"> {
  let arguments = (ins Variadic<Onnx_NumericTensor>:$Inputs, StrAttr:$equation);
  let results = (outs Onnx_NumericTensor:$Output);
}

def Onnx_LayerNormalizationOp : Onnx_Op<"LayerNormalization", [
    AllElementTypesMatch<["X", "Scale", "Y"]>]> {
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
}

def Onnx_RMSNormalizationOp : Onnx_Op<"RMSNormalization", [
    AllElementTypesMatch<["scale", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    Onnx_FloatTensor:$scale,
    DefaultValuedAttr<I64Attr, "-1">:$axis,
    DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon,
    DefaultValuedAttr<I64Attr, "1">:$stash_type
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SimplifiedLayerNormalizationOp : Onnx_Op<"SimplifiedLayerNormalization", [
    AllElementTypesMatch<["X", "scale", "Y"]>]> {
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
}

def Onnx_LpNormalizationOp : Onnx_Op<"LpNormalization", [
    AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$input,
    DefaultValuedAttr<I64Attr, "-1">:$axis,
    DefaultValuedAttr<I64Attr, "2">:$p
  );
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AttentionOp : Onnx_Op<"Attention", [
    AllElementTypesMatch<["Q", "K", "Y"]>]> {
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
}

def Onnx_RotaryEmbeddingOp : Onnx_Op<"RotaryEmbedding", [
    AllElementTypesMatch<["X", "cos_cache", "sin_cache", "Y"]>]> {
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
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXNNOPS_TD
