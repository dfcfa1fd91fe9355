// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Products: the innermost loop goes over the columns.

// CHECK-LABEL: func @batched
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction", "parallel"]
// CHECK: math.fma
func.func @batched(%a: tensor<?x9x4xf32>, %b: tensor<4x5xf32>) -> tensor<?x9x5xf32> {
  %y = onnx.MatMul %a, %b : (tensor<?x9x4xf32>, tensor<4x5xf32>) -> tensor<?x9x5xf32>
  return %y : tensor<?x9x5xf32>
}

// CHECK-LABEL: func @inner_sizes_are_checked
// CHECK: skim.check %{{.+}}, "node (MatMul): expected equal inner dimensions, got {0} and {1}"
func.func @inner_sizes_are_checked(%a: tensor<9x?xf32>, %b: tensor<4x5xf32>) -> tensor<9x5xf32> {
  %y = onnx.MatMul %a, %b : (tensor<9x?xf32>, tensor<4x5xf32>) -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// CHECK-LABEL: func @gemm_scales
// CHECK: linalg.generic
// CHECK: math.fma
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
