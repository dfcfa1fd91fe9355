// RUN: skim-opt %s --verify-onnx-form -split-input-file -verify-diagnostics

// An onnx graph of ranked tensors is the form.
func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = onnx.Relu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// C1
// expected-error @+1 {{expected a function 'main' with a body in the onnx form}}
module {
}

// -----

// C2
func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @+1 {{does not belong into the onnx form: found arith.addf}}
  %y = arith.addf %x, %x : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// C3
func.func @main(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{does not belong into the onnx form: a result has no rank}}
  %y = onnx.Relu %x : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
