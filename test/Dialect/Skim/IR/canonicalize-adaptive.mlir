// RUN: skim-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @prune_drops_unused_states
// CHECK-SAME: %[[S:[^:]+]]: !skim.ragged<1xf32>, %[[X:[^:]+]]: !skim.ragged<8xf32>, %[[Y:[^:]+]]: !skim.ragged<8xf32>
func.func @prune_drops_unused_states(%s: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %y: !skim.ragged<8xf32>,
                                     %held: !skim.ragged<8xf32>, %rows: !skim.rows) -> tensor<?x8xf32> {
  // CHECK: %[[KEPT:.+]], %[[Z:.+]] = skim.prune %[[S]] rows %{{.+}} states(%[[Y]]) {layer = 1 : i64
  // CHECK-NOT: held
  // CHECK: skim.pool {{ *}}first %[[Z]] rows %[[KEPT]]
  %kept, %a, %b, %h = skim.prune %s rows %rows states(%x, %y) held %held from %x {threshold = 0.002 : f32, protect = array<i64: 0>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>, !skim.ragged<8xf32>) held !skim.ragged<8xf32> from !skim.ragged<8xf32> -> !skim.rows, (!skim.ragged<8xf32>, !skim.ragged<8xf32>) held !skim.ragged<8xf32>
  %p = skim.pool first %b rows %kept : !skim.ragged<8xf32> -> tensor<?x8xf32>
  return %p : tensor<?x8xf32>
}

// CHECK-LABEL: func @prune_without_readers
func.func @prune_without_readers(%s: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // CHECK-NOT: skim.prune
  %kept, %a = skim.prune %s rows %rows states(%x) {threshold = 0.002 : f32, protect = array<i64: 0>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>)
  return
}

// CHECK-LABEL: func @prune_that_keeps_all
// CHECK-SAME: %[[X:[^:]+]]: !skim.ragged<8xf32>, %[[HELD:[^:]+]]: !skim.ragged<8xf32>, %[[ROWS:[^:]+]]: !skim.rows
func.func @prune_that_keeps_all(%x: !skim.ragged<8xf32>, %held: !skim.ragged<8xf32>, %rows: !skim.rows, %s: !skim.ragged<1xf32>) -> (!skim.rows, !skim.ragged<8xf32>, !skim.ragged<8xf32>) {
  // CHECK-NEXT: return %[[ROWS]], %[[X]], %[[HELD]]
  %kept, %a, %h = skim.prune %s rows %rows states(%x) held %held from %x {threshold = 0.0 : f32, floor = 0.0 : f32, protect = array<i64>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) held !skim.ragged<8xf32> from !skim.ragged<8xf32> -> !skim.rows, (!skim.ragged<8xf32>) held !skim.ragged<8xf32>
  return %kept, %a, %h : !skim.rows, !skim.ragged<8xf32>, !skim.ragged<8xf32>
}

// A threshold of 0 leaves the floor.
// CHECK-LABEL: func @prune_with_a_floor_stays
func.func @prune_with_a_floor_stays(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %s: !skim.ragged<1xf32>) -> (!skim.rows, !skim.ragged<8xf32>) {
  // CHECK: skim.prune
  %kept, %a = skim.prune %s rows %rows states(%x) {threshold = 0.0 : f32, protect = array<i64>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>)
  return %kept, %a : !skim.rows, !skim.ragged<8xf32>
}

// CHECK-LABEL: func @skip_drops_unused_states
func.func @skip_drops_unused_states(%p: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %y: !skim.ragged<4xf32>, %rows: !skim.rows) -> tensor<?x4xf32> {
  // CHECK: %[[KEPT:.+]], %[[Z:.+]] = skim.skip_blocks %{{.+}} score_rows %{{.+}} rows %{{.+}} states(%{{.+}}) {{.*}} (!skim.ragged<4xf32>) -> !skim.rows, (!skim.ragged<4xf32>)
  %kept, %a, %b = skim.skip_blocks %p score_rows %rows rows %rows states(%x, %y) {block_size = 4 : i64, threshold = 0.1 : f32, protect = array<i64: 0>, protect_segments = array<i64>, layer = 0 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>, !skim.ragged<4xf32>) -> !skim.rows, (!skim.ragged<8xf32>, !skim.ragged<4xf32>)
  %q = skim.pool mean %b rows %kept : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %q : tensor<?x4xf32>
}

