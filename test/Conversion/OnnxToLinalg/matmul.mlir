// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// One matrix on the right: all rows are those of one product.
// CHECK-LABEL: func @one_matrix
// CHECK-SAME: (%[[A:.+]]: tensor<?x9x4xf32>, %[[B:.+]]: tensor<4x5xf32>)
// CHECK-DAG: %[[ROWS:.+]] = tensor.reshape %[[A]]({{.+}} -> tensor<1x?x4xf32>
// CHECK-DAG: %[[MATRIX:.+]] = tensor.{{.+}} %[[B]]{{.+}} tensor<1x4x5xf32>
// CHECK: %[[Y:.+]] = skim.matmul %[[ROWS]], %[[MATRIX]] : tensor<1x?x4xf32>, tensor<1x4x5xf32> -> tensor<1x?x5xf32>
// CHECK: tensor.reshape %[[Y]]({{.+}} -> tensor<?x9x5xf32>
func.func @one_matrix(%a: tensor<?x9x4xf32>, %b: tensor<4x5xf32>) -> tensor<?x9x5xf32> {
  %y = onnx.MatMul %a, %b : (tensor<?x9x4xf32>, tensor<4x5xf32>) -> tensor<?x9x5xf32>
  return %y : tensor<?x9x5xf32>
}

// CHECK-LABEL: func @batched
// CHECK: skim.matmul %{{.+}}, %{{.+}} : tensor<6x9x4xf32>, tensor<6x4x?xf32> -> tensor<6x9x?xf32>
// CHECK-NOT: linalg.generic
func.func @batched(%a: tensor<2x3x9x4xf32>, %b: tensor<2x3x4x?xf32>) -> tensor<2x3x9x?xf32> {
  %y = onnx.MatMul %a, %b : (tensor<2x3x9x4xf32>, tensor<2x3x4x?xf32>) -> tensor<2x3x9x?xf32>
  return %y : tensor<2x3x9x?xf32>
}

// Matrices that several of the batch share: their rows lie behind each other for one product.
// CHECK-LABEL: func @shared
// CHECK-SAME: (%[[A:.+]]: tensor<2x3x9x4xf32>, %[[B:.+]]: tensor<3x4x5xf32>)
// CHECK: %[[MOVED:.+]] = linalg.generic {{.*}}outs(%{{.+}} : tensor<3x2x9x4xf32>)
// CHECK: %[[ROWS:.+]] = tensor.reshape %[[MOVED]]({{.+}} -> tensor<3x18x4xf32>
// CHECK: %[[Y:.+]] = skim.matmul %[[ROWS]], %[[B]] : tensor<3x18x4xf32>, tensor<3x4x5xf32> -> tensor<3x18x5xf32>
// CHECK: linalg.generic {{.*}}outs(%{{.+}} : tensor<2x3x9x5xf32>)
func.func @shared(%a: tensor<2x3x9x4xf32>, %b: tensor<3x4x5xf32>) -> tensor<2x3x9x5xf32> {
  %y = onnx.MatMul %a, %b : (tensor<2x3x9x4xf32>, tensor<3x4x5xf32>) -> tensor<2x3x9x5xf32>
  return %y : tensor<2x3x9x5xf32>
}

// One matrix on the left for all on the right is repeated.
// CHECK-LABEL: func @repeated
// CHECK: linalg.generic {{.*}}outs(%{{.+}} : tensor<2x3x9x4xf32>)
// CHECK: skim.matmul %{{.+}}, %{{.+}} : tensor<6x9x4xf32>, tensor<6x4x5xf32> -> tensor<6x9x5xf32>
func.func @repeated(%a: tensor<3x9x4xf32>, %b: tensor<2x3x4x5xf32>) -> tensor<2x3x9x5xf32> {
  %y = onnx.MatMul %a, %b : (tensor<3x9x4xf32>, tensor<2x3x4x5xf32>) -> tensor<2x3x9x5xf32>
  return %y : tensor<2x3x9x5xf32>
}

