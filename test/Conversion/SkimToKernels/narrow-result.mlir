// What lies between two products of a feed-forward in bf16 by AMX, and is read by
// nothing else, is written as the second reads it.
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=bf16" | FileCheck %s
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=cooperlake dtype=bf16" | FileCheck %s --check-prefix=WIDE
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=int8" | FileCheck %s --check-prefix=WIDE
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=int8x3" | FileCheck %s --check-prefix=WIDE

// CHECK-LABEL: func.func @main
// CHECK: skim.dispatch gemm @quantise_bf16_32(
// CHECK: %[[BETWEEN:.+]] = memref.alloc({{.*}}) : memref<?x64xi16>
// CHECK: skim.dispatch gemm @gemm_bf16_32x64_gelu_erf_narrow({{.*}}, %[[BETWEEN]])
// CHECK-NOT: @quantise
// CHECK: skim.dispatch gemm @gemm_bf16_64x32_residual_narrow(%[[BETWEEN]],
// CHECK-NOT: @quantise
// 72 columns are no whole tiles.
// CHECK: skim.dispatch gemm @gemm_bf16_32x72(
// CHECK: skim.dispatch gemm @quantise_bf16_72(
// Two read this one.
// CHECK: skim.dispatch gemm @gemm_bf16_72x64(
// CHECK: skim.dispatch gemm @quantise_bf16_64(

// WIDE-LABEL: func.func @main
// WIDE-NOT: _narrow
// WIDE: return

func.func @main(%input: tensor<?x?x32xf32>, %mask: tensor<?x?xi1>) -> tensor<?x?x64xf32> {
  %up = onnx.Constant dense<1.0> : tensor<32x64xf32>
  %down = onnx.Constant dense<2.0> : tensor<64x32xf32>
  %w = onnx.Constant dense<3.0> : tensor<32x72xf32>
  %v = onnx.Constant dense<4.0> : tensor<72x64xf32>
  %u = onnx.Constant dense<5.0> : tensor<64x64xf32>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.gather %input rows %rows : tensor<?x?x32xf32> -> !skim.ragged<32xf32>
  %h = skim.linear %x, %up {activation = #skim<activation gelu_erf>} : !skim.ragged<32xf32>, tensor<32x64xf32> -> !skim.ragged<64xf32>
  %y = skim.linear %h, %down residual %x : !skim.ragged<64xf32>, tensor<64x32xf32> residual !skim.ragged<32xf32> -> !skim.ragged<32xf32>
  %a = skim.linear %y, %w : !skim.ragged<32xf32>, tensor<32x72xf32> -> !skim.ragged<72xf32>
  %b = skim.linear %a, %v : !skim.ragged<72xf32>, tensor<72x64xf32> -> !skim.ragged<64xf32>
  %c = skim.linear %b, %u residual %b : !skim.ragged<64xf32>, tensor<64x64xf32> residual !skim.ragged<64xf32> -> !skim.ragged<64xf32>
  %r = skim.restore %c rows %rows : !skim.ragged<64xf32> -> tensor<?x?x64xf32>
  return %r : tensor<?x?x64xf32>
}
