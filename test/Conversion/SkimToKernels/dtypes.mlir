// Linear layers in int8 and bf16: a state is rounded once for all products that
// read it, and weights lie in words.
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=x86-64-v3 dtype=int8" | FileCheck %s --check-prefixes=CHECK,INT8
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=x86-64-v3 dtype=bf16" | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: not skim-opt %s --convert-skim-to-kernels="dtype=int4" 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: dtype: expected fp32, bf16, int8 or int8x3, got 'int4'

// 16 columns in a tile: 5 words of 18 numbers and two rows beside, or 9 words.
// INT8: skim.weights @{{.*}} tiled at 0 bytes 896 {dtype = #skim<dtype int8>
// BF16: skim.weights @{{.*}} tiled at 0 bytes 1152 {dtype = #skim<dtype bf16>

// CHECK-LABEL: func.func @main
// INT8: %[[ROUNDED:.+]] = memref.alloc({{.*}}) : memref<?x24xi8>
// INT8: skim.dispatch gemm @quantise_int8_18(%{{.+}}, %[[ROUNDED]])
// INT8: skim.dispatch gemm @gemm_int8_18x32(%[[ROUNDED]], {{.*}} : memref<?x24xi8>, memref<2x7x64xi8>, memref<?x32xf32>
// BF16: %[[ROUNDED:.+]] = memref.alloc({{.*}}) : memref<?x18xi16>
// BF16: skim.dispatch gemm @quantise_bf16_18(%{{.+}}, %[[ROUNDED]])
// BF16: skim.dispatch gemm @gemm_bf16_18x32(%[[ROUNDED]], {{.*}} : memref<?x18xi16>, memref<2x9x32xi16>, memref<?x32xf32>
// CHECK-NOT: skim.dispatch gemm @quantise
// CHECK: skim.dispatch gemm @gemm_{{.*}}_18x16_relu(%[[ROUNDED]],
func.func @main(%x: tensor<?x18xf32>) -> (tensor<?x32xf32>, tensor<?x16xf32>) {
  %w = onnx.Constant dense<1.0> : tensor<18x32xf32>
  %v = onnx.Constant dense<2.0> : tensor<18x16xf32>
  %y = skim.linear %x, %w : tensor<?x18xf32>, tensor<18x32xf32> -> tensor<?x32xf32>
  %z = skim.linear %x, %v {activation = #skim<activation relu>} : tensor<?x18xf32>, tensor<18x16xf32> -> tensor<?x16xf32>
  return %y, %z : tensor<?x32xf32>, tensor<?x16xf32>
}
