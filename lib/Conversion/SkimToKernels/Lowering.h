//===- Lowering.h - state of the conversion to kernels ----------*- C++ -*-===//
// Which buffer holds which value, and what all ops' lowerings share.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOWERING_H
#define SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOWERING_H

#include "MergeLinears.h"
#include "WeightsTable.h"
#include "skim/Codegen/KernelEmitter.h"
#include "skim/Codegen/Words.h"

namespace skim {

/// States: the columns [column, column + width of the states) of a buffer. With
/// an index, row t of the states is row index[t] of the buffer: states that
/// rows were cut from are not copied, what reads them looks its rows up.
struct StatesBuffer {
  mlir::Value memref;
  int64_t column = 0;
  /// Columns of the whole buffer.
  int64_t stride = 0;
  mlir::Value index;
  /// Rows of the states, and at most so many in this run.
  mlir::Value count, bound;
};

/// How far before and behind a query its keys may be; nothing for any distance.
using Windows = std::pair<std::optional<int64_t>, std::optional<int64_t>>;

/// What a `!skim.rows` becomes; see skim_rt_rows. Those at entry have neither
/// entry nor source.
struct RowsBuffers {
  mlir::Value offsets, positions, entry, source;
  mlir::Value count, bound, batch, sequence;
  /// Offsets of the rows at entry.
  mlir::Value entryOffsets;

  llvm::SmallVector<mlir::Value> tables() const {
    if (!entry)
      return {offsets, positions};
    return {offsets, positions, entry, source};
  }
};

/// What attention gives beside its result.
struct Byproducts {
  /// Received attention [heads, rows], for skim.token_importance.
  mlir::Value sums;
  /// Diagonal blocks [rows, heads, size] and the tables of blocks, for
  /// skim.block_scores.
  mlir::Value blocks, firsts, diagonal, numBlocks;
};

/// The buffer's type of a tensor.
mlir::MemRefType memrefOf(mlir::RankedTensorType type);
/// `memref` [a, H] as [?, H], which is what kernels take.
mlir::Value dynamicRows(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value memref);

class Lowering {
public:
  Lowering(mlir::func::FuncOp main, KernelEmitter &emitter,
           const TargetInfo &target, WeightsTable &weights, Dtype dtype);

  /// Lowers the skim ops of `block`, and those of the regions in them, and adds
  /// them to `dead`: to be erased, the last ones first. Reports what has no
  /// kernel.
  mlir::LogicalResult
  lowerBlock(mlir::Block &block,
             llvm::SmallVectorImpl<mlir::Operation *> &dead);

  /// The tensor that `memref` is from now on; nothing writes to it later.
  mlir::Value asTensor(mlir::Value memref);
  /// The buffer of a dense tensor, valid at the builder's point.
  mlir::Value bufferOf(mlir::Value tensor);

