// RUN: skim-opt %s --onnx-widen-floats --split-input-file | FileCheck %s

// Inputs, weights and outputs keep 16 bits; what is computed does not.
// CHECK-LABEL: func @main
// CHECK-SAME:    %[[X:[^:]+]]: tensor<4xf16>, %[[B:[^:]+]]: tensor<4xbf16>) -> (tensor<4xf16>, tensor<4xbf16>)
// CHECK-DAG:     %[[XW:.+]] = onnx.Cast %[[X]] {to = 1 : i64} : (tensor<4xf16>) -> tensor<4xf32>
// CHECK-DAG:     %[[BW:.+]] = onnx.Cast %[[B]] {to = 1 : i64} : (tensor<4xbf16>) -> tensor<4xf32>
// CHECK:         %[[W:.+]] = onnx.Constant dense<{{.+}}> : tensor<4xf16>
// CHECK:         %[[WW:.+]] = onnx.Cast %[[W]] {to = 1 : i64} : (tensor<4xf16>) -> tensor<4xf32>
// CHECK:         %[[Y:.+]] = onnx.Mul %[[XW]], %[[WW]] : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK:         %[[Z:.+]] = onnx.Abs %[[BW]] : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-DAG:     %[[YN:.+]] = onnx.Cast %[[Y]] {to = 10 : i64} : (tensor<4xf32>) -> tensor<4xf16>
// CHECK-DAG:     %[[ZN:.+]] = onnx.Cast %[[Z]] {to = 16 : i64} : (tensor<4xf32>) -> tensor<4xbf16>
// CHECK:         return %[[YN]], %[[ZN]]
func.func @main(%x: tensor<4xf16>, %b: tensor<4xbf16>) -> (tensor<4xf16>, tensor<4xbf16>) {
  %w = onnx.Constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf16>
  %y = onnx.Mul %x, %w : (tensor<4xf16>, tensor<4xf16>) -> tensor<4xf16>
  %z = onnx.Abs %b : (tensor<4xbf16>) -> tensor<4xbf16>
  return %y, %z : tensor<4xf16>, tensor<4xbf16>
}

// -----

// Attributes that name a type or hold elements; casts down go nowhere.
// CHECK-LABEL: func @attributes
// CHECK:         onnx.ConstantOfShape %{{.+}} {value = dense<1.500000e+00> : tensor<1xf32>} : (tensor<1xi64>) -> tensor<?xf32>
// CHECK:         onnx.Cast %{{.+}} {to = 1 : i64} : (tensor<?xf32>) -> tensor<?xf32>
// CHECK:         onnx.Cast %{{.+}} {to = 1 : i64} : (tensor<?xf32>) -> tensor<?xf32>
// CHECK-NOT:     f16
func.func @attributes(%shape: tensor<1xi64>, %x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = onnx.ConstantOfShape %shape {value = dense<1.5> : tensor<1xf16>} : (tensor<1xi64>) -> tensor<?xf16>
  %1 = onnx.Cast %x {to = 10 : i64} : (tensor<?xf32>) -> tensor<?xf16>
  %2 = onnx.Add %0, %1 : (tensor<?xf16>, tensor<?xf16>) -> tensor<?xf16>
  %3 = onnx.Cast %2 {to = 1 : i64} : (tensor<?xf16>) -> tensor<?xf32>
  return %3 : tensor<?xf32>
}

// -----

// sqrt(2) as 16 bits have it is meant to be sqrt(2); other numbers are what they are.
// CHECK-LABEL: func @known_numbers
// CHECK-DAG:     %[[ROOT:.+]] = onnx.Constant dense<1.41421354> : tensor<f32>
// CHECK-DAG:     %[[OTHER:.+]] = onnx.Constant dense<1.415040e+00> : tensor<f16>
// CHECK-DAG:     %[[WIDE:.+]] = onnx.Cast %[[OTHER]]
// CHECK:         onnx.Div %{{.+}}, %[[ROOT]]
// CHECK:         onnx.Div %{{.+}}, %[[WIDE]]
func.func @known_numbers(%x: tensor<4xf16>) -> tensor<4xf16> {
  %root = onnx.Constant dense<1.4140625> : tensor<f16>
  %other = onnx.Constant dense<1.4150390625> : tensor<f16>
  %0 = onnx.Div %x, %root : (tensor<4xf16>, tensor<f16>) -> tensor<4xf16>
  %1 = onnx.Div %0, %other : (tensor<4xf16>, tensor<f16>) -> tensor<4xf16>
  return %1 : tensor<4xf16>
}

// -----

// Without 16 bits nothing changes.
// CHECK-LABEL: func @wide
// CHECK-NEXT:    onnx.Abs
// CHECK-NEXT:    return
func.func @wide(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Abs %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
