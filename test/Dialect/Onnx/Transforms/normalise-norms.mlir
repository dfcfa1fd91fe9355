// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// A layer norm as TensorFlow's batch norm: rows are the channels of an image. Its ones and zeros go.
// CHECK-LABEL: func @rows_as_channels
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x128xf32>
func.func @rows_as_channels(%x: tensor<?x?x128xf32> {onnx.dims = ["batch", "sequence", "128"]}, %scale: tensor<128xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.ReduceMean
  // CHECK: %[[ONES:.+]] = onnx.Constant dense<1.000000e+00> : tensor<128xf32>
  // CHECK: %[[Y:.+]], %{{.+}}, %{{.+}} = onnx.LayerNormalization %[[X]], %[[ONES]], %{{.+}} {epsilon = 1.000000e-03 : f32}
  // CHECK: %[[SCALED:.+]] = onnx.Mul %[[Y]], %{{.+}}
  // CHECK-NEXT: return %[[SCALED]]
  %channels = onnx.Constant dense<[1, -1, 128, 1]> : tensor<4xi64>
  %states = onnx.Shape %x : (tensor<?x?x128xf32>) -> tensor<3xi64>
  %all = onnx.Constant dense<[0, 2, 3]> : tensor<3xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %behind = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %size = onnx.Constant dense<128> : tensor<i64>
  %epsilon = onnx.Constant dense<1.0e-3> : tensor<f32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %number = onnx.Cast %size {to = 1 : i64} : (tensor<i64>) -> tensor<*xf32>
  %image = onnx.Reshape %x, %channels : (tensor<?x?x128xf32>, tensor<4xi64>) -> tensor<*xf32>
  %mean = onnx.ReduceMean %image, %all : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %centred = onnx.Sub %image, %mean : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %squares = onnx.ReduceSumSquare %centred, %all {keepdims = 0 : i64} : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %variance = onnx.Div %squares, %number : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %sum = onnx.Add %variance, %epsilon : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %root = onnx.Sqrt %sum : (tensor<*xf32>) -> tensor<*xf32>
  %means = onnx.Squeeze %mean, %first : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %again = onnx.Sub %image, %means : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %roots = onnx.Unsqueeze %root, %behind : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %quotient = onnx.Div %again, %roots : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %shifted = onnx.Add %quotient, %zero : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %back = onnx.Reshape %shifted, %states : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %y = onnx.Mul %back, %scale : (tensor<*xf32>, tensor<128xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Another count than that of the elements, and the mean of another axis, are no layer norm.
// CHECK-LABEL: func @others_stay
// CHECK-NOT: onnx.LayerNormalization
func.func @others_stay(%image: tensor<1x6x128x1xf32>, %wide: tensor<1x128x6x1xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %all = onnx.Constant dense<[0, 2, 3]> : tensor<3xi64>
  %other = onnx.Constant dense<[0, 1, 3]> : tensor<3xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %behind = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %less = onnx.Constant dense<127.0> : tensor<f32>
  %size = onnx.Constant dense<128.0> : tensor<f32>
  %epsilon = onnx.Constant dense<1.0e-3> : tensor<f32>
  %mean = onnx.ReduceMean %image, %all : (tensor<1x6x128x1xf32>, tensor<3xi64>) -> tensor<*xf32>
  %centred = onnx.Sub %image, %mean : (tensor<1x6x128x1xf32>, tensor<*xf32>) -> tensor<*xf32>
  %squares = onnx.ReduceSumSquare %centred, %all {keepdims = 0 : i64} : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %variance = onnx.Div %squares, %less : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %sum = onnx.Add %variance, %epsilon : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %root = onnx.Sqrt %sum : (tensor<*xf32>) -> tensor<*xf32>
  %roots = onnx.Unsqueeze %root, %behind : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %a = onnx.Div %centred, %roots : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %means = onnx.ReduceMean %wide, %other : (tensor<1x128x6x1xf32>, tensor<3xi64>) -> tensor<*xf32>
  %less_means = onnx.Sub %wide, %means : (tensor<1x128x6x1xf32>, tensor<*xf32>) -> tensor<*xf32>
  %powers = onnx.ReduceSumSquare %less_means, %other : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %variances = onnx.Div %powers, %size : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %sums = onnx.Add %variances, %epsilon : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %factors = onnx.Sqrt %sums : (tensor<*xf32>) -> tensor<*xf32>
  %b = onnx.Div %less_means, %factors : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %a, %b : tensor<*xf32>, tensor<*xf32>
}
