// Every message names the plan's file and the field.

// RUN: rm -rf %t && split-file %s %t
// RUN: %python %S/Inputs/write_tensors.py %t/plan.safetensors early_exit.0.classifier.weight=3x8 early_exit.0.classifier.bias=3 \
// RUN:   block_skim.0.conv1.weight=2x2x3x3 block_skim.0.conv1.bias=2 block_skim.0.bn1.weight=2 block_skim.0.bn1.bias=2 \
// RUN:   block_skim.0.bn1.running_mean=2 block_skim.0.bn1.running_var=2:-1 block_skim.0.conv2.weight=2x2x3x3 block_skim.0.conv2.bias=2 \
// RUN:   block_skim.0.bn2.weight=2 block_skim.0.bn2.bias=2 block_skim.0.bn2.running_mean=2 block_skim.0.bn2.running_var=2:1 \
// RUN:   block_skim.0.fc.weight=2x2 block_skim.0.fc.bias=2

// RUN: not skim-opt %t/model.mlir --skim-insert-plan=plan=%t/none.json 2>&1 | FileCheck %s --check-prefix=FILE
// FILE: error: {{.*}}none.json: cannot open the plan: No such file or directory
// RUN: not skim-opt %t/model.mlir --skim-insert-plan=plan=%t/field.json 2>&1 | FileCheck %s --check-prefix=FIELD
// FIELD: error: {{.*}}field.json: token_pruning.keep: unknown field, expected one of method, layers, thresholds, denominator_tokens, place, protect
// RUN: not skim-opt %t/model.mlir --skim-insert-plan=plan=%t/layer.json 2>&1 | FileCheck %s --check-prefix=LAYER
// LAYER: error: {{.*}}layer.json: token_pruning.layers[1]: expected a layer from 0 to 1, got 2
// RUN: not skim-opt %t/no-attention.mlir --skim-insert-plan=plan=%t/prune.json 2>&1 | FileCheck %s --check-prefix=NO-ATTENTION
// NO-ATTENTION: error: {{.*}}prune.json: token_pruning: expected a model with attention that is raised, got none
// RUN: not skim-opt %t/half.mlir --skim-insert-plan=plan=%t/prune.json 2>&1 | FileCheck %s --check-prefix=HALF
// HALF: error: {{.*}}prune.json: token_pruning: expected encoder layers one behind the other, but node 'scores' (Softmax) is followed by 0 residual additions where 2 were expected
// RUN: not skim-opt %t/padded.mlir --skim-insert-plan=plan=%t/prune.json 2>&1 | FileCheck %s --check-prefix=PADDED
// PADDED: error: {{.*}}prune.json: token_pruning: expected padding to be removed, but node 'scores' (Softmax) has a mask for it
// RUN: not skim-opt %t/segments.mlir --skim-insert-plan=plan=%t/segments.json 2>&1 | FileCheck %s --check-prefix=SEGMENTS
// SEGMENTS: error: {{.*}}segments.json: block_skim.protect_segments: expected a model with an input of segment ids (token_type_ids), got inputs 'input_ids', 'mask'
// RUN: not skim-opt %t/model.mlir --skim-insert-plan=plan=%t/segments.json 2>&1 | FileCheck %s --check-prefix=VARIANCE
// VARIANCE: error: {{.*}}segments.json: tensors: expected a finite convolution from 'block_skim.0.conv1.*' and 'block_skim.0.bn1.*', got none for channel 0 (running_var -1
// RUN: not skim-opt %t/model.mlir --skim-insert-plan=plan=%t/output.json 2>&1 | FileCheck %s --check-prefix=OUTPUT
// OUTPUT: error: {{.*}}output.json: early_exit.output: expected one of the outputs 'logits', 'hidden', got 'label'
// RUN: not skim-opt %t/model.mlir --skim-insert-plan=plan=%t/tokens.json 2>&1 | FileCheck %s --check-prefix=TOKENS
// TOKENS: error: {{.*}}tokens.json: early_exit.output: expected an output of f32 [batch, classes], but 'hidden' is 'tensor<?x?x8xf32>'
// RUN: not skim-opt %t/model.mlir --skim-insert-plan=plan=%t/exit.json 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: {{.*}}exit.json: early_exit.output: expected outputs that exits define, but 'hidden' is computed behind them; keep 'logits' alone with --outputs=logits
// RUN: not skim-opt %t/early.mlir --skim-insert-plan=plan=%t/exit.json 2>&1 | FileCheck %s --check-prefix=EARLY
// EARLY: error: {{.*}}exit.json: early_exit.output: expected an output that the layers behind exits make, but 'logits' is computed before layer 0 ends
// RUN: not skim-opt %t/dense.mlir --skim-insert-plan=plan=%t/exit.json 2>&1 | FileCheck %s --check-prefix=DENSE
// DENSE: error: {{.*}}exit.json: early_exit: expected ops on states without padding behind exits, but node 'back' (Relu) is none
// RUN: not skim-opt %t/onnx.mlir --skim-insert-plan=plan=%t/exit.json 2>&1 | FileCheck %s --check-prefix=ONNX
// ONNX: error: {{.*}}exit.json: early_exit: expected ops behind exits that depend on the sequences left alone, but node 'bias' (Add) reads others
// RUN: not skim-opt %t/mixed.mlir --skim-insert-plan=plan=%t/prune.json 2>&1 | FileCheck %s --check-prefix=MIXED
// MIXED: error: {{.*}}prune.json: token_pruning: expected ops that work on each token apart, but node 'mean' (ReduceMean) takes the batch or the sequence of token states together
// RUN: not skim-opt %t/labels.mlir --skim-insert-plan=plan=%t/fill.json 2>&1 | FileCheck %s --check-prefix=FILL
// FILL: error: {{.*}}fill.json: restore.fill: expected f32 [batch, sequence] or [batch, sequence, H] behind ops that change the fill value, but node 'label' (ArgMax) makes 'tags', 'tensor<?x?xi64>'
// RUN: not skim-opt %t/layers.mlir --skim-insert-plan=plan=%t/fill.json 2>&1 | FileCheck %s --check-prefix=LAYERS
// LAYERS: error: {{.*}}fill.json: restore.fill: expected 'mix' made from the states behind one layer, but node 'last' (Add) reads others

