// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Elements by index: negative ones wrap, others out of range are noted.

// CHECK-LABEL: func @gather_wraps_and_notes
// CHECK: %[[I:.+]] = arith.index_cast
// CHECK: arith.cmpi slt, %[[I]]
// CHECK: skim.report "node (Gather): index {0} is out of range for a dimension of {1}"(%[[I]], %c30)
// CHECK: tensor.extract
func.func @gather_wraps_and_notes(%table: tensor<30x4xf32>, %ids: tensor<?x?xi64>) -> tensor<?x?x4xf32> {
  %y = onnx.Gather %table, %ids : (tensor<30x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// CHECK-LABEL: func @gather_nd_takes_rows
// CHECK: linalg.generic
// CHECK-COUNT-2: skim.report
func.func @gather_nd_takes_rows(%x: tensor<?x?x4xf32>, %i: tensor<9x2xi64>) -> tensor<9x4xf32> {
  %y = onnx.GatherND %x, %i : (tensor<?x?x4xf32>, tensor<9x2xi64>) -> tensor<9x4xf32>
  return %y : tensor<9x4xf32>
}

// CHECK-LABEL: func @scatter_is_sequential
// CHECK-NOT: linalg.generic
// CHECK: scf.for
// CHECK: tensor.insert
func.func @scatter_is_sequential(%x: tensor<30xf32>, %i: tensor<9x1xi64>, %u: tensor<9xf32>) -> tensor<30xf32> {
  %y = onnx.ScatterND %x, %i, %u {reduction = "add"} : (tensor<30xf32>, tensor<9x1xi64>, tensor<9xf32>) -> tensor<30xf32>
  return %y : tensor<30xf32>
}

// CHECK-LABEL: func @nonzero_counts_first
// CHECK: %[[N:.+]] = scf.for
// CHECK: tensor.empty(%[[N]]) : tensor<1x?xi64>
// CHECK: tensor.insert
func.func @nonzero_counts_first(%x: tensor<?xi1>) -> tensor<1x?xi64> {
  %y = onnx.NonZero %x : (tensor<?xi1>) -> tensor<1x?xi64>
  return %y : tensor<1x?xi64>
}

// CHECK-LABEL: func @topk_checks_k
// CHECK: skim.check %{{.+}}, "node (TopK): expected at most {1} elements, got {0}"
func.func @topk_checks_k(%x: tensor<?x30xf32>, %k: tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>) {
  %v, %i = onnx.TopK %x, %k : (tensor<?x30xf32>, tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>)
  return %v, %i : tensor<?x?xf32>, tensor<?x?xi64>
}

// Indices that an Expand repeats are read where they are once.
// CHECK-LABEL: func @elements_by_repeated_indices
// CHECK-SAME: (%[[DATA:.+]]: tensor<6x4x8xf32>, %[[INDICES:.+]]: tensor<1x4x5xi64>)
// CHECK-NOT: tensor<6x4x5xi64>
// CHECK: linalg.generic
// CHECK: tensor.extract %[[INDICES]][%c0, %{{.+}}, %{{.+}}] : tensor<1x4x5xi64>
// CHECK: tensor.extract %[[DATA]]
// CHECK-NOT: tensor<6x4x5xi64>
func.func @elements_by_repeated_indices(%data: tensor<6x4x8xf32>, %indices: tensor<1x4x5xi64>) -> tensor<6x4x5xf32> {
  %shape = onnx.Constant dense<[6, 4, 5]> : tensor<3xi64>
  %all = onnx.Expand %indices, %shape : (tensor<1x4x5xi64>, tensor<3xi64>) -> tensor<6x4x5xi64>
  %y = onnx.GatherElements %data, %all {axis = -1 : i64} : (tensor<6x4x8xf32>, tensor<6x4x5xi64>) -> tensor<6x4x5xf32>
  return %y : tensor<6x4x5xf32>
}
