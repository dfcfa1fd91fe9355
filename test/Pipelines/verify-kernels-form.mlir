// RUN: skim-opt %s --verify-kernels-form -split-input-file -verify-diagnostics

// Buffers, loops and skim's calls are the form.
func.func @main(%x: memref<?x4xf32>) {
  skim.output %x {index = 0 : i64} : memref<?x4xf32>
  return
}

// -----

// C1
// expected-error @+1 {{expected a main function of memrefs without results, got '(tensor<4xf32>) -> ()'}}
func.func @main(%x: tensor<4xf32>) {
  return
}

// -----

// C2
func.func @main(%x: memref<?x4xf32>, %y: memref<?x4xf32>) {
  // expected-error @+1 {{does not belong into the kernels form: found linalg.copy}}
  linalg.copy ins(%x : memref<?x4xf32>) outs(%y : memref<?x4xf32>)
  return
}

// -----

// C3
func.func @main() {
  // expected-error @+1 {{does not belong into the kernels form: found 'tensor<4xf32>'}}
  %x = arith.constant dense<1.0> : tensor<4xf32>
  return
}
