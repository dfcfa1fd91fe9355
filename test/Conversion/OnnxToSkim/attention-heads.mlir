// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// One head: a squeeze joins it.
// CHECK-LABEL: func @one_head
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[K:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: tensor
// CHECK:         %[[A:.+]] = skim.attention %[[Q]], %[[K]], %[[V]] {heads = 1 : i64, scale = 1.000000e+00 : f32}
// CHECK:         return %[[A]]
func.func @one_head(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %q0 = onnx.Unsqueeze %q, %two : (tensor<?x?x6xf32>, tensor<1xi64>) -> tensor<?x?x1x6xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x1x6xf32>) -> tensor<?x1x?x6xf32>
  %k0 = onnx.Unsqueeze %k, %two : (tensor<?x?x6xf32>, tensor<1xi64>) -> tensor<?x?x1x6xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x1x6xf32>) -> tensor<?x1x6x?xf32>
  %v0 = onnx.Unsqueeze %v, %two : (tensor<?x?x6xf32>, tensor<1xi64>) -> tensor<?x?x1x6xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x1x6xf32>) -> tensor<?x1x?x6xf32>
  %s = onnx.MatMul %q1, %k1 : (tensor<?x1x?x6xf32>, tensor<?x1x6x?xf32>) -> tensor<?x1x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x1x?x?xf32>) -> tensor<?x1x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x1x?x?xf32>, tensor<?x1x?x6xf32>) -> tensor<?x1x?x6xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x1x?x6xf32>) -> tensor<?x?x1x6xf32>
  %c2 = onnx.Squeeze %c1, %two : (tensor<?x?x1x6xf32>, tensor<1xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// One head that was never split off, with a mask, whose fill leaves nothing of the scores.
// CHECK-LABEL: func @unsplit_head
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[K:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: tensor<?x?x6xf32> {{.*}}, %[[M:[^ ]+]]: tensor<?x?xi1>
// CHECK:         %[[A:.+]] = skim.attention %[[Q]], %[[K]], %[[V]] mask %[[M]] : tensor<?x?xi1> {fill = -1.000000e+30 : f32, heads = 1 : i64, scale = 5.000000e-01 : f32}
// CHECK:         return %[[A]]
func.func @unsplit_head(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %fill = onnx.Constant dense<-1.0e5> : tensor<f32>
  %m0 = onnx.Unsqueeze %m, %one : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %k0 = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x6xf32>) -> tensor<?x6x?xf32>
  %qk = onnx.MatMul %q, %k0 : (tensor<?x?x6xf32>, tensor<?x6x?xf32>) -> tensor<?x?x?xf32>
  %s0 = onnx.Mul %qk, %half : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %s1 = onnx.Where %m0, %s0, %fill : (tensor<?x1x?xi1>, tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %s1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %c = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x6xf32>) -> tensor<?x?x6xf32>
  return %c : tensor<?x?x6xf32>
}

// -----

// Heads of one number.
// CHECK-LABEL: func @head_of_one
// CHECK:         skim.attention {{.*}} {heads = 6 : i64, scale = 1.000000e+00 : f32}
func.func @head_of_one(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %three = onnx.Constant dense<3> : tensor<1xi64>
  %q0 = onnx.Unsqueeze %q, %three : (tensor<?x?x6xf32>, tensor<1xi64>) -> tensor<?x?x6x1xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x6x1xf32>) -> tensor<?x6x?x1xf32>
  %k0 = onnx.Unsqueeze %k, %three : (tensor<?x?x6xf32>, tensor<1xi64>) -> tensor<?x?x6x1xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x6x1xf32>) -> tensor<?x6x1x?xf32>
  %v0 = onnx.Unsqueeze %v, %three : (tensor<?x?x6xf32>, tensor<1xi64>) -> tensor<?x?x6x1xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x6x1xf32>) -> tensor<?x6x?x1xf32>
  %s = onnx.MatMul %q1, %k1 : (tensor<?x6x?x1xf32>, tensor<?x6x1x?xf32>) -> tensor<?x6x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x6x?x?xf32>) -> tensor<?x6x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x6x?x?xf32>, tensor<?x6x?x1xf32>) -> tensor<?x6x?x1xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x6x?x1xf32>) -> tensor<?x?x6x1xf32>
  %c2 = onnx.Squeeze %c1, %three : (tensor<?x?x6x1xf32>, tensor<1xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// Two heads of keys and values, each repeated for two of the queries'.
// CHECK-LABEL: func @grouped
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[K:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: tensor
// CHECK:         skim.attention %[[Q]], %[[K]], %[[V]] {heads = 4 : i64, kv_heads = 2 : i64, scale = 1.000000e+00 : f32}
func.func @grouped(%q: tensor<?x?x12xf32> {onnx.dims = ["b", "s", "12"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x12xf32> {
  %split = onnx.Constant dense<[0, 0, 4, 3]> : tensor<4xi64>
  %group = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %heads = onnx.Constant dense<[0, 4, -1, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 12]> : tensor<3xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %repeat = onnx.Constant dense<[1, 1, 2, 1, 1]> : tensor<5xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x12xf32>, tensor<4xi64>) -> tensor<?x?x4x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x3xf32>) -> tensor<?x4x?x3xf32>
  %k0 = onnx.Reshape %k, %group : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k2 = onnx.Unsqueeze %k1, %two : (tensor<?x2x?x3xf32>, tensor<1xi64>) -> tensor<?x2x1x?x3xf32>
  %k3 = onnx.Expand %k2, %repeat : (tensor<?x2x1x?x3xf32>, tensor<5xi64>) -> tensor<?x2x2x?x3xf32>
  %k4 = onnx.Reshape %k3, %heads : (tensor<?x2x2x?x3xf32>, tensor<4xi64>) -> tensor<?x4x?x3xf32>
  %k5 = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x3xf32>) -> tensor<?x4x3x?xf32>
  %v0 = onnx.Reshape %v, %group : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %v2 = onnx.Unsqueeze %v1, %two : (tensor<?x2x?x3xf32>, tensor<1xi64>) -> tensor<?x2x1x?x3xf32>
  %v3 = onnx.Expand %v2, %repeat : (tensor<?x2x1x?x3xf32>, tensor<5xi64>) -> tensor<?x2x2x?x3xf32>
  %v4 = onnx.Reshape %v3, %heads : (tensor<?x2x2x?x3xf32>, tensor<4xi64>) -> tensor<?x4x?x3xf32>
  %s = onnx.MatMul %q1, %k5 : (tensor<?x4x?x3xf32>, tensor<?x4x3x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %c0 = onnx.MatMul %p, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x3xf32>) -> tensor<?x4x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x3xf32>) -> tensor<?x?x4x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x4x3xf32>, tensor<3xi64>) -> tensor<?x?x12xf32>
  return %c2 : tensor<?x?x12xf32>
}

