// RUN: skim-opt %s -split-input-file -verify-diagnostics --pass-pipeline='builtin.module(func.func(skim-find-micro-batches))' | FileCheck %s
// RUN: skim-opt %s -split-input-file --pass-pipeline='builtin.module(func.func(skim-find-micro-batches{positions=64}))' 2>/dev/null | FileCheck %s --check-prefix=FEWER

// The batch goes from the inputs of its name to the outputs; a table of
// positions holds for every batch.
// CHECK-LABEL: func @classifier
// CHECK-SAME: %{{[^ ]+}}: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"], skim.batched}
// CHECK-SAME: %{{[^ ]+}}: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"], skim.batched}
// CHECK-SAME: %{{[^ ]+}}: tensor<4xf32>
// CHECK-NOT: skim.batched
// CHECK-SAME: -> (tensor<?x4xf32> {skim.batched}, tensor<4xf32>)
// CHECK-SAME: attributes {skim.micro_batch = 512 : i64}
// FEWER: attributes {skim.micro_batch = 64 : i64}
func.func @classifier(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}, %mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %bias: tensor<4xf32>, %table: tensor<9x4xf32>, %w: tensor<4x4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>) {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %shape = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %length = onnx.Squeeze %shape, %axis : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %zero, %length, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %positions = onnx.Unsqueeze %range, %axis : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %x = skim.embed(%ids, %positions) in(%table, %table) rows %rows {counts = array<i64: -1, -1>} : (tensor<?x?xi64>, tensor<1x?xi64>) in(tensor<9x4xf32>, tensor<9x4xf32>) -> !skim.ragged<4xf32>
  %a = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 1.0 : f32} : !skim.ragged<4xf32>, !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<4xf32>
  %p = skim.pool mean %a rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  %y = skim.linear %p, %w bias %bias : tensor<?x4xf32>, tensor<4x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  %s = onnx.Softmax %y {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %s, %bias : tensor<?x4xf32>, tensor<4xf32>
}

// -----

