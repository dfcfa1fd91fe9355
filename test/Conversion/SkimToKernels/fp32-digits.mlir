// Linear layers in fp32 by AMX: a state is taken apart once for all products that
// read it, weights lie as digits in tiles of 16 columns. 50 numbers are no words.
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=int8x3" | FileCheck %s
// RUN: not skim-opt %s --convert-skim-to-kernels="mcpu=znver5 dtype=int8x3" 2>&1 | FileCheck %s --check-prefix=LACKS
// LACKS: dtype: int8x3 needs AMX-INT8, which cpu 'znver5' has not

// CHECK: skim.weights @{{.*}} tiled at 0 bytes 3200 {dtype = #skim<dtype int8x3>, parts = {{.*}} tile = 16 : i64}
// CHECK-LABEL: func.func @main
// CHECK: %[[DIGITS:.+]] = memref.alloc({{.*}}) : memref<?x132xi8>
// CHECK: skim.dispatch gemm @quantise_int8x3_32(%{{.+}}, %[[DIGITS]])
// CHECK: skim.dispatch gemm @gemm_int8x3_32x32(%[[DIGITS]], {{.*}} : memref<?x132xi8>, memref<2x25x64xi8>, memref<?x32xf32>
// CHECK-NOT: skim.dispatch gemm @quantise
// CHECK: skim.dispatch gemm @gemm_int8x3_32x50_relu(%[[DIGITS]],
// CHECK-NOT: skim.dispatch gemm @quantise
// CHECK: skim.dispatch gemm @gemm_50x16(
func.func @main(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x16xf32>) {
  %w = onnx.Constant dense<1.0> : tensor<32x32xf32>
  %v = onnx.Constant dense<2.0> : tensor<32x50xf32>
  %u = onnx.Constant dense<3.0> : tensor<50x16xf32>
  %y = skim.linear %x, %w : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
  %z = skim.linear %x, %v {activation = #skim<activation relu>} : tensor<?x32xf32>, tensor<32x50xf32> -> tensor<?x50xf32>
  %t = skim.linear %z, %u : tensor<?x50xf32>, tensor<50x16xf32> -> tensor<?x16xf32>
  return %y, %t : tensor<?x32xf32>, tensor<?x16xf32>
}
