// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-expand-fused-ops))' --split-input-file -verify-diagnostics | FileCheck %s

// Each takes its part of the bias, the mask is numbers to add.
// CHECK-LABEL: func @states
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x6xf32>{{.*}}, %[[M:[^ ]+]]: tensor<?x?xi32>
// CHECK:         %[[BIASED:.+]] = onnx.Add %[[X]], %{{.+}} : (tensor<?x?x6xf32>, tensor<6xf32>)
// CHECK:         %[[APART:.+]] = onnx.Reshape %[[BIASED]], %{{.+}} -> tensor<?x?x2x3xf32>
// CHECK:         %[[Q:.+]] = onnx.Transpose %[[APART]] {perm = array<i64: 0, 2, 1, 3>}
// CHECK:         %[[BOOL:.+]] = onnx.Cast %[[M]] {to = 9 : i64}
// CHECK:         %[[SEES:.+]] = onnx.Unsqueeze %[[BOOL]], %{{.+}} -> tensor<?x1x1x?xi1>
// CHECK-DAG:     %[[FILL:.+]] = onnx.Constant dense<-1.000000e+04> : tensor<f32>
// CHECK-DAG:     %[[ZERO:.+]] = onnx.Constant dense<0.000000e+00> : tensor<f32>
// CHECK:         %[[ADDED:.+]] = onnx.Where %[[SEES]], %[[ZERO]], %[[FILL]]
// CHECK:         %[[Y:[^,]+]], %{{.+}} = onnx.Attention %[[Q]], %{{.+}}, %{{.+}}, %[[ADDED]], %{{.+}}, %{{.+}}, %{{.+}} :
// CHECK:         %[[MOVED:.+]] = onnx.Transpose %[[Y]] {perm = array<i64: 0, 2, 1, 3>}
// CHECK:         %[[STATES:.+]] = onnx.Reshape %[[MOVED]], %{{.+}} -> tensor<?x?x6xf32>
// CHECK:         return %[[STATES]]
func.func @states(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x?xi32> {onnx.dims = ["b", "s"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  %bias = onnx.Constant dense<1.0> : tensor<18xf32>
  %y:3 = onnx.ms.MultiHeadAttention %x, %x, %x, %bias, %m, %none, %none, %none {num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<18xf32>, tensor<?x?xi32>, none, none, none) -> (tensor<?x?x6xf32>, none, none)
  return %y#0 : tensor<?x?x6xf32>
}

// -----

// The keys of each sequence are counted: a mask of positions.
// CHECK-LABEL: func @counted_keys
// CHECK-SAME:    %[[COUNT:[^ ]+]]: tensor<?xi32>
// CHECK:         %[[POSITIONS:.+]] = onnx.Range
// CHECK:         %[[LIMIT:.+]] = onnx.Unsqueeze %{{.+}}, %{{.+}} -> tensor<?x1xi64>
// CHECK:         %[[SEES:.+]] = onnx.Less %[[POSITIONS]], %[[LIMIT]] : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
// CHECK:         onnx.Unsqueeze %[[SEES]], %{{.+}} -> tensor<?x1x1x?xi1>
// CHECK:         onnx.Attention %{{.+}} {is_causal = 1 : i64, scale = 2.000000e+00 : f32}
func.func @counted_keys(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?xi32> {onnx.dims = ["b"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  %y:3 = onnx.ms.MultiHeadAttention %x, %x, %x, %none, %m, %none, %none, %none {num_heads = 2 : i64, scale = 2.0 : f32, unidirectional = 1 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, none, tensor<?xi32>, none, none, none) -> (tensor<?x?x6xf32>, none, none)
  return %y#0 : tensor<?x?x6xf32>
}

// -----

// Queries, keys and values in one tensor; a mask of pairs, and a bias for all heads.
// CHECK-LABEL: func @packed
// CHECK-COUNT-3: onnx.Gather %{{.+}}, %{{.+}} {axis = 3 : i64} : (tensor<?x?x2x3x4xf32>, tensor<i64>) -> tensor<?x?x2x4xf32>
// CHECK:         %[[SEES:.+]] = onnx.Unsqueeze %{{.+}}, %{{.+}} -> tensor<?x1x?x?xi1>
// CHECK:         %[[MASK:.+]] = onnx.Where %[[SEES]]
// CHECK:         %[[ADDED:.+]] = onnx.Add %[[MASK]], %{{.+}} -> tensor<?x2x?x?xf32>
// CHECK:         onnx.Attention %{{.+}}, %{{.+}}, %{{.+}}, %[[ADDED]]
func.func @packed(%x: tensor<?x?x2x3x4xf32> {onnx.dims = ["b", "s", "2", "3", "4"]}, %m: tensor<?x?x?xi32> {onnx.dims = ["b", "s", "s"]}, %bias: tensor<1x2x?x?xf32> {onnx.dims = ["1", "2", "s", "s"]}) -> tensor<?x?x8xf32> {
  %none = onnx.None
  %y:3 = onnx.ms.MultiHeadAttention %x, %none, %none, %none, %m, %bias, %none, %none {num_heads = 2 : i64}
    : (tensor<?x?x2x3x4xf32>, none, none, none, tensor<?x?x?xi32>, tensor<1x2x?x?xf32>, none, none) -> (tensor<?x?x8xf32>, none, none)
  return %y#0 : tensor<?x?x8xf32>
}

// -----

// Without a past, the present is the keys and values; keys and values beside
// each other.
// CHECK-LABEL: func @present
// CHECK:         onnx.Reshape
// CHECK:         onnx.Transpose
// CHECK:         %[[K:.+]] = onnx.Transpose %{{.+}} {{.*}}: (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
// CHECK:         %[[V:.+]] = onnx.Transpose %{{.+}} {{.*}}: (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
// CHECK:         onnx.Attention %{{.+}}, %[[K]], %[[V]],
// CHECK:         %[[Y:.+]] = onnx.Reshape
// CHECK:         return %[[Y]], %[[K]], %[[V]]
func.func @present(%x: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %kv: tensor<?x?x2x2x4xf32> {onnx.dims = ["b", "t", "2", "2", "4"]}) -> (tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) {
  %none = onnx.None
  %y:3 = onnx.ms.MultiHeadAttention %x, %kv, %none, %none, %none, %none, %none, %none {num_heads = 2 : i64}
    : (tensor<?x?x8xf32>, tensor<?x?x2x2x4xf32>, none, none, none, none, none, none) -> (tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>)
  return %y#0, %y#1, %y#2 : tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>
}

// -----

// With one, ONNX's attention joins them.
// CHECK-LABEL: func @past
// CHECK-SAME:    %[[K:[^ ]+]]: tensor<?x2x?x4xf32>{{.*}}, %[[V:[^ ]+]]: tensor<?x2x?x4xf32>{{.*}}, %[[PK:[^ ]+]]: tensor<?x2x?x4xf32>{{.*}}, %[[PV:[^ ]+]]: tensor<?x2x?x4xf32>
// CHECK:         %{{[^,]+}}, %[[ALL_K:[^,]+]], %[[ALL_V:[^,]+]], %{{.+}} = onnx.Attention %{{.+}}, %[[K]], %[[V]], %{{.+}}, %[[PK]], %[[PV]], %{{.+}} :
// CHECK:         return %{{.+}}, %[[ALL_K]], %[[ALL_V]]
func.func @past(%x: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %k: tensor<?x2x?x4xf32> {onnx.dims = ["b", "2", "t", "4"]}, %v: tensor<?x2x?x4xf32> {onnx.dims = ["b", "2", "t", "4"]}, %pk: tensor<?x2x?x4xf32> {onnx.dims = ["b", "2", "p", "4"]}, %pv: tensor<?x2x?x4xf32> {onnx.dims = ["b", "2", "p", "4"]}) -> (tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) {
  %none = onnx.None
  %y:3 = onnx.ms.MultiHeadAttention %x, %k, %v, %none, %none, %none, %pk, %pv {num_heads = 2 : i64}
    : (tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, none, none, none, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> (tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>)
  return %y#0, %y#1, %y#2 : tensor<?x?x8xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>
}

// -----

func.func @mask_rank(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?x1x8x8xi32> {onnx.dims = ["b", "1", "8", "8"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  // expected-error @below {{expected a mask of rank 1 to 3, got rank 4}}
  %y:3 = onnx.ms.MultiHeadAttention %x, %x, %x, %none, %m, %none, %none, %none {num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, none, tensor<?x1x8x8xi32>, none, none, none) -> (tensor<?x?x6xf32>, none, none)
  return %y#0 : tensor<?x?x6xf32>
}

// -----

func.func @begins_and_ends(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %m: tensor<?xi32> {onnx.dims = ["2b"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  // expected-error @below {{expected a mask of rank 1 that counts the keys of each sequence, without a past}}
  %y:3 = onnx.ms.MultiHeadAttention %x, %x, %x, %none, %m, %none, %none, %none {num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?x6xf32>, none, tensor<?xi32>, none, none, none) -> (tensor<?x?x6xf32>, none, none)
  return %y#0 : tensor<?x?x6xf32>
}

// -----

func.func @states_of_rank_3(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %v: tensor<?x?xf32>) -> tensor<?x?x6xf32> {
  %none = onnx.None
  // expected-error @below {{expected states of rank 3, got rank 2}}
  %y:3 = onnx.ms.MultiHeadAttention %x, %x, %v, %none, %none, %none, %none, %none {num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, tensor<?x?x6xf32>, tensor<?x?xf32>, none, none, none, none, none) -> (tensor<?x?x6xf32>, none, none)
  return %y#0 : tensor<?x?x6xf32>
}

// -----

func.func @no_keys(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}) -> tensor<?x?x6xf32> {
  %none = onnx.None
  // expected-error @below {{expected a key and a value, or one tensor of rank 5 that holds both, without a bias where it holds queries too}}
  %y:3 = onnx.ms.MultiHeadAttention %x, %none, %none, %none, %none, %none, %none, %none {num_heads = 2 : i64}
    : (tensor<?x?x6xf32>, none, none, none, none, none, none, none) -> (tensor<?x?x6xf32>, none, none)
  return %y#0 : tensor<?x?x6xf32>
}

// -----

func.func @width(%x: tensor<?x?x?xf32> {onnx.dims = ["b", "s", "w"]}) -> tensor<?x?x?xf32> {
  %none = onnx.None
  // expected-error @below {{expected states of a width that 1 heads divide, got w}}
  %y:3 = onnx.ms.MultiHeadAttention %x, %x, %x, %none, %none, %none, %none, %none {num_heads = 1 : i64}
    : (tensor<?x?x?xf32>, tensor<?x?x?xf32>, tensor<?x?x?xf32>, none, none, none, none, none) -> (tensor<?x?x?xf32>, none, none)
  return %y#0 : tensor<?x?x?xf32>
}
