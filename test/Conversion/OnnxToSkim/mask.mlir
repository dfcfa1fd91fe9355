// Forms of the attention mask: each becomes the one key mask [batch, sequence].
// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// (1 - mask) * lowest.
// CHECK-LABEL: func @subtracted
// CHECK-SAME:    %[[M:[^ ]+]]: tensor<?x?xi64>
// CHECK:         %[[MASK:.+]] = onnx.Cast %[[M]] {to = 9 : i64}
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {fill = -3.40282347E+38 : f32, heads
func.func @subtracted(%m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %mu = onnx.Unsqueeze %m, %axes : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x1x?xi64>
  %mf = onnx.Cast %mu {to = 1 : i64} : (tensor<?x1x1x?xi64>) -> tensor<?x1x1x?xf32>
  %mi = onnx.Sub %one, %mf : (tensor<f32>, tensor<?x1x1x?xf32>) -> tensor<?x1x1x?xf32>
  %a = onnx.Mul %mi, %low : (tensor<?x1x1x?xf32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// Minus infinity, NaN replaced by 0: rows without a key give zeros.
// CHECK-LABEL: func @guarded_infinity
// CHECK:         skim.attention {{.*}} mask %{{.+}} {empty_keys = #skim<empty_keys zero>, fill = 0xFF800000 : f32, heads
func.func @guarded_infinity(%m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %mb = onnx.Cast %m {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %mu = onnx.Unsqueeze %mb, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %a = onnx.Where %mu, %zero, %inf : (tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xi1>
  %pg = onnx.Where %nan, %zero, %p : (tensor<?x2x?x?xi1>, tensor<f32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %pg, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// Without the guard they give NaN.
// CHECK-LABEL: func @unguarded_infinity
// CHECK:         skim.attention {{.*}} {empty_keys = #skim<empty_keys nan>
func.func @unguarded_infinity(%m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %mb = onnx.Cast %m {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %mu = onnx.Unsqueeze %mb, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %a = onnx.Where %mu, %zero, %inf : (tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// Scores are replaced where the mask is 0, repeated to the scores' shape.
// CHECK-LABEL: func @filled_scores
// CHECK-SAME:    %[[M:[^ ]+]]: tensor<?x?xi64>
// CHECK:         %[[MASK:.+]] = onnx.Cast %[[M]] {to = 9 : i64}
// CHECK:         skim.attention {{.*}} mask %[[MASK]]
func.func @filled_scores(%m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %nought = onnx.Constant dense<0> : tensor<i64>
  %pad = onnx.Equal %m, %nought : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %mu = onnx.Unsqueeze %pad, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %shape = onnx.Shape %qk : (tensor<?x2x?x?xf32>) -> tensor<4xi64>
  %wide = onnx.Expand %mu, %shape : (tensor<?x1x1x?xi1>, tensor<4xi64>) -> tensor<?x2x?x?xi1>
  %s = onnx.Where %wide, %low, %qk : (tensor<?x2x?x?xi1>, tensor<f32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// Tokens are the ids that are not the padding's.
// CHECK-LABEL: func @padding_ids
// CHECK-SAME:    %[[IDS:[^ ]+]]: tensor<?x?xi64>
// CHECK:         %[[PAD:.+]] = onnx.Equal %[[IDS]],
// CHECK-NEXT:    %[[MASK:.+]] = onnx.Not %[[PAD]]
// CHECK:         skim.attention {{.*}} mask %[[MASK]]
func.func @padding_ids(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %pad = onnx.Constant dense<1> : tensor<i64>
  %is = onnx.Equal %ids, %pad : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %mu = onnx.Unsqueeze %is, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %a = onnx.Where %mu, %low, %zero : (tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// The mask is read at sequence * length + key, and joined with what is always true.
// CHECK-LABEL: func @gathered_from_flat
// CHECK-SAME:    %[[M:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[M]] :
func.func @gathered_from_flat(%mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %n0 = onnx.Constant dense<0> : tensor<i64>
  %n1 = onnx.Constant dense<1> : tensor<i64>
  %a123 = onnx.Constant dense<[1, 2, 3]> : tensor<3xi64>
  %a012 = onnx.Constant dense<[0, 1, 2]> : tensor<3xi64>
  %a013 = onnx.Constant dense<[0, 1, 3]> : tensor<3xi64>
  %flat = onnx.Constant dense<-1> : tensor<1xi64>
  %dims = onnx.Shape %mask : (tensor<?x?xi1>) -> tensor<2xi64>
  %nb = onnx.Gather %dims, %n0 : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %ns = onnx.Gather %dims, %n1 : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %rb = onnx.Range %n0, %nb, %n1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rs = onnx.Range %n0, %ns, %n1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %ub = onnx.Unsqueeze %rb, %a123 : (tensor<?xi64>, tensor<3xi64>) -> tensor<?x1x1x1xi64>
  %uk = onnx.Unsqueeze %rs, %a012 : (tensor<?xi64>, tensor<3xi64>) -> tensor<1x1x1x?xi64>
  %uq = onnx.Unsqueeze %rs, %a013 : (tensor<?xi64>, tensor<3xi64>) -> tensor<1x1x?x1xi64>
  %row = onnx.Mul %ub, %ns : (tensor<?x1x1x1xi64>, tensor<i64>) -> tensor<?x1x1x1xi64>
  %at = onnx.Add %row, %uk : (tensor<?x1x1x1xi64>, tensor<1x1x1x?xi64>) -> tensor<?x1x1x?xi64>
  %all = onnx.Reshape %mask, %flat : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?xi1>
  %got = onnx.Gather %all, %at : (tensor<?xi1>, tensor<?x1x1x?xi64>) -> tensor<?x1x1x?xi1>
  %yes = onnx.GreaterOrEqual %uq, %n0 : (tensor<1x1x?x1xi64>, tensor<i64>) -> tensor<1x1x?x1xi1>
  %both = onnx.And %yes, %got : (tensor<1x1x?x1xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %a = onnx.Where %both, %zero, %low : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// The mask is read by a grid of (sequence, key) pairs.
// CHECK-LABEL: func @gathered_by_pairs
// CHECK-SAME:    %[[M:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[M]] :
func.func @gathered_by_pairs(%mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %n0 = onnx.Constant dense<0> : tensor<i64>
  %n1 = onnx.Constant dense<1> : tensor<i64>
  %a123 = onnx.Constant dense<[1, 2, 3]> : tensor<3xi64>
  %a012 = onnx.Constant dense<[0, 1, 2]> : tensor<3xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %dims = onnx.Shape %mask : (tensor<?x?xi1>) -> tensor<2xi64>
  %nb = onnx.Gather %dims, %n0 : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %ns = onnx.Gather %dims, %n1 : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %rb = onnx.Range %n0, %nb, %n1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rs = onnx.Range %n0, %ns, %n1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %ub = onnx.Unsqueeze %rb, %a123 : (tensor<?xi64>, tensor<3xi64>) -> tensor<?x1x1x1xi64>
  %uk = onnx.Unsqueeze %rs, %a012 : (tensor<?xi64>, tensor<3xi64>) -> tensor<1x1x1x?xi64>
  %grid = onnx.Max %ub, %uk : (tensor<?x1x1x1xi64>, tensor<1x1x1x?xi64>) -> tensor<?x1x1x?xi64>
  %shape = onnx.Shape %grid : (tensor<?x1x1x?xi64>) -> tensor<4xi64>
  %eb = onnx.Expand %ub, %shape : (tensor<?x1x1x1xi64>, tensor<4xi64>) -> tensor<?x1x1x?xi64>
  %ek = onnx.Expand %uk, %shape : (tensor<1x1x1x?xi64>, tensor<4xi64>) -> tensor<?x1x1x?xi64>
  %cb = onnx.Unsqueeze %eb, %last : (tensor<?x1x1x?xi64>, tensor<1xi64>) -> tensor<?x1x1x?x1xi64>
  %ck = onnx.Unsqueeze %ek, %last : (tensor<?x1x1x?xi64>, tensor<1xi64>) -> tensor<?x1x1x?x1xi64>
  %pairs = onnx.Concat %cb, %ck {axis = -1 : i64} : (tensor<?x1x1x?x1xi64>, tensor<?x1x1x?x1xi64>) -> tensor<?x1x1x?x2xi64>
  %got = onnx.GatherND %mask, %pairs : (tensor<?x?xi1>, tensor<?x1x1x?x2xi64>) -> tensor<?x1x1x?xi1>
  %a = onnx.Where %got, %zero, %low : (tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// Queries without a token see no key at all.
// CHECK-LABEL: func @pairs_of_tokens
// CHECK:         %[[MASK:.+]] = onnx.Cast %{{.+}} {to = 9 : i64}
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {fill = -1.000000e+04 : f32, heads = 2 : i64, mask_queries
func.func @pairs_of_tokens(%m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
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
  %ax1 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %ax2 = onnx.Constant dense<[1, 3]> : tensor<2xi64>
  %mf = onnx.Cast %m {to = 1 : i64} : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %mk = onnx.Unsqueeze %mf, %ax1 : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x1x1x?xf32>
  %mq = onnx.Unsqueeze %mf, %ax2 : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x1x?x1xf32>
  %mm = onnx.Mul %mk, %mq : (tensor<?x1x1x?xf32>, tensor<?x1x?x1xf32>) -> tensor<?x1x?x?xf32>
  %mi = onnx.Sub %one, %mm : (tensor<f32>, tensor<?x1x?x?xf32>) -> tensor<?x1x?x?xf32>
  %a = onnx.Mul %mi, %low : (tensor<?x1x?x?xf32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// A mask that hides nothing goes.
// CHECK-LABEL: func @always_true
// CHECK:         skim.attention %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} {heads
func.func @always_true(%m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %n0 = onnx.Constant dense<0> : tensor<i64>
  %dims = onnx.Shape %m : (tensor<?x?xi64>) -> tensor<2xi64>
  %ones = onnx.ConstantOfShape %dims {value = dense<true> : tensor<1xi1>} : (tensor<2xi64>) -> tensor<?x?xi1>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %mu = onnx.Unsqueeze %ones, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %a = onnx.Where %mu, %zero, %low : (tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// A mask of queries alone is a bias like any other: it is no mask of keys.
// CHECK-LABEL: func @query_mask_stays_bias
// CHECK:         skim.attention %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} bias %{{[^ ]+}} : tensor<?x1x?x?xf32>
func.func @query_mask_stays_bias(%m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q0 = onnx.Reshape %q, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k0 = onnx.Reshape %k, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %v0 = onnx.Reshape %v, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %axes = onnx.Constant dense<[1, 3]> : tensor<2xi64>
  %mb = onnx.Cast %m {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %mu = onnx.Unsqueeze %mb, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x?x1xi1>
  %w = onnx.Where %mu, %zero, %low : (tensor<?x1x?x1xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x1xf32>
  %qk = onnx.MatMul %q1, %k1 : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %dims = onnx.Shape %m : (tensor<?x?xi64>) -> tensor<2xi64>
  %n1 = onnx.Constant dense<1> : tensor<i64>
  %ns = onnx.Gather %dims, %one : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %shape = onnx.Concat %one, %one, %one, %ns {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %a = onnx.Expand %w, %shape : (tensor<?x1x?x1xf32>, tensor<4xi64>) -> tensor<?x1x?x?xf32>
  %s = onnx.Add %qk, %a : (tensor<?x2x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %s : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %c0 = onnx.MatMul %p, %v1 : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %c1 = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %c2 = onnx.Reshape %c1, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %c2 : tensor<?x?x6xf32>
}

// -----

// A number so small that all visible keys have is none.
// CHECK-LABEL: func @visible_keys_have_a_number
// CHECK:         skim.attention %{{.+}}, %{{.+}}, %{{.+}} mask %{{.+}} : tensor<?x?xi1> {fill = -1.000000e+30 : f32
func.func @visible_keys_have_a_number(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %tiny = onnx.Constant dense<1.0e-09> : tensor<f32>
  %fill = onnx.Constant dense<1.0e+30> : tensor<f32>
  %ka = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %mk = onnx.Unsqueeze %m, %ka : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x1x?xi64>
  %mf = onnx.Cast %mk {to = 1 : i64} : (tensor<?x1x1x?xi64>) -> tensor<?x1x1x?xf32>
  %absent = onnx.Sub %one, %mf : (tensor<f32>, tensor<?x1x1x?xf32>) -> tensor<?x1x1x?xf32>
  %large = onnx.Mul %absent, %fill : (tensor<?x1x1x?xf32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %added = onnx.Sub %tiny, %large : (tensor<f32>, tensor<?x1x1x?xf32>) -> tensor<?x1x1x?xf32>
  %t = onnx.Add %s, %added : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %probabilities = onnx.Softmax %t : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %probabilities, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// A mask and a bias that were added with the heads last, as T5 does in TensorFlow;
// one number added to all scores is none.
// CHECK-LABEL: func @summed_with_heads_last
// CHECK-SAME:    %[[BIAS:[^ ]+]]: tensor<?x?x1x2xf32>
// CHECK:         %[[MOVED:.+]] = onnx.Transpose %[[BIAS]] {perm = array<i64: 2, 3, 0, 1>} : (tensor<?x?x1x2xf32>) -> tensor<1x2x?x?xf32>
// CHECK:         skim.attention %{{.+}}, %{{.+}}, %{{.+}} mask %{{.+}} : tensor<?x?xi1> bias %[[MOVED]] : tensor<1x2x?x?xf32>
func.func @summed_with_heads_last(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %bias: tensor<?x?x1x2xf32> {onnx.dims = ["s", "s", "1", "2"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %tiny = onnx.Constant dense<1.0e-09> : tensor<f32>
  %fill = onnx.Constant dense<1.0e+30> : tensor<f32>
  %ka = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %mk = onnx.Unsqueeze %m, %ka : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x1x?xi64>
  %mf = onnx.Cast %mk {to = 1 : i64} : (tensor<?x1x1x?xi64>) -> tensor<?x1x1x?xf32>
  %absent = onnx.Sub %one, %mf : (tensor<f32>, tensor<?x1x1x?xf32>) -> tensor<?x1x1x?xf32>
  %large = onnx.Mul %absent, %fill : (tensor<?x1x1x?xf32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %added = onnx.Sub %tiny, %large : (tensor<f32>, tensor<?x1x1x?xf32>) -> tensor<?x1x1x?xf32>
  %turned = onnx.Transpose %added {perm = array<i64: 2, 3, 0, 1>} : (tensor<?x1x1x?xf32>) -> tensor<1x?x?x1xf32>
  %both = onnx.Add %bias, %turned : (tensor<?x?x1x2xf32>, tensor<1x?x?x1xf32>) -> tensor<?x?x?x2xf32>
  %more = onnx.Add %both, %tiny : (tensor<?x?x?x2xf32>, tensor<f32>) -> tensor<?x?x?x2xf32>
  %back = onnx.Transpose %more {perm = array<i64: 2, 3, 0, 1>} : (tensor<?x?x?x2xf32>) -> tensor<?x2x?x?xf32>
  %t = onnx.Add %s, %back : (tensor<?x2x?x?xf32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %probabilities = onnx.Softmax %t : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %probabilities, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// Comparisons that fractions and negative numbers answer in their own way: their results are the mask.
// CHECK-LABEL: func @fractions
// CHECK:         %[[SEES:.+]] = onnx.Greater
// CHECK:         skim.attention {{.*}} mask %[[SEES]] : tensor<?x?xi1>
func.func @fractions(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xf32> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %sees = onnx.Greater %m, %half : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %wide = onnx.Unsqueeze %sees, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-1.0e9> : tensor<f32>
  %a = onnx.Where %wide, %zero, %low : (tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %filled = onnx.Add %s, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// CHECK-LABEL: func @negative_numbers
// CHECK:         %[[SEES:.+]] = onnx.Greater
// CHECK:         skim.attention {{.*}} mask %[[SEES]] : tensor<?x?xi1>
func.func @negative_numbers(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %none = onnx.Constant dense<0> : tensor<i64>
  %sees = onnx.Greater %m, %none : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %wide = onnx.Unsqueeze %sees, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-1.0e9> : tensor<f32>
  %a = onnx.Where %wide, %zero, %low : (tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %filled = onnx.Add %s, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}

// -----

// Of numbers without a sign it is whether they are 0.
// CHECK-LABEL: func @never_negative
// CHECK-SAME:    %[[M:[^ ]+]]: tensor<?x?xui8>
// CHECK:         %[[MASK:.+]] = onnx.Cast %[[M]] {to = 9 : i64}
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1>
func.func @never_negative(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xui8> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %joined = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %q4 = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %q = onnx.Transpose %q4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %k = onnx.Transpose %q4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x3x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x2x?x3xf32>, tensor<?x2x3x?xf32>) -> tensor<?x2x?x?xf32>
  %none = onnx.Constant dense<0> : tensor<ui8>
  %sees = onnx.Greater %m, %none : (tensor<?x?xui8>, tensor<ui8>) -> tensor<?x?xi1>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %wide = onnx.Unsqueeze %sees, %axes : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-1.0e9> : tensor<f32>
  %a = onnx.Where %wide, %zero, %low : (tensor<?x1x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %filled = onnx.Add %s, %a : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %filled : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %context = onnx.MatMul %p, %q : (tensor<?x2x?x?xf32>, tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32>
  %moved = onnx.Transpose %context {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %y = onnx.Reshape %moved, %joined : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %y : tensor<?x?x6xf32>
}
