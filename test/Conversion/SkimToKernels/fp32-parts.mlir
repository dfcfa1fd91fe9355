// Linear layers in fp32 by AMX: a state is taken apart once for all products that
// read it, weights stay fp32. 25 pairs of K are no steps of 8 to 16.
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=bf16x3" | FileCheck %s
// RUN: not skim-opt %s --convert-skim-to-kernels="mcpu=znver5 dtype=bf16x3" 2>&1 | FileCheck %s --check-prefix=LACKS
// LACKS: dtype: bf16x3 needs AMX-BF16, which cpu 'znver5' has not

// CHECK: skim.weights @{{.*}} tiled at 0 bytes 4096 {parts =
// CHECK-LABEL: func.func @main
// CHECK: %[[PARTS:.+]] = memref.alloc({{.*}}) : memref<?x96xi16>
// CHECK: skim.dispatch gemm @quantise_bf16x3_32(%{{.+}}, %[[PARTS]])
// CHECK: skim.dispatch gemm @gemm_bf16x3_32x32(%[[PARTS]], {{.*}} : memref<?x96xi16>, memref<1x32x32xf32>, memref<?x32xf32>
// CHECK-NOT: skim.dispatch gemm @quantise
// CHECK: skim.dispatch gemm @gemm_bf16x3_32x50_relu(%[[PARTS]],
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
