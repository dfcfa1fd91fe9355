//===- BlockScores.h - scores of blocks of tokens ---------------*- C++ -*-===//
// Writes the kernel of a BlockScoresSpec and says how a call is cut into tasks.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_BLOCKSCORES_H
#define SKIM_LIB_CODEGEN_CPU_BLOCKSCORES_H

#include "KernelBuilder.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

mlir::func::FuncOp emitBlockScores(KernelBuilder &builder,
                                   mlir::ModuleOp module,
                                   const BlockScoresSpec &spec);
Launch launchBlockScores(KernelBuilder &builder, const BlockScoresSpec &spec,
                         Value blocks);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_BLOCKSCORES_H
