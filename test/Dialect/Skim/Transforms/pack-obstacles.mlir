// RUN: skim-opt %s -split-input-file -verify-diagnostics --pass-pipeline='builtin.module(func.func(skim-pack))' | FileCheck %s

// Each obstacle is named, and every position is computed then.
// CHECK-COUNT-14: skim.pack like
// CHECK-NOT: skim.pack mask

func.func @another_mask(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %m1: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // expected-remark@+1 {{has another mask than the attention before it}}
  %b = skim.attention %a, %a, %a mask %m1 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %b : tensor<?x?x8xf32>
}

// -----

func.func @mask_lost(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // expected-remark@+1 {{has no mask where the attention before it has one}}
  %b = skim.attention %a, %a, %a {heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %b : tensor<?x?x8xf32>
}

// -----

func.func @weak_fill(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  // expected-remark@+1 {{fills masked scores with a value above -1e4}}
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %a : tensor<?x?x8xf32>
}

// -----

func.func @one_scale(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %w = onnx.Constant dense<3> : tensor<8x8xi8>
  %s = onnx.Constant dense<0.5> : tensor<8xf32>
  %z = onnx.Constant dense<0> : tensor<8xi8>
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // expected-remark@+1 {{rounds all positions by one scale}}
  %y = skim.linear %a, %w scale %s zero_point %z : tensor<?x?x8xf32>, tensor<8x8xi8> scale tensor<8xf32> zero_point tensor<8xi8> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

func.func @bias_of_states(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %bias = onnx.Unsqueeze %x, %axis : (tensor<?x?x8xf32>, tensor<1xi64>) -> tensor<?x1x?x8xf32>
  // expected-remark@+1 {{has a bias made from token states}}
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> bias %bias : tensor<?x1x?x8xf32> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %a : tensor<?x?x8xf32>
}

// -----

func.func @rotary_of_states(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>, %w: tensor<8x4xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %turn = skim.linear %x, %w : tensor<?x?x8xf32>, tensor<8x4xf32> -> tensor<?x?x4xf32>
  // expected-remark@+1 {{has rotary positions made from token states}}
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> rotary %turn, %turn : tensor<?x?x4xf32>, tensor<?x?x4xf32> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %a : tensor<?x?x8xf32>
}

// -----

func.func @pool_over_padding(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // expected-remark@+1 {{pools over every position, with or without a token}}
  %p = skim.pool mean %a : tensor<?x?x8xf32> -> tensor<?x8xf32>
  return %p : tensor<?x8xf32>
}

// -----

func.func @softmax_over_sequence(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  // expected-remark@+1 {{works along the batch or the sequence of token states}}
  %s = onnx.Softmax %a {axis = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %s : tensor<?x?x8xf32>
}

// -----

func.func @states_multiplied(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x8x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %t = onnx.Transpose %a {perm = array<i64: 0, 2, 1>} : (tensor<?x?x8xf32>) -> tensor<?x8x?xf32>
  // expected-remark@+1 {{multiplies token states with each other}}
  %g = onnx.MatMul %t, %a : (tensor<?x8x?xf32>, tensor<?x?x8xf32>) -> tensor<?x8x8xf32>
  return %g : tensor<?x8x8xf32>
}

// -----

func.func @pool_before_attention(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> (tensor<?x8xf32>, tensor<?x?x8xf32>) {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  // expected-remark@+1 {{pools over every position, with or without a token}}
  %p = skim.pool max %x : tensor<?x?x8xf32> -> tensor<?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %p, %a : tensor<?x8xf32>, tensor<?x?x8xf32>
}

// -----

// States of an input go through rows, too.
func.func @states_of_an_input(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %z: tensor<?x?x8xf32>, %table: tensor<9x8xf32>) -> (tensor<?x8xf32>, tensor<?x?x8xf32>) {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %s = skim.activation sigmoid %z : tensor<?x?x8xf32>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  // expected-remark@+1 {{takes the batch or the sequence of token states together}}
  %p = onnx.ReduceSum %s, %axis {keepdims = 0 : i64} : (tensor<?x?x8xf32>, tensor<1xi64>) -> tensor<?x8xf32>
  return %p, %a : tensor<?x8xf32>, tensor<?x?x8xf32>
}

// -----

// Encoder ops on heads do not lose sight of the sequence.
func.func @sum_of_heads(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x2x4xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %shape = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %h = onnx.Reshape %a, %shape : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %t = skim.activation tanh %h : tensor<?x?x2x4xf32>
  // expected-remark@+1 {{takes the batch or the sequence of token states together}}
  %p = onnx.ReduceSum %t, %axis {keepdims = 0 : i64} : (tensor<?x?x2x4xf32>, tensor<1xi64>) -> tensor<?x2x4xf32>
  return %p : tensor<?x2x4xf32>
}

// -----

// A layer whose rows are the sequence mixes its positions.
func.func @layer_of_positions(%ids: tensor<?x5xi64>, %m0: tensor<?x5xi1>, %table: tensor<9x8xf32>, %w: tensor<5x3xf32>) -> tensor<?x8x3xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x5xi64>) in (tensor<9x8xf32>) -> tensor<?x5x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x5xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x5x8xf32>, tensor<?x5x8xf32>, tensor<?x5x8xf32> -> tensor<?x5x8xf32>
  %t = onnx.Transpose %a {perm = array<i64: 0, 2, 1>} : (tensor<?x5x8xf32>) -> tensor<?x8x5xf32>
  // expected-remark@+1 {{works along the batch or the sequence of token states}}
  %y = skim.linear %t, %w : tensor<?x8x5xf32>, tensor<5x3xf32> -> tensor<?x8x3xf32>
  return %y : tensor<?x8x3xf32>
}

// -----

func.func @pool_of_another_order(%ids: tensor<?x?xi64>, %m0: tensor<?x?xi1>, %table: tensor<9x8xf32>) -> tensor<?x8xf32> {
  %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %a = skim.attention %x, %x, %x mask %m0 : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 0.5 : f32} : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %t = onnx.Transpose %a {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  // expected-remark@+1 {{takes token states in another order}}
  %p = skim.pool first %t : tensor<?x?x8xf32> -> tensor<?x8xf32>
  return %p : tensor<?x8xf32>
}
