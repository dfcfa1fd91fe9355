//===- RowKernels.h - kernels that work row by row --------------*- C++ -*-===//
// One function for each family whose tasks are single rows.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_ROWKERNELS_H
#define SKIM_LIB_CODEGEN_CPU_ROWKERNELS_H

#include "KernelBuilder.h"
#include "skim/Codegen/KernelSpecs.h"

namespace skim {

mlir::func::FuncOp emitNorm(KernelBuilder &builder, mlir::ModuleOp module,
                            const NormSpec &spec);
mlir::func::FuncOp emitL2(KernelBuilder &builder, mlir::ModuleOp module,
                          const L2Spec &spec);
mlir::func::FuncOp emitEmbed(KernelBuilder &builder, mlir::ModuleOp module,
                             const EmbedSpec &spec, llvm::StringRef name);
mlir::func::FuncOp emitRotary(KernelBuilder &builder, mlir::ModuleOp module,
                              const RotarySpec &spec);
mlir::func::FuncOp emitPool(KernelBuilder &builder, mlir::ModuleOp module,
                            const PoolSpec &spec);
mlir::func::FuncOp emitRestore(KernelBuilder &builder, mlir::ModuleOp module,
                               const RestoreSpec &spec);
mlir::func::FuncOp emitGather(KernelBuilder &builder, mlir::ModuleOp module,
                              const GatherSpec &spec);
mlir::func::FuncOp emitQuantise(KernelBuilder &builder, mlir::ModuleOp module,
                                const QuantiseSpec &spec);
mlir::func::FuncOp emitRange(KernelBuilder &builder, mlir::ModuleOp module,
                             const RangeSpec &spec);
mlir::func::FuncOp emitTensorScale(KernelBuilder &builder,
                                   mlir::ModuleOp module,
                                   const TensorScaleSpec &spec);
mlir::func::FuncOp emitElementwise(KernelBuilder &builder,
                                   mlir::ModuleOp module,
                                   const ElementwiseSpec &spec);
mlir::func::FuncOp emitWeightedSum(KernelBuilder &builder,
                                   mlir::ModuleOp module,
                                   const WeightedSumSpec &spec);

/// The first of the rows [begin, end), whose positions ascend, that lies at
/// `place` or after it.
Value findRow(KernelBuilder &builder, Value positions, Value begin, Value end,
              Value place);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_ROWKERNELS_H
