//===- AmxAttention.h - attention by tiles of AMX ---------------*- C++ -*-===//
// The kernel of an AttentionSpec in bf16.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_AMXATTENTION_H
#define SKIM_LIB_CODEGEN_CPU_AMXATTENTION_H

#include "AttentionKernel.h"

namespace skim {

/// What the kernel has in scratch memory for itself.
AttentionScratch::Sizes amxAttentionSizes(const TargetInfo &target,
                                          const AttentionSpec &spec);

mlir::func::FuncOp emitAmxAttention(KernelBuilder &builder,
                                    mlir::ModuleOp module,
                                    const AttentionSpec &spec);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_AMXATTENTION_H
