//===- OnnxCoreOps.td - constants, casts, copies ----------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXCOREOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXCOREOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_NoneOp : Onnx_Op<"None", [ConstantLike]> {
  let summary = "Stand in for an optional input that is absent";
  let description = [{
    Gives the one value of type `none`. Every optional input has a fixed operand
    position; where the model leaves it out the operand is this value.

    ```mlir
    %none = onnx.None
    ```
  }];
  let results = (outs NoneType:$output);
  let assemblyFormat = "attr-dict";
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, $_builder.getNoneType());
  }]>];
  let hasFolder = 1;
}

def Onnx_ConstantOp : Onnx_Op<"Constant", [
    ConstantLike, AllTypesMatch<["value", "output"]>]> {
  let summary = "Hold a tensor that is known at compile time";
  let description = [{
    `output = value`. Small tensors are `dense<>` attributes; weights are
    `dense_resource<>` attributes whose bytes stay where the importer found
    them.

    ```mlir
    %axes = onnx.Constant dense<[0, 2]> : tensor<2xi64>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Onnx_Tensor:$output);
  let assemblyFormat = "attr-dict $value";
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
    build($_builder, $_state, value.getType(), value);
  }]>];
  let hasFolder = 1;
}

def Onnx_IdentityOp : Onnx_Op<"Identity", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Give the operand";
  let description = [{
    `output = input`.

    ```mlir
    %result = onnx.Identity %input : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Onnx_Tensor:$input);
  let results = (outs Onnx_Tensor:$output);
  let hasFolder = 1;
}

def Onnx_CastOp : Onnx_Op<"Cast", [Onnx_Elementwise]> {
  let summary = "Convert the elements to another type";
  let description = [{
    `output[i] = convert(input[i])` to the element type that the number `to`
    has in ONNX. Floats to integers truncate towards zero, numbers to
    booleans test against zero. `saturate` and `round_mode` matter for 8-bit
    floats only.

    Constraints:
    - (C1) The result has the element type that `to` names.

    ```mlir
    %result = onnx.Cast %input {to = 1 : i64} : (tensor<2xi64>) -> tensor<2xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$input,
    DefaultValuedStrAttr<StrAttr, "up">:$round_mode,
    DefaultValuedAttr<I64Attr, "1">:$saturate,
    I64Attr:$to
  );
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXCOREOPS_TD
