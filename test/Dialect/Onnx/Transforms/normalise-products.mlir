// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// Elementwise ops between layers of flattened rows work on the states themselves.
// CHECK-LABEL: func @between_layers
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32> {{.*}}, %[[W:[^:]+]]: tensor<4x4xf32>, %[[ROW:[^:]+]]: tensor<4xf32>
func.func @between_layers(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}, %w: tensor<4x4xf32>, %row: tensor<4xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.{{Reshape|Gemm}}
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[X]], %[[W]]
  // CHECK: %[[BIASED:.+]] = onnx.Add %[[Y]], %[[ROW]]
  // CHECK: %[[R:.+]] = onnx.Relu %[[BIASED]]
  // CHECK: %[[M:.+]] = onnx.Mul %[[R]], %[[ROW]]
  // CHECK: %[[Z:.+]] = onnx.MatMul %[[M]], %[[W]]
  // CHECK: %[[SUM:.+]] = onnx.Add %[[Z]], %[[M]]
  // CHECK: return %[[SUM]]
  %c = onnx.None
  %flat = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %shape = onnx.Shape %x : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %rows = onnx.Reshape %x, %flat : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %y = onnx.Gemm %rows, %w, %row : (tensor<*xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<*xf32>
  %r = onnx.Relu %y : (tensor<*xf32>) -> tensor<*xf32>
  %m = onnx.Mul %r, %row : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
  %z = onnx.Gemm %m, %w, %c : (tensor<*xf32>, tensor<4x4xf32>, none) -> tensor<*xf32>
  %sum = onnx.Add %z, %m : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %back = onnx.Reshape %sum, %shape : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Norms of the rows as well, which name their axis from the last.
// CHECK-LABEL: func @norm_of_rows
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32> {{.*}}, %[[W:[^:]+]]: tensor<4x4xf32>, %[[ROW:[^:]+]]: tensor<4xf32>
func.func @norm_of_rows(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}, %w: tensor<4x4xf32>, %row: tensor<4xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.{{Reshape|Gemm}}
  // CHECK: %[[N:.+]], %{{.+}}, %{{.+}} = onnx.LayerNormalization %[[X]], %[[ROW]], %[[ROW]] : (tensor<?x?x4xf32>,
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[N]], %[[W]]
  // CHECK: return %[[Y]]
  %c = onnx.None
  %flat = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %shape = onnx.Shape %x : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %rows = onnx.Reshape %x, %flat : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %n:3 = onnx.LayerNormalization %rows, %row, %row {axis = 1 : i64} : (tensor<*xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<*xf32>, none, none)
  %y = onnx.Gemm %n#0, %w, %c : (tensor<*xf32>, tensor<4x4xf32>, none) -> tensor<*xf32>
  %back = onnx.Reshape %y, %shape : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Rows of another view stay flattened: they are no rows of the same positions.
