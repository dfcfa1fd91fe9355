// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(onnx-infer-shapes,onnx-normalise,cse,onnx-infer-shapes))' --split-input-file | FileCheck %s

// Layers of states with the sequence first: all of it moves to [batch, sequence, H].
// CHECK-LABEL: func @sequence_first
// CHECK-SAME: %[[IDS:[^:]+]]: tensor<?x?xi64> {{.*}}, %[[TABLE:[^:]+]]: tensor<9x4xf32>, %[[W:[^:]+]]: tensor<4x4xf32>, %[[ROW:[^:]+]]: tensor<4xf32>
func.func @sequence_first(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}, %table: tensor<9x4xf32>, %w: tensor<4x4xf32>, %row: tensor<4xf32>) -> tensor<*xf32> {
  // CHECK-NOT: onnx.Transpose
  // CHECK: %[[X:.+]] = onnx.Gather %[[TABLE]], %[[IDS]]
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[X]], %[[W]]
  // CHECK: %[[Z:.+]] = onnx.Add %[[Y]], %[[ROW]]
  // CHECK: %[[R:.+]] = onnx.Relu %[[Z]]
  // CHECK: %[[SUM:.+]] = onnx.Add %[[R]], %[[X]]
  // CHECK: %[[N:.+]], %{{.+}}, %{{.+}} = onnx.LayerNormalization %[[SUM]], %[[ROW]], %[[ROW]]
  // CHECK: return %[[N]]
  %first = onnx.Transpose %ids {perm = array<i64: 1, 0>} : (tensor<?x?xi64>) -> tensor<*xi64>
  %x = onnx.Gather %table, %first : (tensor<9x4xf32>, tensor<*xi64>) -> tensor<*xf32>
  %y = onnx.MatMul %x, %w : (tensor<*xf32>, tensor<4x4xf32>) -> tensor<*xf32>
  %z = onnx.Add %y, %row : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
  %r = onnx.Relu %z : (tensor<*xf32>) -> tensor<*xf32>
  %sum = onnx.Add %r, %x : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %n:3 = onnx.LayerNormalization %sum, %row, %row : (tensor<*xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<*xf32>, none, none)
  %back = onnx.Transpose %n#0 {perm = array<i64: 1, 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// A table of positions, `[sequence, 1, H]`, moves the other way.
// CHECK-LABEL: func @positions_first
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32> {{.*}}, %[[P:[^:]+]]: tensor<?x1x4xf32>
func.func @positions_first(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}, %p: tensor<?x1x4xf32> {onnx.dims = ["sequence", "1", "4"]}) -> tensor<*xf32> {
  // CHECK: %[[Q:.+]] = onnx.Transpose %[[P]] {perm = array<i64: 1, 0, 2>}
  // CHECK-NEXT: %[[SUM:.+]] = onnx.Add %[[X]], %[[Q]]
  // CHECK-NEXT: return %[[SUM]]
  %first = onnx.Transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<?x?x4xf32>) -> tensor<*xf32>
  %sum = onnx.Add %first, %p : (tensor<*xf32>, tensor<?x1x4xf32>) -> tensor<*xf32>
  %back = onnx.Transpose %sum {perm = array<i64: 1, 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// An operand that is computed, and has all axes, would only take the Transpose over.
// CHECK-LABEL: func @meets_states
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32> {{.*}}, %[[Y:[^:]+]]: tensor<?x?x4xf32>
func.func @meets_states(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}, %y: tensor<?x?x4xf32> {onnx.dims = ["sequence", "batch", "4"]}) -> tensor<*xf32> {
  // CHECK-NEXT: %[[FIRST:.+]] = onnx.Transpose %[[X]]
  // CHECK-NEXT: %[[SUM:.+]] = onnx.Add %[[FIRST]], %[[Y]]
  // CHECK-NEXT: return %[[SUM]]
  %first = onnx.Transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<?x?x4xf32>) -> tensor<*xf32>
  %sum = onnx.Add %first, %y : (tensor<*xf32>, tensor<?x?x4xf32>) -> tensor<*xf32>
  return %sum : tensor<*xf32>
}

