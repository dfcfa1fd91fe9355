// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-expand-fused-ops))' --split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @product
// CHECK-SAME:    %[[A:[^:]+]]: tensor<4x8xf32>, %[[B:[^:]+]]: tensor<3x8xf32>
// CHECK:         %[[T:.+]] = onnx.Transpose %[[B]] {perm = array<i64: 1, 0>}
// CHECK:         %[[P:.+]] = onnx.MatMul %[[A]], %[[T]]
// CHECK:         %[[ALPHA:.+]] = onnx.Constant dense<2.500000e-01> : tensor<f32>
// CHECK:         %[[Y:.+]] = onnx.Mul %[[P]], %[[ALPHA]]
// CHECK:         return %[[Y]]
// CHECK-NOT:     onnx.ms
func.func @product(%a: tensor<4x8xf32>, %b: tensor<3x8xf32>) -> tensor<4x3xf32> {
  %0 = onnx.ms.FusedMatMul %a, %b {alpha = 2.500000e-01 : f32, transB = 1 : i64} : (tensor<4x8xf32>, tensor<3x8xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

// The first axis goes before the last, then the last two change places.
// CHECK-LABEL: func @batch_axis
// CHECK:         %[[A:.+]] = onnx.Transpose %{{.+}} {perm = array<i64: 1, 2, 0>} : (tensor<4x2x8xf32>) -> tensor<2x8x4xf32>
// CHECK:         onnx.MatMul %[[A]], %{{.+}} : (tensor<2x8x4xf32>, tensor<2x4x3xf32>) -> tensor<2x8x3xf32>
// CHECK-NOT:     onnx.Mul
func.func @batch_axis(%a: tensor<4x2x8xf32>, %b: tensor<2x4x3xf32>) -> tensor<2x8x3xf32> {
  %0 = onnx.ms.FusedMatMul %a, %b {transBatchA = 1 : i64, transA = 1 : i64} : (tensor<4x2x8xf32>, tensor<2x4x3xf32>) -> tensor<2x8x3xf32>
  return %0 : tensor<2x8x3xf32>
}

// -----

// A layer's factor goes into its weights.
// CHECK-LABEL: func @layer
// CHECK:         %[[W:.+]] = onnx.Constant dense<2.0
// CHECK:         %[[SCALED:.+]] = onnx.Mul %[[W]], %{{.+}} : (tensor<8x3xf32>, tensor<f32>)
// CHECK:         %[[Y:.+]] = onnx.MatMul %{{.+}}, %[[SCALED]]
// CHECK:         return %[[Y]]
func.func @layer(%a: tensor<4x8xf32>) -> tensor<4x3xf32> {
  %w = onnx.Constant dense<2.0> : tensor<8x3xf32>
  %0 = onnx.ms.FusedMatMul %a, %w {alpha = 5.000000e-01 : f32} : (tensor<4x8xf32>, tensor<8x3xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

// Behind a product of elements it is a factor of it, as in x * (1 + tanh(..)) * 0.5.
// CHECK-LABEL: func @gated_layer
// CHECK:         %[[G:.+]] = onnx.Mul %{{.+}}, %{{.+}} : (tensor<4x8xf32>, tensor<4x8xf32>)
// CHECK:         %[[SCALED:.+]] = onnx.Mul %[[G]], %{{.+}} : (tensor<4x8xf32>, tensor<f32>)
// CHECK:         onnx.MatMul %[[SCALED]], %{{.+}}
func.func @gated_layer(%a: tensor<4x8xf32>) -> tensor<4x3xf32> {
  %w = onnx.Constant dense<2.0> : tensor<8x3xf32>
  %g = onnx.Mul %a, %a : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = onnx.ms.FusedMatMul %g, %w {alpha = 5.000000e-01 : f32} : (tensor<4x8xf32>, tensor<8x3xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

// CHECK-LABEL: func @rotary
// CHECK:         onnx.RotaryEmbedding %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {interleaved = 1 : i64, num_heads = 2 : i64}
func.func @rotary(%x: tensor<?x?x8xf32>, %ids: tensor<?x?xi64>, %c: tensor<16x2xf32>, %s: tensor<16x2xf32>) -> tensor<?x?x8xf32> {
  %0 = onnx.ms.RotaryEmbedding %x, %ids, %c, %s {interleaved = 1 : i64} : (tensor<?x?x8xf32>, tensor<?x?xi64>, tensor<16x2xf32>, tensor<16x2xf32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// -----

// One number is the position of the first.
// CHECK-LABEL: func @rotary_from
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x2x?x4xf32>{{.*}}, %[[FIRST:[^ ]+]]: tensor<1xi64>
// CHECK:         %[[RANGE:.+]] = onnx.Range
// CHECK:         %[[SUM:.+]] = onnx.Add %[[FIRST]], %[[RANGE]] : (tensor<1xi64>, tensor<?xi64>) -> tensor<?xi64>
// CHECK:         %[[ROW:.+]] = onnx.Unsqueeze %[[SUM]]
// CHECK:         %[[IDS:.+]] = onnx.Expand %[[ROW]], %{{.+}} -> tensor<?x?xi64>
// CHECK:         onnx.RotaryEmbedding %[[X]], %{{.+}}, %{{.+}}, %[[IDS]] :
func.func @rotary_from(%x: tensor<?x2x?x4xf32> {onnx.dims = ["b", "2", "s", "4"]}, %first: tensor<1xi64>, %c: tensor<16x2xf32>, %s: tensor<16x2xf32>) -> tensor<?x2x?x4xf32> {
  %0 = onnx.ms.RotaryEmbedding %x, %first, %c, %s : (tensor<?x2x?x4xf32>, tensor<1xi64>, tensor<16x2xf32>, tensor<16x2xf32>) -> tensor<?x2x?x4xf32>
  return %0 : tensor<?x2x?x4xf32>
}

// -----

func.func @rotary_rank(%x: tensor<?x8xf32>, %ids: tensor<?x?xi64>, %c: tensor<16x2xf32>) -> tensor<?x8xf32> {
  // expected-error @below {{expected an input of rank 3 or 4, got 2}}
  %0 = onnx.ms.RotaryEmbedding %x, %ids, %c, %c : (tensor<?x8xf32>, tensor<?x?xi64>, tensor<16x2xf32>, tensor<16x2xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @rotary_width(%x: tensor<?x?x8xf32>, %ids: tensor<?x?xi64>, %c: tensor<16x3xf32>) -> tensor<?x?x8xf32> {
  // expected-error @below {{expected a width that twice the caches' divides, got 8 and 3}}
  %0 = onnx.ms.RotaryEmbedding %x, %ids, %c, %c : (tensor<?x?x8xf32>, tensor<?x?xi64>, tensor<16x3xf32>, tensor<16x3xf32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}
