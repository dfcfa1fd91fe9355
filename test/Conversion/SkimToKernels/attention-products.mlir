// In bf16 and int8 attention multiplies bf16 where the processor has tiles for
// it, integers on others of x86, which in int8 are of 8 bits where they give
// scores; in fp32 neither, however its linear layers do.
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=bf16" | FileCheck %s --check-prefix=TILES
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=int8" | FileCheck %s --check-prefix=TILES
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=fp32" | FileCheck %s --check-prefix=FP32
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=sapphirerapids dtype=int8x3" | FileCheck %s --check-prefix=FP32
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=cooperlake dtype=bf16" | FileCheck %s --check-prefix=INT16
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=haswell dtype=bf16" | FileCheck %s --check-prefix=INT16
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=cooperlake dtype=int8" | FileCheck %s --check-prefix=INT8
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=haswell dtype=int8" | FileCheck %s --check-prefix=INT8
// RUN: skim-opt %s --convert-skim-to-kernels="mcpu=neoverse-n1 mtriple=aarch64-linux-gnu dtype=int8" | FileCheck %s --check-prefix=FP32

// TILES-LABEL: func.func @main
// TILES: skim.dispatch attention @attention_bf16_2x16_scale_3e800000(
// INT16-LABEL: func.func @main
// INT16: skim.dispatch attention @attention_int16_2x16_scale_3e800000(
// INT8-LABEL: func.func @main
// INT8: skim.dispatch attention @attention_int8_2x16_scale_3e800000(
// FP32-LABEL: func.func @main
// FP32: skim.dispatch attention @attention_2x16_scale_3e800000(
func.func @main(%input: tensor<?x?x32xf32>, %mask: tensor<?x?xi1>) -> tensor<?x?x32xf32> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.gather %input rows %rows : tensor<?x?x32xf32> -> !skim.ragged<32xf32>
  %a = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.25 : f32}
      : !skim.ragged<32xf32>, !skim.ragged<32xf32>, !skim.ragged<32xf32> -> !skim.ragged<32xf32>
  %y = skim.restore %a rows %rows : !skim.ragged<32xf32> -> tensor<?x?x32xf32>
  return %y : tensor<?x?x32xf32>
}
