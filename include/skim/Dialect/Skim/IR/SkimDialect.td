//===- SkimDialect.td - the skim dialect -------------------*- tablegen -*-===//
// The dialect of what a transformer encoder is made of and of what adaptive
// inference does to it.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMDIALECT_TD
#define SKIM_DIALECT_SKIM_IR_SKIMDIALECT_TD

include "mlir/IR/OpBase.td"

def Skim_Dialect : Dialect {
  let name = "skim";
  let cppNamespace = "::skim";
  let summary = "Transformer encoders over ragged batches, and what skips parts of them";
  let description = [{
    An encoder works on *states*: one row of H numbers for each token. Before
    padding is removed the states of a batch are a tensor
    `[batch, sequence, H]`; afterwards they are a `!skim.ragged<H x f32>`, the
    rows of all sequences one after the other, and a value of type `!skim.rows`
    says which row belongs where. The encoder ops take either form. The last
    family (`skim.dispatch` and its kin) is the form that the kernels are called
    in.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

#endif // SKIM_DIALECT_SKIM_IR_SKIMDIALECT_TD