// -----

// Heads of channels that come before the positions, joined and moved back.
// CHECK-LABEL: func @channels_first
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x8xf32>
func.func @channels_first(%x: tensor<?x?x8xf32> {onnx.dims = ["batch", "sequence", "8"]}) -> tensor<?x?x8xf32> {
  // CHECK: %[[A:.+]] = skim.attention %[[X]], %[[X]], %[[X]] {heads = 2 : i64, scale = 5.000000e-01 : f32}
  // CHECK-NEXT: return %[[A]]
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %apart = onnx.Constant dense<[0, 2, 4, -1]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 8, -1]> : tensor<3xi64>
  %c = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<?x?x8xf32>) -> tensor<?x8x?xf32>
  %k = onnx.Reshape %c, %apart : (tensor<?x8x?xf32>, tensor<4xi64>) -> tensor<?x2x4x?xf32>
  %q = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x4x?xf32>) -> tensor<?x2x?x4xf32>
  %raw = onnx.MatMul %q, %k : (tensor<?x2x?x4xf32>, tensor<?x2x4x?xf32>) -> tensor<?x2x?x?xf32>
  %scores = onnx.Mul %raw, %half : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %scores : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %o = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %ot = onnx.Transpose %o {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x4xf32>) -> tensor<?x2x4x?xf32>
  %oc = onnx.Reshape %ot, %joined : (tensor<?x2x4x?xf32>, tensor<3xi64>) -> tensor<?x8x?xf32>
  %y = onnx.Transpose %oc {perm = array<i64: 0, 2, 1>} : (tensor<?x8x?xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// All attentions are of the same positions; windows of another number of sequences are left.
// CHECK-LABEL: func @other_windows
func.func @other_windows(%x: tensor<?x4x6xf32> {onnx.dims = ["b", "4", "6"]}) -> (tensor<?x4x6xf32>, tensor<?x2x6xf32>) {
  // CHECK-DAG: skim.attention
  // CHECK-DAG: onnx.Softmax
  // CHECK: return
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %halves = onnx.Constant dense<[-1, 2, 6]> : tensor<3xi64>
  %q0 = onnx.Unsqueeze %x, %two : (tensor<?x4x6xf32>, tensor<1xi64>) -> tensor<?x4x1x6xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x1x6xf32>) -> tensor<?x1x4x6xf32>
  %k1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x4x1x6xf32>) -> tensor<?x1x6x4xf32>
  %s = onnx.MatMul %q1, %k1 : (tensor<?x1x4x6xf32>, tensor<?x1x6x4xf32>) -> tensor<?x1x4x4xf32>
  %p = onnx.Softmax %s : (tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32>
  %c0 = onnx.MatMul %p, %q1 : (tensor<?x1x4x4xf32>, tensor<?x1x4x6xf32>) -> tensor<?x1x4x6xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x1x4x6xf32>) -> tensor<?x4x1x6xf32>
  %c2 = onnx.Squeeze %c1, %two : (tensor<?x4x1x6xf32>, tensor<1xi64>) -> tensor<?x4x6xf32>
  %y = onnx.Reshape %x, %halves : (tensor<?x4x6xf32>, tensor<3xi64>) -> tensor<?x2x6xf32>
  %r0 = onnx.Unsqueeze %y, %two : (tensor<?x2x6xf32>, tensor<1xi64>) -> tensor<?x2x1x6xf32>
  %r1 = onnx.Transpose %r0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x1x6xf32>) -> tensor<?x1x2x6xf32>
  %l1 = onnx.Transpose %r0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x2x1x6xf32>) -> tensor<?x1x6x2xf32>
  %t = onnx.MatMul %r1, %l1 : (tensor<?x1x2x6xf32>, tensor<?x1x6x2xf32>) -> tensor<?x1x2x2xf32>
  %o = onnx.Softmax %t : (tensor<?x1x2x2xf32>) -> tensor<?x1x2x2xf32>
  %d0 = onnx.MatMul %o, %r1 : (tensor<?x1x2x2xf32>, tensor<?x1x2x6xf32>) -> tensor<?x1x2x6xf32>
  %d1 = onnx.Transpose %d0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x1x2x6xf32>) -> tensor<?x2x1x6xf32>
  %d2 = onnx.Squeeze %d1, %two : (tensor<?x2x1x6xf32>, tensor<1xi64>) -> tensor<?x2x6xf32>
  return %c2, %d2 : tensor<?x4x6xf32>, tensor<?x2x6xf32>
}
