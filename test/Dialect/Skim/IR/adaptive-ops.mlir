// RUN: skim-opt %s | skim-opt | FileCheck %s
// RUN: skim-opt --mlir-print-op-generic %s | skim-opt | FileCheck %s

// CHECK-LABEL: func @token_pruning
// CHECK-SAME: %[[X:[^:]+]]: !skim.ragged<8xf32>, %[[ROWS:[^:]+]]: !skim.rows
func.func @token_pruning(%x: !skim.ragged<8xf32>, %rows: !skim.rows) -> !skim.ragged<8xf32> {
  // CHECK: %[[S:.+]] = skim.token_importance %[[X]], %[[X]] rows %[[ROWS]] {denominator_tokens = 128 : i64, heads = 2 : i64, scale = 5.000000e-01 : f32}
  %s = skim.token_importance %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32, denominator_tokens = 128 : i64} : !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<1xf32>
  // CHECK: skim.prune %[[S]] rows %[[ROWS]] states(%[[X]]) held %[[X]] from %[[X]]
  %kept, %y, %held = skim.prune %s rows %rows states(%x) held %x from %x {threshold = 0.002 : f32, protect = array<i64: 0>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) held !skim.ragged<8xf32> from !skim.ragged<8xf32> -> !skim.rows, (!skim.ragged<8xf32>) held !skim.ragged<8xf32>
  return %held : !skim.ragged<8xf32>
}

// CHECK-LABEL: func @block_skimming
func.func @block_skimming(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %conv: tensor<2x2x3x3xf32>,
                          %bias: tensor<2xf32>, %linear: tensor<2x2xf32>,
                          %segments: tensor<?x?xi64>) -> !skim.ragged<8xf32> {
  // CHECK: %[[P:.+]] = skim.block_scores %{{.+}}, %{{.+}} rows %[[ROWS:.+]] conv %{{.+}}, %{{.+}} conv %{{.+}}, %{{.+}} linear %{{.+}}, %{{.+}} {block_size = 4 : i64
  %p = skim.block_scores %x, %x rows %rows conv %conv, %bias conv %conv, %bias linear %linear, %bias {heads = 2 : i64, scale = 0.5 : f32, block_size = 4 : i64} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.rows, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32> -> !skim.ragged<1xf32>
  // CHECK: skim.skip_blocks %[[P]] score_rows %[[ROWS]] rows %[[ROWS]] states(%{{.+}}) segments %{{.+}} : tensor<?x?xi64> {batch_align = #skim<batch_align max>
  %kept, %y = skim.skip_blocks %p score_rows %rows rows %rows states(%x) segments %segments : tensor<?x?xi64> {block_size = 4 : i64, threshold = 0.001 : f32, batch_align = #skim<batch_align max>, protect = array<i64: 0, 2>, protect_segments = array<i64: 0>, layer = 0 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>)
  return %y : !skim.ragged<8xf32>
}

// CHECK-LABEL: func @early_exit
func.func @early_exit(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows,
                      %w: tensor<8x3xf32>) -> tensor<?x3xf32> {
  // CHECK: %[[Z:.+]] = skim.early_exit {{ *}}normalised_entropy %{{.+}} rows %{{.+}} states(%{{.+}})
  // CHECK-NEXT: ^bb0(%[[R:.+]]: !skim.rows, %[[Y:.+]]: !skim.ragged<8xf32>):
  // CHECK: skim.yield %{{.+}} : tensor<?x3xf32>
  // CHECK: return %[[Z]]
  %z = skim.early_exit normalised_entropy %logits rows %rows states(%x) {threshold = 0.1 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows, %y: !skim.ragged<8xf32>):
    %p = skim.pool first %y rows %r : !skim.ragged<8xf32> -> tensor<?x8xf32>
    %l = skim.linear %p, %w : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32>
    skim.yield %l : tensor<?x3xf32>
  }
  return %z : tensor<?x3xf32>
}

// CHECK-LABEL: func @exit_with_pooled_states
func.func @exit_with_pooled_states(%logits: tensor<4x3xf32>, %p: tensor<4x8xf32>, %rows: !skim.rows,
                                  %w: tensor<8x3xf32>) -> tensor<4x3xf32> {
  // CHECK: skim.early_exit {{ *}}patience %{{.+}} rows %{{.+}} states(%{{.+}}) {first, layer = 0 : i64, threshold = 2.000000e+00 : f32} : tensor<4x3xf32>, !skim.rows, (tensor<4x8xf32>) -> tensor<4x3xf32>
  %z = skim.early_exit patience %logits rows %rows states(%p) {threshold = 2.0 : f32, layer = 0 : i64, first} : tensor<4x3xf32>, !skim.rows, (tensor<4x8xf32>) -> tensor<4x3xf32> {
  // CHECK-NEXT: ^bb0(%{{.+}}: !skim.rows, %{{.+}}: tensor<?x8xf32>):
  ^bb0(%r: !skim.rows, %q: tensor<?x8xf32>):
    %s = skim.linear %q, %w : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32>
    skim.yield %s : tensor<?x3xf32>
  }
  return %z : tensor<4x3xf32>
}

// CHECK-LABEL: func @hold
func.func @hold(%x: !skim.ragged<8xf32>, %entry: !skim.rows, %rows: !skim.rows) -> !skim.ragged<8xf32> {
  // CHECK: %[[H:.+]] = skim.empty_states rows %{{.+}} : <8xf32>
  %h = skim.empty_states rows %entry : !skim.ragged<8xf32>
  // CHECK: skim.hold %[[H]], %{{.+}} rows %{{.+}} : <8xf32>
  %y = skim.hold %h, %x rows %rows : !skim.ragged<8xf32>
  return %y : !skim.ragged<8xf32>
}

// CHECK-LABEL: func @first_rows
func.func @first_rows(%x: !skim.ragged<8xf32>, %rows: !skim.rows) -> !skim.ragged<8xf32> {
  // CHECK: %[[FIRST:.+]], %[[STATES:.+]]:2 = skim.first_rows %{{.+}} states(%{{.+}}, %{{.+}}) : (!skim.ragged<8xf32>, !skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>, !skim.ragged<8xf32>)
  %first, %a, %b = skim.first_rows %rows states(%x, %x) : (!skim.ragged<8xf32>, !skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>, !skim.ragged<8xf32>)
  return %a : !skim.ragged<8xf32>
}

// CHECK-LABEL: func @weighted_sum
func.func @weighted_sum(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: skim.weighted_sum(%{{.+}}, %{{.+}}) {weights = array<f32: 2.500000e-01, -1.000000e+00>} : tensor<?x8xf32>
  %s = skim.weighted_sum(%a, %b) {weights = array<f32: 0.25, -1.0>} : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}
