// RUN: skim-opt %s -split-input-file --convert-skim-to-kernels=mcpu=x86-64-v3 | FileCheck %s

// A cut state is its buffer and the rows that are left: the next product looks
// them up, in the states and in the residual; nothing is copied.
// CHECK-LABEL: func.func @main
module attributes {skim.knobs = [{name = "token_pruning.scale", initial = 1.0 : f64}]} {
func.func @main(%input: tensor<?x?x16xf32>, %mask: tensor<?x?xi1>) -> tensor<?x?x16xf32> {
  %w = onnx.Constant dense<0.5> : tensor<16x16xf32>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  // CHECK: %[[COUNT:.+]] = skim.pack_rows mask
  // CHECK-SAME: into %[[OFFSETS:.+]], %[[POSITIONS:.+]] :
  // CHECK: %[[X:.+]] = memref.alloc(%[[COUNT]]) : memref<?x16xf32>
  %x = skim.gather %input rows %rows : tensor<?x?x16xf32> -> !skim.ragged<16xf32>
  %held = skim.empty_states rows %rows : !skim.ragged<16xf32>
  // CHECK: %[[HELD:.+]] = memref.alloc(%[[COUNT]]) : memref<?x16xf32>
  // Importance comes out of the attention's kernel, a row for each head.
  // CHECK: %[[SUMS:.+]] = memref.alloc(%{{.+}}, %[[COUNT]]) : memref<?x?xf32>
  // CHECK: skim.dispatch attention @attention_2x8_{{.*}}importance{{.*}}(%[[X]], %[[X]], %[[X]], %[[OFFSETS]], %[[POSITIONS]], %{{.+}}, %[[A:.+]], %[[SUMS]])
  %a = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.25 : f32}
    : !skim.ragged<16xf32>, !skim.ragged<16xf32>, !skim.ragged<16xf32> -> !skim.ragged<16xf32>
  %i = skim.token_importance %x, %x rows %rows {heads = 2 : i64, scale = 0.25 : f32, denominator_tokens = 128 : i64}
    : !skim.ragged<16xf32>, !skim.ragged<16xf32> -> !skim.ragged<1xf32>
  // Tables have room for all rows at entry.
  // CHECK: %[[TO:.+]] = memref.alloc(%{{.+}}) : memref<?xi32>
  // CHECK: %[[TP:.+]] = memref.alloc(%[[COUNT]]) : memref<?xi32>
  // CHECK: %[[TE:.+]] = memref.alloc(%[[COUNT]]) : memref<?xi32>
  // CHECK: %[[TS:.+]] = memref.alloc(%[[COUNT]]) : memref<?xi32>
  // CHECK: %[[LEFT:.+]] = skim.prune_rows %[[SUMS]] from(%[[OFFSETS]], %[[POSITIONS]]) to(%[[TO]], %[[TP]], %[[TE]], %[[TS]]) entry %[[OFFSETS]]
  // CHECK-SAME: denominator = 128 : i64, floor = 9.99999974E-6 : f32, heads = 2 : i64, knob = 0 : i64, layer = 0 : i64
  // CHECK: skim.hold_rows %[[HELD]] states %[[X]] from(%[[OFFSETS]], %[[POSITIONS]]) kept(%[[TO]], %[[TP]], %[[TE]], %[[TS]])
  %kept, %ka, %kx, %h = skim.prune %i rows %rows states(%a, %x) held %held from %x
    {threshold = 0.5 : f32, protect = array<i64: 0>, place = #skim<place before_ffn>, layer = 0 : i64}
    : !skim.ragged<1xf32>, (!skim.ragged<16xf32>, !skim.ragged<16xf32>) held !skim.ragged<16xf32> from !skim.ragged<16xf32>
    -> !skim.rows, (!skim.ragged<16xf32>, !skim.ragged<16xf32>) held !skim.ragged<16xf32>
  // CHECK: %[[ROOM:.+]] = memref.alloc(%[[COUNT]]) : memref<?x16xf32>
  // CHECK: %[[Y:.+]] = memref.reinterpret_cast %[[ROOM]] to offset: [0], sizes: [%[[LEFT]], 16]
  // CHECK: skim.dispatch gemm @gemm_16x16_{{.*}}(%[[A]], %[[TS]], %{{.+}}, %[[X]], %[[TS]], %[[Y]])
  %y = skim.linear %ka, %w residual %kx : !skim.ragged<16xf32>, tensor<16x16xf32> residual !skim.ragged<16xf32> -> !skim.ragged<16xf32>
  // CHECK: skim.hold_rows %[[HELD]] states %[[Y]] from(%[[TO]], %[[TP]], %[[TE]], %[[TS]]) kept()
  %last = skim.hold %h, %y rows %kept : !skim.ragged<16xf32>
  // CHECK: skim.dispatch other @restore_16_{{.+}}(%[[HELD]], %[[POSITIONS]],
  %r = skim.restore %last rows %rows : !skim.ragged<16xf32> -> tensor<?x?x16xf32>
  return %r : tensor<?x?x16xf32>
}
}

