// RUN: skim-opt %s | skim-opt | FileCheck %s

// The examples of the ops' descriptions.

// CHECK-LABEL: func.func @None
// CHECK: onnx.None
func.func @None() {
  %none = onnx.None
  return
}

// CHECK-LABEL: func.func @Constant
// CHECK: onnx.Constant dense<[0, 2]> : tensor<2xi64>
func.func @Constant() -> tensor<2xi64> {
  %axes = onnx.Constant dense<[0, 2]> : tensor<2xi64>
  return %axes : tensor<2xi64>
}

// CHECK-LABEL: func.func @Identity(
// CHECK: onnx.Identity %{{.+}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Identity(%input: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %result = onnx.Identity %input
    : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @Cast(
// CHECK: onnx.Cast %{{.+}} {to = 1 : i64} : (tensor<2xi64>) -> tensor<2xf32>
func.func @Cast(%input: tensor<2xi64>) -> tensor<2xf32> {
  %result = onnx.Cast %input {to = 1 : i64}
    : (tensor<2xi64>) -> tensor<2xf32>
  return %result : tensor<2xf32>
}

// CHECK-LABEL: func.func @Add(
// CHECK: onnx.Add %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
func.func @Add(%A: tensor<?x3xf32>, %B: tensor<3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Add %A, %B
    : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Sub(
// CHECK: onnx.Sub %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
func.func @Sub(%A: tensor<?x3xf32>, %B: tensor<3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Sub %A, %B
    : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Mul(
// CHECK: onnx.Mul %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
func.func @Mul(%A: tensor<?x3xf32>, %B: tensor<f32>) -> tensor<?x3xf32> {
  %result = onnx.Mul %A, %B
    : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Div(
// CHECK: onnx.Div %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
func.func @Div(%A: tensor<?x3xf32>, %B: tensor<f32>) -> tensor<?x3xf32> {
  %result = onnx.Div %A, %B
    : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Pow(
// CHECK: onnx.Pow %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>
func.func @Pow(%X: tensor<2x3xf32>, %Y: tensor<i64>) -> tensor<2x3xf32> {
  %result = onnx.Pow %X, %Y
    : (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @Mod(
// CHECK: onnx.Mod %{{.+}}, %{{.+}} : (tensor<4xi64>, tensor<i64>) -> tensor<4xi64>
func.func @Mod(%A: tensor<4xi64>, %B: tensor<i64>) -> tensor<4xi64> {
  %result = onnx.Mod %A, %B
    : (tensor<4xi64>, tensor<i64>) -> tensor<4xi64>
  return %result : tensor<4xi64>
}

// CHECK-LABEL: func.func @Neg(
// CHECK: onnx.Neg %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Neg(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Neg %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Abs(
// CHECK: onnx.Abs %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Abs(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Abs %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Sign(
// CHECK: onnx.Sign %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Sign(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Sign %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Reciprocal(
// CHECK: onnx.Reciprocal %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Reciprocal(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Reciprocal %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Sqrt(
// CHECK: onnx.Sqrt %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Sqrt(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Sqrt %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Exp(
// CHECK: onnx.Exp %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Exp(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Exp %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Log(
// CHECK: onnx.Log %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Log(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Log %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Erf(
// CHECK: onnx.Erf %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Erf(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Erf %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Floor(
// CHECK: onnx.Floor %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Floor(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Floor %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Ceil(
// CHECK: onnx.Ceil %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Ceil(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Ceil %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Round(
// CHECK: onnx.Round %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Round(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Round %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Sin(
// CHECK: onnx.Sin %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Sin(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Sin %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Cos(
// CHECK: onnx.Cos %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Cos(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Cos %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Tan(
// CHECK: onnx.Tan %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Tan(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Tan %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Asin(
// CHECK: onnx.Asin %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Asin(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Asin %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Acos(
// CHECK: onnx.Acos %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Acos(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Acos %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Atan(
// CHECK: onnx.Atan %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Atan(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Atan %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Sinh(
// CHECK: onnx.Sinh %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Sinh(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Sinh %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Cosh(
// CHECK: onnx.Cosh %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Cosh(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Cosh %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Tanh(
// CHECK: onnx.Tanh %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Tanh(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Tanh %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Asinh(
// CHECK: onnx.Asinh %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Asinh(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Asinh %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Acosh(
// CHECK: onnx.Acosh %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Acosh(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Acosh %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Atanh(
// CHECK: onnx.Atanh %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Atanh(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Atanh %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Max(
// CHECK: onnx.Max %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
func.func @Max(%v0: tensor<?x3xf32>, %v1: tensor<3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Max %v0, %v1
    : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Min(
// CHECK: onnx.Min %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
func.func @Min(%v0: tensor<?x3xf32>, %v1: tensor<3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Min %v0, %v1
    : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Sum(
// CHECK: onnx.Sum %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
func.func @Sum(%v0: tensor<?x3xf32>, %v1: tensor<3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Sum %v0, %v1
    : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Mean(
// CHECK: onnx.Mean %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
func.func @Mean(%v0: tensor<?x3xf32>, %v1: tensor<3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Mean %v0, %v1
    : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Clip(
// CHECK: onnx.Clip %{{.+}}, %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<f32>, none) -> tensor<2x3xf32>
func.func @Clip(%input: tensor<2x3xf32>, %min: tensor<f32>) -> tensor<2x3xf32> {
  %none = onnx.None
  %result = onnx.Clip %input, %min, %none
    : (tensor<2x3xf32>, tensor<f32>, none) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @CumSum(
// CHECK: onnx.CumSum %{{.+}}, %{{.+}} {exclusive = 1 : i64} : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
func.func @CumSum(%x: tensor<2x3xi64>, %axis: tensor<i64>) -> tensor<2x3xi64> {
  %result = onnx.CumSum %x, %axis {exclusive = 1 : i64}
    : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
  return %result : tensor<2x3xi64>
}

// CHECK-LABEL: func.func @Relu(
// CHECK: onnx.Relu %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Relu(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Relu %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @LeakyRelu(
// CHECK: onnx.LeakyRelu %{{.+}} {alpha = 2.000000e-01 : f32} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @LeakyRelu(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.LeakyRelu %X {alpha = 2.000000e-01 : f32}
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @PRelu(
// CHECK: onnx.PRelu %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @PRelu(%X: tensor<2x3xf32>, %slope: tensor<3xf32>) -> tensor<2x3xf32> {
  %result = onnx.PRelu %X, %slope
    : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @ThresholdedRelu(
// CHECK: onnx.ThresholdedRelu %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @ThresholdedRelu(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.ThresholdedRelu %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Elu(
// CHECK: onnx.Elu %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Elu(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Elu %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Selu(
// CHECK: onnx.Selu %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Selu(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Selu %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Celu(
// CHECK: onnx.Celu %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Celu(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Celu %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Sigmoid(
// CHECK: onnx.Sigmoid %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Sigmoid(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Sigmoid %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @HardSigmoid(
// CHECK: onnx.HardSigmoid %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @HardSigmoid(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.HardSigmoid %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @HardSwish(
// CHECK: onnx.HardSwish %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @HardSwish(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.HardSwish %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Swish(
// CHECK: onnx.Swish %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Swish(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Swish %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Mish(
// CHECK: onnx.Mish %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Mish(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Mish %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Gelu(
// CHECK: onnx.Gelu %{{.+}} {approximate = "tanh"} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Gelu(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Gelu %X {approximate = "tanh"}
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Softplus(
// CHECK: onnx.Softplus %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Softplus(%X: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Softplus %X
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Softsign(
// CHECK: onnx.Softsign %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Softsign(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Softsign %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Softmax(
// CHECK: onnx.Softmax %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @Softmax(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.Softmax %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @LogSoftmax(
// CHECK: onnx.LogSoftmax %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @LogSoftmax(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.LogSoftmax %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Equal(
// CHECK: onnx.Equal %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
func.func @Equal(%A: tensor<?x3xf32>, %B: tensor<f32>) -> tensor<?x3xi1> {
  %result = onnx.Equal %A, %B
    : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
  return %result : tensor<?x3xi1>
}

// CHECK-LABEL: func.func @Greater(
// CHECK: onnx.Greater %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
func.func @Greater(%A: tensor<?x3xf32>, %B: tensor<f32>) -> tensor<?x3xi1> {
  %result = onnx.Greater %A, %B
    : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
  return %result : tensor<?x3xi1>
}

// CHECK-LABEL: func.func @GreaterOrEqual(
// CHECK: onnx.GreaterOrEqual %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
func.func @GreaterOrEqual(%A: tensor<?x3xf32>, %B: tensor<f32>) -> tensor<?x3xi1> {
  %result = onnx.GreaterOrEqual %A, %B
    : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
  return %result : tensor<?x3xi1>
}

// CHECK-LABEL: func.func @Less(
// CHECK: onnx.Less %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
func.func @Less(%A: tensor<?x3xf32>, %B: tensor<f32>) -> tensor<?x3xi1> {
  %result = onnx.Less %A, %B
    : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
  return %result : tensor<?x3xi1>
}

// CHECK-LABEL: func.func @LessOrEqual(
// CHECK: onnx.LessOrEqual %{{.+}}, %{{.+}} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
func.func @LessOrEqual(%A: tensor<?x3xf32>, %B: tensor<f32>) -> tensor<?x3xi1> {
  %result = onnx.LessOrEqual %A, %B
    : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xi1>
  return %result : tensor<?x3xi1>
}

// CHECK-LABEL: func.func @And(
// CHECK: onnx.And %{{.+}}, %{{.+}} : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
func.func @And(%A: tensor<?x3xi1>, %B: tensor<3xi1>) -> tensor<?x3xi1> {
  %result = onnx.And %A, %B
    : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
  return %result : tensor<?x3xi1>
}

// CHECK-LABEL: func.func @Or(
// CHECK: onnx.Or %{{.+}}, %{{.+}} : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
func.func @Or(%A: tensor<?x3xi1>, %B: tensor<3xi1>) -> tensor<?x3xi1> {
  %result = onnx.Or %A, %B
    : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
  return %result : tensor<?x3xi1>
}

// CHECK-LABEL: func.func @Xor(
// CHECK: onnx.Xor %{{.+}}, %{{.+}} : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
func.func @Xor(%A: tensor<?x3xi1>, %B: tensor<3xi1>) -> tensor<?x3xi1> {
  %result = onnx.Xor %A, %B
    : (tensor<?x3xi1>, tensor<3xi1>) -> tensor<?x3xi1>
  return %result : tensor<?x3xi1>
}

// CHECK-LABEL: func.func @Not(
// CHECK: onnx.Not %{{.+}} : (tensor<2x3xi1>) -> tensor<2x3xi1>
func.func @Not(%X: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %result = onnx.Not %X
    : (tensor<2x3xi1>) -> tensor<2x3xi1>
  return %result : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @BitwiseAnd(
// CHECK: onnx.BitwiseAnd %{{.+}}, %{{.+}} : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
func.func @BitwiseAnd(%A: tensor<?x3xi32>, %B: tensor<i32>) -> tensor<?x3xi32> {
  %result = onnx.BitwiseAnd %A, %B
    : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
  return %result : tensor<?x3xi32>
}

// CHECK-LABEL: func.func @BitwiseOr(
// CHECK: onnx.BitwiseOr %{{.+}}, %{{.+}} : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
func.func @BitwiseOr(%A: tensor<?x3xi32>, %B: tensor<i32>) -> tensor<?x3xi32> {
  %result = onnx.BitwiseOr %A, %B
    : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
  return %result : tensor<?x3xi32>
}

// CHECK-LABEL: func.func @BitwiseXor(
// CHECK: onnx.BitwiseXor %{{.+}}, %{{.+}} : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
func.func @BitwiseXor(%A: tensor<?x3xi32>, %B: tensor<i32>) -> tensor<?x3xi32> {
  %result = onnx.BitwiseXor %A, %B
    : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
  return %result : tensor<?x3xi32>
}

// CHECK-LABEL: func.func @BitwiseNot(
// CHECK: onnx.BitwiseNot %{{.+}} : (tensor<2x3xi32>) -> tensor<2x3xi32>
func.func @BitwiseNot(%X: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %result = onnx.BitwiseNot %X
    : (tensor<2x3xi32>) -> tensor<2x3xi32>
  return %result : tensor<2x3xi32>
}

// CHECK-LABEL: func.func @BitShift(
// CHECK: onnx.BitShift %{{.+}}, %{{.+}} {direction = "LEFT"} : (tensor<4xui32>, tensor<ui32>) -> tensor<4xui32>
func.func @BitShift(%X: tensor<4xui32>, %Y: tensor<ui32>) -> tensor<4xui32> {
  %result = onnx.BitShift %X, %Y {direction = "LEFT"}
    : (tensor<4xui32>, tensor<ui32>) -> tensor<4xui32>
  return %result : tensor<4xui32>
}

// CHECK-LABEL: func.func @IsNaN(
// CHECK: onnx.IsNaN %{{.+}} : (tensor<2x3xf32>) -> tensor<2x3xi1>
func.func @IsNaN(%X: tensor<2x3xf32>) -> tensor<2x3xi1> {
  %result = onnx.IsNaN %X
    : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return %result : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @IsInf(
// CHECK: onnx.IsInf %{{.+}} : (tensor<2x3xf32>) -> tensor<2x3xi1>
func.func @IsInf(%X: tensor<2x3xf32>) -> tensor<2x3xi1> {
  %result = onnx.IsInf %X
    : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return %result : tensor<2x3xi1>
}

// CHECK-LABEL: func.func @Where(
// CHECK: onnx.Where %{{.+}}, %{{.+}}, %{{.+}} : (tensor<?x1xi1>, tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
func.func @Where(%condition: tensor<?x1xi1>, %X: tensor<?x3xf32>, %Y: tensor<f32>) -> tensor<?x3xf32> {
  %result = onnx.Where %condition, %X, %Y
    : (tensor<?x1xi1>, tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Reshape(
// CHECK: onnx.Reshape %{{.+}}, %{{.+}} : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
func.func @Reshape(%data: tensor<?x6xf32>, %shape: tensor<3xi64>) -> tensor<?x2x3xf32> {
  %result = onnx.Reshape %data, %shape
    : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
  return %result : tensor<?x2x3xf32>
}

// CHECK-LABEL: func.func @Flatten(
// CHECK: onnx.Flatten %{{.+}} {axis = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
func.func @Flatten(%input: tensor<2x3x4xf32>) -> tensor<6x4xf32> {
  %result = onnx.Flatten %input {axis = 2 : i64}
    : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  return %result : tensor<6x4xf32>
}

// CHECK-LABEL: func.func @Transpose(
// CHECK: onnx.Transpose %{{.+}} {perm = array<i64: 0, 2, 1>} : (tensor<2x?x4xf32>) -> tensor<2x4x?xf32>
func.func @Transpose(%data: tensor<2x?x4xf32>) -> tensor<2x4x?xf32> {
  %result = onnx.Transpose %data {perm = array<i64: 0, 2, 1>}
    : (tensor<2x?x4xf32>) -> tensor<2x4x?xf32>
  return %result : tensor<2x4x?xf32>
}

// CHECK-LABEL: func.func @Squeeze(
// CHECK: onnx.Squeeze %{{.+}}, %{{.+}} : (tensor<2x1x3xf32>, tensor<1xi64>) -> tensor<2x3xf32>
func.func @Squeeze(%data: tensor<2x1x3xf32>, %axes: tensor<1xi64>) -> tensor<2x3xf32> {
  %result = onnx.Squeeze %data, %axes
    : (tensor<2x1x3xf32>, tensor<1xi64>) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @Unsqueeze(
// CHECK: onnx.Unsqueeze %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1x3xf32>
func.func @Unsqueeze(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1x3xf32> {
  %result = onnx.Unsqueeze %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1x3xf32>
  return %result : tensor<2x1x3xf32>
}

// CHECK-LABEL: func.func @Expand(
// CHECK: onnx.Expand %{{.+}}, %{{.+}} : (tensor<2x1xf32>, tensor<2xi64>) -> tensor<2x3xf32>
func.func @Expand(%input: tensor<2x1xf32>, %shape: tensor<2xi64>) -> tensor<2x3xf32> {
  %result = onnx.Expand %input, %shape
    : (tensor<2x1xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @Tile(
// CHECK: onnx.Tile %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
func.func @Tile(%input: tensor<2x3xf32>, %repeats: tensor<2xi64>) -> tensor<4x3xf32> {
  %result = onnx.Tile %input, %repeats
    : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
  return %result : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @Shape(
// CHECK: onnx.Shape %{{.+}} : (tensor<?x3xf32>) -> tensor<2xi64>
func.func @Shape(%data: tensor<?x3xf32>) -> tensor<2xi64> {
  %result = onnx.Shape %data
    : (tensor<?x3xf32>) -> tensor<2xi64>
  return %result : tensor<2xi64>
}

// CHECK-LABEL: func.func @Size(
// CHECK: onnx.Size %{{.+}} : (tensor<?x3xf32>) -> tensor<i64>
func.func @Size(%data: tensor<?x3xf32>) -> tensor<i64> {
  %result = onnx.Size %data
    : (tensor<?x3xf32>) -> tensor<i64>
  return %result : tensor<i64>
}

// CHECK-LABEL: func.func @Concat(
// CHECK: onnx.Concat %{{.+}}, %{{.+}} {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
func.func @Concat(%v0: tensor<2x3xf32>, %v1: tensor<2x1xf32>) -> tensor<2x4xf32> {
  %result = onnx.Concat %v0, %v1 {axis = 1 : i64}
    : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  return %result : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @Split(
// CHECK: onnx.Split %{{.+}}, %{{.+}} {axis = 1 : i64, num_outputs = 2 : i64} : (tensor<4x6xf32>, none) -> (tensor<4x3xf32>, tensor<4x3xf32>)
func.func @Split(%input: tensor<4x6xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
  %none = onnx.None
  %result:2 = onnx.Split %input, %none {axis = 1 : i64, num_outputs = 2 : i64}
    : (tensor<4x6xf32>, none) -> (tensor<4x3xf32>, tensor<4x3xf32>)
  return %result#0, %result#1 : tensor<4x3xf32>, tensor<4x3xf32>
}

// CHECK-LABEL: func.func @Slice(
// CHECK: onnx.Slice %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} : (tensor<4x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<4x?xf32>
func.func @Slice(%data: tensor<4x6xf32>, %starts: tensor<1xi64>, %ends: tensor<1xi64>, %axes: tensor<1xi64>) -> tensor<4x?xf32> {
  %none = onnx.None
  %result = onnx.Slice %data, %starts, %ends, %axes, %none
    : (tensor<4x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<4x?xf32>
  return %result : tensor<4x?xf32>
}

// CHECK-LABEL: func.func @Pad(
// CHECK: onnx.Pad %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<4xi64>, none, none) -> tensor<3x5xf32>
func.func @Pad(%data: tensor<2x3xf32>, %pads: tensor<4xi64>) -> tensor<3x5xf32> {
  %none = onnx.None
  %result = onnx.Pad %data, %pads, %none, %none
    : (tensor<2x3xf32>, tensor<4xi64>, none, none) -> tensor<3x5xf32>
  return %result : tensor<3x5xf32>
}

// CHECK-LABEL: func.func @Gather(
// CHECK: onnx.Gather %{{.+}}, %{{.+}} : (tensor<100x8xf32>, tensor<2x?xi64>) -> tensor<2x?x8xf32>
func.func @Gather(%data: tensor<100x8xf32>, %indices: tensor<2x?xi64>) -> tensor<2x?x8xf32> {
  %result = onnx.Gather %data, %indices
    : (tensor<100x8xf32>, tensor<2x?xi64>) -> tensor<2x?x8xf32>
  return %result : tensor<2x?x8xf32>
}

// CHECK-LABEL: func.func @GatherElements(
// CHECK: onnx.GatherElements %{{.+}}, %{{.+}} {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x5xi64>) -> tensor<2x5xf32>
func.func @GatherElements(%data: tensor<2x3xf32>, %indices: tensor<2x5xi64>) -> tensor<2x5xf32> {
  %result = onnx.GatherElements %data, %indices {axis = 1 : i64}
    : (tensor<2x3xf32>, tensor<2x5xi64>) -> tensor<2x5xf32>
  return %result : tensor<2x5xf32>
}

// CHECK-LABEL: func.func @GatherND(
// CHECK: onnx.GatherND %{{.+}}, %{{.+}} : (tensor<2x3x4xf32>, tensor<5x2xi64>) -> tensor<5x4xf32>
func.func @GatherND(%data: tensor<2x3x4xf32>, %indices: tensor<5x2xi64>) -> tensor<5x4xf32> {
  %result = onnx.GatherND %data, %indices
    : (tensor<2x3x4xf32>, tensor<5x2xi64>) -> tensor<5x4xf32>
  return %result : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @ScatterElements(
// CHECK: onnx.ScatterElements %{{.+}}, %{{.+}}, %{{.+}} : (tensor<4x3xf32>, tensor<1x3xi64>, tensor<1x3xf32>) -> tensor<4x3xf32>
func.func @ScatterElements(%data: tensor<4x3xf32>, %indices: tensor<1x3xi64>, %updates: tensor<1x3xf32>) -> tensor<4x3xf32> {
  %result = onnx.ScatterElements %data, %indices, %updates
    : (tensor<4x3xf32>, tensor<1x3xi64>, tensor<1x3xf32>) -> tensor<4x3xf32>
  return %result : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @ScatterND(
// CHECK: onnx.ScatterND %{{.+}}, %{{.+}}, %{{.+}} {reduction = "add"} : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<4x3xf32>
func.func @ScatterND(%data: tensor<4x3xf32>, %indices: tensor<2x1xi64>, %updates: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %result = onnx.ScatterND %data, %indices, %updates {reduction = "add"}
    : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<4x3xf32>
  return %result : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @OneHot(
// CHECK: onnx.OneHot %{{.+}}, %{{.+}}, %{{.+}} : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<4x?xf32>
func.func @OneHot(%indices: tensor<4xi64>, %depth: tensor<i64>, %values: tensor<2xf32>) -> tensor<4x?xf32> {
  %result = onnx.OneHot %indices, %depth, %values
    : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<4x?xf32>
  return %result : tensor<4x?xf32>
}

// CHECK-LABEL: func.func @NonZero(
// CHECK: onnx.NonZero %{{.+}} : (tensor<2x3xf32>) -> tensor<2x?xi64>
func.func @NonZero(%X: tensor<2x3xf32>) -> tensor<2x?xi64> {
  %result = onnx.NonZero %X
    : (tensor<2x3xf32>) -> tensor<2x?xi64>
  return %result : tensor<2x?xi64>
}

// CHECK-LABEL: func.func @Compress(
// CHECK: onnx.Compress %{{.+}}, %{{.+}} {axis = 0 : i64} : (tensor<4x3xf32>, tensor<4xi1>) -> tensor<?x3xf32>
func.func @Compress(%input: tensor<4x3xf32>, %condition: tensor<4xi1>) -> tensor<?x3xf32> {
  %result = onnx.Compress %input, %condition {axis = 0 : i64}
    : (tensor<4x3xf32>, tensor<4xi1>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @TopK(
// CHECK: onnx.TopK %{{.+}}, %{{.+}} : (tensor<4x9xf32>, tensor<1xi64>) -> (tensor<4x?xf32>, tensor<4x?xi64>)
func.func @TopK(%X: tensor<4x9xf32>, %K: tensor<1xi64>) -> (tensor<4x?xf32>, tensor<4x?xi64>) {
  %result:2 = onnx.TopK %X, %K
    : (tensor<4x9xf32>, tensor<1xi64>) -> (tensor<4x?xf32>, tensor<4x?xi64>)
  return %result#0, %result#1 : tensor<4x?xf32>, tensor<4x?xi64>
}

// CHECK-LABEL: func.func @Range(
// CHECK: onnx.Range %{{.+}}, %{{.+}}, %{{.+}} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
func.func @Range(%start: tensor<i64>, %limit: tensor<i64>, %delta: tensor<i64>) -> tensor<?xi64> {
  %result = onnx.Range %start, %limit, %delta
    : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %result : tensor<?xi64>
}

// CHECK-LABEL: func.func @ConstantOfShape(
// CHECK: onnx.ConstantOfShape %{{.+}} {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
func.func @ConstantOfShape(%input: tensor<2xi64>) -> tensor<?x?xi64> {
  %result = onnx.ConstantOfShape %input {value = dense<1> : tensor<1xi64>}
    : (tensor<2xi64>) -> tensor<?x?xi64>
  return %result : tensor<?x?xi64>
}

// CHECK-LABEL: func.func @EyeLike(
// CHECK: onnx.EyeLike %{{.+}} {k = 1 : i64} : (tensor<3x4xf32>) -> tensor<3x4xf32>
func.func @EyeLike(%input: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %result = onnx.EyeLike %input {k = 1 : i64}
    : (tensor<3x4xf32>) -> tensor<3x4xf32>
  return %result : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @Trilu(
// CHECK: onnx.Trilu %{{.+}}, %{{.+}} {upper = 0 : i64} : (tensor<3x4xf32>, none) -> tensor<3x4xf32>
func.func @Trilu(%input: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %none = onnx.None
  %result = onnx.Trilu %input, %none {upper = 0 : i64}
    : (tensor<3x4xf32>, none) -> tensor<3x4xf32>
  return %result : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @ReduceSum(
// CHECK: onnx.ReduceSum %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceSum(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceSum %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceMean(
// CHECK: onnx.ReduceMean %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceMean(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceMean %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceMax(
// CHECK: onnx.ReduceMax %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceMax(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceMax %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceMin(
// CHECK: onnx.ReduceMin %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceMin(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceMin %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceProd(
// CHECK: onnx.ReduceProd %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceProd(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceProd %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceL1(
// CHECK: onnx.ReduceL1 %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceL1(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceL1 %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceL2(
// CHECK: onnx.ReduceL2 %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceL2(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceL2 %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceSumSquare(
// CHECK: onnx.ReduceSumSquare %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceSumSquare(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceSumSquare %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceLogSum(
// CHECK: onnx.ReduceLogSum %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceLogSum(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceLogSum %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ReduceLogSumExp(
// CHECK: onnx.ReduceLogSumExp %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
func.func @ReduceLogSumExp(%data: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<2x1xf32> {
  %result = onnx.ReduceLogSumExp %data, %axes
    : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %result : tensor<2x1xf32>
}

// CHECK-LABEL: func.func @ArgMax(
// CHECK: onnx.ArgMax %{{.+}} {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xi64>
func.func @ArgMax(%data: tensor<2x3xf32>) -> tensor<2x1xi64> {
  %result = onnx.ArgMax %data {axis = 1 : i64}
    : (tensor<2x3xf32>) -> tensor<2x1xi64>
  return %result : tensor<2x1xi64>
}

// CHECK-LABEL: func.func @ArgMin(
// CHECK: onnx.ArgMin %{{.+}} {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xi64>
func.func @ArgMin(%data: tensor<2x3xf32>) -> tensor<2x1xi64> {
  %result = onnx.ArgMin %data {axis = 1 : i64}
    : (tensor<2x3xf32>) -> tensor<2x1xi64>
  return %result : tensor<2x1xi64>
}

// CHECK-LABEL: func.func @MatMul(
// CHECK: onnx.MatMul %{{.+}}, %{{.+}} : (tensor<?x4x8xf32>, tensor<8x3xf32>) -> tensor<?x4x3xf32>
func.func @MatMul(%A: tensor<?x4x8xf32>, %B: tensor<8x3xf32>) -> tensor<?x4x3xf32> {
  %result = onnx.MatMul %A, %B
    : (tensor<?x4x8xf32>, tensor<8x3xf32>) -> tensor<?x4x3xf32>
  return %result : tensor<?x4x3xf32>
}

// CHECK-LABEL: func.func @Gemm(
// CHECK: onnx.Gemm %{{.+}}, %{{.+}}, %{{.+}} {transB = 1 : i64} : (tensor<2x?xf32>, tensor<4x?xf32>, none) -> tensor<2x4xf32>
func.func @Gemm(%A: tensor<2x?xf32>, %B: tensor<4x?xf32>) -> tensor<2x4xf32> {
  %none = onnx.None
  %result = onnx.Gemm %A, %B, %none {transB = 1 : i64}
    : (tensor<2x?xf32>, tensor<4x?xf32>, none) -> tensor<2x4xf32>
  return %result : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @Conv(
// CHECK: onnx.Conv %{{.+}}, %{{.+}}, %{{.+}} {dilations = array<i64: 1>, pads = array<i64: 1, 1>, strides = array<i64: 2>} : (tensor<?x3x9xf32>, tensor<4x3x3xf32>, tensor<4xf32>) -> tensor<?x4x5xf32>
func.func @Conv(%X: tensor<?x3x9xf32>, %W: tensor<4x3x3xf32>, %B: tensor<4xf32>) -> tensor<?x4x5xf32> {
  %result = onnx.Conv %X, %W, %B {dilations = array<i64: 1>, pads = array<i64: 1, 1>, strides = array<i64: 2>}
    : (tensor<?x3x9xf32>, tensor<4x3x3xf32>, tensor<4xf32>) -> tensor<?x4x5xf32>
  return %result : tensor<?x4x5xf32>
}

// CHECK-LABEL: func.func @FitsWindow(
// CHECK: onnx.FitsWindow %{{.+}} {axes = array<i64: 1>, spans = array<i64: 4>} : (tensor<2x?x16xf32>) -> tensor<2x?x16xf32>
func.func @FitsWindow(%X: tensor<2x?x16xf32>) -> tensor<2x?x16xf32> {
  %result = onnx.FitsWindow %X {axes = array<i64: 1>, spans = array<i64: 4>} : (tensor<2x?x16xf32>) -> tensor<2x?x16xf32>
  return %result : tensor<2x?x16xf32>
}

// CHECK-LABEL: func.func @MaxPool(
// CHECK: onnx.MaxPool %{{.+}} {dilations = array<i64: 1>, kernel_shape = array<i64: 4>, pads = array<i64: 0, 0>, strides = array<i64: 4>} : (tensor<?x3x8xf32>) -> tensor<?x3x2xf32>
func.func @MaxPool(%X: tensor<?x3x8xf32>) -> tensor<?x3x2xf32> {
  %result = onnx.MaxPool %X {dilations = array<i64: 1>, kernel_shape = array<i64: 4>, pads = array<i64: 0, 0>, strides = array<i64: 4>} : (tensor<?x3x8xf32>) -> tensor<?x3x2xf32>
  return %result : tensor<?x3x2xf32>
}

// CHECK-LABEL: func.func @AveragePool(
// CHECK: onnx.AveragePool %{{.+}} {dilations = array<i64: 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<?x3x8xf32>) -> tensor<?x3x4xf32>
func.func @AveragePool(%X: tensor<?x3x8xf32>) -> tensor<?x3x4xf32> {
  %result = onnx.AveragePool %X {dilations = array<i64: 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<?x3x8xf32>) -> tensor<?x3x4xf32>
  return %result : tensor<?x3x4xf32>
}

// CHECK-LABEL: func.func @Resize(
// CHECK: onnx.Resize %{{.+}}, %{{.+}}, %{{.+}} {axes = array<i64: 2>, mode = "linear"} : (tensor<?x3x4xf32>, none, tensor<1xi64>) -> tensor<?x3x?xf32>
func.func @Resize(%X: tensor<?x3x4xf32>, %sizes: tensor<1xi64>) -> tensor<?x3x?xf32> {
  %none = onnx.None
  %result = onnx.Resize %X, %none, %sizes {axes = array<i64: 2>, mode = "linear"} : (tensor<?x3x4xf32>, none, tensor<1xi64>) -> tensor<?x3x?xf32>
  return %result : tensor<?x3x?xf32>
}

// CHECK-LABEL: func.func @Einsum(
// CHECK: onnx.Einsum %{{.+}}, %{{.+}} {equation = "bij,bjk->bik"} : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
func.func @Einsum(%v0: tensor<2x3x4xf32>, %v1: tensor<2x4x5xf32>) -> tensor<2x3x5xf32> {
  %result = onnx.Einsum %v0, %v1 {equation = "bij,bjk->bik"}
    : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  return %result : tensor<2x3x5xf32>
}

// CHECK-LABEL: func.func @LayerNormalization(
// CHECK: onnx.LayerNormalization %{{.+}}, %{{.+}}, %{{.+}} {epsilon = 9.99999996E-13 : f32} : (tensor<?x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?x4x8xf32>, none, none)
func.func @LayerNormalization(%X: tensor<?x4x8xf32>, %Scale: tensor<8xf32>, %B: tensor<8xf32>) -> (tensor<?x4x8xf32>, none, none) {
  %result:3 = onnx.LayerNormalization %X, %Scale, %B {epsilon = 9.99999996E-13 : f32}
    : (tensor<?x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?x4x8xf32>, none, none)
  return %result#0, %result#1, %result#2 : tensor<?x4x8xf32>, none, none
}

// CHECK-LABEL: func.func @RMSNormalization(
// CHECK: onnx.RMSNormalization %{{.+}}, %{{.+}} : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
func.func @RMSNormalization(%X: tensor<?x4x8xf32>, %scale: tensor<8xf32>) -> tensor<?x4x8xf32> {
  %result = onnx.RMSNormalization %X, %scale
    : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  return %result : tensor<?x4x8xf32>
}

// CHECK-LABEL: func.func @SimplifiedLayerNormalization(
// CHECK: onnx.SimplifiedLayerNormalization %{{.+}}, %{{.+}} : (tensor<?x4x8xf32>, tensor<8xf32>) -> (tensor<?x4x8xf32>, none)
func.func @SimplifiedLayerNormalization(%X: tensor<?x4x8xf32>, %scale: tensor<8xf32>) -> (tensor<?x4x8xf32>, none) {
  %result:2 = onnx.SimplifiedLayerNormalization %X, %scale
    : (tensor<?x4x8xf32>, tensor<8xf32>) -> (tensor<?x4x8xf32>, none)
  return %result#0, %result#1 : tensor<?x4x8xf32>, none
}

// CHECK-LABEL: func.func @LpNormalization(
// CHECK: onnx.LpNormalization %{{.+}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
func.func @LpNormalization(%input: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %result = onnx.LpNormalization %input
    : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @Attention(
// CHECK: onnx.Attention %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} : (tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>, tensor<4x4xi1>, none, none, none) -> (tensor<?x2x4x8xf32>, none, none, none)
func.func @Attention(%Q: tensor<?x2x4x8xf32>, %K: tensor<?x2x4x8xf32>, %V: tensor<?x2x4x8xf32>, %attn_mask: tensor<4x4xi1>) -> (tensor<?x2x4x8xf32>, none, none, none) {
  %none = onnx.None
  %result:4 = onnx.Attention %Q, %K, %V, %attn_mask, %none, %none, %none
    : (tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>, tensor<4x4xi1>, none, none, none) -> (tensor<?x2x4x8xf32>, none, none, none)
  return %result#0, %result#1, %result#2, %result#3 : tensor<?x2x4x8xf32>, none, none, none
}

// CHECK-LABEL: func.func @RotaryEmbedding(
// CHECK: onnx.RotaryEmbedding %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} : (tensor<1x2x4x8xf32>, tensor<9x4xf32>, tensor<9x4xf32>, tensor<1x4xi64>) -> tensor<1x2x4x8xf32>
func.func @RotaryEmbedding(%X: tensor<1x2x4x8xf32>, %cos_cache: tensor<9x4xf32>, %sin_cache: tensor<9x4xf32>, %position_ids: tensor<1x4xi64>) -> tensor<1x2x4x8xf32> {
  %result = onnx.RotaryEmbedding %X, %cos_cache, %sin_cache, %position_ids
    : (tensor<1x2x4x8xf32>, tensor<9x4xf32>, tensor<9x4xf32>, tensor<1x4xi64>) -> tensor<1x2x4x8xf32>
  return %result : tensor<1x2x4x8xf32>
}

// CHECK-LABEL: func.func @QuantizeLinear(
// CHECK: onnx.QuantizeLinear %{{.+}}, %{{.+}}, %{{.+}} : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
func.func @QuantizeLinear(%x: tensor<2x3xf32>, %y_scale: tensor<f32>, %y_zero_point: tensor<ui8>) -> tensor<2x3xui8> {
  %result = onnx.QuantizeLinear %x, %y_scale, %y_zero_point
    : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
  return %result : tensor<2x3xui8>
}

// CHECK-LABEL: func.func @DequantizeLinear(
// CHECK: onnx.DequantizeLinear %{{.+}}, %{{.+}}, %{{.+}} : (tensor<2x3xi8>, tensor<f32>, none) -> tensor<2x3xf32>
func.func @DequantizeLinear(%x: tensor<2x3xi8>, %x_scale: tensor<f32>) -> tensor<2x3xf32> {
  %none = onnx.None
  %result = onnx.DequantizeLinear %x, %x_scale, %none
    : (tensor<2x3xi8>, tensor<f32>, none) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @DynamicQuantizeLinear(
// CHECK: onnx.DynamicQuantizeLinear %{{.+}} : (tensor<2x3xf32>) -> (tensor<2x3xui8>, tensor<f32>, tensor<ui8>)
func.func @DynamicQuantizeLinear(%x: tensor<2x3xf32>) -> (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) {
  %result:3 = onnx.DynamicQuantizeLinear %x
    : (tensor<2x3xf32>) -> (tensor<2x3xui8>, tensor<f32>, tensor<ui8>)
  return %result#0, %result#1, %result#2 : tensor<2x3xui8>, tensor<f32>, tensor<ui8>
}

// CHECK-LABEL: func.func @MatMulInteger(
// CHECK: onnx.MatMulInteger %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} : (tensor<4x8xui8>, tensor<8x3xi8>, none, none) -> tensor<4x3xi32>
func.func @MatMulInteger(%A: tensor<4x8xui8>, %B: tensor<8x3xi8>) -> tensor<4x3xi32> {
  %none = onnx.None
  %result = onnx.MatMulInteger %A, %B, %none, %none
    : (tensor<4x8xui8>, tensor<8x3xi8>, none, none) -> tensor<4x3xi32>
  return %result : tensor<4x3xi32>
}

// CHECK-LABEL: func.func @ms_FusedMatMul(
// CHECK: onnx.ms.FusedMatMul %{{.+}}, %{{.+}} {alpha = 2.500000e-01 : f32, transB = 1 : i64} : (tensor<4x8xf32>, tensor<3x8xf32>) -> tensor<4x3xf32>
func.func @ms_FusedMatMul(%A: tensor<4x8xf32>, %B: tensor<3x8xf32>) -> tensor<4x3xf32> {
  %result = onnx.ms.FusedMatMul %A, %B {alpha = 2.500000e-01 : f32, transB = 1 : i64}
    : (tensor<4x8xf32>, tensor<3x8xf32>) -> tensor<4x3xf32>
  return %result : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @ms_MultiHeadAttention(
// CHECK: onnx.ms.MultiHeadAttention %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {num_heads = 2 : i64} : (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x4x8xf32>, none, none, none, none, none) -> (tensor<?x4x8xf32>, none, none)
func.func @ms_MultiHeadAttention(%query: tensor<?x4x8xf32>, %key: tensor<?x4x8xf32>, %value: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, none, none) {
  %none = onnx.None
  %result:3 = onnx.ms.MultiHeadAttention %query, %key, %value, %none, %none, %none, %none, %none {num_heads = 2 : i64}
    : (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x4x8xf32>, none, none, none, none, none) -> (tensor<?x4x8xf32>, none, none)
  return %result#0, %result#1, %result#2 : tensor<?x4x8xf32>, none, none
}

// CHECK-LABEL: func.func @ms_RotaryEmbedding(
// CHECK: onnx.ms.RotaryEmbedding %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {num_heads = 2 : i64} : (tensor<?x4x8xf32>, tensor<?x4xi64>, tensor<16x2xf32>, tensor<16x2xf32>) -> tensor<?x4x8xf32>
func.func @ms_RotaryEmbedding(%input: tensor<?x4x8xf32>, %ids: tensor<?x4xi64>, %cos: tensor<16x2xf32>, %sin: tensor<16x2xf32>) -> tensor<?x4x8xf32> {
  %result = onnx.ms.RotaryEmbedding %input, %ids, %cos, %sin {num_heads = 2 : i64}
    : (tensor<?x4x8xf32>, tensor<?x4xi64>, tensor<16x2xf32>, tensor<16x2xf32>) -> tensor<?x4x8xf32>
  return %result : tensor<?x4x8xf32>
}
