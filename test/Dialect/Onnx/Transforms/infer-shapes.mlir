// RUN: skim-opt %s --onnx-infer-shapes --split-input-file | FileCheck %s

// CHECK-LABEL: func @embedding
// CHECK-SAME: -> (tensor<?x?x32xf32> {onnx.dims = ["batch", "sequence", "32"]})
func.func @embedding(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]},
                     %table: tensor<97x32xf32>)
    -> (tensor<*xf32> {onnx.dims = ["", "", ""]}) {
  // CHECK: onnx.Gather {{.*}} -> tensor<?x?x32xf32>
  %0 = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<97x32xf32>, tensor<?x?xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// The shape operand is known by symbols: [batch, sequence, -1, 8].
// CHECK-LABEL: func @split_heads
// CHECK-SAME: onnx.dims = ["batch", "4", "sequence", "8"]
func.func @split_heads(%x: tensor<?x?x32xf32> {onnx.dims = ["batch", "sequence", "32"]})
    -> (tensor<*xf32> {onnx.dims = ["a", "b", "c", "d"]}) {
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %axes = onnx.Constant dense<0> : tensor<1xi64>
  %rest = onnx.Constant dense<-1> : tensor<1xi64>
  %size = onnx.Constant dense<8> : tensor<1xi64>
  %shape = onnx.Shape %x : (tensor<?x?x32xf32>) -> tensor<*xi64>
  %b = onnx.Gather %shape, %c0 {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %s = onnx.Gather %shape, %c1 {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %b1 = onnx.Unsqueeze %b, %axes : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %s1 = onnx.Unsqueeze %s, %axes : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: onnx.Concat {{.*}} -> tensor<4xi64>
  %to = onnx.Concat %b1, %s1, %rest, %size {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: onnx.Reshape {{.*}} -> tensor<?x?x4x8xf32>
  %r = onnx.Reshape %x, %to : (tensor<?x?x32xf32>, tensor<*xi64>) -> tensor<*xf32>
  // CHECK: onnx.Transpose {{.*}} -> tensor<?x4x?x8xf32>
  %t = onnx.Transpose %r {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  return %t : tensor<*xf32>
}

// -----

// A table cut to the sequence: the sum has the sequence's length whatever the clamp.
// CHECK-LABEL: func @positions
// CHECK-SAME: onnx.dims = ["1", "min(264, sequence)"]
// CHECK-SAME: onnx.dims = ["batch", "sequence", "36"]
func.func @positions(%x: tensor<?x?x36xf32> {onnx.dims = ["batch", "sequence", "36"]},
                     %ids: tensor<1x264xi64>, %table: tensor<264x36xf32>)
    -> (tensor<*xi64> {onnx.dims = ["", ""]}, tensor<*xf32> {onnx.dims = ["", "", ""]}) {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %none = onnx.None
  %end = onnx.Shape %x {start = 1 : i64, end = 2 : i64} : (tensor<?x?x36xf32>) -> tensor<*xi64>
  // CHECK: onnx.Slice {{.*}} -> tensor<1x?xi64>
  %cut = onnx.Slice %ids, %zero, %end, %one, %one : (tensor<1x264xi64>, tensor<1xi64>, tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %p = onnx.Gather %table, %cut {axis = 0 : i64} : (tensor<264x36xf32>, tensor<*xi64>) -> tensor<*xf32>
  %sum = onnx.Add %x, %p : (tensor<?x?x36xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %cut, %sum : tensor<*xi64>, tensor<*xf32>
}

// -----

// The exporters' guard against -1 in an Expand's shape.
// CHECK-LABEL: func @expand_guard
// CHECK-SAME: onnx.dims = ["batch", "1", "sequence", "sequence"]
func.func @expand_guard(%mask: tensor<?x1x1x?xi1> {onnx.dims = ["batch", "1", "1", "sequence"]})
    -> (tensor<*xi1> {onnx.dims = ["", "", "", ""]}) {
  %b = onnx.Shape %mask {start = 0 : i64, end = 1 : i64} : (tensor<?x1x1x?xi1>) -> tensor<*xi64>
  %s = onnx.Shape %mask {start = 3 : i64, end = 4 : i64} : (tensor<?x1x1x?xi1>) -> tensor<*xi64>
  %minus = onnx.Constant dense<-1> : tensor<1xi64>
  %all = onnx.Concat %b, %minus, %s, %s {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %n = onnx.Shape %all : (tensor<*xi64>) -> tensor<*xi64>
  %ones = onnx.ConstantOfShape %n {value = dense<1> : tensor<1xi64>} : (tensor<*xi64>) -> tensor<*xi64>
  %scalar = onnx.Constant dense<-1> : tensor<i64>
  %minuses = onnx.Mul %ones, %scalar : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %is = onnx.Equal %all, %minuses : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  // CHECK: onnx.Where {{.*}} -> tensor<4xi64>
  %to = onnx.Where %is, %ones, %all : (tensor<*xi1>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  // CHECK: onnx.Expand {{.*}} -> tensor<?x1x?x?xi1>
  %r = onnx.Expand %mask, %to : (tensor<?x1x1x?xi1>, tensor<*xi64>) -> tensor<*xi1>
  return %r : tensor<*xi1>
}

// -----

// CHECK-LABEL: func @products
// CHECK-SAME: ["batch", "4", "q", "k"]
// CHECK-SAME: ["12", "3"]
// CHECK-SAME: ["batch", "k", "4"]
func.func @products(%q: tensor<?x4x?x8xf32> {onnx.dims = ["batch", "4", "q", "8"]},
                    %k: tensor<?x4x8x?xf32> {onnx.dims = ["batch", "4", "8", "k"]},
                    %a: tensor<5x12xf32>, %w: tensor<3x5xf32>)
    -> (tensor<*xf32> {onnx.dims = ["", "", "", ""]}, tensor<*xf32> {onnx.dims = ["", ""]},
        tensor<*xf32> {onnx.dims = ["", "", ""]}) {
  %none = onnx.None
  // CHECK: onnx.MatMul {{.*}} -> tensor<?x4x?x?xf32>
  %s = onnx.MatMul %q, %k : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<*xf32>
  // CHECK: onnx.Gemm {{.*}} -> tensor<12x3xf32>
  %g = onnx.Gemm %a, %w, %none {transA = 1 : i64, transB = 1 : i64} : (tensor<5x12xf32>, tensor<3x5xf32>, none) -> tensor<*xf32>
  // CHECK: onnx.Einsum {{.*}} -> tensor<?x?x4xf32>
  %e = onnx.Einsum %k {equation = "bhdk->bkh"} : (tensor<?x4x8x?xf32>) -> tensor<*xf32>
  return %s, %g, %e : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Two dimensions without names that broadcast are one; either named one may be 1.
// CHECK-LABEL: func @unnamed
// CHECK-SAME: %{{[^:]+}}: tensor<?xf32> {onnx.dims = ["arg0.0"]}
// CHECK-SAME: %{{[^:]+}}: tensor<?xf32> {onnx.dims = ["arg0.0"]}
// CHECK-SAME: ["arg0.0"]
// CHECK-SAME: ["broadcast(a, b)"]
func.func @unnamed(%a: tensor<?xf32>, %b: tensor<?xf32>, %c: tensor<?xf32> {onnx.dims = ["a"]}, %d: tensor<?xf32> {onnx.dims = ["b"]})
    -> (tensor<*xf32> {onnx.dims = [""]}, tensor<*xf32> {onnx.dims = [""]}) {
  %0 = onnx.Add %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<*xf32>
  %1 = onnx.Add %c, %d : (tensor<?xf32>, tensor<?xf32>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A number of elements that depends on data is a symbol of its own.
// CHECK-LABEL: func @data_dependent
// CHECK-SAME: onnx.dims = ["2", "NonZero#{{[0-9]+}}"]
func.func @data_dependent(%a: tensor<?x?xi64>) -> (tensor<*xi64> {onnx.dims = ["", ""]}) {
  %0 = onnx.NonZero %a : (tensor<?x?xi64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

// As many windows as fit; those of a sequence with pads for them are as many as before.
// CHECK-LABEL: func @convolutions
func.func @convolutions(%x: tensor<?x3x?xf32> {onnx.dims = ["b", "3", "s"]}, %image: tensor<?x3x9x8xf32>, %w: tensor<4x3x3xf32>, %patch: tensor<5x3x2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.None
  // CHECK: onnx.Conv {{.*}} -> tensor<?x4x?xf32>
  %same = onnx.Conv %x, %w, %none {dilations = array<i64: 2>, pads = array<i64: 3, 1>, strides = array<i64: 1>} : (tensor<?x3x?xf32>, tensor<4x3x3xf32>, none) -> tensor<*xf32>
  // The same length as the input's: they add up.
  // CHECK: onnx.MatMul {{.*}} -> tensor<?x4x3xf32>
  %t = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<?x3x?xf32>) -> tensor<*xf32>
  %product = onnx.MatMul %same, %t : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  // CHECK: onnx.Conv {{.*}} -> tensor<?x4x?xf32>
  %half = onnx.Conv %x, %w, %none {dilations = array<i64: 1>, pads = array<i64: 1, 1>, strides = array<i64: 2>} : (tensor<?x3x?xf32>, tensor<4x3x3xf32>, none) -> tensor<*xf32>
  // CHECK: onnx.Conv {{.*}} -> tensor<?x5x4x2xf32>
  %patches = onnx.Conv %image, %patch, %none {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 4>} : (tensor<?x3x9x8xf32>, tensor<5x3x2x4xf32>, none) -> tensor<*xf32>
  return %same, %product, %half, %patches : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// The last S of an axis of S, or of a table of which S or fewer are left: all of them, from the front.
// CHECK-LABEL: func @slice_last
// CHECK-SAME: -> (tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}, tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]})
func.func @slice_last(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}, %table: tensor<1x512xi64>)
    -> (tensor<*xi64> {onnx.dims = ["a", "b"]}, tensor<*xi64> {onnx.dims = ["c", "d"]}) {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %n = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %last = onnx.Neg %n : (tensor<1xi64>) -> tensor<1xi64>
  %all = onnx.Slice %ids, %last, %end, %one, %one : (tensor<?x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %some = onnx.Slice %table, %zero, %n, %one, %one : (tensor<1x512xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %rest = onnx.Slice %some, %last, %end, %one, %one : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  // Added to ids it has their length, since its own is not made up anew.
  %sum = onnx.Add %all, %rest : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  return %all, %sum : tensor<*xi64>, tensor<*xi64>
}

// -----

// Windows that end behind the input are counted with ceil_mode, unless they begin there too.
// CHECK-LABEL: func @pools
func.func @pools(%x: tensor<?x3x10x7xf32>, %y: tensor<?x3x?xf32> {onnx.dims = ["b", "3", "s"]}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // CHECK: onnx.MaxPool {{.*}} -> tensor<?x3x4x2xf32>
  %floor = onnx.MaxPool %x {dilations = array<i64: 1, 1>, kernel_shape = array<i64: 3, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 3>} : (tensor<?x3x10x7xf32>) -> tensor<*xf32>
  // CHECK: onnx.MaxPool {{.*}} -> tensor<?x3x5x3xf32>
  %ceil = onnx.MaxPool %x {ceil_mode = 1 : i64, dilations = array<i64: 1, 1>, kernel_shape = array<i64: 3, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 3>} : (tensor<?x3x10x7xf32>) -> tensor<*xf32>
  // CHECK: onnx.AveragePool {{.*}} -> tensor<?x3x4x3xf32>
  %behind = onnx.AveragePool %x {ceil_mode = 1 : i64, dilations = array<i64: 1, 1>, kernel_shape = array<i64: 2, 2>, pads = array<i64: 0, 0, 1, 1>, strides = array<i64: 3, 3>} : (tensor<?x3x10x7xf32>) -> tensor<*xf32>
  // As many positions as before: they add up.
  // CHECK: onnx.Add {{.*}} -> tensor<?x3x?xf32>
  %same = onnx.AveragePool %y {dilations = array<i64: 1>, kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>, strides = array<i64: 1>} : (tensor<?x3x?xf32>) -> tensor<*xf32>
  %sum = onnx.Add %same, %y : (tensor<*xf32>, tensor<?x3x?xf32>) -> tensor<*xf32>
  return %floor, %ceil, %behind, %sum : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func @resize
func.func @resize(%x: tensor<?x3x?x7xf32> {onnx.dims = ["b", "3", "h", "7"]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.None
  // CHECK: onnx.Resize {{.*}} -> tensor<?x3x?x14xf32>
  %scales = onnx.Constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32>
  %scaled = onnx.Resize %x, %scales, %none : (tensor<?x3x?x7xf32>, tensor<4xf32>, none) -> tensor<*xf32>
  // CHECK: onnx.Resize {{.*}} -> tensor<?x3x5x6xf32>
  %all = onnx.Shape %x : (tensor<?x3x?x7xf32>) -> tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %front = onnx.Slice %all, %zero, %two, %none, %none : (tensor<4xi64>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<2xi64>
  %back = onnx.Constant dense<[5, 6]> : tensor<2xi64>
  %sizes = onnx.Concat %front, %back {axis = 0 : i64} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %sized = onnx.Resize %x, %none, %sizes : (tensor<?x3x?x7xf32>, none, tensor<4xi64>) -> tensor<*xf32>
  return %scaled, %sized : tensor<*xf32>, tensor<*xf32>
}

// -----

// Middles of patches: as many as the size that the limit was converted from.
// CHECK-LABEL: func @float_range
func.func @float_range(%image: tensor<1x3x?x?xf32> {onnx.dims = ["1", "3", "h", "w"]}, %x: tensor<?xf32> {onnx.dims = ["h"]}) -> tensor<*xf32> {
  %shape = onnx.Shape %image : (tensor<1x3x?x?xf32>) -> tensor<4xi64>
  %two = onnx.Constant dense<2> : tensor<i64>
  %h = onnx.Gather %shape, %two : (tensor<4xi64>, tensor<i64>) -> tensor<i64>
  %limit = onnx.Cast %h {to = 1 : i64} : (tensor<i64>) -> tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %middles = onnx.Range %half, %limit, %one : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %none = onnx.None
  // The lengths agree by name: nothing is broadcast.
  // CHECK: onnx.Concat {{.*}} -> tensor<2x?xf32>
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %a = onnx.Unsqueeze %middles, %axis : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.Unsqueeze %x, %axis : (tensor<?xf32>, tensor<1xi64>) -> tensor<*xf32>
  %both = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  // CHECK: onnx.Reshape {{.*}} -> tensor<?x2xf32>
  %rows = onnx.Constant dense<[-1, 2]> : tensor<2xi64>
  %pairs = onnx.Reshape %both, %rows : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %sum = onnx.MatMul %both, %pairs : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  // CHECK: onnx.MatMul {{.*}} -> tensor<2x2xf32>
  return %sum : tensor<*xf32>
}

// -----

// Numbers that an exporter gave are no names: a broadcast, or a reshape by the
// other argument's dimensions, makes them one.
// CHECK-LABEL: func @numbered
// CHECK-SAME:    tensor<?x?xf32> {onnx.dims = ["unk__1", "unk__2"]}
// CHECK-SAME:    tensor<?x?xf32> {onnx.dims = ["unk__1", "unk__2"]}
// CHECK-SAME:    tensor<?x?xf32> {onnx.dims = ["unk__1", "unk__2"]}
// CHECK-SAME:    tensor<?xf32> {onnx.dims = ["n"]}
func.func @numbered(%a: tensor<?x?xf32> {onnx.dims = ["unk__1", "unk__2"]}, %b: tensor<?x?xf32> {onnx.dims = ["unk__3", "unk__4"]}, %c: tensor<?x?xf32> {onnx.dims = ["DynamicDimension.5", "DynamicDimension.6"]}, %n: tensor<?xf32> {onnx.dims = ["n"]}) -> (tensor<*xf32>, tensor<*xf32>, tensor<?xf32>) {
  %sum = onnx.Add %a, %b : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<*xf32>
  %size = onnx.Shape %a : (tensor<?x?xf32>) -> tensor<2xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %first = onnx.Gather %size, %zero : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %last = onnx.Gather %size, %one : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %shape = onnx.Concat %first, %one, %last {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %view = onnx.Reshape %c, %shape : (tensor<?x?xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %sum, %view, %n : tensor<*xf32>, tensor<*xf32>, tensor<?xf32>
}

// -----

// What was cut and padded again is as long as what it is joined with, and 10^9
// is the end of any axis.
// CHECK-LABEL: func @trigram
// CHECK:         onnx.Concat %{{.+}} -> tensor<?x?x8xf32>
// CHECK:         onnx.Reshape %{{.+}} -> tensor<?x?x2x4xf32>
// CHECK-LABEL:   return
func.func @trigram(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %y: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}) -> (tensor<*xf32> {onnx.dims = ["b", "s", "8"]}, tensor<*xf32>) {
  %none = onnx.None
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %end = onnx.Constant dense<1000000000> : tensor<1xi64>
  %pads = onnx.Constant dense<[0, 0, 0, 0, 1, 0]> : tensor<6xi64>
  %rest = onnx.Slice %x, %one, %end, %one, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %next = onnx.Pad %rest, %pads, %none, %none : (tensor<*xf32>, tensor<6xi64>, none, none) -> tensor<*xf32>
  %both = onnx.Concat %next, %x {axis = 2 : i64} : (tensor<*xf32>, tensor<?x?x4xf32>) -> tensor<*xf32>
  %shape = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %sum = onnx.Add %both, %y : (tensor<*xf32>, tensor<?x?x8xf32>) -> tensor<*xf32>
  %heads = onnx.Reshape %sum, %shape : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  return %both, %heads : tensor<*xf32>, tensor<*xf32>
}

// -----

// The dimensions of one argument that changed places are not each other.
// CHECK-LABEL: func @changed_places
// CHECK-SAME:    tensor<?x?xf32> {onnx.dims = ["unk__1", "unk__2"]}
// CHECK-SAME:    tensor<?x?xf32> {onnx.dims = ["unk__1", "unk__2"]}
func.func @changed_places(%a: tensor<?x?xf32> {onnx.dims = ["unk__1", "unk__2"]}, %b: tensor<?x?xf32> {onnx.dims = ["unk__3", "unk__4"]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %flat = onnx.Constant dense<-1> : tensor<1xi64>
  %turned = onnx.Transpose %a {perm = array<i64: 1, 0>} : (tensor<?x?xf32>) -> tensor<*xf32>
  %turned_size = onnx.Shape %turned : (tensor<*xf32>) -> tensor<2xi64>
  %row = onnx.Reshape %turned, %flat : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %back = onnx.Reshape %row, %turned_size : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  // A row of one argument in the shape of another.
  %size = onnx.Shape %a : (tensor<?x?xf32>) -> tensor<2xi64>
  %other_row = onnx.Reshape %b, %flat : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<*xf32>
  %other = onnx.Reshape %other_row, %size : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %back, %other : tensor<*xf32>, tensor<*xf32>
}

// -----

// A start before the axis is its first element, of an axis that has one.
// CHECK-LABEL: func @slice_backwards
func.func @slice_backwards(%x: tensor<5x?xf32> {onnx.dims = ["5", "s"]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %start = onnx.Constant dense<-100> : tensor<1xi64>
  %end = onnx.Constant dense<-200> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  // CHECK: onnx.Slice {{.*}} -> tensor<1x?xf32>
  %first = onnx.Slice %x, %start, %end, %zero, %last : (tensor<5x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  // All of it, whose sum with the operand is one of equal sizes.
  // CHECK: onnx.Slice {{.*}} -> tensor<5x?xf32>
  %all = onnx.Slice %x, %last, %end, %one, %last : (tensor<5x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %first, %all : tensor<*xf32>, tensor<*xf32>
}

// -----

// Constants wrap at the width of their type, dimensions are followed in i64 and i32 only.
// CHECK-LABEL: func @widths
func.func @widths(%x: tensor<2x?xf32> {onnx.dims = ["2", "s"]}, %y: tensor<1xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %rows = onnx.Shape %x {start = 0 : i64, end = 1 : i64} : (tensor<2x?xf32>) -> tensor<1xi64>
  %columns = onnx.Shape %x {start = 1 : i64, end = 2 : i64} : (tensor<2x?xf32>) -> tensor<1xi64>
  %five = onnx.Constant dense<5> : tensor<1xui8>
  %narrow = onnx.Cast %rows {to = 2 : i64} : (tensor<1xi64>) -> tensor<1xui8>
  %below = onnx.Sub %narrow, %five : (tensor<1xui8>, tensor<1xui8>) -> tensor<1xui8>
  %wrapped = onnx.Cast %below {to = 7 : i64} : (tensor<1xui8>) -> tensor<1xi64>
  // CHECK: onnx.Expand {{.*}} -> tensor<253xf32>
  %a = onnx.Expand %y, %wrapped : (tensor<1xf32>, tensor<1xi64>) -> tensor<*xf32>
  // CHECK: onnx.Add {{.*}} -> tensor<2x?xf32>
  %short = onnx.Cast %columns {to = 6 : i64} : (tensor<1xi64>) -> tensor<1xi32>
  %same = onnx.Cast %short {to = 7 : i64} : (tensor<1xi32>) -> tensor<1xi64>
  %b = onnx.Expand %y, %same : (tensor<1xf32>, tensor<1xi64>) -> tensor<*xf32>
  %sum = onnx.Add %x, %b : (tensor<2x?xf32>, tensor<*xf32>) -> tensor<*xf32>
  %byte = onnx.Cast %columns {to = 2 : i64} : (tensor<1xi64>) -> tensor<1xui8>
  %other = onnx.Cast %byte {to = 7 : i64} : (tensor<1xui8>) -> tensor<1xi64>
  %none = onnx.Constant dense<1> : tensor<1xi64>
  %shape = onnx.Concat %none, %other {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %c = onnx.Expand %y, %shape : (tensor<1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %a, %sum, %c : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
