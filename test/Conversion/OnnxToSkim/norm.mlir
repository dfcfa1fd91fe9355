// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// CHECK-LABEL: func @decomposed
// CHECK-SAME:    %[[X:.+]]: tensor<?x?x4xf32>
// CHECK-DAG:     %[[G:.+]] = onnx.Constant dense<3.000000e+00> : tensor<4xf32>
// CHECK-DAG:     %[[B:.+]] = onnx.Constant dense<4.000000e+00> : tensor<4xf32>
// CHECK:         %[[N:.+]] = skim.norm %[[X]], %[[G]] bias %[[B]] {epsilon = 9.99999974E-6 : f32}
// CHECK-NEXT:    return %[[N]]
func.func @decomposed(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %two = onnx.Constant dense<2.0> : tensor<f32>
  %eps = onnx.Constant dense<1.0e-05> : tensor<f32>
  %g = onnx.Constant dense<3.0> : tensor<4xf32>
  %b = onnx.Constant dense<4.0> : tensor<4xf32>
  %mean = onnx.ReduceMean %x, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %d = onnx.Sub %x, %mean : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %p = onnx.Pow %d, %two : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %var = onnx.ReduceMean %p, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %eps, %var : (tensor<f32>, tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %q = onnx.Div %d, %root : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %m = onnx.Mul %g, %q : (tensor<4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %r = onnx.Add %m, %b : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  return %r : tensor<?x?x4xf32>
}

// -----

// x * x and a product with the reciprocal; neither scale nor bias.
// CHECK-LABEL: func @reciprocal_without_affine
// CHECK:         %[[ONES:.+]] = onnx.Constant dense<1.000000e+00> : tensor<4xf32>
// CHECK:         skim.norm %{{.+}}, %[[ONES]] {epsilon
func.func @reciprocal_without_affine(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant dense<2> : tensor<1xi64>
  %eps = onnx.Constant dense<1.0e-05> : tensor<f32>
  %mean = onnx.ReduceMean %x, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %d = onnx.Sub %x, %mean : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %p = onnx.Mul %d, %d : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %var = onnx.ReduceMean %p, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %var, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %inverse = onnx.Reciprocal %root : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %q = onnx.Mul %inverse, %d : (tensor<?x?x1xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %q : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: func @rms_decomposed
// CHECK:         skim.norm %{{.+}}, %{{.+}} {epsilon = {{.*}}, kind = #skim<norm_kind rms>}
func.func @rms_decomposed(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %two = onnx.Constant dense<2.0> : tensor<f32>
  %eps = onnx.Constant dense<1.0e-06> : tensor<f32>
  %g = onnx.Constant dense<3.0> : tensor<4xf32>
  %p = onnx.Pow %x, %two : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %var = onnx.ReduceMean %p, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %var, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %q = onnx.Div %x, %root : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %m = onnx.Mul %g, %q : (tensor<4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %m : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: func @layer_normalization
// CHECK:         skim.norm %{{.+}}, %{{.+}} bias %{{.+}} {epsilon = 9.99999996E-13 : f32}
func.func @layer_normalization(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %g = onnx.Constant dense<3.0> : tensor<4xf32>
  %b = onnx.Constant dense<4.0> : tensor<4xf32>
  %y, %mean, %dev = onnx.LayerNormalization %x, %g, %b {epsilon = 1.0e-12 : f32} : (tensor<?x?x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<?x?x4xf32>, none, none)
  return %y : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: func @rms_normalization
// CHECK:         skim.norm {{.*}}kind = #skim<norm_kind rms>
func.func @rms_normalization(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %g = onnx.Constant dense<3.0> : tensor<4xf32>
  %y = onnx.RMSNormalization %x, %g : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: func @over_two_axes_stays
// CHECK:         onnx.LayerNormalization
func.func @over_two_axes_stays(%x: tensor<?x2x4xf32>) -> tensor<?x2x4xf32> {
  %g = onnx.Constant dense<3.0> : tensor<2x4xf32>
  %none = onnx.None
  %y, %mean, %dev = onnx.LayerNormalization %x, %g, %none {axis = 1 : i64} : (tensor<?x2x4xf32>, tensor<2x4xf32>, none) -> (tensor<?x2x4xf32>, none, none)
  return %y : tensor<?x2x4xf32>
}

// -----

// The variance is that of another tensor.
// CHECK-LABEL: func @foreign_variance_stays
// CHECK:         onnx.Div
// CHECK-NOT:     skim.norm
func.func @foreign_variance_stays(%x: tensor<?x?x4xf32>, %z: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %eps = onnx.Constant dense<1.0e-05> : tensor<f32>
  %p = onnx.Mul %z, %z : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %var = onnx.ReduceMean %p, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %var, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %q = onnx.Div %x, %root : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  return %q : tensor<?x?x4xf32>
}

// -----

// Scale and bias are multiplied out, as TensorFlow writes it.
// CHECK-LABEL: func @spread_norm
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x?x4xf32>
// CHECK-DAG:     %[[SCALE:.+]] = onnx.Constant dense<2.000000e+00> : tensor<4xf32>
// CHECK-DAG:     %[[BIAS:.+]] = onnx.Constant dense<3.000000e+00> : tensor<4xf32>
// CHECK:         %[[Y:.+]] = skim.norm %[[X]], %[[SCALE]] bias %[[BIAS]] {epsilon = 9.99999974E-6 : f32}
// CHECK:         return %[[Y]]
func.func @spread_norm(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %eps = onnx.Constant dense<1.0e-05> : tensor<f32>
  %scale = onnx.Constant dense<2.0> : tensor<4xf32>
  %bias = onnx.Constant dense<3.0> : tensor<1x1x4xf32>
  %mean = onnx.ReduceMean %x, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %c = onnx.Sub %x, %mean : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %p = onnx.Mul %c, %c : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %var = onnx.ReduceMean %p, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %var, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %inverse = onnx.Reciprocal %root : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %g = onnx.Mul %inverse, %scale : (tensor<?x?x1xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %xg = onnx.Mul %x, %g : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %mg = onnx.Mul %mean, %g : (tensor<?x?x1xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %shift = onnx.Sub %bias, %mg : (tensor<1x1x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = onnx.Add %xg, %shift : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The same as Keras 3 writes it.
// CHECK-LABEL: func @spread_norm_of_negated_mean
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x?x4xf32>
// CHECK:         %[[Y:.+]] = skim.norm %[[X]], %{{.+}} bias %{{.+}} {epsilon = 9.99999974E-6 : f32}
// CHECK:         return %[[Y]]
func.func @spread_norm_of_negated_mean(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %eps = onnx.Constant dense<1.0e-05> : tensor<f32>
  %scale = onnx.Constant dense<2.0> : tensor<4xf32>
  %bias = onnx.Constant dense<3.0> : tensor<1x1x4xf32>
  %mean = onnx.ReduceMean %x, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %c = onnx.Sub %x, %mean : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %p = onnx.Mul %c, %c : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %var = onnx.ReduceMean %p, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %var, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %inverse = onnx.Reciprocal %root : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %g = onnx.Mul %inverse, %scale : (tensor<?x?x1xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %xg = onnx.Mul %x, %g : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %negated = onnx.Neg %mean : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %mg = onnx.Mul %negated, %g : (tensor<?x?x1xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %shift = onnx.Add %mg, %bias : (tensor<?x?x4xf32>, tensor<1x1x4xf32>) -> tensor<?x?x4xf32>
  %y = onnx.Add %xg, %shift : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The variance is that of another tensor.
// CHECK-LABEL: func @spread_norm_by_foreign_variance_stays
// CHECK-NOT:     skim.norm
func.func @spread_norm_by_foreign_variance_stays(%x: tensor<?x?x4xf32>, %z: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %eps = onnx.Constant dense<1.0e-05> : tensor<f32>
  %scale = onnx.Constant dense<2.0> : tensor<4xf32>
  %bias = onnx.Constant dense<3.0> : tensor<1x1x4xf32>
  %mean = onnx.ReduceMean %x, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %c = onnx.Sub %z, %mean : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %p = onnx.Mul %c, %c : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %var = onnx.ReduceMean %p, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %var, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %inverse = onnx.Reciprocal %root : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %g = onnx.Mul %inverse, %scale : (tensor<?x?x1xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %xg = onnx.Mul %x, %g : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %mg = onnx.Mul %mean, %g : (tensor<?x?x1xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %shift = onnx.Sub %bias, %mg : (tensor<1x1x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = onnx.Add %xg, %shift : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The scale is multiplied with the root before the rows.
// CHECK-LABEL: func @scale_before_rows
// CHECK-SAME:    %[[X:[^:]+]]: tensor<?x?x4xf32>
// CHECK:         %[[SCALE:.+]] = onnx.Constant dense<2.000000e+00> : tensor<4xf32>
// CHECK:         skim.norm %[[X]], %[[SCALE]] {epsilon = 9.99999974E-6 : f32, kind = #skim<norm_kind rms>}
func.func @scale_before_rows(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %eps = onnx.Constant dense<1.0e-05> : tensor<f32>
  %scale = onnx.Constant dense<2.0> : tensor<4xf32>
  %p = onnx.Mul %x, %x : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %mean = onnx.ReduceMean %p, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %mean, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %inverse = onnx.Reciprocal %root : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %g = onnx.Mul %inverse, %scale : (tensor<?x?x1xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %y = onnx.Mul %x, %g : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Constant rows have no scale to put last.
// CHECK-LABEL: func @constant_rows
// CHECK-NOT:     skim.norm
func.func @constant_rows(%v: tensor<?x?x1xf32>) -> tensor<?x?x4xf32> {
  %rows = onnx.Constant dense<2.0> : tensor<4xf32>
  %scale = onnx.Constant dense<3.0> : tensor<4xf32>
  %root = onnx.Sqrt %v : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %inverse = onnx.Reciprocal %root : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %g = onnx.Mul %inverse, %scale : (tensor<?x?x1xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %y = onnx.Mul %rows, %g : (tensor<4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
