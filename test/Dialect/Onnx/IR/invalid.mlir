// RUN: skim-opt %s -split-input-file -verify-diagnostics

func.func @Relu_expected_a_result_with_the_shape_of_the_operand_tensor_2x3xf(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a result with the shape of the operand, 'tensor<2x3xf32>', got 'tensor<2x4xf32>'}}
  %y = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @Add_expected_operand_shapes_that_broadcast(%x: tensor<2x3xf32>, %z: tensor<4x3xf32>) {
  // expected-error @below {{expected operand shapes that broadcast, got 2 and 4 in dimension -2}}
  %y = onnx.Add %x, %z : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @Add_expected_a_result_of_type_tensor_2x3xf32(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a result of type 'tensor<2x3xf32>', got 'tensor<2xf32>'}}
  %y = onnx.Add %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @Cast_expected_a_result_of_the_type_that_to_6_names(%x: tensor<2xi64>) {
  // expected-error @below {{expected a result of the type that 'to' = 6 names, got 'tensor<2xf32>'}}
  %y = onnx.Cast %x {to = 6 : i64} : (tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @Softmax_expected_an_axis_in_2_2(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected an axis in [-2, 2), got 2}}
  %y = onnx.Softmax %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @Gelu_expected_approximate_to_be_one_of_none_tanh(%x: tensor<2xf32>) {
  // expected-error @below {{expected 'approximate' to be one of none, tanh, got 'exact'}}
  %y = onnx.Gelu %x {approximate = "exact"} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @Clip_expected_one_element_as_min(%x: tensor<2xf32>) {
  // expected-error @below {{expected one element as 'min', got 'tensor<2xf32>'}}
  %y = onnx.Clip %x, %x, %x : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @Max_expected_at_least_one_operand() {
  // expected-error @below {{expected at least one operand, got none}}
  %y = onnx.Max : () -> tensor<2xf32>
  return
}

// -----

func.func @ReduceSum_expected_a_list_of_axes(%x: tensor<2xf32>, %s: tensor<1x1xi64>) {
  // expected-error @below {{expected a list of axes, got rank 2}}
  %y = onnx.ReduceSum %x, %s : (tensor<2xf32>, tensor<1x1xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @ReduceSum_expected_axes_in_1_1(%x: tensor<2xf32>) {
  %axes = onnx.Constant dense<1> : tensor<1xi64>
  // expected-error @below {{expected axes in [-1, 1), got 1}}
  %y = onnx.ReduceSum %x, %axes : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @Squeeze_expected_axes_that_differ(%x: tensor<2x1xf32>) {
  %axes = onnx.Constant dense<[1, -1]> : tensor<2xi64>
  // expected-error @below {{expected axes that differ, got -1 again}}
  %y = onnx.Squeeze %x, %axes : (tensor<2x1xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @Squeeze_expected_size_1_at_axis_1(%x: tensor<2x3xf32>) {
  %axes = onnx.Constant dense<1> : tensor<1xi64>
  // expected-error @below {{expected size 1 at axis 1, got 3}}
  %y = onnx.Squeeze %x, %axes : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @Reshape_expected_shape_of_rank_1(%x: tensor<2xf32>, %s: tensor<1x1xi64>) {
  // expected-error @below {{expected 'shape' of rank 1, got 2}}
  %y = onnx.Reshape %x, %s : (tensor<2xf32>, tensor<1x1xi64>) -> tensor<1x2xf32>
  return
}

// -----

func.func @Reshape_expected_sizes_of_1_or_more(%x: tensor<2xf32>) {
  %axes = onnx.Constant dense<[-2, 1]> : tensor<2xi64>
  // expected-error @below {{expected sizes of -1 or more, got -2}}
  %y = onnx.Reshape %x, %axes : (tensor<2xf32>, tensor<2xi64>) -> tensor<?x1xf32>
  return
}

// -----

func.func @Reshape_expected_at_most_one_size_of_1(%x: tensor<2xf32>) {
  %axes = onnx.Constant dense<[-1, -1]> : tensor<2xi64>
  // expected-error @below {{expected at most one size of -1, got 2}}
  %y = onnx.Reshape %x, %axes : (tensor<2xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @Reshape_expected_a_result_of_6_elements(%x: tensor<2x3xf32>, %s: tensor<2xi64>) {
  // expected-error @below {{expected a result of 6 elements, got 'tensor<4x2xf32>'}}
  %y = onnx.Reshape %x, %s : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x2xf32>
  return
}

// -----

func.func @Flatten_expected_an_axis_in_2_2(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected an axis in [-2, 2], got 3}}
  %y = onnx.Flatten %x {axis = 3 : i64} : (tensor<2x3xf32>) -> tensor<6x1xf32>
  return
}

// -----

func.func @Transpose_expected_perm_to_be_a_permutation_of_0_to_1(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected perm to be a permutation of 0 to 1, got [0, 0]}}
  %y = onnx.Transpose %x {perm = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @Transpose_expected_a_result_of_type_tensor_3x2xf32(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a result of type 'tensor<3x2xf32>', got 'tensor<2x3xf32>'}}
  %y = onnx.Transpose %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @Tile_expected_2_repeats(%x: tensor<2x3xf32>, %s: tensor<3xi64>) {
  // expected-error @below {{expected 2 repeats, got 3}}
  %y = onnx.Tile %x, %s : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @Concat_expected_operands_of_one_rank(%x: tensor<2x3xf32>, %z: tensor<2xf32>) {
  // expected-error @below {{expected operands of one rank, got 2 and 1}}
  %y = onnx.Concat %x, %z {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @Concat_expected_operands_of_one_size_in_dimension_1(%x: tensor<2x3xf32>, %z: tensor<2x4xf32>) {
  // expected-error @below {{expected operands of one size in dimension 1, got 3 and 4}}
  %y = onnx.Concat %x, %z {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @Split_expected_3_results(%x: tensor<6xf32>, %s: tensor<2xi64>) {
  // expected-error @below {{expected 3 results, got 2}}
  %y:2 = onnx.Split %x, %s {num_outputs = 3 : i64}
    : (tensor<6xf32>, tensor<2xi64>) -> (tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @Split_expected_2_sizes(%x: tensor<6xf32>) {
  %axes = onnx.Constant dense<[3, 2, 1]> : tensor<3xi64>
  // expected-error @below {{expected 2 sizes, got 3}}
  %y:2 = onnx.Split %x, %axes : (tensor<6xf32>, tensor<3xi64>) -> (tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

func.func @Split_expected_sizes_that_add_up_to_6(%x: tensor<6xf32>) {
  %axes = onnx.Constant dense<[3, 2]> : tensor<2xi64>
  // expected-error @below {{expected sizes that add up to 6, got 5}}
  %y:2 = onnx.Split %x, %axes : (tensor<6xf32>, tensor<2xi64>) -> (tensor<3xf32>, tensor<2xf32>)
  return
}

// -----

func.func @Slice_expected_lists_of_rank_1(%x: tensor<6xf32>, %s: tensor<i64>) {
  %none = onnx.None
  // expected-error @below {{expected lists of rank 1, got 0}}
  %y = onnx.Slice %x, %s, %s, %none, %none
    : (tensor<6xf32>, tensor<i64>, tensor<i64>, none, none) -> tensor<?xf32>
  return
}

// -----

func.func @Slice_expected_lists_of_one_length(%x: tensor<6x6xf32>, %s: tensor<1xi64>, %e: tensor<2xi64>) {
  %none = onnx.None
  // expected-error @below {{expected lists of one length, got 1 and 2}}
  %y = onnx.Slice %x, %s, %e, %none, %none
    : (tensor<6x6xf32>, tensor<1xi64>, tensor<2xi64>, none, none) -> tensor<?x6xf32>
  return
}

// -----

func.func @Slice_expected_steps_other_than_0(%x: tensor<6xf32>, %s: tensor<1xi64>) {
  %axes = onnx.Constant dense<0> : tensor<1xi64>
  %none = onnx.None
  // expected-error @below {{expected steps other than 0}}
  %y = onnx.Slice %x, %s, %s, %none, %axes
    : (tensor<6xf32>, tensor<1xi64>, tensor<1xi64>, none, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @Pad_expected_two_pads_for_each_axis_1_axes(%x: tensor<6xf32>, %s: tensor<3xi64>) {
  %none = onnx.None
  // expected-error @below {{expected two pads for each axis (1 axes), got 'tensor<3xi64>'}}
  %y = onnx.Pad %x, %s, %none, %none : (tensor<6xf32>, tensor<3xi64>, none, none) -> tensor<?xf32>
  return
}

// -----

func.func @GatherND_expected_batch_dims_of_0_or_more_below_both_ranks_2_and_2(%x: tensor<6x2xf32>, %s: tensor<1x1xi64>) {
  // expected-error @below {{expected batch_dims of 0 or more, below both ranks (2 and 2), got 2}}
  %y = onnx.GatherND %x, %s {batch_dims = 2 : i64} : (tensor<6x2xf32>, tensor<1x1xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @GatherND_expected_indices_into_at_most_2_dimensions(%x: tensor<6x2xf32>, %s: tensor<1x3xi64>) {
  // expected-error @below {{expected indices into at most 2 dimensions, got 3}}
  %y = onnx.GatherND %x, %s : (tensor<6x2xf32>, tensor<1x3xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @ScatterElements_expected_updates_of_the_indices_shape(%x: tensor<6xf32>, %s: tensor<3xi64>, %u: tensor<2xf32>) {
  // expected-error @below {{expected updates of the indices' shape, got 'tensor<2xf32>' for 'tensor<3xi64>'}}
  %y = onnx.ScatterElements %x, %s, %u : (tensor<6xf32>, tensor<3xi64>, tensor<2xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @OneHot_expected_two_values(%x: tensor<6xi64>, %d: tensor<i64>, %v: tensor<3xf32>) {
  // expected-error @below {{expected two values, got 'tensor<3xf32>'}}
  %y = onnx.OneHot %x, %d, %v : (tensor<6xi64>, tensor<i64>, tensor<3xf32>) -> tensor<6x?xf32>
  return
}

// -----

func.func @OneHot_expected_an_axis_in_2_1(%x: tensor<6xi64>, %d: tensor<i64>, %v: tensor<2xf32>) {
  // expected-error @below {{expected an axis in [-2, 1], got 2}}
  %y = onnx.OneHot %x, %d, %v {axis = 2 : i64} : (tensor<6xi64>, tensor<i64>, tensor<2xf32>) -> tensor<6x?xf32>
  return
}

// -----

func.func @ConstantOfShape_expected_a_value_of_one_element(%s: tensor<1xi64>) {
  // expected-error @below {{expected a value of one element, got 2}}
  %y = onnx.ConstantOfShape %s {value = dense<1> : tensor<2xi64>} : (tensor<1xi64>) -> tensor<?xi64>
  return
}

// -----

func.func @ConstantOfShape_expected_a_value_of_the_result_s_element_type_f32(%s: tensor<1xi64>) {
  // expected-error @below {{expected a value of the result's element type 'f32', got 'i64'}}
  %y = onnx.ConstantOfShape %s {value = dense<1> : tensor<1xi64>} : (tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @Trilu_expected_an_operand_of_rank_2_or_more(%x: tensor<6xf32>) {
  %none = onnx.None
  // expected-error @below {{expected an operand of rank 2 or more, got 1}}
  %y = onnx.Trilu %x, %none : (tensor<6xf32>, none) -> tensor<6xf32>
  return
}

// -----

func.func @MatMul_expected_operands_of_rank_1_or_more(%x: tensor<f32>, %z: tensor<2x3xf32>) {
  // expected-error @below {{expected operands of rank 1 or more, got 0}}
  %y = onnx.MatMul %x, %z : (tensor<f32>, tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @MatMul_expected_inner_dimensions_that_agree(%x: tensor<4x2xf32>, %z: tensor<5x3xf32>) {
  // expected-error @below {{expected inner dimensions that agree, got 2 and 5}}
  %y = onnx.MatMul %x, %z : (tensor<4x2xf32>, tensor<5x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @Gemm_expected_inner_dimensions_that_agree(%x: tensor<2x4xf32>, %z: tensor<2x3xf32>) {
  %none = onnx.None
  // expected-error @below {{expected inner dimensions that agree, got 4 and 2}}
  %y = onnx.Gemm %x, %z, %none : (tensor<2x4xf32>, tensor<2x3xf32>, none) -> tensor<2x3xf32>
  return
}

// -----

func.func @Gemm_expected_c_of_rank_2_or_less(%x: tensor<2x2xf32>, %z: tensor<2x2x2xf32>) {
  // expected-error @below {{expected 'C' of rank 2 or less, got 3}}
  %y = onnx.Gemm %x, %x, %z : (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @Gemm_expected_c_with_rows_of_2_or_1(%x: tensor<2x2xf32>, %z: tensor<3xf32>) {
  // expected-error @below {{expected 'C' with rows of 2 or 1, got 3}}
  %y = onnx.Gemm %x, %x, %z : (tensor<2x2xf32>, tensor<2x2xf32>, tensor<3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @Einsum_expected_an_equation_of_1_terms(%x: tensor<2x2xf32>) {
  // expected-error @below {{expected an equation of 1 terms, got 2}}
  %y = onnx.Einsum %x {equation = "ij,jk->ik"} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @Einsum_expected_rank_3_for_the_term_ijk(%x: tensor<2x2xf32>) {
  // expected-error @below {{expected rank 3 for the term 'ijk', got 2}}
  %y = onnx.Einsum %x {equation = "ijk->ik"} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @LayerNormalization_expected_a_scale_of_4_elements(%x: tensor<2x4xf32>, %s: tensor<3xf32>) {
  %none = onnx.None
  // expected-error @below {{expected a scale of 4 elements, got 3}}
  %y:3 = onnx.LayerNormalization %x, %s, %none
    : (tensor<2x4xf32>, tensor<3xf32>, none) -> (tensor<2x4xf32>, none, none)
  return
}

// -----

func.func @LpNormalization_expected_p_of_1_or_2(%x: tensor<2xf32>) {
  // expected-error @below {{expected p of 1 or 2, got 3}}
  %y = onnx.LpNormalization %x {p = 3 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @Attention_expected_q_of_rank_3_or_4(%x: tensor<2x3xf32>) {
  %none = onnx.None
  // expected-error @below {{expected 'Q' of rank 3 or 4, got 2}}
  %y:4 = onnx.Attention %x, %x, %x, %none, %none, %none, %none
    : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, none, none, none, none) -> (tensor<2x3xf32>, none, none, none)
  return
}

// -----

func.func @Attention_expected_q_num_heads_and_kv_num_heads_with_states_of_rank_3(%x: tensor<1x2x3xf32>) {
  %none = onnx.None
  // expected-error @below {{expected q_num_heads and kv_num_heads with states of rank 3}}
  %y:4 = onnx.Attention %x, %x, %x, %none, %none, %none, %none
    : (tensor<1x2x3xf32>, tensor<1x2x3xf32>, tensor<1x2x3xf32>, none, none, none, none) -> (tensor<1x2x3xf32>, none, none, none)
  return
}

// -----

func.func @RotaryEmbedding_expected_x_of_rank_3_or_4(%x: tensor<2x3xf32>, %c: tensor<9x2xf32>) {
  %none = onnx.None
  // expected-error @below {{expected 'X' of rank 3 or 4, got 2}}
  %y = onnx.RotaryEmbedding %x, %c, %c, %none
    : (tensor<2x3xf32>, tensor<9x2xf32>, tensor<9x2xf32>, none) -> tensor<2x3xf32>
  return
}

// -----

func.func @RotaryEmbedding_expected_num_heads_with_states_of_rank_3(%x: tensor<1x2x4xf32>, %c: tensor<9x2xf32>) {
  %none = onnx.None
  // expected-error @below {{expected num_heads with states of rank 3}}
  %y = onnx.RotaryEmbedding %x, %c, %c, %none
    : (tensor<1x2x4xf32>, tensor<9x2xf32>, tensor<9x2xf32>, none) -> tensor<1x2x4xf32>
  return
}

// -----

func.func @ms_FusedMatMul_expected_operands_of_rank_1_or_more(%x: tensor<4xf32>, %z: tensor<f32>) {
  // expected-error @below {{expected operands of rank 1 or more, got 0}}
  %y = onnx.ms.FusedMatMul %x, %z : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return
}

// -----

func.func @ms_FusedMatMul_expected_inner_dimensions_that_agree(%x: tensor<4x2xf32>) {
  // expected-error @below {{expected inner dimensions that agree, got 2 and 4}}
  %y = onnx.ms.FusedMatMul %x, %x : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @ms_MultiHeadAttention_expected_num_heads_of_1_or_more(%x: tensor<1x4x8xf32>) {
  %none = onnx.None
  // expected-error @below {{expected num_heads of 1 or more, got 0}}
  %y:3 = onnx.ms.MultiHeadAttention %x, %none, %none, %none, %none, %none, %none, %none {num_heads = 0 : i64}
    : (tensor<1x4x8xf32>, none, none, none, none, none, none, none) -> (tensor<1x4x8xf32>, none, none)
  return
}

// -----

func.func @ms_RotaryEmbedding_expected_cos_cache_of_rank_2(%x: tensor<1x4x8xf32>, %p: tensor<1x4xi64>, %c: tensor<1x4x2xf32>) {
  // expected-error @below {{expected 'cos_cache' of rank 2, got 3}}
  %y = onnx.ms.RotaryEmbedding %x, %p, %c, %c : (tensor<1x4x8xf32>, tensor<1x4xi64>, tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @Conv_rank(%x: tensor<2x4xf32>, %w: tensor<6x4xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected 'X' of rank 3 or more, got 2}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @Conv_rank_of_weights(%x: tensor<2x4x9xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected 'W' of rank 3, got 4}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4x9xf32>, tensor<6x4x3x3xf32>, tensor<6xf32>) -> tensor<2x6x7xf32>
  return
}

// -----

func.func @Conv_strides(%x: tensor<2x4x9xf32>, %w: tensor<6x4x3xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected 1 strides, got 2}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 1, 1>} : (tensor<2x4x9xf32>, tensor<6x4x3xf32>, tensor<6xf32>) -> tensor<2x6x7xf32>
  return
}

// -----

func.func @Conv_dilations(%x: tensor<2x4x9xf32>, %w: tensor<6x4x3xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected dilations of at least 1, got 0}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 0>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4x9xf32>, tensor<6x4x3xf32>, tensor<6xf32>) -> tensor<2x6x7xf32>
  return
}

// -----

func.func @Conv_pads(%x: tensor<2x4x9xf32>, %w: tensor<6x4x3xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected pads of at least 0, got -1}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1>, pads = array<i64: 0, -1>, strides = array<i64: 1>} : (tensor<2x4x9xf32>, tensor<6x4x3xf32>, tensor<6xf32>) -> tensor<2x6x7xf32>
  return
}

// -----

func.func @Conv_largest_dilations(%x: tensor<2x4x9xf32>, %w: tensor<6x4x3xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected dilations of at most 2147483647, got 4611686018427387904}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 4611686018427387904>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4x9xf32>, tensor<6x4x3xf32>, tensor<6xf32>) -> tensor<2x6x7xf32>
  return
}

// -----

func.func @Conv_group(%x: tensor<2x16x9xf32>, %w: tensor<6x4x3xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected a group that divides 6 channels, got 4}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1>, group = 4 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x16x9xf32>, tensor<6x4x3xf32>, tensor<6xf32>) -> tensor<2x6x7xf32>
  return
}

// -----

func.func @Conv_channels(%x: tensor<2x4x9xf32>, %w: tensor<6x4x3xf32>, %b: tensor<6xf32>) {
  // expected-error @below {{expected 8 channels of 'X', got 4}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4x9xf32>, tensor<6x4x3xf32>, tensor<6xf32>) -> tensor<2x6x7xf32>
  return
}

// -----

func.func @Conv_bias(%x: tensor<2x4x9xf32>, %w: tensor<6x4x3xf32>, %b: tensor<5xf32>) {
  // expected-error @below {{expected 'B' of 6 elements, got 'tensor<5xf32>'}}
  %y = onnx.Conv %x, %w, %b {dilations = array<i64: 1>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4x9xf32>, tensor<6x4x3xf32>, tensor<5xf32>) -> tensor<2x6x7xf32>
  return
}

// -----

func.func @FitsWindow_spans(%x: tensor<2x?x16xf32>) {
  // expected-error @below {{expected 1 spans, got 2}}
  %y = onnx.FitsWindow %x {axes = array<i64: 1>, spans = array<i64: 4, 4>} : (tensor<2x?x16xf32>) -> tensor<2x?x16xf32>
  return
}

// -----

func.func @FitsWindow_axes(%x: tensor<2x?x16xf32>) {
  // expected-error @below {{expected an axis in [-3, 3), got 3}}
  %y = onnx.FitsWindow %x {axes = array<i64: 3>, spans = array<i64: 4>} : (tensor<2x?x16xf32>) -> tensor<2x?x16xf32>
  return
}

// -----

func.func @MaxPool_rank(%x: tensor<2x4xf32>) {
  // expected-error @below {{expected 'X' of rank 3 or more, got 2}}
  %y = onnx.MaxPool %x {dilations = array<i64: 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @MaxPool_window(%x: tensor<2x4x9x9xf32>) {
  // expected-error @below {{expected 2 kernel_shape, got 1}}
  %y = onnx.MaxPool %x {dilations = array<i64: 1, 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<2x4x9x9xf32>) -> tensor<2x4x8x8xf32>
  return
}

// -----

func.func @AveragePool_strides(%x: tensor<2x4x9xf32>) {
  // expected-error @below {{expected strides of at least 1, got 0}}
  %y = onnx.AveragePool %x {dilations = array<i64: 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>, strides = array<i64: 0>} : (tensor<2x4x9xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @AveragePool_pads(%x: tensor<2x4x9xf32>) {
  // expected-error @below {{expected pads of less than the window's 3 positions, got 3}}
  %y = onnx.AveragePool %x {dilations = array<i64: 2>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 3>, strides = array<i64: 1>} : (tensor<2x4x9xf32>) -> tensor<2x4x10xf32>
  return
}

// -----

func.func @Resize_none(%x: tensor<2x4x9xf32>) {
  %none = onnx.None
  // expected-error @below {{expected either 'sizes' or 'scales', got none}}
  %y = onnx.Resize %x, %none, %none : (tensor<2x4x9xf32>, none, none) -> tensor<2x4x9xf32>
  return
}

// -----

func.func @Resize_both(%x: tensor<2x4x9xf32>, %scales: tensor<3xf32>, %sizes: tensor<3xi64>) {
  %none = onnx.None
  // expected-error @below {{expected either 'sizes' or 'scales', got both}}
  %y = onnx.Resize %x, %scales, %sizes : (tensor<2x4x9xf32>, tensor<3xf32>, tensor<3xi64>) -> tensor<2x4x18xf32>
  return
}

// -----

func.func @Resize_sizes(%x: tensor<2x4x9xf32>, %sizes: tensor<3xi64>) {
  %none = onnx.None
  // expected-error @below {{expected 1 sizes, one for each axis, got 'tensor<3xi64>'}}
  %y = onnx.Resize %x, %none, %sizes {axes = array<i64: 2>} : (tensor<2x4x9xf32>, none, tensor<3xi64>) -> tensor<2x4x?xf32>
  return
}

// -----

func.func @Resize_scales(%x: tensor<2x4x9xf32>, %scales: tensor<2xf32>) {
  %none = onnx.None
  // expected-error @below {{expected 3 scales, one for each axis, got 'tensor<2xf32>'}}
  %y = onnx.Resize %x, %scales, %none : (tensor<2x4x9xf32>, tensor<2xf32>, none) -> tensor<2x4x?xf32>
  return
}

// -----

func.func @Resize_scale(%x: tensor<2x4x9xf32>) {
  %none = onnx.None
  %scales = onnx.Constant dense<0.0> : tensor<1xf32>
  // expected-error @below {{expected finite scales greater than 0, got 0.000000e+00}}
  %y = onnx.Resize %x, %scales, %none {axes = array<i64: 2>} : (tensor<2x4x9xf32>, tensor<1xf32>, none) -> tensor<2x4x?xf32>
  return
}

// -----

func.func @Resize_axis(%x: tensor<2x4x9xf32>) {
  %none = onnx.None
  %scales = onnx.Constant dense<2.0> : tensor<1xf32>
  // expected-error @below {{expected an axis in [-3, 3), got 3}}
  %y = onnx.Resize %x, %scales, %none {axes = array<i64: 3>} : (tensor<2x4x9xf32>, tensor<1xf32>, none) -> tensor<2x4x?xf32>
  return
}

// -----

func.func @Resize_mode(%x: tensor<2x4x9xf32>) {
  %none = onnx.None
  %scales = onnx.Constant dense<2.0> : tensor<1xf32>
  // expected-error @below {{expected 'mode' to be one of nearest, linear, cubic, got 'area'}}
  %y = onnx.Resize %x, %scales, %none {axes = array<i64: 2>, mode = "area"} : (tensor<2x4x9xf32>, tensor<1xf32>, none) -> tensor<2x4x18xf32>
  return
}

// -----

func.func @Resize_integers(%x: tensor<2x4x9xi32>) {
  %none = onnx.None
  %scales = onnx.Constant dense<2.0> : tensor<1xf32>
  // expected-error @below {{expected elements of floats for the mode 'linear', got 'i32'}}
  %y = onnx.Resize %x, %scales, %none {axes = array<i64: 2>, mode = "linear"} : (tensor<2x4x9xi32>, tensor<1xf32>, none) -> tensor<2x4x18xi32>
  return
}

// -----

// quantize_linear_c1
func.func @QuantizeLinear_expected_an_axis(%x: tensor<4xf32>, %scale: tensor<4xf32>) {
  %none = onnx.None
  // expected-error @below {{expected an axis in [-1, 1), got 1}}
  %y = onnx.QuantizeLinear %x, %scale, %none : (tensor<4xf32>, tensor<4xf32>, none) -> tensor<4xui8>
  return
}

// -----

// quantize_linear_c2
func.func @QuantizeLinear_expected_a_block_size_of_0_or_more(%x: tensor<4xf32>, %scale: tensor<4xf32>) {
  %none = onnx.None
  // expected-error @below {{expected a block_size of 0 or more, got -2}}
  %y = onnx.QuantizeLinear %x, %scale, %none {axis = 0 : i64, block_size = -2 : i64} : (tensor<4xf32>, tensor<4xf32>, none) -> tensor<4xui8>
  return
}

// -----

// dequantize_linear_c3
func.func @DequantizeLinear_expected_scales_of_rank_0_or_1(%x: tensor<4x6xi8>, %scale: tensor<4x6xf32>) {
  %none = onnx.None
  // expected-error @below {{expected 'x_scale' of rank 0 or 1, got 2}}
  %y = onnx.DequantizeLinear %x, %scale, %none : (tensor<4x6xi8>, tensor<4x6xf32>, none) -> tensor<4x6xf32>
  return
}

// -----

// dequantize_linear_c3
func.func @DequantizeLinear_expected_a_zero_point_for_each_index(%x: tensor<4x6xi8>, %scale: tensor<6xf32>, %zero: tensor<2xi8>) {
  // expected-error @below {{expected 1 or 6 elements of 'x_zero_point', got 2}}
  %y = onnx.DequantizeLinear %x, %scale, %zero : (tensor<4x6xi8>, tensor<6xf32>, tensor<2xi8>) -> tensor<4x6xf32>
  return
}

// -----

// dequantize_linear_c4
func.func @DequantizeLinear_expected_scales_of_rank_2(%x: tensor<4x6xi8>, %scale: tensor<3xf32>) {
  %none = onnx.None
  // expected-error @below {{expected 'x_scale' of rank 2, got 1}}
  %y = onnx.DequantizeLinear %x, %scale, %none {block_size = 2 : i64} : (tensor<4x6xi8>, tensor<3xf32>, none) -> tensor<4x6xf32>
  return
}

// -----

// quantize_linear_c4
func.func @QuantizeLinear_expected_a_scale_for_each_block(%x: tensor<4x7xf32>, %scale: tensor<4x3xf32>) {
  %none = onnx.None
  // expected-error @below {{expected 4 elements of 'y_scale' in dimension 1, got 3}}
  %y = onnx.QuantizeLinear %x, %scale, %none {block_size = 2 : i64} : (tensor<4x7xf32>, tensor<4x3xf32>, none) -> tensor<4x7xui8>
  return
}