// Other numbers than fp32 become loops, the innermost over the columns.
// CHECK-LABEL: func @doubles
// CHECK-NOT: skim.matmul
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "reduction", "parallel"]
func.func @doubles(%a: tensor<9x4xf64>, %b: tensor<4x5xf64>) -> tensor<9x5xf64> {
  %y = onnx.MatMul %a, %b : (tensor<9x4xf64>, tensor<4x5xf64>) -> tensor<9x5xf64>
  return %y : tensor<9x5xf64>
}

// CHECK-LABEL: func @inner_sizes_are_checked
// CHECK: skim.check %{{.+}}, "node (MatMul): expected equal inner dimensions, got {0} and {1}"
func.func @inner_sizes_are_checked(%a: tensor<9x?xf32>, %b: tensor<4x5xf32>) -> tensor<9x5xf32> {
  %y = onnx.MatMul %a, %b : (tensor<9x?xf32>, tensor<4x5xf32>) -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// A transposed operand is turned, so that the product has its kernel.
// CHECK-LABEL: func @gemm_scales
// CHECK-SAME: (%[[A:.+]]: tensor<9x4xf32>, %[[B:.+]]: tensor<5x4xf32>, %{{.+}}: tensor<5xf32>)
// CHECK: %[[TURNED:.+]] = linalg.generic {{.*}}outs(%{{.+}} : tensor<4x5xf32>)
// CHECK: %[[ROW:.+]] = linalg.index 0
// CHECK: %[[COLUMN:.+]] = linalg.index 1
// CHECK: tensor.extract %[[B]][%[[COLUMN]], %[[ROW]]]
// CHECK: skim.matmul %{{.+}}, %{{.+}} : tensor<1x9x4xf32>, tensor<1x4x5xf32> -> tensor<1x9x5xf32>
// CHECK: linalg.generic
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @gemm_scales(%a: tensor<9x4xf32>, %b: tensor<5x4xf32>, %c: tensor<5xf32>) -> tensor<9x5xf32> {
  %y = onnx.Gemm %a, %b, %c {alpha = 5.000000e-01 : f32, transB = 1 : i64} : (tensor<9x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// CHECK-LABEL: func @einsum_sums_what_the_result_lacks
// CHECK: linalg.generic
// CHECK: scf.for
// CHECK: arith.mulf
func.func @einsum_sums_what_the_result_lacks(%a: tensor<9x4xf32>, %b: tensor<5x4xf32>) -> tensor<9x5xf32> {
  %y = onnx.Einsum %a, %b {equation = "ik,jk->ij"} : (tensor<9x4xf32>, tensor<5x4xf32>) -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// Bytes by one matrix: in blocks of the inner dimension that fp32 adds exactly, then as integers.
// CHECK-LABEL: func @bytes
// CHECK: %[[A:.+]] = linalg.generic {{.*}}outs(%{{.+}} : tensor<2x?x150xf32>)
// CHECK: %[[B:.+]] = linalg.generic {{.*}}outs(%{{.+}} : tensor<2x150x5xf32>)
// CHECK: skim.matmul %{{.+}}, %{{.+}} : tensor<2x?x150xf32>, tensor<2x150x5xf32> -> tensor<2x?x5xf32>
// CHECK: arith.fptosi
// CHECK: arith.addi
func.func @bytes(%a: tensor<?x300xui8>, %b: tensor<300x5xi8>, %zero: tensor<ui8>) -> tensor<?x5xi32> {
  %none = onnx.None
  %y = onnx.MatMulInteger %a, %b, %zero, %none : (tensor<?x300xui8>, tensor<300x5xi8>, tensor<ui8>, none) -> tensor<?x5xi32>
  return %y : tensor<?x5xi32>
}

// A matrix for each of a batch stays a loop over integers.
// CHECK-LABEL: func @bytes_of_a_batch
// CHECK-NOT: skim.matmul
// CHECK: arith.muli
func.func @bytes_of_a_batch(%a: tensor<2x9x30xui8>, %b: tensor<2x30x5xi8>) -> tensor<2x9x5xi32> {
  %none = onnx.None
  %y = onnx.MatMulInteger %a, %b, %none, %none : (tensor<2x9x30xui8>, tensor<2x30x5xi8>, none, none) -> tensor<2x9x5xi32>
  return %y : tensor<2x9x5xi32>
}