// Ids that count the tokens of a sequence, as RoBERTa's positions, and a plan.
// CHECK-LABEL: func @adaptive
// CHECK-SAME: attributes {skim.micro_batch = 512 : i64}
func.func @adaptive(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %mask: tensor<?x?xi1> {onnx.dims = ["b", "s"]}, %table: tensor<9x4xf32>, %w: tensor<4x2xf32>) -> tensor<?x2xf32> {
  %axis = onnx.Constant dense<1> : tensor<i64>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %ones = onnx.Cast %mask {to = 7 : i64} : (tensor<?x?xi1>) -> tensor<?x?xi64>
  %positions = onnx.CumSum %ones, %axis : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %x = skim.embed(%ids, %positions) in(%table, %table) rows %rows {counts = array<i64: -1, -1>} : (tensor<?x?xi64>, tensor<?x?xi64>) in(tensor<9x4xf32>, tensor<9x4xf32>) -> !skim.ragged<4xf32>
  %i = skim.token_importance %x, %x rows %rows {heads = 2 : i64, scale = 1.0 : f32} : !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<1xf32>
  %kept, %t = skim.prune %i rows %rows states(%x) {layer = 0 : i64, place = #skim<place before_ffn>, protect = array<i64: 0>, threshold = 0.1 : f32} : !skim.ragged<1xf32>, (!skim.ragged<4xf32>) -> !skim.rows, (!skim.ragged<4xf32>)
  %p = skim.pool first %t rows %kept : !skim.ragged<4xf32> -> tensor<?x4xf32>
  %l = skim.linear %p, %w : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
  %r = skim.early_exit entropy %l rows %kept states(%t) {layer = 0 : i64, threshold = 0.1 : f32} : tensor<?x2xf32>, !skim.rows, (!skim.ragged<4xf32>) -> tensor<?x2xf32> {
  ^bb0(%rest: !skim.rows, %u: !skim.ragged<4xf32>):
    %q = skim.pool first %u rows %rest : !skim.ragged<4xf32> -> tensor<?x4xf32>
    %m = skim.linear %q, %w : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
    skim.yield %m : tensor<?x2xf32>
  }
  return %r : tensor<?x2xf32>
}

// -----

// Nothing to say of a function without rows, or of one batch size.
// CHECK-LABEL: func @without_rows
// CHECK-NOT: skim.
func.func @without_rows(%x: tensor<?x?xf32> {onnx.dims = ["batch", "sequence"]}) -> tensor<?x?xf32> {
  %y = onnx.Softmax %x {axis = 0 : i64} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func @of_one_batch_size
// CHECK-NOT: skim.micro_batch
func.func @of_one_batch_size(%mask: tensor<2x?xi1>, %x: tensor<2x?x4xf32>) -> tensor<2x4xf32> {
  %rows = skim.pack mask %mask : tensor<2x?xi1>
  %g = skim.gather %x rows %rows : tensor<2x?x4xf32> -> !skim.ragged<4xf32>
  %p = skim.pool mean %g rows %rows : !skim.ragged<4xf32> -> tensor<2x4xf32>
  return %p : tensor<2x4xf32>
}

// -----

// CHECK-NOT: skim.batched

func.func @same_number_of_blocks(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}) -> tensor<?x4xf32> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %g = skim.gather %x rows %rows : tensor<?x?x4xf32> -> !skim.ragged<4xf32>
  %s = skim.token_importance %g, %g rows %rows {heads = 2 : i64, scale = 1.0 : f32} : !skim.ragged<4xf32>, !skim.ragged<4xf32> -> !skim.ragged<1xf32>
  // expected-remark@+1 {{a batch runs as a whole: 'skim.skip_blocks' keeps as many blocks of every sequence}}
  %kept, %t = skim.skip_blocks %s score_rows %rows rows %rows states(%g) {batch_align = #skim<batch_align max>, block_size = 4 : i64, layer = 0 : i64, protect = array<i64: 0>, protect_segments = array<i64>, threshold = 0.5 : f32} : !skim.ragged<1xf32>, (!skim.ragged<4xf32>) -> !skim.rows, (!skim.ragged<4xf32>)
  %p = skim.pool mean %t rows %kept : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %p : tensor<?x4xf32>
}

// -----

func.func @one_scale(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}) -> tensor<?x4xf32> {
  %w = onnx.Constant dense<3> : tensor<4x4xi8>
  %s = onnx.Constant dense<0.5> : tensor<4xf32>
  %z = onnx.Constant dense<0> : tensor<4xi8>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %g = skim.gather %x rows %rows : tensor<?x?x4xf32> -> !skim.ragged<4xf32>
  // expected-remark@+1 {{a batch runs as a whole: 'skim.linear' rounds all sequences by one scale}}
  %y = skim.linear %g, %w scale %s zero_point %z : !skim.ragged<4xf32>, tensor<4x4xi8> scale tensor<4xf32> zero_point tensor<4xi8> -> !skim.ragged<4xf32>
  %p = skim.pool mean %y rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %p : tensor<?x4xf32>
}

// -----

// By a scale that is given sequences are apart.
// CHECK-LABEL: func @given_scale
// CHECK-SAME: skim.micro_batch
func.func @given_scale(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}) -> tensor<?x?x4xf32> {
  %w = onnx.Constant dense<3> : tensor<4x4xi8>
  %s = onnx.Constant dense<0.5> : tensor<4xf32>
  %z = onnx.Constant dense<0> : tensor<4xi8>
  %t = onnx.Constant dense<0.5> : tensor<f32>
  %p = onnx.Constant dense<3> : tensor<ui8>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %q = onnx.QuantizeLinear %x, %t, %p : (tensor<?x?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x?x4xui8>
  %d = onnx.DequantizeLinear %q, %t, %p : (tensor<?x?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x?x4xf32>
  %g = skim.gather %d rows %rows : tensor<?x?x4xf32> -> !skim.ragged<4xf32>
  %y = skim.linear %g, %w scale %s zero_point %z {input_scale = 0.5 : f32, input_zero_point = 9 : i64} : !skim.ragged<4xf32>, tensor<4x4xi8> scale tensor<4xf32> zero_point tensor<4xi8> -> !skim.ragged<4xf32>
  %r = skim.restore %y rows %rows {fill = 0.0 : f32} : !skim.ragged<4xf32> -> tensor<?x?x4xf32>
  return %r : tensor<?x?x4xf32>
}

// -----

func.func @scale_of_tokens(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %x: tensor<?x?xf32> {onnx.dims = ["batch", "sequence"]}, %s: tensor<?xf32> {onnx.dims = ["batch"]}) -> tensor<?x?xui8> {
  %none = onnx.None
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  // expected-remark@+1 {{a batch runs as a whole: 'onnx.QuantizeLinear' has a parameter that depends on the batch}}
  %q = onnx.QuantizeLinear %x, %s, %none {axis = 0 : i64} : (tensor<?x?xf32>, tensor<?xf32>, none) -> tensor<?x?xui8>
  return %q : tensor<?x?xui8>
}

// -----

func.func @sum_over_the_batch(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %x: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}) -> tensor<4xf32> {
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %g = skim.gather %x rows %rows : tensor<?x?x4xf32> -> !skim.ragged<4xf32>
  %p = skim.pool mean %g rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  // expected-remark@+1 {{a batch runs as a whole: 'onnx.ReduceSum' takes the batch or the sequence of token states together}}
  %y = onnx.ReduceSum %p, %axis {keepdims = 0 : i64} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @number_of_sequences(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}) -> tensor<2xi64> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  // expected-remark@+1 {{a batch runs as a whole: 'onnx.Shape' asks how many sequences there are}}
  %y = onnx.Shape %mask : (tensor<?x?xi1>) -> tensor<2xi64>
  return %y : tensor<2xi64>
}

