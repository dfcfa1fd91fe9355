// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-unquantise-activations))' --split-input-file | FileCheck %s

// The scales' product first, as quantisers write it; a scale for each column.
// CHECK-LABEL: func @columns
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x4xf32>
// CHECK-DAG:     %[[W:.+]] = onnx.Constant dense<2> : tensor<4x3xi8>
// CHECK-DAG:     %[[S:.+]] = onnx.Constant dense<[1.0{{.*}}, 2.0{{.*}}, 3.0{{.*}}]> : tensor<3xf32>
// CHECK-DAG:     %[[Z:.+]] = onnx.Constant dense<1> : tensor<3xi8>
// CHECK:         %[[M:.+]] = onnx.DequantizeLinear %[[W]], %[[S]], %[[Z]]
// CHECK:         %[[Y:.+]] = onnx.MatMul %[[X]], %[[M]] : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @columns(%x: tensor<?x4xf32>) -> tensor<?x3xf32> {
  %w = onnx.Constant dense<2> : tensor<4x3xi8>
  %scale = onnx.Constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %zero = onnx.Constant dense<1> : tensor<3xi8>
  %q:3 = onnx.DynamicQuantizeLinear %x : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  %0 = onnx.MatMulInteger %q#0, %w, %q#2, %zero : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<ui8>, tensor<3xi8>) -> tensor<?x3xi32>
  %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<?x3xi32>) -> tensor<?x3xf32>
  %2 = onnx.Mul %q#1, %scale : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %3 = onnx.Mul %1, %2 : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %3 : tensor<?x3xf32>
}

// -----

// One scale, one factor after the other.
// CHECK-LABEL: func @tensor_scale
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x4xf32>
// CHECK-NOT:     onnx.MatMulInteger
// CHECK:         %[[M:.+]] = onnx.DequantizeLinear
// CHECK:         onnx.MatMul %[[X]], %[[M]]
func.func @tensor_scale(%x: tensor<?x4xf32>) -> tensor<?x3xf32> {
  %w = onnx.Constant dense<2> : tensor<4x3xui8>
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  %none = onnx.None
  %q:3 = onnx.DynamicQuantizeLinear %x : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  %0 = onnx.MatMulInteger %q#0, %w, %q#2, %none : (tensor<?x4xui8>, tensor<4x3xui8>, tensor<ui8>, none) -> tensor<?x3xi32>
  %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<?x3xi32>) -> tensor<?x3xf32>
  %2 = onnx.Mul %1, %q#1 : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %3 = onnx.Mul %scale, %2 : (tensor<f32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %3 : tensor<?x3xf32>
}

// -----

// Another tensor's scale, and weights that are no constant: nothing is known of the product.
// CHECK-LABEL: func @stays
// CHECK-COUNT-2: onnx.MatMulInteger
// CHECK-NOT:     onnx.MatMul %
func.func @stays(%x: tensor<?x4xf32>, %other: tensor<?x4xf32>, %v: tensor<4x3xi8>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %w = onnx.Constant dense<2> : tensor<4x3xi8>
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  %none = onnx.None
  %q:3 = onnx.DynamicQuantizeLinear %x : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  %o:3 = onnx.DynamicQuantizeLinear %other : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  %0 = onnx.MatMulInteger %q#0, %w, %q#2, %none : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<ui8>, none) -> tensor<?x3xi32>
  %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<?x3xi32>) -> tensor<?x3xf32>
  %2 = onnx.Mul %o#1, %scale : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %3 = onnx.Mul %1, %2 : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %4 = onnx.MatMulInteger %q#0, %v, %q#2, %none : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<ui8>, none) -> tensor<?x3xi32>
  %5 = onnx.Cast %4 {to = 1 : i64} : (tensor<?x3xi32>) -> tensor<?x3xf32>
  %6 = onnx.Mul %q#1, %scale : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %7 = onnx.Mul %5, %6 : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  return %3, %7 : tensor<?x3xf32>, tensor<?x3xf32>
}

// -----

// Rounded by a scale that was found beforehand, and back by the same; by another it is no rounding.
// CHECK-LABEL: func @rounded
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x4xf32>
// CHECK:         onnx.QuantizeLinear
// CHECK:         %[[Y:.+]] = onnx.DequantizeLinear
// CHECK-NOT:     onnx.DequantizeLinear
// CHECK:         return %[[X]], %[[Y]]
func.func @rounded(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  %again = onnx.Constant dense<0.5> : tensor<f32>
  %double = onnx.Constant dense<1.0> : tensor<f32>
  %zero = onnx.Constant dense<128> : tensor<ui8>
  %q = onnx.QuantizeLinear %x, %scale, %zero : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  %0 = onnx.DequantizeLinear %q, %again, %zero : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  %1 = onnx.DequantizeLinear %q, %double, %zero : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}
