// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// Words and segments, and a position table by ids that were counted.
// CHECK-LABEL: func @three_tables
// CHECK-SAME:    %[[IDS:[^ ]+]]: tensor<?x?xi64> {{.+}}, %[[TYPES:[^ ]+]]: tensor<?x?xi64>
// CHECK-DAG:     %[[W:.+]] = onnx.Constant dense<1.000000e+00> : tensor<9x4xf32>
// CHECK-DAG:     %[[T:.+]] = onnx.Constant dense<2.000000e+00> : tensor<2x4xf32>
// CHECK-DAG:     %[[P:.+]] = onnx.Constant dense<3.000000e+00> : tensor<7x4xf32>
// CHECK:         %[[SUM:.+]] = onnx.CumSum
// CHECK:         %[[E:.+]] = skim.embed(%[[IDS]], %[[TYPES]], %[[SUM]]) in(%[[W]], %[[T]], %[[P]]) {counts = array<i64: -1, -1, -2>}
// CHECK:         return %[[E]]
func.func @three_tables(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %types: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %w = onnx.Constant dense<1.0> : tensor<9x4xf32>
  %t = onnx.Constant dense<2.0> : tensor<2x4xf32>
  %p = onnx.Constant dense<3.0> : tensor<7x4xf32>
  %axis = onnx.Constant dense<1> : tensor<i64>
  %positions = onnx.CumSum %types, %axis : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %0 = onnx.Gather %w, %ids : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %1 = onnx.Gather %t, %types : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %2 = onnx.Gather %p, %positions : (tensor<7x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %3 = onnx.Add %1, %2 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %4 = onnx.Add %0, %3 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %4 : tensor<?x?x4xf32>
}

// -----

// A slice of the table is rows 0, 1, .. of it; a row is row 0 of a table of one.
// CHECK-LABEL: func @slice_and_row
// CHECK-SAME:    %[[IDS:[^ ]+]]: tensor<?x?xi64>
// CHECK:         %[[W:.+]] = onnx.Constant dense<1.000000e+00> : tensor<9x4xf32>
// CHECK:         %[[RANGE:.+]] = onnx.Range
// CHECK:         %[[POSITIONS:.+]] = onnx.Unsqueeze %[[RANGE]], %{{.+}} -> tensor<1x?xi64>
// CHECK:         %[[P:.+]] = onnx.Constant {{.*}} : tensor<2x4xf32>
// CHECK:         %[[ZEROS:.+]] = onnx.ConstantOfShape {{.*}}value = dense<0> : tensor<1xi64>{{.*}} -> tensor<1x?xi64>
// CHECK:         %[[R:.+]] = onnx.Constant {{.*}} : tensor<1x4xf32>
// CHECK:         skim.embed(%[[IDS]], %[[POSITIONS]], %[[ZEROS]]) in(%[[W]], %[[P]], %[[R]]) {counts = array<i64: -1, 0, -1>}
func.func @slice_and_row(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %w = onnx.Constant dense<1.0> : tensor<9x4xf32>
  %p = onnx.Constant dense<[[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]> : tensor<1x2x4xf32>
  %row = onnx.Constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %none = onnx.None
  %0 = onnx.Gather %w, %ids : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %s = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %1 = onnx.Slice %p, %zero, %s, %one, %none : (tensor<1x2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<1x?x4xf32>
  %2 = onnx.Add %0, %1 : (tensor<?x?x4xf32>, tensor<1x?x4xf32>) -> tensor<?x?x4xf32>
  %3 = onnx.Add %2, %row : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  return %3 : tensor<?x?x4xf32>
}

// -----

// Positions without a batch dimension.
// CHECK-LABEL: func @positions_of_rank_one
// CHECK:         %[[RANGE:.+]] = onnx.Unsqueeze {{.*}} -> tensor<1x?xi64>
// CHECK:         skim.embed(%{{.+}}, %[[RANGE]]) in(%{{.+}}) {counts = array<i64: -1, 0>}
func.func @positions_of_rank_one(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %w = onnx.Constant dense<1.0> : tensor<9x4xf32>
  %p = onnx.Constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %axes = onnx.Constant dense<0> : tensor<1xi64>
  %s = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %n = onnx.Squeeze %s, %axes : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %zero, %n, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %0 = onnx.Gather %w, %ids : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %1 = onnx.Gather %p, %range : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %2 = onnx.Add %0, %1 : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  return %2 : tensor<?x?x4xf32>
}

// -----

// A table of pairs of positions is no embedding of tokens.
// CHECK-LABEL: func @relative_table_stays
// CHECK:         onnx.Gather
// CHECK-NOT:     skim.embed
func.func @relative_table_stays(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %buckets: tensor<?x?xi64> {onnx.dims = ["s", "s"]}) -> tensor<?x?x4xf32> {
  %t = onnx.Constant dense<1.0> : tensor<9x4xf32>
  %0 = onnx.Gather %t, %buckets : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  return %0 : tensor<?x?x4xf32>
}

// -----

// What is added is neither table nor row.
// CHECK-LABEL: func @states_are_added
// CHECK:         %[[E:.+]] = skim.embed(%{{.+}}) in(%{{[^,]+}}) :
// CHECK:         skim.add %[[E]], %{{.+}}
func.func @states_are_added(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %x: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}) -> tensor<?x?x4xf32> {
  %w = onnx.Constant dense<1.0> : tensor<9x4xf32>
  %0 = onnx.Gather %w, %ids : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %1 = onnx.Add %0, %x : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %1 : tensor<?x?x4xf32>
}

// -----

// The table is multiplied instead of what is read of it; the positions that are added are not.
// CHECK-LABEL: func @scaled_words
// CHECK-SAME:    %[[IDS:[^ ]+]]: tensor<?x?xi64>
// CHECK-DAG:     %[[W:.+]] = onnx.Constant dense_resource<{{.+}}> : tensor<2x4xf32>
// CHECK-DAG:     %[[P:.+]] = onnx.Constant dense<3.000000e+00> : tensor<7x4xf32>
// CHECK-NOT:     onnx.Mul
// CHECK:         skim.embed(%[[IDS]], %{{.+}}) in(%[[W]], %[[P]])
// CHECK:         "0x{{[0-9A-F]+}}0000003F0000803F0000C03F00000040000020400000404000006040000080C0"
func.func @scaled_words(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %places: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %w = onnx.Constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, -8.0]]> : tensor<2x4xf32>
  %p = onnx.Constant dense<3.0> : tensor<7x4xf32>
  %factor = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Gather %w, %ids : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %1 = onnx.Mul %0, %factor : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %2 = onnx.Gather %p, %places : (tensor<7x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %3 = onnx.Add %1, %2 : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %3 : tensor<?x?x4xf32>
}

// -----

// A table that something else reads stays one.
// CHECK-LABEL: func @scaled_words_of_a_shared_table
// CHECK:         skim.embed
// CHECK:         onnx.Mul
func.func @scaled_words_of_a_shared_table(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> (tensor<?x?x4xf32>, tensor<2x4xf32>) {
  %w = onnx.Constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, -8.0]]> : tensor<2x4xf32>
  %factor = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Gather %w, %ids : (tensor<2x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %1 = onnx.Mul %0, %factor : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  return %1, %w : tensor<?x?x4xf32>, tensor<2x4xf32>
}

// -----

// Positions that join no embedding of the batch are gathered again.
// CHECK-LABEL: func @positions_alone
// CHECK:         %[[E:.+]] = skim.embed
// CHECK:         %[[P:.+]] = onnx.Gather %{{.+}}, %{{.+}} : (tensor<7x4xf32>, tensor<1x?xi64>) -> tensor<1x?x4xf32>
// CHECK:         onnx.Mul %[[E]], %[[P]]
// CHECK-NOT:     skim.embed
func.func @positions_alone(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %words = onnx.Constant dense<1.0> : tensor<9x4xf32>
  %table = onnx.Constant dense<2.0> : tensor<7x4xf32>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %axes = onnx.Constant dense<0> : tensor<1xi64>
  %e = onnx.Gather %words, %ids {axis = 0 : i64} : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %size = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %length = onnx.Squeeze %size, %axes : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %zero, %length, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %row = onnx.Unsqueeze %range, %axes : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %p = onnx.Gather %table, %row {axis = 0 : i64} : (tensor<7x4xf32>, tensor<1x?xi64>) -> tensor<1x?x4xf32>
  %y = onnx.Mul %e, %p : (tensor<?x?x4xf32>, tensor<1x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
