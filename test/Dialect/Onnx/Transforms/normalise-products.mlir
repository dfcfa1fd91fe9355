// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// Elementwise ops between layers of flattened rows work on the states themselves.
// CHECK-LABEL: func @between_layers
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32> {{.*}}, %[[W:[^:]+]]: tensor<4x4xf32>, %[[ROW:[^:]+]]: tensor<4xf32>
func.func @between_layers(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}, %w: tensor<4x4xf32>, %row: tensor<4xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.{{Reshape|Gemm}}
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[X]], %[[W]]
  // CHECK: %[[BIASED:.+]] = onnx.Add %[[Y]], %[[ROW]]
  // CHECK: %[[R:.+]] = onnx.Relu %[[BIASED]]
  // CHECK: %[[M:.+]] = onnx.Mul %[[R]], %[[ROW]]
  // CHECK: %[[Z:.+]] = onnx.MatMul %[[M]], %[[W]]
  // CHECK: %[[SUM:.+]] = onnx.Add %[[Z]], %[[M]]
  // CHECK: return %[[SUM]]
  %c = onnx.None
  %flat = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %shape = onnx.Shape %x : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %rows = onnx.Reshape %x, %flat : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %y = onnx.Gemm %rows, %w, %row : (tensor<*xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<*xf32>
  %r = onnx.Relu %y : (tensor<*xf32>) -> tensor<*xf32>
  %m = onnx.Mul %r, %row : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
  %z = onnx.Gemm %m, %w, %c : (tensor<*xf32>, tensor<4x4xf32>, none) -> tensor<*xf32>
  %sum = onnx.Add %z, %m : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %back = onnx.Reshape %sum, %shape : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Norms of the rows as well, which name their axis from the last.
// CHECK-LABEL: func @norm_of_rows
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32> {{.*}}, %[[W:[^:]+]]: tensor<4x4xf32>, %[[ROW:[^:]+]]: tensor<4xf32>
func.func @norm_of_rows(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}, %w: tensor<4x4xf32>, %row: tensor<4xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.{{Reshape|Gemm}}
  // CHECK: %[[N:.+]], %{{.+}}, %{{.+}} = onnx.LayerNormalization %[[X]], %[[ROW]], %[[ROW]] : (tensor<?x?x4xf32>,
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[N]], %[[W]]
  // CHECK: return %[[Y]]
  %c = onnx.None
  %flat = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %shape = onnx.Shape %x : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %rows = onnx.Reshape %x, %flat : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %n:3 = onnx.LayerNormalization %rows, %row, %row {axis = 1 : i64} : (tensor<*xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<*xf32>, none, none)
  %y = onnx.Gemm %n#0, %w, %c : (tensor<*xf32>, tensor<4x4xf32>, none) -> tensor<*xf32>
  %back = onnx.Reshape %y, %shape : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Rows of another view stay flattened: they are no rows of the same positions.
// CHECK-LABEL: func @other_rows
func.func @other_rows(%x: tensor<?x6x4xf32> {onnx.dims = ["batch", "6", "4"]}, %y: tensor<?x3x4xf32> {onnx.dims = ["pairs", "3", "4"]}) -> tensor<*xf32> {
  // CHECK: %[[A:.+]] = onnx.Reshape
  // CHECK: %[[B:.+]] = onnx.Reshape
  // CHECK: onnx.Add %[[A]], %[[B]]
  %flat = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %a = onnx.Reshape %x, %flat : (tensor<?x6x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %b = onnx.Reshape %y, %flat : (tensor<?x3x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %sum = onnx.Add %a, %b : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %sum : tensor<*xf32>
}
