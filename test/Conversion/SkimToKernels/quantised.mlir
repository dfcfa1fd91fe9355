// Linear layers of a quantised model: the scale of a tensor is found and its
// states are rounded once for all products that read it. Those of queries and
// keys are one product, with the scales and zero points of either.
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=x86-64-v3" | FileCheck %s

// 16 columns in a tile: 5 words of 18 numbers and three rows beside.
// CHECK: skim.weights @{{.*}} tiled at 0 bytes 512 {dtype = #skim<dtype uint8>, parts = [dense<3> : tensor<18x16xi8>, dense<5.000000e-01> : tensor<16xf32>, dense<0> : tensor<16xi8>]
// CHECK: skim.weights @{{.*}} tiled at 512 bytes 512 {dtype = #skim<dtype uint8>, parts = [dense<130> : tensor<18x16xui8>, dense<1.000000e+00> : tensor<16xf32>, dense<127> : tensor<16xui8>]

// CHECK-LABEL: func.func @main
// CHECK: %[[ROUNDED:.+]] = memref.alloc({{.*}}) : memref<?x32xi8>
// CHECK: %[[RANGES:.+]] = memref.alloc({{.*}}) : memref<?x2xf32>
// CHECK: skim.dispatch gemm @range_18(%[[X:.+]], %[[RANGES]])
// CHECK: %[[SCALE:.+]] = memref.alloc({{.*}}) : memref<?x4xf32>
// CHECK: skim.dispatch gemm @tensor_scale(%[[RANGES]], %[[SCALE]])
// CHECK: skim.dispatch gemm @quantise_uint8_18(%[[X]], %[[SCALE]], %[[ROUNDED]])
// CHECK: skim.dispatch gemm @gemm_uint8_18x16(%[[ROUNDED]],
// CHECK-NOT: skim.dispatch gemm @quantise
// CHECK: skim.dispatch gemm @gemm_uint8_zeros_18x16_relu(%[[ROUNDED]],
// A scale that is given is a constant; no range is looked for.
// CHECK-NOT: @range
// CHECK: skim.dispatch gemm @quantise_uint8_18(%[[X]], %[[GIVEN:.+]], %[[AGAIN:.+]])
// CHECK: skim.dispatch gemm @gemm_uint8_18x16(%[[AGAIN]],
func.func @main(%x: tensor<?x18xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>) {
  %w = onnx.Constant dense<3> : tensor<18x16xi8>
  %s = onnx.Constant dense<0.5> : tensor<16xf32>
  %z = onnx.Constant dense<0> : tensor<16xi8>
  %v = onnx.Constant dense<130> : tensor<18x16xui8>
  %t = onnx.Constant dense<1.0> : tensor<16xf32>
  %p = onnx.Constant dense<127> : tensor<16xui8>
  %a = skim.linear %x, %w scale %s zero_point %z : tensor<?x18xf32>, tensor<18x16xi8> scale tensor<16xf32> zero_point tensor<16xi8> -> tensor<?x16xf32>
  %b = skim.linear %x, %v scale %t zero_point %p {activation = #skim<activation relu>} : tensor<?x18xf32>, tensor<18x16xui8> scale tensor<16xf32> zero_point tensor<16xui8> -> tensor<?x16xf32>
  %c = skim.linear %x, %w scale %s zero_point %z {input_scale = 0.5 : f32, input_zero_point = 9 : i64} : tensor<?x18xf32>, tensor<18x16xi8> scale tensor<16xf32> zero_point tensor<16xi8> -> tensor<?x16xf32>
  return %a, %b, %c : tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>
}
