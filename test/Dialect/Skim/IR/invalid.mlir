// RUN: skim-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{expected one width, got 2}}
func.func @ragged_width(%x: !skim.ragged<2x3xf32>) { return }

// -----

// expected-error@+1 {{expected a positive width, got 0}}
func.func @ragged_empty(%x: !skim.ragged<0xf32>) { return }

// -----

// expected-error@+1 {{expected an integer or float element type, got 'index'}}
func.func @ragged_element(%x: !skim.ragged<4xindex>) { return }

// -----

func.func @embed_c1(%ids: tensor<?x?xi64>, %t: tensor<9x4xf32>) {
  // expected-error@+1 {{expected as many ids as tables and at least one, got 2 and 1}}
  %x = skim.embed(%ids, %ids) in (%t) : (tensor<?x?xi64>, tensor<?x?xi64>) in (tensor<9x4xf32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @embed_c2(%ids: tensor<?x?xi64>, %t: tensor<9x4xf32>) {
  // expected-error@+1 {{expected width 8 of table 0, got 4}}
  %x = skim.embed(%ids) in (%t) : (tensor<?x?xi64>) in (tensor<9x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @embed_c3(%ids: tensor<?x?xi64>, %t: tensor<9x4xf32>) {
  // expected-error@+1 {{expected rows with ragged states}}
  %x = skim.embed(%ids) in (%t) : (tensor<?x?xi64>) in (tensor<9x4xf32>) -> !skim.ragged<4xf32>
  return
}

// -----

func.func @embed_c4(%ids: tensor<?x?xi64>, %t: tensor<9x4xf32>) {
  // expected-error @below {{expected a count for each of 1 tables, got 2}}
  %x = skim.embed(%ids) in (%t) {counts = array<i64: -1, 0>} : (tensor<?x?xi64>) in (tensor<9x4xf32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @embed_c4_value(%ids: tensor<?x?xi64>, %t: tensor<9x4xf32>) {
  // expected-error @below {{expected counts of at least -2, got -3}}
  %x = skim.embed(%ids) in (%t) {counts = array<i64: -3>} : (tensor<?x?xi64>) in (tensor<9x4xf32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @pool_c2(%x: tensor<?x?x4xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected no rows with dense states}}
  %y = skim.pool first %x rows %rows : tensor<?x?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @linear_rank(%x: tensor<?x?x4xf32>, %w: tensor<4xf32>) {
  // expected-error@+1 {{expected weight rank 2, got 1}}
  %y = skim.linear %x, %w : tensor<?x?x4xf32>, tensor<4xf32> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @linear_c1(%x: tensor<?x?x4xf32>, %w: tensor<8x4xf32>) {
  // expected-error@+1 {{expected input width 8, got 4}}
  %y = skim.linear %x, %w : tensor<?x?x4xf32>, tensor<8x4xf32> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @matmul_c1_inner_dimensions(%a: tensor<?x3x4xf32>, %b: tensor<?x5x6xf32>) {
  // expected-error@+1 {{expected equal inner dimensions, got 4 and 5}}
  %y = skim.matmul %a, %b : tensor<?x3x4xf32>, tensor<?x5x6xf32> -> tensor<?x3x6xf32>
  return
}

// -----

func.func @matmul_c1_batches_of_operands(%a: tensor<2x?x4xf32>, %b: tensor<3x4x6xf32>) {
  // expected-error@+1 {{expected equal batches of operands, got 2 and 3}}
  %y = skim.matmul %a, %b : tensor<2x?x4xf32>, tensor<3x4x6xf32> -> tensor<2x?x6xf32>
  return
}

// -----

func.func @matmul_c1_batches_of_result(%a: tensor<2x?x4xf32>, %b: tensor<?x4x6xf32>) {
  // expected-error@+1 {{expected equal batches of result, got 2 and 3}}
  %y = skim.matmul %a, %b : tensor<2x?x4xf32>, tensor<?x4x6xf32> -> tensor<3x?x6xf32>
  return
}

// -----

func.func @matmul_c1_rows(%a: tensor<?x3x4xf32>, %b: tensor<?x4x6xf32>) {
  // expected-error@+1 {{expected equal rows, got 3 and 7}}
  %y = skim.matmul %a, %b : tensor<?x3x4xf32>, tensor<?x4x6xf32> -> tensor<?x7x6xf32>
  return
}

// -----

func.func @matmul_c1_columns(%a: tensor<?x3x4xf32>, %b: tensor<?x4x6xf32>) {
  // expected-error@+1 {{expected equal columns, got 6 and 7}}
  %y = skim.matmul %a, %b : tensor<?x3x4xf32>, tensor<?x4x6xf32> -> tensor<?x3x7xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<?x?x4xf32>, %w: tensor<4x8xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{expected bias shape [8], got 'tensor<4xf32>'}}
  %y = skim.linear %x, %w bias %b : tensor<?x?x4xf32>, tensor<4x8xf32>, tensor<4xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @linear_c3(%x: tensor<?x?x4xf32>, %w: tensor<4x8xf32>) {
  // expected-error@+1 {{expected result type 'tensor<?x?x8xf32>', got 'tensor<?x?x4xf32>'}}
  %y = skim.linear %x, %w : tensor<?x?x4xf32>, tensor<4x8xf32> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @linear_c4(%x: tensor<?x?x4xf32>, %w: tensor<4x8xf32>) {
  // expected-error@+1 {{expected residual type 'tensor<?x?x8xf32>', got 'tensor<?x?x4xf32>'}}
  %y = skim.linear %x, %w residual %x : tensor<?x?x4xf32>, tensor<4x8xf32> residual tensor<?x?x4xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @linear_c5_scale(%x: tensor<?x4xf32>, %w: tensor<4x8xf32>, %s: tensor<8xf32>, %z: tensor<8xi8>) {
  // expected-error@+1 {{expected scales and zero points with a weight of integers alone, got a weight of 'f32'}}
  %y = skim.linear %x, %w scale %s zero_point %z : tensor<?x4xf32>, tensor<4x8xf32> scale tensor<8xf32> zero_point tensor<8xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c5_no_scale(%x: tensor<?x4xf32>, %w: tensor<4x8xi8>) {
  // expected-error@+1 {{expected scales and zero points with a weight of integers alone, got a weight of 'i8'}}
  %y = skim.linear %x, %w : tensor<?x4xf32>, tensor<4x8xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c5_shape(%x: tensor<?x4xf32>, %w: tensor<4x8xi8>, %s: tensor<8xf32>, %z: tensor<1xi8>) {
  // expected-error@+1 {{expected scales and zero points of shape [8], got 'tensor<1xi8>'}}
  %y = skim.linear %x, %w scale %s zero_point %z : tensor<?x4xf32>, tensor<4x8xi8> scale tensor<8xf32> zero_point tensor<1xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c5_type(%x: tensor<?x4xf32>, %w: tensor<4x8xi8>, %s: tensor<8xf32>, %z: tensor<8xui8>) {
  // expected-error@+1 {{expected zero points of 'i8', got 'ui8'}}
  %y = skim.linear %x, %w scale %s zero_point %z : tensor<?x4xf32>, tensor<4x8xi8> scale tensor<8xf32> zero_point tensor<8xui8> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c5_transposed(%x: tensor<?x4xf32>, %w: tensor<8x4xi8>, %s: tensor<8xf32>, %z: tensor<8xi8>) {
  // expected-error@+1 {{expected a weight of integers as [K, N]}}
  %y = skim.linear %x, %w scale %s zero_point %z {transpose_weight} : tensor<?x4xf32>, tensor<8x4xi8> scale tensor<8xf32> zero_point tensor<8xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c6_together(%x: tensor<?x4xf32>, %w: tensor<4x8xi8>, %s: tensor<8xf32>, %z: tensor<8xi8>) {
  // expected-error@+1 {{expected input_scale and input_zero_point together and with a weight of integers}}
  %y = skim.linear %x, %w scale %s zero_point %z {input_scale = 1.0 : f32} : tensor<?x4xf32>, tensor<4x8xi8> scale tensor<8xf32> zero_point tensor<8xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c6_scale(%x: tensor<?x4xf32>, %w: tensor<4x8xi8>, %s: tensor<8xf32>, %z: tensor<8xi8>) {
  // expected-error@+1 {{expected a finite input_scale of at least 2^-100, got 0.000000e+00}}
  %y = skim.linear %x, %w scale %s zero_point %z {input_scale = 0.0 : f32, input_zero_point = 0 : i64} : tensor<?x4xf32>, tensor<4x8xi8> scale tensor<8xf32> zero_point tensor<8xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c6_zero_point(%x: tensor<?x4xf32>, %w: tensor<4x8xi8>, %s: tensor<8xf32>, %z: tensor<8xi8>) {
  // expected-error@+1 {{expected an input_zero_point from 0 to 255, got 256}}
  %y = skim.linear %x, %w scale %s zero_point %z {input_scale = 1.0 : f32, input_zero_point = 256 : i64} : tensor<?x4xf32>, tensor<4x8xi8> scale tensor<8xf32> zero_point tensor<8xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @norm_c1(%x: tensor<?x?x4xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{expected shape [4] of scale and bias, got 'tensor<8xf32>'}}
  %y = skim.norm %x, %s {epsilon = 1.0e-5 : f32} : tensor<?x?x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @norm_c1_of_heads(%x: tensor<?x?x8xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{expected shape [4] of scale and bias, got 'tensor<8xf32>'}}
  %y = skim.norm %x, %s {epsilon = 1.0e-5 : f32, heads = 2 : i64} : tensor<?x?x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @norm_c2(%x: tensor<?x?x8xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{expected heads that divide the width 8, got 3}}
  %y = skim.norm %x, %s {epsilon = 1.0e-5 : f32, heads = 3 : i64} : tensor<?x?x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @attention_c9(%x: tensor<?x?x8xf32>) {
  // expected-error@+1 {{expected a right_window of at least 0, got -1}}
  %y = skim.attention %x, %x, %x {heads = 2 : i64, right_window = -1 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @glu_c1(%x: tensor<?x?x6xf32>) {
  // expected-error@+1 {{expected input type 'tensor<?x?x8xf32>', got 'tensor<?x?x6xf32>'}}
  %y = skim.glu silu %x : tensor<?x?x6xf32> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @attention_c1(%x: tensor<?x?x8xf32>) {
  // expected-error@+1 {{expected heads to divide the query width 8, got 3}}
  %y = skim.attention %x, %x, %x {heads = 3 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c1_kv(%x: tensor<?x?x8xf32>) {
  // expected-error@+1 {{expected kv_heads to divide heads 4, got 3}}
  %y = skim.attention %x, %x, %x {heads = 4 : i64, kv_heads = 3 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c2(%x: tensor<?x?x8xf32>, %k: tensor<?x?x6xf32>) {
  // expected-error@+1 {{expected width 8 of key and value, got 6}}
  %y = skim.attention %x, %k, %x {heads = 4 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x6xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c3(%x: tensor<?x?x8xf32>) {
  // expected-error@+1 {{expected result type 'tensor<?x?x8xf32>', got 'tensor<?x?x4xf32>'}}
  %y = skim.attention %x, %x, %x {heads = 4 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x4xf32>
  return
}

// -----

func.func @attention_c5(%x: tensor<?x?x8xf32>, %c: tensor<?x2xf32>) {
  // expected-error@+1 {{expected cos and sin together}}
  %y = "skim.attention"(%x, %x, %x, %c) <{heads = 4 : i64, scale = 1.0 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0>}> : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x2xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c6_rank(%x: tensor<?x?x8xf32>, %c: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error@+1 {{expected cos of two or three dimensions, got 'tensor<4xf32>'}}
  %y = skim.attention %x, %x, %x rotary %c, %s : tensor<4xf32>, tensor<4xf32> {heads = 2 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c6_type(%x: tensor<?x?x8xf32>, %c: tensor<?x4xf32>, %s: tensor<?x2xf32>) {
  // expected-error@+1 {{expected type 'tensor<?x4xf32>' of sin, got 'tensor<?x2xf32>'}}
  %y = skim.attention %x, %x, %x rotary %c, %s : tensor<?x4xf32>, tensor<?x2xf32> {heads = 2 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c6_columns(%x: tensor<?x?x8xf32>, %c: tensor<?x6xf32>, %s: tensor<?x6xf32>) {
  // expected-error@+1 {{expected an even number of columns of cos, at most 4, got 'tensor<?x6xf32>'}}
  %y = skim.attention %x, %x, %x rotary %c, %s : tensor<?x6xf32>, tensor<?x6xf32> {heads = 2 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c7(%x: tensor<?x?x8xf32>, %t: tensor<2x4x3xf32>) {
  // expected-error@+1 {{expected content_to_position and its index together}}
  %y = "skim.attention"(%x, %x, %x, %t) {heads = 2 : i64, scale = 1.0 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0>} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<2x4x3xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c8_width(%x: tensor<?x?x8xf32>, %t: tensor<2x3x6xf32>, %i: tensor<?xi64>) {
  // expected-error@+1 {{expected content_to_position of 2 x 4 x positions, got 'tensor<2x3x6xf32>'}}
  %y = skim.attention %x, %x, %x content_to_position %t at %i : tensor<2x3x6xf32>, tensor<?xi64> {heads = 2 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @attention_c8_heads(%x: tensor<?x?x8xf32>, %t: tensor<1x4x7xf32>, %i: tensor<?xi64>) {
  // expected-error@+1 {{expected position_to_content of 2 x 4 x positions, got 'tensor<1x4x7xf32>'}}
  %y = skim.attention %x, %x, %x position_to_content %t at %i : tensor<1x4x7xf32>, tensor<?xi64> {heads = 2 : i64, scale = 1.0 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @pool_c1(%x: tensor<?x?x8xf32>) {
  // expected-error@+1 {{expected result width 8, got 4}}
  %y = skim.pool first %x : tensor<?x?x8xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @pack_c1(%m: tensor<?x?xi1>) {
  // expected-error@+1 {{expected exactly one of mask and like}}
  %rows = skim.pack mask %m : tensor<?x?xi1> like %m : tensor<?x?xi1>
  return
}

// -----

func.func @gather_c1(%x: tensor<?x?x8xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected the same width of tensor and ragged states, got 8 and 4}}
  %y = skim.gather %x rows %rows : tensor<?x?x8xf32> -> !skim.ragged<4xf32>
  return
}

// -----

func.func @restore_c1(%x: !skim.ragged<4xf32>, %rows: !skim.rows) {
  // expected-error@+1 {{expected the same width of tensor and ragged states, got 8 and 4}}
  %y = skim.restore %x rows %rows : !skim.ragged<4xf32> -> tensor<?x?x8xf32>
  return
}

// -----

// expected-error@+1 {{expected an offset that is a multiple of 64, got 32}}
skim.weights @weights_c1 plain at 32 bytes 16 {parts = [dense<1.0> : tensor<4xf32>]}

// -----

// expected-error@+1 {{expected plain to have one part, got 2}}
skim.weights @weights_c2 plain at 0 bytes 32 {parts = [dense<1.0> : tensor<4xf32>, dense<1.0> : tensor<4xf32>]}

// -----

// expected-error@+1 {{expected a tiled layout and three parts for each matrix of uint8, got tiled and 1}}
skim.weights @weights_c7 tiled at 0 bytes 64 {parts = [dense<1> : tensor<4x4xi8>], dtype = #skim<dtype uint8>}

// -----

// expected-error@+1 {{expected fp32 in the layout padded, got bf16}}
skim.weights @weights_c5 padded at 0 bytes 16 {parts = [dense<1.0> : tensor<4xf32>], dtype = #skim<dtype bf16>}
