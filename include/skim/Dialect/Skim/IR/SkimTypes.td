//===- SkimTypes.td - types of the skim dialect ------------*- tablegen -*-===//
// Ragged states, the rows that they lie on, and the type constraints of the
// encoder ops.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMTYPES_TD
#define SKIM_DIALECT_SKIM_IR_SKIMTYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "skim/Dialect/Skim/IR/SkimDialect.td"

class Skim_Type<string name, string typeMnemonic> : TypeDef<Skim_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Skim_RaggedType : Skim_Type<"Ragged", "ragged"> {
  let summary = "States of a batch of token sequences without padding";
  let description = [{
    `T x H` numbers, row major: the states of all tokens of all sequences, the
    sequences one after the other, the tokens of a sequence in their order. T is
    data and is bounded by the number of tokens at entry; H is static. Which
    sequence and which position a row belongs to is said by a `!skim.rows` value
    that all states over the same rows share.

    Example: `!skim.ragged<384xf32>`.
  }];
  let parameters = (ins "int64_t":$width, "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Skim_RowsType : Skim_Type<"Rows", "rows"> {
  let summary = "The rows of a ragged batch";
  let description = [{
    For a batch of B sequences over S positions: the cumulated row counts
    (B + 1), and for each of the T rows its sequence and its position in
    `[0, S)`, both ascending. Several states share one value.
  }];
}

// Shapes: [.., H] before packing, ragged afterwards, [batch, H] for a state per
// sequence.
def Skim_States : AnyTypeOf<[Skim_RaggedType, RankedTensorOf<[F32]>],
                            "token states, as a ragged or a ranked f32 tensor">;
def Skim_Weight : RankedTensorOf<[F32]>;
// With scales and zero points the weights of a quantised model are as it has
// them.
def Skim_ByteWeight : RankedTensorOf<[F32, I8, UI8]>;
def Skim_ZeroPoints : TensorRankOf<[I8, UI8], [1]>;
def Skim_Ids : RankedTensorOf<[I64, I32]>;
def Skim_Mask : TensorRankOf<[I1], [2]>;

#endif // SKIM_DIALECT_SKIM_IR_SKIMTYPES_TD
