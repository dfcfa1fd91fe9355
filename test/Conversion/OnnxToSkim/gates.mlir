// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// The first half is activated.
// CHECK-LABEL: func @first_half
// CHECK-SAME:    %[[X:.+]]: tensor<?x?x4xf32>
// CHECK:         %[[Y:.+]] = skim.glu gelu_erf %[[X]]
// CHECK-NEXT:    return %[[Y]]
func.func @first_half(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x?x2xf32> {
  %sizes = onnx.Constant dense<2> : tensor<2xi64>
  %a:2 = onnx.Split %x, %sizes {axis = -1 : i64} : (tensor<?x?x4xf32>, tensor<2xi64>) -> (tensor<?x?x2xf32>, tensor<?x?x2xf32>)
  %g = onnx.Gelu %a#0 : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %y = onnx.Mul %g, %a#1 : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

// The second half is activated, and the factors are swapped.
// CHECK-LABEL: func @second_half
// CHECK:         skim.glu silu %{{.+}} {gate_last}
func.func @second_half(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x?x2xf32> {
  %sizes = onnx.Constant dense<2> : tensor<2xi64>
  %a:2 = onnx.Split %x, %sizes {axis = -1 : i64} : (tensor<?x?x4xf32>, tensor<2xi64>) -> (tensor<?x?x2xf32>, tensor<?x?x2xf32>)
  %s = onnx.Sigmoid %a#1 : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %g = onnx.Mul %a#1, %s : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %y = onnx.Mul %g, %a#0 : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

// Columns that are not the two halves: a product of states.
// CHECK-LABEL: func @other_columns
// CHECK-NOT:     skim.glu
// CHECK:         skim.mul
func.func @other_columns(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x2xf32> {
  %sizes = onnx.Constant dense<2> : tensor<3xi64>
  %a:3 = onnx.Split %x, %sizes {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<3xi64>) -> (tensor<?x?x2xf32>, tensor<?x?x2xf32>, tensor<?x?x2xf32>)
  %g = onnx.Gelu %a#0 : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %y = onnx.Mul %g, %a#1 : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

// Two layers of one input, the first of which is activated.
// CHECK-LABEL: func @two_layers
// CHECK:         %[[A:.+]] = skim.linear {{.*}}activation = #skim<activation gelu_erf>
// CHECK:         %[[B:.+]] = skim.linear
// CHECK:         %[[Y:.+]] = skim.mul %[[A]], %[[B]]
// CHECK-NEXT:    return %[[Y]]
func.func @two_layers(%x: tensor<?x?x2xf32> {onnx.dims = ["b", "s", "2"]}) -> tensor<?x?x3xf32> {
  %w = onnx.Constant dense<1.0> : tensor<2x3xf32>
  %u = onnx.Constant dense<2.0> : tensor<2x3xf32>
  %a = onnx.MatMul %x, %w : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
  %g = onnx.Gelu %a : (tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
  %b = onnx.MatMul %x, %u : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
  %y = onnx.Mul %g, %b : (tensor<?x?x3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
  return %y : tensor<?x?x3xf32>
}

// -----

// One number a row is no state of that width.
// CHECK-LABEL: func @broadcast
// CHECK-NOT:     skim.mul
func.func @broadcast(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %r: tensor<?x?x1xf32> {onnx.dims = ["b", "s", "1"]}) -> tensor<?x?x4xf32> {
  %y = onnx.Mul %x, %r : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
