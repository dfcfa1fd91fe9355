//===- IntegerAttention.h - attention by products of integers -----*- C++
//-*-===//
// The kernel of an AttentionSpec whose products are of integers of 16 bits,
// or of 8 where they give scores.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_INTEGERATTENTION_H
#define SKIM_LIB_CODEGEN_CPU_INTEGERATTENTION_H

#include "AttentionKernel.h"

namespace skim {

mlir::func::FuncOp emitIntegerAttention(KernelBuilder &builder,
                                        mlir::ModuleOp module,
                                        const AttentionSpec &spec);

/// What it has in scratch memory for itself.
AttentionScratch::Sizes integerAttentionSizes(const TargetInfo &target,
                                              const AttentionSpec &spec);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_INTEGERATTENTION_H
