//===- OnnxLogicOps.td - comparison, booleans, bits -------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXLOGICOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXLOGICOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_EqualOp : Onnx_Op<"Equal", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B"]>]> {
  let summary = "Compare for equality with broadcasting";
  let description = [{
    `C = A == B`.

    ```mlir
    %result = onnx.Equal %A, %B
        : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
    ```
  }];
  let arguments = (ins Onnx_Tensor:$A, Onnx_Tensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_GreaterOp : Onnx_Op<"Greater", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B"]>]> {
  let summary = "Compare with broadcasting";
  let description = [{
    `C = A > B`.

    ```mlir
    %result = onnx.Greater %A, %B
        : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_GreaterOrEqualOp : Onnx_Op<"GreaterOrEqual", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B"]>]> {
  let summary = "Compare with broadcasting";
  let description = [{
    `C = A >= B`.

    ```mlir
    %result = onnx.GreaterOrEqual %A, %B
        : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_LessOp : Onnx_Op<"Less", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B"]>]> {
  let summary = "Compare with broadcasting";
  let description = [{
    `C = A < B`.

    ```mlir
    %result = onnx.Less %A, %B
        : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_LessOrEqualOp : Onnx_Op<"LessOrEqual", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B"]>]> {
  let summary = "Compare with broadcasting";
  let description = [{
    `C = A <= B`.

    ```mlir
    %result = onnx.LessOrEqual %A, %B
        : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_AndOp : Onnx_Op<"And", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B"]>]> {
  let summary = "Take the conjunction with broadcasting";
  let description = [{
    `C = A and B`.

    ```mlir
    %result = onnx.And %A, %B : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
    ```
  }];
  let arguments = (ins Onnx_BoolTensor:$A, Onnx_BoolTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_OrOp : Onnx_Op<"Or", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B"]>]> {
  let summary = "Take the disjunction with broadcasting";
  let description = [{
    `C = A or B`.

    ```mlir
    %result = onnx.Or %A, %B : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
    ```
  }];
  let arguments = (ins Onnx_BoolTensor:$A, Onnx_BoolTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_XorOp : Onnx_Op<"Xor", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B"]>]> {
  let summary = "Take the exclusive disjunction with broadcasting";
  let description = [{
    `C = A != B`.

    ```mlir
    %result = onnx.Xor %A, %B : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
    ```
  }];
  let arguments = (ins Onnx_BoolTensor:$A, Onnx_BoolTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_NotOp : Onnx_Op<"Not", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Negate booleans";
  let description = [{
    `Y = not X`.

    ```mlir
    %result = onnx.Not %X : (tensor<2x3xi1>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins Onnx_BoolTensor:$X);
  let results = (outs Onnx_BoolTensor:$Y);
  let hasFolder = 1;
}

def Onnx_BitwiseAndOp : Onnx_Op<"BitwiseAnd", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Take the conjunction of bits with broadcasting";
  let description = [{
    `C = A & B`.

    ```mlir
    %result = onnx.BitwiseAnd %A, %B
        : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
    ```
  }];
  let arguments = (ins Onnx_IntTensor:$A, Onnx_IntTensor:$B);
  let results = (outs Onnx_IntTensor:$C);
}

def Onnx_BitwiseOrOp : Onnx_Op<"BitwiseOr", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Take the disjunction of bits with broadcasting";
  let description = [{
    `C = A | B`.

    ```mlir
    %result = onnx.BitwiseOr %A, %B
        : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
    ```
  }];
  let arguments = (ins Onnx_IntTensor:$A, Onnx_IntTensor:$B);
  let results = (outs Onnx_IntTensor:$C);
}

def Onnx_BitwiseXorOp : Onnx_Op<"BitwiseXor", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Take the exclusive disjunction of bits with broadcasting";
  let description = [{
    `C = A ^ B`.

    ```mlir
    %result = onnx.BitwiseXor %A, %B
        : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
    ```
  }];
  let arguments = (ins Onnx_IntTensor:$A, Onnx_IntTensor:$B);
  let results = (outs Onnx_IntTensor:$C);
}

def Onnx_BitwiseNotOp : Onnx_Op<"BitwiseNot", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Flip all bits";
  let description = [{
    `Y = ~X`.

    ```mlir
    %result = onnx.BitwiseNot %X : (tensor<2x3xi32>) -> tensor<2x3xi32>
    ```
  }];
  let arguments = (ins Onnx_IntTensor:$X);
  let results = (outs Onnx_IntTensor:$Y);
  let hasFolder = 1;
}

def Onnx_BitShiftOp : Onnx_Op<"BitShift", [
    Onnx_Broadcast, AllElementTypesMatch<["X", "Y", "Z"]>]> {
  let summary = "Shift bits with broadcasting";
  let description = [{
    `Z = X << Y` or `X >> Y` as `direction` says.

    Constraints:
    - (C1) `direction` is `LEFT` or `RIGHT`.

    ```mlir
    %result = onnx.BitShift %X, %Y {direction = "LEFT"}
        : (tensor<4xui32>, tensor<ui32>) -> tensor<4xui32>
    ```
  }];
  let arguments = (ins
    Onnx_IntTensor:$X,
    Onnx_IntTensor:$Y,
    StrAttr:$direction
  );
  let results = (outs Onnx_IntTensor:$Z);
  let hasVerifier = 1;
}

def Onnx_IsNaNOp : Onnx_Op<"IsNaN", [Onnx_Elementwise]> {
  let summary = "Find values that are no number";
  let description = [{
    `Y = X != X`.

    ```mlir
    %result = onnx.IsNaN %X : (tensor<2x3xf32>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_BoolTensor:$Y);
}

def Onnx_IsInfOp : Onnx_Op<"IsInf", [Onnx_Elementwise]> {
  let summary = "Find infinite values";
  let description = [{
    `Y` is true at plus infinity when `detect_positive` is not 0, at minus
    infinity when `detect_negative` is not 0.

    ```mlir
    %result = onnx.IsInf %X : (tensor<2x3xf32>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<I64Attr, "1">:$detect_negative,
    DefaultValuedAttr<I64Attr, "1">:$detect_positive
  );
  let results = (outs Onnx_BoolTensor:$Y);
}

def Onnx_WhereOp : Onnx_Op<"Where", [
    Onnx_Broadcast, AllElementTypesMatch<["X", "Y", "output"]>]> {
  let summary = "Choose elements with broadcasting";
  let description = [{
    `output = X` where `condition`, else `Y`.

    ```mlir
    %result = onnx.Where %condition, %X, %Y
        : (tensor<?x1xi1>, tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_BoolTensor:$condition,
    Onnx_Tensor:$X,
    Onnx_Tensor:$Y
  );
  let results = (outs Onnx_Tensor:$output);
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXLOGICOPS_TD
