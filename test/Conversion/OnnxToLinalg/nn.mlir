// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Softmax, normalisations, attention.

// CHECK-LABEL: func @softmax_subtracts_the_largest
// CHECK: arith.maximumf
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: arith.divf
func.func @softmax_subtracts_the_largest(%x: tensor<?x9xf32>) -> tensor<?x9xf32> {
  %y = onnx.Softmax %x : (tensor<?x9xf32>) -> tensor<?x9xf32>
  return %y : tensor<?x9xf32>
}

// CHECK-LABEL: func @layer_norm
// CHECK: math.sqrt
// CHECK-NOT: onnx.None
func.func @layer_norm(%x: tensor<?x9xf32>, %g: tensor<9xf32>) -> tensor<?x9xf32> {
  %none = onnx.None
  %y, %m, %s = onnx.LayerNormalization %x, %g, %none : (tensor<?x9xf32>, tensor<9xf32>, none) -> (tensor<?x9xf32>, none, none)
  return %y : tensor<?x9xf32>
}

// CHECK-LABEL: func @attention_without_mask_has_no_bias
// CHECK: math.fma
// CHECK: math.exp
// CHECK: math.fma
func.func @attention_without_mask_has_no_bias(%q: tensor<2x3x4x8xf32>) -> tensor<2x3x4x8xf32> {
  %none = onnx.None
  %y, %k, %v, %s = onnx.Attention %q, %q, %q, %none, %none, %none, %none : (tensor<2x3x4x8xf32>, tensor<2x3x4x8xf32>, tensor<2x3x4x8xf32>, none, none, none, none) -> (tensor<2x3x4x8xf32>, none, none, none)
  return %y : tensor<2x3x4x8xf32>
}

// CHECK-LABEL: func @quantise
// CHECK: math.roundeven
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK: arith.trunci
func.func @quantise(%x: tensor<?xf32>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<?xui8> {
  %y = onnx.QuantizeLinear %x, %s, %z : (tensor<?xf32>, tensor<f32>, tensor<ui8>) -> tensor<?xui8>
  return %y : tensor<?xui8>
}
