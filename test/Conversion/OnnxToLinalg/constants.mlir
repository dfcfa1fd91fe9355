// RUN: skim-opt %s --convert-onnx-to-linalg="constant-limit=16" | FileCheck %s
// RUN: skim-opt %s --convert-onnx-to-linalg | FileCheck %s --check-prefix=LARGE

// Large constants go to the weights segment; those of skim ops stay.

// LARGE-NOT: skim.weights

// CHECK-LABEL: func @large_and_small
// CHECK: %[[V:.+]] = skim.weights_view @constant : memref<5xf32>
// CHECK: bufferization.to_tensor %[[V]] restrict : memref<5xf32> to tensor<5xf32>
// CHECK: arith.constant dense<1.000000e+00> : tensor<f32>
// LARGE-LABEL: func @large_and_small
// LARGE: arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00, 5.000000e+00]>
func.func @large_and_small(%x: tensor<5xf32>) -> tensor<5xf32> {
  %w = onnx.Constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32>
  %b = onnx.Constant dense<1.0> : tensor<f32>
  %y = onnx.Mul %x, %w : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
  %z = onnx.Add %y, %b : (tensor<5xf32>, tensor<f32>) -> tensor<5xf32>
  return %z : tensor<5xf32>
}

// CHECK-LABEL: func @of_skim_ops_stay
// CHECK: %[[W:.+]] = onnx.Constant
// CHECK: skim.linear %{{.+}}, %[[W]]
func.func @of_skim_ops_stay(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = onnx.Constant dense<0.5> : tensor<2x2xf32>
  %y = skim.linear %x, %w : tensor<?x2xf32>, tensor<2x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// CHECK: skim.weights @constant plain at 0 bytes 20
