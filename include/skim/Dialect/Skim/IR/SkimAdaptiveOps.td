//===- SkimAdaptiveOps.td - ops that skip what does not matter -*- tablegen -*-//
// Token importance and pruning, block scores and skipping, early exit. Each
// carries its semantics in attributes, not in its name.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMADAPTIVEOPS_TD
#define SKIM_DIALECT_SKIM_IR_SKIMADAPTIVEOPS_TD

include "skim/Dialect/Skim/IR/SkimOpBase.td"

// One number for each row.
def Skim_RowValues : Type<
  CPred<"::llvm::isa<::skim::RaggedType>($_self) && "
        "::llvm::cast<::skim::RaggedType>($_self).getWidth() == 1">,
  "ragged values, one a row", "::skim::RaggedType">;

// One row for each sequence.
def Skim_SequenceStates : TensorRankOf<[F32], [2]>;

def Skim_TokenImportanceOp : Skim_PureOp<"token_importance"> {
  let summary = "Sum the attention that each token receives";
  let description = [{
    With A the probabilities of the attention over the n rows of a sequence, for
    each head:

    `result[j] = sum over h, i of A[h, i, j] / (heads * N)`

    where N is `denominator_tokens`, or n without it. Learned token pruning divides
    by the padded length of training, so N must not follow the live tokens there.
    Source: LTP (arXiv 2107.00910).

    It names the query and the key of an attention op and is computed in its pass,
    with all that this op says of positions: nothing of size n x n is stored.

    Constraints:
    - (C1) heads divides the query width, kv_heads divides heads
    - (C2) denominator_tokens is positive
  }];
  let arguments = (ins Skim_RaggedType:$query, Skim_RaggedType:$key, Skim_RowsType:$rows,
                       I64Attr:$heads, OptionalAttr<I64Attr>:$kv_heads, F32Attr:$scale,
                       OptionalAttr<I64Attr>:$denominator_tokens);
  let results = (outs Skim_RowValues:$result);
  let assemblyFormat = [{
    $query `,` $key `rows` $rows attr-dict `:` type($query) `,` type($key) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Skim_PruneOp : Skim_PureOp<"prune", [AttrSizedOperandSegments, AttrSizedResultSegments]> {
  let summary = "Take tokens of low importance out of the batch";
  let description = [{
    Row t is cut when the scale s of the run is above 0 and
    `importance[t] < max(floor, s * threshold)`, strictly, and t's index among its
    sequence's tokens at entry is not in `protect`. When every row of a sequence
    would be cut, the one of highest importance stays, the first at a tie.

    Gives the rows that stay, in their order, and `states` over these rows. With
    `held`, states over the rows at entry, it also gives `held` with `last[t]` at
    the entry row of each cut t: what a sequence output reads there.

    `layer` is the encoder layer that the threshold belongs to, `place` says where
    in it the cut takes effect.

    Canonical: states, and `held`, that nothing reads behind it are left out; with a
    threshold and a floor of 0 it cuts nothing and goes.

    Constraints:
    - (C1) results are a state for each of `states`, of the same type
    - (C2) `held` and `last` come together, have the same type, and then there is a
      result for them
    - (C3) threshold and floor are finite and not negative
    - (C4) protect ascends from 0 or more
  }];
  let arguments = (ins Skim_RowValues:$importance, Skim_RowsType:$rows,
                       Variadic<Skim_RaggedType>:$states,
                       Optional<Skim_RaggedType>:$held, Optional<Skim_RaggedType>:$last,
                       F32Attr:$threshold, DefaultValuedAttr<F32Attr, "1.0e-5f">:$floor,
                       DenseI64ArrayAttr:$protect, Skim_Place:$place, I64Attr:$layer);
  let results = (outs Skim_RowsType:$kept, Variadic<Skim_RaggedType>:$results,
                      Optional<Skim_RaggedType>:$held_result);
  let assemblyFormat = [{
    $importance `rows` $rows `states` `(` $states `)` (`held` $held^ `from` $last)?
    attr-dict `:` type($importance) `,` `(` type($states) `)`
    (`held` type($held)^ `from` type($last))? `->` type($kept) `,` `(` type($results) `)`
    (`held` type($held_result)^)?
  }];
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Skim_BlockScoresOp : Skim_PureOp<"block_scores"> {
  let summary = "Score blocks of tokens by their attention among themselves";
  let description = [{
    The rows of a sequence in order form blocks of `block_size`, the last one
    possibly shorter. Each diagonal block of A (see `skim.token_importance`), with
    heads as channels and zeros where there is no token, goes through
    conv 3x3 (padding 1), ReLU, average pooling 2, the same again, and a linear
    layer to two numbers; batch norms are folded into the convolutions. The result
    of every row of the block is softmax(numbers)[1]. Source: Block-Skim
    (AAAI 2022).

    Constraints:
    - (C1) heads divides the query width, kv_heads divides heads
    - (C2) block_size is a positive multiple of 4
    - (C3) convolutions are `[heads, heads, 3, 3]` with biases `[heads]`
    - (C4) the linear layer is `[2, heads * block_size^2 / 16]` with a bias `[2]`
  }];
  let arguments = (ins Skim_RaggedType:$query, Skim_RaggedType:$key, Skim_RowsType:$rows,
                       Skim_Weight:$conv1, Skim_Weight:$bias1,
                       Skim_Weight:$conv2, Skim_Weight:$bias2,
                       Skim_Weight:$linear, Skim_Weight:$bias3,
                       I64Attr:$heads, OptionalAttr<I64Attr>:$kv_heads, F32Attr:$scale,
                       I64Attr:$block_size);
  let results = (outs Skim_RowValues:$result);
  let assemblyFormat = [{
    $query `,` $key `rows` $rows `conv` $conv1 `,` $bias1 `conv` $conv2 `,` $bias2
    `linear` $linear `,` $bias3 attr-dict `:` type(operands) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Skim_SkipBlocksOp : Skim_PureOp<"skip_blocks", [AttrSizedOperandSegments, AttrSizedResultSegments]> {
  let summary = "Take blocks of tokens of low score out of the batch";
  let description = [{
    The rows `score_rows` of a sequence form blocks as in `skim.block_scores`. A
    block stays when its score is at least `threshold`, or one of its rows is
    protected, by its index at entry in `protect` or by its segment in
    `protect_segments`. Of `rows`, which are some of `score_rows`, those in blocks
    that do not stay are cut. When a sequence would lose all its rows, the block of
    highest score among those that still hold one of `rows` stays, the first at a
    tie. With `batch_align` max every sequence keeps as many blocks, those of
    highest score, as the sequence of the batch that keeps most.

    `segments` are the model's segment ids, `[batch, sequence]` at entry; only
    `protect_segments` needs them.

    States, `held` and `last` are as in `skim.prune`.

    Canonical: states, and `held`, that nothing reads behind it are left out.

    Constraints:
    - (C1) results are a state for each of `states`, of the same type
    - (C2) `held` and `last` come together, have the same type, and then there is a
      result for them
    - (C3) block_size is a positive multiple of 4
    - (C4) threshold is finite and not negative
    - (C5) protect ascends from 0 or more
    - (C6) `segments` present iff `protect_segments` names one
  }];
  let arguments = (ins Skim_RowValues:$scores, Skim_RowsType:$score_rows, Skim_RowsType:$rows,
                       Variadic<Skim_RaggedType>:$states,
                       Optional<Skim_RaggedType>:$held, Optional<Skim_RaggedType>:$last,
                       Optional<TensorRankOf<[I64, I32], [2]>>:$segments,
                       I64Attr:$block_size, F32Attr:$threshold,
                       DefaultValuedAttr<Skim_BatchAlign, "::skim::BatchAlign::None">:$batch_align,
                       DenseI64ArrayAttr:$protect, DenseI64ArrayAttr:$protect_segments,
                       I64Attr:$layer);
  let results = (outs Skim_RowsType:$kept, Variadic<Skim_RaggedType>:$results,
                      Optional<Skim_RaggedType>:$held_result);
  let assemblyFormat = [{
    $scores `score_rows` $score_rows `rows` $rows `states` `(` $states `)`
    (`held` $held^ `from` $last)? (`segments` $segments^ `:` type($segments))?
    attr-dict `:` type($scores) `,` `(` type($states) `)`
    (`held` type($held)^ `from` type($last))? `->` type($kept) `,` `(` type($results) `)`
    (`held` type($held_result)^)?
  }];
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Skim_EarlyExitOp : Skim_Op<"early_exit", [
    RecursiveMemoryEffects, SingleBlock]> {
  let summary = "Let sequences leave whose answer is sure enough";
  let description = [{
    With p = softmax(logits[b] / temperature) over C classes, sequence b exits when

    - entropy: `-sum of p ln p < threshold` (nats)
    - normalised_entropy: `-sum of p ln p / ln C < threshold`
    - max_probability: `max p >= threshold`
    - patience: the argmax (the lowest class at a tie) has been the same for
      `threshold` exits in a row; never where threshold is 0

    (an entropy threshold of 0 never exits). Counting for patience begins at the
    exit that is `first`. The region is the rest of the network: its arguments are
    the rows and states of the sequences that go on, and it yields their logits.
    States are ragged, or hold a row for each sequence. The result holds, in the order of the batch, `logits[b]` of a
    sequence that exits here and what the region yields for one that goes on. The
    region is not run when no sequence is left. Sources: FastBERT (ACL 2020),
    DeeBERT (ACL 2020), PABEE (NeurIPS 2020), The Right Tool for the Job (ACL 2020).

    Canonical: a state that the region does not read is left out, and one that it
    takes twice is taken once.

    Constraints:
    - (C1) the region's arguments have the types of rows and states, those of a row
      for each sequence for any number of sequences
    - (C2) the result has the type of the logits, the region yields one value of
      as many classes for any number of sequences
    - (C3) threshold is finite and not negative, temperature positive
    - (C4) with patience the threshold is a whole number
    - (C5) the region reads no rows and ragged states but its own
  }];
  let arguments = (ins Skim_SequenceStates:$logits, Skim_RowsType:$rows,
                       Variadic<AnyTypeOf<[Skim_RaggedType, Skim_SequenceStates]>>:$states,
                       Skim_Criterion:$criterion, F32Attr:$threshold,
                       DefaultValuedAttr<F32Attr, "1.0f">:$temperature, I64Attr:$layer,
                       UnitAttr:$first);
  let regions = (region SizedRegion<1>:$continuation);
  let results = (outs Skim_SequenceStates:$result);
  let assemblyFormat = [{
    $criterion $logits `rows` $rows `states` `(` $states `)` attr-dict `:`
    type($logits) `,` type($rows) `,` `(` type($states) `)` `->` type($result)
    $continuation
  }];
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Skim_YieldOp : Skim_Op<"yield", [Pure, Terminator, ParentOneOf<["EarlyExitOp"]>]> {
  let summary = "Give the values of a region";
  let description = "Ends the region of `skim.early_exit` with the logits of the sequences that went on.";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Skim_EmptyStatesOp : Skim_PureOp<"empty_states"> {
  let summary = "Make states whose contents are not defined yet";
  let description = [{
    States over the rows at entry that cuts and `skim.hold` fill: where held states
    begin. Every entry row is written by one of them before it is read.
  }];
  let arguments = (ins Skim_RowsType:$rows);
  let results = (outs Skim_RaggedType:$result);
  let assemblyFormat = "`rows` $rows attr-dict `:` type($result)";
}

def Skim_HoldOp : Skim_PureOp<"hold", [AllTypesMatch<["held", "state", "result"]>]> {
  let summary = "Put the states of the tokens that are left to those of the others";
  let description = [{
    `result[e(t)] = state[t]` for every row t of `rows`, e(t) being its row at
    entry, and `held` at all other rows. At the end of the network every entry row
    then has the last state of its token.

    Folds to `state` where all rows at entry are left and nothing was held before.
  }];
  let arguments = (ins Skim_RaggedType:$held, Skim_RaggedType:$state, Skim_RowsType:$rows);
  let results = (outs Skim_RaggedType:$result);
  let hasFolder = 1;
  let assemblyFormat = "$held `,` $state `rows` $rows attr-dict `:` type($result)";
}

def Skim_FirstRowsOp : Skim_PureOp<"first_rows"> {
  let summary = "Take the first row of each sequence";
  let description = [{
    Gives the first row of each sequence that has one, and `states` over these rows.

    Canonical: states that nothing reads are left out; first rows of first rows go.

    Constraints:
    - (C1) results are a state for each of `states`, of the same type
  }];
  let arguments = (ins Skim_RowsType:$rows, Variadic<Skim_RaggedType>:$states);
  let results = (outs Skim_RowsType:$kept, Variadic<Skim_RaggedType>:$results);
  let assemblyFormat = [{
    $rows `states` `(` $states `)` attr-dict `:` `(` type($states) `)` `->`
    type($kept) `,` `(` type($results) `)`
  }];
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Skim_WeightedSumOp : Skim_PureOp<"weighted_sum", [SameOperandsAndResultType]> {
  let summary = "Add states of sequences, each with a weight";
  let description = [{
    `result = weights[0] * operand 0 + weights[1] * operand 1 + ...`, in this order.

    Constraints:
    - (C1) as many weights as operands, all finite
  }];
  let arguments = (ins Variadic<Skim_SequenceStates>:$inputs, DenseF32ArrayAttr:$weights);
  let results = (outs Skim_SequenceStates:$result);
  let assemblyFormat = "`(` $inputs `)` attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_SKIM_IR_SKIMADAPTIVEOPS_TD
