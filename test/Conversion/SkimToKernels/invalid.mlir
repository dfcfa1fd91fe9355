// RUN: skim-opt %s -split-input-file -verify-diagnostics --convert-skim-to-kernels=mcpu=x86-64-v3

func.func @main(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{expected the weight to be a constant, got a computed 'tensor<8x8xf32>'}}
  %y = skim.linear %x, %w : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @main(%x: tensor<?x?x8xf32>, %cos: tensor<?x?x4xf32>) -> tensor<?x?x8xf32> {
  // expected-error @+1 {{no kernel computes attention with rotary positions of each sequence}}
  %y = skim.attention %x, %x, %x rotary %cos, %cos : tensor<?x?x4xf32>, tensor<?x?x4xf32> {heads = 2 : i64, scale = 1.0 : f32}
    : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

func.func @main(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  // expected-error @+1 {{no kernel computes attention with dense states, expected the packed form}}
  %y = skim.attention %x, %x, %x {heads = 2 : i64, scale = 1.0 : f32}
    : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

func.func @main(%x: tensor<?x?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{expected the packed form, got pooling of 'tensor<?x?x8xf32>'}}
  %y = skim.pool mean %x : tensor<?x?x8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// expected-error @+1 {{expected input 0 to be a ranked tensor, got 'i32'}}
func.func @main(%x: i32) {
  return
}
