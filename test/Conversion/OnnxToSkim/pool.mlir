// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// CHECK-LABEL: func @first_by_gather
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x4xf32>
// CHECK:         skim.pool first %[[X]]
func.func @first_by_gather(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x4xf32> {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %0 = onnx.Gather %x, %zero {axis = 1 : i64} : (tensor<?x?x4xf32>, tensor<i64>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @first_by_slice
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x4xf32>
// CHECK:         skim.pool first %[[X]]
func.func @first_by_slice(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x4xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %none = onnx.None
  %0 = onnx.Slice %x, %zero, %one, %one, %none : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x1x4xf32>
  %1 = onnx.Squeeze %0, %one : (tensor<?x1x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// -----

// The slice keeps its dimension over a layer.
// CHECK-LABEL: func @first_by_slice_and_layer
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x4xf32>
// CHECK:         %[[FIRST:.+]] = skim.pool first %[[X]]
// CHECK:         %[[Y:.+]] = skim.linear %[[FIRST]], %{{.+}} : tensor<?x4xf32>
// CHECK:         return %[[Y]]
func.func @first_by_slice_and_layer(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x4xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %w = onnx.Constant dense<2.0> : tensor<4x4xf32>
  %none = onnx.None
  %0 = onnx.Slice %x, %zero, %one, %one, %none : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x1x4xf32>
  %1 = onnx.MatMul %0, %w : (tensor<?x1x4xf32>, tensor<4x4xf32>) -> tensor<?x1x4xf32>
  %2 = onnx.Squeeze %1, %one : (tensor<?x1x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @second_position_stays
// CHECK:         onnx.Gather
func.func @second_position_stays(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x4xf32> {
  %one = onnx.Constant dense<1> : tensor<i64>
  %0 = onnx.Gather %x, %one {axis = 1 : i64} : (tensor<?x?x4xf32>, tensor<i64>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// The mask is repeated, multiplied with and counted; then lengths are one.
// CHECK-LABEL: func @sentence_embedding
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x4xf32>{{.*}}, %[[M:[^ ]+]]: tensor<?x?xi64>
// CHECK:         %[[MASK:.+]] = onnx.Cast %[[M]] {{.*}} -> tensor<?x?xi1>
// CHECK:         %[[MEAN:.+]] = skim.pool mean %[[X]] mask %[[MASK]] :
// CHECK:         %[[ONE:.+]] = skim.l2_normalize %[[MEAN]] {epsilon = 9.99999996E-13 : f32}
// CHECK:         return %[[ONE]]
func.func @sentence_embedding(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x4xf32> {
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %tiny = onnx.Constant dense<9.99999971E-10> : tensor<f32>
  %small = onnx.Constant dense<9.99999996E-13> : tensor<f32>
  %none = onnx.None
  %0 = onnx.Unsqueeze %mask, %last : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?x?x1xi64>
  %shape = onnx.Shape %x : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %1 = onnx.Expand %0, %shape : (tensor<?x?x1xi64>, tensor<3xi64>) -> tensor<?x?x4xi64>
  %2 = onnx.Cast %1 {to = 1 : i64} : (tensor<?x?x4xi64>) -> tensor<?x?x4xf32>
  %3 = onnx.Mul %x, %2 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %4 = onnx.ReduceSum %3, %one {keepdims = 0 : i64} : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  %5 = onnx.ReduceSum %2, %one {keepdims = 0 : i64} : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  %6 = onnx.Clip %5, %tiny, %none : (tensor<?x4xf32>, tensor<f32>, none) -> tensor<?x4xf32>
  %7 = onnx.Div %4, %6 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %8 = onnx.ReduceL2 %7, %one : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %9 = onnx.Clip %8, %small, %none : (tensor<?x1xf32>, tensor<f32>, none) -> tensor<?x1xf32>
  %shape2 = onnx.Shape %7 : (tensor<?x4xf32>) -> tensor<2xi64>
  %10 = onnx.Expand %9, %shape2 : (tensor<?x1xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %11 = onnx.Div %7, %10 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %11 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @reductions
// CHECK:         skim.pool mean %{{[^ ]+}} :
// CHECK:         skim.pool max %{{[^ ]+}} :
func.func @reductions(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.ReduceMean %x, %one {keepdims = 0 : i64} : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  %1 = onnx.ReduceMax %x, %one {keepdims = 0 : i64} : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @masked_maximum
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x4xf32>{{.*}}, %[[M:[^ ]+]]: tensor<?x?xi1>
// CHECK:         %[[NOT:.+]] = onnx.Not %[[M]]
// CHECK:         skim.pool max %[[X]] mask %[[NOT]]
func.func @masked_maximum(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %padding: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x4xf32> {
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %low = onnx.Constant dense<-1.0e+09> : tensor<f32>
  %0 = onnx.Unsqueeze %padding, %last : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x?x1xi1>
  %1 = onnx.Where %0, %low, %x : (tensor<?x?x1xi1>, tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = onnx.ReduceMax %1, %one {keepdims = 0 : i64} : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// -----

// Two masks: sum and count do not belong together.
// CHECK-LABEL: func @two_masks_stay
// CHECK:         onnx.Div
// CHECK-NOT:     skim.pool
func.func @two_masks_stay(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %a: tensor<?x?x1xf32> {onnx.dims = ["b", "s", "1"]}, %b: tensor<?x?x1xf32> {onnx.dims = ["b", "s", "1"]}) -> tensor<?x4xf32> {
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Mul %x, %a : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %1 = onnx.ReduceSum %0, %one {keepdims = 0 : i64} : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  %2 = onnx.ReduceSum %b, %one {keepdims = 0 : i64} : (tensor<?x?x1xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %3 = onnx.Div %1, %2 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @lp_normalization
// CHECK:         skim.l2_normalize
func.func @lp_normalization(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = onnx.LpNormalization %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// Sizes that are the same by chance: the mask goes with the columns.
// CHECK-LABEL: func @mask_of_columns_stays
// CHECK-NOT:     skim.pool
func.func @mask_of_columns_stays(%x: tensor<1x4x4xf32>, %m: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Mul %x, %m : (tensor<1x4x4xf32>, tensor<1x4xf32>) -> tensor<1x4x4xf32>
  %1 = onnx.ReduceSum %0, %one {keepdims = 0 : i64} : (tensor<1x4x4xf32>, tensor<1xi64>) -> tensor<1x4xf32>
  %2 = onnx.ReduceSum %m, %one : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<1x1xf32>
  %3 = onnx.Div %1, %2 : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  return %3 : tensor<1x4xf32>
}

// -----

// The counts of four sequences divide four columns; with an axis of their own they divide the rows.
// CHECK-LABEL: func @counts_of_columns
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<4x?x4xf32>
// CHECK:         %[[COLUMNS:.+]] = onnx.Div
// CHECK:         %[[ROWS:.+]] = skim.pool mean %[[X]] mask
// CHECK:         return %[[COLUMNS]], %[[ROWS]]
func.func @counts_of_columns(%x: tensor<4x?x4xf32> {onnx.dims = ["4", "s", "4"]}, %m: tensor<4x?xf32> {onnx.dims = ["4", "s"]}) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %0 = onnx.Unsqueeze %m, %two : (tensor<4x?xf32>, tensor<1xi64>) -> tensor<4x?x1xf32>
  %1 = onnx.Mul %x, %0 : (tensor<4x?x4xf32>, tensor<4x?x1xf32>) -> tensor<4x?x4xf32>
  %2 = onnx.ReduceSum %1, %one {keepdims = 0 : i64} : (tensor<4x?x4xf32>, tensor<1xi64>) -> tensor<4x4xf32>
  %3 = onnx.ReduceSum %m, %one {keepdims = 0 : i64} : (tensor<4x?xf32>, tensor<1xi64>) -> tensor<4xf32>
  %4 = onnx.Div %2, %3 : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %5 = onnx.Unsqueeze %3, %one : (tensor<4xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %6 = onnx.Div %2, %5 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  return %4, %6 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// Filled to something larger, whose other axis goes.
// CHECK-LABEL: func @maximum_of_something_larger_stays
// CHECK-NOT:     skim.pool
func.func @maximum_of_something_larger_stays(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %m: tensor<?x?x1xi1> {onnx.dims = ["b", "s", "1"]}) -> tensor<2x?x4xf32> {
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %low = onnx.Constant dense<-1.0e+09> : tensor<2x1x1x1xf32>
  %0 = onnx.Where %m, %x, %low : (tensor<?x?x1xi1>, tensor<?x?x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x?x?x4xf32>
  %1 = onnx.ReduceMax %0, %one {keepdims = 0 : i64} : (tensor<2x?x?x4xf32>, tensor<1xi64>) -> tensor<2x?x4xf32>
  return %1 : tensor<2x?x4xf32>
}