// CHECK-LABEL: func @other_rows
func.func @other_rows(%x: tensor<?x6x4xf32> {onnx.dims = ["batch", "6", "4"]}, %y: tensor<?x3x4xf32> {onnx.dims = ["pairs", "3", "4"]}) -> tensor<*xf32> {
  // CHECK: %[[A:.+]] = onnx.Reshape
  // CHECK: %[[B:.+]] = onnx.Reshape
  // CHECK: onnx.Add %[[A]], %[[B]]
  %flat = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %a = onnx.Reshape %x, %flat : (tensor<?x6x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %b = onnx.Reshape %y, %flat : (tensor<?x3x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %sum = onnx.Add %a, %b : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %sum : tensor<*xf32>
}

// -----

// Heads were joined and rows flattened at once for a MatMul.
// CHECK-LABEL: func @matmul_of_flattened_heads
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x2x4xf32>{{.*}}, %[[W:[^ ]+]]: tensor<8x3xf32>
// CHECK:         %[[JOINED:.+]] = onnx.Reshape %[[X]], %{{.+}} -> tensor<?x?x8xf32>
// CHECK:         %[[Y:.+]] = onnx.MatMul %[[JOINED]], %[[W]] : (tensor<?x?x8xf32>, tensor<8x3xf32>) -> tensor<?x?x3xf32>
// CHECK:         return %[[Y]]
func.func @matmul_of_flattened_heads(%x: tensor<?x?x2x4xf32> {onnx.dims = ["b", "s", "2", "4"]}, %w: tensor<8x3xf32>) -> tensor<?x?x3xf32> {
  %rows = onnx.Constant dense<[-1, 8]> : tensor<2xi64>
  %three = onnx.Constant dense<3> : tensor<1xi64>
  %a = onnx.Reshape %x, %rows : (tensor<?x?x2x4xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %b = onnx.MatMul %a, %w : (tensor<?x8xf32>, tensor<8x3xf32>) -> tensor<?x3xf32>
  %size = onnx.Shape %x {end = 2 : i64} : (tensor<?x?x2x4xf32>) -> tensor<2xi64>
  %shape = onnx.Concat %size, %three {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
  %y = onnx.Reshape %b, %shape : (tensor<?x3xf32>, tensor<3xi64>) -> tensor<?x?x3xf32>
  return %y : tensor<?x?x3xf32>
}

// -----

// The same where they are quantised by one scale for a product of integers.
// CHECK-LABEL: func @integers_of_flattened_heads
// CHECK: %[[STATES:.+]] = onnx.Reshape %{{.+}}, %{{.+}} -> tensor<?x?x8xf32>
// CHECK: %[[BYTES:.+]], %[[SCALE:.+]], %[[ZERO:.+]] = onnx.DynamicQuantizeLinear %[[STATES]]
// CHECK: onnx.MatMulInteger %[[BYTES]], %{{.+}}, %[[ZERO]], %{{.+}} -> tensor<?x?x3xi32>
// CHECK-NOT: onnx.Reshape
// CHECK: onnx.Mul %{{.+}}, %[[SCALE]] : (tensor<?x?x3xf32>, tensor<f32>)
func.func @integers_of_flattened_heads(%x: tensor<?x?x2x4xf32> {onnx.dims = ["b", "s", "2", "4"]}, %w: tensor<8x3xi8>) -> tensor<?x?x3xf32> {
  %none = onnx.None
  %flat = onnx.Constant dense<[-1, 8]> : tensor<2xi64>
  %three = onnx.Constant dense<3> : tensor<1xi64>
  %rows = onnx.Reshape %x, %flat : (tensor<?x?x2x4xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %q:3 = onnx.DynamicQuantizeLinear %rows : (tensor<?x8xf32>) -> (tensor<?x8xui8>, tensor<f32>, tensor<ui8>)
  %sums = onnx.MatMulInteger %q#0, %w, %q#2, %none : (tensor<?x8xui8>, tensor<8x3xi8>, tensor<ui8>, none) -> tensor<?x3xi32>
  %numbers = onnx.Cast %sums {to = 1 : i64} : (tensor<?x3xi32>) -> tensor<?x3xf32>
  %scaled = onnx.Mul %numbers, %q#1 : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %dims = onnx.Shape %x {end = 2 : i64} : (tensor<?x?x2x4xf32>) -> tensor<2xi64>
  %shape = onnx.Concat %dims, %three {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
  %y = onnx.Reshape %scaled, %shape : (tensor<?x3xf32>, tensor<3xi64>) -> tensor<?x?x3xf32>
  return %y : tensor<?x?x3xf32>
}

// Ids were flattened for a Gather, and a table is multiplied with ones and zeros.
// CHECK-LABEL: func @rows_by_flattened_ids
// CHECK-SAME:    %[[IDS:[^ ]+]]: tensor<?x?xi64>{{.*}}, %[[A:[^ ]+]]: tensor<9x4xf32>, %[[B:[^ ]+]]: tensor<2x4xf32>
// CHECK:         %[[WORDS:.+]] = onnx.Gather %[[A]], %[[IDS]] : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
// CHECK:         %[[TYPES:.+]] = onnx.Gather %[[B]], %[[IDS]] : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
// CHECK:         onnx.Add %[[WORDS]], %[[TYPES]] : (tensor<?x?x4xf32>, tensor<?x?x4xf32>)
// CHECK-NOT:     onnx.OneHot
func.func @rows_by_flattened_ids(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %a: tensor<9x4xf32>, %b: tensor<2x4xf32>) -> tensor<?x4xf32> {
  %flat = onnx.Constant dense<-1> : tensor<1xi64>
  %depth = onnx.Constant dense<2> : tensor<i64>
  %values = onnx.Constant dense<[0.0, 1.0]> : tensor<2xf32>
  %rows = onnx.Reshape %ids, %flat : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?xi64>
  %words = onnx.Gather %a, %rows : (tensor<9x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %hot = onnx.OneHot %rows, %depth, %values : (tensor<?xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x2xf32>
  %types = onnx.MatMul %hot, %b : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  %y = onnx.Add %words, %types : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Other numbers than ones and zeros are multiplied.
// CHECK-LABEL: func @hot_numbers_stay
// CHECK:         onnx.OneHot
func.func @hot_numbers_stay(%ids: tensor<?xi64>, %b: tensor<2x4xf32>) -> tensor<?x4xf32> {
  %depth = onnx.Constant dense<2> : tensor<i64>
  %values = onnx.Constant dense<[0.0, 2.0]> : tensor<2xf32>
  %hot = onnx.OneHot %ids, %depth, %values : (tensor<?xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x2xf32>
  %types = onnx.MatMul %hot, %b : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  return %types : tensor<?x4xf32>
}

// -----

// A number for each row beside the rows themselves.
// CHECK-LABEL: func @centred_rows
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<?x?x4xf32>
// CHECK:         %[[MEAN:.+]] = onnx.ReduceMean %[[X]], %{{.+}} -> tensor<?x?x1xf32>
// CHECK:         %[[C:.+]] = onnx.Sub %[[X]], %[[MEAN]] : (tensor<?x?x4xf32>, tensor<?x?x1xf32>)
// CHECK:         onnx.Reshape %[[C]], %{{.+}} -> tensor<?x4xf32>
func.func @centred_rows(%x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x4xf32> {
  %shape = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %axes = onnx.Constant dense<1> : tensor<1xi64>
  %rows = onnx.Reshape %x, %shape : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %mean = onnx.ReduceMean %rows, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %c = onnx.Sub %rows, %mean : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// -----

// Of one sequence the rows are a squeeze; a C that is absent has any beta.
// CHECK-LABEL: func @one_sequence
// CHECK-SAME:    %[[X:[^ ]+]]: tensor<1x7x4xf32>
// CHECK:         onnx.MatMul %[[X]], %{{.+}} : (tensor<1x7x4xf32>, tensor<4x3xf32>) -> tensor<1x7x3xf32>
// CHECK-NOT:     onnx.Gemm
func.func @one_sequence(%x: tensor<1x7x4xf32>, %w: tensor<3x4xf32>) -> tensor<1x7x3xf32> {
  %none = onnx.None
  %shape = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %whole = onnx.Constant dense<[1, 7, 3]> : tensor<3xi64>
  %rows = onnx.Reshape %x, %shape : (tensor<1x7x4xf32>, tensor<2xi64>) -> tensor<7x4xf32>
  %p = onnx.Gemm %rows, %w, %none {beta = 0.000000e+00 : f32, transB = 1 : i64} : (tensor<7x4xf32>, tensor<3x4xf32>, none) -> tensor<7x3xf32>
  %y = onnx.Reshape %p, %whole : (tensor<7x3xf32>, tensor<3xi64>) -> tensor<1x7x3xf32>
  return %y : tensor<1x7x3xf32>
}

// -----

// A bias of heads is one of the layer, where it has a number for each column; others, and what is computed, stay.
// CHECK-LABEL: func @bias_of_heads
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x6xf32>{{.*}}, %[[C:[^:]+]]: tensor<2x3xf32>
// CHECK-DAG: %[[BIAS:.+]] = onnx.Constant dense<{{.*}}> : tensor<2x3xf32>
// CHECK: %[[ROW:.+]] = onnx.Reshape %[[BIAS]], {{.*}} -> tensor<6xf32>
// CHECK: %[[SUM:.+]] = onnx.Add %[[X]], %[[ROW]] : (tensor<?x?x6xf32>, tensor<6xf32>) -> tensor<?x?x6xf32>
// CHECK: %[[HEADS:.+]] = onnx.Reshape %[[SUM]], {{.*}} -> tensor<?x?x2x3xf32>
// CHECK: %[[OTHER:.+]] = onnx.Add %{{.+}}, %{{.+}} : (tensor<?x?x2x3xf32>, tensor<3xf32>)
// CHECK: %[[COMPUTED:.+]] = onnx.Add %{{.+}}, %[[C]]
// CHECK: return %[[HEADS]], %[[OTHER]], %[[COMPUTED]]
func.func @bias_of_heads(%x: tensor<?x?x6xf32> {onnx.dims = ["b", "s", "6"]}, %computed: tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %shape = onnx.Constant dense<[0, 0, 2, 3]> : tensor<4xi64>
  %bias = onnx.Constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %same = onnx.Constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %a = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<*xf32>
  %b = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<*xf32>
  %c = onnx.Reshape %x, %shape : (tensor<?x?x6xf32>, tensor<4xi64>) -> tensor<*xf32>
  %p = onnx.Add %a, %bias : (tensor<*xf32>, tensor<2x3xf32>) -> tensor<*xf32>
  %q = onnx.Add %b, %same : (tensor<*xf32>, tensor<3xf32>) -> tensor<*xf32>
  %r = onnx.Add %c, %computed : (tensor<*xf32>, tensor<2x3xf32>) -> tensor<*xf32>
  return %p, %q, %r : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
