// RUN: skim-opt %s --convert-kernels-to-llvm | FileCheck %s
// RUN: skim-opt %s --llvm-pipeline | FileCheck %s --check-prefix=LLVM


// CHECK-DAG: llvm.func @skim_rt_fail(!llvm.ptr, !llvm.ptr, i64, i64) attributes {passthrough = ["noreturn", "cold"]}
// CHECK-DAG: llvm.func @skim_rt_alloc(!llvm.ptr, i64) -> (!llvm.ptr {llvm.align = 64 : i64, llvm.noalias})
// CHECK-DAG: llvm.mlir.global private constant @[[$TEXT:.+]]("too long: {0} of {1}\00")

// The declarations of weights stay for the writer of the library.
// CHECK-DAG: skim.weights @table plain at 64 bytes 32
// LLVM-DAG: skim.weights @table plain at 64 bytes 32
skim.weights @table plain at 64 bytes 32 {parts = [dense<1.0> : tensor<2x4xf32>]}

// The main function reads its inputs from the call.
// CHECK-LABEL: func.func @skim_entry
// CHECK-SAME: (%[[CALL:.+]]: !llvm.ptr)
// LLVM-LABEL: llvm.func @skim_entry
// LLVM-SAME: (%{{.+}}: !llvm.ptr)
func.func @main(%ids: memref<?x?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %flops = arith.constant 100 : i64
  // CHECK: %[[DIMS:.+]] = llvm.alloca
  // CHECK: %[[RECORD:.+]] = llvm.alloca %{{.+}} x !llvm.struct<(i64, ptr, i64, i64, ptr, ptr, i64, f32)>
  // CHECK: %[[HEAD:.+]] = llvm.getelementptr %[[CALL]][0]
  // CHECK: %[[INPUTS:.+]] = llvm.load %[[HEAD]] : !llvm.ptr -> !llvm.ptr
  // CHECK: llvm.getelementptr %[[INPUTS]][16]
  // CHECK: llvm.getelementptr %[[INPUTS]][24]
  %rows = memref.dim %ids, %c0 : memref<?x?xi64>
  // A check is a call that does not return, behind the negated condition.
  // CHECK: scf.if
  // CHECK: llvm.mlir.addressof @[[$TEXT]]
  // CHECK: llvm.call @skim_rt_fail(%[[CALL]],
  %ok = arith.cmpi ule, %rows, %c8 : index
  skim.check %ok, "too long: {0} of {1}" (%rows, %c8)
  // CHECK: %[[FOUR:.+]] = arith.muli
  // CHECK: llvm.call @skim_rt_alloc(%[[CALL]],
  %out = memref.alloc(%rows) : memref<?x4xf32>
  // Weights are the segment's base plus an offset.
  // CHECK: %[[PLACE:.+]] = llvm.getelementptr %[[CALL]][16]
  // CHECK: %[[BASE:.+]] = llvm.load %[[PLACE]]
  // CHECK: %[[OFFSET:.+]] = llvm.mlir.constant(64 : i64)
  // CHECK: llvm.getelementptr %[[BASE]][%[[OFFSET]]]
  %table = skim.weights_view @table : memref<2x4xf32>
  %scale = arith.constant 2.0 : f32
  // CHECK: llvm.store
  // CHECK: %[[TASK:.+]] = llvm.mlir.addressof @lookup.task
  // CHECK: llvm.call @skim_rt_parallel_for(%[[CALL]], %{{.+}}, %[[TASK]], %[[RECORD]],
  skim.dispatch embed @lookup(%ids, %table, %out, %scale) tasks %rows grain %c1 scratch %c0 flops %flops
    : memref<?x?xi64>, memref<2x4xf32>, memref<?x4xf32>, f32
  // CHECK: llvm.call @skim_rt_output(%[[CALL]],
  skim.output %out {index = 0 : i64, owned} : memref<?x4xf32>
  return
}

// A kernel takes bare pointers and sizes; attributes of a memref are its
// pointer's.
// CHECK-LABEL: func.func private @lookup
// CHECK-SAME: (%[[IDS:.+]]: !llvm.ptr, %{{.+}}: i64, %{{.+}}: i64, %[[TABLE:.+]]: !llvm.ptr, %[[OUT:.+]]: !llvm.ptr {llvm.noalias}, %{{.+}}: i64, %[[SCALE:.+]]: f32, %{{.+}}: i64, %{{.+}}: i64, %{{.+}}: !llvm.ptr, %{{.+}}: i64, %[[INNER:.+]]: !llvm.ptr)
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
// LLVM: llvm.func internal @lookup.task
// LLVM: llvm.func internal @lookup(
// LLVM-NOT: unrealized_conversion_cast
func.func private @lookup(%ids: memref<?x?xi64>, %table: memref<2x4xf32>, %out: memref<?x4xf32> {llvm.noalias}, %scale: f32,
                          %begin: index, %end: index, %scratch: memref<?xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %limit = arith.constant 2 : index
  scf.for %row = %begin to %end step %c1 {
    %id64 = memref.load %ids[%row, %c0] : memref<?x?xi64>
    %id = arith.index_cast %id64 : i64 to index
    %known = arith.cmpi ult, %id, %limit : index
    scf.if %known {
      %values = vector.load %table[%id, %c0] : memref<2x4xf32>, vector<4xf32>
      %scales = vector.broadcast %scale : f32 to vector<4xf32>
      %scaled = arith.mulf %values, %scales : vector<4xf32>
      vector.store %scaled, %out[%row, %c0] : memref<?x4xf32>, vector<4xf32>
    } else {
      // CHECK: llvm.call @skim_rt_report(%[[INNER]],
      skim.report "unknown id {0}" (%id)
    }
  }
  return
}
