// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Shape arithmetic becomes scalars; names of sizes survive it.

// CHECK-LABEL: func @shape_arithmetic_is_scalar
// CHECK-SAME: %[[IDS:.+]]: tensor<?x?xi64>
// CHECK: %[[S:.+]] = tensor.dim %[[IDS]]
// CHECK-NOT: tensor.from_elements
// CHECK: tensor.empty(%[[S]]) : tensor<?xi64>
// CHECK: linalg.generic
// CHECK: linalg.index 0
func.func @shape_arithmetic_is_scalar(%ids: tensor<?x?xi64>) -> tensor<?xi64> {
  %shape = onnx.Shape %ids : (tensor<?x?xi64>) -> tensor<2xi64>
  %i = onnx.Constant dense<1> : tensor<i64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %s = onnx.Gather %shape, %i : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %r = onnx.Range %zero, %s, %i : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

// CHECK-LABEL: func @reshape_by_names_needs_no_check
// CHECK-NOT: skim.check
// CHECK: tensor.reshape
func.func @reshape_by_names_needs_no_check(%x: tensor<?x?x8xf32>) -> tensor<?x?x2x4xf32> {
  %s = onnx.Constant dense<[0, 0, 2, -1]> : tensor<4xi64>
  %y = onnx.Reshape %x, %s : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  return %y : tensor<?x?x2x4xf32>
}

// CHECK-LABEL: func @reshape_at_run_time_checks
// CHECK: skim.check %{{.+}}, "node (Reshape): expected a shape of {0} elements, got one of {1}"
func.func @reshape_at_run_time_checks(%x: tensor<?xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32> {
  %y = onnx.Reshape %x, %s : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// Two sizes that change places have the same type before and behind.
// CHECK-LABEL: func @reshape_swaps_sizes
// CHECK-SAME: %[[X:.+]]: tensor<?x?xf32>
// CHECK: %[[TO:.+]] = tensor.from_elements
// CHECK: tensor.reshape %[[X]](%[[TO]])
func.func @reshape_swaps_sizes(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %order = onnx.Constant dense<[1, 0]> : tensor<2xi64>
  %shape = onnx.Shape %x : (tensor<?x?xf32>) -> tensor<2xi64>
  %to = onnx.Gather %shape, %order : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %y = onnx.Reshape %x, %to : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func @reshape_keeps_sizes
// CHECK-SAME: %[[X:.+]]: tensor<?x?xf32>
// CHECK-NOT: tensor.reshape
// CHECK: return %[[X]]
func.func @reshape_keeps_sizes(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %shape = onnx.Shape %x : (tensor<?x?xf32>) -> tensor<2xi64>
  %y = onnx.Reshape %x, %shape : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// The type of the second part knows less than the sizes that were found for it.
// CHECK-LABEL: func @concat_of_known_sizes
// CHECK: %[[PART:.+]] = tensor.cast %{{.+}} : tensor<?x?xf32> to tensor<?x3xf32>
// CHECK: tensor.insert_slice %[[PART]]
func.func @concat_of_known_sizes(%x: tensor<?x3xf32>, %y: tensor<?x?xf32>) -> tensor<?x3xf32> {
  %z = onnx.Concat %x, %y {axis = 0 : i64} : (tensor<?x3xf32>, tensor<?x?xf32>) -> tensor<?x3xf32>
  return %z : tensor<?x3xf32>
}

// CHECK-LABEL: func @squeeze_checks_for_one
// CHECK: skim.check %{{.+}}, "node (Squeeze): expected a dimension of 1 to squeeze, got {0}"
func.func @squeeze_checks_for_one(%x: tensor<?x4xf32>) -> tensor<4xf32> {
  %none = onnx.Constant dense<0> : tensor<1xi64>
  %y = onnx.Squeeze %x, %none : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func @slice_backwards
// CHECK: %[[I:.+]] = linalg.index 0
// CHECK: arith.subi %c8, %[[I]]
func.func @slice_backwards(%x: tensor<9xf32>) -> tensor<9xf32> {
  %none = onnx.None
  %s = onnx.Constant dense<-1> : tensor<1xi64>
  %e = onnx.Constant dense<-20> : tensor<1xi64>
  %y = onnx.Slice %x, %s, %e, %none, %s : (tensor<9xf32>, tensor<1xi64>, tensor<1xi64>, none, tensor<1xi64>) -> tensor<9xf32>
  return %y : tensor<9xf32>
}

// CHECK-LABEL: func @concat_inserts
// CHECK-COUNT-2: tensor.insert_slice
func.func @concat_inserts(%a: tensor<?x4xf32>, %b: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %y = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<?x4xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func @expand_repeats
// CHECK: linalg.generic
// CHECK: tensor.extract
func.func @expand_repeats(%x: tensor<1x4xf32>, %n: tensor<2xi64>) -> tensor<?x4xf32> {
  %y = onnx.Expand %x, %n : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func @pad_reads_inside_only
// CHECK: scf.if
// CHECK: tensor.extract
func.func @pad_reads_inside_only(%x: tensor<9xf32>) -> tensor<12xf32> {
  %none = onnx.None
  %p = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %y = onnx.Pad %x, %p, %none, %none : (tensor<9xf32>, tensor<2xi64>, none, none) -> tensor<12xf32>
  return %y : tensor<12xf32>
}