// -----

// Blocks: scores of the diagonal of attention, the second cut looks up what the
// first one left.
// CHECK-LABEL: func.func @main
func.func @main(%input: tensor<?x?x16xf32>, %mask: tensor<?x?xi1>, %segments: tensor<?x?xi64>) -> tensor<?x16xf32> {
  %conv = onnx.Constant dense<0.5> : tensor<2x2x3x3xf32>
  %bias = onnx.Constant dense<0.5> : tensor<2xf32>
  %fc = onnx.Constant dense<0.5> : tensor<2x2xf32>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.gather %input rows %rows : tensor<?x?x16xf32> -> !skim.ragged<16xf32>
  // CHECK: %[[BLOCKS:.+]] = skim.block_rows %{{.+}} to %[[TABLE:.+]] firsts %[[FIRSTS:.+]] batch %{{.+}} {block_size = 4 : i64}
  // CHECK: %[[DIAGONAL:.+]] = memref.alloc(%{{.+}}) : memref<?x2x4xf32>
  // CHECK: skim.dispatch attention {{.+}}, %[[DIAGONAL]]) tasks
  %a = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.25 : f32}
    : !skim.ragged<16xf32>, !skim.ragged<16xf32>, !skim.ragged<16xf32> -> !skim.ragged<16xf32>
  %i = skim.token_importance %x, %x rows %rows {heads = 2 : i64, scale = 0.25 : f32}
    : !skim.ragged<16xf32>, !skim.ragged<16xf32> -> !skim.ragged<1xf32>
  // CHECK: skim.dispatch adaptive @block_scores{{.+}}(%[[DIAGONAL]], %[[FIRSTS]],
  // CHECK-SAME: %[[SCORES:[^,]+]]) tasks
  %p = skim.block_scores %x, %x rows %rows conv %conv, %bias conv %conv, %bias linear %fc, %bias {heads = 2 : i64, scale = 0.25 : f32, block_size = 4 : i64}
    : !skim.ragged<16xf32>, !skim.ragged<16xf32>, !skim.rows, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32> -> !skim.ragged<1xf32>
  // CHECK: skim.prune_rows {{.+}} to(%[[TO:.+]], %[[TP:.+]], %[[TE:.+]], %[[TS:.+]]) entry
  // CHECK-SAME: denominator = 0 : i64
  // CHECK-SAME: knob = -1 : i64
  %kept, %y = skim.prune %i rows %rows states(%a)
    {threshold = 0.5 : f32, protect = array<i64: 0>, place = #skim<place after_layer>, layer = 0 : i64}
    : !skim.ragged<1xf32>, (!skim.ragged<16xf32>) -> !skim.rows, (!skim.ragged<16xf32>)
  // CHECK: %[[LEFT:.+]] = skim.skip_rows %[[SCORES]] blocks %[[TABLE]] attended(%{{.+}}, %{{.+}}) from(%[[TO]], %[[TP]], %[[TE]], %[[TS]]) to(%[[UO:.+]], %{{.+}}, %{{.+}}, %[[US:.+]]) entry %{{.+}} segments
  %less, %z = skim.skip_blocks %p score_rows %rows rows %kept states(%y) segments %segments : tensor<?x?xi64>
    {block_size = 4 : i64, threshold = 0.001 : f32, protect = array<i64>, protect_segments = array<i64: 0>, layer = 0 : i64}
    : !skim.ragged<1xf32>, (!skim.ragged<16xf32>) -> !skim.rows, (!skim.ragged<16xf32>)
  // CHECK: skim.compose_rows %[[TS]], %[[US]] to %[[BOTH:.+]] count %[[LEFT]]
  // CHECK: skim.dispatch other @pool_{{.+}}(%{{.+}}, %[[BOTH]], %[[UO]],
  %m = skim.pool mean %z rows %less : !skim.ragged<16xf32> -> tensor<?x16xf32>
  return %m : tensor<?x16xf32>
}

