// RUN: skim-opt %s --verify-skim-form -split-input-file -verify-diagnostics

// Encoder ops on dense states beside onnx ops are the form.
func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %y = onnx.Relu %x : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %z = skim.add %x, %y : tensor<?x?x4xf32>
  return %z : tensor<?x?x4xf32>
}

// -----

func.func @main(%mask: tensor<?x?xi1>) {
  // expected-error @+1 {{does not belong into the skim form: found '!skim.rows'}}
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  return
}

// -----


func.func @main() {
  // expected-error @+1 {{does not belong into the skim form: found skim.weights_view}}
  %view = skim.weights_view @table : memref<4xf32>
  return
}
