// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// CHECK-LABEL: func @matmul_with_bias_left
// CHECK-SAME:    %[[X:.+]]: tensor<?x?x4xf32>
// CHECK:         %[[B:.+]] = onnx.Constant dense<1.000000e+00> : tensor<6xf32>
// CHECK:         skim.linear %[[X]], %{{.+}} bias %[[B]] : {{.*}} -> tensor<?x?x6xf32>
// CHECK-NOT:     onnx.Add
func.func @matmul_with_bias_left(%x: tensor<?x?x4xf32>) -> tensor<?x?x6xf32> {
  %w = onnx.Constant dense<2.0> : tensor<4x6xf32>
  %b = onnx.Constant dense<1.0> : tensor<6xf32>
  %0 = onnx.MatMul %x, %w : (tensor<?x?x4xf32>, tensor<4x6xf32>) -> tensor<?x?x6xf32>
  %1 = onnx.Add %b, %0 : (tensor<6xf32>, tensor<?x?x6xf32>) -> tensor<?x?x6xf32>
  return %1 : tensor<?x?x6xf32>
}

// -----

// CHECK-LABEL: func @transposed_weight
// CHECK:         %[[W:.+]] = onnx.Constant dense<2.000000e+00> : tensor<6x4xf32>
// CHECK:         skim.linear %{{.+}}, %[[W]] {transpose_weight}
func.func @transposed_weight(%x: tensor<?x?x4xf32>) -> tensor<?x?x6xf32> {
  %w = onnx.Constant dense<2.0> : tensor<6x4xf32>
  %t = onnx.Transpose %w {perm = array<i64: 1, 0>} : (tensor<6x4xf32>) -> tensor<4x6xf32>
  %0 = onnx.MatMul %x, %t : (tensor<?x?x4xf32>, tensor<4x6xf32>) -> tensor<?x?x6xf32>
  return %0 : tensor<?x?x6xf32>
}

// -----