// -----

// The rest of the network runs where sequences are left, on their rows.
// CHECK-LABEL: func.func @main
func.func @main(%input: tensor<?x?x16xf32>, %mask: tensor<?x?xi1>) -> tensor<?x3xf32> {
  %w = onnx.Constant dense<0.5> : tensor<16x3xf32>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.gather %input rows %rows : tensor<?x?x16xf32> -> !skim.ragged<16xf32>
  %p = skim.pool first %x rows %rows : !skim.ragged<16xf32> -> tensor<?x16xf32>
  // CHECK: skim.dispatch adaptive @gemm_16x3(%{{.+}}, %{{.+}}, %[[LOGITS:.+]]) {{.+}} {layer = 0 : i64}
  %l = skim.linear %p, %w {skim.overhead, skim.layer = 0 : i64} : tensor<?x16xf32>, tensor<16x3xf32> -> tensor<?x3xf32>
  // CHECK: %[[RESULTS:.+]] = memref.alloc(%{{.+}}) : memref<?x3xf32>
  // CHECK: %[[LEFT:.+]], %[[BATCH:.+]] = skim.exit_rows patience %[[LOGITS]] results %[[RESULTS]] from
  // CHECK-SAME: kept %[[KEPT:.+]] votes %[[VOTES:.+]] batch
  // CHECK: %[[SOME:.+]] = arith.cmpi ne, %[[BATCH]], %{{.+}}
  // CHECK: scf.if %[[SOME]] {
  // CHECK: skim.dispatch adaptive @gather_16(%{{.+}}, %[[KEPT]],
  // CHECK: skim.dispatch other @pool_mean_16_{{.+}}
  // CHECK: skim.exit_rows patience {{.+}} votes %[[VOTES]]
  // CHECK: scf.if
  // CHECK: skim.scatter_rows
  // CHECK: }
  // CHECK: skim.scatter_rows %{{.+}} index %[[KEPT]] to %[[RESULTS]] count %[[BATCH]]
  // CHECK: }
  // CHECK: skim.output %[[RESULTS]]
  %z = skim.early_exit patience %l rows %rows states(%x, %p) {threshold = 2.0 : f32, layer = 0 : i64, first}
    : tensor<?x3xf32>, !skim.rows, (!skim.ragged<16xf32>, tensor<?x16xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows, %y: !skim.ragged<16xf32>, %before: tensor<?x16xf32>):
    %q = skim.pool mean %y rows %r : !skim.ragged<16xf32> -> tensor<?x16xf32>
    %s = skim.weighted_sum(%before, %q) {weights = array<f32: 0.25, 0.75>} : tensor<?x16xf32>
    %k = skim.linear %s, %w : tensor<?x16xf32>, tensor<16x3xf32> -> tensor<?x3xf32>
    %n = skim.early_exit patience %k rows %r states(%y) {threshold = 2.0 : f32, layer = 1 : i64}
      : tensor<?x3xf32>, !skim.rows, (!skim.ragged<16xf32>) -> tensor<?x3xf32> {
    ^bb0(%r2: !skim.rows, %y2: !skim.ragged<16xf32>):
      %q2 = skim.pool first %y2 rows %r2 : !skim.ragged<16xf32> -> tensor<?x16xf32>
      %k2 = skim.linear %q2, %w : tensor<?x16xf32>, tensor<16x3xf32> -> tensor<?x3xf32>
      skim.yield %k2 : tensor<?x3xf32>
    }
    skim.yield %n : tensor<?x3xf32>
  }
  return %z : tensor<?x3xf32>
}
