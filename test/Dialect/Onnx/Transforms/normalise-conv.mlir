// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// Groups of channels: a product for each, of columns of the rows.
// CHECK-LABEL: func @groups
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x32xf32> {{.*}}, %[[B:[^:]+]]: tensor<32xf32>
func.func @groups(%x: tensor<?x?x32xf32> {onnx.dims = ["batch", "sequence", "32"]}, %b: tensor<32xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.Conv
  // CHECK: %[[LEFT:.+]] = onnx.Slice %[[X]], {{.*}} -> tensor<?x?x16xf32>
  // CHECK: %[[BIAS:.+]] = onnx.Slice %[[B]], {{.*}} -> tensor<16xf32>
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[LEFT]], %{{.+}} : (tensor<?x?x16xf32>, tensor<16x16xf32>) -> tensor<?x?x16xf32>
  // CHECK: %[[P:.+]] = onnx.Add %[[Y]], %[[BIAS]]
  // CHECK: onnx.MatMul
  // CHECK: %[[Q:.+]] = onnx.Add
  // CHECK: %[[ALL:.+]] = onnx.Concat %[[P]], %[[Q]] {axis = 2 : i64}
  // CHECK-NEXT: return %[[ALL]]
  %w = onnx.Constant dense<0.5> : tensor<32x16x1xf32>
  %channels = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<?x?x32xf32>) -> tensor<*xf32>
  %y = onnx.Conv %channels, %w, %b {dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<*xf32>, tensor<32x16x1xf32>, tensor<32xf32>) -> tensor<*xf32>
  %back = onnx.Transpose %y {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Windows of many positions are gathered, of each group's channels.
// CHECK-LABEL: func @many_positions
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x32xf32>
func.func @many_positions(%x: tensor<?x?x32xf32> {onnx.dims = ["batch", "length", "32"]}) -> tensor<*xf32> {
  // CHECK-NOT: onnx.Conv
  // CHECK: %[[PADDED:.+]] = onnx.Pad %[[X]]
  // CHECK: %[[ROWS:.+]] = onnx.FitsWindow %[[PADDED]] {axes = array<i64: 1>, spans = array<i64: 33>}
  // CHECK: %[[LEFT:.+]] = onnx.Slice %[[ROWS]], {{.*}} -> tensor<?x?x16xf32>
  // CHECK: %[[FIRSTS:.+]] = onnx.Range %{{.+}}, %{{.+}}, %[[STRIDE:.+]] :
  // CHECK: %[[COLUMN:.+]] = onnx.Unsqueeze %[[FIRSTS]]
  // CHECK: %[[TAPS:.+]] = onnx.Constant dense<[0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32]>
  // CHECK: %[[PLACES:.+]] = onnx.Add %[[COLUMN]], %[[TAPS]] : (tensor<?x1xi64>, tensor<17xi64>) -> tensor<?x17xi64>
  // CHECK: %[[TAKEN:.+]] = onnx.Gather %[[LEFT]], %[[PLACES]] {axis = 1 : i64} : {{.*}} -> tensor<?x?x17x16xf32>
  // CHECK: %[[WINDOWS:.+]] = onnx.Reshape %[[TAKEN]], {{.*}} -> tensor<?x?x272xf32>
  // CHECK: onnx.MatMul %[[WINDOWS]], %{{.+}} : (tensor<?x?x272xf32>, tensor<272x24xf32>) -> tensor<?x?x24xf32>
  // CHECK: onnx.MatMul
  // CHECK: onnx.Concat
  %none = onnx.None
  %w = onnx.Constant dense<0.5> : tensor<48x16x17xf32>
  %channels = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<?x?x32xf32>) -> tensor<*xf32>
  %y = onnx.Conv %channels, %w, %none {dilations = array<i64: 2>, group = 2 : i64, pads = array<i64: 16, 15>, strides = array<i64: 3>} : (tensor<*xf32>, tensor<48x16x17xf32>, none) -> tensor<*xf32>
  %back = onnx.Transpose %y {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Windows that overlap: their positions side by side, whole rows of channels, times one matrix.
// CHECK-LABEL: func @windows
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x16xf32> {{.*}}, %[[B:[^:]+]]: tensor<4xf32>
func.func @windows(%x: tensor<?x?x16xf32> {onnx.dims = ["batch", "length", "16"]}, %b: tensor<4xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.Conv
  // CHECK: %[[PADDED:.+]] = onnx.Pad %[[X]], {{.*}} -> tensor<?x?x16xf32>
  // CHECK: %[[ROWS:.+]] = onnx.FitsWindow %[[PADDED]] {axes = array<i64: 1>, spans = array<i64: 2>}
  // CHECK: %[[FIRST:.+]] = onnx.Slice %[[ROWS]], {{.*}} -> tensor<?x?x16xf32>
  // CHECK: %[[SECOND:.+]] = onnx.Slice %[[ROWS]], {{.*}} -> tensor<?x?x16xf32>
  // CHECK: %[[WINDOWS:.+]] = onnx.Concat %[[FIRST]], %[[SECOND]] {axis = 2 : i64} : {{.*}} -> tensor<?x?x32xf32>
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[WINDOWS]], %{{.+}} : (tensor<?x?x32xf32>, tensor<32x4xf32>) -> tensor<?x?x4xf32>
  // CHECK: %[[SUM:.+]] = onnx.Add %[[Y]], %[[B]]
  // CHECK-NEXT: return %[[SUM]]
  %w = onnx.Constant dense<0.5> : tensor<4x16x2xf32>
  %channels = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<?x?x16xf32>) -> tensor<*xf32>
  %y = onnx.Conv %channels, %w, %b {dilations = array<i64: 1>, pads = array<i64: 1, 0>, strides = array<i64: 2>} : (tensor<*xf32>, tensor<4x16x2xf32>, tensor<4xf32>) -> tensor<*xf32>
  %back = onnx.Transpose %y {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Of an image the windows are the rows of a matrix; the result has its sides again.
// CHECK-LABEL: func @windows_of_an_image
func.func @windows_of_an_image(%x: tensor<2x16x5x6xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.FitsWindow
  // CHECK: %[[WINDOWS:.+]] = onnx.Concat {{.*}} {axis = 3 : i64} : {{.*}} -> tensor<2x4x3x64xf32>
  // CHECK: %[[ROWS:.+]] = onnx.Reshape %[[WINDOWS]], {{.*}} -> tensor<2x12x64xf32>
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[ROWS]], %{{.+}} -> tensor<2x12x4xf32>
  // CHECK: %[[SIDES:.+]] = onnx.Reshape %[[Y]], {{.*}} -> tensor<2x4x3x4xf32>
  // CHECK: onnx.Transpose %[[SIDES]] {perm = array<i64: 0, 3, 1, 2>}
  %none = onnx.None
  %w = onnx.Constant dense<0.5> : tensor<4x16x2x2xf32>
  %y = onnx.Conv %x, %w, %none {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 2>} : (tensor<2x16x5x6xf32>, tensor<4x16x2x2xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// There is room for a window whatever the length, of pads alone.
// CHECK-LABEL: func @windows_of_pads
func.func @windows_of_pads(%x: tensor<?x16x?xf32> {onnx.dims = ["batch", "16", "length"]}) -> tensor<*xf32> {
  // CHECK-NOT: onnx.FitsWindow
  // CHECK: onnx.MatMul
  %none = onnx.None
  %w = onnx.Constant dense<0.5> : tensor<4x16x3xf32>
  %y = onnx.Conv %x, %w, %none {dilations = array<i64: 1>, pads = array<i64: 2, 1>, strides = array<i64: 1>} : (tensor<?x16x?xf32>, tensor<4x16x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Few channels of a group, few results, many positions of an image and weights that are computed stay.
// CHECK-LABEL: func @stay
func.func @stay(%x: tensor<1x32x40xf32>, %image: tensor<1x16x40x40xf32>, %computed: tensor<4x32x3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // CHECK-COUNT-4: onnx.Conv
  %none = onnx.None
  %few = onnx.Constant dense<0.5> : tensor<64x8x3xf32>
  %narrow = onnx.Constant dense<0.5> : tensor<8x16x3xf32>
  %many = onnx.Constant dense<0.5> : tensor<4x16x9x9xf32>
  %a = onnx.Conv %x, %few, %none {dilations = array<i64: 1>, group = 4 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<1x32x40xf32>, tensor<64x8x3xf32>, none) -> tensor<*xf32>
  %b = onnx.Conv %x, %narrow, %none {dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<1x32x40xf32>, tensor<8x16x3xf32>, none) -> tensor<*xf32>
  %c = onnx.Conv %image, %many, %none {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x16x40x40xf32>, tensor<4x16x9x9xf32>, none) -> tensor<*xf32>
  %d = onnx.Conv %x, %computed, %none {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<1x32x40xf32>, tensor<4x32x3xf32>, none) -> tensor<*xf32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
