//===- OnnxMathOps.td - elementwise arithmetic ------------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXMATHOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXMATHOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_AddOp : Onnx_Op<"Add", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Add with broadcasting";
  let description = [{
    `C = A + B`.

    ```mlir
    %result = onnx.Add %A, %B
        : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_SubOp : Onnx_Op<"Sub", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Subtract with broadcasting";
  let description = [{
    `C = A - B`.

    ```mlir
    %result = onnx.Sub %A, %B
        : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_MulOp : Onnx_Op<"Mul", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Multiply with broadcasting";
  let description = [{
    `C = A * B`.

    ```mlir
    %result = onnx.Mul %A, %B
        : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_DivOp : Onnx_Op<"Div", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Divide with broadcasting";
  let description = [{
    `C = A / B`; integers round towards zero.

    ```mlir
    %result = onnx.Div %A, %B
        : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_PowOp : Onnx_Op<"Pow", [
    Onnx_Broadcast, AllElementTypesMatch<["X", "Z"]>]> {
  let summary = "Raise to a power with broadcasting";
  let description = [{
    `Z = X ** Y`, in the type of `X`.

    ```mlir
    %result = onnx.Pow %X, %Y
        : (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins
    TensorOf<[I32, I64, BF16, F16, F32, F64]>:$X,
    Onnx_NumericTensor:$Y
  );
  let results = (outs TensorOf<[I32, I64, BF16, F16, F32, F64]>:$Z);
}

def Onnx_ModOp : Onnx_Op<"Mod", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B", "C"]>]> {
  let summary = "Take the remainder with broadcasting";
  let description = [{
    `C = A - B * floor(A / B)` (sign of `B`); with `fmod = 1` the remainder
    of C's `fmod` (sign of `A`).

    ```mlir
    %result = onnx.Mod %A, %B : (tensor<4xi64>, tensor<i64>) -> tensor<4xi64>
    ```
  }];
  let arguments = (ins
    Onnx_NumericTensor:$A,
    Onnx_NumericTensor:$B,
    DefaultValuedAttr<I64Attr, "0">:$fmod
  );
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_NegOp : Onnx_Op<"Neg", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Negate";
  let description = [{
    `Y = -X`.

    ```mlir
    %result = onnx.Neg %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_SignedTensor:$X);
  let results = (outs Onnx_SignedTensor:$Y);
  let hasFolder = 1;
}

def Onnx_AbsOp : Onnx_Op<"Abs", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Take the absolute value";
  let description = [{
    `Y = |X|`.

    ```mlir
    %result = onnx.Abs %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$X);
  let results = (outs Onnx_NumericTensor:$Y);
}

def Onnx_SignOp : Onnx_Op<"Sign", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the sign";
  let description = [{
    `output = 1, 0 or -1` as the operand is above, at or below zero.

    ```mlir
    %result = onnx.Sign %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_NumericTensor:$input);
  let results = (outs Onnx_NumericTensor:$output);
}

def Onnx_ReciprocalOp : Onnx_Op<"Reciprocal", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Take the reciprocal";
  let description = [{
    `Y = 1 / X`.

    ```mlir
    %result = onnx.Reciprocal %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SqrtOp : Onnx_Op<"Sqrt", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Take the square root";
  let description = [{
    `Y = sqrt(X)`; NaN below zero.

    ```mlir
    %result = onnx.Sqrt %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_ExpOp : Onnx_Op<"Exp", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the exponential";
  let description = [{
    `output = e ** input`.

    ```mlir
    %result = onnx.Exp %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_LogOp : Onnx_Op<"Log", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the natural logarithm";
  let description = [{
    `output = ln(input)`.

    ```mlir
    %result = onnx.Log %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_ErfOp : Onnx_Op<"Erf", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the error function";
  let description = [{
    `output = 2 / sqrt(pi) * integral of e ** (-t * t)` for `t` from 0 to
    `input`.

    ```mlir
    %result = onnx.Erf %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_FloorOp : Onnx_Op<"Floor", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Round down";
  let description = [{
    `Y` is the largest integer not above `X`.

    ```mlir
    %result = onnx.Floor %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_CeilOp : Onnx_Op<"Ceil", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Round up";
  let description = [{
    `Y` is the smallest integer not below `X`.

    ```mlir
    %result = onnx.Ceil %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_RoundOp : Onnx_Op<"Round", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Round to the nearest integer";
  let description = [{
    `Y` is the integer nearest to `X`, the even one of two.

    ```mlir
    %result = onnx.Round %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SinOp : Onnx_Op<"Sin", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the sine";
  let description = [{
    `output = sin(input)`.

    ```mlir
    %result = onnx.Sin %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_CosOp : Onnx_Op<"Cos", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the cosine";
  let description = [{
    `output = cos(input)`.

    ```mlir
    %result = onnx.Cos %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_TanOp : Onnx_Op<"Tan", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the tangent";
  let description = [{
    `output = tan(input)`.

    ```mlir
    %result = onnx.Tan %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AsinOp : Onnx_Op<"Asin", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the inverse sine";
  let description = [{
    `output = asin(input)`.

    ```mlir
    %result = onnx.Asin %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AcosOp : Onnx_Op<"Acos", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the inverse cosine";
  let description = [{
    `output = acos(input)`.

    ```mlir
    %result = onnx.Acos %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AtanOp : Onnx_Op<"Atan", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the inverse tangent";
  let description = [{
    `output = atan(input)`.

    ```mlir
    %result = onnx.Atan %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_SinhOp : Onnx_Op<"Sinh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the hyperbolic sine";
  let description = [{
    `output = sinh(input)`.

    ```mlir
    %result = onnx.Sinh %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_CoshOp : Onnx_Op<"Cosh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the hyperbolic cosine";
  let description = [{
    `output = cosh(input)`.

    ```mlir
    %result = onnx.Cosh %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_TanhOp : Onnx_Op<"Tanh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the hyperbolic tangent";
  let description = [{
    `output = tanh(input)`.

    ```mlir
    %result = onnx.Tanh %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AsinhOp : Onnx_Op<"Asinh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the inverse hyperbolic sine";
  let description = [{
    `output = asinh(input)`.

    ```mlir
    %result = onnx.Asinh %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AcoshOp : Onnx_Op<"Acosh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the inverse hyperbolic cosine";
  let description = [{
    `output = acosh(input)`.

    ```mlir
    %result = onnx.Acosh %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AtanhOp : Onnx_Op<"Atanh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the inverse hyperbolic tangent";
  let description = [{
    `output = atanh(input)`.

    ```mlir
    %result = onnx.Atanh %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_MaxOp : Onnx_Op<"Max", [Onnx_Broadcast]> {
  let summary = "Take the largest operand with broadcasting";
  let description = [{
    `max[i] = max over all operands of data_k[i]`; NaN wins.

    Constraints:
    - (C1) There is at least one operand.

    ```mlir
    %result = onnx.Max %v0, %v1
        : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Variadic<Onnx_NumericTensor>:$data_0);
  let results = (outs Onnx_NumericTensor:$max);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_MinOp : Onnx_Op<"Min", [Onnx_Broadcast]> {
  let summary = "Take the smallest operand with broadcasting";
  let description = [{
    `min[i] = min over all operands of data_k[i]`; NaN wins.

    Constraints:
    - (C1) There is at least one operand.

    ```mlir
    %result = onnx.Min %v0, %v1
        : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Variadic<Onnx_NumericTensor>:$data_0);
  let results = (outs Onnx_NumericTensor:$min);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_SumOp : Onnx_Op<"Sum", [Onnx_Broadcast]> {
  let summary = "Add all operands with broadcasting";
  let description = [{
    `sum[i] = sum over all operands of data_k[i]`.

    Constraints:
    - (C1) There is at least one operand.

    ```mlir
    %result = onnx.Sum %v0, %v1
        : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Variadic<Onnx_FloatTensor>:$data_0);
  let results = (outs Onnx_FloatTensor:$sum);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_MeanOp : Onnx_Op<"Mean", [Onnx_Broadcast]> {
  let summary = "Average all operands with broadcasting";
  let description = [{
    `mean[i] = sum over all operands of data_k[i] / number of operands`.

    Constraints:
    - (C1) There is at least one operand.

    ```mlir
    %result = onnx.Mean %v0, %v1
        : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Variadic<Onnx_FloatTensor>:$data_0);
  let results = (outs Onnx_FloatTensor:$mean);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_ClipOp : Onnx_Op<"Clip", [AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Limit to a range";
  let description = [{
    `output = min(max(input, min), max)`; an absent bound does not limit.

    Constraints:
    - (C1) `min` and `max` have one element.

    ```mlir
    %result = onnx.Clip %input, %min, %none
        : (tensor<2x3xf32>, tensor<f32>, none) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_NumericTensor:$input,
    Onnx_Optional<Onnx_NumericTensor>:$min,
    Onnx_Optional<Onnx_NumericTensor>:$max
  );
  let results = (outs Onnx_NumericTensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_CumSumOp : Onnx_Op<"CumSum", [AllElementTypesMatch<["x", "y"]>]> {
  let summary = "Add up along an axis";
  let description = [{
    `y[.., i, ..] = sum of x[.., k, ..]` over `k <= i`; `exclusive` leaves
    out `k = i`, `reverse` counts from the end.

    Constraints:
    - (C1) `axis` has one element.
    - (C2) A constant axis lies in [-rank, rank).

    ```mlir
    %result = onnx.CumSum %x, %axis {exclusive = 1 : i64}
        : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
    ```
  }];
  let arguments = (ins
    Onnx_WideTensor:$x,
    Onnx_IndexTensor:$axis,
    DefaultValuedAttr<I64Attr, "0">:$exclusive,
    DefaultValuedAttr<I64Attr, "0">:$reverse
  );
  let results = (outs Onnx_WideTensor:$y);
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXMATHOPS_TD
