// RUN: skim-opt %s --convert-onnx-to-linalg -split-input-file -verify-diagnostics

// What cannot be lowered is named, with the reason.

func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{node (Exp): cannot be lowered: expected tensors of known rank}}
  %y = onnx.Exp %x : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @axis(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{node (Softmax): cannot be lowered: axis out of range}}
  %y = onnx.Softmax %x {axis = 3 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @equation(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{node (Einsum): cannot be lowered: expected an equation that fits the operands}}
  %y = onnx.Einsum %x {equation = "ij->i"} : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
