//===- AmxGemm.h - the matrix product by tiles of AMX -----------*- C++ -*-===//
// Writes the kernel of a GemmSpec in bf16 or int8 where AMX can take it.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_AMXGEMM_H
#define SKIM_LIB_CODEGEN_CPU_AMXGEMM_H

#include "Gemm.h"

namespace skim {

/// Whether a product goes by AMX: a matter of processor, type and K alone, so
/// that it is the same for any number of rows.
bool usesAmx(const TargetInfo &target, const GemmSpec &spec);
mlir::func::FuncOp emitAmxGemm(KernelBuilder &builder, mlir::ModuleOp module,
                               const GemmSpec &spec);
Launch launchAmxGemm(KernelBuilder &builder, const GemmSpec &spec, Value rows);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_AMXGEMM_H
