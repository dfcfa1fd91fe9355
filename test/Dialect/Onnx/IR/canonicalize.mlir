// RUN: skim-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: func.func @identity
// CHECK-SAME: %[[X:.+]]: tensor<2xf32>
// CHECK-NEXT: return %[[X]]
func.func @identity(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = onnx.Identity %x : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-LABEL: func.func @keep_identity_that_changes_the_type
// CHECK: onnx.Identity
func.func @keep_identity_that_changes_the_type(%x: tensor<2xf32>) -> tensor<?xf32> {
  %y = onnx.Identity %x : (tensor<2xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-LABEL: func.func @cast_to_same_type
// CHECK-SAME: %[[X:.+]]: tensor<2xi64>
// CHECK-NEXT: return %[[X]]
func.func @cast_to_same_type(%x: tensor<2xi64>) -> tensor<2xi64> {
  %y = onnx.Cast %x {to = 7 : i64} : (tensor<2xi64>) -> tensor<2xi64>
  return %y : tensor<2xi64>
}

// CHECK-LABEL: func.func @not_of_not
// CHECK-SAME: %[[X:.+]]: tensor<2xi1>
// CHECK-NEXT: return %[[X]]
func.func @not_of_not(%x: tensor<2xi1>) -> tensor<2xi1> {
  %0 = onnx.Not %x : (tensor<2xi1>) -> tensor<2xi1>
  %1 = onnx.Not %0 : (tensor<2xi1>) -> tensor<2xi1>
  return %1 : tensor<2xi1>
}

// CHECK-LABEL: func.func @bitwise_not_of_bitwise_not
// CHECK-SAME: %[[X:.+]]: tensor<2xi32>
// CHECK-NEXT: return %[[X]]
func.func @bitwise_not_of_bitwise_not(%x: tensor<2xi32>) -> tensor<2xi32> {
  %0 = onnx.BitwiseNot %x : (tensor<2xi32>) -> tensor<2xi32>
  %1 = onnx.BitwiseNot %0 : (tensor<2xi32>) -> tensor<2xi32>
  return %1 : tensor<2xi32>
}

// CHECK-LABEL: func.func @neg_of_neg
// CHECK-SAME: %[[X:.+]]: tensor<2xf32>
// CHECK-NEXT: return %[[X]]
func.func @neg_of_neg(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = onnx.Neg %x : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.Neg %0 : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// CHECK-LABEL: func.func @single_operands
// CHECK-SAME: %[[X:.+]]: tensor<2xf32>
// CHECK-NEXT: return %[[X]]
func.func @single_operands(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = onnx.Max %x : (tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.Min %0 : (tensor<2xf32>) -> tensor<2xf32>
  %2 = onnx.Sum %1 : (tensor<2xf32>) -> tensor<2xf32>
  %3 = onnx.Mean %2 : (tensor<2xf32>) -> tensor<2xf32>
  %4 = onnx.Concat %3 {axis = 0 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  return %4 : tensor<2xf32>
}

// CHECK-LABEL: func.func @clip_without_bounds
// CHECK-SAME: %[[X:.+]]: tensor<2xf32>
// CHECK-NEXT: return %[[X]]
func.func @clip_without_bounds(%x: tensor<2xf32>) -> tensor<2xf32> {
  %none = onnx.None
  %y = onnx.Clip %x, %none, %none : (tensor<2xf32>, none, none) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-LABEL: func.func @transpose_identity
// CHECK-SAME: %[[X:.+]]: tensor<?x?xf32>
// CHECK-NEXT: return %[[X]]
func.func @transpose_identity(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = onnx.Transpose %x {perm = array<i64: 0, 1>} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @transpose_of_transpose
// CHECK: onnx.Transpose %{{.+}} {perm = array<i64: 2, 1, 0>} : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
// CHECK-NEXT: return
func.func @transpose_of_transpose(%x: tensor<2x3x4xf32>) -> tensor<4x3x2xf32> {
  %0 = onnx.Transpose %x {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 1, 0, 2>} : (tensor<3x4x2xf32>) -> tensor<4x3x2xf32>
  return %1 : tensor<4x3x2xf32>
}

// CHECK-LABEL: func.func @transposes_that_cancel
// CHECK-SAME: %[[X:.+]]: tensor<2x3xf32>
// CHECK-NEXT: return %[[X]]
func.func @transposes_that_cancel(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @reshape_to_same_type
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x3xf32>
// CHECK-NEXT: return %[[X]]
func.func @reshape_to_same_type(%x: tensor<?x3xf32>, %to: tensor<2xi64>) -> tensor<?x3xf32> {
  %y = onnx.Reshape %x, %to : (tensor<?x3xf32>, tensor<2xi64>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// Two unknown dimensions may trade elements.
// CHECK-LABEL: func.func @keep_reshape_of_two_unknown_dimensions
// CHECK: onnx.Reshape
func.func @keep_reshape_of_two_unknown_dimensions(%x: tensor<?x?xf32>, %to: tensor<2xi64>) -> tensor<?x?xf32> {
  %y = onnx.Reshape %x, %to : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @reshape_of_reshape
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x6xf32>
// CHECK: %[[TO:.+]] = onnx.Constant dense<[-1, 2]>
// CHECK: onnx.Reshape %[[X]], %[[TO]]
func.func @reshape_of_reshape(%x: tensor<?x6xf32>, %first: tensor<3xi64>) -> tensor<?x2xf32> {
  %to = onnx.Constant dense<[-1, 2]> : tensor<2xi64>
  %0 = onnx.Reshape %x, %first : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %1 = onnx.Reshape %0, %to : (tensor<?x?x?xf32>, tensor<2xi64>) -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// A size of 0 copies a dimension of the first reshape's result.
// CHECK-LABEL: func.func @keep_reshape_that_copies
// CHECK: %[[INNER:.+]] = onnx.Reshape
// CHECK: onnx.Reshape %[[INNER]]
func.func @keep_reshape_that_copies(%x: tensor<?x6xf32>, %first: tensor<3xi64>) -> tensor<?x?xf32> {
  %to = onnx.Constant dense<[0, -1]> : tensor<2xi64>
  %0 = onnx.Reshape %x, %first : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %1 = onnx.Reshape %0, %to : (tensor<?x?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @squeeze_of_unsqueeze
// CHECK-SAME: %[[X:.+]]: tensor<?x3xf32>
// CHECK-NEXT: return %[[X]], %[[X]]
func.func @squeeze_of_unsqueeze(%x: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %a = onnx.Constant dense<1> : tensor<1xi64>
  %b = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Unsqueeze %x, %a : (tensor<?x3xf32>, tensor<1xi64>) -> tensor<?x1x3xf32>
  %1 = onnx.Squeeze %0, %b : (tensor<?x1x3xf32>, tensor<1xi64>) -> tensor<?x3xf32>
  return %1, %1 : tensor<?x3xf32>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @unsqueeze_of_squeeze
// CHECK-SAME: %[[X:.+]]: tensor<?x1xf32>
// CHECK-NEXT: return %[[X]]
func.func @unsqueeze_of_squeeze(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %a = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Squeeze %x, %a : (tensor<?x1xf32>, tensor<1xi64>) -> tensor<?xf32>
  %1 = onnx.Unsqueeze %0, %a : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  return %1 : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @keep_squeeze_at_another_axis
// CHECK: onnx.Squeeze
func.func @keep_squeeze_at_another_axis(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %a = onnx.Constant dense<1> : tensor<1xi64>
  %b = onnx.Constant dense<0> : tensor<1xi64>
  %0 = onnx.Unsqueeze %x, %a : (tensor<1x3xf32>, tensor<1xi64>) -> tensor<1x1x3xf32>
  %1 = onnx.Squeeze %0, %b : (tensor<1x1x3xf32>, tensor<1xi64>) -> tensor<1x3xf32>
  return %1 : tensor<1x3xf32>
}

// CHECK-LABEL: func.func @expand_to_same_type
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xf32>
// CHECK-NEXT: return %[[X]]
func.func @expand_to_same_type(%x: tensor<2x3xf32>, %to: tensor<2xi64>) -> tensor<2x3xf32> {
  %y = onnx.Expand %x, %to : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @softmax_of_flattened
// CHECK-SAME: %[[X:.+]]: tensor<?x4x?xf32>
// CHECK-NEXT: %[[Y:.+]] = onnx.Softmax %[[X]] : (tensor<?x4x?xf32>) -> tensor<?x4x?xf32>
// CHECK-NEXT: return %[[Y]]
func.func @softmax_of_flattened(%x: tensor<?x4x?xf32>) -> tensor<?x4x?xf32> {
  %0 = onnx.Flatten %x {axis = 2 : i64} : (tensor<?x4x?xf32>) -> tensor<?x?xf32>
  %1 = onnx.Softmax %0 : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %2 = onnx.Shape %x : (tensor<?x4x?xf32>) -> tensor<3xi64>
  %3 = onnx.Reshape %1, %2 : (tensor<?x?xf32>, tensor<3xi64>) -> tensor<?x4x?xf32>
  return %3 : tensor<?x4x?xf32>
}

// CHECK-LABEL: func.func @keep_softmax_over_two_dimensions
// CHECK: onnx.Flatten
func.func @keep_softmax_over_two_dimensions(%x: tensor<?x4x?xf32>) -> tensor<?x4x?xf32> {
  %0 = onnx.Flatten %x : (tensor<?x4x?xf32>) -> tensor<?x?xf32>
  %1 = onnx.Softmax %0 : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %2 = onnx.Shape %x : (tensor<?x4x?xf32>) -> tensor<3xi64>
  %3 = onnx.Reshape %1, %2 : (tensor<?x?xf32>, tensor<3xi64>) -> tensor<?x4x?xf32>
  return %3 : tensor<?x4x?xf32>
}
