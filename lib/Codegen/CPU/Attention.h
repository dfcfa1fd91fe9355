//===- Attention.h - attention over ragged rows -----------------*- C++ -*-===//
// Writes the kernel of an AttentionSpec and says how a call is cut into tasks.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_ATTENTION_H
#define SKIM_LIB_CODEGEN_CPU_ATTENTION_H

#include "KernelBuilder.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

mlir::func::FuncOp emitAttention(KernelBuilder &builder, mlir::ModuleOp module,
                                 const AttentionSpec &spec);
Launch launchAttention(KernelBuilder &builder, const AttentionSpec &spec,
                       Value batch, Value sequence);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_ATTENTION_H
