//===- Patterns.h - the raising patterns by family --------------*- C++ -*-===//
// Private to the conversion. OnnxToSkim.cpp says in which order they run.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOSKIM_PATTERNS_H
#define SKIM_LIB_CONVERSION_ONNXTOSKIM_PATTERNS_H

#include "Matchers.h"

namespace skim::raise {

/// MatMul, Gemm and their biases.
void populateLinearPatterns(mlir::RewritePatternSet &patterns,
                            RaiseContext &context);
/// Linear layers as quantisers write them.
void populateQuantisedPatterns(mlir::RewritePatternSet &patterns,
                               RaiseContext &context);
/// LayerNorm and RMSNorm, as ops and decomposed.
void populateNormPatterns(mlir::RewritePatternSet &patterns,
                          RaiseContext &context);
/// GELU in its many forms and SiLU: what contains simpler ops.
void populateGeluPatterns(mlir::RewritePatternSet &patterns,
                          RaiseContext &context);
/// Sums of table rows.
void populateEmbeddingPatterns(mlir::RewritePatternSet &patterns,
                               RaiseContext &context);
/// From the heads of queries, keys and values to the context states.
void populateAttentionPatterns(mlir::RewritePatternSet &patterns,
                               RaiseContext &context);
/// First position, mean and maximum over a sequence, division by a row's
/// length.
void populatePoolPatterns(mlir::RewritePatternSet &patterns,
                          RaiseContext &context);
/// Gated linear units; before the products that they are.
void populateGatePatterns(mlir::RewritePatternSet &patterns,
                          RaiseContext &context);
/// Sums and products of states, single activations, activations into linear
/// layers.
void populateStatePatterns(mlir::RewritePatternSet &patterns,
                           RaiseContext &context);

/// Embeddings of one row of positions, which joined no embedding of a batch,
/// are gathers again: packing knows states of a batch. After the patterns.
void dropLoneEmbeddings(mlir::func::FuncOp func, RaiseContext &context);

/// Notes on every embedding which of its ids count positions or tokens. After
/// the patterns.
void markCountedIds(mlir::func::FuncOp func, RaiseContext &context);

/// A pattern that knows what its function's patterns share.
template <typename Op> struct RaisePattern : mlir::OpRewritePattern<Op> {
  RaisePattern(mlir::MLIRContext *mlirContext, RaiseContext &context,
               mlir::PatternBenefit benefit = 1)
      : mlir::OpRewritePattern<Op>(mlirContext, benefit), context(context) {}
  RaiseContext &context;
};

} // namespace skim::raise

#endif // SKIM_LIB_CONVERSION_ONNXTOSKIM_PATTERNS_H
