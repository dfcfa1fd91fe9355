// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// Halves against halves.
// CHECK-LABEL: func @halves
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[K:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: {{.+}}, %[[COS:[^ ]+]]: {{.+}}, %[[SIN:[^ ]+]]: tensor
// CHECK:         %[[A:.+]] = skim.attention %[[Q]], %[[K]], %[[V]] rotary %[[COS]], %[[SIN]] : tensor<?x4xf32>, tensor<?x4xf32> {heads = 1 : i64, scale = 1.000000e+00 : f32}
// CHECK:         return %[[A]]
func.func @halves(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %cos: tensor<?x4xf32> {onnx.dims = ["s", "4"]}, %sin: tensor<?x4xf32> {onnx.dims = ["s", "4"]}) -> tensor<?x?x4xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %axis = onnx.Constant dense<2> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %join = onnx.Constant dense<[0, 0, 4]> : tensor<3xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %ql = onnx.Slice %q, %zero, %two, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qh = onnx.Slice %q, %two, %end, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qn = onnx.Neg %qh : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %qt = onnx.Concat %qn, %ql {axis = -1 : i64} : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x4xf32>
  %qc = onnx.Mul %q, %cos : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %qs = onnx.Mul %qt, %sin : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %qr = onnx.Add %qc, %qs : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %kl = onnx.Slice %k, %zero, %two, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kh = onnx.Slice %k, %two, %end, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kn = onnx.Neg %kh : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %kt = onnx.Concat %kn, %kl {axis = -1 : i64} : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x4xf32>
  %kc = onnx.Mul %k, %cos : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %ks = onnx.Mul %kt, %sin : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %kr = onnx.Add %kc, %ks : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %t = onnx.Transpose %kr {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %qr, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %0 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Neighbours; the factors and summands in another order.
// CHECK-LABEL: func @neighbours
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[K:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: {{.+}}, %[[COS:[^ ]+]]: {{.+}}, %[[SIN:[^ ]+]]: tensor
// CHECK:         skim.attention %[[Q]], %[[K]], %[[V]] rotary %[[COS]], %[[SIN]] {{.*}}rotary_interleaved
func.func @neighbours(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %cos: tensor<?x4xf32> {onnx.dims = ["s", "4"]}, %sin: tensor<?x4xf32> {onnx.dims = ["s", "4"]}) -> tensor<?x?x4xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %axis = onnx.Constant dense<2> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %join = onnx.Constant dense<[0, 0, 4]> : tensor<3xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %qe = onnx.Slice %q, %zero, %end, %axis, %two : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qo = onnx.Slice %q, %one, %end, %axis, %two : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qn = onnx.Neg %qo : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %qn1 = onnx.Unsqueeze %qn, %last : (tensor<?x?x2xf32>, tensor<1xi64>) -> tensor<?x?x2x1xf32>
  %qe1 = onnx.Unsqueeze %qe, %last : (tensor<?x?x2xf32>, tensor<1xi64>) -> tensor<?x?x2x1xf32>
  %qp = onnx.Concat %qn1, %qe1 {axis = -1 : i64} : (tensor<?x?x2x1xf32>, tensor<?x?x2x1xf32>) -> tensor<?x?x2x2xf32>
  %qt = onnx.Reshape %qp, %join : (tensor<?x?x2x2xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %qc = onnx.Mul %cos, %q : (tensor<?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %qs = onnx.Mul %sin, %qt : (tensor<?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %qr = onnx.Add %qs, %qc : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %ke = onnx.Slice %k, %zero, %end, %axis, %two : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %ko = onnx.Slice %k, %one, %end, %axis, %two : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kn = onnx.Neg %ko : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %kn1 = onnx.Unsqueeze %kn, %last : (tensor<?x?x2xf32>, tensor<1xi64>) -> tensor<?x?x2x1xf32>
  %ke1 = onnx.Unsqueeze %ke, %last : (tensor<?x?x2xf32>, tensor<1xi64>) -> tensor<?x?x2x1xf32>
  %kp = onnx.Concat %kn1, %ke1 {axis = -1 : i64} : (tensor<?x?x2x1xf32>, tensor<?x?x2x1xf32>) -> tensor<?x?x2x2xf32>
  %kt = onnx.Reshape %kp, %join : (tensor<?x?x2x2xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %kc = onnx.Mul %cos, %k : (tensor<?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %ks = onnx.Mul %sin, %kt : (tensor<?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %kr = onnx.Add %ks, %kc : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %t = onnx.Transpose %kr {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %qr, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %0 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Tables for each sequence do not follow rows out of their padding.
// CHECK-LABEL: func @of_each_sequence
// CHECK-NOT:     rotary
func.func @of_each_sequence(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %cos: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %sin: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x?x4xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %axis = onnx.Constant dense<2> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %join = onnx.Constant dense<[0, 0, 4]> : tensor<3xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %ql = onnx.Slice %q, %zero, %two, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qh = onnx.Slice %q, %two, %end, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qn = onnx.Neg %qh : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %qt = onnx.Concat %qn, %ql {axis = -1 : i64} : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x4xf32>
  %qc = onnx.Mul %q, %cos : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %qs = onnx.Mul %qt, %sin : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %qr = onnx.Add %qc, %qs : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %kl = onnx.Slice %k, %zero, %two, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kh = onnx.Slice %k, %two, %end, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kn = onnx.Neg %kh : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %kt = onnx.Concat %kn, %kl {axis = -1 : i64} : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x4xf32>
  %kc = onnx.Mul %k, %cos : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %ks = onnx.Mul %kt, %sin : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %kr = onnx.Add %kc, %ks : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %t = onnx.Transpose %kr {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %qr, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %0 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Keys that do not turn as the queries do.
// CHECK-LABEL: func @keys_by_other_tables
// CHECK-NOT:     rotary
func.func @keys_by_other_tables(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %cos: tensor<?x4xf32> {onnx.dims = ["s", "4"]}, %sin: tensor<?x4xf32> {onnx.dims = ["s", "4"]}) -> tensor<?x?x4xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %axis = onnx.Constant dense<2> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %join = onnx.Constant dense<[0, 0, 4]> : tensor<3xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %ql = onnx.Slice %q, %zero, %two, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qh = onnx.Slice %q, %two, %end, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qn = onnx.Neg %qh : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %qt = onnx.Concat %qn, %ql {axis = -1 : i64} : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x4xf32>
  %qc = onnx.Mul %q, %cos : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %qs = onnx.Mul %qt, %sin : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %qr = onnx.Add %qc, %qs : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %kl = onnx.Slice %k, %zero, %two, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kh = onnx.Slice %k, %two, %end, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kn = onnx.Neg %kh : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %kt = onnx.Concat %kn, %kl {axis = -1 : i64} : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x4xf32>
  %kc = onnx.Mul %k, %sin : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %ks = onnx.Mul %kt, %cos : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %kr = onnx.Add %kc, %ks : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %t = onnx.Transpose %kr {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %qr, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %0 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Both halves negated: no rotation.
// CHECK-LABEL: func @negated_twice
// CHECK-NOT:     rotary
func.func @negated_twice(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %cos: tensor<?x4xf32> {onnx.dims = ["s", "4"]}, %sin: tensor<?x4xf32> {onnx.dims = ["s", "4"]}) -> tensor<?x?x4xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %axis = onnx.Constant dense<2> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %join = onnx.Constant dense<[0, 0, 4]> : tensor<3xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %ql = onnx.Slice %q, %zero, %two, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qh = onnx.Slice %q, %two, %end, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %qn = onnx.Neg %qh : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %qt = onnx.Concat %qn, %qn {axis = -1 : i64} : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x4xf32>
  %qc = onnx.Mul %q, %cos : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %qs = onnx.Mul %qt, %sin : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %qr = onnx.Add %qc, %qs : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %kl = onnx.Slice %k, %zero, %two, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kh = onnx.Slice %k, %two, %end, %axis, %one : (tensor<?x?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2xf32>
  %kn = onnx.Neg %kh : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %kt = onnx.Concat %kn, %kl {axis = -1 : i64} : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x4xf32>
  %kc = onnx.Mul %k, %cos : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %ks = onnx.Mul %kt, %sin : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  %kr = onnx.Add %kc, %ks : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %t = onnx.Transpose %kr {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %qr, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %0 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The op, whose tables hold an angle for each pair.
// CHECK-LABEL: func @op_of_halves
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[K:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: {{.+}}, %[[COS:[^ ]+]]: tensor<1x?x2xf32> {{.+}}, %[[SIN:[^ ]+]]: tensor
// CHECK:         %[[COSINES:.+]] = onnx.Squeeze %[[COS]]
// CHECK:         %[[ALL:.+]] = onnx.Concat %[[COSINES]], %[[COSINES]] {axis = -1 : i64} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x4xf32>
// CHECK:         skim.attention %[[Q]], %[[K]], %[[V]] rotary %[[ALL]], %{{.+}} : tensor<?x4xf32>, tensor<?x4xf32> {heads = 1 : i64, scale = 5.000000e-01 : f32}
func.func @op_of_halves(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %cos: tensor<1x?x2xf32> {onnx.dims = ["1", "s", "2"]}, %sin: tensor<1x?x2xf32> {onnx.dims = ["1", "s", "2"]}) -> tensor<?x?x4xf32> {
  %none = onnx.None
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %q1 = onnx.Unsqueeze %q, %one : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x1x?x4xf32>
  %k1 = onnx.Unsqueeze %k, %one : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x1x?x4xf32>
  %v1 = onnx.Unsqueeze %v, %one : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x1x?x4xf32>
  %qr = onnx.RotaryEmbedding %q1, %cos, %sin, %none {} : (tensor<?x1x?x4xf32>, tensor<1x?x2xf32>, tensor<1x?x2xf32>, none) -> tensor<?x1x?x4xf32>
  %kr = onnx.RotaryEmbedding %k1, %cos, %sin, %none {} : (tensor<?x1x?x4xf32>, tensor<1x?x2xf32>, tensor<1x?x2xf32>, none) -> tensor<?x1x?x4xf32>
  %a:4 = onnx.Attention %qr, %kr, %v1, %none, %none, %none, %none {scale = 0.5 : f32} : (tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>, none, none, none, none) -> (tensor<?x1x?x4xf32>, none, none, none)
  %y = onnx.Squeeze %a#0, %one : (tensor<?x1x?x4xf32>, tensor<1xi64>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The same for neighbours.
// CHECK-LABEL: func @op_of_neighbours
// CHECK:         %[[TWICE:.+]] = onnx.Concat {{.*}} -> tensor<?x2x2xf32>
// CHECK:         %[[ALL:.+]] = onnx.Reshape %[[TWICE]], {{.*}} -> tensor<?x4xf32>
// CHECK:         skim.attention {{.*}} rotary %[[ALL]], {{.*}}rotary_interleaved
func.func @op_of_neighbours(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %cos: tensor<1x?x2xf32> {onnx.dims = ["1", "s", "2"]}, %sin: tensor<1x?x2xf32> {onnx.dims = ["1", "s", "2"]}) -> tensor<?x?x4xf32> {
  %none = onnx.None
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %q1 = onnx.Unsqueeze %q, %one : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x1x?x4xf32>
  %k1 = onnx.Unsqueeze %k, %one : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x1x?x4xf32>
  %v1 = onnx.Unsqueeze %v, %one : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x1x?x4xf32>
  %qr = onnx.RotaryEmbedding %q1, %cos, %sin, %none {interleaved = 1 : i64} : (tensor<?x1x?x4xf32>, tensor<1x?x2xf32>, tensor<1x?x2xf32>, none) -> tensor<?x1x?x4xf32>
  %kr = onnx.RotaryEmbedding %k1, %cos, %sin, %none {interleaved = 1 : i64} : (tensor<?x1x?x4xf32>, tensor<1x?x2xf32>, tensor<1x?x2xf32>, none) -> tensor<?x1x?x4xf32>
  %a:4 = onnx.Attention %qr, %kr, %v1, %none, %none, %none, %none {scale = 0.5 : f32} : (tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>, none, none, none, none) -> (tensor<?x1x?x4xf32>, none, none, none)
  %y = onnx.Squeeze %a#0, %one : (tensor<?x1x?x4xf32>, tensor<1xi64>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A token in front stays as it is: it turns by nothing.
// CHECK-LABEL: func @behind_a_token
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: {{.+}}, %[[COS:[^ ]+]]: {{.+}}, %[[SIN:[^ ]+]]: tensor
// CHECK-DAG:     %[[ONES:.+]] = onnx.Constant dense<1.000000e+00> : tensor<1x4xf32>
// CHECK-DAG:     %[[ZEROS:.+]] = onnx.Constant dense<0.000000e+00> : tensor<1x4xf32>
// CHECK-DAG:     %[[ALL_COS:.+]] = onnx.Concat %[[ONES]], %[[COS]] {axis = 0 : i64} : (tensor<1x4xf32>, tensor<6x4xf32>) -> tensor<7x4xf32>
// CHECK-DAG:     %[[ALL_SIN:.+]] = onnx.Concat %[[ZEROS]], %[[SIN]] {axis = 0 : i64}
// CHECK:         skim.attention %[[Q]], %[[Q]], %[[V]] rotary %[[ALL_COS]], %[[ALL_SIN]]
func.func @behind_a_token(%q: tensor<?x7x4xf32> {onnx.dims = ["b", "7", "4"]}, %v: tensor<?x7x4xf32> {onnx.dims = ["b", "7", "4"]}, %cos: tensor<6x4xf32>, %sin: tensor<6x4xf32>) -> tensor<?x7x4xf32> {
  %none = onnx.None
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %still = onnx.Slice %q, %zero, %one, %one, %none : (tensor<?x7x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x1x4xf32>
  %rest = onnx.Slice %q, %one, %end, %one, %none : (tensor<?x7x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x6x4xf32>
  %low = onnx.Slice %rest, %zero, %two, %two, %none : (tensor<?x6x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x6x2xf32>
  %high = onnx.Slice %rest, %two, %end, %two, %none : (tensor<?x6x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x6x2xf32>
  %negative = onnx.Neg %high : (tensor<?x6x2xf32>) -> tensor<?x6x2xf32>
  %partner = onnx.Concat %negative, %low {axis = -1 : i64} : (tensor<?x6x2xf32>, tensor<?x6x2xf32>) -> tensor<?x6x4xf32>
  %straight = onnx.Mul %rest, %cos : (tensor<?x6x4xf32>, tensor<6x4xf32>) -> tensor<?x6x4xf32>
  %crossed = onnx.Mul %partner, %sin : (tensor<?x6x4xf32>, tensor<6x4xf32>) -> tensor<?x6x4xf32>
  %turned = onnx.Add %straight, %crossed : (tensor<?x6x4xf32>, tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %all = onnx.Concat %still, %turned {axis = 1 : i64} : (tensor<?x1x4xf32>, tensor<?x6x4xf32>) -> tensor<?x7x4xf32>
  %t = onnx.Transpose %all {perm = array<i64: 0, 2, 1>} : (tensor<?x7x4xf32>) -> tensor<?x4x7xf32>
  %0 = onnx.MatMul %all, %t : (tensor<?x7x4xf32>, tensor<?x4x7xf32>) -> tensor<?x7x7xf32>
  %p = onnx.Softmax %0 : (tensor<?x7x7xf32>) -> tensor<?x7x7xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x7x7xf32>, tensor<?x7x4xf32>) -> tensor<?x7x4xf32>
  return %y : tensor<?x7x4xf32>
}

// -----

// What stays is not what stands before the rest: the heads are those that were joined.
// CHECK-LABEL: func @behind_another
// CHECK:         %[[ALL:.+]] = onnx.Concat %{{.+}}, %{{.+}} {axis = 1 : i64}
// CHECK-NOT:     rotary
// CHECK:         skim.attention %[[ALL]], %[[ALL]], %{{.+}} {heads = 1
func.func @behind_another(%q: tensor<?x7x4xf32> {onnx.dims = ["b", "7", "4"]}, %v: tensor<?x7x4xf32> {onnx.dims = ["b", "7", "4"]}, %cos: tensor<6x4xf32>, %sin: tensor<6x4xf32>) -> tensor<?x7x4xf32> {
  %none = onnx.None
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %still = onnx.Slice %q, %one, %two, %one, %none : (tensor<?x7x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x1x4xf32>
  %rest = onnx.Slice %q, %one, %end, %one, %none : (tensor<?x7x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x6x4xf32>
  %low = onnx.Slice %rest, %zero, %two, %two, %none : (tensor<?x6x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x6x2xf32>
  %high = onnx.Slice %rest, %two, %end, %two, %none : (tensor<?x6x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x6x2xf32>
  %negative = onnx.Neg %high : (tensor<?x6x2xf32>) -> tensor<?x6x2xf32>
  %partner = onnx.Concat %negative, %low {axis = -1 : i64} : (tensor<?x6x2xf32>, tensor<?x6x2xf32>) -> tensor<?x6x4xf32>
  %straight = onnx.Mul %rest, %cos : (tensor<?x6x4xf32>, tensor<6x4xf32>) -> tensor<?x6x4xf32>
  %crossed = onnx.Mul %partner, %sin : (tensor<?x6x4xf32>, tensor<6x4xf32>) -> tensor<?x6x4xf32>
  %turned = onnx.Add %straight, %crossed : (tensor<?x6x4xf32>, tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %all = onnx.Concat %still, %turned {axis = 1 : i64} : (tensor<?x1x4xf32>, tensor<?x6x4xf32>) -> tensor<?x7x4xf32>
  %t = onnx.Transpose %all {perm = array<i64: 0, 2, 1>} : (tensor<?x7x4xf32>) -> tensor<?x4x7xf32>
  %0 = onnx.MatMul %all, %t : (tensor<?x7x4xf32>, tensor<?x4x7xf32>) -> tensor<?x7x7xf32>
  %p = onnx.Softmax %0 : (tensor<?x7x7xf32>) -> tensor<?x7x7xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x7x7xf32>, tensor<?x7x4xf32>) -> tensor<?x7x4xf32>
  return %y : tensor<?x7x4xf32>
}
