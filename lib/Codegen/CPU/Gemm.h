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

/// How a product is cut into tasks, a block of rows x a group of column tiles
/// each, whoever emits it; both the kernel and its caller follow it.
struct GemmTasks {
  /// Leaves `rowBlock` to the emitter.
  GemmTasks(const TargetInfo &target, const GemmSpec &spec);

  int64_t rowBlock = 0;  ///< most rows of a task
  int64_t tiles;         ///< column tiles of the weight
  int64_t group, groups; ///< column tiles of a task, number of groups

  struct Range {
    Value firstRow, endRow, firstTile, lastTile;
  };
  /// What `task` computes of `rows` rows, which are shared out evenly, in
  /// pieces of `unit` rows but for the last; a divisor of `rowBlock`.
  Range rangeOf(KernelBuilder &builder, Value task, Value rows,
                int64_t unit = 1) const;
  Launch launch(KernelBuilder &builder, Value rows,
                int64_t scratchBytes = 0) const;
};

mlir::func::FuncOp emitGemm(KernelBuilder &builder, mlir::ModuleOp module,
                            const GemmSpec &spec);
Launch launchGemm(KernelBuilder &builder, const GemmSpec &spec, Value rows);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_GEMM_H