// -----

func.func @other_batch(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %x: tensor<?x4xf32> {onnx.dims = ["rows", "4"]}, %m: tensor<?x?x4xf32> {onnx.dims = ["batch", "sequence", "4"]}) -> tensor<?x4xf32> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %g = skim.gather %m rows %rows : tensor<?x?x4xf32> -> !skim.ragged<4xf32>
  %p = skim.pool mean %g rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  // expected-remark@+1 {{a batch runs as a whole: 'onnx.Add' combines the batch with a value that may hold as many sequences}}
  %y = onnx.Add %p, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @other_mask(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %ids: tensor<?x?xi64> {onnx.dims = ["rows", "sequence"]}, %table: tensor<9x4xf32>) -> tensor<?x4xf32> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  // expected-remark@+1 {{a batch runs as a whole: 'skim.embed' reads a value that may hold as many sequences as the batch}}
  %x = skim.embed(%ids) in(%table) rows %rows {counts = array<i64: -1>} : (tensor<?x?xi64>) in(tensor<9x4xf32>) -> !skim.ragged<4xf32>
  %p = skim.pool mean %x rows %rows : !skim.ragged<4xf32> -> tensor<?x4xf32>
  return %p : tensor<?x4xf32>
}

// -----

func.func @sequence_first(%mask: tensor<?x?xi1> {onnx.dims = ["sequence", "batch"]}) -> tensor<?x?xi1> {
  %turned = onnx.Transpose %mask {perm = array<i64: 1, 0>} : (tensor<?x?xi1>) -> tensor<?x?xi1>
  // expected-remark@+1 {{a batch runs as a whole: 'skim.pack' reads the batch as another dimension}}
  %rows = skim.pack mask %turned : tensor<?x?xi1>
  return %mask : tensor<?x?xi1>
}

// -----

func.func @turned_output(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}) -> tensor<?x?xi1> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  %turned = onnx.Transpose %mask {perm = array<i64: 1, 0>} : (tensor<?x?xi1>) -> tensor<?x?xi1>
  // expected-remark@+1 {{a batch runs as a whole: 'func.return' gives a tensor whose leading dimension is not the batch}}
  return %turned : tensor<?x?xi1>
}

// -----

func.func @scale_of_the_batch(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}, %x: tensor<?x?xf32> {onnx.dims = ["batch", "sequence"]}, %s: tensor<?xf32> {onnx.dims = ["batch"]}) -> tensor<?x?xf32> {
  %none = onnx.None
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  // expected-remark@+1 {{a batch runs as a whole: 'onnx.LayerNormalization' has a parameter that depends on the batch}}
  %y, %m, %d = onnx.LayerNormalization %x, %s, %none {axis = -1 : i64} : (tensor<?x?xf32>, tensor<?xf32>, none) -> (tensor<?x?xf32>, none, none)
  return %y : tensor<?x?xf32>
}

// -----

// expected-remark@+1 {{a batch runs as a whole: 'func.func' has inputs of which it is not known which dimensions are the batch}}
func.func @nameless(%mask: tensor<?x?xi1>, %ids: tensor<?x?xi64>) -> tensor<?x?xi64> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  return %ids : tensor<?x?xi64>
}

// -----

func.func @other_dialect(%mask: tensor<?x?xi1> {onnx.dims = ["batch", "sequence"]}) -> tensor<?x?xi1> {
  %rows = skim.pack mask %mask : tensor<?x?xi1>
  // expected-remark@+1 {{a batch runs as a whole: 'arith.constant' is of no dialect whose ops keep sequences apart}}
  %c = arith.constant 0 : i64
  return %mask : tensor<?x?xi1>
}
