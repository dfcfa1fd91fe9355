//===- InsertFrees.cpp - free buffers after their last use ----------------===//
// Follows the views of each allocation within its block.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/SkimToKernels/Passes.h"

#include "mlir/Interfaces/ViewLikeInterface.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

namespace skim {
#define GEN_PASS_DEF_INSERTFREESPASS
#include "skim/Conversion/SkimToKernels/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

namespace {
/// What becomes of the memory of one allocation.
struct Lifetime {
  /// All that read or write it.
  SmallVector<Operation *> users;
  /// The last op of the allocation's block that reads or writes it.
  Operation *last = nullptr;
  /// Outputs that show it.
  SmallVector<OutputOp> outputs;
  /// Something may hold it longer, or frees it already.
  bool escapes = false;
};
} // namespace

static Lifetime followUses(memref::AllocOp alloc) {
  Lifetime life;
  life.last = alloc;
  Block *block = alloc->getBlock();
  SmallVector<Value> open = {alloc.getResult()};
  while (!open.empty()) {
    for (Operation *user : open.pop_back_val().getUsers()) {
      Operation *inBlock = block->findAncestorOpInBlock(*user);
      if (!inBlock || user->hasTrait<OpTrait::IsTerminator>() ||
          isa<memref::DeallocOp>(user)) {
        life.escapes = true;
        return life;
      }
      if (life.last->isBeforeInBlock(inBlock))
        life.last = inBlock;
      life.users.push_back(user);
      if (auto output = dyn_cast<OutputOp>(user))
        life.outputs.push_back(output);
      // Anything that makes a memref of it may be a view of it.
      for (Value result : user->getResults())
        if (isa<BaseMemRefType>(result.getType()))
          open.push_back(result);
    }
  }
  return life;
}

/// The last op of `block` in which one of `users` is; null without one.
static Operation *lastIn(Block &block, ArrayRef<Operation *> users) {
  Operation *last = nullptr;
  for (Operation *user : users) {
    Operation *inBlock = block.findAncestorOpInBlock(*user);
    if (inBlock && (!last || last->isBeforeInBlock(inBlock)))
      last = inBlock;
  }
  return last;
}

/// The points behind the last use, one on each path: what is used in a branch
/// last, and not behind it, is not held while the rest of the branch runs.
static void findEnds(Operation *last, ArrayRef<Operation *> users,
                     SmallVectorImpl<OpBuilder::InsertPoint> &ends) {
  auto branch = dyn_cast<scf::IfOp>(last);
  if (!branch) {
    ends.push_back({last->getBlock(), std::next(last->getIterator())});
    return;
  }
  for (Region *region : branch.getRegions()) {
    if (region->empty()) {
      OpBuilder builder(branch->getContext());
      builder.createBlock(region);
      scf::YieldOp::create(builder, branch.getLoc());
    }
    Block &block = region->front();
    if (Operation *inside = lastIn(block, users))
      findEnds(inside, users, ends);
    else
      ends.push_back({&block, block.begin()});
  }
}

namespace {
class InsertFrees : public skim::impl::InsertFreesPassBase<InsertFrees> {
public:
  using InsertFreesPassBase::InsertFreesPassBase;

  void runOnOperation() override {
    SmallVector<memref::AllocOp> allocs;
    getOperation().walk([&](memref::AllocOp op) { allocs.push_back(op); });
    for (memref::AllocOp alloc : allocs) {
      Lifetime life = followUses(alloc);
      if (life.escapes)
        continue;
      if (life.outputs.size() == 1 && giveAway(alloc, life))
        continue;
      SmallVector<OpBuilder::InsertPoint> ends;
      findEnds(life.last, life.users, ends);
      for (OpBuilder::InsertPoint end : ends) {
        OpBuilder builder(alloc->getContext());
        builder.restoreInsertionPoint(end);
        memref::DeallocOp::create(builder, alloc.getLoc(), alloc);
        ++numFrees;
      }
    }
  }

private:
  /// Lets the output own the buffer where it is its whole and its last use.
  bool giveAway(memref::AllocOp alloc, const Lifetime &life) {
    OutputOp output = life.outputs.front();
    if (output.getBuffer() != alloc.getResult() || life.last != output)
      return false;
    output.setOwned(true);
    ++numOwned;
    return true;
  }
};
} // namespace
