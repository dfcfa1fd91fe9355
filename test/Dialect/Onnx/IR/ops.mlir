// RUN: skim-opt %s | skim-opt | FileCheck %s

// CHECK-LABEL: func.func @gemm_without_bias
// CHECK: %[[NONE:.+]] = onnx.None
// CHECK: onnx.Gemm %{{.+}}, %{{.+}}, %[[NONE]] {transB = 1 : i64}
func.func @gemm_without_bias(%a: tensor<2x?xf32>, %b: tensor<4x?xf32>) -> tensor<2x4xf32> {
  %none = onnx.None
  %y = onnx.Gemm %a, %b, %none {transB = 1 : i64} : (tensor<2x?xf32>, tensor<4x?xf32>, none) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
