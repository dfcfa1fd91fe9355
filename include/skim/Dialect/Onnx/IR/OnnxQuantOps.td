//===- OnnxQuantOps.td - quantisation ---------------------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXQUANTOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXQUANTOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_QuantizeLinearOp : Onnx_Op<"QuantizeLinear"> {
  let summary = "Quantise by scales";
  let description = [{
    `y = saturate(round(x / y_scale) + y_zero_point)`; scales for the whole
    tensor, for each slice along `axis`, or for blocks of `block_size`.

    Constraints:
    - (C1) With a list of scales `axis` lies in [-rank, rank).
    - (C2) `block_size` is 0 or more.
    - (C3) Without blocks, scales and zero points have rank 0 or 1, and one
      element or one for each index of `axis`.
    - (C4) With blocks, scales and zero points have one element, or the
      tensor's shape with one element for each block of `axis`.

    ```mlir
    %result = onnx.QuantizeLinear %x, %y_scale, %y_zero_point
        : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
    ```
  }];
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
  let hasVerifier = 1;
}

def Onnx_DequantizeLinearOp : Onnx_Op<"DequantizeLinear"> {
  let summary = "Restore quantised values";
  let description = [{
    `y = (x - x_zero_point) * x_scale`; scales as in QuantizeLinear.

    Constraints:
    - (C1) With a list of scales `axis` lies in [-rank, rank).
    - (C2) `block_size` is 0 or more.
    - (C3) Without blocks, scales and zero points have rank 0 or 1, and one
      element or one for each index of `axis`.
    - (C4) With blocks, scales and zero points have one element, or the
      tensor's shape with one element for each block of `axis`.

    ```mlir
    %result = onnx.DequantizeLinear %x, %x_scale, %none
        : (tensor<2x3xi8>, tensor<f32>, none) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins
    TensorOf<[I8, I16, I32, UI8, UI16]>:$x,
    TensorOf<[BF16, F16, F32]>:$x_scale,
    Onnx_Optional<TensorOf<[I8, I16, I32, UI8, UI16]>>:$x_zero_point,
    DefaultValuedAttr<I64Attr, "1">:$axis,
    DefaultValuedAttr<I64Attr, "0">:$block_size,
    DefaultValuedAttr<I64Attr, "0">:$output_dtype
  );
  let results = (outs TensorOf<[BF16, F16, F32]>:$y);
  let hasVerifier = 1;
}

def Onnx_DynamicQuantizeLinearOp : Onnx_Op<"DynamicQuantizeLinear", [
    AllElementTypesMatch<["y", "y_zero_point"]>]> {
  let summary = "Quantise to uint8 by the range of the values";
  let description = [{
    With `low = min(0, min of x)` and `high = max(0, max of x)`: `y_scale =
    (high - low) / 255`, or 1 where that is 0, `y_zero_point = saturate(round(-low / y_scale))`,
    `y = saturate(round(x / y_scale) + y_zero_point)`.

    ```mlir
    %result:3 = onnx.DynamicQuantizeLinear %x
        : (tensor<2x3xf32>) -> (tensor<2x3xui8>, tensor<f32>, tensor<ui8>)
    ```
  }];
  let arguments = (ins TensorOf<[F32]>:$x);
  let results = (outs
    TensorOf<[UI8]>:$y,
    TensorOf<[F32]>:$y_scale,
    TensorOf<[UI8]>:$y_zero_point
  );
}

def Onnx_MatMulIntegerOp : Onnx_Op<"MatMulInteger"> {
  let summary = "Multiply matrices of 8-bit integers";
  let description = [{
    `Y = (A - a_zero_point) (B - b_zero_point)` in 32 bits; shapes as in
    MatMul.

    Constraints:
    - (C1) Operands have rank 1 or more.
    - (C2) Inner dimensions agree.

    ```mlir
    %result = onnx.MatMulInteger %A, %B, %none, %none
        : (tensor<4x8xui8>, tensor<8x3xi8>, none, none) -> tensor<4x3xi32>
    ```
  }];
  let arguments = (ins
    Onnx_ByteTensor:$A,
    Onnx_ByteTensor:$B,
    Onnx_Optional<Onnx_ByteTensor>:$a_zero_point,
    Onnx_Optional<Onnx_ByteTensor>:$b_zero_point
  );
  let results = (outs TensorOf<[I32]>:$Y);
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXQUANTOPS_TD