//--- model.mlir
func.func @main(%segments: tensor<?x?xi64> {onnx.name = "token_type_ids"}, %mask: tensor<?x?xi1> {onnx.name = "mask"}, %table: tensor<9x8xf32>,
                %w: tensor<8x8xf32>, %head: tensor<8x3xf32>) -> (tensor<?x3xf32> {onnx.name = "logits"}, tensor<?x?x8xf32> {onnx.name = "hidden"}) {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.embed(%segments) in (%table) rows %rows : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> !skim.ragged<8xf32>
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %a1 = skim.attention %t0, %t0, %t0 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s1 = skim.add %a1, %t0 : !skim.ragged<8xf32>
  %t1 = skim.linear %s1, %w residual %s1 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %hidden = skim.restore %t1 rows %rows : !skim.ragged<8xf32> -> tensor<?x?x8xf32>
  %p = skim.pool first %t1 rows %rows : !skim.ragged<8xf32> -> tensor<?x8xf32>
  %l = skim.linear %p, %head : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32>
  return %l, %hidden : tensor<?x3xf32>, tensor<?x?x8xf32>
}

//--- segments.mlir
func.func @main(%ids: tensor<?x?xi64> {onnx.name = "input_ids"}, %mask: tensor<?x?xi1> {onnx.name = "mask"}, %table: tensor<9x8xf32>,
                %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %x = skim.embed(%ids) in (%table) rows %rows : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> !skim.ragged<8xf32>
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %p = skim.pool first %t0 rows %rows : !skim.ragged<8xf32> -> tensor<?x8xf32>
  return %p : tensor<?x8xf32>
}

//--- no-attention.mlir
func.func @main(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  return %x : tensor<?x3xf32>
}

//--- half.mlir
func.func @main(%x: !skim.ragged<8xf32>, %rows: !skim.rows) -> !skim.ragged<8xf32> {
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32> loc("scores"("Softmax"))
  return %a0 : !skim.ragged<8xf32>
}

//--- padded.mlir
func.func @main(%x: tensor<?x?x8xf32>, %mask: tensor<?x?xi1>, %w: tensor<8x8xf32>) -> !skim.ragged<8xf32> {
  %rows = skim.pack like %x : tensor<?x?x8xf32>
  %r = skim.gather %x rows %rows : tensor<?x?x8xf32> -> !skim.ragged<8xf32>
  %a0 = skim.attention %r, %r, %r mask %mask : tensor<?x?xi1> rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32> loc("scores"("Softmax"))
  %s0 = skim.add %a0, %r : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  return %t0 : !skim.ragged<8xf32>
}

//--- early.mlir
func.func @main(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %w: tensor<8x8xf32>, %head: tensor<8x3xf32>) -> (tensor<?x3xf32> {onnx.name = "logits"}) {
  %p = skim.pool first %x rows %rows : !skim.ragged<8xf32> -> tensor<?x8xf32>
  %l = skim.linear %p, %head : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32>
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %a1 = skim.attention %t0, %t0, %t0 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s1 = skim.add %a1, %t0 : !skim.ragged<8xf32>
  %t1 = skim.linear %s1, %w residual %s1 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  return %l : tensor<?x3xf32>
}

