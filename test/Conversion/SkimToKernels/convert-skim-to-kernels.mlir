// RUN: skim-opt %s -split-input-file --convert-skim-to-kernels=mcpu=x86-64-v3 | FileCheck %s

// Weights lie in the order of their use, tiled for the processor: query, key
// and value side by side.
// CHECK: skim.weights @words plain at 0 bytes 6400 {parts = [dense_resource<words> : tensor<100x16xf32>]}
// CHECK: skim.weights @scale plain at 6400 bytes 64
// CHECK: skim.weights @q tiled at 6528 bytes 3072 {parts = [dense_resource<q> : tensor<16x16xf32>, dense_resource<k> : tensor<16x16xf32>, dense_resource<v> : tensor<16x16xf32>], tile = 16 : i64}
// CHECK: skim.weights @{{.+}} padded at 9600 bytes 192
// CHECK: skim.weights @o tiled_transposed

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[IDS:.+]]: memref<?x?xi64> {onnx.name = "input_ids"}, %[[MASK:.+]]: memref<?x?xi1>)
// CHECK-SAME: skim.outputs = [{onnx.name = "states", type = tensor<?x?x16xf32>}]
func.func @main(%ids: tensor<?x?xi64> {onnx.name = "input_ids"}, %mask: tensor<?x?xi1>)
    -> (tensor<?x?x16xf32> {onnx.name = "states"}) {
  %words = onnx.Constant dense_resource<words> : tensor<100x16xf32>
  %scale = onnx.Constant dense_resource<scale> : tensor<16xf32>
  %shift = onnx.Constant dense<0.0> : tensor<16xf32>
  %q = onnx.Constant dense_resource<q> : tensor<16x16xf32>
  %k = onnx.Constant dense_resource<k> : tensor<16x16xf32>
  %v = onnx.Constant dense_resource<v> : tensor<16x16xf32>
  %o = onnx.Constant dense_resource<o> : tensor<16x16xf32>
  %bias = onnx.Constant dense<1.0> : tensor<16xf32>
  // CHECK: %[[OFFSETS:.+]] = memref.alloc(%{{.+}}) : memref<?xi32>
  // CHECK: %[[POSITIONS:.+]] = memref.alloc(%{{.+}}) : memref<?xi32>
  // CHECK: %[[COUNT:.+]] = skim.pack_rows mask %[[MASK]] : memref<?x?xi1> batch %[[B:.+]] sequence %[[S:.+]] into %[[OFFSETS]], %[[POSITIONS]]
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  // CHECK: skim.check %{{.+}}, "input 'input_ids': sequence length {0}, but there are ids for {1} positions"
  // CHECK: %[[X:.+]] = memref.alloc(%[[COUNT]]) : memref<?x16xf32>
  // CHECK: skim.dispatch embed @embed_1x16(%[[IDS]], %{{.+}}, %[[POSITIONS]], %[[S]], %[[X]]) tasks
  %x = skim.embed(%ids) in (%words) rows %rows : (tensor<?x?xi64>) in (tensor<100x16xf32>) -> !skim.ragged<16xf32>
  // CHECK: skim.dispatch norm @norm_layer_16_bias
  %n = skim.norm %x, %scale bias %shift {epsilon = 1.0e-12 : f32} : !skim.ragged<16xf32>, tensor<16xf32>, tensor<16xf32>
  // CHECK: %[[QKV:.+]] = memref.alloc(%{{.+}}) : memref<?x48xf32>
  // CHECK: skim.dispatch gemm @gemm_16x48_bias(%{{.+}}, %{{.+}}, %{{.+}}, %[[QKV]]) {{.+}} {layer = 0 : i64}
  %query = skim.linear %n, %q bias %bias : !skim.ragged<16xf32>, tensor<16x16xf32>, tensor<16xf32> -> !skim.ragged<16xf32>
  %key = skim.linear %n, %k bias %bias : !skim.ragged<16xf32>, tensor<16x16xf32>, tensor<16xf32> -> !skim.ragged<16xf32>
  %value = skim.linear %n, %v bias %bias : !skim.ragged<16xf32>, tensor<16x16xf32>, tensor<16xf32> -> !skim.ragged<16xf32>
  // CHECK: skim.dispatch attention @attention_2x8_q0of48_k16of48_v32of48_scale_{{.+}}(%[[QKV]], %[[QKV]], %[[QKV]], %[[OFFSETS]], %[[POSITIONS]], %[[S]], %{{.+}})
  %a = skim.attention %query, %key, %value rows %rows {heads = 2 : i64, scale = 0.25 : f32}
    : !skim.ragged<16xf32>, !skim.ragged<16xf32>, !skim.ragged<16xf32> -> !skim.ragged<16xf32>
  // CHECK: skim.dispatch gemm @gemm_16x16_gelu_erf_residual
  %y = skim.linear %a, %o residual %n {activation = #skim<activation gelu_erf>, transpose_weight}
    : !skim.ragged<16xf32>, tensor<16x16xf32> residual !skim.ragged<16xf32> -> !skim.ragged<16xf32>
  // CHECK: %[[OUT:.+]] = memref.alloc(%[[B]], %[[S]]) : memref<?x?x16xf32>
  // CHECK: %[[FLAT:.+]] = memref.collapse_shape %[[OUT]]
  // CHECK: skim.dispatch other @restore_16_00000000(%{{.+}}, %[[POSITIONS]], %[[S]], %[[FLAT]])
  %r = skim.restore %y rows %rows : !skim.ragged<16xf32> -> tensor<?x?x16xf32>
  // CHECK: skim.output %[[OUT]] {index = 0 : i64}
  return %r : tensor<?x?x16xf32>
}

// -----

// Heads that are normalised are read where the one product wrote them. Of causal
// attention half of the pairs count.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  %scale = onnx.Constant dense<1.0> : tensor<8xf32>
  %q = onnx.Constant dense_resource<q> : tensor<16x16xf32>
  %k = onnx.Constant dense_resource<k> : tensor<16x8xf32>
  %v = onnx.Constant dense_resource<v> : tensor<16x8xf32>
  // CHECK: %[[ROWS:.+]] = skim.pack_rows
  %rows = skim.pack like %x : tensor<?x?x16xf32>
  %r = skim.gather %x rows %rows : tensor<?x?x16xf32> -> !skim.ragged<16xf32>
  // CHECK: %[[QKV:.+]] = memref.alloc(%{{.+}}) : memref<?x32xf32>
  // CHECK: skim.dispatch gemm @gemm_16x32(%{{.+}}, %{{.+}}, %[[QKV]])
  %query = skim.linear %r, %q : !skim.ragged<16xf32>, tensor<16x16xf32> -> !skim.ragged<16xf32>
  %key = skim.linear %r, %k : !skim.ragged<16xf32>, tensor<16x8xf32> -> !skim.ragged<8xf32>
  %value = skim.linear %r, %v : !skim.ragged<16xf32>, tensor<16x8xf32> -> !skim.ragged<8xf32>
  // CHECK: skim.dispatch norm @norm_rms_2x8_{{[0-9a-f]+}}_0of32(%[[QKV]], %{{.+}}, %[[QN:.+]])
  %qn = skim.norm %query, %scale {epsilon = 1.0e-6 : f32, heads = 2 : i64, kind = #skim<norm_kind rms>} : !skim.ragged<16xf32>, tensor<8xf32>
  // CHECK: skim.dispatch norm @norm_rms_8_{{[0-9a-f]+}}_16of32(%[[QKV]], %{{.+}}, %[[KN:.+]])
  %kn = skim.norm %key, %scale {epsilon = 1.0e-6 : f32, kind = #skim<norm_kind rms>} : !skim.ragged<8xf32>, tensor<8xf32>
  // CHECK: %[[PAIRS:.+]] = scf.for
  // CHECK: arith.divui %{{.+}}, %{{.+}} : index
  // CHECK: skim.dispatch attention @attention_2x8_kv1_q0of16_k0of8_v24of32_right0_scale_{{[0-9a-f]+}}(%[[QN]], %[[KN]], %[[QKV]],
  %a = skim.attention %qn, %kn, %value rows %rows {heads = 2 : i64, kv_heads = 1 : i64, right_window = 0 : i64, scale = 0.25 : f32}
    : !skim.ragged<16xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<16xf32>
  %out = skim.restore %a rows %rows : !skim.ragged<16xf32> -> tensor<?x?x16xf32>
  return %out : tensor<?x?x16xf32>
}

// -----

// Layers that something else reads too stay apart, dense states keep their
// shape, and left over ops see tensors.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.+]]: memref<?x4x8xf32>)
func.func @main(%x: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
  %w = onnx.Constant dense<0.5> : tensor<8x8xf32>
  // CHECK: %[[ROWS:.+]] = memref.collapse_shape %[[X]]
  // CHECK: %[[Y:.+]] = memref.alloc(%{{.+}}) : memref<?x4x8xf32>
  // CHECK: skim.dispatch gemm @gemm_8x8(%{{.+}}, %{{.+}}, %{{.+}})
  // CHECK: %[[TENSOR:.+]] = bufferization.to_tensor %[[Y]] restrict
  %y = skim.linear %x, %w : tensor<?x4x8xf32>, tensor<8x8xf32> -> tensor<?x4x8xf32>
  // CHECK: %[[SUM:.+]] = onnx.Add %[[TENSOR]], %[[TENSOR]]
  %z = onnx.Add %y, %y : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  // CHECK: %[[BUFFER:.+]] = bufferization.to_buffer %[[SUM]] read_only
  // CHECK: skim.dispatch other @activation_8_relu
  %a = skim.activation relu %z : tensor<?x4x8xf32>
  // CHECK: skim.output %[[Y]] {index = 0 : i64}
  // CHECK: skim.output %{{.+}} {index = 1 : i64}
  return %y, %a : tensor<?x4x8xf32>, tensor<?x4x8xf32>
}

// -----

// Ids that are constant, as in a model of static shapes, are weights too.
// CHECK: skim.weights @{{.+}} plain at 0 bytes 24
// CHECK-LABEL: func.func @main
func.func @main(%ids: tensor<?x3xi64> {onnx.name = "input_ids"}) -> (tensor<?x3x8xf32> {onnx.name = "out"}) {
  // CHECK: skim.weights_view @{{.+}} : memref<1x3xi64>
  %positions = onnx.Constant dense<[[0, 1, 2]]> : tensor<1x3xi64>
  %table = onnx.Constant dense<1.0> : tensor<9x8xf32>
  %rows = skim.pack like %ids : tensor<?x3xi64>
  // A sequence that is too long is refused before anything is computed.
  // CHECK: skim.check %{{.+}}, "input 'input_ids': sequence of {0} positions, expected at most {1} (position table of {{.+}})"
  // CHECK: skim.dispatch embed
  %x = skim.embed(%ids, %positions) in (%table, %table) rows %rows {counts = array<i64: -1, 0>} : (tensor<?x3xi64>, tensor<1x3xi64>) in (tensor<9x8xf32>, tensor<9x8xf32>) -> !skim.ragged<8xf32>
  %y = skim.restore %x rows %rows : !skim.ragged<8xf32> -> tensor<?x3x8xf32>
  return %y : tensor<?x3x8xf32>
}

// -----

// One kernel for products of all sizes.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[A:.+]]: memref<?x?x4xf32>, %[[B:.+]]: memref<?x4x5xf32>)
func.func @main(%a: tensor<?x?x4xf32>, %b: tensor<?x4x5xf32>) -> tensor<?x?x5xf32> {
  // CHECK-DAG: %[[BATCH:.+]] = memref.dim %[[A]], %c0
  // CHECK-DAG: %[[ROWS:.+]] = memref.dim %[[A]], %c1
  // CHECK: %[[OUT:.+]] = memref.alloc(%[[BATCH]], %[[ROWS]]) : memref<?x?x5xf32>
  // CHECK-DAG: %[[ANY_A:.+]] = memref.cast %[[A]] : memref<?x?x4xf32> to memref<?x?x?xf32>
  // CHECK-DAG: %[[ANY_B:.+]] = memref.cast %[[B]]
  // CHECK-DAG: %[[ANY_OUT:.+]] = memref.cast %[[OUT]]
  // CHECK: skim.dispatch gemm @matmul(%[[ANY_A]], %[[ANY_B]], %[[ANY_OUT]]) tasks
  %y = skim.matmul %a, %b : tensor<?x?x4xf32>, tensor<?x4x5xf32> -> tensor<?x?x5xf32>
  return %y : tensor<?x?x5xf32>
}
// CHECK: func.func private @matmul(

// -----

// A table of positions is packed as weights are, its heads side by side; the
// index is computed. Four products a pair are counted, of queries and keys, of
// values and of each table.
// CHECK: skim.weights @table tiled at 0 bytes {{[0-9]+}} {parts = [dense_resource<table> : tensor<2x4x6xf32>], tile = 16 : i64}
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[STATES:.+]]: memref<?x?x8xf32>, %[[MASK:.+]]: memref<?x?xi1>, %[[INDEX:.+]]: memref<?xi64>)
func.func @main(%states: tensor<?x?x8xf32>, %mask: tensor<?x?xi1>, %index: tensor<?xi64>) -> tensor<?x?x8xf32> {
  %table = onnx.Constant dense_resource<table> : tensor<2x4x6xf32>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.gather %states rows %rows : tensor<?x?x8xf32> -> !skim.ragged<8xf32>
  // CHECK: %[[CONTENT:.+]] = skim.weights_view @table : memref<1x4x16xf32>
  // CHECK: %[[POSITION:.+]] = skim.weights_view @table
  // CHECK: %[[FLOPS:.+]] = arith.constant 64 : i64
  // CHECK: arith.muli %{{.+}}, %[[FLOPS]]
  // CHECK: skim.dispatch attention @attention_2x4_c6_p6_scale_{{.+}}(%[[X:.+]], %[[X]], %[[X]], %{{.+}}, %{{.+}}, %{{.+}}, %[[CONTENT]], %[[INDEX]], %[[POSITION]], %[[INDEX]], %{{.+}}) tasks
  %a = skim.attention %x, %x, %x content_to_position %table at %index : tensor<2x4x6xf32>, tensor<?xi64> position_to_content %table at %index : tensor<2x4x6xf32>, tensor<?xi64> rows %rows {heads = 2 : i64, scale = 0.5 : f32}
    : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %y = skim.restore %a rows %rows : !skim.ragged<8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}
