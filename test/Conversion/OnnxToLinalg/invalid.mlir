// RUN: skim-opt %s --convert-onnx-to-linalg -split-input-file -verify-diagnostics

// What cannot be lowered is named, with the reason.

func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{node (Exp): cannot be lowered: expected tensors of known rank}}
  %y = onnx.Exp %x : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
