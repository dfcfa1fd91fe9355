// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// The largest of shifted elements; what lies beyond the ends is the lowest number.
// CHECK-LABEL: func @largest
// CHECK-SAME: %[[X:.+]]: tensor<?x3x?xf32>
// CHECK: %[[PADDED:.+]] = tensor.insert_slice %[[X]] into %{{.+}}[0, 0, 1]
// CHECK: linalg.generic
// CHECK-COUNT-3: tensor.extract %[[PADDED]]
// CHECK-NOT: tensor.extract %[[PADDED]]
// CHECK: return
func.func @largest(%x: tensor<?x3x?xf32>) -> tensor<?x3x?xf32> {
  %y = onnx.MaxPool %x {dilations = array<i64: 1>, kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>, strides = array<i64: 2>} : (tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  return %y : tensor<?x3x?xf32>
}

// Without pads a mean divides by the window's size; nothing is put around.
// CHECK-LABEL: func @mean
// CHECK-NOT: tensor.insert_slice
// CHECK: %[[FOUR:.+]] = arith.constant 4.000000e+00 : f32
// CHECK: arith.divf %{{.+}}, %[[FOUR]]
func.func @mean(%x: tensor<2x3x8xf32>) -> tensor<2x3x2xf32> {
  %y = onnx.AveragePool %x {dilations = array<i64: 1>, kernel_shape = array<i64: 4>, pads = array<i64: 0, 0>, strides = array<i64: 4>} : (tensor<2x3x8xf32>) -> tensor<2x3x2xf32>
  return %y : tensor<2x3x2xf32>
}

// Elements within the input are counted: those before its end less those before
// its begin.
// CHECK-LABEL: func @mean_of_those_inside
// CHECK: %[[KERNEL:.+]] = arith.constant 3 : index
// CHECK: %[[ENDS:.+]] = arith.minsi %{{.+}}, %[[KERNEL]]
// CHECK: %[[BEGINS:.+]] = arith.minsi %{{.+}}, %[[KERNEL]]
// CHECK: %[[COUNT:.+]] = arith.subi %[[ENDS]], %[[BEGINS]]
// CHECK: arith.index_cast %[[COUNT]]
// CHECK: arith.sitofp
// CHECK: arith.divf
func.func @mean_of_those_inside(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %y = onnx.AveragePool %x {dilations = array<i64: 1>, kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>, strides = array<i64: 1>} : (tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}

// However many elements a window has, counting them takes a few operations.
// CHECK-LABEL: func @mean_of_many
// CHECK-COUNT-2: arith.minsi
// CHECK-NOT: arith.minsi
// CHECK: return
func.func @mean_of_many(%x: tensor<1x2x4x2000000000xf32>) -> tensor<1x2x3x2000000000xf32> {
  %y = onnx.AveragePool %x {dilations = array<i64: 1, 1>, kernel_shape = array<i64: 2, 2000000001>, pads = array<i64: 0, 1000000000, 0, 1000000000>, strides = array<i64: 1, 1>} : (tensor<1x2x4x2000000000xf32>) -> tensor<1x2x3x2000000000xf32>
  return %y : tensor<1x2x3x2000000000xf32>
}

// A window of many elements is a loop.
// CHECK-LABEL: func @wide
// CHECK: scf.for
func.func @wide(%x: tensor<1x2x20x20xf32>) -> tensor<1x2x9x9xf32> {
  %y = onnx.MaxPool %x {dilations = array<i64: 1, 1>, kernel_shape = array<i64: 12, 12>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x2x20x20xf32>) -> tensor<1x2x9x9xf32>
  return %y : tensor<1x2x9x9xf32>
}
