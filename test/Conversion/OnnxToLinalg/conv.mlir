// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Windows side by side times the weights as a matrix; 0 is read beyond the ends.
// CHECK-LABEL: func @padded
// CHECK: %[[WINDOWS:.+]] = linalg.generic {{.*}}outs(%{{.+}} : tensor<1x?x5x3x3xf32>)
// CHECK: arith.select
// CHECK: %[[ROWS:.+]] = tensor.reshape %[[WINDOWS]]({{.+}} -> tensor<1x?x9xf32>
// CHECK: %[[W:.+]] = linalg.generic {{.*}}outs(%{{.+}} : tensor<1x9x4xf32>)
// CHECK: %[[P:.+]] = skim.matmul %[[ROWS]], %[[W]] : tensor<1x?x9xf32>, tensor<1x9x4xf32> -> tensor<1x?x4xf32>
// CHECK: linalg.generic
// CHECK: arith.addf
func.func @padded(%x: tensor<?x3x9xf32>, %w: tensor<4x3x3xf32>, %b: tensor<4xf32>) -> tensor<?x4x5xf32> {
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1>, pads = array<i64: 1, 1>, strides = array<i64: 2>} : (tensor<?x3x9xf32>, tensor<4x3x3xf32>, tensor<4xf32>) -> tensor<?x4x5xf32>
  return %y : tensor<?x4x5xf32>
}

// A matrix for each group; without pads nothing is chosen.
// CHECK-LABEL: func @groups
// CHECK-NOT: arith.select
// CHECK: skim.matmul %{{.+}}, %{{.+}} : tensor<2x14x6xf32>, tensor<2x6x3xf32> -> tensor<2x14x3xf32>
// CHECK-NOT: arith.select
// CHECK: return
func.func @groups(%x: tensor<2x4x9xf32>, %w: tensor<6x2x3xf32>) -> tensor<2x6x7xf32> {
  %none = onnx.None
  %y = onnx.Conv %x, %w, %none {dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4x9xf32>, tensor<6x2x3xf32>, none) -> tensor<2x6x7xf32>
  return %y : tensor<2x6x7xf32>
}

// A window for each channel: a sum of shifted inputs, which zeros are put around.
// CHECK-LABEL: func @each_channel
// CHECK-SAME: %[[X:.+]]: tensor<?x4x?xf32>, %[[W:.+]]: tensor<4x1x3xf32>
// CHECK-NOT: skim.matmul
// CHECK: %[[PADDED:.+]] = tensor.insert_slice %[[X]] into %{{.+}}[0, 0, 1]
// CHECK: linalg.generic
// CHECK-COUNT-3: tensor.extract %[[PADDED]]
// CHECK-NOT: tensor.extract %[[PADDED]]
// CHECK: return
func.func @each_channel(%x: tensor<?x4x?xf32>, %w: tensor<4x1x3xf32>) -> tensor<?x4x?xf32> {
  %none = onnx.None
  %y = onnx.Conv %x, %w, %none {dilations = array<i64: 1>, group = 4 : i64, pads = array<i64: 1, 1>, strides = array<i64: 1>} : (tensor<?x4x?xf32>, tensor<4x1x3xf32>, none) -> tensor<?x4x?xf32>
  return %y : tensor<?x4x?xf32>
}

// A length that is known at run time only must have room for a window.
// CHECK-LABEL: func @any_length
// CHECK: skim.check %{{.+}}, "{{.*}}expected a padded input of at least the window's {0} positions, got {1}"
func.func @any_length(%x: tensor<2x4x?xf32>, %w: tensor<6x4x3xf32>) -> tensor<2x6x?xf32> {
  %none = onnx.None
  %y = onnx.Conv %x, %w, %none {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4x?xf32>, tensor<6x4x3xf32>, none) -> tensor<2x6x?xf32>
  return %y : tensor<2x6x?xf32>
}
