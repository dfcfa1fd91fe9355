// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// A condition times one number and its opposite times another, either way round.
// CHECK-LABEL: func @select
// CHECK-SAME:    %[[C:[^ ]+]]: tensor<?xi1>{{.*}}, %[[A:[^ ]+]]: tensor<?xf32>{{.*}}, %[[B:[^ ]+]]: tensor<f32>
// CHECK-DAG:     %[[FIRST:.+]] = onnx.Where %[[C]], %[[A]], %[[B]]
// CHECK-DAG:     %[[SECOND:.+]] = onnx.Where %[[C]], %[[B]], %[[A]]
// CHECK:         return %[[FIRST]], %[[SECOND]]
func.func @select(%c: tensor<?xi1> {onnx.dims = ["n"]}, %a: tensor<?xf32> {onnx.dims = ["n"]}, %b: tensor<f32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %not = onnx.Not %c : (tensor<?xi1>) -> tensor<?xi1>
  %one = onnx.Cast %c {to = 1 : i64} : (tensor<?xi1>) -> tensor<?xf32>
  %other = onnx.Cast %not {to = 1 : i64} : (tensor<?xi1>) -> tensor<?xf32>
  %p = onnx.Mul %one, %a : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %q = onnx.Mul %b, %other : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
  %y = onnx.Add %p, %q : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %r = onnx.Mul %other, %a : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %s = onnx.Mul %one, %b : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %z = onnx.Add %r, %s : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %y, %z : tensor<?xf32>, tensor<?xf32>
}

// -----

