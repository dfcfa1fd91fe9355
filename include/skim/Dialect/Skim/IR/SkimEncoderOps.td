//===- SkimEncoderOps.td - ops that an encoder is made of --*- tablegen -*-===//
// Embedding, linear layers, normalisation, attention, pooling. Each takes
// states as a dense tensor or ragged.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMENCODEROPS_TD
#define SKIM_DIALECT_SKIM_IR_SKIMENCODEROPS_TD

include "skim/Dialect/Skim/IR/SkimOpBase.td"

def Skim_EmbedOp : Skim_PureOp<"embed", [AttrSizedOperandSegments]> {
  let summary = "Sum the rows of tables that ids select";
  let description = [{
    `result[t, h] = sum over k of tables[k][ids[k][b, s], h]`, where (b, s) is the
    sequence and the position of row t, the terms added in the order of the
    tables. A negative id counts from the table's end, as in ONNX `Gather`; an id
    outside the table is an error of the run.

    Operands: `ids`, one `[batch, sequence]` or `[1, sequence]` integer tensor for
    each table (the latter is the same for every sequence); `tables`
    `[V_k, H]`; `rows` says which positions are wanted, and is there exactly when
    the result is ragged.

    `counts` says for each table what its ids count, so that a sequence that is
    too long is refused as such, before anything is computed: n >= 0, position s
    has the id s + n; -1, nothing; -2, the tokens before a position.

    Constraints:
    - (C1) as many ids as tables, at least one
    - (C2) every table has the result's width H
    - (C3) `rows` present iff the result is ragged
    - (C4) as many counts as tables, each at least -2
  }];
  let arguments = (ins Variadic<Skim_Ids>:$ids, Variadic<Skim_Weight>:$tables,
                       Optional<Skim_RowsType>:$rows,
                       OptionalAttr<DenseI64ArrayAttr>:$counts);
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::ValueRange":$ids,
                                 "::mlir::ValueRange":$tables), [{
    build($_builder, $_state, result, ids, tables, ::mlir::Value(), nullptr);
  }]>];
  let results = (outs Skim_States:$result);
  let assemblyFormat = [{
    `(` $ids `)` `in` `(` $tables `)` (`rows` $rows^)? attr-dict `:`
    `(` type($ids) `)` `in` `(` type($tables) `)` `->` type($result)
  }];
  let hasVerifier = 1;
}

