//===- Gemm.h - the matrix product over packed weights ----------*- C++ -*-===//
// Writes the kernel of a GemmSpec and says how a call of it is cut into tasks.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_GEMM_H
#define SKIM_LIB_CODEGEN_CPU_GEMM_H

#include "KernelBuilder.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

/// The arguments of a GemmSpec's kernel, whoever emits it.
struct GemmArguments {
  static llvm::SmallVector<mlir::Type> types(KernelBuilder &builder,
                                             const GemmSpec &spec);
  /// Finds them in a kernel of these types.
  void read(mlir::func::FuncOp kernel, const GemmSpec &spec);

  Value x, index, w, bias, residual, residualIndex, out, begin, end;
};

mlir::func::FuncOp emitGemm(KernelBuilder &builder, mlir::ModuleOp module,
                            const GemmSpec &spec);
Launch launchGemm(KernelBuilder &builder, const GemmSpec &spec, Value rows);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_GEMM_H
