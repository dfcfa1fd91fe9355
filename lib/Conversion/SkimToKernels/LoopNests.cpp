//===- LoopNests.cpp - loops in another order -----------------------------===//

#include "LoopNests.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;

/// The buffer that `memref` is a view of.
static Value baseOf(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}

/// Whether each run of `op` in the same place does the same, once or often.
static bool isRepeatable(Operation *op, ValueRange stored) {
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return !llvm::is_contained(stored, baseOf(load.getMemRef()));
  if (auto condition = dyn_cast<scf::IfOp>(op))
    return condition.getNumResults() == 0 && !condition.elseBlock() &&
           llvm::all_of(*condition.thenBlock(), [&](Operation &inner) {
             return isa<ReportOp, scf::YieldOp>(inner) || isPure(&inner);
           });
  return isPure(op);
}

bool skim::hoistInvariant(scf::ForOp loop) {
  SmallVector<Value> stored;
  loop.walk([&](memref::StoreOp store) {
    stored.push_back(baseOf(store.getMemRef()));
  });
  Region *body = &loop.getRegion();
  bool hasEffects = false;
  moveLoopInvariantCode(
      body,
      [&](Value value, Region *) {
        return value.getParentRegion()->isProperAncestor(body);
      },
      [&](Operation *op, Region *) { return isRepeatable(op, stored); },
      [&](Operation *op, Region *) {
        hasEffects |= !isPure(op);
        op->moveBefore(loop);
      });
  return hasEffects;
}

/// Whether `value` is made of the index `of` by arithmetic.
static bool dependsOn(Value value, Value of) {
  if (value == of)
    return true;
  Operation *source = value.getDefiningOp();
  return source &&
         isa<arith::ArithDialect, affine::AffineDialect>(
             source->getDialect()) &&
         llvm::any_of(source->getOperands(),
                      [&](Value operand) { return dependsOn(operand, of); });
}

/// Whether `value` is the loop's index.
static bool isIndexOf(Value value, scf::ForOp loop) {
  auto apply = value.getDefiningOp<affine::AffineApplyOp>();
  if (apply && apply.getAffineMap().isIdentity())
    value = apply.getOperand(0);
  return value == loop.getInductionVar();
}

/// Whether a loop may have more than half a block.
static bool isLong(scf::ForOp loop) {
  std::optional<int64_t> count = getConstantIntValue(loop.getUpperBound());
  return !count || *count > kLoopBlock / 2;
}

std::optional<unsigned> skim::findLoopAcross(ArrayRef<scf::ForOp> outer,
                                             scf::ForOp inner) {
  std::optional<unsigned> across;
  Value index = inner.getInductionVar();
  inner.walk([&](memref::LoadOp load) {
    ValueRange at = load.getIndices();
    if (at.empty() || dependsOn(at.back(), index) ||
        llvm::none_of(at, [&](Value i) { return dependsOn(i, index); }))
      return;
    for (unsigned i = 0; i != outer.size(); ++i) {
      if (isIndexOf(at.back(), outer[i]) && isLong(outer[i]) && isLong(inner))
        across = i;
    }
  });
  return across;
}

Value skim::countBlocks(OpBuilder &b, Location loc, Value count) {
  Value size = arith::ConstantIndexOp::create(b, loc, kLoopBlock);
  return b.createOrFold<arith::CeilDivUIOp>(loc, count, size);
}

scf::ForOp skim::createBlockLoop(OpBuilder &b, Location loc, Value first,
                                 Value count) {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value size = arith::ConstantIndexOp::create(b, loc, kLoopBlock);
  Value end = arith::AddIOp::create(b, loc, first, size);
  end = arith::MinUIOp::create(b, loc, end, count);
  return scf::ForOp::create(b, loc, first, end, one);
}
