// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// A shape of dimensions becomes one of constants: 0 keeps a dimension.
// CHECK-LABEL: func @split_heads
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x32xf32>
func.func @split_heads(%x: tensor<?x?x32xf32> {onnx.dims = ["batch", "sequence", "32"]}) -> tensor<*xf32> {
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
  %to = onnx.Concat %b1, %s1, %rest, %size {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK-NEXT: %[[TO:.+]] = onnx.Constant dense<[0, 0, 4, 8]>
  // CHECK-NEXT: %[[R:.+]] = onnx.Reshape %[[X]], %[[TO]]
  // CHECK-NEXT: return %[[R]]
  %r = onnx.Reshape %x, %to {allowzero = 1 : i64} : (tensor<?x?x32xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// A dimension that moves is the one that -1 says.
// CHECK-LABEL: func @join_heads
func.func @join_heads(%x: tensor<?x?x4x8xf32> {onnx.dims = ["batch", "sequence", "4", "8"]}, %s: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}) -> tensor<*xf32> {
  %rest = onnx.Constant dense<[-1, 4, 8]> : tensor<3xi64>
  // CHECK: onnx.Constant dense<[-1, 4, 8]>
  // CHECK-NEXT: onnx.Reshape {{.*}} -> tensor<?x4x8xf32>
  %r = onnx.Reshape %x, %rest : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// The two dimensions have moved: the shape has to be computed, from the argument itself.
// CHECK-LABEL: func @no_constant_shape
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x8xf32>
func.func @no_constant_shape(%x: tensor<?x?x8xf32> {onnx.dims = ["a", "b", "8"]}) -> tensor<*xf32> {
  %neg = onnx.Neg %x : (tensor<?x?x8xf32>) -> tensor<*xf32>
  %shape = onnx.Shape %neg : (tensor<*xf32>) -> tensor<*xi64>
  %order = onnx.Constant dense<[1, 0, 2]> : tensor<3xi64>
  %to = onnx.Gather %shape, %order {axis = 0 : i64} : (tensor<*xi64>, tensor<3xi64>) -> tensor<*xi64>
  // CHECK: %[[N:.+]] = onnx.Neg %[[X]]
  // CHECK-DAG: %[[B:.+]] = onnx.Shape %[[X]] {end = 2 : i64, start = 1 : i64}
  // CHECK-DAG: %[[A:.+]] = onnx.Shape %[[X]] {end = 1 : i64}
  // CHECK-DAG: %[[H:.+]] = onnx.Constant dense<8> : tensor<1xi64>
  // CHECK: %[[TO:.+]] = onnx.Concat %[[B]], %[[A]], %[[H]]
  // CHECK: onnx.Reshape %[[N]], %[[TO]]
  %r = onnx.Reshape %neg, %to : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// The mask as the TorchScript exporter writes it: the flattened mask gathered at
// b * sequence + k, joined with a causal-like test that is always true, expanded.
// CHECK-LABEL: func @mask_by_flat_gather
// CHECK-SAME: %[[M:[^:]+]]: tensor<?x?xi1>
// CHECK-SAME: %[[S:[^:]+]]: tensor<?x4x?x?xf32>
func.func @mask_by_flat_gather(%mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}, %scores: tensor<?x4x?x?xf32> {onnx.dims = ["b", "4", "s", "s"]}) -> tensor<*xf32> {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %shape = onnx.Shape %mask : (tensor<?x?xi1>) -> tensor<*xi64>
  %b = onnx.Gather %shape, %zero {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %s = onnx.Gather %shape, %one {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %rb = onnx.Range %zero, %b, %one : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %rs = onnx.Range %zero, %s, %one : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %a123 = onnx.Constant dense<[1, 2, 3]> : tensor<3xi64>
  %a012 = onnx.Constant dense<[0, 1, 2]> : tensor<3xi64>
  %a013 = onnx.Constant dense<[0, 1, 3]> : tensor<3xi64>
  %gb = onnx.Unsqueeze %rb, %a123 : (tensor<*xi64>, tensor<3xi64>) -> tensor<*xi64>
  %gk = onnx.Unsqueeze %rs, %a012 : (tensor<*xi64>, tensor<3xi64>) -> tensor<*xi64>
  %gq = onnx.Unsqueeze %rs, %a013 : (tensor<*xi64>, tensor<3xi64>) -> tensor<*xi64>
  %true = onnx.GreaterOrEqual %gq, %zero : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %flat = onnx.Flatten %mask {axis = 2 : i64} : (tensor<?x?xi1>) -> tensor<*xi1>
  %offset = onnx.Mul %gb, %s : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %at = onnx.Add %gk, %offset : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %taken = onnx.Gather %flat, %at {axis = 0 : i64} : (tensor<*xi1>, tensor<*xi64>) -> tensor<*xi1>
  %atShape = onnx.Shape %at : (tensor<*xi64>) -> tensor<*xi64>
  %key = onnx.Reshape %taken, %atShape : (tensor<*xi1>, tensor<*xi64>) -> tensor<*xi1>
  %both = onnx.And %true, %key : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %keep = onnx.Constant dense<0.0> : tensor<f32>
  %drop = onnx.Constant dense<-1.0e+04> : tensor<f32>
  %bias = onnx.Where %both, %keep, %drop : (tensor<*xi1>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  // CHECK-DAG: %[[AXES:.+]] = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  // CHECK-DAG: %[[KEEP:.+]] = onnx.Constant dense<0.000000e+00> : tensor<f32>
  // CHECK-DAG: %[[DROP:.+]] = onnx.Constant dense<-1.000000e+04> : tensor<f32>
  // CHECK-DAG: %[[KEY:.+]] = onnx.Unsqueeze %[[M]], %[[AXES]] : {{.*}} -> tensor<?x1x1x?xi1>
  // CHECK: %[[BIAS:.+]] = onnx.Where %[[KEY]], %[[KEEP]], %[[DROP]] : {{.*}} -> tensor<?x1x1x?xf32>
  // CHECK-NEXT: %[[R:.+]] = onnx.Add %[[S]], %[[BIAS]]
  // CHECK-NEXT: return %[[R]]
  %r = onnx.Add %scores, %bias : (tensor<?x4x?x?xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// The mask as the dynamo exporter writes it: GatherND by all pairs.
// CHECK-LABEL: func @mask_by_grid
// CHECK-SAME: %[[M:[^:]+]]: tensor<?x?xi1>
func.func @mask_by_grid(%mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<*xi1> {
  %none = onnx.None
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %b1 = onnx.Shape %mask {start = 0 : i64, end = 1 : i64} : (tensor<?x?xi1>) -> tensor<*xi64>
  %s1 = onnx.Shape %mask {start = 1 : i64, end = 2 : i64} : (tensor<?x?xi1>) -> tensor<*xi64>
  %b = onnx.Squeeze %b1, %none : (tensor<*xi64>, none) -> tensor<*xi64>
  %s = onnx.Squeeze %s1, %none : (tensor<*xi64>, none) -> tensor<*xi64>
  %rb = onnx.Range %zero, %b, %one : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %rs = onnx.Range %zero, %s, %one : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %a123 = onnx.Constant dense<[1, 2, 3]> : tensor<3xi64>
  %a012 = onnx.Constant dense<[0, 1, 2]> : tensor<3xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %gb = onnx.Unsqueeze %rb, %a123 : (tensor<*xi64>, tensor<3xi64>) -> tensor<*xi64>
  %gk = onnx.Unsqueeze %rs, %a012 : (tensor<*xi64>, tensor<3xi64>) -> tensor<*xi64>
  %max = onnx.Max %gb, %gk : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %grid = onnx.Shape %max : (tensor<*xi64>) -> tensor<*xi64>
  %eb = onnx.Expand %gb, %grid : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %ek = onnx.Expand %gk, %grid : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %ub = onnx.Unsqueeze %eb, %last : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %uk = onnx.Unsqueeze %ek, %last : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %pairs = onnx.Concat %ub, %uk {axis = -1 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  // CHECK-NEXT: %[[AXES:.+]] = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  // CHECK-NEXT: %[[R:.+]] = onnx.Unsqueeze %[[M]], %[[AXES]]
  // CHECK-NEXT: return %[[R]]
  %r = onnx.GatherND %mask, %pairs : (tensor<?x?xi1>, tensor<*xi64>) -> tensor<*xi1>
  return %r : tensor<*xi1>
}

// -----

// Half of the keys: no whole axis, so the gather stays.
// CHECK-LABEL: func @no_relabel_part_of_axis
func.func @no_relabel_part_of_axis(%mask: tensor<?x8xi1> {onnx.dims = ["b", "8"]}) -> tensor<*xi1> {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %four = onnx.Constant dense<4> : tensor<i64>
  %half = onnx.Range %zero, %four, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  // CHECK: onnx.Gather {{.*}} -> tensor<?x4xi1>
  %r = onnx.Gather %mask, %half {axis = 1 : i64} : (tensor<?x8xi1>, tensor<*xi64>) -> tensor<*xi1>
  return %r : tensor<*xi1>
}

// -----

// Mean pooling: the expanded mask is never made.
// CHECK-LABEL: func @mean_pool
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x36xf32>
// CHECK-SAME: %[[M:[^:]+]]: tensor<?x?xi64>
func.func @mean_pool(%x: tensor<?x?x36xf32> {onnx.dims = ["b", "s", "36"]}, %mask: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<*xf32> {
  %none = onnx.None
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %low = onnx.Constant dense<1.0e-09> : tensor<f32>
  %m = onnx.Unsqueeze %mask, %last : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<*xi64>
  %shape = onnx.Shape %x : (tensor<?x?x36xf32>) -> tensor<*xi64>
  %e = onnx.Expand %m, %shape : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %f = onnx.Cast %e {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
  %p = onnx.Mul %x, %f : (tensor<?x?x36xf32>, tensor<*xf32>) -> tensor<*xf32>
  %sum = onnx.ReduceSum %p, %one {keepdims = 0 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %count = onnx.ReduceSum %f, %one {keepdims = 0 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %clip = onnx.Clip %count, %low, %none : (tensor<*xf32>, tensor<f32>, none) -> tensor<*xf32>
  // CHECK: %[[U:.+]] = onnx.Unsqueeze %[[M]]
  // CHECK: %[[F:.+]] = onnx.Cast %[[U]] {to = 1 : i64} : {{.*}} -> tensor<?x?x1xf32>
  // CHECK: %[[P:.+]] = onnx.Mul %[[X]], %[[F]]
  // CHECK: %[[SUM:.+]] = onnx.ReduceSum %[[P]]
  // CHECK: %[[COUNT:.+]] = onnx.ReduceSum %[[F]]{{.*}} -> tensor<?x1xf32>
  // CHECK: %[[CLIP:.+]] = onnx.Clip %[[COUNT]]
  // CHECK-NEXT: %[[R:.+]] = onnx.Div %[[SUM]], %[[CLIP]]
  // CHECK-NEXT: return %[[R]]
  %r = onnx.Div %sum, %clip : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// Token types that are all 0 select one row.
// CHECK-LABEL: func @token_types_of_zeros
func.func @token_types_of_zeros(%x: tensor<?x?x36xf32> {onnx.dims = ["b", "s", "36"]}, %pos: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %table: tensor<2x36xf32>) -> tensor<*xf32> {
  %zeros = onnx.Constant dense<0> : tensor<1x264xi64>
  %rest = onnx.Constant dense<264> : tensor<1xi64>
  %b = onnx.Shape %x {start = 0 : i64, end = 1 : i64} : (tensor<?x?x36xf32>) -> tensor<*xi64>
  %to = onnx.Concat %b, %rest {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %e = onnx.Expand %zeros, %to : (tensor<1x264xi64>, tensor<*xi64>) -> tensor<*xi64>
  %ids = onnx.GatherElements %e, %pos {axis = 1 : i64} : (tensor<*xi64>, tensor<?x?xi64>) -> tensor<*xi64>
  // CHECK: %[[ZERO:.+]] = onnx.Constant dense<0> : tensor<1x1xi64>
  // CHECK-NEXT: %[[ROW:.+]] = onnx.Gather %{{.+}}, %[[ZERO]] : {{.*}} -> tensor<1x1x36xf32>
  // CHECK-NEXT: onnx.Add %{{.+}}, %[[ROW]]
  %row = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<2x36xf32>, tensor<*xi64>) -> tensor<*xf32>
  %r = onnx.Add %x, %row : (tensor<?x?x36xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// Copies for each sequence are made of what is turned already.
// CHECK-LABEL: func @transpose_of_tile
// CHECK-SAME: (%[[P:.+]]: tensor<4x32x7xf32>, %[[IDS:.+]]: tensor
func.func @transpose_of_tile(%p: tensor<4x32x7xf32>, %ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<*xf32> {
  %b = onnx.Shape %ids {end = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %copies = onnx.Concat %b, %one, %two {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  // CHECK-DAG: %[[T:.+]] = onnx.Transpose %[[P]] {perm = array<i64: 0, 2, 1>} : (tensor<4x32x7xf32>) -> tensor<4x7x32xf32>
  // CHECK-DAG: %[[B:.+]] = onnx.Shape %[[IDS]] {end = 1 : i64}
  // CHECK-DAG: %[[COPIES:.+]] = onnx.Concat %[[B]], %{{.+}} {axis = 0 : i64}
  // CHECK: %[[R:.+]] = onnx.Tile %[[T]], %[[COPIES]] : (tensor<4x7x32xf32>, tensor<3xi64>) -> tensor<?x14x32xf32>
  // CHECK: return %[[R]]
  %t = onnx.Tile %p, %copies : (tensor<4x32x7xf32>, tensor<3xi64>) -> tensor<*xf32>
  %r = onnx.Transpose %t {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// The keys' transpose as the dynamo exporter writes it.
// CHECK-LABEL: func @transpose_of_joined_axes
// CHECK-SAME: %[[K:[^:]+]]: tensor<?x4x?x9xf32>
func.func @transpose_of_joined_axes(%k: tensor<?x4x?x9xf32> {onnx.dims = ["b", "4", "s", "9"]}) -> tensor<*xf32> {
  %none = onnx.None
  %m1 = onnx.Constant dense<-1> : tensor<1xi64>
  %m2 = onnx.Constant dense<-2> : tensor<1xi64>
  %first = onnx.Constant dense<-9223372036854775808> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %shape = onnx.Shape %k : (tensor<?x4x?x9xf32>) -> tensor<*xi64>
  %d = onnx.Slice %shape, %m1, %end, %none, %none : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<*xi64>
  %s = onnx.Slice %shape, %m2, %m1, %none, %none : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<*xi64>
  %bh = onnx.Slice %shape, %first, %m2, %none, %none : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<*xi64>
  %to3 = onnx.Concat %m1, %s, %d {axis = 0 : i64} : (tensor<1xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %r3 = onnx.Reshape %k, %to3 : (tensor<?x4x?x9xf32>, tensor<*xi64>) -> tensor<*xf32>
  %t3 = onnx.Transpose %r3 {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  %to4 = onnx.Concat %bh, %d, %s {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  // CHECK-NEXT: %[[R:.+]] = onnx.Transpose %[[K]] {perm = array<i64: 0, 1, 3, 2>}
  // CHECK-NEXT: return %[[R]]
  %r = onnx.Reshape %t3, %to4 : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// What does nothing goes; x + 0.0 is not x for -0.0.
// CHECK-LABEL: func @no_ops
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x4xf32>
func.func @no_ops(%x: tensor<?x4xf32> {onnx.dims = ["b", "4"]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.None
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %from = onnx.Constant dense<0> : tensor<1xi64>
  %to = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %0 = onnx.Identity %x : (tensor<?x4xf32>) -> tensor<*xf32>
  %1 = onnx.Cast %0 {to = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %3 = onnx.Mul %1, %one : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %4 = onnx.Slice %3, %from, %to, %from, %none : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<*xf32>
  %5 = onnx.Transpose %4 {perm = array<i64: 1, 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %6 = onnx.Transpose %5 {perm = array<i64: 1, 0>} : (tensor<*xf32>) -> tensor<*xf32>
  // CHECK: %[[R:.+]] = onnx.Add %[[X]]
  %7 = onnx.Add %6, %zero : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  // CHECK-NEXT: return %[[X]], %[[R]]
  return %6, %7 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A linear layer on flattened states, as Gemm.
// CHECK-LABEL: func @gemm_of_flattened
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32> {{.*}}, %[[W:[^:]+]]: tensor<6x4xf32>, %[[B:[^:]+]]: tensor<6xf32>
func.func @gemm_of_flattened(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %w: tensor<6x4xf32>, %b: tensor<6xf32>) -> tensor<*xf32> {
  %rows = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %lead = onnx.Shape %x {start = 0 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<*xi64>
  %six = onnx.Constant dense<6> : tensor<1xi64>
  %to = onnx.Concat %lead, %six {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %flat = onnx.Reshape %x, %rows : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  // CHECK-NEXT: %[[T:.+]] = onnx.Transpose %[[W]] {perm = array<i64: 1, 0>}
  // CHECK-NEXT: %[[P:.+]] = onnx.MatMul %[[X]], %[[T]] : {{.*}} -> tensor<?x?x6xf32>
  // CHECK-NEXT: %[[R:.+]] = onnx.Add %[[P]], %[[B]]
  // CHECK-NEXT: return %[[R]]
  %g = onnx.Gemm %flat, %w, %b {transB = 1 : i64} : (tensor<*xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<*xf32>
  %r = onnx.Reshape %g, %to : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// Gemm's factors go into constants.
// CHECK-LABEL: func @gemm_with_factors
// CHECK-DAG:     %[[W:.+]] = onnx.Mul %{{.+}}, %{{.+}} : (tensor<4x3xf32>, tensor<f32>)
// CHECK-DAG:     %[[C:.+]] = onnx.Mul %{{.+}}, %{{.+}} : (tensor<3xf32>, tensor<f32>)
// CHECK:         onnx.Gemm %{{.+}}, %[[W]], %[[C]] :
func.func @gemm_with_factors(%x: tensor<?x4xf32>) -> tensor<?x3xf32> {
  %w = onnx.Constant dense_resource<w> : tensor<4x3xf32>
  %c = onnx.Constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = onnx.Gemm %x, %w, %c {alpha = 0.5 : f32, beta = 4.0 : f32} : (tensor<?x4xf32>, tensor<4x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

// Factors of what is no constant stay.
// CHECK-LABEL: func @gemm_with_factors_stays
// CHECK:         onnx.Gemm {{.*}} {alpha = 5.000000e-01 : f32}
func.func @gemm_with_factors_stays(%x: tensor<?x4xf32>, %w: tensor<4x3xf32>) -> tensor<?x3xf32> {
  %none = onnx.None
  %0 = onnx.Gemm %x, %w, %none {alpha = 0.5 : f32} : (tensor<?x4xf32>, tensor<4x3xf32>, none) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

// Patches of an image that do not overlap are rows, the weights one matrix.
// CHECK-LABEL: func @conv_of_patches
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x3x6x8xf32> {{.*}}, %[[W:[^:]+]]: tensor<5x3x2x4xf32>, %[[B:[^:]+]]: tensor<5xf32>
func.func @conv_of_patches(%x: tensor<?x3x6x8xf32> {onnx.dims = ["b", "3", "6", "8"]}, %w: tensor<5x3x2x4xf32>, %b: tensor<5xf32>) -> tensor<*xf32> {
  // CHECK-NOT:  onnx.Conv
  // CHECK:      %[[CUT:.+]] = onnx.Reshape %[[X]], %{{.+}} -> tensor<?x3x3x2x2x4xf32>
  // CHECK:      %[[MOVED:.+]] = onnx.Transpose %[[CUT]] {perm = array<i64: 0, 1, 3, 5, 2, 4>}
  // CHECK:      %[[COLUMNS:.+]] = onnx.Reshape %[[MOVED]], %{{.+}} -> tensor<?x24x6xf32>
  // CHECK:      %[[M:.+]] = onnx.Reshape %[[W]], %{{.+}} -> tensor<5x24xf32>
  // CHECK:      %[[T:.+]] = onnx.Transpose %[[M]] {perm = array<i64: 1, 0>}
  // CHECK:      %[[ROWS:.+]] = onnx.Transpose %[[COLUMNS]] {perm = array<i64: 0, 2, 1>}
  // CHECK:      %[[P:.+]] = onnx.MatMul %[[ROWS]], %[[T]] : {{.*}} -> tensor<?x6x5xf32>
  // CHECK:      %[[S:.+]] = onnx.Add %[[P]], %[[B]]
  // CHECK-NEXT: return %[[S]]
  %flat = onnx.Constant dense<[0, 5, -1]> : tensor<3xi64>
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 4>} : (tensor<?x3x6x8xf32>, tensor<5x3x2x4xf32>, tensor<5xf32>) -> tensor<*xf32>
  %c = onnx.Reshape %y, %flat : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %t = onnx.Transpose %c {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %t : tensor<*xf32>
}

// -----

// Windows of one position of a sequence of any length.
// CHECK-LABEL: func @conv_of_positions
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x3xf32> {{.*}}, %[[W:[^:]+]]: tensor<5x3x1xf32>
func.func @conv_of_positions(%x: tensor<?x?x3xf32> {onnx.dims = ["b", "s", "3"]}, %w: tensor<5x3x1xf32>) -> tensor<*xf32> {
  // CHECK:      %[[M:.+]] = onnx.Squeeze %[[W]], %{{.+}} -> tensor<5x3xf32>
  // CHECK:      %[[T:.+]] = onnx.Transpose %[[M]]
  // CHECK-NEXT: %[[P:.+]] = onnx.MatMul %[[X]], %[[T]]
  // CHECK-NEXT: return %[[P]]
  %none = onnx.None
  %c = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<?x?x3xf32>) -> tensor<*xf32>
  %y = onnx.Conv %c, %w, %none {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<*xf32>, tensor<5x3x1xf32>, none) -> tensor<*xf32>
  %t = onnx.Transpose %y {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %t : tensor<*xf32>
}

// -----

// Windows that overlap, pads, groups, and an image that patches do not fill stay.
// CHECK-LABEL: func @conv_stays
// CHECK-COUNT-4: onnx.Conv
func.func @conv_stays(%x: tensor<?x4x9xf32>, %w: tensor<6x4x3xf32>, %v: tensor<6x2x3xf32>, %u: tensor<6x6x3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.None
  %0 = onnx.Conv %x, %w, %none {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<?x4x9xf32>, tensor<6x4x3xf32>, none) -> tensor<*xf32>
  %1 = onnx.Conv %x, %w, %none {dilations = array<i64: 1>, pads = array<i64: 0, 3>, strides = array<i64: 3>} : (tensor<?x4x9xf32>, tensor<6x4x3xf32>, none) -> tensor<*xf32>
  %2 = onnx.Conv %x, %v, %none {dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 0, 0>, strides = array<i64: 3>} : (tensor<?x4x9xf32>, tensor<6x2x3xf32>, none) -> tensor<*xf32>
  %3 = onnx.Conv %0, %u, %none {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 3>} : (tensor<*xf32>, tensor<6x6x3xf32>, none) -> tensor<*xf32>
  return %0, %1, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Rows of a table of bytes: the table is dequantised, which folds.
// CHECK-LABEL: func @rows_of_bytes
// CHECK-SAME: %[[IDS:[^:]+]]: tensor<?x?xi64>
func.func @rows_of_bytes(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<*xf32> {
  // CHECK: %[[T:.+]] = onnx.DequantizeLinear %{{.+}}, %{{.+}}, %{{.+}} : (tensor<9x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<9x4xf32>
  // CHECK: %[[Y:.+]] = onnx.Gather %[[T]], %[[IDS]]
  // CHECK-NEXT: return %[[Y]]
  %table = onnx.Constant dense<7> : tensor<9x4xui8>
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  %zero = onnx.Constant dense<128> : tensor<ui8>
  %rows = onnx.Gather %table, %ids : (tensor<9x4xui8>, tensor<?x?xi64>) -> tensor<*xui8>
  %y = onnx.DequantizeLinear %rows, %scale, %zero : (tensor<*xui8>, tensor<f32>, tensor<ui8>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F"
    }
  }
#-}

// -----

// Axes of which a slice takes all are none of its axes.
// CHECK-LABEL: func @whole_axes
// CHECK-DAG:     %[[ZERO:.+]] = onnx.Constant dense<0> : tensor<1xi64>
// CHECK-DAG:     %[[ONE:.+]] = onnx.Constant dense<1> : tensor<1xi64>
// CHECK:         onnx.Slice %{{.+}}, %[[ZERO]], %[[ONE]], %[[ONE]], %[[ONE]]
func.func @whole_axes(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x1x4xf32> {
  %none = onnx.None
  %starts = onnx.Constant dense<0> : tensor<2xi64>
  %ends = onnx.Constant dense<[2147483647, 1]> : tensor<2xi64>
  %axes = onnx.Constant dense<[0, 1]> : tensor<2xi64>
  %y = onnx.Slice %x, %starts, %ends, %axes, %none : (tensor<?x?x4xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, none) -> tensor<?x1x4xf32>
  return %y : tensor<?x1x4xf32>
}

// -----

// Dimensions in i32 are those of the argument, too.
// CHECK-LABEL: func @sizes_of_32_bits
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x4xf32>
// CHECK:         %[[S:.+]] = onnx.Shape %[[X]] {end = 2 : i64, start = 1 : i64}
// CHECK:         %[[SCALAR:.+]] = onnx.Squeeze %[[S]]
// CHECK:         %[[LIMIT:.+]] = onnx.Cast %[[SCALAR]] {to = 6 : i64}
// CHECK:         onnx.Range %{{.+}}, %[[LIMIT]], %{{.+}} : (tensor<i32>, tensor<i32>, tensor<i32>)
// CHECK-NOT:     onnx.Concat
func.func @sizes_of_32_bits(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?xi32> {
  %one = onnx.Constant dense<1> : tensor<i32>
  %zero = onnx.Constant dense<0> : tensor<i32>
  %which = onnx.Constant dense<1> : tensor<i64>
  %size = onnx.Shape %x : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %narrow = onnx.Cast %size {to = 6 : i64} : (tensor<3xi64>) -> tensor<3xi32>
  %length = onnx.Gather %narrow, %which : (tensor<3xi32>, tensor<i64>) -> tensor<i32>
  %y = onnx.Range %zero, %length, %one : (tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<?xi32>
  return %y : tensor<?xi32>
}

// -----

// The sign of a zero does not matter to a product, it does to a quotient.
// CHECK-LABEL: func @plus_zero
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x4xf32>{{.*}}, %[[Z:[^ ]+]]: tensor<?x4xf32>
// CHECK:         onnx.MatMul %[[X]], %{{.+}}
// CHECK:         %[[SUM:.+]] = onnx.Add %[[Z]], %{{.+}}
// CHECK:         onnx.Reciprocal %[[SUM]]
func.func @plus_zero(%x: tensor<?x4xf32> {onnx.dims = ["n", "4"]}, %z: tensor<?x4xf32> {onnx.dims = ["n", "4"]}, %w: tensor<4x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %a = onnx.Add %x, %zero : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %p = onnx.MatMul %a, %w : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %b = onnx.Add %z, %zero : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Reciprocal %b : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %p, %q : tensor<?x4xf32>, tensor<?x4xf32>
}
