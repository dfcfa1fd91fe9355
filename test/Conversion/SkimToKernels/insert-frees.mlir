// RUN: skim-opt %s --insert-frees | FileCheck %s

func.func private @use(memref<?xf32>)
func.func private @use2(memref<?x?xf32>)

// A view's last use is the buffer's.
// CHECK-LABEL: func.func @after_last_use
func.func @after_last_use(%n: index) {
  // CHECK: %[[A:.+]] = memref.alloc
  %a = memref.alloc(%n) : memref<?xf32>
  %v = memref.expand_shape %a [[0, 1]] output_shape [%n, 1] : memref<?xf32> into memref<?x1xf32>
  %w = memref.cast %v : memref<?x1xf32> to memref<?x?xf32>
  // CHECK: call @use2
  func.call @use2(%w) : (memref<?x?xf32>) -> ()
  // CHECK-NEXT: memref.dealloc %[[A]]
  // CHECK-NEXT: %[[B:.+]] = memref.alloc
  %b = memref.alloc(%n) : memref<?xf32>
  // CHECK-NEXT: call @use
  func.call @use(%b) : (memref<?xf32>) -> ()
  // CHECK-NEXT: memref.dealloc %[[B]]
  return
}

// The op of the buffer's own block counts, not the one inside of a loop.
// CHECK-LABEL: func.func @used_in_loop
func.func @used_in_loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: %[[A:.+]] = memref.alloc
  %a = memref.alloc(%n) : memref<?xf32>
  // CHECK: scf.for
  scf.for %i = %c0 to %n step %c1 {
    // CHECK: %[[B:.+]] = memref.alloc
    %b = memref.alloc(%n) : memref<?xf32>
    func.call @use(%a) : (memref<?xf32>) -> ()
    // CHECK: memref.dealloc %[[B]]
  }
  // CHECK: }
  // CHECK-NEXT: memref.dealloc %[[A]]
  return
}

// An output takes the buffer over, unless it is a part or shown twice.
// CHECK-LABEL: func.func @outputs
func.func @outputs(%n: index) {
  // CHECK: %[[A:.+]] = memref.alloc
  %a = memref.alloc(%n) : memref<?xf32>
  // CHECK: %[[B:.+]] = memref.alloc
  %b = memref.alloc(%n) : memref<?xf32>
  // CHECK: skim.output %[[A]] {index = 0 : i64, owned}
  skim.output %a {index = 0 : i64} : memref<?xf32>
  // CHECK: skim.output %[[B]] {index = 1 : i64} :
  skim.output %b {index = 1 : i64} : memref<?xf32>
  // CHECK: skim.output %[[B]] {index = 2 : i64} :
  skim.output %b {index = 2 : i64} : memref<?xf32>
  // CHECK-NEXT: memref.dealloc %[[B]]
  return
}

// The branch is the rest of the network: nothing that it reads at its beginning
// only is held to its end.
// CHECK-LABEL: func.func @branch
func.func @branch(%n: index, %c: i1) {
  // CHECK: %[[A:.+]] = memref.alloc
  %a = memref.alloc(%n) : memref<?xf32>
  // CHECK: scf.if
  scf.if %c {
    // CHECK: scf.if
    scf.if %c {
      // CHECK-NEXT: func.call @use(%[[A]])
      // CHECK-NEXT: memref.dealloc %[[A]]
      func.call @use(%a) : (memref<?xf32>) -> ()
      // CHECK-NEXT: %[[B:.+]] = memref.alloc
      %b = memref.alloc(%n) : memref<?xf32>
      func.call @use(%b) : (memref<?xf32>) -> ()
      // CHECK: memref.dealloc %[[B]]
    }
    // CHECK: } else {
    // CHECK-NEXT: memref.dealloc %[[A]]
    // CHECK-NEXT: }
    // CHECK-NEXT: func.call @nothing
    func.call @nothing() : () -> ()
  }
  // CHECK-NEXT: } else {
  // CHECK-NEXT: memref.dealloc %[[A]]
  // CHECK-NEXT: }
  // CHECK-NEXT: return
  return
}
func.func private @nothing()

// What a branch hands on is left alone.
// CHECK-LABEL: func.func @handed_on
// CHECK-NOT: memref.dealloc
func.func @handed_on(%n: index, %c: i1, %other: memref<?xf32>) {
  %a = scf.if %c -> memref<?xf32> {
    %b = memref.alloc(%n) : memref<?xf32>
    scf.yield %b : memref<?xf32>
  } else {
    scf.yield %other : memref<?xf32>
  }
  func.call @use(%a) : (memref<?xf32>) -> ()
  return
}
