// RUN: not skim-opt %s --convert-skim-to-kernels="mcpu=x86-64-v3 kernels=fast" 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: --kernels=fast: expected auto, mlir or halide
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=x86-64-v3 kernels=auto" | FileCheck %s
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=x86-64-v3 kernels=mlir" | FileCheck %s

// No shape is measured that is so small: auto opens no Halide.
// CHECK: skim.dispatch gemm @gemm_16x32(
func.func @main(%x: tensor<?x16xf32>) -> tensor<?x32xf32> {
  %w = onnx.Constant dense<1.0> : tensor<16x32xf32>
  %y = skim.linear %x, %w : tensor<?x16xf32>, tensor<16x32xf32> -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}
