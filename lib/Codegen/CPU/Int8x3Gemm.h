//===- Int8x3Gemm.h - fp32 products by digits and AMX -----------*- C++ -*-===//
// Writes the kernel of a GemmSpec in int8x3.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_INT8X3GEMM_H
#define SKIM_LIB_CODEGEN_CPU_INT8X3GEMM_H

#include "Gemm.h"

namespace skim {

/// Of a spec whose K TargetInfo::tileStep takes.
mlir::func::FuncOp emitInt8x3Gemm(KernelBuilder &builder, mlir::ModuleOp module,
                                  const GemmSpec &spec);
Launch launchInt8x3Gemm(KernelBuilder &builder, const GemmSpec &spec,
                        Value rows);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_INT8X3GEMM_H
