//===- Bf16x3Gemm.h - fp32 products by tiles of AMX -------------*- C++ -*-===//
// Writes the kernel of a GemmSpec in bf16x3.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_BF16X3GEMM_H
#define SKIM_LIB_CODEGEN_CPU_BF16X3GEMM_H

#include "Gemm.h"

namespace skim {

/// Of a spec whose K TargetInfo::tileStep takes.
mlir::func::FuncOp emitBf16x3Gemm(KernelBuilder &builder, mlir::ModuleOp module,
                                  const GemmSpec &spec);
Launch launchBf16x3Gemm(KernelBuilder &builder, const GemmSpec &spec,
                        Value rows);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_BF16X3GEMM_H