def Skim_LinearOp : Skim_PureOp<"linear", [AttrSizedOperandSegments]> {
  let summary = "Apply a linear layer with an activation and a residual";
  let description = [{
    `result[t, n] = act(sum over k of x[t, k] * W[k, n] + bias[n]) + residual[t, n]`,
    the sum taken with k ascending. W is `[K, N]`, or `[N, K]` with
    `transpose_weight`.

    Of a quantised model W are integers of 8 bits, with a scale and a zero point for
    each column. States are then rounded as ONNX' `DynamicQuantizeLinear` does, all
    rows of `input` by one scale s and one zero point z, from its least and its
    largest number, 0 among them; sums are of integers:

    `s = (max x - min x) / 255`, `z = round(-min x / s)`,
    `q[t, k] = clamp(round(x[t, k] / s) + z, 0, 255)`, ties to even,
    `result[t, n] = act(s * scale[n] * sum over k of (q[t, k] - z) * (W[k, n] -
    zero_point[n]) + bias[n]) + residual[t, n]`

    So every row depends on all others. Where max x - min x is below 2^-100 all x
    count as 0; where it is not finite the sums are NaN. With `input_scale` and
    `input_zero_point`, as ONNX' `QuantizeLinear` has them, these are s and z in q, rows
    are apart, and the result has no factor s: `scale` has it.

    Constraints:
    - (C1) the input's width is K
    - (C2) the bias has shape `[N]`
    - (C3) the result has the input's form and leading dimensions, and width N
    - (C4) the residual has the result's type
    - (C5) scale and zero point of shape `[N]` come with a weight of integers `[K, N]`,
      and only with one; zero points have its element type
    - (C6) `input_scale`, finite and at least 2^-100, and `input_zero_point`, from 0 to 255,
      come together, and only with a weight of integers
  }];
  let arguments = (ins Skim_States:$input, Skim_ByteWeight:$weight,
                       Optional<TensorRankOf<[F32], [1]>>:$weight_scale,
                       Optional<Skim_ZeroPoints>:$weight_zero_point,
                       Optional<Skim_Weight>:$bias, Optional<Skim_States>:$residual,
                       UnitAttr:$transpose_weight,
                       DefaultValuedAttr<Skim_Activation, "::skim::Activation::None">:$activation,
                       OptionalAttr<F32Attr>:$input_scale,
                       OptionalAttr<I64Attr>:$input_zero_point);
  let results = (outs Skim_States:$result);
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$input,
                                 "::mlir::Value":$weight, "::mlir::Value":$bias,
                                 "::mlir::Value":$residual, "bool":$transposeWeight,
                                 "::skim::Activation":$activation), [{
    build($_builder, $_state, result, input, weight, ::mlir::Value(), ::mlir::Value(), bias,
          residual, transposeWeight, activation, ::mlir::FloatAttr(), ::mlir::IntegerAttr());
  }]>];
  let assemblyFormat = [{
    $input `,` $weight (`scale` $weight_scale^ `zero_point` $weight_zero_point)?
    (`bias` $bias^)? (`residual` $residual^)? attr-dict `:` type($input) `,` type($weight)
    (`scale` type($weight_scale)^ `zero_point` type($weight_zero_point))?
    (`,` type($bias)^)? (`residual` type($residual)^)? `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Whether it multiplies a quantised model's integers.
    bool isQuantised() { return bool(getWeightScale()); }
    /// Whether rows depend on each other: it rounds them by their range.
    bool roundsByRange() { return isQuantised() && !getInputScale(); }
    /// Whether a layer may round by this scale: its inverse is finite.
    static bool isInputScale(float scale) {
      return std::isfinite(scale) && scale >= 0x1p-100f;
    }
  }];
  let hasVerifier = 1;
}

def Skim_MatmulOp : Skim_PureOp<"matmul"> {
  let summary = "Multiply matrices that are both computed";
  let description = [{
    `result[b, m, n] = sum over k of lhs[b, m, k] * rhs[b, k, n]`, a chain of fused
    multiply-adds with k ascending from +0. `convert-onnx-to-linalg` makes it of
    products that are no linear layer and no part of an attention.

    Constraints:
    - (C1) lhs is `[B, M, K]`, rhs `[B, K, N]`, the result `[B, M, N]`, where sizes are
      static
  }];
  let arguments = (ins TensorRankOf<[F32], [3]>:$lhs, TensorRankOf<[F32], [3]>:$rhs);
  let results = (outs TensorRankOf<[F32], [3]>:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Skim_NormOp : Skim_PureOp<"norm", [AllTypesMatch<["input", "result"]>]> {
  let summary = "Normalise each row";
  let description = [{
    layer: `result = (x - mean(x)) / sqrt(var(x) + epsilon) * scale + bias` over
    the last dimension, var the biased variance.
    rms: `result = x / sqrt(mean(x * x) + epsilon) * scale + bias`. With `heads`
    each of so many parts of a row, side by side, is normalised by itself.

    Constraints:
    - (C1) scale and bias have shape `[H / heads]`
    - (C2) heads divides the row's width H
  }];
  let arguments = (ins Skim_States:$input, Skim_Weight:$scale,
                       Optional<Skim_Weight>:$bias,
                       DefaultValuedAttr<Skim_NormKind, "::skim::NormKind::Layer">:$kind,
                       F32Attr:$epsilon, DefaultValuedAttr<I64Attr, "1">:$heads);
  let results = (outs Skim_States:$result);
  let assemblyFormat = [{
    $input `,` $scale (`bias` $bias^)? attr-dict `:` type($input) `,` type($scale)
    (`,` type($bias)^)?
  }];
  let hasVerifier = 1;
}

def Skim_ActivationOp : Skim_PureOp<"activation", [SameOperandsAndResultType, Elementwise]> {
  let summary = "Apply an activation to each element";
  let description = [{
    `result = act(x)`: relu `max(x, 0)`; gelu_erf `x / 2 * (1 + erf(x / sqrt 2))`;
    gelu_tanh `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`; tanh;
    sigmoid `1 / (1 + exp(-x))`; silu `x * sigmoid(x)`; gelu_quick
    `x * sigmoid(1.702 * x)`; none `x`.
  }];
  let arguments = (ins Skim_States:$input, Skim_Activation:$activation);
  let results = (outs Skim_States:$result);
  let assemblyFormat = "$activation $input attr-dict `:` type($input)";
}

def Skim_GluOp : Skim_PureOp<"glu"> {
  let summary = "Gate one half of each row by the activated other half";
  let description = [{
    With x = [a | b], both of width N: `result = act(a) * b`, or with `gate_last`
    `result = a * act(b)`.

    Constraints:
    - (C1) the input is twice as wide as the result and has its form
  }];
  let arguments = (ins Skim_States:$input, Skim_Activation:$activation, UnitAttr:$gate_last);
  let results = (outs Skim_States:$result);
  let assemblyFormat = "$activation $input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Skim_AddOp : Skim_PureOp<"add", [SameOperandsAndResultType, Commutative, Elementwise]> {
  let summary = "Add two states";
  let description = "`result = lhs + rhs`, element by element.";
  let arguments = (ins Skim_States:$lhs, Skim_States:$rhs);
  let results = (outs Skim_States:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Skim_MulOp : Skim_PureOp<"mul", [SameOperandsAndResultType, Commutative, Elementwise]> {
  let summary = "Multiply two states";
  let description = [{
    `result = lhs * rhs`, element by element: the gate of a feed-forward layer whose
    two halves are layers of their own.
  }];
  let arguments = (ins Skim_States:$lhs, Skim_States:$rhs);
  let results = (outs Skim_States:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Skim_AttentionOp : Skim_PureOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "Attend from query rows to key and value rows of the same sequence";
  let description = [{
    Within each sequence, for each head h of width D = query width / heads:

    `s[i, j] = scale * (sum over d of q[i, h, d] * k[j, g, d] + r[i, j]) + bias[b, h, i, j] + m[j]`,
    `result[i, h, :] = sum over j of softmax(s[i, :])[j] * v[j, g, :]`

    where g = h * kv_heads / heads. The head is the slow part of a row:
    column h * D + d.

    `key_mask [batch, sequence]` (true = token) gives m: 0 for a token, `fill` for
    every other position; without it m is 0. A row all of whose keys are masked, or
    have a bias of minus infinity, gives what `empty_keys` says: the softmax of the
    filled scores (uniform), zeros or NaN. With `mask_queries` every score of a query
    without a token is filled as well. `bias` broadcasts from `[1 or batch, 1 or
    heads, sequence, sequence]` by original positions. With
    `left_window` l only keys with i - j <= l take part, with `right_window` r only
    those with j - i <= r, by original position; with a mask too the others have the
    score `fill`. Causal attention has a `right_window` of 0. Rotary positions: `cos` and `sin`
    `[sequence, R]` (or `[1 or batch, sequence, R]`) turn the first R numbers of each
    query and key head before the product, halves against halves, or neighbours with
    `rotary_interleaved`.

    Disentangled positions (DeBERTa, He et al. 2021): r, else 0, is the sum of one or
    both of

    `r[i, j] = sum over d of q[i, h, d] * content_to_position[h, d, content_index[x]]`,
    `r[i, j] = sum over d of k[j, g, d] * position_to_content[h, d, position_index[x]]`,

    where x is i - j + sequence - 1 by original positions. A table `[heads, D, P]` has P
    projected positions for each head; its index, of 2 * sequence - 1 numbers from 0 to
    P - 1, says which of them a distance has.

    Queries may lie on fewer rows than keys and values: `rows` are those of the
    queries, `key_rows` those of keys and values when they differ.

    Constraints:
    - (C1) heads divides the query width, kv_heads divides heads
    - (C2) keys and values have kv_heads heads of the query's head width
    - (C3) the result has the query's type
    - (C4) `rows` present iff the query is ragged
    - (C5) cos and sin come together
    - (C6) cos and sin have one type, of two or three dimensions, and R is even and at
      most the head's width
    - (C7) each of the two tables comes with its index
    - (C8) a table is `[heads, D, P]` with P at least 1
    - (C9) neither window is negative
  }];
  let arguments = (ins Skim_States:$query, Skim_States:$key, Skim_States:$value,
                       Optional<Skim_Mask>:$key_mask,
                       Optional<RankedTensorOf<[F32]>>:$bias,
                       Optional<RankedTensorOf<[F32]>>:$cos,
                       Optional<RankedTensorOf<[F32]>>:$sin,
                       Optional<Skim_Weight>:$content_to_position,
                       Optional<TensorRankOf<[I64], [1]>>:$content_index,
                       Optional<Skim_Weight>:$position_to_content,
                       Optional<TensorRankOf<[I64], [1]>>:$position_index,
                       Optional<Skim_RowsType>:$rows,
                       Optional<Skim_RowsType>:$key_rows,
                       I64Attr:$heads, OptionalAttr<I64Attr>:$kv_heads, F32Attr:$scale,
                       OptionalAttr<F32Attr>:$fill,
                       DefaultValuedAttr<Skim_EmptyKeys, "::skim::EmptyKeys::Uniform">:$empty_keys,
                       OptionalAttr<I64Attr>:$left_window,
                       OptionalAttr<I64Attr>:$right_window,
                       UnitAttr:$rotary_interleaved, UnitAttr:$mask_queries);
  let results = (outs Skim_States:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $key_mask^ `:` type($key_mask))?
    (`bias` $bias^ `:` type($bias))?
    (`rotary` $cos^ `,` $sin `:` type($cos) `,` type($sin))?
    (`content_to_position` $content_to_position^ `at` $content_index `:`
     type($content_to_position) `,` type($content_index))?
    (`position_to_content` $position_to_content^ `at` $position_index `:`
     type($position_to_content) `,` type($position_index))?
    (`rows` $rows^)? (`key_rows` $key_rows^)?
    attr-dict `:` type($query) `,` type($key) `,` type($value) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// 2 x the multiply-adds of a query and a key, all heads: of the score, of
    /// the values, and of each table of positions.
    int64_t getFlopsPerPair();
  }];
  let hasVerifier = 1;
}

def Skim_PoolOp : Skim_PureOp<"pool", [AttrSizedOperandSegments]> {
  let summary = "Make one state for each sequence from its tokens' states";
  let description = [{
    first: the state of the sequence's first row. mean:
    `sum of the states / max(count, epsilon)`. max: the largest of each column.
    Over all rows of the sequence; in the dense form over the positions where
    `mask` is true (all without a mask; `first` reads position 0 whatever the
    mask). A sequence without rows gives zeros.

    Constraints:
    - (C1) the result is `[batch, H]` with the input's width H
    - (C2) `rows` present iff the input is ragged
  }];
  let arguments = (ins Skim_States:$input, Optional<Skim_Mask>:$mask,
                       Optional<Skim_RowsType>:$rows, Skim_PoolKind:$kind,
                       DefaultValuedAttr<F32Attr, "1.0e-9f">:$epsilon);
  let results = (outs TensorRankOf<[F32], [2]>:$result);
  let assemblyFormat = [{
    $kind $input (`mask` $mask^ `:` type($mask))? (`rows` $rows^)? attr-dict `:`
    type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Skim_L2NormalizeOp : Skim_PureOp<"l2_normalize", [SameOperandsAndResultType]> {
  let summary = "Scale each row to length one";
  let description = "`result = x / max(sqrt(sum of x * x), epsilon)` over the last dimension.";
  let arguments = (ins Skim_States:$input, F32Attr:$epsilon);
  let results = (outs Skim_States:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

#endif // SKIM_DIALECT_SKIM_IR_SKIMENCODEROPS_TD