// -----

// The same with a batch of one, where the operand has an axis of 1 that moves.
// CHECK-LABEL: func @meets_one_sequence
// CHECK-SAME: %[[X:[^:]+]]: tensor<1x8x4xf32>, %[[Y:[^:]+]]: tensor<8x1x4xf32>
func.func @meets_one_sequence(%x: tensor<1x8x4xf32>, %y: tensor<8x1x4xf32>) -> tensor<*xf32> {
  // CHECK-NEXT: %[[FIRST:.+]] = onnx.Transpose %[[X]]
  // CHECK-NEXT: onnx.Add %[[FIRST]], %[[Y]]
  %first = onnx.Transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<1x8x4xf32>) -> tensor<*xf32>
  %sum = onnx.Add %first, %y : (tensor<*xf32>, tensor<8x1x4xf32>) -> tensor<*xf32>
  return %sum : tensor<*xf32>
}

// -----

// Channels first: layers that stand between two moves, of values and of what has a value for each channel.
// CHECK-LABEL: func @channels_first
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32>
func.func @channels_first(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}) -> tensor<*xf32> {
  // CHECK: %[[C:.+]] = onnx.Constant dense<{{.*}}> : tensor<4x1xf32>
  // CHECK: %[[COLUMN:.+]] = onnx.Unsqueeze %[[C]]
  // CHECK: %[[ROW:.+]] = onnx.Transpose %[[COLUMN]] {perm = array<i64: 0, 2, 1>} : (tensor<1x4x1xf32>) -> tensor<1x1x4xf32>
  // CHECK: %[[Y:.+]] = onnx.Mul %[[X]], %[[ROW]]
  // CHECK: return %[[Y]]
  %c = onnx.Constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %channels = onnx.Transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<?x?x4xf32>) -> tensor<*xf32>
  %y = onnx.Mul %channels, %c : (tensor<*xf32>, tensor<4x1xf32>) -> tensor<*xf32>
  %back = onnx.Transpose %y {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// What has heads stays: rotary positions are matched where they are.
// CHECK-LABEL: func @heads
func.func @heads(%x: tensor<?x?x2x4xf32> {onnx.dims = ["batch", "sequence", "2", "4"]}, %cos: tensor<?x4xf32> {onnx.dims = ["sequence", "4"]}) -> tensor<*xf32> {
  // CHECK: %[[HEADS:.+]] = onnx.Transpose
  // CHECK: onnx.Mul %[[HEADS]]
  %heads = onnx.Transpose %x {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<*xf32>
  %y = onnx.Mul %heads, %cos : (tensor<*xf32>, tensor<?x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Axes that reductions, selections and slices name are those of the states themselves.
// CHECK-LABEL: func @pooled
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x?x4xf32>
func.func @pooled(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // CHECK-DAG: %[[ONE:.+]] = onnx.Constant dense<1> : tensor<1xi64>
  // CHECK-DAG: %[[AT:.+]] = onnx.Constant dense<0> : tensor<i64>
  // CHECK-DAG: %[[SUM:.+]] = onnx.ReduceSum %[[X]], %[[ONE]] {keepdims = 0 : i64}
  // CHECK-DAG: %[[CLS:.+]] = onnx.Gather %[[X]], %[[AT]] {axis = 1 : i64}
  // CHECK-DAG: %[[PART:.+]] = onnx.Slice %[[X]], %{{.+}}, %[[ONE]], %[[ONE]], %{{.+}} :
  // CHECK-DAG: %[[P:.+]] = onnx.Softmax %[[PART]] {axis = 1 : i64}
  // CHECK: return %[[SUM]], %[[CLS]], %[[P]]
  %at = onnx.Constant dense<0> : tensor<i64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %first = onnx.Transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<?x?x4xf32>) -> tensor<*xf32>
  %sum = onnx.ReduceSum %first, %zero {keepdims = 0 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  %cls = onnx.Gather %first, %at : (tensor<*xf32>, tensor<i64>) -> tensor<*xf32>
  %part = onnx.Slice %first, %zero, %one, %zero, %one : (tensor<*xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %p = onnx.Softmax %part {axis = 0 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %back = onnx.Transpose %p {perm = array<i64: 1, 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  return %sum, %cls, %back : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Heads that are joined with the sequence first, and a layer of flattened rows behind.
// CHECK-LABEL: func @join_heads
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x2x?x4xf32> {{.*}}, %[[W:[^:]+]]: tensor<8x8xf32>
func.func @join_heads(%x: tensor<?x2x?x4xf32> {onnx.dims = ["batch", "2", "sequence", "4"]}, %w: tensor<8x8xf32>, %s: tensor<?x?x8xf32> {onnx.dims = ["sequence", "batch", "8"]}) -> tensor<*xf32> {
  // CHECK-DAG: %[[TURNED:.+]] = onnx.Transpose %[[W]] {perm = array<i64: 1, 0>}
  // CHECK-DAG: %[[T:.+]] = onnx.Transpose %[[X]] {perm = array<i64: 0, 2, 1, 3>}
  // CHECK-DAG: %[[ROWS:.+]] = onnx.Reshape %[[T]]
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[ROWS]], %[[TURNED]]
  // CHECK-NEXT: return %[[Y]]
  %c = onnx.None
  %flat = onnx.Constant dense<[-1, 8]> : tensor<2xi64>
  %shape = onnx.Shape %s : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %t = onnx.Transpose %x {perm = array<i64: 2, 0, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<*xf32>
  %rows = onnx.Reshape %t, %flat : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %y = onnx.Gemm %rows, %w, %c {transB = 1 : i64} : (tensor<*xf32>, tensor<8x8xf32>, none) -> tensor<*xf32>
  %states = onnx.Reshape %y, %shape : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %back = onnx.Transpose %states {perm = array<i64: 1, 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}

// -----

// Heads that are one axis with the batch come apart before they move.
// CHECK-LABEL: func @split_batch
// CHECK-SAME: %[[IDS:[^:]+]]: tensor<?x?xi64>
func.func @split_batch(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}, %x: tensor<?x2x?x4xf32> {onnx.dims = ["batch", "2", "sequence", "4"]}, %w: tensor<8x8xf32>, %s: tensor<?x?x8xf32> {onnx.dims = ["sequence", "batch", "8"]}) -> tensor<*xf32> {
  // CHECK: %[[APART:.+]] = onnx.Reshape %{{.+}} -> tensor<?x2x?x4xf32>
  // CHECK: %[[T:.+]] = onnx.Transpose %[[APART]] {perm = array<i64: 0, 2, 1, 3>}
  // CHECK: %[[ROWS:.+]] = onnx.Reshape %[[T]], {{.*}} -> tensor<?x?x8xf32>
  // CHECK: %[[Y:.+]] = onnx.MatMul %[[ROWS]]
  // CHECK: return %[[Y]]
  %c = onnx.None
  %axes = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %flat = onnx.Constant dense<[-1, 8]> : tensor<2xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %four = onnx.Constant dense<4> : tensor<1xi64>
  %b = onnx.Shape %ids {end = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %n = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %bh = onnx.Mul %b, %two : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %to = onnx.Concat %bh, %n, %four {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %shape = onnx.Shape %s : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %joined = onnx.Reshape %x, %to : (tensor<?x2x?x4xf32>, tensor<3xi64>) -> tensor<*xf32>
  %computed = onnx.Sigmoid %joined : (tensor<*xf32>) -> tensor<*xf32>
  %t = onnx.Transpose %computed {perm = array<i64: 1, 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %rows = onnx.Reshape %t, %flat : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %y = onnx.Gemm %rows, %w, %c : (tensor<*xf32>, tensor<8x8xf32>, none) -> tensor<*xf32>
  %states = onnx.Reshape %y, %shape : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  %back = onnx.Transpose %states {perm = array<i64: 1, 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  return %back : tensor<*xf32>
}
