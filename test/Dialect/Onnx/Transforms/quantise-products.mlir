// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-quantise-products))' | FileCheck %s

// CHECK-LABEL: func @columns
// CHECK-SAME: %[[Q:[^:]+]]: tensor<?x4xui8>
// CHECK-DAG: %[[S:.+]] = onnx.Constant dense<5.000000e-01>
// CHECK-DAG: %[[Z:.+]] = onnx.Constant dense<3> : tensor<ui8>
// CHECK-DAG: %[[W:.+]] = onnx.Constant dense<1> : tensor<4x3xi8>
// CHECK-DAG: %[[T:.+]] = onnx.Constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]>
// CHECK: %[[SUMS:.+]] = onnx.MatMulInteger %[[Q]], %[[W]], %[[Z]], %{{.+}} -> tensor<?x3xi32>
// CHECK: %[[NUMBERS:.+]] = onnx.Cast %[[SUMS]] {to = 1 : i64}
// CHECK: %[[BOTH:.+]] = onnx.Mul %[[S]], %[[T]]
// CHECK: onnx.Mul %[[NUMBERS]], %[[BOTH]]
// CHECK-NOT: onnx.MatMul %
func.func @columns(%q: tensor<?x4xui8>) -> tensor<?x3xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<0.5> : tensor<f32>
  %z = onnx.Constant dense<3> : tensor<ui8>
  %w = onnx.Constant dense<1> : tensor<4x3xi8>
  %t = onnx.Constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = onnx.DequantizeLinear %q, %s, %z : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  %1 = onnx.DequantizeLinear %w, %t, %none : (tensor<4x3xi8>, tensor<3xf32>, none) -> tensor<4x3xf32>
  %2 = onnx.MatMul %0, %1 : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %2 : tensor<?x3xf32>
}

// A scale for each row of the weights belongs to what is summed.
// CHECK-LABEL: func @rows
// CHECK: onnx.MatMul %
func.func @rows(%q: tensor<?x3xui8>) -> tensor<?x3xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<0.5> : tensor<f32>
  %w = onnx.Constant dense<1> : tensor<3x3xi8>
  %t = onnx.Constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = onnx.DequantizeLinear %q, %s, %none : (tensor<?x3xui8>, tensor<f32>, none) -> tensor<?x3xf32>
  %1 = onnx.DequantizeLinear %w, %t, %none {axis = 0 : i64} : (tensor<3x3xi8>, tensor<3xf32>, none) -> tensor<3x3xf32>
  %2 = onnx.MatMul %0, %1 : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  return %2 : tensor<?x3xf32>
}

// Both computed; or both folded.
// CHECK-LABEL: func @other_operands
// CHECK-NOT: onnx.MatMulInteger
func.func @other_operands(%q: tensor<3x3xui8>) -> (tensor<3x3xf32>, tensor<3x3xf32>) {
  %none = onnx.None
  %s = onnx.Constant dense<0.5> : tensor<f32>
  %w = onnx.Constant dense<1> : tensor<3x3xi8>
  %0 = onnx.DequantizeLinear %q, %s, %none : (tensor<3x3xui8>, tensor<f32>, none) -> tensor<3x3xf32>
  %1 = onnx.DequantizeLinear %w, %s, %none : (tensor<3x3xi8>, tensor<f32>, none) -> tensor<3x3xf32>
  %2 = onnx.MatMul %0, %0 : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
  %3 = onnx.MatMul %1, %1 : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
  return %2, %3 : tensor<3x3xf32>, tensor<3x3xf32>
}
