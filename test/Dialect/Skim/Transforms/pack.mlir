// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(skim-pack))' | FileCheck %s
// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(skim-pack{keep-padding=true}))' | FileCheck %s --check-prefix=KEEP
// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(skim-pack{scales-of-tokens=true}))' | FileCheck %s --check-prefix=SCALES

// CHECK-LABEL: func @encoder
// CHECK-SAME: %[[IDS:[^:]+]]: tensor<?x?xi64>, %[[ATTENDED:[^:]+]]: tensor<?x?xi64>
// KEEP-LABEL: func @encoder
// KEEP-SAME: %[[IDS:[^:]+]]: tensor<?x?xi64>
func.func @encoder(%ids: tensor<?x?xi64>, %attended: tensor<?x?xi64>, %table: tensor<9x8xf32>,
                   %w: tensor<8x8xf32>) -> (tensor<?x?x8xf32>, tensor<?x8xf32>) {
  // The mask is made before the states that lie on its rows.
  // CHECK: %[[MASK:.+]] = onnx.Cast %[[ATTENDED]]
  // CHECK: %[[ROWS:.+]] = skim.pack mask %[[MASK]]
  // CHECK: %[[X:.+]] = skim.embed(%[[IDS]]) in(%{{.+}}) rows %[[ROWS]] : {{.*}} -> !skim.ragged<8xf32>
  // KEEP: %[[ROWS:.+]] = skim.pack like %[[IDS]]
  // KEEP: skim.embed(%[[IDS]]) in(%{{.+}}) rows %[[ROWS]]
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %mask = onnx.Cast %attended {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  // CHECK: %[[A:.+]] = skim.attention %[[X]], %[[X]], %[[X]] rows %[[ROWS]] {heads = 2 : i64, scale = 5.000000e-01 : f32}
  // KEEP: skim.attention %{{.+}}, %{{.+}}, %{{.+}} mask %{{.+}} : tensor<?x?xi1> rows %[[ROWS]] {fill = -1.000000e+09 : f32
  %a = skim.attention %x, %x, %x mask %mask : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // CHECK: %[[Y:.+]] = skim.linear %[[A]], %{{.+}} residual %[[X]]
  %y = skim.linear %a, %w residual %x : tensor<?x?x8xf32>, tensor<8x8xf32> residual tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // CHECK: %[[OUT:.+]] = skim.restore %[[Y]] rows %[[ROWS]]
  // CHECK: %[[P:.+]] = skim.pool {{ *}}mean %[[Y]] rows %[[ROWS]]
  // KEEP: skim.pool {{ *}}mean %{{.+}} mask %{{.+}} : tensor<?x?xi1> rows %[[ROWS]]
  %p = skim.pool mean %y mask %mask : tensor<?x?xi1> : tensor<?x?x8xf32> -> tensor<?x8xf32>
  // CHECK: return %[[OUT]], %[[P]]
  return %y, %p : tensor<?x?x8xf32>, tensor<?x8xf32>
}

// Without a mask every position is a token.
// CHECK-LABEL: func @no_mask
func.func @no_mask(%ids: tensor<?x?xi64>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  // CHECK: skim.pack like
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x {heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %a : tensor<?x?x8xf32>
}

// An op that works position by position is left between restore and gather.
// CHECK-LABEL: func @row_wise_left_over
func.func @row_wise_left_over(%ids: tensor<?x?xi64>, %mask: tensor<?x?xi1>, %table: tensor<9x8xf32>,
                              %w: tensor<8x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %mask : tensor<?x?xi1> {fill = 0xFF800000 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // CHECK: %[[R:.+]] = skim.restore
  // CHECK: %[[E:.+]] = onnx.Exp %[[R]]
  // CHECK: %[[G:.+]] = skim.gather %[[E]]
  // CHECK: skim.linear %[[G]]
  %e = onnx.Exp %a : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %y = skim.linear %e, %w : tensor<?x?x8xf32>, tensor<8x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// Outputs hold 0 at padding even where an op does not keep zeros.
// CHECK-LABEL: func @output_cleared
// CHECK-SAME: %[[MASK:[^:]+]]: tensor<?x?xi1>
func.func @output_cleared(%ids: tensor<?x?xi64>, %mask: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %mask : tensor<?x?xi1> {fill = -3.0e+38 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // CHECK: %[[S:.+]] = onnx.Softmax
  // CHECK: %[[M:.+]] = onnx.Unsqueeze %[[MASK]]
  // CHECK: %[[OUT:.+]] = onnx.Where %[[M]], %[[S]]
  // CHECK: return %[[OUT]]
  %s = onnx.Softmax %a {axis = -1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %s : tensor<?x?x8xf32>
}

// A table of relative positions has no rows: its linear layer stays dense.
// CHECK-LABEL: func @table_of_positions
// CHECK-SAME: %[[TABLE:[^:]+]]: tensor<1x64x8xf32>
func.func @table_of_positions(%ids: tensor<?x?xi64>, %mask: tensor<?x?xi1>, %words: tensor<9x8xf32>, %table: tensor<1x64x8xf32>,
                              %w: tensor<8x8xf32>) -> (tensor<?x?x8xf32>, tensor<1x64x8xf32>) {
  // CHECK: skim.embed
  // CHECK: skim.linear %[[TABLE]], %{{.+}} : tensor<1x64x8xf32>
  // CHECK: skim.attention {{.+}} : !skim.ragged<8xf32>
  %x = skim.embed(%ids) in (%words) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %t = skim.linear %table, %w : tensor<1x64x8xf32>, tensor<8x8xf32> -> tensor<1x64x8xf32>
  %a = skim.attention %x, %x, %x mask %mask : tensor<?x?xi1> {fill = 0xFF800000 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %a, %t : tensor<?x?x8xf32>, tensor<1x64x8xf32>
}

// A slice of states has other rows: what works on it stays dense.
// CHECK-LABEL: func @slice_of_states
func.func @slice_of_states(%ids: tensor<?x?xi64>, %mask: tensor<?x?xi1>, %words: tensor<9x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x?x8xf32> {
  %none = onnx.None
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %x = skim.embed(%ids) in (%words) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %mask : tensor<?x?xi1> {fill = 0xFF800000 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // CHECK: %[[R:.+]] = skim.restore
  // CHECK: %[[S:.+]] = onnx.Slice %[[R]]
  // CHECK: %[[Y:.+]] = skim.linear %[[S]], %{{.+}} : tensor<?x?x8xf32>
  // CHECK: return %[[Y]]
  %s = onnx.Slice %a, %zero, %one, %one, %none : (tensor<?x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x?x8xf32>
  %y = skim.linear %s, %w : tensor<?x?x8xf32>, tensor<8x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// Without a mask, where the length is fixed, states are those of the attention's length: a
// class token is put before the patches. What works on the patches stays dense.
// CHECK-LABEL: func @class_token
func.func @class_token(%patches: tensor<?x4x8xf32>, %class: tensor<?x1x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x5x8xf32> {
  // CHECK: %[[E:.+]] = skim.linear %{{.+}}, %{{.+}} : tensor<?x4x8xf32>
  // CHECK: %[[X:.+]] = onnx.Concat %{{.+}}, %[[E]]
  // CHECK: %[[ROWS:.+]] = skim.pack like %[[X]] : tensor<?x5x8xf32>
  // CHECK: %[[R:.+]] = skim.gather %[[X]] rows %[[ROWS]]
  // CHECK: %[[V:.+]] = skim.linear %[[R]], %{{.+}} : !skim.ragged<8xf32>
  // CHECK: skim.attention %[[R]], %[[R]], %[[V]] rows %[[ROWS]]
  %e = skim.linear %patches, %w : tensor<?x4x8xf32>, tensor<8x8xf32> -> tensor<?x4x8xf32>
  %x = onnx.Concat %class, %e {axis = 1 : i64} : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %v = skim.linear %x, %w : tensor<?x5x8xf32>, tensor<8x8xf32> -> tensor<?x5x8xf32>
  %a = skim.attention %x, %x, %v {heads = 2 : i64, scale = 0.5 : f32} : tensor<?x5x8xf32>, tensor<?x5x8xf32>, tensor<?x5x8xf32> -> tensor<?x5x8xf32>
  return %a : tensor<?x5x8xf32>
}

// Positions of a distance, twice as many as there are tokens, have the type of states.
// CHECK-LABEL: func @distances
func.func @distances(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}, %words: tensor<9x8xf32>, %row: tensor<1x1x8xf32>, %w: tensor<8x8xf32>) -> (tensor<?x?x8xf32>, tensor<?x?x8xf32>) {
  // CHECK: %[[E:.+]] = skim.embed
  // CHECK: skim.linear %[[E]], %{{.+}} : !skim.ragged<8xf32>
  // CHECK: %[[TABLE:.+]] = onnx.Expand
  // CHECK: skim.linear %[[TABLE]], %{{.+}} : tensor<?x?x8xf32>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %eight = onnx.Constant dense<8> : tensor<1xi64>
  %x = skim.embed(%ids) in (%words) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %y = skim.linear %x, %w : tensor<?x?x8xf32>, tensor<8x8xf32> -> tensor<?x?x8xf32>
  %b = onnx.Shape %ids {end = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %n = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %twice = onnx.Mul %n, %two : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %to = onnx.Concat %b, %twice, %eight {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %table = onnx.Expand %row, %to : (tensor<1x1x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  %t = skim.linear %table, %w : tensor<?x?x8xf32>, tensor<8x8xf32> -> tensor<?x?x8xf32>
  return %y, %t : tensor<?x?x8xf32>, tensor<?x?x8xf32>
}

// States times their mask, one number a position, are states of the same positions.
// CHECK-LABEL: func @times_mask
func.func @times_mask(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}, %mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %words: tensor<9x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x?x8xf32> {
  // CHECK: %[[M:.+]] = onnx.Mul
  // CHECK: %[[R:.+]] = skim.gather %[[M]]
  // CHECK: skim.linear %[[R]], %{{.+}} : !skim.ragged<8xf32>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %x = skim.embed(%ids) in (%words) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %mask : tensor<?x?xi1> {fill = 0xFF800000 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %column = onnx.Unsqueeze %mask, %two : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x?x1xi1>
  %factor = onnx.Cast %column {to = 1 : i64} : (tensor<?x?x1xi1>) -> tensor<?x?x1xf32>
  %m = onnx.Mul %a, %factor : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %y = skim.linear %m, %w : tensor<?x?x8xf32>, tensor<8x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// Windows of another number of sequences, whose length is the attention's, stay dense.
// CHECK-LABEL: func @other_windows
func.func @other_windows(%x: tensor<?x4x8xf32> {onnx.dims = ["batch", "4", "8"]}, %w: tensor<8x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  // CHECK: skim.attention {{.+}} : !skim.ragged<8xf32>
  // CHECK: skim.linear %{{.+}}, %{{.+}} : tensor<?x4x8xf32>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %sizes = onnx.Constant dense<[4, 8]> : tensor<2xi64>
  %a = skim.attention %x, %x, %x {heads = 2 : i64, scale = 0.5 : f32} : tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  %b = onnx.Shape %x {end = 1 : i64} : (tensor<?x4x8xf32>) -> tensor<1xi64>
  %more = onnx.Mul %b, %two : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %to = onnx.Concat %more, %sizes {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %windows = onnx.Expand %one, %to : (tensor<f32>, tensor<3xi64>) -> tensor<?x4x8xf32>
  %y = skim.linear %windows, %w : tensor<?x4x8xf32>, tensor<8x8xf32> -> tensor<?x4x8xf32>
  return %a, %y : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// A layer that rounds by the range of all rows: of the tokens, where that is asked for.
// CHECK-LABEL: func @one_scale
// CHECK: skim.pack like
// SCALES-LABEL: func @one_scale
// SCALES: skim.pack mask
func.func @one_scale(%ids: tensor<?x?xi64>, %mask: tensor<?x?xi1>, %table: tensor<9x8xf32>, %w: tensor<8x8xi8>, %s: tensor<8xf32>, %z: tensor<8xi8>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %mask : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // SCALES: skim.linear {{.+}} scale {{.+}} : !skim.ragged<8xf32>, tensor<8x8xi8>
  %y = skim.linear %a, %w scale %s zero_point %z : tensor<?x?x8xf32>, tensor<8x8xi8> scale tensor<8xf32> zero_point tensor<8xi8> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// States whose sequences come first are not of the same rows as those whose batch does.
// CHECK-LABEL: func @sequence_first_beside
func.func @sequence_first_beside(%x: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %w: tensor<8x8xf32>) -> (tensor<?x?x8xf32>, tensor<?x?x8xf32>) {
  // CHECK: skim.linear %{{.+}}, %{{.+}} : !skim.ragged<8xf32>
  // CHECK: %[[T:.+]] = onnx.Transpose
  // CHECK: skim.linear %[[T]], %{{.+}} : tensor<?x?x8xf32>
  %y = skim.linear %x, %w : tensor<?x?x8xf32>, tensor<8x8xf32> -> tensor<?x?x8xf32>
  %t = onnx.Transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %z = skim.linear %t, %w : tensor<?x?x8xf32>, tensor<8x8xf32> -> tensor<?x?x8xf32>
  return %y, %z : tensor<?x?x8xf32>, tensor<?x?x8xf32>
}

// Ops on dense values with the sequence first: the mask is turned to clear what they leave at positions without a token.
// CHECK-LABEL: func @sequence_first_output
// CHECK-SAME: %{{.+}}: tensor<?x?xi64>{{.*}}, %[[MASK:.+]]: tensor<?x?xi1>{{.*}}, %[[Z:.+]]: tensor<?x?x8xf32>
// CHECK: %[[STATES:.+]] = skim.restore
// CHECK: %[[TURNED:.+]] = onnx.Transpose %[[STATES]] {perm = array<i64: 1, 0, 2>}
// CHECK: %[[SUM:.+]] = skim.add %[[TURNED]], %[[Z]] : tensor<?x?x8xf32>
// CHECK: %[[M:.+]] = onnx.Transpose %[[MASK]] {perm = array<i64: 1, 0>}
// CHECK: %[[TOKENS:.+]] = onnx.Unsqueeze %[[M]]
// CHECK: %[[OUT:.+]] = onnx.Where %[[TOKENS]], %[[SUM]]
// CHECK: return %[[OUT]]
func.func @sequence_first_output(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %m0: tensor<?x?xi1> {onnx.dims = ["b", "s"]}, %z: tensor<?x?x8xf32> {onnx.dims = ["s", "b", "8"]}, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %t = onnx.Transpose %a {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %y = skim.add %t, %z : tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// A bias may leave a query no key where the mask is gone, too.
// CHECK-LABEL: func @no_key_by_a_bias
func.func @no_key_by_a_bias(%ids: tensor<?x?xi64>, %mask: tensor<?x?xi1>, %bias: tensor<1x1x?x?xf32>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: skim.attention {{.+}} bias %{{.+}} rows %{{.+}} {empty_keys = #skim<empty_keys zero>, heads
  %a = skim.attention %x, %x, %x mask %mask : tensor<?x?xi1> bias %bias : tensor<1x1x?x?xf32> {empty_keys = #skim<empty_keys zero>, fill = 0xFF800000 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %a : tensor<?x?x8xf32>
}
