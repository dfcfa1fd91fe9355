// What stays is named, with the reason of the pattern that came closest.
// RUN: skim-opt %s --convert-onnx-to-skim=report -split-input-file -verify-diagnostics

func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x6xf32> {
  %w = onnx.Constant dense<2.0> : tensor<6x4xf32>
  %b = onnx.Constant dense<1.0> : tensor<4xf32>
  // expected-remark @below {{(LeakyRelu) stays}}
  %0 = onnx.LeakyRelu %x : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  // expected-remark @below {{(Add) stays: states and a constant}}
  %1 = onnx.Add %0, %b : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %t = onnx.Transpose %w {perm = array<i64: 1, 0>} : (tensor<6x4xf32>) -> tensor<4x6xf32>
  %2 = onnx.MatMul %1, %t : (tensor<?x?x4xf32>, tensor<4x6xf32>) -> tensor<?x?x6xf32>
  return %2 : tensor<?x?x6xf32>
}

// -----

// Shapes, integers, masks and the movement of results are nothing to raise.
func.func @main(%ids: tensor<?x?xi64>, %mask: tensor<?x?xf32>, %x: tensor<?x?x2xf32>) -> (tensor<?x?xi64>, tensor<?x?xi1>, tensor<3xi64>, tensor<?x?x1xf32>, tensor<?x?x1xf32>) {
  %sizes = onnx.Constant dense<1> : tensor<2xi64>
  %0 = onnx.Add %ids, %ids : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %1 = onnx.Cast %mask {to = 9 : i64} : (tensor<?x?xf32>) -> tensor<?x?xi1>
  %2 = onnx.Shape %x : (tensor<?x?x2xf32>) -> tensor<3xi64>
  %3, %4 = onnx.Split %x, %sizes {axis = 2 : i64} : (tensor<?x?x2xf32>, tensor<2xi64>) -> (tensor<?x?x1xf32>, tensor<?x?x1xf32>)
  return %0, %1, %2, %3, %4 : tensor<?x?xi64>, tensor<?x?xi1>, tensor<3xi64>, tensor<?x?x1xf32>, tensor<?x?x1xf32>
}
