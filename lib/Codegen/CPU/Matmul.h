//===- Matmul.h - products of matrices that are computed --------*- C++ -*-===//
// Writes the kernel of a MatmulSpec and says how a call of it is cut into
// tasks.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_MATMUL_H
#define SKIM_LIB_CODEGEN_CPU_MATMUL_H

#include "KernelBuilder.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

mlir::func::FuncOp emitMatmul(KernelBuilder &builder, mlir::ModuleOp module,
                              const MatmulSpec &spec);
Launch launchMatmul(KernelBuilder &builder, const MatmulSizes &sizes);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_MATMUL_H
