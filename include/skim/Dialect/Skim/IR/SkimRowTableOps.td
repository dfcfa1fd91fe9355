//===- SkimRowTableOps.td - taking rows out, on buffers ----*- tablegen -*-===//
// What the adaptive ops become in the kernels form: each calls one function of
// the runtime that fills the tables of the rows that go on.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMROWTABLEOPS_TD
#define SKIM_DIALECT_SKIM_IR_SKIMROWTABLEOPS_TD

include "skim/Dialect/Skim/IR/SkimOpBase.td"

// The tables of `!skim.rows`: cumulated row counts of the sequences (batch + 1);
// for each row b * S + s in the batch at entry, the row at entry, the row among
// those that it was taken from. The rows at entry have the first two only.
def Skim_Table : MemRefRankOf<[I32], [1]>;
def Skim_Tables : Variadic<Skim_Table>;

class Skim_RowTableOp<string mnemonic, list<Trait> traits = []>
    : Skim_Op<mnemonic, [MemoryEffects<[MemRead, MemWrite]>] # traits>;

def Skim_PruneRowsOp : Skim_RowTableOp<"prune_rows", [AttrSizedOperandSegments]> {
  let summary = "Decide which rows go on, by the attention that they receive";
  let description = [{
    The decision of `skim.prune` on `sums[h, t]`, the attention that row t receives
    in head h. `heads * denominator` divides their sum over the heads;
    denominator 0 stands for the rows of the sequence. Fills the tables `to`, which
    have room for as many rows as `from`, and gives the number of rows.
    `entry_offsets` are the offsets of the rows at entry. `knob` is the index of
    the knob that holds the scale, -1 without one.

    Constraints:
    - (C1) `from` has two to four tables, `to` has four
  }];
  let arguments = (ins MemRefRankOf<[F32], [2]>:$sums, Skim_Tables:$from, Skim_Tables:$to,
                       Skim_Table:$entry_offsets, Index:$batch, Index:$sequence,
                       I64Attr:$heads, I64Attr:$denominator, F32Attr:$threshold,
                       F32Attr:$floor, DenseI64ArrayAttr:$protect, Skim_Place:$place,
                       I64Attr:$knob, I64Attr:$layer);
  let results = (outs Index:$count);
  let assemblyFormat = [{
    $sums `from` `(` $from `)` `to` `(` $to `)` `entry` $entry_offsets
    `batch` $batch `sequence` $sequence attr-dict
    `:` type($sums) `,` `(` type($from) `)` `,` `(` type($to) `)` `,` type($entry_offsets)
  }];
  let hasVerifier = 1;
}

def Skim_BlockRowsOp : Skim_RowTableOp<"block_rows"> {
  let summary = "Number the blocks of each sequence's rows";
  let description = [{
    `blocks[b + 1] = blocks[b] + ceil(rows of sequence b / block_size)` from
    `blocks[0] = 0`; gives the last. `firsts[c]` is the first row of block c,
    behind the last the number of rows.
  }];
  let arguments = (ins Skim_Table:$offsets, Skim_Table:$blocks, Skim_Table:$firsts,
                       Index:$batch, I64Attr:$block_size);
  let results = (outs Index:$count);
  let assemblyFormat = [{
    $offsets `to` $blocks `firsts` $firsts `batch` $batch attr-dict
    `:` type($offsets) `,` type($blocks) `,` type($firsts)
  }];
}

def Skim_SkipRowsOp : Skim_RowTableOp<"skip_rows", [AttrSizedOperandSegments]> {
  let summary = "Decide which rows go on, by the scores of their blocks";
  let description = [{
    The decision of `skim.skip_blocks`. `scores` has a number for each block,
    `blocks` are the tables of `skim.block_rows` over the rows `attended`; the rows
    `from` are these, or taken from these. `segments` holds the segment of each
    position of the batch at entry.

    Constraints:
    - (C1) `attended` and `from` have two to four tables, `to` has four
  }];
  let arguments = (ins MemRefRankOf<[F32], [1]>:$scores, Skim_Table:$blocks,
                       Skim_Tables:$attended, Skim_Tables:$from, Skim_Tables:$to,
                       Skim_Table:$entry_offsets,
                       Optional<MemRefRankOf<[I64, I32], [2]>>:$segments,
                       Index:$batch, Index:$sequence,
                       I64Attr:$block_size, F32Attr:$threshold, Skim_BatchAlign:$batch_align,
                       DenseI64ArrayAttr:$protect, DenseI64ArrayAttr:$protect_segments,
                       I64Attr:$knob, I64Attr:$layer);
  let results = (outs Index:$count);
  let assemblyFormat = [{
    $scores `blocks` $blocks `attended` `(` $attended `)` `from` `(` $from `)`
    `to` `(` $to `)` `entry` $entry_offsets (`segments` $segments^)?
    `batch` $batch `sequence` $sequence attr-dict `:` type(operands)
  }];
  let hasVerifier = 1;
}

