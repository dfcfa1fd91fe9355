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

// -----

// Ranges that begin at 0: a quantiser leaves out the Relu before them.
// CHECK-LABEL: func @relu_left_out
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x4xf32>
// CHECK:         %[[A:.+]] = onnx.Relu %[[X]]
// CHECK:         %[[B:.+]] = onnx.Relu %[[X]]
// CHECK:         %[[C:.+]] = onnx.Relu %[[X]]
// CHECK:         return %[[A]], %[[B]], %[[C]]
func.func @relu_left_out(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %scale = onnx.Constant dense<0.03> : tensor<f32>
  %zero = onnx.Constant dense<0> : tensor<ui8>
  %q = onnx.QuantizeLinear %x, %scale, %zero : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  %0 = onnx.DequantizeLinear %q, %scale, %zero : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  %signed = onnx.Constant dense<-128> : tensor<i8>
  %r = onnx.QuantizeLinear %x, %scale, %signed : (tensor<?x4xf32>, tensor<f32>, tensor<i8>) -> tensor<?x4xi8>
  %1 = onnx.DequantizeLinear %r, %scale, %signed : (tensor<?x4xi8>, tensor<f32>, tensor<i8>) -> tensor<?x4xf32>
  %none = onnx.None
  %s = onnx.QuantizeLinear %x, %scale, %none : (tensor<?x4xf32>, tensor<f32>, none) -> tensor<?x4xui8>
  %2 = onnx.DequantizeLinear %s, %scale, %none : (tensor<?x4xui8>, tensor<f32>, none) -> tensor<?x4xf32>
  return %0, %1, %2 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// A scale for each column: as long as all ranges begin at 0.
// CHECK-LABEL: func @relu_of_columns
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x2xf32>
// CHECK:         %[[A:.+]] = onnx.Relu %[[X]]
// CHECK:         return %[[A]], %[[X]]
func.func @relu_of_columns(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %scale = onnx.Constant dense<[0.03, 0.02]> : tensor<2xf32>
  %zeros = onnx.Constant dense<0> : tensor<2xui8>
  %some = onnx.Constant dense<[0, 3]> : tensor<2xui8>
  %q = onnx.QuantizeLinear %x, %scale, %zeros : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xui8>) -> tensor<?x2xui8>
  %0 = onnx.DequantizeLinear %q, %scale, %zeros : (tensor<?x2xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<?x2xf32>
  %r = onnx.QuantizeLinear %x, %scale, %some : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xui8>) -> tensor<?x2xui8>
  %1 = onnx.DequantizeLinear %r, %scale, %some : (tensor<?x2xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<?x2xf32>
  return %0, %1 : tensor<?x2xf32>, tensor<?x2xf32>
}

// -----

// What is never below 0 needs no Relu: probabilities, what is moved of them, variances; 1 + erf.
// CHECK-LABEL: func @never_negative
// CHECK-NOT:     onnx.Relu
// CHECK-NOT:     onnx.Clip
// CHECK:         return
func.func @never_negative(%x: tensor<?x4xf32>) -> (tensor<4x?xf32>, tensor<?x1xf32>, tensor<?x4xf32>) {
  %scale = onnx.Constant dense<0.003> : tensor<f32>
  %whole = onnx.Constant dense<0.00784313772> : tensor<f32>
  %zero = onnx.Constant dense<0> : tensor<ui8>
  %axes = onnx.Constant dense<1> : tensor<1xi64>
  %p = onnx.Softmax %x {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %q = onnx.QuantizeLinear %p, %scale, %zero : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  %0 = onnx.DequantizeLinear %q, %scale, %zero : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %r = onnx.QuantizeLinear %1, %scale, %zero : (tensor<4x?xf32>, tensor<f32>, tensor<ui8>) -> tensor<4x?xui8>
  %2 = onnx.DequantizeLinear %r, %scale, %zero : (tensor<4x?xui8>, tensor<f32>, tensor<ui8>) -> tensor<4x?xf32>
  %3 = onnx.Mul %x, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %4 = onnx.ReduceMean %3, %axes {keepdims = 1 : i64} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %s = onnx.QuantizeLinear %4, %scale, %zero : (tensor<?x1xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x1xui8>
  %5 = onnx.DequantizeLinear %s, %scale, %zero : (tensor<?x1xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x1xf32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %6 = onnx.Erf %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %7 = onnx.Add %6, %one : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %t = onnx.QuantizeLinear %7, %whole, %zero : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  %8 = onnx.DequantizeLinear %t, %whole, %zero : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  return %2, %5, %8 : tensor<4x?xf32>, tensor<?x1xf32>, tensor<?x4xf32>
}

// -----

// Ranges whose ends are whole numbers, as none is that was measured: a Clip was left out, from 0 to 6 or from -1 to 1.
// CHECK-LABEL: func @clip_left_out
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x4xf32>
// CHECK-DAG:     %[[ZERO:.+]] = onnx.Constant dense<0.000000e+00> : tensor<f32>
// CHECK-DAG:     %[[SIX:.+]] = onnx.Constant dense<6.000000e+00> : tensor<f32>
// CHECK:         %[[A:.+]] = onnx.Clip %[[X]], %[[ZERO]], %[[SIX]]
// CHECK-DAG:     %[[LOW:.+]] = onnx.Constant dense<-1.00392163> : tensor<f32>
// CHECK-DAG:     %[[HIGH:.+]] = onnx.Constant dense<0.996078491> : tensor<f32>
// CHECK:         %[[B:.+]] = onnx.Clip %[[X]], %[[LOW]], %[[HIGH]]
// CHECK:         return %[[A]], %[[B]]
func.func @clip_left_out(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %six = onnx.Constant dense<0.0235294122> : tensor<f32>
  %two = onnx.Constant dense<0.00784313772> : tensor<f32>
  %zero = onnx.Constant dense<0> : tensor<ui8>
  %middle = onnx.Constant dense<128> : tensor<ui8>
  %q = onnx.QuantizeLinear %x, %six, %zero : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  %0 = onnx.DequantizeLinear %q, %six, %zero : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  %r = onnx.QuantizeLinear %x, %two, %middle : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  %1 = onnx.DequantizeLinear %r, %two, %middle : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// The scale of numbers that all were 0, those that a mask adds where nothing is masked: no range.
// CHECK-LABEL: func @nothing_measured
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x4xf32>
// CHECK:         return %[[X]]
func.func @nothing_measured(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %scale = onnx.Constant dense<1.0> : tensor<f32>
  %zero = onnx.Constant dense<0> : tensor<ui8>
  %q = onnx.QuantizeLinear %x, %scale, %zero : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  %0 = onnx.DequantizeLinear %q, %scale, %zero : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