// CHECK-LABEL: func @first_rows_twice
// CHECK-SAME: %[[X:[^:]+]]: !skim.ragged<8xf32>
func.func @first_rows_twice(%x: !skim.ragged<8xf32>, %y: !skim.ragged<8xf32>, %rows: !skim.rows) -> tensor<?x8xf32> {
  // CHECK: %[[FIRST:.+]], %[[A:.+]] = skim.first_rows %{{.+}} states(%[[X]])
  // CHECK-NOT: skim.first_rows
  // CHECK: skim.pool {{ *}}first %[[A]] rows %[[FIRST]]
  %first, %a, %b = skim.first_rows %rows states(%x, %y) : (!skim.ragged<8xf32>, !skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>, !skim.ragged<8xf32>)
  %again, %c = skim.first_rows %first states(%a) : (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>)
  %p = skim.pool first %c rows %again : !skim.ragged<8xf32> -> tensor<?x8xf32>
  return %p : tensor<?x8xf32>
}

// CHECK-LABEL: func @exit_drops_states
// CHECK-SAME: %{{[^:]+}}: tensor<?x3xf32>, %[[X:[^:]+]]: !skim.ragged<8xf32>, %[[Y:[^:]+]]: !skim.ragged<8xf32>
func.func @exit_drops_states(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %y: !skim.ragged<8xf32>, %rows: !skim.rows,
                             %w: tensor<8x3xf32>) -> tensor<?x3xf32> {
  // CHECK: skim.early_exit {{ *}}entropy %{{.+}} rows %{{.+}} states(%[[Y]])
  // CHECK-NEXT: ^bb0(%[[R:.+]]: !skim.rows, %[[S:.+]]: !skim.ragged<8xf32>):
  // CHECK: skim.add %[[S]], %[[S]]
  %z = skim.early_exit entropy %logits rows %rows states(%x, %y, %y) {threshold = 0.1 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows, %a: !skim.ragged<8xf32>, %b: !skim.ragged<8xf32>, %c: !skim.ragged<8xf32>):
    %s = skim.add %b, %c : !skim.ragged<8xf32>
    %p = skim.pool first %s rows %r : !skim.ragged<8xf32> -> tensor<?x8xf32>
    %l = skim.linear %p, %w : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32>
    skim.yield %l : tensor<?x3xf32>
  }
  return %z : tensor<?x3xf32>
}

// CHECK-LABEL: func @hold_of_all_rows
// CHECK-SAME: %[[X:[^:]+]]: !skim.ragged<8xf32>
func.func @hold_of_all_rows(%x: !skim.ragged<8xf32>, %rows: !skim.rows) -> !skim.ragged<8xf32> {
  // CHECK-NEXT: return %[[X]]
  %h = skim.empty_states rows %rows : !skim.ragged<8xf32>
  %y = skim.hold %h, %x rows %rows : !skim.ragged<8xf32>
  return %y : !skim.ragged<8xf32>
}

// CHECK-LABEL: func @hold_of_some_rows
func.func @hold_of_some_rows(%x: !skim.ragged<8xf32>, %entry: !skim.rows, %rows: !skim.rows) -> !skim.ragged<8xf32> {
  // CHECK: skim.hold
  %h = skim.empty_states rows %entry : !skim.ragged<8xf32>
  %y = skim.hold %h, %x rows %rows : !skim.ragged<8xf32>
  return %y : !skim.ragged<8xf32>
}
