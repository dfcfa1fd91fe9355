// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// Positions of queries and of keys (DeBERTa), batch and heads in one dimension.
// The index is a function of the distance: one number for each, not for each pair.
// CHECK-LABEL: func @both_terms
// CHECK-SAME:    %[[Q:[^ ]+]]: {{.+}}, %[[K:[^ ]+]]: {{.+}}, %[[V:[^ ]+]]: tensor
// CHECK:         %[[DISTANCES:.+]] = onnx.Range {{.+}} -> tensor<?xi64>
// CHECK:         %[[SHIFTED:.+]] = onnx.Add %[[DISTANCES]], {{.+}} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
// CHECK:         %[[CONTENT:.+]] = onnx.Clip %[[SHIFTED]], {{.+}} -> tensor<?xi64>
// CHECK:         %[[POSITION:.+]] = onnx.Clip {{.+}} -> tensor<?xi64>
// CHECK:         %[[A:.+]] = skim.attention %[[Q]], %[[K]], %[[V]] content_to_position %{{.+}} at %[[CONTENT]] : tensor<2x4x6xf32>, tensor<?xi64> position_to_content %{{.+}} at %[[POSITION]] : tensor<2x4x6xf32>, tensor<?xi64> {heads = 2 : i64, scale = 2.500000e-01 : f32}
// CHECK:         return %[[A]]
func.func @both_terms(%q: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %k: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %v: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}) -> tensor<?x?x8xf32> {
  %content = onnx.Constant dense<"0x0000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F00000040"> : tensor<2x4x6xf32>
  %position = onnx.Constant dense<"0x000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040"> : tensor<2x4x6xf32>
  %split = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 8]> : tensor<3xi64>
  %scale = onnx.Constant dense<4.0> : tensor<f32>
  %i0 = onnx.Constant dense<0> : tensor<i64>
  %i1 = onnx.Constant dense<1> : tensor<i64>
  %i3 = onnx.Constant dense<3> : tensor<i64>
  %i5 = onnx.Constant dense<5> : tensor<i64>
  %v0 = onnx.Constant dense<0> : tensor<1xi64>
  %v1 = onnx.Constant dense<1> : tensor<1xi64>
  %v2 = onnx.Constant dense<2> : tensor<1xi64>
  %v4 = onnx.Constant dense<4> : tensor<1xi64>
  %vm = onnx.Constant dense<-1> : tensor<1xi64>
  %ones = onnx.Constant dense<1> : tensor<2xi64>
  %batch = onnx.Shape %q {start = 0 : i64, end = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<1xi64>
  %length = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze %length, %v0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %merged = onnx.Concat %vm, %length, %v4 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %back = onnx.Concat %vm, %v2, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %back2 = onnx.Concat %vm, %v2, %length, %v4 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %qs = onnx.Reshape %q, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %qt = onnx.Transpose %qs {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %qh = onnx.Reshape %qt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %ks = onnx.Reshape %k, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %kt = onnx.Transpose %ks {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %kh = onnx.Reshape %kt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %vs = onnx.Reshape %v, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %vt = onnx.Transpose %vs {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %vh = onnx.Reshape %vt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  // Distances, and the column of each pair.
  %places = onnx.Range %i0, %n, %i1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %places, %v1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %places, %v0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %apart = onnx.Sub %rows, %columns : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %heads = onnx.Mul %batch, %v2 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %all = onnx.Concat %heads, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %repeats = onnx.Concat %batch, %ones {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %c0 = onnx.Add %apart, %i3 : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %c1 = onnx.Clip %c0, %i0, %i5 : (tensor<?x?xi64>, tensor<i64>, tensor<i64>) -> tensor<?x?xi64>
  %c2 = onnx.Expand %c1, %all : (tensor<?x?xi64>, tensor<3xi64>) -> tensor<?x?x?xi64>
  %c3 = onnx.Tile %content, %repeats : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<?x4x6xf32>
  %c4 = onnx.MatMul %qh, %c3 : (tensor<?x?x4xf32>, tensor<?x4x6xf32>) -> tensor<?x?x6xf32>
  %c5 = onnx.GatherElements %c4, %c2 {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<?x?x?xi64>) -> tensor<?x?x?xf32>
  %c6 = onnx.Div %c5, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  // Keys in rows, so that the distance is the opposite one.
  %p0 = onnx.Neg %apart : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %p1 = onnx.Add %p0, %i3 : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %p2 = onnx.Clip %p1, %i0, %i5 : (tensor<?x?xi64>, tensor<i64>, tensor<i64>) -> tensor<?x?xi64>
  %p3 = onnx.Expand %p2, %all : (tensor<?x?xi64>, tensor<3xi64>) -> tensor<?x?x?xi64>
  %p4 = onnx.Tile %position, %repeats : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<?x4x6xf32>
  %p5 = onnx.MatMul %kh, %p4 : (tensor<?x?x4xf32>, tensor<?x4x6xf32>) -> tensor<?x?x6xf32>
  %p6 = onnx.GatherElements %p5, %p3 {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<?x?x?xi64>) -> tensor<?x?x?xf32>
  %p7 = onnx.Transpose %p6 {perm = array<i64: 0, 2, 1>} : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p8 = onnx.Div %p7, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %bias = onnx.Add %c6, %p8 : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %kk = onnx.Transpose %kh {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %s0 = onnx.MatMul %qh, %kk : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %s1 = onnx.Div %s0, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %s2 = onnx.Add %s1, %bias : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s3 = onnx.Reshape %s2, %back : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x2x?x?xf32>
  %s4 = onnx.Softmax %s3 : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %back3 = onnx.Concat %vm, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %s5 = onnx.Reshape %s4, %back3 : (tensor<?x2x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %o0 = onnx.MatMul %s5, %vh : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %o1 = onnx.Reshape %o0, %back2 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x2x?x4xf32>
  %o2 = onnx.Transpose %o1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
  %y = onnx.Reshape %o2, %join : (tensor<?x?x2x4xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// What is not scaled as the scores are stays a bias; the other term is taken out of it.
// CHECK-LABEL: func @another_scale
// CHECK:         skim.attention {{.+}} bias %{{.+}} : tensor<?x2x?x?xf32> position_to_content
// CHECK-NOT:     content_to_position
func.func @another_scale(%q: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %k: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %v: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}) -> tensor<?x?x8xf32> {
  %content = onnx.Constant dense<"0x0000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F00000040"> : tensor<2x4x6xf32>
  %position = onnx.Constant dense<"0x000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040"> : tensor<2x4x6xf32>
  %split = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 8]> : tensor<3xi64>
  %scale = onnx.Constant dense<4.0> : tensor<f32>
  %other = onnx.Constant dense<3.0> : tensor<f32>
  %i0 = onnx.Constant dense<0> : tensor<i64>
  %i1 = onnx.Constant dense<1> : tensor<i64>
  %i3 = onnx.Constant dense<3> : tensor<i64>
  %i5 = onnx.Constant dense<5> : tensor<i64>
  %v0 = onnx.Constant dense<0> : tensor<1xi64>
  %v1 = onnx.Constant dense<1> : tensor<1xi64>
  %v2 = onnx.Constant dense<2> : tensor<1xi64>
  %v4 = onnx.Constant dense<4> : tensor<1xi64>
  %vm = onnx.Constant dense<-1> : tensor<1xi64>
  %ones = onnx.Constant dense<1> : tensor<2xi64>
  %batch = onnx.Shape %q {start = 0 : i64, end = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<1xi64>
  %length = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze %length, %v0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %merged = onnx.Concat %vm, %length, %v4 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %back = onnx.Concat %vm, %v2, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %back2 = onnx.Concat %vm, %v2, %length, %v4 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %qs = onnx.Reshape %q, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %qt = onnx.Transpose %qs {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %qh = onnx.Reshape %qt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %ks = onnx.Reshape %k, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %kt = onnx.Transpose %ks {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %kh = onnx.Reshape %kt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %vs = onnx.Reshape %v, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %vt = onnx.Transpose %vs {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %vh = onnx.Reshape %vt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  // Distances, and the column of each pair.
  %places = onnx.Range %i0, %n, %i1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %places, %v1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %places, %v0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %apart = onnx.Sub %rows, %columns : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %heads = onnx.Mul %batch, %v2 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %all = onnx.Concat %heads, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %repeats = onnx.Concat %batch, %ones {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %c0 = onnx.Add %apart, %i3 : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %c1 = onnx.Clip %c0, %i0, %i5 : (tensor<?x?xi64>, tensor<i64>, tensor<i64>) -> tensor<?x?xi64>
  %c2 = onnx.Expand %c1, %all : (tensor<?x?xi64>, tensor<3xi64>) -> tensor<?x?x?xi64>
  %c3 = onnx.Tile %content, %repeats : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<?x4x6xf32>
  %c4 = onnx.MatMul %qh, %c3 : (tensor<?x?x4xf32>, tensor<?x4x6xf32>) -> tensor<?x?x6xf32>
  %c5 = onnx.GatherElements %c4, %c2 {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<?x?x?xi64>) -> tensor<?x?x?xf32>
  %c6 = onnx.Div %c5, %other : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  // Keys in rows, so that the distance is the opposite one.
  %p0 = onnx.Neg %apart : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %p1 = onnx.Add %p0, %i3 : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %p2 = onnx.Clip %p1, %i0, %i5 : (tensor<?x?xi64>, tensor<i64>, tensor<i64>) -> tensor<?x?xi64>
  %p3 = onnx.Expand %p2, %all : (tensor<?x?xi64>, tensor<3xi64>) -> tensor<?x?x?xi64>
  %p4 = onnx.Tile %position, %repeats : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<?x4x6xf32>
  %p5 = onnx.MatMul %kh, %p4 : (tensor<?x?x4xf32>, tensor<?x4x6xf32>) -> tensor<?x?x6xf32>
  %p6 = onnx.GatherElements %p5, %p3 {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<?x?x?xi64>) -> tensor<?x?x?xf32>
  %p7 = onnx.Transpose %p6 {perm = array<i64: 0, 2, 1>} : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p8 = onnx.Div %p7, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %bias = onnx.Add %c6, %p8 : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %kk = onnx.Transpose %kh {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %s0 = onnx.MatMul %qh, %kk : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %s1 = onnx.Div %s0, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %s2 = onnx.Add %s1, %bias : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s3 = onnx.Reshape %s2, %back : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x2x?x?xf32>
  %s4 = onnx.Softmax %s3 : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %back3 = onnx.Concat %vm, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %s5 = onnx.Reshape %s4, %back3 : (tensor<?x2x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %o0 = onnx.MatMul %s5, %vh : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %o1 = onnx.Reshape %o0, %back2 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x2x?x4xf32>
  %o2 = onnx.Transpose %o1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
  %y = onnx.Reshape %o2, %join : (tensor<?x?x2x4xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// Positions that may lie beyond the table are an error of the graph's own when it runs.
// CHECK-LABEL: func @not_clipped
// CHECK-NOT:     position_to_content
// CHECK:         onnx.GatherElements
func.func @not_clipped(%q: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %k: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %v: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}) -> tensor<?x?x8xf32> {
  %content = onnx.Constant dense<"0x0000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F00000040"> : tensor<2x4x6xf32>
  %position = onnx.Constant dense<"0x000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040"> : tensor<2x4x6xf32>
  %split = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 8]> : tensor<3xi64>
  %scale = onnx.Constant dense<4.0> : tensor<f32>
  %i0 = onnx.Constant dense<0> : tensor<i64>
  %i1 = onnx.Constant dense<1> : tensor<i64>
  %i3 = onnx.Constant dense<3> : tensor<i64>
  %i6 = onnx.Constant dense<6> : tensor<i64>
  %i5 = onnx.Constant dense<5> : tensor<i64>
  %v0 = onnx.Constant dense<0> : tensor<1xi64>
  %v1 = onnx.Constant dense<1> : tensor<1xi64>
  %v2 = onnx.Constant dense<2> : tensor<1xi64>
  %v4 = onnx.Constant dense<4> : tensor<1xi64>
  %vm = onnx.Constant dense<-1> : tensor<1xi64>
  %ones = onnx.Constant dense<1> : tensor<2xi64>
  %batch = onnx.Shape %q {start = 0 : i64, end = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<1xi64>
  %length = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze %length, %v0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %merged = onnx.Concat %vm, %length, %v4 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %back = onnx.Concat %vm, %v2, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %back2 = onnx.Concat %vm, %v2, %length, %v4 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %qs = onnx.Reshape %q, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %qt = onnx.Transpose %qs {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %qh = onnx.Reshape %qt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %ks = onnx.Reshape %k, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %kt = onnx.Transpose %ks {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %kh = onnx.Reshape %kt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %vs = onnx.Reshape %v, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %vt = onnx.Transpose %vs {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %vh = onnx.Reshape %vt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  // Distances, and the column of each pair.
  %places = onnx.Range %i0, %n, %i1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %places, %v1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %places, %v0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %apart = onnx.Sub %rows, %columns : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %heads = onnx.Mul %batch, %v2 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %all = onnx.Concat %heads, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %repeats = onnx.Concat %batch, %ones {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %c0 = onnx.Add %apart, %i3 : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %c1 = onnx.Clip %c0, %i0, %i5 : (tensor<?x?xi64>, tensor<i64>, tensor<i64>) -> tensor<?x?xi64>
  %c2 = onnx.Expand %c1, %all : (tensor<?x?xi64>, tensor<3xi64>) -> tensor<?x?x?xi64>
  %c3 = onnx.Tile %content, %repeats : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<?x4x6xf32>
  %c4 = onnx.MatMul %qh, %c3 : (tensor<?x?x4xf32>, tensor<?x4x6xf32>) -> tensor<?x?x6xf32>
  %c5 = onnx.GatherElements %c4, %c2 {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<?x?x?xi64>) -> tensor<?x?x?xf32>
  %c6 = onnx.Div %c5, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  // Keys in rows, so that the distance is the opposite one.
  %p0 = onnx.Neg %apart : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %p1 = onnx.Add %p0, %i3 : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %p2 = onnx.Clip %p1, %i0, %i6 : (tensor<?x?xi64>, tensor<i64>, tensor<i64>) -> tensor<?x?xi64>
  %p3 = onnx.Expand %p2, %all : (tensor<?x?xi64>, tensor<3xi64>) -> tensor<?x?x?xi64>
  %p4 = onnx.Tile %position, %repeats : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<?x4x6xf32>
  %p5 = onnx.MatMul %kh, %p4 : (tensor<?x?x4xf32>, tensor<?x4x6xf32>) -> tensor<?x?x6xf32>
  %p6 = onnx.GatherElements %p5, %p3 {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<?x?x?xi64>) -> tensor<?x?x?xf32>
  %p7 = onnx.Transpose %p6 {perm = array<i64: 0, 2, 1>} : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p8 = onnx.Div %p7, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %bias = onnx.Add %c6, %p8 : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %kk = onnx.Transpose %kh {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %s0 = onnx.MatMul %qh, %kk : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %s1 = onnx.Div %s0, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %s2 = onnx.Add %s1, %bias : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s3 = onnx.Reshape %s2, %back : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x2x?x?xf32>
  %s4 = onnx.Softmax %s3 : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %back3 = onnx.Concat %vm, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %s5 = onnx.Reshape %s4, %back3 : (tensor<?x2x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %o0 = onnx.MatMul %s5, %vh : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %o1 = onnx.Reshape %o0, %back2 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x2x?x4xf32>
  %o2 = onnx.Transpose %o1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
  %y = onnx.Reshape %o2, %join : (tensor<?x?x2x4xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// A column that depends on the query's place alone.
// CHECK-LABEL: func @no_distance
// CHECK-NOT:     content_to_position
// CHECK:         onnx.GatherElements
func.func @no_distance(%q: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %k: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %v: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}) -> tensor<?x?x8xf32> {
  %content = onnx.Constant dense<"0x0000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F00000040"> : tensor<2x4x6xf32>
  %position = onnx.Constant dense<"0x000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040000040400000804000004040000080400000404000008040"> : tensor<2x4x6xf32>
  %split = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.Constant dense<[0, 0, 8]> : tensor<3xi64>
  %scale = onnx.Constant dense<4.0> : tensor<f32>
  %i0 = onnx.Constant dense<0> : tensor<i64>
  %i1 = onnx.Constant dense<1> : tensor<i64>
  %i3 = onnx.Constant dense<3> : tensor<i64>
  %i5 = onnx.Constant dense<5> : tensor<i64>
  %v0 = onnx.Constant dense<0> : tensor<1xi64>
  %v1 = onnx.Constant dense<1> : tensor<1xi64>
  %v2 = onnx.Constant dense<2> : tensor<1xi64>
  %v4 = onnx.Constant dense<4> : tensor<1xi64>
  %vm = onnx.Constant dense<-1> : tensor<1xi64>
  %ones = onnx.Constant dense<1> : tensor<2xi64>
  %batch = onnx.Shape %q {start = 0 : i64, end = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<1xi64>
  %length = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze %length, %v0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %merged = onnx.Concat %vm, %length, %v4 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %back = onnx.Concat %vm, %v2, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %back2 = onnx.Concat %vm, %v2, %length, %v4 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %qs = onnx.Reshape %q, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %qt = onnx.Transpose %qs {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %qh = onnx.Reshape %qt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %ks = onnx.Reshape %k, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %kt = onnx.Transpose %ks {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %kh = onnx.Reshape %kt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %vs = onnx.Reshape %v, %split : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %vt = onnx.Transpose %vs {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %vh = onnx.Reshape %vt, %merged : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  // Distances, and the column of each pair.
  %places = onnx.Range %i0, %n, %i1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %places, %v1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %places, %v0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %apart = onnx.Sub %rows, %columns : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %heads = onnx.Mul %batch, %v2 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %all = onnx.Concat %heads, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %repeats = onnx.Concat %batch, %ones {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %c0 = onnx.Add %rows, %i3 : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %c1 = onnx.Clip %c0, %i0, %i5 : (tensor<?x1xi64>, tensor<i64>, tensor<i64>) -> tensor<?x1xi64>
  %c2 = onnx.Expand %c1, %all : (tensor<?x1xi64>, tensor<3xi64>) -> tensor<?x?x?xi64>
  %c3 = onnx.Tile %content, %repeats : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<?x4x6xf32>
  %c4 = onnx.MatMul %qh, %c3 : (tensor<?x?x4xf32>, tensor<?x4x6xf32>) -> tensor<?x?x6xf32>
  %c5 = onnx.GatherElements %c4, %c2 {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<?x?x?xi64>) -> tensor<?x?x?xf32>
  %c6 = onnx.Div %c5, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  // Keys in rows, so that the distance is the opposite one.
  %p0 = onnx.Neg %apart : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %p1 = onnx.Add %p0, %i3 : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %p2 = onnx.Clip %p1, %i0, %i5 : (tensor<?x?xi64>, tensor<i64>, tensor<i64>) -> tensor<?x?xi64>
  %p3 = onnx.Expand %p2, %all : (tensor<?x?xi64>, tensor<3xi64>) -> tensor<?x?x?xi64>
  %p4 = onnx.Tile %position, %repeats : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<?x4x6xf32>
  %p5 = onnx.MatMul %kh, %p4 : (tensor<?x?x4xf32>, tensor<?x4x6xf32>) -> tensor<?x?x6xf32>
  %p6 = onnx.GatherElements %p5, %p3 {axis = -1 : i64} : (tensor<?x?x6xf32>, tensor<?x?x?xi64>) -> tensor<?x?x?xf32>
  %p7 = onnx.Transpose %p6 {perm = array<i64: 0, 2, 1>} : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p8 = onnx.Div %p7, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %bias = onnx.Add %c6, %p8 : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %kk = onnx.Transpose %kh {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %s0 = onnx.MatMul %qh, %kk : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %s1 = onnx.Div %s0, %scale : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %s2 = onnx.Add %s1, %bias : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s3 = onnx.Reshape %s2, %back : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x2x?x?xf32>
  %s4 = onnx.Softmax %s3 : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %back3 = onnx.Concat %vm, %length, %length {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %s5 = onnx.Reshape %s4, %back3 : (tensor<?x2x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %o0 = onnx.MatMul %s5, %vh : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %o1 = onnx.Reshape %o0, %back2 : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x2x?x4xf32>
  %o2 = onnx.Transpose %o1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
  %y = onnx.Reshape %o2, %join : (tensor<?x?x2x4xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}
