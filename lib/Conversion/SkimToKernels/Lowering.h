//===- Lowering.h - state of the conversion to kernels ----------*- C++ -*-===//
// Which buffer holds which value, and what all ops' lowerings share.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOWERING_H
#define SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOWERING_H

#include "MergeLinears.h"
#include "WeightsTable.h"
#include "skim/Codegen/KernelEmitter.h"

namespace skim {

/// The columns [column, column + width of the states) of a buffer.
struct StatesBuffer {
  mlir::Value memref;
  int64_t column = 0;
  /// Columns of the whole buffer.
  int64_t stride = 0;
};

/// What a `!skim.rows` becomes.
struct RowsBuffers {
  mlir::Value offsets, positions, count, batch, sequence;
  /// Sum of the squares of the sequences' rows, made when it is asked for.
  mlir::Value pairs;
};

class Lowering {
public:
  Lowering(mlir::func::FuncOp main, KernelEmitter &emitter,
           const TargetInfo &target, WeightsTable &weights);

  /// Lowers `op` where it is a skim op; true where it was one and is to be
  /// erased. Reports what has no kernel.
  mlir::FailureOr<bool> lower(mlir::Operation *op);

  /// The tensor that `memref` is from now on; nothing writes to it later.
  mlir::Value asTensor(mlir::Value memref);
  /// The buffer of a dense tensor, valid at the builder's point.
  mlir::Value bufferOf(mlir::Value tensor);

  mlir::OpBuilder builder;
  int64_t numDispatches = 0;
  MergedLinears merged;

private:
  mlir::LogicalResult lowerLinear(LinearOp op);
  mlir::LogicalResult lowerMerged(llvm::ArrayRef<LinearOp> group);
  mlir::LogicalResult lowerAttention(AttentionOp op);
  mlir::LogicalResult lowerNorm(NormOp op);
  mlir::LogicalResult lowerL2(L2NormalizeOp op);
  mlir::LogicalResult lowerAdd(AddOp op);
  mlir::LogicalResult lowerActivation(ActivationOp op);
  mlir::LogicalResult lowerGlu(GluOp op);
  mlir::LogicalResult lowerEmbed(EmbedOp op);
  mlir::LogicalResult lowerPool(PoolOp op);
  mlir::LogicalResult lowerPack(PackOp op);
  mlir::LogicalResult lowerRestore(RestoreOp op);
  mlir::LogicalResult lowerGather(GatherOp op);

  /// A buffer [rows, width] of states in either form, whole.
  mlir::Value rowsOf(mlir::Value states);
  /// The same as a range of columns, for attention.
  StatesBuffer rangeOf(mlir::Value states);
  /// A new buffer for `result`, as [rows, width]: with the leading dimensions
  /// of `like`, with the given dynamic sizes (dense), with `count` rows
  /// (ragged).
  mlir::Value makeResult(mlir::Value result, mlir::Value like);
  mlir::Value makeDense(mlir::Value result, mlir::ValueRange sizes);
  mlir::Value makeRagged(mlir::Value result, mlir::Value count);
  /// `memref` as [?, width].
  mlir::Value flatten(mlir::Value memref);

  /// `value` as the elements of a constant; reports, by the node's name, that
  /// it is not one.
  mlir::FailureOr<mlir::ElementsAttr>
  constant(mlir::Operation *op, mlir::Value value, llvm::StringRef what);
  /// A view of a constant operand as it is.
  mlir::FailureOr<mlir::Value>
  plainWeight(mlir::Operation *op, mlir::Value value, llvm::StringRef what);

  void dispatch(mlir::Operation *op, mlir::func::FuncOp kernel,
                mlir::ValueRange arguments, const Launch &launch,
                KernelKind kind, mlir::Value flops = mlir::Value());
  /// A kernel whose tasks are the rows of `out`.
  void dispatchRows(mlir::Operation *op, mlir::func::FuncOp kernel,
                    mlir::ValueRange arguments, mlir::Value out,
                    KernelKind kind);
  mlir::Value pairsOf(RowsBuffers &rows, mlir::Location loc);
  mlir::Value index(mlir::Location loc, int64_t value);
  mlir::Value dim(mlir::Location loc, mlir::Value memref, int64_t dimension);
  mlir::Value timesI64(mlir::Location loc, mlir::Value count, int64_t factor);
  void numberLayers(mlir::func::FuncOp main);
  std::string nameOfIds(EmbedOp op, mlir::Value ids);

  KernelEmitter &emitter;
  TargetInfo target;
  WeightsTable &weights;
  llvm::DenseMap<mlir::Value, StatesBuffer> states;
  llvm::DenseMap<mlir::Value, RowsBuffers> rows;
  llvm::DenseMap<mlir::Value, mlir::Value> dense;
  llvm::DenseMap<mlir::Operation *, int64_t> layers;
};

} // namespace skim

#endif // SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOWERING_H
