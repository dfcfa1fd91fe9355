// RUN: skim-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Broadcasting, element types and casts of ops on single elements.

// CHECK-DAG: #[[$ROW:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$ALL:.+]] = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func @static_broadcast_is_a_map
// CHECK-NOT: skim.check
// CHECK: linalg.generic {indexing_maps = [#[[$ALL]], #[[$ROW]], #[[$ALL]]]
// CHECK: arith.addf
func.func @static_broadcast_is_a_map(%a: tensor<3x4xf32>, %b: tensor<4xf32>) -> tensor<3x4xf32> {
  %c = onnx.Add %a, %b : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  return %c : tensor<3x4xf32>
}

// CHECK-LABEL: func @one_name_is_one_size
// CHECK-NOT: skim.check
// CHECK: linalg.generic {indexing_maps = [#[[$ALL]], #[[$ALL]], #[[$ALL]]]
func.func @one_name_is_one_size(%a: tensor<?x4xf32> {onnx.dims = ["n", ""]}, %b: tensor<?x4xf32> {onnx.dims = ["n", ""]}) -> tensor<?x4xf32> {
  %c = onnx.Mul %a, %b : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// CHECK-LABEL: func @unknown_sizes_broadcast_at_run_time
// CHECK: skim.check %{{.+}}, "node (Sub): expected dimensions that broadcast, got {0} and {1}"
// CHECK: linalg.generic
// CHECK: arith.select
// CHECK: tensor.extract
func.func @unknown_sizes_broadcast_at_run_time(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %c = onnx.Sub %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %c : tensor<?xf32>
}

// CHECK-LABEL: func @half_computes_in_f32
// CHECK: %[[X:.+]] = arith.extf
// CHECK: %[[Y:.+]] = math.exp %[[X]] : f32
// CHECK: arith.truncf %[[Y]] : f32 to f16
func.func @half_computes_in_f32(%a: tensor<9xf16>) -> tensor<9xf16> {
  %c = onnx.Exp %a : (tensor<9xf16>) -> tensor<9xf16>
  return %c : tensor<9xf16>
}

// CHECK-LABEL: func @unsigned_stays_unsigned
// CHECK-SAME: (%{{.+}}: tensor<9xi8>, %{{.+}}: tensor<9xi8>) -> tensor<9xi1>
// CHECK: arith.cmpi ult
func.func @unsigned_stays_unsigned(%a: tensor<9xui8>, %b: tensor<9xui8>) -> tensor<9xi1> {
  %c = onnx.Less %a, %b : (tensor<9xui8>, tensor<9xui8>) -> tensor<9xi1>
  return %c : tensor<9xi1>
}

// CHECK-LABEL: func @division_by_zero_is_noted
// CHECK: scf.if
// CHECK: skim.report "node (Div): expected a divisor other than 0"
// CHECK: arith.divsi
func.func @division_by_zero_is_noted(%a: tensor<9xi32>, %b: tensor<9xi32>) -> tensor<9xi32> {
  %c = onnx.Div %a, %b : (tensor<9xi32>, tensor<9xi32>) -> tensor<9xi32>
  return %c : tensor<9xi32>
}

// CHECK-LABEL: func @cast_to_bool_compares
// CHECK: arith.cmpi ne
func.func @cast_to_bool_compares(%a: tensor<?x?xi64>) -> tensor<?x?xi1> {
  %c = onnx.Cast %a {to = 9 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  return %c : tensor<?x?xi1>
}

// CHECK-LABEL: func @where_selects
// CHECK: arith.select
func.func @where_selects(%m: tensor<?x1xi1>, %a: tensor<f32>, %b: tensor<?x7xf32>) -> tensor<?x7xf32> {
  %c = onnx.Where %m, %a, %b : (tensor<?x1xi1>, tensor<f32>, tensor<?x7xf32>) -> tensor<?x7xf32>
  return %c : tensor<?x7xf32>
}
