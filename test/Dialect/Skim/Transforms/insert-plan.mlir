// RUN: rm -rf %t && split-file %s %t
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/before.json | FileCheck %s --check-prefixes=CHECK,BEFORE
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/after.json | FileCheck %s --check-prefixes=CHECK,AFTER
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/fill.json | FileCheck %s --check-prefixes=CHECK,FILL
// RUN: skim-opt %t/changed.mlir --skim-insert-plan=plan=%t/fill.json | FileCheck %s --check-prefix=CHANGED
// RUN: skim-opt %t/model.mlir --skim-insert-plan | FileCheck %s --check-prefix=NONE

// NONE-NOT: skim.knobs
// NONE-NOT: skim.prune

// FILL: skim.knobs = [{initial = 1.000000e+00 : f64, name = "token_pruning.scale"}]

// CHECK-LABEL: func @main
// CHECK: %[[ROWS:.+]] = skim.pack mask
// CHECK: %[[X:.+]] = skim.embed
// CHECK: %[[Q:.+]] = skim.linear %[[X]]
// CHECK: %[[A:.+]] = skim.attention %[[Q]]

// What is read behind the attention comes along; the input of the layer is what is held.
// BEFORE: %[[S:.+]] = skim.token_importance %[[Q]], %[[Q]] rows %[[ROWS]] {denominator_tokens = 128 : i64, heads = 2 : i64, scale = 5.000000e-01 : f32, skim.layer = 0 : i64}
// BEFORE: %[[EMPTY:.+]] = skim.empty_states rows %[[ROWS]] : <8xf32>
// BEFORE: %[[KEPT:.+]], %[[LIVE:.+]]:2, %[[HELD:.+]] = skim.prune %[[S]] rows %[[ROWS]] states(%[[X]], %[[A]]) held %[[EMPTY]] from %[[X]]
// BEFORE-SAME: layer = 0 : i64, place = #skim<place before_ffn>, protect = array<i64: 0, 3>, threshold = 2.500000e-01 : f32
// BEFORE: skim.linear %[[LIVE]]#1, %{{.+}} residual %[[LIVE]]#0
// BEFORE: %[[Y:.+]] = skim.norm
// BEFORE: %[[Q1:.+]] = skim.linear %[[Y]]
// BEFORE: %[[A1:.+]] = skim.attention %[[Q1]], %[[Q1]], %[[Q1]] rows %[[KEPT]]
// BEFORE: %[[S1:.+]] = skim.token_importance %[[Q1]], %[[Q1]] rows %[[KEPT]]
// BEFORE: %[[KEPT1:.+]], %{{.+}}:2, %[[HELD1:.+]] = skim.prune %[[S1]] rows %[[KEPT]] states(%[[Y]], %[[A1]]) held %[[HELD]] from %[[Y]]
// BEFORE: %[[Y1:.+]] = skim.norm
// The head on tokens reads held states, the one on sequences survivors.
// BEFORE: %[[ALL:.+]] = skim.hold %[[HELD1]], %[[Y1]] rows %[[KEPT1]]
// BEFORE: %[[TOKENS:.+]] = skim.linear %[[ALL]]
// BEFORE: %[[HIDDEN:.+]] = skim.restore %[[TOKENS]] rows %[[ROWS]]
// BEFORE: %[[POOLED:.+]] = skim.pool {{ *}}first %[[Y1]] rows %[[KEPT1]]
// BEFORE: return %[[HIDDEN]], %[[POOLED]]

// Behind the layer its output alone comes along.
// AFTER: %[[S:.+]] = skim.token_importance %[[Q]], %[[Q]] rows %[[ROWS]] {heads = 2 : i64
// AFTER-NOT: skim.prune
// AFTER: %[[Y:.+]] = skim.norm
// AFTER: %[[KEPT:.+]], %[[YK:.+]], %[[HELD:.+]] = skim.prune %[[S]] rows %[[ROWS]] states(%[[Y]]) held %{{.+}} from %[[Y]]
// AFTER-SAME: place = #skim<place after_layer>, protect = array<i64>
// AFTER: skim.linear %[[YK]]
// AFTER: skim.attention {{.*}} rows %[[KEPT]]
// AFTER-NOT: skim.prune
// AFTER: %[[Y1:.+]] = skim.norm
// AFTER: skim.hold %[[HELD]], %[[Y1]] rows %[[KEPT]]

// With a value to fill in nothing is held.
// FILL-NOT: skim.empty_states
// FILL: %[[KEPT:.+]], %{{.+}}:2 = skim.prune
// FILL-NOT: held
// FILL: %[[TOKENS:.+]] = skim.linear %{{.+}} : !skim.ragged<8xf32>, tensor<8x2xf32>
// FILL: skim.restore %[[TOKENS]] rows %[[KEPT]] {fill = -1.000000e+02 : f32}
// FILL-NOT: skim.hold

