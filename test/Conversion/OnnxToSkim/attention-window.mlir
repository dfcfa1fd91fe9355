// RUN: skim-opt %s --convert-onnx-to-skim --split-input-file | FileCheck %s

// Both conditions at once, added.
// CHECK-LABEL: func @near_tokens
// CHECK-SAME:    %[[MASK:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {fill = -3.40282347E+38 : f32, heads = 1 : i64, left_window = 5 : i64, right_window = 5 : i64, scale = 1.000000e+00 : f32}
func.func @near_tokens(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %d = onnx.Sub %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %abs = onnx.Abs %d : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %near = onnx.LessOrEqual %abs, %most : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %both = onnx.And %near, %m : (tensor<?x?xi1>, tensor<?x1x?xi1>) -> tensor<?x?x?xi1>
  %added = onnx.Where %both, %nothing, %fill : (tensor<?x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A mask that is added, filled where a key is far: 5 > |i - j| is |i - j| <= 4.
// CHECK-LABEL: func @filled_mask
// CHECK-SAME:    %[[MASK:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {{.*}}left_window = 4 : i64, right_window = 4 : i64
func.func @filled_mask(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %d = onnx.Sub %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %abs = onnx.Abs %d : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %near = onnx.Greater %most, %abs : (tensor<i64>, tensor<?x?xi64>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %added = onnx.Where %m, %nothing, %fill : (tensor<?x1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?xf32>
  %far = onnx.Not %near : (tensor<?x?xi1>) -> tensor<?x?xi1>
  %all = onnx.Where %far, %fill, %added : (tensor<?x?xi1>, tensor<f32>, tensor<?x1x?xf32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %all : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A bias that the mask fills.
// CHECK-LABEL: func @filled_bias
// CHECK-SAME:    %[[MASK:[^ ]+]]: tensor<?x?xi1> {{.+}}, %[[BIAS:[^ ]+]]: tensor<?x?xf32>
// CHECK:         %[[WIDE:.+]] = onnx.Unsqueeze %[[BIAS]]
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> bias %[[WIDE]]
// CHECK-NOT:     window
func.func @filled_bias(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}, %bias: tensor<?x?xf32> {onnx.dims = ["s", "s"]}) -> tensor<?x?x4xf32> {
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %added = onnx.Where %m, %bias, %fill : (tensor<?x1x?xi1>, tensor<?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Keys that are near are left out: no window.
// CHECK-LABEL: func @far_tokens
// CHECK-NOT:     window
// CHECK:         skim.attention {{.*}} bias
// CHECK-NOT:     window
func.func @far_tokens(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %d = onnx.Sub %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %abs = onnx.Abs %d : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %near = onnx.GreaterOrEqual %abs, %most : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %added = onnx.Where %near, %nothing, %fill : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A causal condition beside a mask.
// CHECK-LABEL: func @causal_infinite
// CHECK-SAME:    %[[MASK:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {empty_keys = #skim<empty_keys nan>, fill = 0xFF800000 : f32, heads = 1 : i64, right_window = 0 : i64,
// CHECK-NOT:     left_window
func.func @causal_infinite(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<0xFF800000> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %d = onnx.Sub %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %abs = onnx.Abs %d : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %past = onnx.GreaterOrEqual %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %both = onnx.And %past, %m : (tensor<?x?xi1>, tensor<?x1x?xi1>) -> tensor<?x?x?xi1>
  %added = onnx.Where %both, %nothing, %fill : (tensor<?x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Filled by a finite number, as keys beyond a window are.
// CHECK-LABEL: func @causal_finite
// CHECK-SAME:    %[[MASK:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {fill = -3.40282347E+38 : f32, heads = 1 : i64, right_window = 0 : i64,
func.func @causal_finite(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %d = onnx.Sub %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %abs = onnx.Abs %d : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %past = onnx.GreaterOrEqual %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %both = onnx.And %past, %m : (tensor<?x?xi1>, tensor<?x1x?xi1>) -> tensor<?x?x?xi1>
  %added = onnx.Where %both, %nothing, %fill : (tensor<?x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Both limits by comparisons of positions: i >= j and j > i - 5.
// CHECK-LABEL: func @causal_window
// CHECK-SAME:    %[[MASK:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {fill = -3.40282347E+38 : f32, heads = 1 : i64, left_window = 4 : i64, right_window = 0 : i64,
func.func @causal_window(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %past = onnx.GreaterOrEqual %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %least = onnx.Sub %i, %most : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %recent = onnx.Less %least, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %seen = onnx.And %past, %recent : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %both = onnx.And %seen, %m : (tensor<?x?xi1>, tensor<?x1x?xi1>) -> tensor<?x?x?xi1>
  %added = onnx.Where %both, %nothing, %fill : (tensor<?x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// What is seen by one of two windows that touch: keys up to 4 before or one behind, or up to 5
// behind.
// CHECK-LABEL: func @either_window
// CHECK-SAME:    %[[MASK:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {fill = -3.40282347E+38 : f32, heads = 1 : i64, left_window = 4 : i64, right_window = 5 : i64,
func.func @either_window(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %d = onnx.Sub %j, %i : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi64>
  %abs = onnx.Abs %d : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %near = onnx.Less %abs, %most : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %behind = onnx.Greater %d, %none : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %close = onnx.LessOrEqual %d, %most : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %ahead = onnx.And %behind, %close : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %seen = onnx.Or %near, %ahead : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %both = onnx.And %seen, %m : (tensor<?x?xi1>, tensor<?x1x?xi1>) -> tensor<?x?x?xi1>
  %added = onnx.Where %both, %nothing, %fill : (tensor<?x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Conditions turned round: not (j > i or i - j >= 5).
// CHECK-LABEL: func @not_later
// CHECK-SAME:    %[[MASK:[^ ]+]]: tensor<?x?xi1>
// CHECK:         skim.attention {{.*}} mask %[[MASK]] : tensor<?x?xi1> {fill = -3.40282347E+38 : f32, heads = 1 : i64, left_window = 4 : i64, right_window = 0 : i64,
func.func @not_later(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %d = onnx.Sub %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %later = onnx.Greater %j, %i : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %far = onnx.GreaterOrEqual %d, %most : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %hidden = onnx.Or %later, %far : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %seen = onnx.Not %hidden : (tensor<?x?xi1>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %both = onnx.And %seen, %m : (tensor<?x?xi1>, tensor<?x1x?xi1>) -> tensor<?x?x?xi1>
  %added = onnx.Where %both, %nothing, %fill : (tensor<?x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A query that does not see its own position has no window. Filled by a finite number both
// conditions hide alike: they stay one.
// CHECK-LABEL: func @own_position_hidden
// CHECK-NOT:     {{skim.attention .* mask|_window}}
// CHECK:         onnx.And
// CHECK-NOT:     {{skim.attention .* mask|_window}}
func.func @own_position_hidden(%q: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %k: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %v: tensor<?x?x4xf32> {onnx.dims = ["b", "s", "4"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}) -> tensor<?x?x4xf32> {
  %none = onnx.Constant dense<0> : tensor<i64>
  %unit = onnx.Constant dense<1> : tensor<i64>
  %most = onnx.Constant dense<5> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %fill = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %nothing = onnx.Constant dense<0.0> : tensor<f32>
  %size = onnx.Shape %q {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<1xi64>
  %count = onnx.Squeeze %size, %first : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %none, %count, %unit : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze %range, %second : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %j = onnx.Unsqueeze %range, %first : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %past = onnx.Greater %i, %j : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %m = onnx.Unsqueeze %mask, %second : (tensor<?x?xi1>, tensor<1xi64>) -> tensor<?x1x?xi1>
  %t = onnx.Transpose %k {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<?x4x?xf32>
  %0 = onnx.MatMul %q, %t : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %both = onnx.And %past, %m : (tensor<?x?xi1>, tensor<?x1x?xi1>) -> tensor<?x?x?xi1>
  %added = onnx.Where %both, %nothing, %fill : (tensor<?x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?x?xf32>
  %1 = onnx.Add %0, %added : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax %1 : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x?x?xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
