// RUN: rm -rf %t && split-file %s %t
// RUN: %python %S/Inputs/write_tensors.py %t/plan.safetensors \
// RUN:   early_exit.0.classifier.weight=3x8 early_exit.0.classifier.bias=3 early_exit.0.pooler.weight=8x8:1 early_exit.0.pooler.bias=8 \
// RUN:   early_exit.1.classifier.weight=3x8 early_exit.1.classifier.bias=3 early_exit.pooler.weight=8x8:2 early_exit.pooler.bias=8:2 \
// RUN:   early_exit.0.mix=1:0.5 early_exit.1.mix=2:0.25
// RUN: %python %S/Inputs/write_tensors.py %t/fastbert.safetensors \
// RUN:   early_exit.0.classifier.weight=3x128 early_exit.0.classifier.bias=3 early_exit.0.narrow.weight=128x8 early_exit.0.narrow.bias=128:1 \
// RUN:   early_exit.0.query.weight=128x128:1 early_exit.0.query.bias=128:2 early_exit.0.key.weight=128x128:2 early_exit.0.key.bias=128:3 \
// RUN:   early_exit.0.value.weight=128x128:3 early_exit.0.value.bias=128:4 early_exit.0.mix.weight=128x128:4 early_exit.0.mix.bias=128:5 \
// RUN:   early_exit.0.hidden.weight=128x128:5 early_exit.0.hidden.bias=128:6
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/linear.json | FileCheck %s --check-prefix=LINEAR
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/pooler.json | FileCheck %s --check-prefix=POOLER
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/mean.json | FileCheck %s --check-prefix=MEAN
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/mix.json | FileCheck %s --check-prefix=MIX
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/fastbert.json | FileCheck %s --check-prefix=FASTBERT
// RUN: sed -e '/ = onnx/d' -e 's/%%b :/%%l :/' -e 's/tensor<?x/tensor<2x/g' %t/model.mlir | skim-opt --skim-insert-plan=plan=%t/linear.json | FileCheck %s --check-prefix=STATIC
// RUN: skim-opt %t/model.mlir --skim-insert-plan=plan=%t/pyramid.json | FileCheck %s --check-prefix=PYRAMID

// LINEAR: skim.knobs = [{initial = 1.000000e-01 : f64, name = "early_exit.threshold.0"}, {initial = 2.000000e-01 : f64, name = "early_exit.threshold.1"}]
// LINEAR-LABEL: func @main
// LINEAR: %[[ROWS:.+]] = skim.pack
// LINEAR: %[[Y:.+]] = skim.norm
// LINEAR: %[[P:.+]] = skim.pool {{ *}}first %[[Y]] rows %[[ROWS]] {skim.layer = 0 : i64, skim.overhead}
// What knows nothing of states lies in front of the exits.
// LINEAR: onnx.Constant dense<1.000000e+00>
// LINEAR: %[[L:.+]] = skim.linear %[[P]], %{{.+}} bias %{{.+}} {skim.layer = 0 : i64, skim.overhead, transpose_weight}
// LINEAR: %[[Z:.+]] = skim.early_exit {{ *}}normalised_entropy %[[L]] rows %[[ROWS]] states(%[[Y]]) {first, layer = 0 : i64, temperature = 5.000000e-01 : f32, threshold = 1.000000e-01 : f32}
// LINEAR-NEXT: ^bb0(%[[R:.+]]: !skim.rows, %[[S:.+]]: !skim.ragged<8xf32>):
// LINEAR: skim.attention %{{.+}}, %{{.+}}, %{{.+}} rows %[[R]]
// LINEAR: %[[Y1:.+]] = skim.norm
// LINEAR: skim.pool {{ *}}first %[[Y1]] rows %[[R]] {skim.layer = 1 : i64, skim.overhead}
// LINEAR: %[[INNER:.+]] = skim.early_exit {{ *}}normalised_entropy %{{.+}} rows %[[R]] states(%[[Y1]]) {layer = 1 : i64, temperature = 2.000000e+00 : f32, threshold = 2.000000e-01 : f32}
// LINEAR-NEXT: ^bb0(%[[R2:.+]]: !skim.rows, %{{.+}}: !skim.ragged<8xf32>):
// LINEAR: skim.attention %{{.+}}, %{{.+}}, %{{.+}} rows %[[R2]]
// LINEAR: %[[LOGITS:.+]] = onnx.Add
// LINEAR: skim.yield %[[LOGITS]]
// LINEAR: skim.yield %[[INNER]]
// LINEAR: return %[[Z]]

