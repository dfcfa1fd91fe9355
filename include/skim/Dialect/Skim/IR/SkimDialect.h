//===- SkimDialect.h - the skim dialect -------------------------*- C++ -*-===//
// Dialect, types, attributes and ops of what encoders are made of.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMDIALECT_H
#define SKIM_DIALECT_SKIM_IR_SKIMDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "skim/Dialect/Skim/IR/SkimDialect.h.inc"
#include "skim/Dialect/Skim/IR/SkimEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "skim/Dialect/Skim/IR/SkimAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "skim/Dialect/Skim/IR/SkimTypes.h.inc"

#define GET_OP_CLASSES
#include "skim/Dialect/Skim/IR/SkimOps.h.inc"

namespace skim {
/// Number of columns of states: the last dimension of a tensor or the width of
/// a ragged type. Dynamic last dimensions give ShapedType::kDynamic.
int64_t getWidth(mlir::Type states);

/// True when `states` is a `!skim.ragged`.
bool isRagged(mlir::Type states);

/// The type of `states` with its width replaced by `width`.
mlir::Type withWidth(mlir::Type states, int64_t width);
} // namespace skim

#endif // SKIM_DIALECT_SKIM_IR_SKIMDIALECT_H
