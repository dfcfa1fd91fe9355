// RUN: skim-opt %s -split-input-file --convert-kernels-to-llvm | FileCheck %s

// Attributes become a constant record, the tables of rows one of the frame.
// CHECK-DAG: llvm.mlir.global private constant @[[$LIST:.+]]() {{.*}}: !llvm.array<2 x i64>
// CHECK-DAG: llvm.mlir.global private constant @[[$DESC:.+]]() {{.*}}: !llvm.struct<(i64, i64, i64, f64, f64, i64, i64, i64, ptr)>

// CHECK-LABEL: func.func @skim_entry
// CHECK-SAME: (%[[CALL:.+]]: !llvm.ptr)
func.func @main(%sums: memref<?x?xf32>, %o: memref<?xi32>, %p: memref<?xi32>,
                %to: memref<?xi32>, %tp: memref<?xi32>, %te: memref<?xi32>, %ts: memref<?xi32>, %out: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  // CHECK: %[[DESC:.+]] = llvm.mlir.addressof @[[$DESC]]
  // The rows at entry have no table of entry rows.
  // CHECK: llvm.mlir.zero : !llvm.ptr
  // CHECK: llvm.call @skim_rt_prune(%[[CALL]], %[[DESC]], %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i64
  %count = skim.prune_rows %sums from(%o, %p) to(%to, %tp, %te, %ts) entry %o batch %c2 sequence %c8
    {heads = 2 : i64, denominator = 128 : i64, threshold = 0.5 : f32, floor = 1.0e-5 : f32, protect = array<i64: 0, 3>,
     place = #skim<place before_ffn>, knob = 0 : i64, layer = 1 : i64}
    : memref<?x?xf32>, (memref<?xi32>, memref<?xi32>), (memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>), memref<?xi32>
  %some = memref.alloc(%count) : memref<?xf32>
  // CHECK: llvm.call @skim_rt_first_rows(%[[CALL]],
  %firsts = skim.leading_rows from(%to, %tp, %te, %ts) to(%to, %tp, %te, %ts) batch %c2
    : (memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>), (memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>)
  // CHECK: llvm.call @skim_rt_blocks(%[[CALL]],
  %blocks = skim.block_rows %o to %tp firsts %te batch %c2 {block_size = 4 : i64} : memref<?xi32>, memref<?xi32>, memref<?xi32>
  // CHECK: llvm.call @skim_rt_compose(%[[CALL]],
  skim.compose_rows %te, %ts to %tp count %count : memref<?xi32>, memref<?xi32>, memref<?xi32>
  return
}

// -----

// CHECK-DAG: llvm.mlir.global private constant @{{.+}}() {{.*}}: !llvm.struct<(i64, i64, f64, f64, i64, i64, i64)>
// CHECK-DAG: llvm.mlir.global private constant @{{.+}}() {{.*}}: !llvm.struct<(i64, i64, f64, i64, i64, i64, ptr, i64, ptr)>
// CHECK-LABEL: func.func @skim_entry
// CHECK-SAME: (%[[CALL:.+]]: !llvm.ptr)
func.func @main(%logits: memref<?x3xf32>, %result: memref<?x3xf32>, %o: memref<?xi32>, %p: memref<?xi32>,
                %t: memref<?xi32>, %kept: memref<?xi32>, %scores: memref<?xf32>, %segments: memref<?x?xi64>) {
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  // CHECK: %[[ONE:.+]] = llvm.mlir.constant(1 : i64)
  // CHECK-NEXT: %[[STAYING:.+]] = llvm.alloca %[[ONE]] x i64
  // CHECK: llvm.call @skim_rt_exit(%[[CALL]], {{.+}}, %[[STAYING]])
  // CHECK: llvm.load %[[STAYING]] : !llvm.ptr -> i64
  %count, %batch = skim.exit_rows entropy %logits results %result from(%o, %p) to(%t, %t, %t, %t)
    entry %o kept %kept votes %t batch %c2 sequence %c8
    {threshold = 0.5 : f32, temperature = 1.0 : f32, first, knob = -1 : i64, layer = 0 : i64}
    : memref<?x3xf32>, memref<?x3xf32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>,
      memref<?xi32>, memref<?xi32>, memref<?xi32>, index, index
  // CHECK: llvm.call @skim_rt_scatter(%[[CALL]],
  skim.scatter_rows %logits index %kept to %result count %batch : memref<?x3xf32>, memref<?xi32>, memref<?x3xf32>
  // CHECK: llvm.call @skim_rt_hold(%[[CALL]],
  skim.hold_rows %result states %logits from(%o, %p) kept(%t, %t, %t, %t) batch %c2
    : memref<?x3xf32>, memref<?x3xf32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, index
  // CHECK: llvm.call @skim_rt_skip_blocks(%[[CALL]],
  %left = skim.skip_rows %scores blocks %t attended(%o, %p) from(%o, %p) to(%t, %t, %t, %t) entry %o segments %segments batch %c2 sequence %c8
    {block_size = 4 : i64, threshold = 0.5 : f32, batch_align = #skim<batch_align none>, protect = array<i64>, protect_segments = array<i64: 0>,
     knob = -1 : i64, layer = 0 : i64}
    : memref<?xf32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?xi32>,
      memref<?xi32>, memref<?xi32>, memref<?xi32>, memref<?x?xi64>, index, index
  return
}
