//===- SkimRowOps.td - ops that make and leave ragged rows -*- tablegen -*-===//
// Padding out at entry, padding back at the outputs.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMROWOPS_TD
#define SKIM_DIALECT_SKIM_IR_SKIMROWOPS_TD

include "skim/Dialect/Skim/IR/SkimOpBase.td"

def Skim_PackOp : Skim_PureOp<"pack", [AttrSizedOperandSegments]> {
  let summary = "Number the positions that hold a token";
  let description = [{
    The rows of a batch: in the order of sequences and positions, those positions
    (b, s) where `mask[b, s]` is true. With `like` instead of a mask every position
    of that tensor's two leading dimensions is a row (padding kept).

    Constraints:
    - (C1) exactly one of mask and like
  }];
  let arguments = (ins Optional<Skim_Mask>:$mask, Optional<AnyRankedTensor>:$like);
  let results = (outs Skim_RowsType:$rows);
  let assemblyFormat = [{
    (`mask` $mask^ `:` type($mask))? (`like` $like^ `:` type($like))? attr-dict
  }];
  let hasVerifier = 1;
}

def Skim_GatherOp : Skim_PureOp<"gather"> {
  let summary = "Take the rows out of a dense tensor";
  let description = [{
    `result[t, h] = input[b, s, h]` for the row t of position (b, s).

    Constraints:
    - (C1) the input is `[batch, sequence, H]`, the result has width H
  }];
  let arguments = (ins TensorRankOf<[F32], [3]>:$input, Skim_RowsType:$rows);
  let results = (outs Skim_RaggedType:$result);
  let assemblyFormat = "$input `rows` $rows attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Skim_RestoreOp : Skim_PureOp<"restore"> {
  let summary = "Put rows back to their positions";
  let description = [{
    `result[b, s, h] = input[t, h]` where position (b, s) has a row t, and `fill`
    elsewhere.

    Constraints:
    - (C1) the result is `[batch, sequence, H]`, the input has width H
  }];
  let arguments = (ins Skim_RaggedType:$input, Skim_RowsType:$rows,
                       DefaultValuedAttr<F32Attr, "0.0f">:$fill);
  let results = (outs TensorRankOf<[F32], [3]>:$result);
  let assemblyFormat = "$input `rows` $rows attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

#endif // SKIM_DIALECT_SKIM_IR_SKIMROWOPS_TD
