//===- OnnxCoreOps.td - constants, absent values, casts and copies -*- tablegen -*-===//
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
    `dense_resource<>` attributes whose bytes stay where the importer found them.

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
  let arguments = (ins Onnx_Tensor:$input);
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_CastOp : Onnx_Op<"Cast", [Onnx_Elementwise]> {
  let arguments = (ins
    Onnx_Tensor:$input,
    DefaultValuedStrAttr<StrAttr, "up">:$round_mode,
    DefaultValuedAttr<I64Attr, "1">:$saturate,
    I64Attr:$to
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_CastLikeOp : Onnx_Op<"CastLike", [
    AllElementTypesMatch<["target_type", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$input,
    Onnx_Tensor:$target_type,
    DefaultValuedStrAttr<StrAttr, "up">:$round_mode,
    DefaultValuedAttr<I64Attr, "1">:$saturate
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_DropoutOp : Onnx_Op<"Dropout", [
    AllElementTypesMatch<["data", "output"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$data,
    Onnx_Optional<Onnx_FloatTensor>:$ratio,
    Onnx_Optional<Onnx_BoolTensor>:$training_mode,
    OptionalAttr<I64Attr>:$seed
  );
  let results = (outs
    Onnx_FloatTensor:$output,
    Onnx_Optional<Onnx_BoolTensor>:$mask
  );
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXCOREOPS_TD
