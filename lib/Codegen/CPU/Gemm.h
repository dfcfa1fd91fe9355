//===- Gemm.h - the matrix product over packed weights ----------*- C++ -*-===//
// Writes the kernel of a GemmSpec and says how a call of it is cut into tasks.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_GEMM_H
#define SKIM_LIB_CODEGEN_CPU_GEMM_H

#include "KernelBuilder.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

mlir::func::FuncOp emitGemm(KernelBuilder &builder, mlir::ModuleOp module,
                            const GemmSpec &spec);
Launch launchGemm(KernelBuilder &builder, const GemmSpec &spec, Value rows);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_GEMM_H
