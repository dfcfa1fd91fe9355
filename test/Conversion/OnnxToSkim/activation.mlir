// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// x / sqrt 2, then (x * (1 + erf)) * 0.5.
// CHECK-LABEL: func @gelu_erf
// CHECK-SAME:    %[[X:.+]]: tensor<?x?x4xf32>
// CHECK:         %[[Y:.+]] = skim.activation gelu_erf %[[X]]
// CHECK-NEXT:    return %[[Y]]
func.func @gelu_erf(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %root = onnx.Constant dense<1.41421354> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Div %x, %root : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %1 = onnx.Erf %0 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = onnx.Add %1, %one : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %3 = onnx.Mul %x, %2 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %4 = onnx.Mul %3, %half : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  return %4 : tensor<?x?x4xf32>
}

// -----

// x * (0.5 * (1 + erf)).
// CHECK-LABEL: func @gelu_erf_half_first
// CHECK:         skim.activation gelu_erf
func.func @gelu_erf_half_first(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %root = onnx.Constant dense<0.707106769> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul %root, %x : (tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %1 = onnx.Erf %0 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = onnx.Add %one, %1 : (tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %3 = onnx.Mul %half, %2 : (tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %4 = onnx.Mul %x, %3 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %4 : tensor<?x?x4xf32>
}

// -----

// The cube as products, the half of x first.
// CHECK-LABEL: func @gelu_tanh
// CHECK:         skim.activation gelu_tanh
func.func @gelu_tanh(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %c = onnx.Constant dense<0.044715> : tensor<f32>
  %slope = onnx.Constant dense<0.797884583> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %h = onnx.Mul %half, %x : (tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %sq = onnx.Mul %x, %x : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %cu = onnx.Mul %sq, %x : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %0 = onnx.Mul %c, %cu : (tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %1 = onnx.Add %x, %0 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = onnx.Mul %1, %slope : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %3 = onnx.Tanh %2 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %4 = onnx.Add %3, %one : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %5 = onnx.Mul %h, %4 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %5 : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: func @ops
// CHECK:         skim.activation gelu_erf
// CHECK:         skim.activation gelu_tanh
// CHECK:         skim.activation relu
// CHECK:         skim.activation tanh
// CHECK:         skim.activation silu
// CHECK:         skim.activation sigmoid
func.func @ops(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %0 = onnx.Gelu %x : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %1 = onnx.Gelu %0 {approximate = "tanh"} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = onnx.Relu %1 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %3 = onnx.Tanh %2 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %s = onnx.Sigmoid %3 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %4 = onnx.Mul %s, %3 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %5 = onnx.Sigmoid %4 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %5 : tensor<?x?x4xf32>
}

// -----

// The layer feeds something else, too.
// CHECK-LABEL: func @no_fold_into_used_layer
// CHECK:         %[[L:.+]] = skim.linear %{{[^ ]+}}, %{{[^ ]+}} :
// CHECK:         skim.activation relu %[[L]]
func.func @no_fold_into_used_layer(%x: tensor<?x?x4xf32>) -> (tensor<?x?x4xf32>, tensor<?x?x4xf32>) {
  %w = onnx.Constant dense<2.0> : tensor<4x4xf32>
  %0 = onnx.MatMul %x, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %1 = onnx.Relu %0 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %0, %1 : tensor<?x?x4xf32>, tensor<?x?x4xf32>
}

// -----

// erf of x itself is not that of GELU.
// CHECK-LABEL: func @other_erf_stays
// CHECK:         onnx.Erf
// CHECK-NOT:     gelu
func.func @other_erf_stays(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %1 = onnx.Erf %x : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = onnx.Add %1, %one : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %3 = onnx.Mul %x, %2 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %4 = onnx.Mul %3, %half : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  return %4 : tensor<?x?x4xf32>
}

// -----

// Sums: of one shape, of which one may be repeated.
// CHECK-LABEL: func @sums
// CHECK-SAME:    %[[X:[^ ]+]]: {{.+}}, %[[Y:[^ ]+]]: {{.+}}, %[[Z:[^ ]+]]: tensor<1x?x4xf32>
// CHECK:         %[[A:.+]] = skim.add %[[X]], %[[Y]]
// CHECK:         onnx.Add %[[A]], %[[Z]]
func.func @sums(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %y: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]},
                %z: tensor<1x?x4xf32>) -> tensor<?x?x4xf32> {
  %0 = onnx.Add %x, %y : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %1 = onnx.Add %0, %z : (tensor<?x?x4xf32>, tensor<1x?x4xf32>) -> tensor<?x?x4xf32>
  return %1 : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: func @quick
// CHECK:         skim.activation gelu_quick
// CHECK:         skim.activation gelu_quick
func.func @quick(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %factor = onnx.Constant dense<1.702> : tensor<f32>
  %0 = onnx.Mul %x, %factor : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %1 = onnx.Sigmoid %0 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = onnx.Mul %x, %1 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %3 = onnx.Swish %2 {alpha = 1.702 : f32} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %3 : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: func @other_factor_stays
// CHECK-NOT:     skim.activation
// CHECK:         onnx.Mul
func.func @other_factor_stays(%x: tensor<?x?x4xf32>, %y: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %factor = onnx.Constant dense<1.5> : tensor<f32>
  %0 = onnx.Mul %x, %factor : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %1 = onnx.Mul %y, %0 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %1 : tensor<?x?x4xf32>
}
