//===- KernelEmitter.h - makes the kernels of a module ----------*- C++ -*-===//
// The interface between the selection of kernels and those who write them. An
// emitter adds one private function for each spec, and says in how many tasks
// a call is cut.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_KERNELEMITTER_H
#define SKIM_CODEGEN_KERNELEMITTER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "skim/Codegen/KernelSpecs.h"
#include "skim/Codegen/TargetInfo.h"
#include <memory>

namespace skim {

/// How a kernel is called over its rows: values of skim.dispatch.
struct Launch {
  mlir::Value tasks, grain, scratchBytes;
};

/// Sizes of a skim.matmul: `batch` products of [rows, depth] x [depth,
/// columns].
struct MatmulSizes {
  mlir::Value batch, rows, depth, columns;
};

class KernelEmitter {
public:
  virtual ~KernelEmitter() = default;

  /// The kernel for `spec`, made where the module has none yet; null, with a
  /// diagnostic, where it cannot be made. Its arguments
  /// are those that the spec lists, then begin, end and scratch.
  virtual mlir::func::FuncOp get(const GemmSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const MatmulSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const QuantiseSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const RangeSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const TensorScaleSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const AttentionSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const NormSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const EmbedSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const RotarySpec &spec) = 0;
  virtual mlir::func::FuncOp get(const PoolSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const RestoreSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const GatherSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const ElementwiseSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const L2Spec &spec) = 0;
  virtual mlir::func::FuncOp get(const BlockScoresSpec &spec) = 0;
  virtual mlir::func::FuncOp get(const WeightedSumSpec &spec) = 0;

  /// Tasks of a product over `rows` rows.
  virtual Launch launchGemm(mlir::OpBuilder &builder, mlir::Location loc,
                            const GemmSpec &spec, mlir::Value rows) = 0;
  virtual Launch launchMatmul(mlir::OpBuilder &builder, mlir::Location loc,
                              const MatmulSizes &sizes) = 0;
  /// Tasks of an attention over `batch` sequences of at most `sequence` rows.
  virtual Launch launchAttention(mlir::OpBuilder &builder, mlir::Location loc,
                                 const AttentionSpec &spec, mlir::Value batch,
                                 mlir::Value sequence) = 0;
  /// Tasks of the scores of `blocks` blocks.
  virtual Launch launchBlockScores(mlir::OpBuilder &builder, mlir::Location loc,
                                   const BlockScoresSpec &spec,
                                   mlir::Value blocks) = 0;
  /// Tasks of any other kernel: one for each of `rows` rows of `width` numbers.
  virtual Launch launchRows(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value rows, int64_t width) = 0;
};

/// The emitter that writes kernels in the vector dialect.
std::unique_ptr<KernelEmitter> createCpuKernelEmitter(mlir::ModuleOp module,
                                                      const TargetInfo &target);

} // namespace skim

#endif // SKIM_CODEGEN_KERNELEMITTER_H
