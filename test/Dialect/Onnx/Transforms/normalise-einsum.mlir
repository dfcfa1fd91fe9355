// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// A layer whose weight has an axis for heads: the matrix is the weight in another shape.
// CHECK-LABEL: func @layer
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x8xf32>
func.func @layer(%x: tensor<?x?x8xf32> {onnx.dims = ["batch", "sequence", "8"]}, %w: tensor<8x2x3xf32>) -> tensor<*xf32> {
  // CHECK: %[[M:.+]] = onnx.Reshape %{{.+}} -> tensor<8x6xf32>
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[X]], %[[M]]
  // CHECK: %[[HEADS:.+]] = onnx.Reshape %[[Y]], {{.*}} -> tensor<?x?x2x3xf32>
  // CHECK-NEXT: return %[[HEADS]]
  %y = onnx.Einsum %x, %w {equation = "bsh,hnd->bsnd"} : (tensor<?x?x8xf32>, tensor<8x2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Two letters that are added up are one axis of the product; a constant stands on the right.
// CHECK-LABEL: func @join
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x2x2xf32>
func.func @join(%x: tensor<?x?x2x2xf32> {onnx.dims = ["batch", "sequence", "2", "2"]}) -> tensor<*xf32> {
  // CHECK: %[[W:.+]] = onnx.Constant
  // CHECK-DAG: %[[ROWS:.+]] = onnx.Reshape %[[X]], {{.*}} -> tensor<?x?x4xf32>
  // CHECK-DAG: %[[T:.+]] = onnx.Transpose %[[W]] {perm = array<i64: 1, 2, 0>}
  // CHECK-DAG: %[[M:.+]] = onnx.Reshape %[[T]], {{.*}} -> tensor<4x3xf32>
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[ROWS]], %[[M]]
  // CHECK-NEXT: return %[[Y]]
  %w = onnx.Constant dense<[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]], [[9.0, 10.0], [11.0, 12.0]]]> : tensor<3x2x2xf32>
  %y = onnx.Einsum %w, %x {equation = "hnd, bsnd"} : (tensor<3x2x2xf32>, tensor<?x?x2x2xf32>) -> tensor<*xf32>
  %back = onnx.Transpose %y {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Scores of heads: a product for each letter that both operands and the result have.
// CHECK-LABEL: func @scores
// CHECK-SAME: %[[Q:[^:]+]]: tensor<?x?x2x3xf32> {{.*}}, %[[K:[^:]+]]: tensor<?x?x2x3xf32>
func.func @scores(%q: tensor<?x?x2x3xf32> {onnx.dims = ["batch", "sequence", "2", "3"]}, %k: tensor<?x?x2x3xf32> {onnx.dims = ["batch", "sequence", "2", "3"]}) -> tensor<*xf32> {
  // CHECK-DAG: %[[A:.+]] = onnx.Transpose %[[Q]] {perm = array<i64: 0, 2, 1, 3>}
  // CHECK-DAG: %[[B:.+]] = onnx.Transpose %[[K]] {perm = array<i64: 0, 2, 3, 1>}
  // CHECK: %[[S:.+]] = onnx.MatMul %[[A]], %[[B]]
  // CHECK-NEXT: return %[[S]]
  %s = onnx.Einsum %q, %k {equation = "binh,bjnh->bnij"} : (tensor<?x?x2x3xf32>, tensor<?x?x2x3xf32>) -> tensor<*xf32>
  return %s : tensor<*xf32>
}

// -----

// Relative positions by a table for each query: rows of other letters are joined for the product.
// CHECK-LABEL: func @relative
// CHECK-SAME: %[[Q:[^:]+]]: tensor<?x2x?x3xf32> {{.*}}, %[[P:[^:]+]]: tensor<?x?x3xf32>
func.func @relative(%q: tensor<?x2x?x3xf32> {onnx.dims = ["batch", "2", "sequence", "3"]}, %p: tensor<?x?x3xf32> {onnx.dims = ["sequence", "sequence", "3"]}) -> tensor<*xf32> {
  // CHECK-DAG: %[[T:.+]] = onnx.Transpose %[[Q]] {perm = array<i64: 2, 0, 1, 3>}
  // CHECK-DAG: %[[ROWS:.+]] = onnx.Reshape %[[T]], {{.*}} -> tensor<?x?x3xf32>
  // CHECK-DAG: %[[B:.+]] = onnx.Transpose %[[P]] {perm = array<i64: 0, 2, 1>}
  // CHECK: %[[S:.+]] = onnx.MatMul %[[ROWS]], %[[B]]
  // CHECK: %[[APART:.+]] = onnx.Reshape %[[S]], {{.*}} -> tensor<?x?x2x?xf32>
  // CHECK: %[[BACK:.+]] = onnx.Transpose %[[APART]] {perm = array<i64: 1, 2, 0, 3>}
  // CHECK-NEXT: return %[[BACK]]
  %s = onnx.Einsum %q, %p {equation = "bhld,lrd->bhlr"} : (tensor<?x2x?x3xf32>, tensor<?x?x3xf32>) -> tensor<*xf32>
  return %s : tensor<*xf32>
}

// -----

// Nothing is added up: a product of elements.
// CHECK-LABEL: func @outer
// CHECK-SAME: %[[P:[^:]+]]: tensor<?xf32> {{.*}}, %[[F:[^:]+]]: tensor<4xf32>
func.func @outer(%p: tensor<?xf32> {onnx.dims = ["sequence"]}, %f: tensor<4xf32>) -> tensor<*xf32> {
  // CHECK-DAG: %[[A:.+]] = onnx.Unsqueeze %[[P]]
  // CHECK-DAG: %[[B:.+]] = onnx.Unsqueeze %[[F]]
  // CHECK: onnx.Mul %[[A]], %[[B]] : (tensor<?x1xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
  %y = onnx.Einsum %p, %f {equation = "i,j->ij"} : (tensor<?xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// One operand: axes are added up, and moved.
// CHECK-LABEL: func @one_operand
// CHECK-SAME: %[[X:[^:]+]]: tensor<2x3x4xf32>
func.func @one_operand(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  // CHECK: %[[AXES:.+]] = onnx.Constant dense<1> : tensor<1xi64>
  // CHECK: %[[SUM:.+]] = onnx.ReduceSum %[[X]], %[[AXES]] {keepdims = 0 : i64}
  // CHECK: onnx.Transpose %[[SUM]] {perm = array<i64: 1, 0>} : (tensor<2x4xf32>) -> tensor<4x2xf32>
  %y = onnx.Einsum %x {equation = "ijk->ki"} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Diagonals, axes that broadcast, sums of one operand and three operands stay sums of products.
// CHECK-LABEL: func @others
func.func @others(%x: tensor<3x3xf32>, %y: tensor<3x1xf32>, %z: tensor<3x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // CHECK-COUNT-4: onnx.Einsum
  %a = onnx.Einsum %x {equation = "ii->i"} : (tensor<3x3xf32>) -> tensor<*xf32>
  %b = onnx.Einsum %x, %y {equation = "ij,ij->i"} : (tensor<3x3xf32>, tensor<3x1xf32>) -> tensor<*xf32>
  %c = onnx.Einsum %x, %z {equation = "ij,jk->i"} : (tensor<3x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  %d = onnx.Einsum %x, %x, %z {equation = "ij,jk,kl->il"} : (tensor<3x3xf32>, tensor<3x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
