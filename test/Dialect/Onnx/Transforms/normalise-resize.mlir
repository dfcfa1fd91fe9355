// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,onnx-fold-constants,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// A product along each axis that changes, by weights that are known.
// CHECK-LABEL: func @linear
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x3x2x4xf32>
func.func @linear(%x: tensor<?x3x2x4xf32> {onnx.dims = ["batch", "3", "2", "4"]}) -> tensor<*xf32> {
  // CHECK-DAG: %[[W:.+]] = onnx.Constant dense<{{\[}}[1.000000e+00, 0.000000e+00], [7.500000e-01, 2.500000e-01], [2.500000e-01, 7.500000e-01], [0.000000e+00, 1.000000e+00]{{\]}}>
  // CHECK-NOT: onnx.Resize
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[W]], %[[X]] : (tensor<4x2xf32>, tensor<?x3x2x4xf32>) -> tensor<?x3x4x4xf32>
  // CHECK-NEXT: return %[[Y]]
  %none = onnx.None
  %scales = onnx.Constant dense<[1.0, 1.0, 2.0, 1.0]> : tensor<4xf32>
  %y = onnx.Resize %x, %scales, %none {mode = "linear"} : (tensor<?x3x2x4xf32>, tensor<4xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The last axis and one before the last two; the weights of cubics sum to 1, those of elements outside go to the border.
// CHECK-LABEL: func @cubic
// CHECK-SAME: %[[X:[^:]+]]: tensor<2x3x4x2xf32>
func.func @cubic(%x: tensor<2x3x4x2xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // CHECK: %[[FIRST:.+]] = onnx.Constant {{.*}} : tensor<2x5xf32>
  // CHECK: %[[MOVED:.+]] = onnx.Transpose %[[X]] {perm = array<i64: 3, 1, 2, 0>}
  // CHECK: %[[ROWS:.+]] = onnx.MatMul %[[MOVED]], %[[FIRST]] : (tensor<2x3x4x2xf32>, tensor<2x5xf32>) -> tensor<2x3x4x5xf32>
  // CHECK: %[[BACK:.+]] = onnx.Transpose %[[ROWS]] {perm = array<i64: 3, 1, 2, 0>}
  // CHECK: %[[LAST:.+]] = onnx.Constant dense<{{\[}}[1.10546875, 0.7734375, 0.2265625, -0.10546875], [-0.10546875, 0.2265625, 0.7734375, 1.10546875]{{\]}}> : tensor<2x4xf32>
  // CHECK: onnx.MatMul %[[BACK]], %[[LAST]] : (tensor<5x3x4x2xf32>, tensor<2x4xf32>) -> tensor<5x3x4x4xf32>
  %sizes = onnx.Constant dense<[5, 4]> : tensor<2xi64>
  %y = onnx.Resize %x, %none, %sizes {axes = array<i64: 0, 3>, mode = "cubic"} : (tensor<2x3x4x2xf32>, none, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Elements of any type by index.
// CHECK-LABEL: func @nearest
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x?x4xi32>
func.func @nearest(%x: tensor<1x?x4xi32>) -> tensor<*xi32> {
  %none = onnx.None
  // CHECK: %[[I:.+]] = onnx.Constant dense<[0, 2, 3]> : tensor<3xi64>
  // CHECK: %[[Y:.+]] = onnx.Gather %[[X]], %[[I]] {axis = 2 : i64}
  // CHECK-NEXT: return %[[Y]]
  %sizes = onnx.Constant dense<3> : tensor<1xi64>
  %y = onnx.Resize %x, %none, %sizes {axes = array<i64: 2>, coordinate_transformation_mode = "half_pixel", nearest_mode = "round_prefer_ceil"} : (tensor<1x?x4xi32>, none, tensor<1xi64>) -> tensor<*xi32>
  return %y : tensor<*xi32>
}

// -----

// Sizes of the run: the weights are computed from them.
// CHECK-LABEL: func @any_size
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x3x?xf32> {{.*}}, %[[SIZES:[^:]+]]: tensor<1xi64>
func.func @any_size(%x: tensor<1x3x?xf32> {onnx.dims = ["1", "3", "length"]}, %sizes: tensor<1xi64>) -> tensor<*xf32> {
  %none = onnx.None
  // CHECK-DAG: %[[NEW:.+]] = onnx.Gather %[[SIZES]]
  // CHECK-DAG: %[[PLACES:.+]] = onnx.Range %{{.+}}, %[[NEW]], %{{.+}} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  // CHECK: onnx.MatMul %[[X]], %{{.+}} : (tensor<1x3x?xf32>, tensor<?x?xf32>) -> tensor<1x3x?xf32>
  %y = onnx.Resize %x, %none, %sizes {axes = array<i64: 2>, mode = "linear"} : (tensor<1x3x?xf32>, none, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
