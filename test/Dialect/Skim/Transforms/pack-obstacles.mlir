// RUN: skim-opt %s -split-input-file -verify-diagnostics --pass-pipeline='builtin.module(func.func(skim-pack))' | FileCheck %s

// Each obstacle is named, and every position is computed then.
// CHECK-COUNT-9: skim.pack like
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