// Zero times infinity is no number.
// CHECK-LABEL: func @infinity_stays
// CHECK-NOT:     onnx.Where
func.func @infinity_stays(%c: tensor<?xi1> {onnx.dims = ["n"]}, %a: tensor<?xf32> {onnx.dims = ["n"]}) -> tensor<?xf32> {
  %least = onnx.Constant dense<0xFF800000> : tensor<f32>
  %not = onnx.Not %c : (tensor<?xi1>) -> tensor<?xi1>
  %one = onnx.Cast %c {to = 1 : i64} : (tensor<?xi1>) -> tensor<?xf32>
  %other = onnx.Cast %not {to = 1 : i64} : (tensor<?xi1>) -> tensor<?xf32>
  %p = onnx.Mul %one, %a : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %q = onnx.Mul %other, %least : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %y = onnx.Add %p, %q : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// Two conditions are not opposite.
// CHECK-LABEL: func @two_conditions_stay
// CHECK-NOT:     onnx.Where
func.func @two_conditions_stay(%c: tensor<?xi1> {onnx.dims = ["n"]}, %d: tensor<?xi1> {onnx.dims = ["n"]}, %a: tensor<?xf32> {onnx.dims = ["n"]}) -> tensor<?xf32> {
  %one = onnx.Cast %c {to = 1 : i64} : (tensor<?xi1>) -> tensor<?xf32>
  %other = onnx.Cast %d {to = 1 : i64} : (tensor<?xi1>) -> tensor<?xf32>
  %p = onnx.Mul %one, %a : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %q = onnx.Mul %other, %a : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %y = onnx.Add %p, %q : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// Gather counts negative ids from the end itself: only by the table's own size.
// CHECK-LABEL: func @counted_from_the_end
// CHECK-SAME:    %[[IDS:[^ ]+]]: tensor<?x?xi32>
// CHECK:         %[[OTHER:.+]] = onnx.Where
// CHECK:         onnx.Gather %{{.+}}, %[[IDS]] : (tensor<9x4xf32>, tensor<?x?xi32>)
// CHECK:         onnx.Gather %{{.+}}, %[[OTHER]] : (tensor<8x4xf32>, tensor<?x?xi32>)
func.func @counted_from_the_end(%ids: tensor<?x?xi32> {onnx.dims = ["b", "s"]}, %a: tensor<9x4xf32>, %b: tensor<8x4xf32>) -> (tensor<?x?x4xf32>, tensor<?x?x4xf32>) {
  %nine = onnx.Constant dense<9> : tensor<i32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %float = onnx.Cast %ids {to = 1 : i64} : (tensor<?x?xi32>) -> tensor<?x?xf32>
  %negative = onnx.Less %float, %zero : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %moved = onnx.Add %ids, %nine : (tensor<?x?xi32>, tensor<i32>) -> tensor<?x?xi32>
  %at = onnx.Where %negative, %moved, %ids : (tensor<?x?xi1>, tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?x?xi32>
  %y = onnx.Gather %a, %at : (tensor<9x4xf32>, tensor<?x?xi32>) -> tensor<?x?x4xf32>
  %z = onnx.Gather %b, %at : (tensor<8x4xf32>, tensor<?x?xi32>) -> tensor<?x?x4xf32>
  return %y, %z : tensor<?x?x4xf32>, tensor<?x?x4xf32>
}

// -----

// All of two conditions, as tf2onnx asks whether no opposite holds; what is joined twice is joined once.
// CHECK-LABEL: func @all_of_conditions
// CHECK-SAME: %[[A:[^:]+]]: tensor<?x?xi1>{{.*}}, %[[B:[^:]+]]: tensor<?x?xi1>
// CHECK-NOT: onnx.ReduceSum
// CHECK: %[[ALL:.+]] = onnx.And %[[A]], %[[B]]
// CHECK-NEXT: return %[[ALL]]
func.func @all_of_conditions(%a: tensor<?x?xi1> {onnx.dims = ["b", "s"]}, %b: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<*xi1> {
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %x = onnx.Unsqueeze %a, %first : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<*xi1>
  %y = onnx.Unsqueeze %b, %first : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<*xi1>
  %both = onnx.Concat %x, %y {axis = 0 : i64} : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %opposites = onnx.Not %both : (tensor<*xi1>) -> tensor<*xi1>
  %numbers = onnx.Cast %opposites {to = 1 : i64} : (tensor<*xi1>) -> tensor<*xf32>
  %count = onnx.ReduceSum %numbers, %first {keepdims = 0 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %some = onnx.Greater %count, %zero : (tensor<*xf32>, tensor<f32>) -> tensor<*xi1>
  %all = onnx.Not %some : (tensor<*xi1>) -> tensor<*xi1>
  %again = onnx.And %all, %b : (tensor<*xi1>, tensor<?x?xi1>) -> tensor<*xi1>
  return %again : tensor<*xi1>
}

// -----

// A count along an axis of several is no question about conditions side by side.
// CHECK-LABEL: func @count_within_conditions
// CHECK: onnx.ReduceSum
func.func @count_within_conditions(%a: tensor<2x?xi1>, %b: tensor<3x?xi1>) -> tensor<*xi1> {
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %both = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2x?xi1>, tensor<3x?xi1>) -> tensor<*xi1>
  %opposites = onnx.Not %both : (tensor<*xi1>) -> tensor<*xi1>
  %numbers = onnx.Cast %opposites {to = 1 : i64} : (tensor<*xi1>) -> tensor<*xf32>
  %count = onnx.ReduceSum %numbers, %first {keepdims = 0 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %some = onnx.Greater %count, %zero : (tensor<*xf32>, tensor<f32>) -> tensor<*xi1>
  %all = onnx.Not %some : (tensor<*xi1>) -> tensor<*xi1>
  return %all : tensor<*xi1>
}

// -----

// Not where the choice has another shape than the ids, and the rows with it.
// CHECK-LABEL: func @counted_in_another_shape
// CHECK:         %[[AT:.+]] = onnx.Where
// CHECK:         onnx.Gather %{{.+}}, %[[AT]] : (tensor<9x4xf32>, tensor<1xi64>) -> tensor<1x4xf32>
func.func @counted_in_another_shape(%id: tensor<i64>, %a: tensor<9x4xf32>) -> tensor<1x4xf32> {
  %nine = onnx.Constant dense<9> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %negative = onnx.Less %id, %zero : (tensor<i64>, tensor<1xi64>) -> tensor<1xi1>
  %moved = onnx.Add %id, %nine : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %at = onnx.Where %negative, %moved, %id : (tensor<1xi1>, tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
  %y = onnx.Gather %a, %at : (tensor<9x4xf32>, tensor<1xi64>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
