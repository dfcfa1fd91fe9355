// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// Groups of channels of single positions: a product for each, of columns of the rows.
// CHECK-LABEL: func @groups
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x32xf32> {{.*}}, %[[W:[^:]+]]: tensor<32x16x1xf32>, %[[B:[^:]+]]: tensor<32xf32>
func.func @groups(%x: tensor<?x?x32xf32> {onnx.dims = ["batch", "sequence", "32"]}, %w: tensor<32x16x1xf32>, %b: tensor<32xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.Conv
  // CHECK: %[[LEFT:.+]] = onnx.Slice %[[X]], {{.*}} -> tensor<?x?x16xf32>
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[LEFT]], %{{.+}} : (tensor<?x?x16xf32>, tensor<16x16xf32>) -> tensor<?x?x16xf32>
  // CHECK: %[[BIAS:.+]] = onnx.Slice %[[B]], {{.*}} -> tensor<16xf32>
  // CHECK: %[[P:.+]] = onnx.Add %[[Y]], %[[BIAS]]
  // CHECK: onnx.MatMul
  // CHECK: %[[Q:.+]] = onnx.Add
  // CHECK: %[[ALL:.+]] = onnx.Concat %[[P]], %[[Q]] {axis = 2 : i64}
  // CHECK-NEXT: return %[[ALL]]
  %channels = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<?x?x32xf32>) -> tensor<*xf32>
  %y = onnx.Conv %channels, %w, %b {dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<*xf32>, tensor<32x16x1xf32>, tensor<32xf32>) -> tensor<*xf32>
  %back = onnx.Transpose %y {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Narrow groups, and windows of several positions, stay.
// CHECK-LABEL: func @stay
func.func @stay(%x: tensor<?x32x?xf32>, %narrow: tensor<32x8x1xf32>, %wide: tensor<32x16x3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  // CHECK-COUNT-2: onnx.Conv
  %none = onnx.None
  %a = onnx.Conv %x, %narrow, %none {dilations = array<i64: 1>, group = 4 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<?x32x?xf32>, tensor<32x8x1xf32>, none) -> tensor<*xf32>
  %b = onnx.Conv %x, %wide, %none {dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 1, 1>, strides = array<i64: 1>} : (tensor<?x32x?xf32>, tensor<32x16x3xf32>, none) -> tensor<*xf32>
  return %a, %b : tensor<*xf32>, tensor<*xf32>
}