def Skim_ExitRowsOp : Skim_RowTableOp<"exit_rows", [AttrSizedOperandSegments]> {
  let summary = "Decide which sequences go on, by their logits";
  let description = [{
    The decision of `skim.early_exit`: logits of a sequence that exits are copied to
    its row of `results`; the tables `to` get the rows of the others, and
    `kept[0 .. to_batch)` their numbers among the sequences of `from`. `votes` holds
    two numbers for each sequence at entry, from one exit to the next. Gives the
    rows and the sequences that go on.

    Constraints:
    - (C1) `from` has two to four tables, `to` has four
  }];
  let arguments = (ins MemRefRankOf<[F32], [2]>:$logits, MemRefRankOf<[F32], [2]>:$outcome,
                       Skim_Tables:$from, Skim_Tables:$to, Skim_Table:$entry_offsets,
                       Skim_Table:$kept, Skim_Table:$votes, Index:$batch, Index:$sequence,
                       Skim_Criterion:$criterion, F32Attr:$threshold, F32Attr:$temperature,
                       UnitAttr:$first, I64Attr:$knob, I64Attr:$layer);
  let results = (outs Index:$count, Index:$to_batch);
  let assemblyFormat = [{
    $criterion $logits `results` $outcome `from` `(` $from `)` `to` `(` $to `)`
    `entry` $entry_offsets `kept` $kept `votes` $votes `batch` $batch `sequence` $sequence
    attr-dict `:` type(operands)
  }];
  let hasVerifier = 1;
}

def Skim_LeadingRowsOp : Skim_RowTableOp<"leading_rows", [AttrSizedOperandSegments]> {
  let summary = "Take the first row of each sequence";
  let description = [{
    The tables of `skim.first_rows`; gives the number of rows.

    Constraints:
    - (C1) `from` has two to four tables, `to` has four
  }];
  let arguments = (ins Skim_Tables:$from, Skim_Tables:$to, Index:$batch);
  let results = (outs Index:$count);
  let assemblyFormat = [{
    `from` `(` $from `)` `to` `(` $to `)` `batch` $batch attr-dict
    `:` `(` type($from) `)` `,` `(` type($to) `)`
  }];
  let hasVerifier = 1;
}

def Skim_HoldRowsOp : Skim_RowTableOp<"hold_rows", [AttrSizedOperandSegments]> {
  let summary = "Keep the states of rows that do not go on";
  let description = [{
    `held[entry row of t] = states[index[t]]` for each row t of `from` that is not
    among the sources of `kept`, for each row without `kept`; `states[t]` without an
    index.

    Constraints:
    - (C1) `from` has two to four tables, `kept` four or none
  }];
  let arguments = (ins MemRefRankOf<[F32], [2]>:$held, MemRefRankOf<[F32], [2]>:$states,
                       Optional<Skim_Table>:$index, Skim_Tables:$from, Skim_Tables:$kept,
                       Index:$batch);
  let assemblyFormat = [{
    $held `states` $states (`index` $index^)? `from` `(` $from `)` `kept` `(` $kept `)`
    `batch` $batch attr-dict `:` type(operands)
  }];
  let hasVerifier = 1;
}

def Skim_ScatterRowsOp : Skim_RowTableOp<"scatter_rows"> {
  let summary = "Copy rows to places";
  let description = "`to[index[i]] = from[i]` for i in `[0, count)`.";
  let arguments = (ins MemRefRankOf<[F32], [2]>:$from, Skim_Table:$index,
                       MemRefRankOf<[F32], [2]>:$to, Index:$count);
  let assemblyFormat = [{
    $from `index` $index `to` $to `count` $count attr-dict
    `:` type($from) `,` type($index) `,` type($to)
  }];
}

def Skim_ComposeRowsOp : Skim_RowTableOp<"compose_rows"> {
  let summary = "Look numbers of rows up in numbers of rows";
  let description = "`composed[i] = outer[inner[i]]` for i in `[0, count)`.";
  let arguments = (ins Skim_Table:$outer, Skim_Table:$inner, Skim_Table:$composed, Index:$count);
  let assemblyFormat = [{
    $outer `,` $inner `to` $composed `count` $count attr-dict
    `:` type($outer) `,` type($inner) `,` type($composed)
  }];
}

#endif // SKIM_DIALECT_SKIM_IR_SKIMROWTABLEOPS_TD
