//===- LayoutWeights.cpp - place the entries of the weights segment -------===//
// Shares equal entries, drops unused ones, and numbers the rest.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace skim {
#define GEN_PASS_DEF_SKIMLAYOUTWEIGHTSPASS
#include "skim/Dialect/Skim/Transforms/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

/// What makes two entries one.
static Attribute contentsOf(WeightsOp op) {
  Builder builder(op.getContext());
  return builder.getArrayAttr(
      {op.getParts(), builder.getI64IntegerAttr(int64_t(op.getLayout())),
       builder.getI64IntegerAttr(int64_t(op.getDtype())),
       builder.getI64IntegerAttr(op.getTile()),
       builder.getI64IntegerAttr(op.getBytes())});
}

namespace {
struct SkimLayoutWeights
    : skim::impl::SkimLayoutWeightsPassBase<SkimLayoutWeights> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    DenseMap<Attribute, WeightsOp> entries;
    llvm::SetVector<Operation *> viewed;
    WalkResult walked = module.walk([&](WeightsViewOp view) {
      auto entry = symbols.lookup<WeightsOp>(view.getName());
      if (!entry) {
        view.emitOpError() << "expected a skim.weights named '"
                           << view.getName() << "'";
        return WalkResult::interrupt();
      }
      WeightsOp &first = entries[contentsOf(entry)];
      if (!first)
        first = entry;
      if (first != entry)
        view.setName(first.getSymName());
      viewed.insert(first);
      return WalkResult::advance();
    });
    if (walked.wasInterrupted())
      return signalPassFailure();
    removeOthers(module, entries, viewed);
    uint64_t offset = 0;
    for (Operation *op : viewed) {
      auto entry = cast<WeightsOp>(op);
      entry.setOffset(offset);
      offset = llvm::alignTo(offset + entry.getBytes(), 64);
    }
  }

private:
  void removeOthers(ModuleOp module, DenseMap<Attribute, WeightsOp> &entries,
                    llvm::SetVector<Operation *> &viewed) {
    for (auto entry : llvm::make_early_inc_range(module.getOps<WeightsOp>())) {
      if (viewed.contains(entry))
        continue;
      if (entries.count(contentsOf(entry)))
        ++numShared;
      else
        ++numUnused;
      entry.erase();
    }
  }
};
} // namespace
