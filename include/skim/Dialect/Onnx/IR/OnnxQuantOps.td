//===- OnnxQuantOps.td - quantisation ---------------------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXQUANTOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXQUANTOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_QuantizeLinearOp : Onnx_Op<"QuantizeLinear"> {
  let arguments = (ins
    TensorOf<[I32, BF16, F16, F32]>:$x,
    TensorOf<[I32, BF16, F16, F32]>:$y_scale,
    Onnx_Optional<TensorOf<[I8, I16, UI8, UI16]>>:$y_zero_point,
    DefaultValuedAttr<I64Attr, "1">:$axis,
    DefaultValuedAttr<I64Attr, "0">:$block_size,
    DefaultValuedAttr<I64Attr, "0">:$output_dtype,
    DefaultValuedAttr<I64Attr, "0">:$precision,
    DefaultValuedAttr<I64Attr, "1">:$saturate
  );
  let results = (outs TensorOf<[I8, I16, UI8, UI16]>:$y);
}

def Onnx_DequantizeLinearOp : Onnx_Op<"DequantizeLinear"> {
  let arguments = (ins
    TensorOf<[I8, I16, I32, UI8, UI16]>:$x,
    TensorOf<[BF16, F16, F32]>:$x_scale,
    Onnx_Optional<TensorOf<[I8, I16, I32, UI8, UI16]>>:$x_zero_point,
    DefaultValuedAttr<I64Attr, "1">:$axis,
    DefaultValuedAttr<I64Attr, "0">:$block_size,
    DefaultValuedAttr<I64Attr, "0">:$output_dtype
  );
  let results = (outs TensorOf<[BF16, F16, F32]>:$y);
}

def Onnx_DynamicQuantizeLinearOp : Onnx_Op<"DynamicQuantizeLinear", [
    AllElementTypesMatch<["y", "y_zero_point"]>]> {
  let arguments = (ins TensorOf<[F32]>:$x);
  let results = (outs
    TensorOf<[UI8]>:$y,
    TensorOf<[F32]>:$y_scale,
    TensorOf<[UI8]>:$y_zero_point
  );
}

def Onnx_MatMulIntegerOp : Onnx_Op<"MatMulInteger"> {
  let arguments = (ins
    Onnx_ByteTensor:$A,
    Onnx_ByteTensor:$B,
    Onnx_Optional<Onnx_ByteTensor>:$a_zero_point,
    Onnx_Optional<Onnx_ByteTensor>:$b_zero_point
  );
  let results = (outs TensorOf<[I32]>:$Y);
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXQUANTOPS_TD
