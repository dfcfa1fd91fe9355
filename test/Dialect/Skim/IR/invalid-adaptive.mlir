// RUN: skim-opt %s -split-input-file -verify-diagnostics

func.func @token_importance_c1(%x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected heads to divide the query width 8, got 3}}
  %s = skim.token_importance %x, %x rows %rows {heads = 3 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<1xf32>
  return
}

// -----

func.func @token_importance_kv_heads(%x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected kv_heads to divide heads 4, got 3}}
  %s = skim.token_importance %x, %x rows %rows {heads = 4 : i64, kv_heads = 3 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<1xf32>
  return
}

// -----

func.func @token_importance_key(%x: !skim.ragged<8xf32>, %k: !skim.ragged<4xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected key width 8, got 4}}
  %s = skim.token_importance %x, %k rows %rows {heads = 4 : i64, scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<4xf32> -> !skim.ragged<1xf32>
  return
}

// -----

func.func @token_importance_c2(%x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected a positive denominator_tokens, got 0}}
  %s = skim.token_importance %x, %x rows %rows {heads = 2 : i64, scale = 0.5 : f32, denominator_tokens = 0 : i64} : !skim.ragged<8xf32>, !skim.ragged<8xf32> -> !skim.ragged<1xf32>
  return
}

// -----

func.func @prune_c1(%s: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected a result of the same type for each state}}
  %kept, %y = skim.prune %s rows %rows states(%x) {threshold = 0.002 : f32, protect = array<i64: 0>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<4xf32>)
  return
}

// -----

func.func @prune_c2(%s: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected held states, last states and their result together}}
  %kept, %y = skim.prune %s rows %rows states(%x) held %x from %x {threshold = 0.002 : f32, protect = array<i64: 0>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) held !skim.ragged<8xf32> from !skim.ragged<8xf32> -> !skim.rows, (!skim.ragged<8xf32>)
  return
}

// -----

func.func @prune_c2_types(%s: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %l: !skim.ragged<4xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected type '!skim.ragged<8xf32>' of last states and held result, got '!skim.ragged<4xf32>' and '!skim.ragged<8xf32>'}}
  %kept, %y, %h = skim.prune %s rows %rows states(%x) held %x from %l {threshold = 0.002 : f32, protect = array<i64: 0>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) held !skim.ragged<8xf32> from !skim.ragged<4xf32> -> !skim.rows, (!skim.ragged<8xf32>) held !skim.ragged<8xf32>
  return
}

// -----

func.func @prune_c3(%s: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected a finite threshold of 0 or more, got -1}}
  %kept, %y = skim.prune %s rows %rows states(%x) {threshold = -1.0 : f32, protect = array<i64: 0>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>)
  return
}

// -----

func.func @prune_c4(%s: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected protect to ascend from 0 or more, got 1 where at least 3 may stand}}
  %kept, %y = skim.prune %s rows %rows states(%x) {threshold = 1.0 : f32, protect = array<i64: 2, 1>, place = #skim<place before_ffn>, layer = 1 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>)
  return
}

// -----

func.func @block_scores_c2(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %c: tensor<2x2x3x3xf32>, %b: tensor<2xf32>, %l: tensor<2x2xf32>) {
  // expected-error@+1 {{expected block_size to be a positive multiple of 4, got 6}}
  %p = skim.block_scores %x, %x rows %rows conv %c, %b conv %c, %b linear %l, %b {heads = 2 : i64, scale = 0.5 : f32, block_size = 6 : i64} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.rows, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32> -> !skim.ragged<1xf32>
  return
}

// -----

func.func @block_scores_c3(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %c: tensor<2x2x3x3xf32>, %b: tensor<2xf32>, %l: tensor<2x2xf32>) {
  // expected-error@+1 {{expected conv1 of type 'tensor<4x4x3x3xf32>', got 'tensor<2x2x3x3xf32>'}}
  %p = skim.block_scores %x, %x rows %rows conv %c, %b conv %c, %b linear %l, %b {heads = 4 : i64, scale = 0.5 : f32, block_size = 4 : i64} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.rows, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32> -> !skim.ragged<1xf32>
  return
}

// -----

func.func @block_scores_c4(%x: !skim.ragged<8xf32>, %rows: !skim.rows, %c: tensor<2x2x3x3xf32>, %b: tensor<2xf32>, %l: tensor<2x2xf32>) {
  // expected-error@+1 {{expected linear of type 'tensor<2x8xf32>', got 'tensor<2x2xf32>'}}
  %p = skim.block_scores %x, %x rows %rows conv %c, %b conv %c, %b linear %l, %b {heads = 2 : i64, scale = 0.5 : f32, block_size = 8 : i64} : !skim.ragged<8xf32>, !skim.ragged<8xf32>, !skim.rows, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32> -> !skim.ragged<1xf32>
  return
}

