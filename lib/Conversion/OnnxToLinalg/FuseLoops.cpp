//===- FuseLoops.cpp - pass fuse-loops ------------------------------------===//
// Loops over elements, one after the other, as one loop.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/OnnxToLinalg/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace skim {
#define GEN_PASS_DEF_FUSELOOPSPASS
#include "skim/Conversion/OnnxToLinalg/Passes.h.inc"
} // namespace skim

using namespace mlir;

/// Whether nobody else reads what the operand's op makes, and each element of
/// it is read once, in order.
static bool isWorthFusing(OpOperand *operand) {
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  return consumer && consumer.isAllParallelLoops() &&
         operand->get().hasOneUse() &&
         consumer.getMatchingIndexingMap(operand).isIdentity();
}

namespace {
struct FuseLoops : skim::impl::FuseLoopsPassBase<FuseLoops> {
  using Base::Base;

  void runOnOperation() override {
    int64_t before = countLoops();
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, isWorthFusing);
    GreedyRewriteConfig config;
    // Operands are there before their users: each op meets whole chains.
    config.setUseTopDownTraversal(true);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns), config);
    numFused += before - countLoops();
  }

  int64_t countLoops() {
    int64_t count = 0;
    getOperation().walk([&](linalg::GenericOp) { ++count; });
    return count;
  }
};
} // namespace
