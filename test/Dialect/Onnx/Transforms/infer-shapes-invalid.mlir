// RUN: skim-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics

func.func @matmul_inner(%a: tensor<?x32xf32>, %b: tensor<48x16xf32>) -> tensor<*xf32> {
  %u = onnx.Abs %a : (tensor<?x32xf32>) -> tensor<*xf32>
  // expected-error @+1 {{node (MatMul): expected equal inner dimensions, got 32 and 48}}
  %0 = onnx.MatMul %u, %b : (tensor<*xf32>, tensor<48x16xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @gemm_rank(%a: tensor<2x3x4xf32>, %b: tensor<4x5xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %u = onnx.Abs %a : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // expected-error @+1 {{node (Gemm): expected operands of rank 2, got rank 3}}
  %0 = onnx.Gemm %u, %b, %none : (tensor<*xf32>, tensor<4x5xf32>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @concat_extent(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) -> tensor<*xf32> {
  %u = onnx.Abs %a : (tensor<2x3xf32>) -> tensor<*xf32>
  // expected-error @+1 {{node (Concat): expected operands of extent 3 on axis 1, got 5}}
  %0 = onnx.Concat %u, %b {axis = 0 : i64} : (tensor<*xf32>, tensor<4x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @reshape_count(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  %to = onnx.Constant dense<[4, -1]> : tensor<2xi64>
  // expected-error @+1 {{node (Reshape): expected a shape of 6 elements, got [4, -1]}}
  %0 = onnx.Reshape %a, %to : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @gather_axis(%a: tensor<2x3xf32>, %i: tensor<4xi64>) -> tensor<*xf32> {
  %u = onnx.Abs %a : (tensor<2x3xf32>) -> tensor<*xf32>
  // expected-error @+1 {{node (Gather): expected an axis in [-2, 2), got 2}}
  %0 = onnx.Gather %u, %i {axis = 2 : i64} : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @gather_index(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  %i = onnx.Constant dense<5> : tensor<i64>
  // expected-error @+1 {{node (Gather): expected indices in [-2, 2), got 5}}
  %0 = onnx.Gather %a, %i {axis = 0 : i64} : (tensor<2x3xf32>, tensor<i64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @unknown_rank(%a: tensor<2x3xf32>, %shape: tensor<?xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{node (Reshape): expected a known rank, got 'tensor<*xf32>' for result 0}}
  %0 = onnx.Reshape %a, %shape : (tensor<2x3xf32>, tensor<?xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @squeeze_extent(%a: tensor<2x3xf32>) -> tensor<*xf32> {
  %axes = onnx.Constant dense<1> : tensor<1xi64>
  %u = onnx.Abs %a : (tensor<2x3xf32>) -> tensor<*xf32>
  // expected-error @+1 {{node (Squeeze): expected extent 1 on axis 1, got 3}}
  %0 = onnx.Squeeze %u, %axes : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @conv_rank(%x: tensor<2x3x9x9xf32>, %w: tensor<4x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %u = onnx.Abs %x : (tensor<2x3x9x9xf32>) -> tensor<*xf32>
  // expected-error @+1 {{node (Conv): expected operands of rank 3, got 4 and 3}}
  %y = onnx.Conv %u, %w, %none {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<*xf32>, tensor<4x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @conv_window(%x: tensor<2x3x4xf32>, %w: tensor<4x3x3xf32>) -> tensor<*xf32> {
  %none = onnx.None
  // expected-error @+1 {{node (Conv): expected a window of at most the padded input, got 5 of 4}}
  %y = onnx.Conv %x, %w, %none {dilations = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x3x4xf32>, tensor<4x3x3xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @pool_rank(%u: tensor<*xf32>, %x: tensor<2x3xf32>) -> tensor<*xf32> {
  %flat = onnx.Identity %x : (tensor<2x3xf32>) -> tensor<*xf32>
  // expected-error @below {{expected an operand of rank 3, got 2}}
  %y = onnx.MaxPool %flat {dilations = array<i64: 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @pool_window(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{expected a window of at most the padded input, got 5 of 4}}
  %y = onnx.MaxPool %x {dilations = array<i64: 1>, kernel_shape = array<i64: 5>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @resize_scale(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %scales = onnx.Constant dense<1.0e30> : tensor<1xf32>
  // expected-error @below {{expected a scale of 4 elements to a number of 64 bits, got}}
  %y = onnx.Resize %x, %scales, %none {axes = array<i64: 2>} : (tensor<2x3x4xf32>, tensor<1xf32>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @resize_sizes(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  %none = onnx.None
  %all = onnx.Shape %x : (tensor<2x3x4xf32>) -> tensor<?xi64>
  %many = onnx.Concat %all, %all {axis = 0 : i64} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  // expected-error @below {{expected a size for each of 3 axes, got 6}}
  %y = onnx.Resize %x, %none, %many : (tensor<2x3x4xf32>, none, tensor<?xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
