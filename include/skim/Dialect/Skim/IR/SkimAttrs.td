//===- SkimAttrs.td - attributes of the skim dialect -------*- tablegen -*-===//
// The choices that the encoder and the adaptive ops carry.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMATTRS_TD
#define SKIM_DIALECT_SKIM_IR_SKIMATTRS_TD

include "mlir/IR/EnumAttr.td"
include "skim/Dialect/Skim/IR/SkimDialect.td"

class Skim_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::skim";
  let genSpecializedAttr = 0;
}
class Skim_EnumAttr<I32EnumAttr e, string attrMnemonic>
    : EnumAttr<Skim_Dialect, e, attrMnemonic> {
  let assemblyFormat = "$value";
}

def Skim_DtypeEnum : Skim_Enum<"Dtype", "numbers that a matrix product multiplies", [
  I32EnumAttrCase<"Fp32", 0, "fp32">,
  I32EnumAttrCase<"Bf16", 1, "bf16">,
  I32EnumAttrCase<"Int8", 2, "int8">,
  // fp32 numbers as integers of four digits of int8 for states, of their row's
  // scale, and three for weights, of their column's.
  I32EnumAttrCase<"Int8x3", 3, "int8x3">,
  // A quantised model's own integers, of 8 bits: states with one scale and zero
  // point for the tensor, weights with one for the column.
  I32EnumAttrCase<"Uint8", 4, "uint8">
]>;
def Skim_Dtype : Skim_EnumAttr<Skim_DtypeEnum, "dtype">;

def Skim_ActivationEnum : Skim_Enum<"Activation", "elementwise activation", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Relu", 1, "relu">,
  I32EnumAttrCase<"GeluErf", 2, "gelu_erf">,
  I32EnumAttrCase<"GeluTanh", 3, "gelu_tanh">,
  I32EnumAttrCase<"Tanh", 4, "tanh">,
  I32EnumAttrCase<"Sigmoid", 5, "sigmoid">,
  I32EnumAttrCase<"Silu", 6, "silu">,
  I32EnumAttrCase<"GeluQuick", 7, "gelu_quick">
]>;
def Skim_Activation : Skim_EnumAttr<Skim_ActivationEnum, "activation">;

def Skim_NormKindEnum : Skim_Enum<"NormKind", "normalisation of a row", [
  I32EnumAttrCase<"Layer", 0, "layer">,
  I32EnumAttrCase<"Rms", 1, "rms">
]>;
def Skim_NormKind : Skim_EnumAttr<Skim_NormKindEnum, "norm_kind">;

def Skim_PoolKindEnum : Skim_Enum<"PoolKind", "state of a sequence made from its tokens", [
  I32EnumAttrCase<"First", 0, "first">,
  I32EnumAttrCase<"Mean", 1, "mean">,
  I32EnumAttrCase<"Max", 2, "max">
]>;
def Skim_PoolKind : Skim_EnumAttr<Skim_PoolKindEnum, "pool_kind">;

def Skim_EmptyKeysEnum : Skim_Enum<"EmptyKeys", "attention of a row without any live key", [
  I32EnumAttrCase<"Uniform", 0, "uniform">,
  I32EnumAttrCase<"Zero", 1, "zero">,
  I32EnumAttrCase<"Nan", 2, "nan">
]>;
def Skim_EmptyKeys : Skim_EnumAttr<Skim_EmptyKeysEnum, "empty_keys">;

def Skim_PlaceEnum : Skim_Enum<"Place", "where in a layer a cut takes effect", [
  I32EnumAttrCase<"BeforeFFN", 0, "before_ffn">,
  I32EnumAttrCase<"AfterLayer", 1, "after_layer">
]>;
def Skim_Place : Skim_EnumAttr<Skim_PlaceEnum, "place">;

def Skim_BatchAlignEnum : Skim_Enum<"BatchAlign", "coupling of the sequences of a batch", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Max", 1, "max">
]>;
def Skim_BatchAlign : Skim_EnumAttr<Skim_BatchAlignEnum, "batch_align">;

def Skim_CriterionEnum : Skim_Enum<"Criterion", "test of an early exit", [
  I32EnumAttrCase<"Entropy", 0, "entropy">,
  I32EnumAttrCase<"NormalisedEntropy", 1, "normalised_entropy">,
  I32EnumAttrCase<"MaxProbability", 2, "max_probability">,
  I32EnumAttrCase<"Patience", 3, "patience">
]>;
def Skim_Criterion : Skim_EnumAttr<Skim_CriterionEnum, "criterion">;

#endif // SKIM_DIALECT_SKIM_IR_SKIMATTRS_TD
