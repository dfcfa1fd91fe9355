// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(skim-narrow-rows))' | FileCheck %s

// A classifier's last layer: one query a sequence, keys and values of all rows.
// CHECK-LABEL: func @classifier
// CHECK-SAME: (%[[X:.+]]: !skim.ragged<4xf32>, %[[ROWS:.+]]: !skim.rows
func.func @classifier(%x: !skim.ragged<4xf32>, %rows: !skim.rows, %w: tensor<4x4xf32>, %g: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[FIRST:.+]], %[[FX:.+]] = skim.first_rows %[[ROWS]] states(%[[X]])
  // CHECK: %[[Q:.+]] = skim.linear %[[FX]]
  // CHECK: %[[K:.+]] = skim.linear %[[X]]
  // CHECK: %[[V:.+]] = skim.linear %[[X]]
  // CHECK: %[[C:.+]] = skim.attention %[[Q]], %[[K]], %[[V]] rows %[[FIRST]] key_rows %[[ROWS]]
  // CHECK: %[[O:.+]] = skim.linear %[[C]], %{{.+}} residual %[[FX]]
  // CHECK: %[[N:.+]] = skim.norm %[[O]]
  // CHECK: skim.pool first %[[N]] rows %[[FIRST]]
  %q = skim.linear %x, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %k = skim.linear %x, %w {transpose_weight} : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %v = skim.linear %x, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %c = skim.attention %q, %k, %v rows %rows {heads = 2 : i64, scale = 1.0 : f32}
    : !skim.ragged<4xf32>, !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<4xf32>
  %o = skim.linear %c, %w residual %x : !skim.ragged<4xf32>, tensor<4x4xf32> residual !skim.ragged<4xf32> -> !skim.ragged<4xf32>
  %n = skim.norm %o, %g {epsilon = 1.0e-6 : f32} : !skim.ragged<4xf32>, tensor<4xf32>
  %p = skim.pool first %n rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %p : tensor<?x4xf32>
}

// The scale of all rows rounds those that are read.
// CHECK-LABEL: func @one_scale
// CHECK-NOT: skim.first_rows
func.func @one_scale(%x: !skim.ragged<4xf32>, %rows: !skim.rows, %w: tensor<4x4xi8>, %s: tensor<4xf32>, %z: tensor<4xi8>) -> tensor<?x4xf32> {
  %c = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 1.0 : f32}
    : !skim.ragged<4xf32>, !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<4xf32>
  %o = skim.linear %c, %w scale %s zero_point %z : !skim.ragged<4xf32>, tensor<4x4xi8> scale tensor<4xf32> zero_point tensor<4xi8> -> !skim.ragged<4xf32>
  %p = skim.pool first %o rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %p : tensor<?x4xf32>
}

// One projection for query, key and value is wanted as a whole.
// CHECK-LABEL: func @shared_projection
// CHECK-SAME: (%[[X:.+]]: !skim.ragged<4xf32>, %[[ROWS:.+]]: !skim.rows
func.func @shared_projection(%x: !skim.ragged<4xf32>, %rows: !skim.rows, %w: tensor<4x4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[H:.+]] = skim.linear %[[X]]
  // CHECK: %[[FIRST:.+]], %[[FH:.+]] = skim.first_rows %[[ROWS]] states(%[[H]])
  // CHECK: skim.attention %[[FH]], %[[H]], %[[H]] rows %[[FIRST]] key_rows %[[ROWS]]
  %h = skim.linear %x, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %c = skim.attention %h, %h, %h rows %rows {heads = 2 : i64, scale = 1.0 : f32}
    : !skim.ragged<4xf32>, !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<4xf32>
  %p = skim.pool first %c rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %p : tensor<?x4xf32>
}

// Importance counts all queries.
// CHECK-LABEL: func @importance_is_read
func.func @importance_is_read(%q: !skim.ragged<4xf32>, %k: !skim.ragged<4xf32>, %rows: !skim.rows, %w: tensor<4x4xf32>) -> (tensor<?x4xf32>, !skim.ragged<1xf32>) {
  // CHECK-NOT: skim.first_rows
  %h = skim.linear %q, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %c = skim.attention %h, %k, %k rows %rows {heads = 2 : i64, scale = 1.0 : f32}
    : !skim.ragged<4xf32>, !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<4xf32>
  %i = skim.token_importance %h, %k rows %rows {heads = 2 : i64, scale = 1.0 : f32}
    : !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<1xf32>
  %p = skim.pool first %c rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %p, %i : tensor<?x4xf32>, !skim.ragged<1xf32>
}

// CHECK-LABEL: func @mean_reads_all_rows
func.func @mean_reads_all_rows(%h: !skim.ragged<4xf32>, %rows: !skim.rows) -> tensor<?x4xf32> {
  // CHECK-NOT: skim.first_rows
  %c = skim.attention %h, %h, %h rows %rows {heads = 2 : i64, scale = 1.0 : f32}
    : !skim.ragged<4xf32>, !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<4xf32>
  %p = skim.pool mean %c rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %p : tensor<?x4xf32>
}

// CHECK-LABEL: func @another_reader
func.func @another_reader(%h: !skim.ragged<4xf32>, %rows: !skim.rows) -> (tensor<?x4xf32>, tensor<?x?x4xf32>) {
  // CHECK-NOT: skim.first_rows
  %c = skim.attention %h, %h, %h rows %rows {heads = 2 : i64, scale = 1.0 : f32}
    : !skim.ragged<4xf32>, !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<4xf32>
  %p = skim.pool first %c rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  %r = skim.restore %c rows %rows : !skim.ragged<4xf32> -> tensor<?x?x4xf32>
  return %p, %r : tensor<?x4xf32>, tensor<?x?x4xf32>
}