// POOLER: %[[P:.+]] = skim.pool {{ *}}first
// POOLER: %[[T:.+]] = skim.linear %[[P]], %{{.+}} bias %{{.+}} {activation = #skim<activation tanh>, skim.layer = 0 : i64, skim.overhead, transpose_weight} : tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
// POOLER: %[[L:.+]] = skim.linear %[[T]]
// POOLER: skim.early_exit {{ *}}patience %[[L]] {{.*}} threshold = 2.000000e+00 : f32

// MEAN: %[[P:.+]] = skim.pool {{ *}}mean
// MEAN: %[[L:.+]] = skim.linear %[[P]]
// MEAN: skim.early_exit {{ *}}max_probability %[[L]]

// The pooled states of all layers so far; the earlier one goes into the region of the first exit.
// MIX: %[[WEIGHT:.+]] = onnx.Constant dense<2.000000e+00> : tensor<8x8xf32>
// MIX: %[[P0:.+]] = skim.linear %{{.+}}, %[[WEIGHT]] {{.*}}activation = #skim<activation tanh>
// MIX: %[[M0:.+]] = skim.weighted_sum(%[[P0]]) {skim.layer = 0 : i64, skim.overhead, weights = array<f32: 5.000000e-01>}
// MIX: skim.early_exit {{ *}}entropy %{{.+}} rows %{{.+}} states(%{{.+}}, %[[P0]])
// MIX-NEXT: ^bb0(%{{.+}}: !skim.rows, %{{.+}}: !skim.ragged<8xf32>, %[[BEFORE:.+]]: tensor<?x8xf32>):
// MIX: %[[P1:.+]] = skim.linear %{{.+}}, %[[WEIGHT]] {{.*}}activation = #skim<activation tanh>
// MIX: skim.weighted_sum(%[[BEFORE]], %[[P1]]) {skim.layer = 1 : i64, skim.overhead, weights = array<f32: 2.500000e-01, 2.500000e-01>}

// One query for each sequence, against the keys of all its tokens.
// FASTBERT: %[[N:.+]] = skim.linear %{{.+}} {activation = #skim<activation tanh>, skim.layer = 0 : i64, skim.overhead, transpose_weight} : !skim.ragged<8xf32>
// FASTBERT: %[[FIRST:.+]], %[[F:.+]] = skim.first_rows %[[ROWS:.+]] states(%[[N]]) {skim.layer = 0 : i64, skim.overhead}
// FASTBERT: %[[Q:.+]] = skim.linear %[[F]]
// FASTBERT: %[[K:.+]] = skim.linear %[[N]]
// FASTBERT: %[[V:.+]] = skim.linear %[[N]]
// FASTBERT: %[[A:.+]] = skim.attention %[[Q]], %[[K]], %[[V]] rows %[[FIRST]] key_rows %[[ROWS]] {heads = 2 : i64, scale = 1.250000e-01 : f32, skim.layer = 0 : i64, skim.overhead}
// FASTBERT: %[[M:.+]] = skim.linear %[[A]]
// FASTBERT: %[[P:.+]] = skim.pool {{ *}}first %[[M]] rows %[[FIRST]]
// FASTBERT: %[[H:.+]] = skim.linear %[[P]], {{.*}}activation = #skim<activation tanh>
// FASTBERT: %[[L:.+]] = skim.linear %[[H]]
// FASTBERT: skim.early_exit {{ *}}entropy %[[L]] rows %[[ROWS]]

// Behind an exit a batch of two may have one sequence left.
// STATIC: skim.early_exit {{.*}} : tensor<2x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<2x3xf32>
// STATIC: skim.early_exit {{.*}} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x3xf32>
// STATIC: skim.pool {{.*}} -> tensor<?x8xf32>

