//===- SkimOps.td - all ops of the skim dialect ------------*- tablegen -*-===//
// Collects the families, so that one tablegen run makes the dialect.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMOPS_TD
#define SKIM_DIALECT_SKIM_IR_SKIMOPS_TD

include "skim/Dialect/Skim/IR/SkimAdaptiveOps.td"
include "skim/Dialect/Skim/IR/SkimEncoderOps.td"
include "skim/Dialect/Skim/IR/SkimRowOps.td"
include "skim/Dialect/Skim/IR/SkimKernelOps.td"
include "skim/Dialect/Skim/IR/SkimRowTableOps.td"

#endif // SKIM_DIALECT_SKIM_IR_SKIMOPS_TD