//--- dense.mlir
func.func @main(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %w: tensor<8x8xf32>, %head: tensor<8x3xf32>) -> (tensor<?x3xf32> {onnx.name = "logits"}) {
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %a1 = skim.attention %t0, %t0, %t0 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s1 = skim.add %a1, %t0 : !skim.ragged<8xf32>
  %t1 = skim.linear %s1, %w residual %s1 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %d = skim.restore %t1 rows %rows : !skim.ragged<8xf32> -> tensor<?x?x8xf32> loc("back"("Relu"))
  %e = onnx.Relu %d : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %r = skim.gather %e rows %rows : tensor<?x?x8xf32> -> !skim.ragged<8xf32>
  %p = skim.pool first %r rows %rows : !skim.ragged<8xf32> -> tensor<?x8xf32>
  %l = skim.linear %p, %head : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32>
  return %l : tensor<?x3xf32>
}

//--- onnx.mlir
func.func @main(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %w: tensor<8x8xf32>, %head: tensor<8x3xf32>, %bias: tensor<?x3xf32>) -> (tensor<?x3xf32> {onnx.name = "logits"}) {
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %a1 = skim.attention %t0, %t0, %t0 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s1 = skim.add %a1, %t0 : !skim.ragged<8xf32>
  %t1 = skim.linear %s1, %w residual %s1 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %p = skim.pool first %t1 rows %rows : !skim.ragged<8xf32> -> tensor<?x8xf32>
  %l = skim.linear %p, %head : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32>
  %b = onnx.Add %l, %bias : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32> loc("bias"("Add"))
  return %b : tensor<?x3xf32>
}

//--- mixed.mlir
func.func @main(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %w: tensor<8x8xf32>) -> (tensor<?x8xf32> {onnx.name = "mean"}) {
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %d = skim.restore %t0 rows %rows : !skim.ragged<8xf32> -> tensor<?x?x8xf32>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %m = onnx.ReduceMean %d, %one {keepdims = 0 : i64} : (tensor<?x?x8xf32>, tensor<1xi64>) -> tensor<?x8xf32> loc("mean"("ReduceMean"))
  return %m : tensor<?x8xf32>
}

//--- labels.mlir
func.func @main(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %w: tensor<8x8xf32>) -> (tensor<?x?xi64> {onnx.name = "tags"}) {
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %d = skim.restore %t0 rows %rows : !skim.ragged<8xf32> -> tensor<?x?x8xf32>
  %m = onnx.ArgMax %d {axis = 2 : i64, keepdims = 0 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?xi64> loc("label"("ArgMax"))
  return %m : tensor<?x?xi64>
}

//--- layers.mlir
func.func @main(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %w: tensor<8x8xf32>) -> (tensor<?x?x8xf32> {onnx.name = "mix"}) {
  %d = skim.restore %x rows %rows : !skim.ragged<8xf32> -> tensor<?x?x8xf32>
  %a0 = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s0 = skim.add %a0, %x : !skim.ragged<8xf32>
  %t0 = skim.linear %s0, %w residual %s0 : !skim.ragged<8xf32>, tensor<8x8xf32> residual !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %e = skim.restore %t0 rows %rows : !skim.ragged<8xf32> -> tensor<?x?x8xf32> loc("last"("Add"))
  %m = onnx.Add %d, %e : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %m : tensor<?x?x8xf32>
}

//--- prune.json
{ "version": 1, "token_pruning": { "method": "ltp", "layers": [0], "thresholds": [0.1], "denominator_tokens": 128 } }
//--- fill.json
{ "version": 1, "token_pruning": { "method": "ltp", "layers": [0], "thresholds": [0.1], "denominator_tokens": 128 },
  "restore": { "fill": 1 } }
//--- field.json
{ "version": 1, "token_pruning": { "method": "ltp", "layers": [0], "thresholds": [0.1], "denominator_tokens": 128, "keep": 1 } }
//--- layer.json
{ "version": 1, "token_pruning": { "method": "ltp", "layers": [0, 2], "thresholds": [0.1, 0.1], "denominator_tokens": 128 } }
//--- segments.json
{ "version": 1, "tensors": "plan.safetensors",
  "block_skim": { "layers": [0], "block_size": 4, "threshold": 0.1, "protect_segments": [1] } }
//--- exit.json
{ "version": 1, "tensors": "plan.safetensors",
  "early_exit": { "layers": [0], "output": "logits", "head": "linear", "criterion": "entropy", "threshold": 0.1 } }
//--- output.json
{ "version": 1, "tensors": "plan.safetensors",
  "early_exit": { "layers": [0], "output": "label", "head": "linear", "criterion": "entropy", "threshold": 0.1 } }
//--- tokens.json
{ "version": 1, "tensors": "plan.safetensors",
  "early_exit": { "layers": [0], "output": "hidden", "head": "linear", "criterion": "entropy", "threshold": 0.1 } }
