//===- OnnxActivationOps.td - activations, softmax --------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXACTIVATIONOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXACTIVATIONOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_ReluOp : Onnx_Op<"Relu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Cut negative values to zero";
  let description = [{
    `Y = max(X, 0)`.

    ```mlir
    %result = onnx.Relu %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_SignedTensor:$X);
  let results = (outs Onnx_SignedTensor:$Y);
}

def Onnx_LeakyReluOp : Onnx_Op<"LeakyRelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Scale negative values";
  let description = [{
    `Y = X` where `X >= 0`, else `alpha * X`.

    ```mlir
    %result = onnx.LeakyRelu %X {alpha = 2.000000e-01 : f32}
        : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "0.01f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_PReluOp : Onnx_Op<"PRelu", [
    AllElementTypesMatch<["X", "slope", "Y"]>]> {
  let summary = "Scale negative values by a slope for each element";
  let description = [{
    `Y = X` where `X >= 0`, else `slope * X`; `slope` broadcasts to `X`.

    ```mlir
    %result = onnx.PRelu %X, %slope
        : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Onnx_WideTensor:$X, Onnx_WideTensor:$slope);
  let results = (outs Onnx_WideTensor:$Y);
}

def Onnx_ThresholdedReluOp : Onnx_Op<"ThresholdedRelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Cut values up to a threshold to zero";
  let description = [{
    `Y = X` where `X > alpha`, else 0.

    ```mlir
    %result = onnx.ThresholdedRelu %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_EluOp : Onnx_Op<"Elu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the exponential linear unit";
  let description = [{
    `Y = X` where `X >= 0`, else `alpha * (e ** X - 1)`.

    ```mlir
    %result = onnx.Elu %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SeluOp : Onnx_Op<"Selu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the scaled exponential linear unit";
  let description = [{
    `Y = gamma * X` where `X > 0`, else `gamma * alpha * (e ** X - 1)`.

    ```mlir
    %result = onnx.Selu %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.6732632f">:$alpha,
    DefaultValuedAttr<F32Attr, "1.050701f">:$gamma
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_CeluOp : Onnx_Op<"Celu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the continuous exponential linear unit";
  let description = [{
    `Y = max(X, 0) + min(alpha * (e ** (X / alpha) - 1), 0)`.

    ```mlir
    %result = onnx.Celu %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SigmoidOp : Onnx_Op<"Sigmoid", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the logistic function";
  let description = [{
    `Y = 1 / (1 + e ** -X)`.

    ```mlir
    %result = onnx.Sigmoid %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_HardSigmoidOp : Onnx_Op<"HardSigmoid", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply a piecewise linear sigmoid";
  let description = [{
    `Y = min(max(alpha * X + beta, 0), 1)`.

    ```mlir
    %result = onnx.HardSigmoid %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "0.2f">:$alpha,
    DefaultValuedAttr<F32Attr, "0.5f">:$beta
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_HardSwishOp : Onnx_Op<"HardSwish", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply a piecewise quadratic swish";
  let description = [{
    `Y = X * min(max(X / 6 + 0.5, 0), 1)`.

    ```mlir
    %result = onnx.HardSwish %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SwishOp : Onnx_Op<"Swish", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Multiply by the logistic function";
  let description = [{
    `Y = X / (1 + e ** (-alpha * X))`.

    ```mlir
    %result = onnx.Swish %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_MishOp : Onnx_Op<"Mish", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the mish function";
  let description = [{
    `Y = X * tanh(ln(1 + e ** X))`.

    ```mlir
    %result = onnx.Mish %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_GeluOp : Onnx_Op<"Gelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the Gaussian error linear unit";
  let description = [{
    `Y = X / 2 * (1 + erf(X / sqrt(2)))`, with `approximate = "tanh"` `Y = X
    / 2 * (1 + tanh(sqrt(2 / pi) * (X + 0.044715 * X ** 3)))`.

    Constraints:
    - (C1) `approximate` is `none` or `tanh`.

    ```mlir
    %result = onnx.Gelu %X {approximate = "tanh"}
        : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedStrAttr<StrAttr, "none">:$approximate
  );
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_SoftplusOp : Onnx_Op<"Softplus", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Apply the soft ramp";
  let description = [{
    `Y = ln(1 + e ** X)`.

    ```mlir
    %result = onnx.Softplus %X : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SoftsignOp : Onnx_Op<"Softsign", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Apply the soft sign";
  let description = [{
    `output = input / (1 + |input|)`.

    ```mlir
    %result = onnx.Softsign %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_SoftmaxOp : Onnx_Op<"Softmax", [
    AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Normalise exponentials along an axis";
  let description = [{
    `output = e ** input / sum of e ** input` along `axis`.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).

    ```mlir
    %result = onnx.Softmax %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$input,
    DefaultValuedAttr<I64Attr, "-1">:$axis
  );
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}

def Onnx_LogSoftmaxOp : Onnx_Op<"LogSoftmax", [
    AllElementTypesMatch<["input", "output"]>]> {
  let summary = "Take the logarithm of a softmax";
  let description = [{
    `output = input - ln(sum of e ** input)` along `axis`.

    Constraints:
    - (C1) `axis` lies in [-rank, rank).

    ```mlir
    %result = onnx.LogSoftmax %input : (tensor<?x3xf32>) -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$input,
    DefaultValuedAttr<I64Attr, "-1">:$axis
  );
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXACTIVATIONOPS_TD
