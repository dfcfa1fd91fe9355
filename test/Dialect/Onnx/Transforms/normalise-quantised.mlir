// RUN: skim-opt %s --onnx-normalise --split-input-file | FileCheck %s

// CHECK-LABEL: func @rounded_alike_is_the_same
// CHECK-SAME: (%[[Q:.+]]: tensor<?x4xi8>)
// CHECK: return %[[Q]]
func.func @rounded_alike_is_the_same(%q: tensor<?x4xi8>) -> tensor<?x4xi8> {
  %s = onnx.Constant dense<2.500000e-02> : tensor<f32>
  %z = onnx.Constant dense<3> : tensor<i8>
  %x = onnx.DequantizeLinear %q, %s, %z : (tensor<?x4xi8>, tensor<f32>, tensor<i8>) -> tensor<?x4xf32>
  %r = onnx.QuantizeLinear %x, %s, %z : (tensor<?x4xf32>, tensor<f32>, tensor<i8>) -> tensor<?x4xi8>
  return %r : tensor<?x4xi8>
}

// -----

// CHECK-LABEL: func @moved_integers
// CHECK-SAME: (%[[Q:.+]]: tensor<2x3x8xi8>)
// CHECK: %[[R:.+]] = onnx.Reshape %[[Q]], %{{.+}} : {{.+}} -> tensor<2x3x4x2xi8>
// CHECK-NEXT: %[[T:.+]] = onnx.Transpose %[[R]] {perm = array<i64: 0, 2, 1, 3>} : {{.+}} -> tensor<2x4x3x2xi8>
// CHECK-NEXT: return %[[T]]
func.func @moved_integers(%q: tensor<2x3x8xi8>) -> tensor<2x4x3x2xi8> {
  %s = onnx.Constant dense<2.500000e-02> : tensor<f32>
  %z = onnx.Constant dense<3> : tensor<i8>
  %shape = onnx.Constant dense<[0, 0, 4, 2]> : tensor<4xi64>
  %x = onnx.DequantizeLinear %q, %s, %z : (tensor<2x3x8xi8>, tensor<f32>, tensor<i8>) -> tensor<2x3x8xf32>
  %heads = onnx.Reshape %x, %shape : (tensor<2x3x8xf32>, tensor<4xi64>) -> tensor<2x3x4x2xf32>
  %q1 = onnx.QuantizeLinear %heads, %s, %z : (tensor<2x3x4x2xf32>, tensor<f32>, tensor<i8>) -> tensor<2x3x4x2xi8>
  %y = onnx.DequantizeLinear %q1, %s, %z : (tensor<2x3x4x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x3x4x2xf32>
  %t = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x3x4x2xf32>) -> tensor<2x4x3x2xf32>
  %r = onnx.QuantizeLinear %t, %s, %z : (tensor<2x4x3x2xf32>, tensor<f32>, tensor<i8>) -> tensor<2x4x3x2xi8>
  return %r : tensor<2x4x3x2xi8>
}

// -----

// CHECK-LABEL: func @other_scale
// CHECK: onnx.QuantizeLinear
func.func @other_scale(%q: tensor<?x4xi8>) -> tensor<?x4xi8> {
  %s = onnx.Constant dense<2.500000e-02> : tensor<f32>
  %s2 = onnx.Constant dense<2.600000e-02> : tensor<f32>
  %z = onnx.Constant dense<3> : tensor<i8>
  %x = onnx.DequantizeLinear %q, %s, %z : (tensor<?x4xi8>, tensor<f32>, tensor<i8>) -> tensor<?x4xf32>
  %r = onnx.QuantizeLinear %x, %s2, %z : (tensor<?x4xf32>, tensor<f32>, tensor<i8>) -> tensor<?x4xi8>
  return %r : tensor<?x4xi8>
}

// -----

// 255 times this scale is infinite.
// CHECK-LABEL: func @scale_that_overflows
// CHECK: onnx.QuantizeLinear
func.func @scale_that_overflows(%q: tensor<?x4xi8>) -> tensor<?x4xi8> {
  %s = onnx.Constant dense<3.000000e+38> : tensor<f32>
  %z = onnx.Constant dense<3> : tensor<i8>
  %x = onnx.DequantizeLinear %q, %s, %z : (tensor<?x4xi8>, tensor<f32>, tensor<i8>) -> tensor<?x4xf32>
  %r = onnx.QuantizeLinear %x, %s, %z : (tensor<?x4xf32>, tensor<f32>, tensor<i8>) -> tensor<?x4xi8>
  return %r : tensor<?x4xi8>
}

// -----

// Scales go with an axis, which moves.
// CHECK-LABEL: func @moved_list
// CHECK: onnx.Transpose {{.+}} -> tensor<4x4xf32>
// CHECK-NEXT: onnx.QuantizeLinear
func.func @moved_list(%q: tensor<4x4xi8>) -> tensor<4x4xi8> {
  %s = onnx.Constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %none = onnx.None
  %x = onnx.DequantizeLinear %q, %s, %none : (tensor<4x4xi8>, tensor<4xf32>, none) -> tensor<4x4xf32>
  %t = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %r = onnx.QuantizeLinear %t, %s, %none : (tensor<4x4xf32>, tensor<4xf32>, none) -> tensor<4x4xi8>
  return %r : tensor<4x4xi8>
}

// -----

// Layers look for what rounds their states.
// CHECK-LABEL: func @layer_rounds_itself
// CHECK: %[[Q:.+]] = onnx.QuantizeLinear
// CHECK: onnx.MatMulInteger %[[Q]]
func.func @layer_rounds_itself(%q: tensor<2x3x4x2xi8>, %w: tensor<8x5xi8>) -> tensor<2x3x5xi32> {
  %s = onnx.Constant dense<2.500000e-02> : tensor<f32>
  %z = onnx.Constant dense<3> : tensor<i8>
  %none = onnx.None
  %shape = onnx.Constant dense<[0, 0, 8]> : tensor<3xi64>
  %x = onnx.DequantizeLinear %q, %s, %z : (tensor<2x3x4x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x3x4x2xf32>
  %rows = onnx.Reshape %x, %shape : (tensor<2x3x4x2xf32>, tensor<3xi64>) -> tensor<2x3x8xf32>
  %q1 = onnx.QuantizeLinear %rows, %s, %z : (tensor<2x3x8xf32>, tensor<f32>, tensor<i8>) -> tensor<2x3x8xi8>
  %r = onnx.MatMulInteger %q1, %w, %z, %none : (tensor<2x3x8xi8>, tensor<8x5xi8>, tensor<i8>, none) -> tensor<2x3x5xi32>
  return %r : tensor<2x3x5xi32>
}
