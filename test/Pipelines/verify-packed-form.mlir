// RUN: skim-opt %s --verify-packed-form -split-input-file -verify-diagnostics

// Ragged states between gather and restore are the form.
func.func @main(%x: tensor<?x?x4xf32>, %mask: tensor<?x?xi1>) -> tensor<?x?x4xf32> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %a = skim.gather %x rows %rows : tensor<?x?x4xf32> -> !skim.ragged<4xf32>
  %b = skim.add %a, %a : !skim.ragged<4xf32>
  %y = skim.restore %b rows %rows : !skim.ragged<4xf32> -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A table of relative positions is no batch of states.
func.func @main(%x: tensor<1x64x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x64x4xf32> {
  %y = skim.linear %x, %w : tensor<1x64x4xf32>, tensor<4x4xf32> -> tensor<1x64x4xf32>
  return %y : tensor<1x64x4xf32>
}

// -----

// C1
func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  // expected-error @+1 {{does not belong into the packed form: skim.attention on dense states}}
  %y = skim.attention %x, %x, %x {heads = 2 : i64, scale = 1.0 : f32} : tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32> -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
