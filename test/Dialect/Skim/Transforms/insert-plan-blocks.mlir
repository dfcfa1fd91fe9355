// RUN: rm -rf %t && split-file %s %t
// RUN: %python %S/Inputs/write_tensors.py %t/plan.safetensors \
// RUN:   block_skim.1.conv1.weight=2x2x3x3:3 block_skim.1.conv1.bias=2:1 block_skim.1.bn1.weight=2:4 block_skim.1.bn1.bias=2:0.5 \
// RUN:   block_skim.1.bn1.running_mean=2:3 block_skim.1.bn1.running_var=2:3.99999 \
// RUN:   block_skim.1.conv2.weight=2x2x3x3 block_skim.1.conv2.bias=2 block_skim.1.bn2.weight=2:1 block_skim.1.bn2.bias=2:0 \
// RUN:   block_skim.1.bn2.running_mean=2:0 block_skim.1.bn2.running_var=2:0.99999 block_skim.1.fc.weight=2x2 block_skim.1.fc.bias=2:0.25
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/blocks.json | FileCheck %s
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/both.json | FileCheck %s --check-prefix=BOTH

// CHECK: skim.knobs = [{initial = 1.250000e-01 : f64, name = "block_skim.threshold"}]
// CHECK-LABEL: func @main
// CHECK-SAME: %[[SEGMENTS:[^:]+]]: tensor<?x?xi64> {onnx.name = "token_type_ids"}
// CHECK: %[[ROWS:.+]] = skim.pack
// CHECK: skim.attention
// CHECK-NOT: skim.block_scores
// CHECK: %[[A:.+]] = skim.attention %[[Q:.+]], %[[Q]], %[[Q]] rows %[[ROWS]]
// The norm's factor is 4 / sqrt(3.99999 + 1e-5) = 2, its offset (1 - 3) * 2 + 0.5.
// CHECK: %[[W1:.+]] = onnx.Constant dense<6.000000e+00> : tensor<2x2x3x3xf32>
// CHECK: %[[B1:.+]] = onnx.Constant dense<-3.500000e+00> : tensor<2xf32>
// CHECK: %[[W2:.+]] = onnx.Constant dense<{{.*}}[0.000000e+00, 1.250000e-01, 2.500000e-01]
// CHECK: %[[B2:.+]] = onnx.Constant dense<[0.000000e+00, 1.250000e-01]> : tensor<2xf32>
// CHECK: %[[W3:.+]] = onnx.Constant
// CHECK: %[[B3:.+]] = onnx.Constant dense<2.500000e-01> : tensor<2xf32>
// CHECK: %[[P:.+]] = skim.block_scores %[[Q]], %[[Q]] rows %[[ROWS]] conv %[[W1]], %[[B1]] conv %[[W2]], %[[B2]] linear %[[W3]], %[[B3]]
// CHECK-SAME: {block_size = 4 : i64, heads = 2 : i64, scale = 5.000000e-01 : f32, skim.layer = 1 : i64, skim.overhead}
// CHECK: %[[Y:.+]] = skim.norm
// CHECK: %[[KEPT:.+]], %[[LEFT:.+]] = skim.skip_blocks %[[P]] score_rows %[[ROWS]] rows %[[ROWS]] states(%[[Y]]) segments %[[SEGMENTS]]
// CHECK-SAME: {batch_align = #skim<batch_align max>, block_size = 4 : i64, layer = 1 : i64, protect = array<i64: 0>, protect_segments = array<i64: 1>, threshold = 1.250000e-01 : f32}
// CHECK: skim.pool {{ *}}mean %[[LEFT]] rows %[[KEPT]]

// Blocks are those of the tokens that took part in the attention, of which pruning left some.
// BOTH: name = "token_pruning.scale"}, {initial = 1.250000e-01 : f64, name = "block_skim.threshold"}
// BOTH: skim.attention
// BOTH: skim.attention %{{.+}}, %{{.+}}, %{{.+}} rows %[[ROWS:.+]] {
// BOTH: %[[P:.+]] = skim.block_scores {{.*}} rows %[[ROWS]]
// BOTH: %[[KEPT:.+]], %{{.+}}:2 = skim.prune %{{.+}} rows %[[ROWS]]
// BOTH: %[[Y:.+]] = skim.norm
// BOTH: skim.skip_blocks %[[P]] score_rows %[[ROWS]] rows %[[KEPT]] states(%[[Y]]) {

//--- model.mlir
func.func @main(%segments: tensor<?x?xi64> {onnx.name = "token_type_ids"}, %mask: tensor<?x?xi1>,
                %table: tensor<9x8xf32>, %w: tensor<8x8xf32>, %g: tensor<8xf32>) -> (tensor<?x8xf32> {onnx.name = "pooled"}) {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.embed(%segments) in (%table) rows %rows : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> !skim.ragged<8xf32>
  %q0 = skim.linear %x, %w : !skim.ragged<8xf32>, tensor<8x8xf32> -> !skim.ragged<8xf32>
  %a0 = skim.attention %q0, %q0, %q0 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %f0 = skim.linear %s0, %w : !skim.ragged<8xf32>, tensor<8x8xf32> -> !skim.ragged<8xf32>
  %t0 = skim.add %f0, %s0 : !skim.ragged<8xf32>
  %y0 = skim.norm %t0, %g {epsilon = 1.0e-5 : f32} : !skim.ragged<8xf32>, tensor<8xf32>
  %q1 = skim.linear %y0, %w : !skim.ragged<8xf32>, tensor<8x8xf32> -> !skim.ragged<8xf32>
  %a1 = skim.attention %q1, %q1, %q1 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s1 = skim.add %a1, %y0 : !skim.ragged<8xf32>
  %f1 = skim.linear %s1, %w : !skim.ragged<8xf32>, tensor<8x8xf32> -> !skim.ragged<8xf32>
  %t1 = skim.add %f1, %s1 : !skim.ragged<8xf32>
  %y1 = skim.norm %t1, %g {epsilon = 1.0e-5 : f32} : !skim.ragged<8xf32>, tensor<8xf32>
  %pooled = skim.pool mean %y1 rows %rows : !skim.ragged<8xf32> -> tensor<?x8xf32>
  return %pooled : tensor<?x8xf32>
}

//--- blocks.json
{ "version": 1, "tensors": "plan.safetensors",
  "block_skim": { "layers": [1], "block_size": 4, "threshold": 0.125, "batch_align": "max", "protect_segments": [1] } }
//--- both.json
{ "version": 1, "tensors": "plan.safetensors",
  "token_pruning": { "method": "ltp", "layers": [1], "thresholds": [0.25], "denominator_tokens": 128 },
  "block_skim": { "layers": [1], "block_size": 4, "threshold": 0.125 } }