// Behind an op that would change the value, rows are taken out and put back.
// CHANGED-LABEL: func @main
// CHANGED: %[[KEPT:.+]], %{{.+}}:2 = skim.prune
// CHANGED: %[[STATES:.+]] = skim.restore %{{.+}} rows %[[KEPT]]
// CHANGED: %[[TAGS:.+]] = onnx.Softmax %[[STATES]]
// CHANGED: %[[TOKENS:.+]] = onnx.ReduceMax %[[TAGS]]
// CHANGED: %[[TAG_ROWS:.+]] = skim.gather %[[TAGS]] rows %[[KEPT]]
// CHANGED: %[[FILLED:.+]] = skim.restore %[[TAG_ROWS]] rows %[[KEPT]] {fill = -1.000000e+02 : f32}
// CHANGED: %[[WIDE:.+]] = onnx.Unsqueeze %[[TOKENS]]
// CHANGED: %[[TOKEN_ROWS:.+]] = skim.gather %[[WIDE]] rows %[[KEPT]]
// CHANGED: %[[WIDE_FILLED:.+]] = skim.restore %[[TOKEN_ROWS]] rows %[[KEPT]] {fill = -1.000000e+02 : f32} : <1xf32>
// CHANGED: %[[TOKENS_FILLED:.+]] = onnx.Squeeze %[[WIDE_FILLED]]
// CHANGED: return %[[FILLED]], %[[TOKENS_FILLED]]

//--- changed.mlir
func.func @main(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %w: tensor<8x8xf32>) -> (tensor<?x?x8xf32> {onnx.name = "tags"}, tensor<?x?xf32> {onnx.name = "best"}) {
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %d = skim.restore %t0 rows %rows : !skim.ragged<8xf32> -> tensor<?x?x8xf32>
  %tags = onnx.Softmax %d {axis = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %last = onnx.Constant dense<2> : tensor<1xi64>
  %best = onnx.ReduceMax %tags, %last {keepdims = 0 : i64} : (tensor<?x?x8xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return %tags, %best : tensor<?x?x8xf32>, tensor<?x?xf32>
}

//--- model.mlir
func.func @main(%ids: tensor<?x?xi64> {onnx.name = "input_ids"}, %mask: tensor<?x?xi1> {onnx.name = "attention_mask"},
                %table: tensor<9x8xf32>, %w: tensor<8x8xf32>, %g: tensor<8xf32>, %head: tensor<8x2xf32>)
    -> (tensor<?x?x2xf32> {onnx.name = "hidden"}, tensor<?x8xf32> {onnx.name = "pooled"}) {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.embed(%ids) in (%table) rows %rows : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> !skim.ragged<8xf32>
  %q0 = skim.linear %x, %w : !skim.ragged<8xf32>, tensor<8x8xf32> -> !skim.ragged<8xf32>
  %a0 = skim.attention %q0, %q0, %q0 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.linear %a0, %w residual %x : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %y0 = skim.norm %t0, %g {epsilon = 1.0e-5 : f32} : !skim.ragged<8xf32>, tensor<8xf32>
  %q1 = skim.linear %y0, %w : !skim.ragged<8xf32>, tensor<8x8xf32> -> !skim.ragged<8xf32>
  %a1 = skim.attention %q1, %q1, %q1 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s1 = skim.linear %a1, %w residual %y0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %t1 = skim.linear %s1, %w residual %s1 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %y1 = skim.norm %t1, %g {epsilon = 1.0e-5 : f32} : !skim.ragged<8xf32>, tensor<8xf32>
  %h = skim.linear %y1, %head : !skim.ragged<8xf32>, tensor<8x2xf32> -> !skim.ragged<2xf32>
  %hidden = skim.restore %h rows %rows : !skim.ragged<2xf32> -> tensor<?x?x2xf32>
  %pooled = skim.pool first %y1 rows %rows : !skim.ragged<8xf32> -> tensor<?x8xf32>
  return %hidden, %pooled : tensor<?x?x2xf32>, tensor<?x8xf32>
}

//--- before.json
{ "version": 1,
  "token_pruning": { "method": "ltp", "layers": [0, 1], "thresholds": [0.25, 0.5], "denominator_tokens": 128,
                     "protect": [3, 0] } }
//--- after.json
{ "version": 1,
  "token_pruning": { "method": "ltp", "layers": [0], "thresholds": [0.25], "denominator_tokens": "alive",
                     "place": "after_layer", "protect": [] } }
//--- fill.json
{ "version": 1,
  "token_pruning": { "method": "ltp", "layers": [0], "thresholds": [0.25], "denominator_tokens": 128 },
  "restore": { "fill": -100 } }