// -----

func.func @early_exit_c1(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected region arguments of the types of rows and states}}
  %z = skim.early_exit entropy %logits rows %rows states(%x) {threshold = 0.1 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows):
    skim.yield %logits : tensor<?x3xf32>
  }
  return
}

// -----

func.func @early_exit_c2(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  %z = skim.early_exit entropy %logits rows %rows states(%x) {threshold = 0.1 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows, %y: !skim.ragged<8xf32>):
    // expected-error@+1 {{expected one value of type 'tensor<?x3xf32>', got '!skim.ragged<8xf32>'}}
    skim.yield %y : !skim.ragged<8xf32>
  }
  return
}

// -----

func.func @early_exit_c2_result(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected the result to have the logits' type 'tensor<?x3xf32>', got 'tensor<?x2xf32>'}}
  %z = skim.early_exit entropy %logits rows %rows states(%x) {threshold = 0.1 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x2xf32> {
  ^bb0(%r: !skim.rows, %y: !skim.ragged<8xf32>):
    skim.yield %logits : tensor<?x3xf32>
  }
  return
}

// -----

func.func @early_exit_c3(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected a finite positive temperature, got 0}}
  %z = skim.early_exit entropy %logits rows %rows states(%x) {threshold = 0.1 : f32, temperature = 0.0 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows, %y: !skim.ragged<8xf32>):
    skim.yield %logits : tensor<?x3xf32>
  }
  return
}

// -----

func.func @early_exit_terminator(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected the region to end in skim.yield}}
  %z = skim.early_exit entropy %logits rows %rows states(%x) {threshold = 0.1 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows, %y: !skim.ragged<8xf32>):
    llvm.unreachable
  }
  return
}

// -----

func.func @skip_blocks_c6(%p: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected segments with protect_segments}}
  %kept, %y = skim.skip_blocks %p score_rows %rows rows %rows states(%x) {block_size = 4 : i64, threshold = 0.1 : f32, protect = array<i64>, protect_segments = array<i64: 0>, layer = 0 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>)
  return
}

// -----

func.func @skip_blocks_c6_none(%p: !skim.ragged<1xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows, %s: tensor<?x?xi32>) {
  // expected-error@+1 {{expected no segments without protect_segments}}
  %kept, %y = skim.skip_blocks %p score_rows %rows rows %rows states(%x) segments %s : tensor<?x?xi32> {block_size = 4 : i64, threshold = 0.1 : f32, protect = array<i64>, protect_segments = array<i64>, layer = 0 : i64} : !skim.ragged<1xf32>, (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<8xf32>)
  return
}

// -----

func.func @early_exit_c4(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected a whole number of exits as the threshold of patience, got 1.5}}
  %z = skim.early_exit patience %logits rows %rows states(%x) {threshold = 1.5 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows, %y: !skim.ragged<8xf32>):
    skim.yield %logits : tensor<?x3xf32>
  }
  return
}

// -----

func.func @early_exit_c5(%logits: tensor<?x3xf32>, %x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  %z = skim.early_exit entropy %logits rows %rows states(%x) {threshold = 0.1 : f32, layer = 0 : i64} : tensor<?x3xf32>, !skim.rows, (!skim.ragged<8xf32>) -> tensor<?x3xf32> {
  ^bb0(%r: !skim.rows, %y: !skim.ragged<8xf32>):
    // expected-error@+1 {{expected rows and ragged states of the region, got '!skim.ragged<8xf32>' from outside of it}}
    %p = skim.pool first %x rows %r : !skim.ragged<8xf32> -> tensor<?x8xf32>
    skim.yield %logits : tensor<?x3xf32>
  }
  return
}

// -----

func.func @first_rows_c1(%x: !skim.ragged<8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected a result of the same type for each state}}
  %first, %a = skim.first_rows %rows states(%x) : (!skim.ragged<8xf32>) -> !skim.rows, (!skim.ragged<4xf32>)
  return
}

// -----

func.func @weighted_sum_c1(%a: tensor<?x8xf32>) {
  // expected-error@+1 {{expected a weight for each of 2 states, got 1}}
  %s = skim.weighted_sum(%a, %a) {weights = array<f32: 0.25>} : tensor<?x8xf32>
  return
}

// -----

func.func @weighted_sum_c1_finite(%a: tensor<?x8xf32>) {
  // expected-error@+1 {{expected finite weights, got nan}}
  %s = skim.weighted_sum(%a) {weights = array<f32: 0x7FC00000>} : tensor<?x8xf32>
  return
}
