//===- Int16Attention.h - attention by products of int16 --------*- C++ -*-===//
// The kernel of an AttentionSpec whose products are of 16-bit integers.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_INT16ATTENTION_H
#define SKIM_LIB_CODEGEN_CPU_INT16ATTENTION_H

#include "AttentionKernel.h"

namespace skim {

mlir::func::FuncOp emitInt16Attention(KernelBuilder &builder,
                                      mlir::ModuleOp module,
                                      const AttentionSpec &spec);

/// What it has in scratch memory for itself.
AttentionScratch::Sizes int16AttentionSizes(const TargetInfo &target,
                                            const AttentionSpec &spec);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_INT16ATTENTION_H
