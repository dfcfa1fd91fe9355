// RUN: skim-opt %s --fuse-loops | FileCheck %s

#rows = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>
#row = affine_map<(i, j) -> (j)>
#list = affine_map<(i) -> (i)>

// What is between the loops is not stored, and constants become numbers.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: (%[[X:.+]]: tensor<?x4xf32>, %[[INIT:.+]]: tensor<?x4xf32>)
// CHECK: %[[TWO:.+]] = arith.constant 2.000000e+00 : f32
// CHECK: %[[FUSED:.+]] = linalg.generic {{.+}} ins(%[[X]] :
// CHECK: ^bb0(%[[V:.+]]: f32, %{{.+}}: f32):
// CHECK: %[[E:.+]] = math.exp %[[V]]
// CHECK: %[[P:.+]] = arith.mulf %[[E]], %[[TWO]]
// CHECK: linalg.yield %[[P]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[FUSED]]
func.func @chain(%x: tensor<?x4xf32>, %init: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %two = arith.constant dense<2.0> : tensor<f32>
  %0 = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x4xf32>) outs(%init : tensor<?x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %e = math.exp %v : f32
    linalg.yield %e : f32
  } -> tensor<?x4xf32>
  %1 = linalg.generic {indexing_maps = [#rows, affine_map<(i, j) -> ()>, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%0, %two : tensor<?x4xf32>, tensor<f32>) outs(%init : tensor<?x4xf32>) {
  ^bb0(%v: f32, %t: f32, %o: f32):
    %p = arith.mulf %v, %t : f32
    linalg.yield %p : f32
  } -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// It would be computed twice.
// CHECK-LABEL: func.func @two_readers
// CHECK-COUNT-2: linalg.generic
func.func @two_readers(%x: tensor<?x4xf32>, %init: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x4xf32>) outs(%init : tensor<?x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %e = math.exp %v : f32
    linalg.yield %e : f32
  } -> tensor<?x4xf32>
  %1 = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?x4xf32>) outs(%init : tensor<?x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %n = arith.negf %v : f32
    linalg.yield %n : f32
  } -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// Each element would be computed once a row.
// CHECK-LABEL: func.func @broadcast
// CHECK-COUNT-2: linalg.generic
func.func @broadcast(%x: tensor<4xf32>, %list: tensor<4xf32>, %init: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = linalg.generic {indexing_maps = [#list, #list], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%list : tensor<4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %e = math.exp %v : f32
    linalg.yield %e : f32
  } -> tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [#row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<4xf32>) outs(%init : tensor<?x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %n = arith.negf %v : f32
    linalg.yield %n : f32
  } -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// Elements would be read in another order.
// CHECK-LABEL: func.func @turned
// CHECK-COUNT-2: linalg.generic
func.func @turned(%x: tensor<?x4xf32>, %rows: tensor<?x4xf32>, %init: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %0 = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x4xf32>) outs(%rows : tensor<?x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %e = math.exp %v : f32
    linalg.yield %e : f32
  } -> tensor<?x4xf32>
  %1 = linalg.generic {indexing_maps = [#turned, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?x4xf32>) outs(%init : tensor<4x?xf32>) {
  ^bb0(%v: f32, %o: f32):
    %n = arith.negf %v : f32
    linalg.yield %n : f32
  } -> tensor<4x?xf32>
  return %1 : tensor<4x?xf32>
}
