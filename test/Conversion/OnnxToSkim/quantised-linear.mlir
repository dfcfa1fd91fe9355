// Products of integers with the scales of a quantiser are linear layers that
// round their input by one scale.
// RUN: skim-opt %s --convert-onnx-to-skim="report=true" -verify-diagnostics | FileCheck %s

// One number for the matrix, no zero point; the bias joins.
// CHECK-LABEL: func @of_the_matrix
// CHECK-DAG: %[[W:.+]] = onnx.Constant dense<3> : tensor<4x2xi8>
// CHECK-DAG: %[[SCALE:.+]] = onnx.Constant dense<5.000000e-01> : tensor<2xf32>
// CHECK-DAG: %[[ZERO:.+]] = onnx.Constant dense<0> : tensor<2xi8>
// CHECK-DAG: %[[BIAS:.+]] = onnx.Constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK: skim.linear %{{.+}}, %[[W]] scale %[[SCALE]] zero_point %[[ZERO]] bias %[[BIAS]]
// CHECK-NOT: onnx.MatMulInteger
func.func @of_the_matrix(%x: tensor<?x?x4xf32>) -> tensor<?x?x2xf32> {
  %none = onnx.None
  %w = onnx.Constant dense<3> : tensor<4x2xi8>
  %s = onnx.Constant dense<0.5> : tensor<f32>
  %b = onnx.Constant dense<[1.0, 2.0]> : tensor<2xf32>
  %q:3 = onnx.DynamicQuantizeLinear %x : (tensor<?x?x4xf32>) -> (tensor<?x?x4xui8>, tensor<f32>, tensor<ui8>)
  %0 = onnx.MatMulInteger %q#0, %w, %q#2, %none : (tensor<?x?x4xui8>, tensor<4x2xi8>, tensor<ui8>, none) -> tensor<?x?x2xi32>
  %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<?x?x2xi32>) -> tensor<?x?x2xf32>
  %2 = onnx.Mul %q#1, %s : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %3 = onnx.Mul %1, %2 : (tensor<?x?x2xf32>, tensor<f32>) -> tensor<?x?x2xf32>
  %4 = onnx.Add %3, %b : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  return %4 : tensor<?x?x2xf32>
}

// Numbers for each column, of a state for each sequence.
// CHECK-LABEL: func @of_columns
// CHECK-DAG: %[[SCALE:.+]] = onnx.Constant dense<[5.000000e-01, 2.500000e-01]>
// CHECK-DAG: %[[ZERO:.+]] = onnx.Constant dense<[7, 130]> : tensor<2xui8>
// CHECK: skim.linear %{{.+}}, %{{.+}} scale %[[SCALE]] zero_point %[[ZERO]] : tensor<?x4xf32>, tensor<4x2xui8>
func.func @of_columns(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %w = onnx.Constant dense<3> : tensor<4x2xui8>
  %s = onnx.Constant dense<[0.5, 0.25]> : tensor<2xf32>
  %z = onnx.Constant dense<[7, 130]> : tensor<2xui8>
  %q:3 = onnx.DynamicQuantizeLinear %x : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  %0 = onnx.MatMulInteger %q#0, %w, %q#2, %z : (tensor<?x4xui8>, tensor<4x2xui8>, tensor<ui8>, tensor<2xui8>) -> tensor<?x2xi32>
  %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<?x2xi32>) -> tensor<?x2xf32>
  %2 = onnx.Mul %q#1, %s : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  %3 = onnx.Mul %1, %2 : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}

// By the scale of calibration, which the weights' have in them; int8 as uint8.
// CHECK-LABEL: func @given
// CHECK: skim.linear %{{.+}}, %{{.+}} scale %{{.+}} zero_point %{{.+}} {input_scale = 2.500000e-01 : f32, input_zero_point = 125 : i64} : tensor<?x4xf32>, tensor<4x2xi8>
func.func @given(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %none = onnx.None
  %w = onnx.Constant dense<3> : tensor<4x2xi8>
  %s = onnx.Constant dense<0.25> : tensor<f32>
  %z = onnx.Constant dense<-3> : tensor<i8>
  %t = onnx.Constant dense<[0.5, 0.25]> : tensor<2xf32>
  %q = onnx.QuantizeLinear %x, %s, %z : (tensor<?x4xf32>, tensor<f32>, tensor<i8>) -> tensor<?x4xi8>
  %0 = onnx.MatMulInteger %q, %w, %z, %none : (tensor<?x4xi8>, tensor<4x2xi8>, tensor<i8>, none) -> tensor<?x2xi32>
  %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<?x2xi32>) -> tensor<?x2xf32>
  %2 = onnx.Mul %1, %t : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %2 : tensor<?x2xf32>
}

// Sequences are no states.
// CHECK-LABEL: func @other_width
// CHECK: onnx.MatMulInteger
func.func @other_width(%x: tensor<4x?xf32>) -> tensor<4x2xf32> {
  %none = onnx.None
  %w = onnx.Constant dense<3> : tensor<4x2xi8>
  %s = onnx.Constant dense<0.5> : tensor<f32>
  // expected-remark@+1 {{stays}}
  %q:3 = onnx.DynamicQuantizeLinear %x : (tensor<4x?xf32>) -> (tensor<4x?xui8>, tensor<f32>, tensor<ui8>)
  %0 = onnx.MatMulInteger %q#0, %w, %q#2, %none : (tensor<4x?xui8>, tensor<4x2xi8>, tensor<ui8>, none) -> tensor<4x2xi32>
  // expected-remark@+1 {{stays}}
  %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<4x2xi32>) -> tensor<4x2xf32>
  // expected-remark@+1 {{stays}}
  %2 = onnx.Mul %q#1, %s : (tensor<f32>, tensor<f32>) -> tensor<f32>
  // expected-remark@+1 {{stays}}
  %3 = onnx.Mul %1, %2 : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  return %3 : tensor<4x2xf32>
}
