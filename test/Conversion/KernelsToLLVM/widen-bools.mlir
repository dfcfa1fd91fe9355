// RUN: skim-opt %s --widen-bools | FileCheck %s

// CHECK-LABEL: llvm.func @truth_is_a_byte
// CHECK-SAME: (%[[FROM:.+]]: !llvm.ptr, %[[TO:.+]]: !llvm.ptr)
// CHECK: %[[BYTE:.+]] = llvm.load %[[FROM]] : !llvm.ptr -> i8
// CHECK: %[[TRUTH:.+]] = llvm.trunc %[[BYTE]] : i8 to i1
// CHECK: %[[NOT:.+]] = llvm.xor %[[TRUTH]], %{{.+}} : i1
// CHECK: %[[STORED:.+]] = llvm.zext %[[NOT]] : i1 to i8
// CHECK: llvm.store %[[STORED]], %[[TO]] : i8, !llvm.ptr
// CHECK-NOT: llvm.store
llvm.func @truth_is_a_byte(%from: !llvm.ptr, %to: !llvm.ptr) {
  %true = llvm.mlir.constant(true) : i1
  %truth = llvm.load %from : !llvm.ptr -> i1
  %not = llvm.xor %truth, %true : i1
  llvm.store %not, %to : i1, !llvm.ptr
  llvm.return
}

// CHECK-LABEL: llvm.func @other_numbers_stay
// CHECK: %[[NUMBER:.+]] = llvm.load %{{.+}} : !llvm.ptr -> i32
// CHECK-NEXT: llvm.store %[[NUMBER]], %{{.+}} : i32, !llvm.ptr
llvm.func @other_numbers_stay(%from: !llvm.ptr, %to: !llvm.ptr) {
  %number = llvm.load %from : !llvm.ptr -> i32
  llvm.store %number, %to : i32, !llvm.ptr
  llvm.return
}