// CHECK-LABEL: func @gemm
// CHECK:         skim.linear %{{.+}}, %{{.+}} bias %{{.+}} {transpose_weight} : tensor<?x4xf32>
func.func @gemm(%x: tensor<?x4xf32>) -> tensor<?x6xf32> {
  %w = onnx.Constant dense<2.0> : tensor<6x4xf32>
  %b = onnx.Constant dense<1.0> : tensor<6xf32>
  %0 = onnx.Gemm %x, %w, %b {transB = 1 : i64} : (tensor<?x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}

// -----

// CHECK-LABEL: func @gemm_alpha_stays
// CHECK:         onnx.Gemm
func.func @gemm_alpha_stays(%x: tensor<?x4xf32>) -> tensor<?x6xf32> {
  %w = onnx.Constant dense<2.0> : tensor<6x4xf32>
  %b = onnx.Constant dense<1.0> : tensor<6xf32>
  %0 = onnx.Gemm %x, %w, %b {alpha = 2.0 : f32, transB = 1 : i64} : (tensor<?x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}

// -----

// The layer runs on the states as they were; both reshapes go.
// CHECK-LABEL: func @flattened
// CHECK-SAME:    %[[X:.+]]: tensor<?x?x4xf32>
// CHECK-NOT:     onnx.Reshape
// CHECK:         %[[Y:.+]] = skim.linear %[[X]], %{{.+}} bias %{{.+}} : {{.*}} -> tensor<?x?x6xf32>
// CHECK:         return %[[Y]]
func.func @flattened(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}) -> tensor<?x?x6xf32> {
  %w = onnx.Constant dense<2.0> : tensor<4x6xf32>
  %b = onnx.Constant dense<1.0> : tensor<6xf32>
  %flat = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %six = onnx.Constant dense<6> : tensor<1xi64>
  %0 = onnx.Reshape %x, %flat : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %1 = onnx.Gemm %0, %w, %b : (tensor<?x4xf32>, tensor<4x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %shape = onnx.Shape %x {end = 2 : i64, start = 0 : i64} : (tensor<?x?x4xf32>) -> tensor<2xi64>
  %whole = onnx.Concat %shape, %six {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
  %2 = onnx.Reshape %1, %whole : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x?x6xf32>
  return %2 : tensor<?x?x6xf32>
}

// -----

// A product of two states is no layer.
// CHECK-LABEL: func @no_constant
// CHECK:         onnx.MatMul
func.func @no_constant(%x: tensor<?x?x4xf32>, %y: tensor<4x6xf32>) -> tensor<?x?x6xf32> {
  %0 = onnx.MatMul %x, %y : (tensor<?x?x4xf32>, tensor<4x6xf32>) -> tensor<?x?x6xf32>
  return %0 : tensor<?x?x6xf32>
}

// -----

// A second bias stays a sum.
// CHECK-LABEL: func @bias_of_used_layer
// CHECK:         %[[L:.+]] = skim.linear %{{[^ ]+}}, %{{[^ ]+}} :
// CHECK:         onnx.Add %[[L]]
func.func @bias_of_used_layer(%x: tensor<?x?x4xf32>) -> (tensor<?x?x6xf32>, tensor<?x?x6xf32>) {
  %w = onnx.Constant dense<2.0> : tensor<4x6xf32>
  %b = onnx.Constant dense<1.0> : tensor<6xf32>
  %0 = onnx.MatMul %x, %w : (tensor<?x?x4xf32>, tensor<4x6xf32>) -> tensor<?x?x6xf32>
  %1 = onnx.Add %0, %b : (tensor<?x?x6xf32>, tensor<6xf32>) -> tensor<?x?x6xf32>
  return %0, %1 : tensor<?x?x6xf32>, tensor<?x?x6xf32>
}

// -----

// A layer that is scaled column by column: its weights and its bias are.
// CHECK-LABEL: func @layer_scale
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x2xf32>
// CHECK-DAG:     %[[W:.+]] = onnx.Constant dense_resource<[[WEIGHT:.+]]> : tensor<2x3xf32>
// CHECK-DAG:     %[[B:.+]] = onnx.Constant dense_resource<[[BIAS:.+]]> : tensor<3xf32>
// CHECK:         %[[Y:.+]] = skim.linear %[[X]], %[[W]] bias %[[B]]
// CHECK-NEXT:    return %[[Y]]
// CHECK-DAG:     [[WEIGHT]]: "0x{{[0-9A-F]+}}0000803F000080400000104100008040000020410000904
// CHECK-DAG:     [[BIAS]]: "0x{{[0-9A-F]+}}0000803F0000004000004040"
func.func @layer_scale(%x: tensor<?x?x2xf32> {onnx.dims = ["b", "s", "2"]}) -> tensor<?x?x3xf32> {
  %w = onnx.Constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = onnx.Constant dense<1.0> : tensor<3xf32>
  %scale = onnx.Constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = onnx.MatMul %x, %w : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
  %1 = onnx.Add %0, %b : (tensor<?x?x3xf32>, tensor<3xf32>) -> tensor<?x?x3xf32>
  %2 = onnx.Mul %1, %scale : (tensor<?x?x3xf32>, tensor<3xf32>) -> tensor<?x?x3xf32>
  return %2 : tensor<?x?x3xf32>
}

// -----

// Weights that something else reads stay as they are, and one number is no row.
// CHECK-LABEL: func @layer_scale_stays
// CHECK-COUNT-2: onnx.Mul
func.func @layer_scale_stays(%x: tensor<?x?x2xf32> {onnx.dims = ["b", "s", "2"]}) -> (tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<2x3xf32>) {
  %w = onnx.Constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %v = onnx.Constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %scale = onnx.Constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.MatMul %x, %w : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
  %1 = onnx.Mul %0, %scale : (tensor<?x?x3xf32>, tensor<3xf32>) -> tensor<?x?x3xf32>
  %2 = onnx.MatMul %x, %v : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
  %3 = onnx.Mul %2, %half : (tensor<?x?x3xf32>, tensor<f32>) -> tensor<?x?x3xf32>
  return %1, %3, %w : tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<2x3xf32>
}