  mlir::OpBuilder builder;
  int64_t numDispatches = 0;
  MergedLinears merged;

private:
  mlir::FailureOr<bool> lower(mlir::Operation *op);
  mlir::LogicalResult lowerLinear(LinearOp op);
  mlir::LogicalResult lowerMerged(llvm::ArrayRef<LinearOp> group);
  bool narrowsResult(LinearOp op, const GemmSpec &spec);
  mlir::Value makeWords(mlir::Location loc, const StatesBuffer &like,
                        const Words &words);
  mlir::Value quantise(LinearOp op, const StatesBuffer &input, Dtype dtype);
  mlir::Value tensorScale(LinearOp op, const StatesBuffer &input);
  mlir::FailureOr<mlir::Value> productWeights(llvm::ArrayRef<LinearOp> group,
                                              GemmSpec &spec);
  mlir::LogicalResult lowerMatmul(MatmulOp op);
  mlir::LogicalResult lowerAttention(AttentionOp op);
  StatesBuffer turn(AttentionOp op, const StatesBuffer &states, int64_t heads,
                    const RowsBuffers &where);
  mlir::LogicalResult lowerNorm(NormOp op);
  mlir::LogicalResult lowerL2(L2NormalizeOp op);
  mlir::LogicalResult lowerBinary(mlir::Operation *op,
                                  ElementwiseSpec::Kind kind);
  mlir::LogicalResult lowerActivation(ActivationOp op);
  mlir::LogicalResult lowerGlu(GluOp op);
  mlir::LogicalResult lowerEmbed(EmbedOp op);
  mlir::LogicalResult lowerPool(PoolOp op);
  mlir::LogicalResult lowerPack(PackOp op);
  mlir::LogicalResult lowerRestore(RestoreOp op);
  mlir::LogicalResult lowerGather(GatherOp op);
  mlir::LogicalResult lowerImportance(TokenImportanceOp op);
  mlir::LogicalResult lowerBlockScores(BlockScoresOp op);
  mlir::LogicalResult lowerPrune(PruneOp op);
  mlir::LogicalResult lowerSkip(SkipBlocksOp op);
  mlir::LogicalResult lowerFirstRows(FirstRowsOp op);
  mlir::LogicalResult lowerEmptyStates(EmptyStatesOp op);
  mlir::LogicalResult lowerHold(HoldOp op);
  mlir::LogicalResult lowerWeightedSum(WeightedSumOp op);
  mlir::LogicalResult lowerExit(EarlyExitOp op,
                                llvm::SmallVectorImpl<mlir::Operation *> &dead);

  // Rows that were taken out.
  /// Tables for at most `bound` of `from`'s rows; the count is not set yet.
  RowsBuffers makeRows(mlir::Location loc, const RowsBuffers &from,
                       mlir::Value bound);
  /// `value` on the rows `kept`, taken from those that it is on.
  StatesBuffer take(mlir::Value value, const RowsBuffers &kept);
  /// held[entry row of t] = state of t for rows of `from` that are not `kept`.
  void hold(mlir::Location loc, mlir::Value held, mlir::Value state,
            const RowsBuffers &from, const RowsBuffers *kept);
  mlir::Value votesOf(EarlyExitOp op, const RowsBuffers &from);
  void bindContinuation(EarlyExitOp op, const RowsBuffers &kept,
                        mlir::Value sequences);
  /// Gives the results of a prune or a skip, whose rows `kept` are decided.
  template <typename Op>
  void finishCut(Op op, const RowsBuffers &from, const RowsBuffers &kept);
  /// What the attention over the query, key and rows of `op` gave beside.
  template <typename Op> mlir::FailureOr<Byproducts> byproductsOf(Op op);
  mlir::Value makeSums(mlir::Location loc, int64_t heads,
                       const RowsBuffers &where);
  mlir::Value dynamicBufferOf(mlir::Value tensor);
  mlir::FailureOr<int64_t>
  addPositions(AttentionOp op, llvm::StringRef name, mlir::Value table,
               mlir::Value index,
               llvm::SmallVectorImpl<mlir::Value> &arguments);
  void addByproducts(AttentionOp op, AttentionSpec &spec,
                     llvm::SmallVectorImpl<mlir::Value> &arguments);
  /// The index of the knob `name`, -1 where the module has none.
  int64_t knob(const llvm::Twine &name);
  mlir::Value makeTable(mlir::Location loc, mlir::Value size);

