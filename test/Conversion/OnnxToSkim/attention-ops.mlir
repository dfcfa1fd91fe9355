// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// The op on states; a boolean mask hides keys by minus infinity, without a key there are zeros.
// CHECK-LABEL: func @on_states
// CHECK-SAME:    %[[Q:[^ ]+]]: tensor<?x?x6xf32>{{.*}}, %[[K:[^ ]+]]: tensor<?x?x3xf32>{{.*}}, %[[V:[^ ]+]]: tensor<?x?x3xf32>{{.*}}, %[[M:[^ ]+]]: tensor<?x1x1x?xi1>
// CHECK:         %[[MASK:.+]] = onnx.Squeeze %[[M]], %{{.+}} -> tensor<?x?xi1>
// CHECK:         skim.attention %[[Q]], %[[K]], %[[V]] mask %[[MASK]] : tensor<?x?xi1> {empty_keys = #skim<empty_keys zero>, fill = 0xFF800000 : f32, heads = 2 : i64, kv_heads = 1 : i64, scale = 5.000000e-01 : f32}
func.func @on_states(%q: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %k: tensor<?x?x3xf32> {onnx.dims = ["b", "s", "3"]},
                     %v: tensor<?x?x3xf32> {onnx.dims = ["b", "s", "3"]}, %m: tensor<?x1x1x?xi1> {onnx.dims = ["b", "1", "1", "s"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  %y, %pk, %pv, %qk = onnx.Attention %q, %k, %v, %m, %none, %none, %none {q_num_heads = 2 : i64, kv_num_heads = 1 : i64, scale = 0.5 : f32}
    : (tensor<?x?x6xf32>, tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<?x1x1x?xi1>, none, none, none) -> (tensor<?x?x6xf32>, none, none, none)
  return %y : tensor<?x?x6xf32>
}

// -----

// The op on heads, without a scale of its own.
// CHECK-LABEL: func @on_heads
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x6xf32>
// CHECK:         skim.attention %[[X]], %[[X]], %[[X]] {heads = 2 : i64, scale = 0.577350259 : f32}
// CHECK-NOT:     onnx.Transpose
func.func @on_heads(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  %split = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 6]> : tensor<3xi64>
  %0 = onnx.Reshape %x, %split : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<?x?x2x3xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x2x?x3xf32>
  %y, %pk, %pv, %qk = onnx.Attention %1, %1, %1, %none, %none, %none, %none
    : (tensor<?x2x?x3xf32>, tensor<?x2x?x3xf32>, tensor<?x2x?x3xf32>, none, none, none, none) -> (tensor<?x2x?x3xf32>, none, none, none)
  %2 = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x3xf32>) -> tensor<?x?x2x3xf32>
  %3 = onnx.Reshape %2, %join : (tensor<?x?x2x3xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %3 : tensor<?x?x6xf32>
}

// -----

// Causal, and with windows of its own.
// CHECK-LABEL: func @causal
// CHECK:         skim.attention {{.*}} {heads = 2 : i64, right_window = 0 : i64, scale = 0.577350259 : f32}
// CHECK:         skim.attention {{.*}} {heads = 2 : i64, left_window = 3 : i64, right_window = 2 : i64, scale = 0.577350259 : f32}
func.func @causal(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  %y, %pk, %pv, %qk = onnx.Attention %x, %x, %x, %none, %none, %none, %none {is_causal = 1 : i64, q_num_heads = 2 : i64, kv_num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, none, none, none, none) -> (tensor<?x?x6xf32>, none, none, none)
  %z, %zk, %zv, %zqk = onnx.Attention %y, %y, %y, %none, %none, %none, %none {left_window_size = 3 : i64, right_window_size = 2 : i64, q_num_heads = 2 : i64, kv_num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, none, none, none, none) -> (tensor<?x?x6xf32>, none, none, none)
  return %z : tensor<?x?x6xf32>
}

// -----

// Capped scores have no kernel.
// CHECK-LABEL: func @capped_stays
// CHECK:         onnx.Attention
func.func @capped_stays(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  %y, %pk, %pv, %qk = onnx.Attention %x, %x, %x, %none, %none, %none, %none {softcap = 5.0 : f32, q_num_heads = 2 : i64, kv_num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, none, none, none, none) -> (tensor<?x?x6xf32>, none, none, none)
  return %y : tensor<?x?x6xf32>
}

// -----

// Zeros also where what is added, or what each query sees, leaves no key.
// CHECK-LABEL: func @no_key_by_a_bias
// CHECK:         skim.attention {{.*}} bias {{.*}} {empty_keys = #skim<empty_keys zero>, heads = 2 : i64
// CHECK:         skim.attention {{.*}} bias {{.*}} {empty_keys = #skim<empty_keys zero>, heads = 2 : i64
func.func @no_key_by_a_bias(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x1x?x?xf32> {onnx.dims = ["b", "1", "s", "s"]}, %sees: tensor<?x1x?x?xi1> {onnx.dims = ["b", "1", "s", "s"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  %y, %pk, %pv, %qk = onnx.Attention %x, %x, %x, %m, %none, %none, %none {q_num_heads = 2 : i64, kv_num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x1x?x?xf32>, none, none, none) -> (tensor<?x?x6xf32>, none, none, none)
  %z, %zk, %zv, %zqk = onnx.Attention %y, %y, %y, %sees, %none, %none, %none {q_num_heads = 2 : i64, kv_num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x1x?x?xi1>, none, none, none) -> (tensor<?x?x6xf32>, none, none, none)
  return %z : tensor<?x?x6xf32>
}
