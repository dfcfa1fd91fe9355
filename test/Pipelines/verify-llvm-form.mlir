// RUN: skim-opt %s --verify-llvm-form -split-input-file -verify-diagnostics

// Declarations of weights may stay beside the LLVM dialect.
skim.weights @table plain at 0 bytes 16 {parts = [dense<1.0> : tensor<4xf32>]}
llvm.func @f() {
  llvm.return
}

// -----

// C1
// expected-error @+1 {{does not belong into the llvm form: found func.func}}
func.func @f() {
  return
}
