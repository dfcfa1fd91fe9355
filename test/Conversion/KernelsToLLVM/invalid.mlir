// RUN: skim-opt %s --convert-kernels-to-llvm -split-input-file -verify-diagnostics

// dispatch_c1
func.func @main() {
  %c1 = arith.constant 1 : index
  %flops = arith.constant 0 : i64
  // expected-error @+1 {{expected a function 'missing' with a body in this module}}
  skim.dispatch other @missing() tasks %c1 grain %c1 scratch %c1 flops %flops
  return
}

// -----

// dispatch_c1
func.func private @kernel(%x: f32, %begin: index, %end: index, %scratch: memref<?xi8>) {
  return
}
func.func @main() {
  %c1 = arith.constant 1 : index
  %flops = arith.constant 0 : i64
  // expected-error @+1 {{expected kernel 'kernel' of type '(index, index, index, memref<?xi8>) -> ()', got '(f32, index, index, memref<?xi8>) -> ()'}}
  skim.dispatch other @kernel(%c1) tasks %c1 grain %c1 scratch %c1 flops %flops : index
  return
}

// -----

// expected-error @+1 {{expected argument 0 to be a contiguous memref, got 'memref<4xf32, strided<[2]>>'}}
func.func @main(%x: memref<4xf32, strided<[2]>>) {
  return
}

// -----

// expected-error @+1 {{expected a main function without results, got 1}}
func.func @main(%x: memref<4xf32>) -> memref<4xf32> {
  return %x : memref<4xf32>
}

// -----

func.func @main() {
  // expected-error @+1 {{expected a skim.weights named 'missing'}}
  %view = skim.weights_view @missing : memref<4xf32>
  return
}

// -----

skim.weights @table plain at 0 bytes 16 {parts = [dense<1.0> : tensor<4xf32>]}
func.func @main() {
  // expected-error @+1 {{expected at most 16 bytes, got 'memref<5xf32>'}}
  %view = skim.weights_view @table : memref<5xf32>
  return
}

// -----

func.func private @kernel(%begin: index, %end: index, %scratch: memref<?xi8>) {
  // expected-error @+1 {{expected in the main function only, found in a kernel}}
  %memory = memref.alloc() : memref<4xf32>
  return
}
func.func @main() {
  %c1 = arith.constant 1 : index
  %flops = arith.constant 0 : i64
  skim.dispatch other @kernel() tasks %c1 grain %c1 scratch %c1 flops %flops
  return
}

// -----

func.func @helper() {
  // expected-error @+1 {{expected in the main function or in a dispatched kernel}}
  %memory = memref.alloc() : memref<4xf32>
  return
}

// -----

func.func @main(%x: memref<4x4xf32>) {
  %c1 = arith.constant 1 : index
  %view = memref.subview %x[0, 0] [4, 2] [1, 1] : memref<4x4xf32> to memref<4x2xf32, strided<[4, 1]>>
  // expected-error @+1 {{expected a contiguous memref of at most 8 dimensions, got 'memref<4x2xf32, strided<[4, 1]>>'}}
  skim.output %view {index = 0 : i64} : memref<4x2xf32, strided<[4, 1]>>
  return
}
