// RUN: skim-opt %s --onnx-fold-constants --split-input-file | FileCheck %s
// RUN: skim-opt %s --onnx-fold-constants=max-growth=8 --split-input-file | FileCheck %s --check-prefix=SMALL

// A weight that is stored as int8 with a scale.
// CHECK-LABEL: func @stored_weight
func.func @stored_weight() -> tensor<2x2xf32> {
  %stored = onnx.Constant dense<[[1, -2], [3, 127]]> : tensor<2x2xi8>
  %scale = onnx.Constant dense<5.000000e-01> : tensor<f32>
  %w = onnx.Cast %stored {to = 1 : i64} : (tensor<2x2xi8>) -> tensor<2x2xf32>
  %r = onnx.Mul %w, %scale : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  // CHECK-NEXT: %[[W:.+]] = onnx.Constant dense<{{\[\[}}5.000000e-01, -1.000000e+00], [1.500000e+00, 6.350000e+01]]> : tensor<2x2xf32>
  // CHECK-NEXT: return %[[W]]
  return %r : tensor<2x2xf32>
}

// -----

// CHECK-LABEL: func @dequantize_per_row
func.func @dequantize_per_row() -> tensor<2x2xf32> {
  %x = onnx.Constant dense<[[10, 12], [20, 30]]> : tensor<2x2xui8>
  %scale = onnx.Constant dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
  %zero = onnx.Constant dense<[10, 20]> : tensor<2xui8>
  %r = onnx.DequantizeLinear %x, %scale, %zero {axis = 0 : i64} : (tensor<2x2xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x2xf32>
  // CHECK: onnx.Constant dense<{{\[\[}}0.000000e+00, 2.000000e+00], [0.000000e+00, 5.000000e+00]]>
  return %r : tensor<2x2xf32>
}

// -----

// One scale has no axis, and 1, that of lists by default, is none of this one.
// CHECK-LABEL: func @dequantize_list
func.func @dequantize_list() -> tensor<3xf32> {
  %x = onnx.Constant dense<[10, 12, -4]> : tensor<3xi8>
  %scale = onnx.Constant dense<5.000000e-01> : tensor<f32>
  %zero = onnx.Constant dense<2> : tensor<i8>
  %r = onnx.DequantizeLinear %x, %scale, %zero : (tensor<3xi8>, tensor<f32>, tensor<i8>) -> tensor<3xf32>
  // CHECK: onnx.Constant dense<[4.000000e+00, 5.000000e+00, -3.000000e+00]>
  return %r : tensor<3xf32>
}

// -----

// Two blocks in each column, the second one shorter.
// CHECK-LABEL: func @dequantize_blocks
func.func @dequantize_blocks() -> tensor<3x2xf32> {
  %x = onnx.Constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi8>
  %scale = onnx.Constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %zero = onnx.Constant dense<[[0, 1], [0, 2]]> : tensor<2x2xi8>
  %r = onnx.DequantizeLinear %x, %scale, %zero {axis = 0 : i64, block_size = 2 : i64} : (tensor<3x2xi8>, tensor<2x2xf32>, tensor<2x2xi8>) -> tensor<3x2xf32>
  // CHECK: onnx.Constant dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 6.000000e+00], [1.500000e+01, 1.600000e+01]]>
  return %r : tensor<3x2xf32>
}

// -----

// CHECK-LABEL: func @dequantize_with_one_zero_point
func.func @dequantize_with_one_zero_point() -> tensor<2x2xf32> {
  %x = onnx.Constant dense<[[10, 12], [20, 30]]> : tensor<2x2xui8>
  %scale = onnx.Constant dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
  %zero = onnx.Constant dense<10> : tensor<ui8>
  %r = onnx.DequantizeLinear %x, %scale, %zero {axis = 0 : i64} : (tensor<2x2xui8>, tensor<2xf32>, tensor<ui8>) -> tensor<2x2xf32>
  // CHECK: onnx.Constant dense<{{\[\[}}0.000000e+00, 2.000000e+00], [5.000000e+00, 1.000000e+01]]>
  return %r : tensor<2x2xf32>
}

// -----

// Halves, with a subnormal and a value that rounds.
// CHECK-LABEL: func @halves
func.func @halves() -> (tensor<3xf32>, tensor<2xf16>, tensor<2xbf16>) {
  %h = onnx.Constant dense<[1.500000e+00, 5.960460e-08, -6.550400e+04]> : tensor<3xf16>
  %f = onnx.Constant dense<[1.00048828, 1.00048840]> : tensor<2xf32>
  %0 = onnx.Cast %h {to = 1 : i64} : (tensor<3xf16>) -> tensor<3xf32>
  %1 = onnx.Cast %f {to = 10 : i64} : (tensor<2xf32>) -> tensor<2xf16>
  %2 = onnx.Cast %f {to = 16 : i64} : (tensor<2xf32>) -> tensor<2xbf16>
  // CHECK-DAG: onnx.Constant dense<[1.500000e+00, 5.96046448E-8, -6.550400e+04]> : tensor<3xf32>
  // CHECK-DAG: onnx.Constant dense<[1.000000e+00, 1.000980e+00]> : tensor<2xf16>
  // CHECK-DAG: onnx.Constant dense<1.000000e+00> : tensor<2xbf16>
  return %0, %1, %2 : tensor<3xf32>, tensor<2xf16>, tensor<2xbf16>
}

// -----

// CHECK-LABEL: func @movement
func.func @movement() -> (tensor<3x2xi64>, tensor<2x2xi64>, tensor<2x6xi64>, tensor<1x3xi64>) {
  %none = onnx.None
  %x = onnx.Constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi64>
  %t = onnx.Transpose %x : (tensor<2x3xi64>) -> tensor<3x2xi64>
  // CHECK-DAG: onnx.Constant dense<{{\[\[}}1, 4], [2, 5], [3, 6]]>
  %start = onnx.Constant dense<-1> : tensor<1xi64>
  %end = onnx.Constant dense<-9223372036854775808> : tensor<1xi64>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %step = onnx.Constant dense<-2> : tensor<1xi64>
  %s = onnx.Slice %x, %start, %end, %axis, %step : (tensor<2x3xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x2xi64>
  // CHECK-DAG: onnx.Constant dense<{{\[\[}}3, 1], [6, 4]]>
  %c = onnx.Concat %x, %x {axis = 1 : i64} : (tensor<2x3xi64>, tensor<2x3xi64>) -> tensor<2x6xi64>
  // CHECK-DAG: dense_resource<folded> : tensor<2x6xi64>
  %row = onnx.Constant dense<[-1]> : tensor<1xi64>
  %g = onnx.Gather %x, %row {axis = 0 : i64} : (tensor<2x3xi64>, tensor<1xi64>) -> tensor<1x3xi64>
  // CHECK-DAG: onnx.Constant dense<{{\[\[}}4, 5, 6]]>
  return %t, %s, %c, %g : tensor<3x2xi64>, tensor<2x2xi64>, tensor<2x6xi64>, tensor<1x3xi64>
}

// -----

// CHECK-LABEL: func @integers
func.func @integers() -> (tensor<4xi64>, tensor<2xi64>, tensor<2xi1>, tensor<3xi64>) {
  %a = onnx.Constant dense<[7, -7]> : tensor<2xi64>
  %b = onnx.Constant dense<[-2, 2]> : tensor<2xi64>
  %start = onnx.Constant dense<1> : tensor<i64>
  %limit = onnx.Constant dense<8> : tensor<i64>
  %delta = onnx.Constant dense<2> : tensor<i64>
  %range = onnx.Range %start, %limit, %delta : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<4xi64>
  // CHECK-DAG: onnx.Constant dense<[1, 3, 5, 7]>
  %div = onnx.Div %a, %b : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  // CHECK-DAG: onnx.Constant dense<-3> : tensor<2xi64>
  %mod = onnx.Mod %a, %b : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %less = onnx.Less %mod, %delta : (tensor<2xi64>, tensor<i64>) -> tensor<2xi1>
  // CHECK-DAG: onnx.Constant dense<true> : tensor<2xi1>
  %ones = onnx.Constant dense<1> : tensor<3xi64>
  %axis = onnx.Constant dense<0> : tensor<i64>
  %sum = onnx.CumSum %ones, %axis {exclusive = 1 : i64} : (tensor<3xi64>, tensor<i64>) -> tensor<3xi64>
  // CHECK-DAG: onnx.Constant dense<[0, 1, 2]>
  return %range, %div, %less, %sum : tensor<4xi64>, tensor<2xi64>, tensor<2xi1>, tensor<3xi64>
}

// -----

// Division by 0 has no result in ONNX; it stays.
// CHECK-LABEL: func @no_fold_division_by_zero
func.func @no_fold_division_by_zero() -> tensor<i64> {
  %a = onnx.Constant dense<1> : tensor<i64>
  %b = onnx.Constant dense<0> : tensor<i64>
  // CHECK: onnx.Div
  %r = onnx.Div %a, %b : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %r : tensor<i64>
}

// -----

// A result above the limit with more elements than the operands.
// CHECK-LABEL: func @growth
// SMALL-LABEL: func @growth
func.func @growth() -> tensor<4xi64> {
  %a = onnx.Constant dense<1> : tensor<i64>
  %shape = onnx.Constant dense<4> : tensor<1xi64>
  // CHECK: onnx.Constant dense<1> : tensor<4xi64>
  // SMALL: onnx.Expand
  %r = onnx.Expand %a, %shape : (tensor<i64>, tensor<1xi64>) -> tensor<4xi64>
  return %r : tensor<4xi64>
}

// -----

// Rows of a table stay an embedding.
// CHECK-LABEL: func @no_fold_embedding
func.func @no_fold_embedding() -> tensor<1x2xf32> {
  %table = onnx.Constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %ids = onnx.Constant dense<0> : tensor<1xi64>
  // CHECK: onnx.Gather
  %r = onnx.Gather %table, %ids : (tensor<2x2xf32>, tensor<1xi64>) -> tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}

// -----

// Above the limit a matrix that MatMul takes as its second operand keeps its Transpose.
// CHECK-LABEL: func @transposed_weight
// SMALL-LABEL: func @transposed_weight
func.func @transposed_weight(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = onnx.Constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  // CHECK: %[[W:.+]] = onnx.Constant dense<{{\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]>
  // CHECK: onnx.MatMul %{{.+}}, %[[W]]
  // SMALL: onnx.Transpose
  %t = onnx.Transpose %w : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %r = onnx.MatMul %x, %t : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

// A product with a constant is no linear layer.
// SMALL-LABEL: func @transposed_constant
func.func @transposed_constant() -> tensor<1x2xf32> {
  // SMALL: onnx.Constant dense<{{\[\[}}5.000000e+00, 1.100000e+01]]>
  // SMALL-NOT: onnx.MatMul
  %x = onnx.Constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %w = onnx.Constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %t = onnx.Transpose %w : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %r = onnx.MatMul %x, %t : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}

// -----

// A folded weight keeps its name; what it came from is freed.
// CHECK-LABEL: func @resource
func.func @resource() -> tensor<32xf32> {
  %w = onnx.Constant dense_resource<layer.weight> : tensor<32xf16>
  // CHECK: onnx.Constant dense_resource<layer.weight_1> : tensor<32xf32>
  %r = onnx.Cast %w {to = 1 : i64} : (tensor<32xf16>) -> tensor<32xf32>
  return %r : tensor<32xf32>
}
{-#
  dialect_resources: {
    builtin: {
      layer.weight: "0x40000000003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C003C0040"
    }
  }
#-}
// CHECK-NOT: layer.weight: "
// CHECK: layer.weight_1: "0x400000000000803F

// -----

// Sums wrap; the largest number without a sign is none below 0.
// CHECK-LABEL: func @reduce_integers
func.func @reduce_integers() -> (tensor<ui64>, tensor<ui64>, tensor<i64>, tensor<2xi32>) {
  %none = onnx.None
  %u = onnx.Constant dense<[1, 18446744073709551615, 2]> : tensor<3xui64>
  %i = onnx.Constant dense<[9223372036854775807, 2]> : tensor<2xi64>
  %n = onnx.Constant dense<[2147483647, 1]> : tensor<2xi32>
  %axis = onnx.Constant dense<0> : tensor<i64>
  // CHECK-DAG: onnx.Constant dense<18446744073709551615> : tensor<ui64>
  %0 = onnx.ReduceMax %u, %none {keepdims = 0 : i64} : (tensor<3xui64>, none) -> tensor<ui64>
  // CHECK-DAG: onnx.Constant dense<1> : tensor<ui64>
  %1 = onnx.ReduceMin %u, %none {keepdims = 0 : i64} : (tensor<3xui64>, none) -> tensor<ui64>
  // CHECK-DAG: onnx.Constant dense<-9223372036854775807> : tensor<i64>
  %2 = onnx.ReduceSum %i, %none {keepdims = 0 : i64} : (tensor<2xi64>, none) -> tensor<i64>
  // CHECK-DAG: onnx.Constant dense<[2147483647, -2147483648]> : tensor<2xi32>
  %3 = onnx.CumSum %n, %axis : (tensor<2xi32>, tensor<i64>) -> tensor<2xi32>
  return %0, %1, %2, %3 : tensor<ui64>, tensor<ui64>, tensor<i64>, tensor<2xi32>
}

// -----

// A start before the axis is its first element.
// CHECK-LABEL: func @slice_from_before_the_axis
func.func @slice_from_before_the_axis() -> tensor<1xi64> {
  %x = onnx.Constant dense<[7, 8, 9]> : tensor<3xi64>
  %start = onnx.Constant dense<-100> : tensor<1xi64>
  %end = onnx.Constant dense<-200> : tensor<1xi64>
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %step = onnx.Constant dense<-1> : tensor<1xi64>
  // CHECK: onnx.Constant dense<7> : tensor<1xi64>
  %r = onnx.Slice %x, %start, %end, %axis, %step : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %r : tensor<1xi64>
}
