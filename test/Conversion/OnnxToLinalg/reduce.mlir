// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Reductions: axes as constants and as data.

// CHECK-LABEL: func @mean_of_last_axis
// CHECK: linalg.generic
// CHECK: scf.for
// CHECK: arith.addf
// CHECK: arith.divf
func.func @mean_of_last_axis(%x: tensor<?x9xf32>) -> tensor<?x1xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %y = onnx.ReduceMean %x, %axes : (tensor<?x9xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func @axes_at_run_time
// CHECK: skim.check %{{.+}}, "node (ReduceSum): expected an axis of a tensor of rank {1}, got {0}"
// CHECK: arith.select
func.func @axes_at_run_time(%x: tensor<9x7xf32>, %axes: tensor<1xi64>) -> tensor<?x?xf32> {
  %y = onnx.ReduceSum %x, %axes : (tensor<9x7xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func @argmax_keeps_the_first
// CHECK: arith.cmpf olt
func.func @argmax_keeps_the_first(%x: tensor<?x9xf32>) -> tensor<?x1xi64> {
  %y = onnx.ArgMax %x {axis = 1 : i64} : (tensor<?x9xf32>) -> tensor<?x1xi64>
  return %y : tensor<?x1xi64>
}

// CHECK-LABEL: func @cumsum_carries_the_tensor
// CHECK: scf.for
// CHECK-SAME: iter_args
// CHECK: tensor.insert
func.func @cumsum_carries_the_tensor(%x: tensor<?x?xi64>) -> tensor<?x?xi64> {
  %axis = onnx.Constant dense<1> : tensor<i64>
  %y = onnx.CumSum %x, %axis : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  return %y : tensor<?x?xi64>
}

// Axes that follow one another are one axis, whose elements one loop goes over.
// CHECK-LABEL: func @neighbouring_axes
// CHECK-SAME: %[[X:.+]]: tensor<?x4x3x7xf32>
// CHECK: %[[JOINED:.+]] = tensor.reshape %[[X]](%{{.+}}) : (tensor<?x4x3x7xf32>, tensor<2xindex>) -> tensor<?x84xf32>
// CHECK: linalg.generic
// CHECK: scf.for %[[I:.+]] = %c0 to %c84 step %c1
// CHECK-NOT: scf.for
// CHECK: tensor.extract %[[JOINED]][%{{.+}}, %[[I]]]
// CHECK: tensor.reshape %{{.+}}(%{{.+}}) : (tensor<?x1xf32>, tensor<4xindex>) -> tensor<?x1x1x1xf32>
func.func @neighbouring_axes(%x: tensor<?x4x3x7xf32>) -> tensor<?x1x1x1xf32> {
  %axes = onnx.Constant dense<[1, 3, 2]> : tensor<3xi64>
  %y = onnx.ReduceSum %x, %axes : (tensor<?x4x3x7xf32>, tensor<3xi64>) -> tensor<?x1x1x1xf32>
  return %y : tensor<?x1x1x1xf32>
}

// Others stay apart.
// CHECK-LABEL: func @axes_apart
// CHECK-NOT: tensor.reshape
// CHECK: scf.for
// CHECK: scf.for
func.func @axes_apart(%x: tensor<?x4x3xf32>) -> tensor<1x4x1xf32> {
  %axes = onnx.Constant dense<[0, 2]> : tensor<2xi64>
  %y = onnx.ReduceSum %x, %axes : (tensor<?x4x3xf32>, tensor<2xi64>) -> tensor<1x4x1xf32>
  return %y : tensor<1x4x1xf32>
}
