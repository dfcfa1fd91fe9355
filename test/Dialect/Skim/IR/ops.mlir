// RUN: skim-opt %s | skim-opt | FileCheck %s
// RUN: skim-opt --mlir-print-op-generic %s | skim-opt | FileCheck %s

// CHECK-LABEL: func @types
// CHECK-SAME: !skim.ragged<384xf32>, %{{.+}}: !skim.rows
func.func @types(%states: !skim.ragged<384xf32>, %rows: !skim.rows) {
  return
}

// CHECK-LABEL: func @dense_layer
func.func @dense_layer(%ids: tensor<?x?xi64>, %positions: tensor<1x?xi64>, %mask: tensor<?x?xi1>,
                       %words: tensor<9x8xf32>, %places: tensor<5x8xf32>, %w: tensor<8x8xf32>,
                       %v: tensor<8xf32>) -> tensor<?x?x8xf32> {
  // CHECK: %[[X:.+]] = skim.embed(%{{.+}}, %{{.+}}) in(%{{.+}}, %{{.+}}) {counts = array<i64: -1, 0>} : (tensor<?x?xi64>, tensor<1x?xi64>) in(tensor<9x8xf32>, tensor<5x8xf32>) -> tensor<?x?x8xf32>
  %x = skim.embed(%ids, %positions) in (%words, %places) {counts = array<i64: -1, 0>} : (tensor<?x?xi64>, tensor<1x?xi64>) in (tensor<9x8xf32>, tensor<5x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: skim.linear %[[X]], %{{.+}} bias %{{.+}} : tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32> -> tensor<?x?x8xf32>
  %q = skim.linear %x, %w bias %v : tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32> -> tensor<?x?x8xf32>
  // CHECK: skim.attention %{{.+}}, %{{.+}}, %{{.+}} mask %{{.+}} : tensor<?x?xi1> {fill = 0xFF800000 : f32, heads = 2 : i64, scale = 5.000000e-01 : f32}
  %a = skim.attention %q, %q, %q mask %mask : tensor<?x?xi1> {fill = 0xFF800000 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // CHECK: skim.linear %{{.+}}, %{{.+}} residual %[[X]] {activation = #skim<activation gelu_erf>, transpose_weight} : tensor<?x?x8xf32>, tensor<8x8xf32> residual tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %o = skim.linear %a, %w residual %x {activation = #skim<activation gelu_erf>, transpose_weight} : tensor<?x?x8xf32>, tensor<8x8xf32> residual tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // CHECK: skim.norm %{{.+}}, %{{.+}} bias %{{.+}} {epsilon = 9.99999996E-13 : f32} : tensor<?x?x8xf32>, tensor<8xf32>, tensor<8xf32>
  %n = skim.norm %o, %v bias %v {epsilon = 1.0e-12 : f32} : tensor<?x?x8xf32>, tensor<8xf32>, tensor<8xf32>
  return %n : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @quantised_layer
func.func @quantised_layer(%x: !skim.ragged<4xf32>, %r: !skim.ragged<8xf32>, %w: tensor<4x8xui8>, %s: tensor<8xf32>,
                           %z: tensor<8xui8>) -> !skim.ragged<8xf32> {
  // CHECK: skim.linear %{{.+}}, %{{.+}} scale %[[S:.+]] zero_point %{{.+}} bias %[[S]] residual %{{.+}} : !skim.ragged<4xf32>, tensor<4x8xui8> scale tensor<8xf32> zero_point tensor<8xui8>, tensor<8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %y = skim.linear %x, %w scale %s zero_point %z bias %s residual %r : !skim.ragged<4xf32>, tensor<4x8xui8> scale tensor<8xf32> zero_point tensor<8xui8>, tensor<8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  return %y : !skim.ragged<8xf32>
}

// CHECK-LABEL: func @ragged_layer
func.func @ragged_layer(%ids: tensor<?x?xi32>, %mask: tensor<?x?xi1>, %table: tensor<9x8xf32>,
                        %v: tensor<8xf32>, %half: tensor<4xf32>) -> (tensor<?x?x8xf32>, tensor<?x4xf32>) {
  // CHECK: %[[ROWS:.+]] = skim.pack mask %{{.+}} : tensor<?x?xi1>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  // CHECK: %[[X:.+]] = skim.embed(%{{.+}}) in(%{{.+}}) rows %[[ROWS]] : (tensor<?x?xi32>) in(tensor<9x8xf32>) -> !skim.ragged<8xf32>
  %x = skim.embed(%ids) in (%table) rows %rows : (tensor<?x?xi32>) in (tensor<9x8xf32>) -> !skim.ragged<8xf32>
  // CHECK: skim.attention %[[X]], %[[X]], %[[X]] rows %[[ROWS]] key_rows %[[ROWS]] {heads = 2 : i64, kv_heads = 2 : i64, left_window = 3 : i64, right_window = 0 : i64, scale = 5.000000e-01 : f32}
  %a = skim.attention %x, %x, %x rows %rows key_rows %rows {heads = 2 : i64, kv_heads = 2 : i64, left_window = 3 : i64, right_window = 0 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  // CHECK: skim.add %{{.+}}, %[[X]] : !skim.ragged<8xf32>
  %s = skim.add %a, %x : !skim.ragged<8xf32>
  // CHECK: skim.mul %{{.+}}, %[[X]] : !skim.ragged<8xf32>
  %m = skim.mul %s, %x : !skim.ragged<8xf32>
  // CHECK: skim.norm %{{.+}}, %{{.+}} {epsilon = 9.99999974E-6 : f32, kind = #skim<norm_kind rms>} : !skim.ragged<8xf32>, tensor<8xf32>
  %n = skim.norm %s, %v {epsilon = 1.0e-5 : f32, kind = #skim<norm_kind rms>} : !skim.ragged<8xf32>, tensor<8xf32>
  // CHECK: skim.norm %{{.+}}, %{{.+}} {epsilon = 9.99999974E-6 : f32, heads = 2 : i64} : !skim.ragged<8xf32>, tensor<4xf32>
  %h = skim.norm %s, %half {epsilon = 1.0e-5 : f32, heads = 2 : i64} : !skim.ragged<8xf32>, tensor<4xf32>
  // CHECK: skim.activation {{ *}}silu %{{.+}} : !skim.ragged<8xf32>
  %c = skim.activation silu %n : !skim.ragged<8xf32>
  // CHECK: skim.glu {{ *}}gelu_tanh %{{.+}} {gate_last} : !skim.ragged<8xf32> -> !skim.ragged<4xf32>
  %g = skim.glu gelu_tanh %c {gate_last} : !skim.ragged<8xf32> -> !skim.ragged<4xf32>
  // CHECK: skim.pool {{ *}}mean %{{.+}} rows %[[ROWS]] : !skim.ragged<4xf32> -> tensor<?x4xf32>
  %p = skim.pool mean %g rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  // CHECK: skim.l2_normalize %{{.+}} {epsilon = 9.99999996E-13 : f32} : tensor<?x4xf32>
  %l = skim.l2_normalize %p {epsilon = 1.0e-12 : f32} : tensor<?x4xf32>
  // CHECK: skim.restore %{{.+}} rows %[[ROWS]] {fill = -1.000000e+02 : f32} : {{.*}}<8xf32> -> tensor<?x?x8xf32>
  %r = skim.restore %n rows %rows {fill = -100.0 : f32} : !skim.ragged<8xf32> -> tensor<?x?x8xf32>
  return %r, %l : tensor<?x?x8xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func @padding_kept
func.func @padding_kept(%x: tensor<?x?x8xf32>, %cos: tensor<?x4xf32>, %bias: tensor<1x2x?x?xf32>) -> !skim.ragged<8xf32> {
  // CHECK: %[[ROWS:.+]] = skim.pack like %{{.+}} : tensor<?x?x8xf32>
  %rows = skim.pack like %x : tensor<?x?x8xf32>
  // CHECK: skim.gather %{{.+}} rows %[[ROWS]] : tensor<?x?x8xf32> -> {{.*}}<8xf32>
  %r = skim.gather %x rows %rows : tensor<?x?x8xf32> -> !skim.ragged<8xf32>
  // CHECK: skim.attention %{{.+}}, %{{.+}}, %{{.+}} bias %{{.+}} : tensor<1x2x?x?xf32> rotary %{{.+}}, %{{.+}} : tensor<?x4xf32>, tensor<?x4xf32> rows %[[ROWS]]
  %a = skim.attention %r, %r, %r bias %bias : tensor<1x2x?x?xf32> rotary %cos, %cos : tensor<?x4xf32>, tensor<?x4xf32> rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  return %a : !skim.ragged<8xf32>
}

// CHECK-LABEL: func @disentangled_positions
func.func @disentangled_positions(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %table: tensor<2x4x5xf32>, %index: tensor<?xi64>) -> !skim.ragged<8xf32> {
  // CHECK: skim.attention %{{.+}}, %{{.+}}, %{{.+}} content_to_position %[[TABLE:.+]] at %[[INDEX:.+]] : tensor<2x4x5xf32>, tensor<?xi64> position_to_content %[[TABLE]] at %[[INDEX]] : tensor<2x4x5xf32>, tensor<?xi64> rows
  %a = skim.attention %x, %x, %x content_to_position %table at %index : tensor<2x4x5xf32>, tensor<?xi64> position_to_content %table at %index : tensor<2x4x5xf32>, tensor<?xi64> rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  return %a : !skim.ragged<8xf32>
}

// CHECK: skim.weights @dense {{ *}}tiled at 64 bytes 1024
skim.weights @dense tiled at 64 bytes 1024 {parts = [dense<1.0> : tensor<8x8xf32>], tile = 32 : i64}
// CHECK: skim.weights @narrow {{ *}}tiled at 1088 bytes 512 {dtype = #skim<dtype int8>, parts
skim.weights @narrow tiled at 1088 bytes 512 {dtype = #skim<dtype int8>, parts = [dense<1.0> : tensor<8x8xf32>], tile = 32 : i64}

// CHECK-LABEL: func @kernels_form
func.func @kernels_form(%mask: memref<?x?xi1>, %n: index, %ok: i1) {
  %grain = arith.constant 1 : index
  %flops = arith.constant 0 : i64
  %offsets = memref.alloc(%n) : memref<?xi32>
  // CHECK: skim.pack_rows mask %{{.+}} : memref<?x?xi1> batch %{{.+}} sequence %{{.+}} into %{{.+}}, %{{.+}} : memref<?xi32>, memref<?xi32>
  %count = skim.pack_rows mask %mask : memref<?x?xi1> batch %n sequence %n into %offsets, %offsets : memref<?xi32>, memref<?xi32>
  // CHECK: %[[W:.+]] = skim.weights_view @dense : memref<1x8x32xf32>
  %w = skim.weights_view @dense : memref<1x8x32xf32>
  // CHECK: skim.check %{{.+}}, "got {0}"(%{{.+}})
  skim.check %ok, "got {0}"(%n)
  // CHECK: skim.dispatch {{ *}}gemm @kernel(%[[W]]) tasks %{{.+}} grain %{{.+}} scratch %{{.+}} flops %{{.+}} {layer = 3 : i64} : memref<1x8x32xf32>
  skim.dispatch gemm @kernel(%w) tasks %count grain %grain scratch %grain flops %flops {layer = 3 : i64} : memref<1x8x32xf32>
  // CHECK: skim.output %{{.+}} {index = 0 : i64, owned} : memref<?xi32>
  skim.output %offsets {index = 0 : i64, owned} : memref<?xi32>
  return
}

// CHECK-LABEL: func private @kernel
func.func private @kernel(%w: memref<1x8x32xf32>, %begin: index, %end: index, %scratch: memref<?xi8>) {
  // CHECK: skim.report "id {0}"(%{{.+}})
  skim.report "id {0}"(%begin)
  return
}

// CHECK-LABEL: func @matmul
func.func @matmul(%a: tensor<?x?x4xf32>, %b: tensor<?x4x?xf32>) -> tensor<?x?x?xf32> {
  // CHECK: skim.matmul %{{.+}}, %{{.+}} : tensor<?x?x4xf32>, tensor<?x4x?xf32> -> tensor<?x?x?xf32>
  %y = skim.matmul %a, %b : tensor<?x?x4xf32>, tensor<?x4x?xf32> -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}
