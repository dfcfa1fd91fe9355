// RUN: skim-opt %s --expand-memref-copy | FileCheck %s

// CHECK-LABEL: func.func @strided_source_becomes_loops
// CHECK-SAME: (%[[SOURCE:.+]]: memref<?x2xf32, strided<[4, 1]>>, %[[TARGET:.+]]: memref<?x2xf32>)
// CHECK: scf.for %[[I:.+]] =
// CHECK: scf.for %[[J:.+]] =
// CHECK: %[[VALUE:.+]] = memref.load %[[SOURCE]][%[[I]], %[[J]]]
// CHECK: memref.store %[[VALUE]], %[[TARGET]][%[[I]], %[[J]]]
// CHECK-NOT: memref.copy
func.func @strided_source_becomes_loops(%source: memref<?x2xf32, strided<[4, 1]>>, %target: memref<?x2xf32>) {
  memref.copy %source, %target : memref<?x2xf32, strided<[4, 1]>> to memref<?x2xf32>
  return
}

// CHECK-LABEL: func.func @contiguous_copy_stays
// CHECK: memref.copy
func.func @contiguous_copy_stays(%source: memref<?x2xf32>, %target: memref<?x2xf32>) {
  memref.copy %source, %target : memref<?x2xf32> to memref<?x2xf32>
  return
}
