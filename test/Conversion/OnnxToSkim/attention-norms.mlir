// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// Heads of queries and of keys are normalised before the product.
// CHECK-LABEL: func @heads
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x6xf32>
// CHECK-DAG:     %[[WIDE:.+]] = onnx.Constant dense<2.000000e+00> : tensor<3xf32>
// CHECK-DAG:     %[[NARROW:.+]] = onnx.Constant dense<3.000000e+00> : tensor<3xf32>
// CHECK-DAG:     %[[Q:.+]] = skim.norm %[[X]], %[[WIDE]] {epsilon = {{.+}} : f32, heads = 2 : i64, kind = #skim<norm_kind rms>} : tensor<?x?x6xf32>, tensor<3xf32>
// CHECK-DAG:     %[[K:.+]] = skim.norm %[[X]], %[[NARROW]] {epsilon = {{.+}} : f32, heads = 2 : i64} : tensor<?x?x6xf32>, tensor<3xf32>
// CHECK:         skim.attention %[[Q]], %[[K]], %[[X]] {heads = 2 : i64, scale = 5.000000e-01 : f32}
func.func @heads(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %wide = onnx.Constant dense<2.0> : tensor<3xf32>
  %narrow = onnx.Constant dense<3.0> : tensor<3xf32>
  %none = onnx.None
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %0 = onnx.Reshape %x, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  // Before the heads are moved, and after.
  %n = onnx.RMSNormalization %0, %wide : (tensor<?x?x2x3xf32>, tensor<3xf32>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %n {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k, %mean, %deviation = onnx.LayerNormalization %1, %narrow, %none : (tensor<?x2x?x3xf32>, tensor<3xf32>, none) -> (tensor<?x2x?x3xf32>, none, none)
  %t = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x3xf32>) -> tensor<?x2x3x?xf32>
  %2 = onnx.MatMul %q, %t : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %3 = onnx.Mul %2, %scale : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %3 : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %y = onnx.MatMul %p, %1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %4 = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %5 = onnx.Reshape %4, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %5 : tensor<?x?x6xf32>
}

// -----

// A factor in front of a norm changes what epsilon weighs: no attention.
// CHECK-LABEL: func @scaled_before
// CHECK-NOT:     skim.attention
func.func @scaled_before(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  %ones = onnx.Constant dense<2.0> : tensor<3xf32>
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %0 = onnx.Reshape %x, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %small = onnx.Mul %1, %scale : (tensor<?x2x?x3xf32>, tensor<f32>) -> tensor<?x2x?x3xf32>
  %q = onnx.RMSNormalization %small, %ones : (tensor<?x2x?x3xf32>, tensor<3xf32>) -> tensor<?x2x?x3xf32>
  %t = onnx.Transpose %1 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x3xf32>) -> tensor<?x2x3x?xf32>
  %2 = onnx.MatMul %q, %t : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %2 : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %y = onnx.MatMul %p, %1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %4 = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %5 = onnx.Reshape %4, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %5 : tensor<?x?x6xf32>
}
