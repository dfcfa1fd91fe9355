//===- SkimOpBase.td - base classes of the skim ops --------*- tablegen -*-===//
// What every family of ops includes.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMOPBASE_TD
#define SKIM_DIALECT_SKIM_IR_SKIMOPBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "skim/Dialect/Skim/IR/SkimAttrs.td"
include "skim/Dialect/Skim/IR/SkimTypes.td"

class Skim_Op<string opMnemonic, list<Trait> traits = []>
    : Op<Skim_Dialect, opMnemonic, traits>;

// An op of the encoder: no effect but its result.
class Skim_PureOp<string opMnemonic, list<Trait> traits = []>
    : Skim_Op<opMnemonic, !listconcat([Pure], traits)>;

#endif // SKIM_DIALECT_SKIM_IR_SKIMOPBASE_TD