  /// A buffer [rows, width] of states in either form, whole, in their order.
  mlir::Value rowsOf(mlir::Value states);
  /// The same, or a buffer and an index of rows.
  StatesBuffer indexedRowsOf(mlir::Value states);
  /// The same as a range of columns, for attention.
  StatesBuffer rangeOf(mlir::Value states);
  /// A new buffer for `result`, as [rows, width]: with the leading dimensions
  /// of `like`, with the given dynamic sizes (dense), with `count` rows of at
  /// most `bound` (ragged).
  mlir::Value makeResult(mlir::Value result, mlir::Value like);
  mlir::Value makeDense(mlir::Value result, mlir::ValueRange sizes);
  /// The same in its own shape.
  mlir::Value makeTensor(mlir::Value result, mlir::ValueRange sizes);
  mlir::Value makeRagged(mlir::Value result, mlir::Value count,
                         mlir::Value bound);
  /// A buffer for [bound, width] seen as [count, width]: what is allocated does
  /// not depend on how many rows are left.
  mlir::Value makeBuffer(mlir::Location loc, mlir::Value count,
                         mlir::Value bound, int64_t width,
                         mlir::Type element = {});
  /// `memref` as [?, width].
  mlir::Value flatten(mlir::Value memref);

  /// `value` as the elements of a constant; reports, by the node's name, that
  /// it is not one.
  mlir::FailureOr<mlir::ElementsAttr>
  constant(mlir::Operation *op, mlir::Value value, llvm::StringRef what);
  /// A view of a constant operand as it is.
  mlir::FailureOr<mlir::Value>
  plainWeight(mlir::Operation *op, mlir::Value value, llvm::StringRef what);

  /// Calls a kernel. `op` gives the layer and may be null.
  void dispatch(mlir::Operation *op, mlir::Location loc,
                mlir::func::FuncOp kernel, mlir::ValueRange arguments,
                const Launch &launch, KernelKind kind,
                mlir::Value flops = mlir::Value());
  void dispatch(mlir::Operation *op, mlir::func::FuncOp kernel,
                mlir::ValueRange arguments, const Launch &launch,
                KernelKind kind, mlir::Value flops = mlir::Value());
  /// A kernel whose tasks are the rows of `out`.
  void dispatchRows(mlir::Operation *op, mlir::func::FuncOp kernel,
                    mlir::ValueRange arguments, mlir::Value out,
                    KernelKind kind);
  /// Sum over the sequences of rows of `queries` times rows of `keys`, or of
  /// those within the windows.
  mlir::Value pairsOf(mlir::Location loc, mlir::Value queries, mlir::Value keys,
                      mlir::Value batch, const Windows &windows);
  mlir::Value index(mlir::Location loc, int64_t value);
  mlir::Value dim(mlir::Location loc, mlir::Value memref, int64_t dimension);
  mlir::Value timesI64(mlir::Location loc, mlir::Value count, int64_t factor);
  void numberLayers(mlir::func::FuncOp main);
  std::string nameOfIds(EmbedOp op, mlir::Value ids);
  void limitSequence(EmbedOp op, int64_t count, mlir::Value sequence,
                     EmbedSpec::Table &table);
  mlir::LogicalResult lowerTable(EmbedOp op, unsigned number, mlir::Value ids,
                                 const RowsBuffers &where, EmbedSpec &spec,
                                 llvm::SmallVectorImpl<mlir::Value> &arguments);

  KernelEmitter &emitter;
  TargetInfo target;
  WeightsTable &weights;
  Dtype dtype; ///< of what linear layers multiply
  llvm::DenseMap<mlir::Value, StatesBuffer> states;
  /// States in a narrower dtype, by where they were made and by a scale that is
  /// given.
  llvm::DenseMap<
      std::tuple<mlir::Value, mlir::Block *, unsigned, mlir::Attribute>,
      mlir::Value>
      quantised;
  llvm::DenseMap<mlir::Value, RowsBuffers> rows;
  llvm::DenseMap<mlir::Value, mlir::Value> dense;
  llvm::DenseMap<mlir::Operation *, int64_t> layers;
  llvm::DenseMap<mlir::Operation *, Byproducts> byproducts; ///< by attention
  llvm::DenseMap<std::tuple<mlir::Value, mlir::Value, int64_t, int64_t>,
                 mlir::Value>
      pairs;
  /// Of patience, from one exit to the next.
  mlir::Value votes;
};

} // namespace skim

#endif // SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOWERING_H
