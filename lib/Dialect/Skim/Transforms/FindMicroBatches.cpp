//===- FindMicroBatches.cpp - may a batch run in parts? -------------------===//
// Marks the function, and its inputs and outputs that have the batch, where
// `BatchAxes` proves that sequences do not depend on each other.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Dialect/Skim/Transforms/BatchAxes.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"

namespace skim {
#define GEN_PASS_DEF_SKIMFINDMICROBATCHESPASS
#include "skim/Dialect/Skim/Transforms/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

namespace {
class FindMicroBatchesPass
    : public skim::impl::SkimFindMicroBatchesPassBase<FindMicroBatchesPass> {
public:
  using SkimFindMicroBatchesPassBase::SkimFindMicroBatchesPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() ||
        llvm::none_of(function.front(), llvm::IsaPred<PackOp>))
      return;
    BatchAxes axes(function);
    if (!axes.hasBatch())
      return;
    if (axes.getObstacle()) {
      emitRemark(axes.getObstacle()->getLoc())
          << "a batch runs as a whole: '" << axes.getObstacle()->getName()
          << "' " << axes.getReason();
      return;
    }
    Builder builder(&getContext());
    function->setAttr("skim.micro_batch", builder.getI64IntegerAttr(positions));
    for (BlockArgument argument : function.getArguments())
      if (axes.isBatched(argument))
        function.setArgAttr(argument.getArgNumber(), "skim.batched",
                            builder.getUnitAttr());
    Operation *end = function.front().getTerminator();
    for (OpOperand &operand : end->getOpOperands())
      if (axes.isBatched(operand.get()))
        function.setResultAttr(operand.getOperandNumber(), "skim.batched",
                               builder.getUnitAttr());
    ++numFound;
  }
};
} // namespace
