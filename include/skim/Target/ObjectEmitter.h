//===- ObjectEmitter.h - LLVM IR to machine code ----------------*- C++ -*-===//
// Optimises an LLVM module for a processor and gives it as assembly text or as
// a relocatable object in memory.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_OBJECTEMITTER_H
#define SKIM_TARGET_OBJECTEMITTER_H

#include "skim/Target/CpuTarget.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"

namespace skim {

/// Sets triple, data layout and the processor attributes of every function.
void setTarget(llvm::Module &module, const CpuTarget &target,
               llvm::TargetMachine &machine);

/// Runs LLVM's -O3 pipeline.
void optimizeModule(llvm::Module &module, llvm::TargetMachine &machine);

/// Appends assembly text to `text`.
llvm::Error emitAssembly(llvm::Module &module, llvm::TargetMachine &machine,
                         llvm::SmallVectorImpl<char> &text);

/// Appends a relocatable object to `object`.
llvm::Error emitObject(llvm::Module &module, llvm::TargetMachine &machine,
                       llvm::SmallVectorImpl<char> &object);

} // namespace skim

#endif // SKIM_TARGET_OBJECTEMITTER_H
