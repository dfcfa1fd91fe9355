// RUN: skim-opt %s --skim-layout-weights | FileCheck %s

// Equal entries are one, unused ones go, offsets follow the views.

// CHECK-NOT: @a
skim.weights @a plain at 0 bytes 8 {parts = [dense<1> : tensor<2xi32>]}
// CHECK: skim.weights @b plain at 64 bytes 8
skim.weights @b plain at 0 bytes 8 {parts = [dense<1> : tensor<2xi32>]}
// CHECK: skim.weights @c plain at 0 bytes 4
skim.weights @c plain at 0 bytes 4 {parts = [dense<2> : tensor<1xi32>]}
// CHECK: skim.weights @other_layout padded at 128 bytes 16
skim.weights @other_layout padded at 0 bytes 16 {parts = [dense<1> : tensor<2xi32>], tile = 4 : i64}
// CHECK-NOT: @unused
skim.weights @unused plain at 0 bytes 4 {parts = [dense<3> : tensor<1xi32>]}

// CHECK-LABEL: func @main
func.func @main() -> (memref<1xi32>, memref<2xi32>, memref<2xi32>, memref<4xi32>) {
  // CHECK: skim.weights_view @c : memref<1xi32>
  %c = skim.weights_view @c : memref<1xi32>
  // CHECK-COUNT-2: skim.weights_view @b : memref<2xi32>
  %b = skim.weights_view @b : memref<2xi32>
  %a = skim.weights_view @a : memref<2xi32>
  // CHECK: skim.weights_view @other_layout : memref<4xi32>
  %o = skim.weights_view @other_layout : memref<4xi32>
  return %c, %b, %a, %o : memref<1xi32>, memref<2xi32>, memref<2xi32>, memref<4xi32>
}