// PYRAMID: name = "token_pruning.scale"}, {initial = 1.000000e-01 : f64, name = "early_exit.threshold.1"}
// PYRAMID: %[[KEPT:.+]], %{{.+}}:2 = skim.prune
// PYRAMID: skim.attention {{.*}} rows %[[KEPT]]
// PYRAMID: %[[Y:.+]] = skim.norm
// PYRAMID: skim.pool {{ *}}first %[[Y]] rows %[[KEPT]]
// PYRAMID: skim.early_exit {{.*}} rows %[[KEPT]] states(%[[Y]])
// PYRAMID-NEXT: ^bb0(%[[R:.+]]: !skim.rows
// PYRAMID: skim.token_importance {{.*}} rows %[[R]]
// PYRAMID: %[[KEPT2:.+]], %[[LAST:.+]] = skim.prune {{.*}} rows %[[R]] states(

//--- model.mlir
func.func @main(%ids: tensor<?x6xi64>, %mask: tensor<?x6xi1>, %table: tensor<9x8xf32>, %w: tensor<8x8xf32>, %g: tensor<8xf32>,
                %head: tensor<8x3xf32>) -> (tensor<?x3xf32> {onnx.name = "logits"}) {
  %rows = skim.pack mask %mask : tensor<?x6xi1>
  %x = skim.embed(%ids) in (%table) rows %rows : (tensor<?x6xi64>) in (tensor<9x8xf32>) -> !skim.ragged<8xf32>
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
  %q2 = skim.linear %y1, %w : !skim.ragged<8xf32>, tensor<8x8xf32> -> !skim.ragged<8xf32>
  %a2 = skim.attention %q2, %q2, %q2 rows %rows {heads = 2 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<8xf32>
  %s2 = skim.add %a2, %y1 : !skim.ragged<8xf32>
  %f2 = skim.linear %s2, %w : !skim.ragged<8xf32>, tensor<8x8xf32> -> !skim.ragged<8xf32>
  %t2 = skim.add %f2, %s2 : !skim.ragged<8xf32>
  %y2 = skim.norm %t2, %g {epsilon = 1.0e-5 : f32} : !skim.ragged<8xf32>, tensor<8xf32>
  %p = skim.pool first %y2 rows %rows : !skim.ragged<8xf32> -> tensor<?x8xf32>
  %one = onnx.Constant dense<1.0> : tensor<3xf32>
  %l = skim.linear %p, %head : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32>
  %b = onnx.Add %l, %one : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %b : tensor<?x3xf32>
}

//--- linear.json
{ "version": 1, "tensors": "plan.safetensors",
  "early_exit": { "layers": [0, 1], "output": "logits", "head": "linear", "criterion": "normalised_entropy",
                  "threshold": [0.1, 0.2], "temperature": [0.5, 2] } }
//--- pooler.json
{ "version": 1, "tensors": "plan.safetensors",
  "early_exit": { "layers": [0], "output": "logits", "head": "pooler", "criterion": "patience", "threshold": 2 } }
//--- mean.json
{ "version": 1, "tensors": "plan.safetensors",
  "early_exit": { "layers": [1], "output": "logits", "head": "mean_linear", "criterion": "max_probability", "threshold": 0.5 } }
//--- mix.json
{ "version": 1, "tensors": "plan.safetensors",
  "early_exit": { "layers": [0, 1], "output": "logits", "head": "scalar_mix", "criterion": "entropy", "threshold": 0.5 } }
//--- fastbert.json
{ "version": 1, "tensors": "fastbert.safetensors",
  "early_exit": { "layers": [0], "output": "logits", "head": "fastbert", "criterion": "entropy", "threshold": 0.5 } }
//--- pyramid.json
{ "version": 1, "tensors": "plan.safetensors",
  "token_pruning": { "method": "ltp", "layers": [0, 2], "thresholds": [0.1, 0.2], "denominator_tokens": 64 },
  "early_exit": { "layers": [1], "output": "logits", "head": "linear", "criterion": "entropy", "threshold": 0.1 } }
