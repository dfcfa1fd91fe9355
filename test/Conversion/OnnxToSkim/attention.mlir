// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// The scale after the product.
// CHECK-LABEL: func @no_mask
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[K:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: tensor
// CHECK-NOT:     onnx.MatMul
// CHECK:         %[[A:.+]] = skim.attention %[[Q]], %[[K]], %[[V]] {heads = 2 : i64, scale = 5.000000e-01 : f32}
// CHECK:         return %[[A]]
func.func @no_mask(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Mul %qk, %half : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// The scale split over queries and keys; the keys transposed twice.
// CHECK-LABEL: func @scales_before
// CHECK:         skim.attention {{.*}} {heads = 2 : i64, scale = 1.250000e-01 : f32}
func.func @scales_before(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %four = onnx.Constant dense<4.0> : tensor<f32>
  %kt = onnx.Transpose %k1 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x3xf32>) -> tensor<?x2x3x?xf32>
  %qs = onnx.Mul %q1, %half : (tensor<?x2x?x3xf32>, tensor<f32>) -> tensor<?x2x?x3xf32>
  %ks = onnx.Div %kt, %four : (tensor<?x2x3x?xf32>, tensor<f32>) -> tensor<?x2x3x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %qk : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// A relative bias that is repeated for each sequence, and a mask.
// CHECK-LABEL: func @mask_and_bias
// CHECK:         %[[MASK:.+]] = onnx.Cast %{{.+}} -> tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> bias %{{.+}} : tensor<1x2x?x?xf32> {fill = -1.000000e+04 : f32
func.func @mask_and_bias(%m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %r: tensor<1x2x?x?xf32> {onnx.dims = ["1", "2", "s", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %low = onnx.Constant dense<-10000.0> : tensor<f32>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %mf = onnx.Cast %m {to = 1 : i64} : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %mu = onnx.Unsqueeze %mf, %axes : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x1x1x?xf32>
  %mi = onnx.Sub %one, %mu : (tensor<f32>, tensor<?x1x1x?xf32>) -> tensor<?x1x1x?xf32>
  %mm = onnx.Mul %mi, %low : (tensor<?x1x1x?xf32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %shape = onnx.Shape %qk : (tensor<?x2x?x?xf32>) -> tensor<4xi64>
  %wide = onnx.Expand %r, %shape : (tensor<1x2x?x?xf32>, tensor<4xi64>) -> tensor<?x2x?x?xf32>
  %b = onnx.Add %wide, %mm : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %b : (tensor<?x2x?x?xf32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// Batch and heads in one dimension, in the bias as well.
// CHECK-LABEL: func @bias_of_joined_heads
// CHECK:         %[[R:.+]] = onnx.Reshape {{.+}} -> tensor<?x?x?xf32>
// CHECK:         %[[APART:.+]] = onnx.Unsqueeze %[[R]], %{{.+}} -> tensor<?x1x?x?xf32>
// CHECK:         %[[BIAS:.+]] = onnx.Reshape %[[APART]], %{{.+}} -> tensor<?x2x?x?xf32>
// CHECK:         skim.attention {{.*}} bias %[[BIAS]] : tensor<?x2x?x?xf32> {heads = 2
func.func @bias_of_joined_heads(%heads: tensor<?x2x?x?xf32> {onnx.dims = ["b", "2", "s", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %s = onnx.Shape %q {end = 2 : i64, start = 1 : i64} : (tensor<?x?x6xf32>) -> tensor<1xi64>
  %all = onnx.Constant dense<-1> : tensor<1xi64>
  %three = onnx.Constant dense<3> : tensor<1xi64>
  %six = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %flat = onnx.Concat %all, %s, %three {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %apart = onnx.Concat %all, %two, %s, %three {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %square = onnx.Concat %all, %s, %s {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %r = onnx.Reshape %heads, %square : (tensor<?x2x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %q2 = onnx.Reshape %q1, %flat : (tensor<?x2x?x3xf32>, tensor<3xi64>) -> tensor<?x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k2 = onnx.Reshape %k1, %flat : (tensor<?x2x?x3xf32>, tensor<3xi64>) -> tensor<?x?x3xf32>
  %k3 = onnx.Transpose %k2 {perm = array<i64: 0, 2, 1>} : (tensor<?x?x3xf32>) -> tensor<?x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %v2 = onnx.Reshape %v1, %flat : (tensor<?x2x?x3xf32>, tensor<3xi64>) -> tensor<?x?x3xf32>
  %qk = onnx.MatMul %q2, %k3 : (tensor<?x?x3xf32>, tensor<?x3x?xf32>) -> tensor<?x?x?xf32>
  %b = onnx.Add %qk, %r : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %b : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %c0 = onnx.MatMul %p, %v2 : (tensor<?x?x?xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
  %c1 = onnx.Reshape %c0, %apart : (tensor<?x?x3xf32>, tensor<4xi64>) -> tensor<?x2x?x3xf32>
  %c2 = onnx.Transpose %c1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c3 = onnx.Reshape %c2, %six : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c3 : tensor<?x?x6xf32>
}

// -----

// One layer makes queries, keys and values: each gets its part of the weights.
// CHECK-LABEL: func @fused_projection
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x2xf32>
// CHECK-DAG:     %[[WQ:.+]] = onnx.Constant dense_resource<{{.*}}> : tensor<2x6xf32>
// CHECK-DAG:     %[[BQ:.+]] = onnx.Constant dense<1.000000e+00> : tensor<6xf32>
// CHECK-DAG:     %[[Q:.+]] = skim.linear %[[X]], %[[WQ]] bias
// CHECK-COUNT-2: skim.linear %[[X]],
// CHECK:         skim.attention %[[Q]],
func.func @fused_projection(%x: tensor<?x?x2xf32> {onnx.dims = ["b", "s", "2"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %w = onnx.Constant dense<[[0.00, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.17], [1.00, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08, 1.09, 1.10, 1.11, 1.12, 1.13, 1.14, 1.15, 1.16, 1.17]]> : tensor<2x18xf32>
  %bias = onnx.Constant dense<1.0> : tensor<18xf32>
  %sizes = onnx.Constant dense<6> : tensor<3xi64>
  %0 = onnx.MatMul %x, %w : (tensor<?x?x2xf32>, tensor<2x18xf32>) -> tensor<?x?x18xf32>
  %1 = onnx.Add %0, %bias : (tensor<?x?x18xf32>, tensor<18xf32>) -> tensor<?x?x18xf32>
  %q, %k, %v = onnx.Split %1, %sizes {axis = 2 : i64} : (tensor<?x?x18xf32>, tensor<3xi64>) -> (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>)
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %qk : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// One head of keys and values for all heads of queries.
// CHECK-LABEL: func @one_key_head
// CHECK:         skim.attention {{.*}} {heads = 2 : i64, kv_heads = 1 : i64, scale = 1.000000e+00 : f32} : tensor<?x?x6xf32>, tensor<?x?x3xf32>
func.func @one_key_head(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x3xf32> {onnx.dims = ["b", "s", "3"]}, %v: tensor<?x?x3xf32> {onnx.dims = ["b", "s", "3"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x3xf32>) -> tensor<?x3x?xf32>
  %k1 = onnx.Unsqueeze %k0, %axis : (tensor<?x3x?xf32>, tensor<1xi64>) -> tensor<?x1x3x?xf32>
  %v1 = onnx.Unsqueeze %v, %axis : (tensor<?x?x3xf32>, tensor<1xi64>) -> tensor<?x1x?x3xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x1x3x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %qk : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x1x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// The probabilities of the queries for each key.
// CHECK-LABEL: func @softmax_over_queries_stays
// CHECK:         onnx.Softmax
// CHECK-NOT:     skim.attention
func.func @softmax_over_queries_stays(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %qk {axis = 2 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// The context's heads are not joined side by side.
// CHECK-LABEL: func @heads_interleaved_stay
// CHECK:         onnx.Softmax
// CHECK-NOT:     skim.attention
func.func @heads_interleaved_stay(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %qk : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x3x2xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x3x2xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// Probabilities of what is hidden become zeros: for queries that see no key.
// CHECK-LABEL: func @zeroed_probabilities
// CHECK:         skim.attention {{.*}} {empty_keys = #skim<empty_keys zero>, fill = -3.40282347E+38 : f32, heads = 2 : i64, mask_queries, scale = 1.000000e+00 : f32}
func.func @zeroed_probabilities(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %ka = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %qa = onnx.Constant dense<[1, 3]> : tensor<2xi64>
  %mk = onnx.Unsqueeze %m, %ka : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x1x?xi64>
  %mq = onnx.Unsqueeze %m, %qa : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x?x1xi64>
  %pairs = onnx.Mul %mk, %mq : (tensor<?x1x1x?xi64>, tensor<?x1x?x1xi64>) -> tensor<?x1x?x?xi64>
  %sees = onnx.Cast %pairs {to = 9 : i64} : (tensor<?x1x?x?xi64>) -> tensor<?x1x?x?xi1>
  %hidden = onnx.Not %sees : (tensor<?x1x?x?xi1>) -> tensor<?x1x?x?xi1>
  %least = onnx.Constant dense<0xFF7FFFFF> : tensor<f32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %filled = onnx.Where %hidden, %least, %s : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %probabilities = onnx.Where %hidden, %zero, %p : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %probabilities, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// The same of keys behind the query, as Keras 3 hides them: by minus infinity, since a query without a token would see none.
// CHECK-LABEL: func @zeroed_behind_the_query
// CHECK:         skim.attention {{.*}} mask %{{.+}} {empty_keys = #skim<empty_keys zero>, fill = 0xFF800000 : f32, heads = 2 : i64, right_window = 0 : i64, scale = 1.000000e+00 : f32}
func.func @zeroed_behind_the_query(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %ka = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %key = onnx.Unsqueeze %m, %ka : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %dim = onnx.Shape %x {start = 1 : i64, end = 2 : i64} : (tensor<?x?x6xf32>) -> tensor<1xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %length = onnx.Squeeze %dim, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %none = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %places = onnx.Range %none, %length, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %last = onnx.Constant dense<1> : tensor<1xi64>
  %column = onnx.Unsqueeze %places, %last : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %before = onnx.GreaterOrEqual %column, %places : (tensor<?x1xi64>, tensor<?xi64>) -> tensor<?x?xi1>
  %sees = onnx.And %key, %before : (tensor<?x1x1x?xi1>, tensor<?x?xi1>) -> tensor<?x1x?x?xi1>
  %least = onnx.Constant dense<-1.0e9> : tensor<f32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %filled = onnx.Where %sees, %s, %least : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %probabilities = onnx.Where %sees, %p, %zero : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %probabilities, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// Zeros where the keys alone are hidden would be others.
// CHECK-LABEL: func @zeroed_by_another_condition_stays
// CHECK-NOT:     skim.attention
func.func @zeroed_by_another_condition_stays(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %ka = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %qa = onnx.Constant dense<[1, 3]> : tensor<2xi64>
  %mk = onnx.Unsqueeze %m, %ka : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x1x?xi64>
  %mq = onnx.Unsqueeze %m, %qa : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x?x1xi64>
  %pairs = onnx.Mul %mk, %mq : (tensor<?x1x1x?xi64>, tensor<?x1x?x1xi64>) -> tensor<?x1x?x?xi64>
  %sees = onnx.Cast %pairs {to = 9 : i64} : (tensor<?x1x?x?xi64>) -> tensor<?x1x?x?xi1>
  %hidden = onnx.Not %sees : (tensor<?x1x?x?xi1>) -> tensor<?x1x?x?xi1>
  %least = onnx.Constant dense<0xFF7FFFFF> : tensor<f32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %filled = onnx.Where %hidden, %least, %s : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %other = onnx.Cast %mk {to = 9 : i64} : (tensor<?x1x1x?xi64>) -> tensor<?x1x1x?xi1>
  %probabilities = onnx.Where %other, %p, %zero : (tensor<?x1x1x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %probabilities, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// Keys times queries, with the softmax over the keys' axis, as tf2onnx turns
// Keras' einsums.
// CHECK-LABEL: func @turned_scores
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x6xf32>{{.*}}, %[[K:[^ ]+]]: tensor<?x?x6xf32>
// CHECK:         skim.attention %[[X]], %[[K]], %[[K]] {heads = 2 : i64, scale = 1.000000e+00 : f32}
func.func @turned_scores(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %y: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k4 = onnx.Reshape %y, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %k = onnx.Transpose %k4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %s = onnx.MatMul %k, %q : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s {axis = 2 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %turned = onnx.Transpose %p {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %turned, %k : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %z = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %z : tensor<?x?x6xf32>
}

// -----

// A softmax over the queries is none over the keys.
// CHECK-LABEL: func @softmax_over_queries_stays
// CHECK-NOT:     skim.attention
func.func @softmax_over_queries_stays(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s {axis = 2 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %z = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %z : tensor<?x?x6xf32>
}

// -----

// Scores that are filled by what each query sees: as low as leaves nothing of them, so that a query
// that sees no key weighs all alike.
// CHECK-LABEL: func @filled_scores
// CHECK:         %[[FILL:.+]] = onnx.Constant dense<-1.000000e+30> : tensor<f32>
// CHECK:         %[[BIAS:.+]] = onnx.Where %{{.+}}, %{{.+}}, %[[FILL]]
// CHECK:         skim.attention {{.*}} bias %[[BIAS]]
func.func @filled_scores(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x1x?x?xi1> {onnx.dims = ["b", "1", "s", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %fill = onnx.Constant dense<-1.0e4> : tensor<f32>
  %filled = onnx.Where %m, %s, %fill : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// What is added to filled scores stays beside a fill as small, for a query that sees no key.
// CHECK-LABEL: func @added_to_filled_scores_stays
// CHECK-NOT:     skim.attention
func.func @added_to_filled_scores_stays(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x1x?x?xi1> {onnx.dims = ["b", "1", "s", "s"]}, %b: tensor<1x2x?x?xf32> {onnx.dims = ["1", "2", "s", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %fill = onnx.Constant dense<-1.0e4> : tensor<f32>
  %f = onnx.Where %m, %s, %fill : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %filled = onnx.Add %f, %b : (tensor<?x2x?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// A fill that hides nothing, and one that a factor makes so.
// CHECK-LABEL: func @fill_that_hides_nothing_stays
// CHECK-NOT:     skim.attention
func.func @fill_that_hides_nothing_stays(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x1x?x?xi1> {onnx.dims = ["b", "1", "s", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %fill = onnx.Constant dense<-50.0> : tensor<f32>
  %filled = onnx.Where %m, %s, %fill : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// CHECK-LABEL: func @fill_that_is_scaled_stays
// CHECK-NOT:     skim.attention
func.func @fill_that_is_scaled_stays(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x1x?x?xi1> {onnx.dims = ["b", "1", "s", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %fill = onnx.Constant dense<-1.0e4> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %f = onnx.Where %m, %s, %fill : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %filled = onnx.Mul %f, %half : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// Two fills would weigh less than one, for a query that sees no key.
// CHECK-LABEL: func @filled_twice_stays
// CHECK-NOT:     skim.attention
func.func @filled_twice_stays(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x1x?x?xi1> {onnx.dims = ["b", "1", "s", "s"]}, %n: tensor<?x1x?x?xi1> {onnx.dims = ["b", "1", "s", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %fill = onnx.Constant dense<-1.0e9> : tensor<f32>
  %f = onnx.Where %m, %s, %fill : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %filled = onnx.Where %n, %f, %fill : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}
