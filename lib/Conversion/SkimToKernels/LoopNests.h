//===- LoopNests.h - loops in another order -------------------*- C++ -*-===//
// What makes the loops that linalg ops become faster without changing what they
// compute: work that an inner loop repeats goes before it, loops that read
// across memory go in blocks, and sums that wait for themselves go side by
// side.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOOPNESTS_H
#define SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOOPNESTS_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace skim {

/// Rows and columns of a block: the numbers of a line of the cache.
constexpr int64_t kLoopBlock = 16;
/// Chains of numbers that a buffer carries at once, and iterations of a task
/// where one loop goes around others.
constexpr int64_t kChainBlock = 64;

/// Moves what does not depend on the loop's index before the loop: arithmetic,
/// loads from buffers that the loop does not store to, and reports. Whether
/// there were any of the latter two, which need an iteration of the loop.
bool hoistInvariant(mlir::scf::ForOp loop);

/// The one of the `outer` loops whose elements are neighbours in memory that
/// `inner` reads, where its own are not: a line of memory has an element of
/// each of several iterations of the former. Nothing where there is no such
/// loop, or a block of the two has few elements.
std::optional<unsigned> findLoopAcross(llvm::ArrayRef<mlir::scf::ForOp> outer,
                                       mlir::scf::ForOp inner);

/// Takes a loop around one that carries numbers, sums above all, in blocks of
/// iterations whose chains go on side by side, so that none waits for itself.
/// Where its iterations read neighbours in memory, what they carry lies in
/// buffers that are made before `nest`, and the innermost loop, over the block,
/// becomes vectors; elsewhere registers hold it. Each number is made in the
/// order that it was. Null where nothing changes, else the loop over blocks.
mlir::scf::ForOp interleaveChains(mlir::scf::ForOp loop, mlir::Operation *nest);

/// The number of blocks of `size` that `count` iterations are.
mlir::Value countBlocks(mlir::OpBuilder &b, mlir::Location loc,
                        mlir::Value count, int64_t size = kLoopBlock);
/// A loop over the block of `count` iterations that begins at `first`.
mlir::scf::ForOp createBlockLoop(mlir::OpBuilder &b, mlir::Location loc,
                                 mlir::Value first, mlir::Value count);

} // namespace skim

#endif // SKIM_LIB_CONVERSION_SKIMTOKERNELS_LOOPNESTS_H
