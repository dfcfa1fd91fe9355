//===- ExpandMemRefCopy.cpp - copies of strided buffers -------------------===//
// A loop for each dimension around a load and a store.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/KernelsToLLVM/Passes.h"

namespace skim {
#define GEN_PASS_DEF_EXPANDMEMREFCOPYPASS
#include "skim/Conversion/KernelsToLLVM/Passes.h.inc"
} // namespace skim

using namespace mlir;

static bool isContiguous(Value memref) {
  auto type = dyn_cast<MemRefType>(memref.getType());
  return type && type.getLayout().isIdentity();
}

static void expandCopy(memref::CopyOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value source = op.getSource(), target = op.getTarget();
  auto type = cast<MemRefType>(source.getType());
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  SmallVector<Value> lows(type.getRank(), zero), steps(type.getRank(), one);
  SmallVector<Value> highs;
  for (int64_t i = 0; i != type.getRank(); ++i)
    highs.push_back(memref::DimOp::create(builder, loc, source, i));
  scf::buildLoopNest(
      builder, loc, lows, highs, steps,
      [&](OpBuilder &inner, Location loc, ValueRange indices) {
        Value value = memref::LoadOp::create(inner, loc, source, indices);
        memref::StoreOp::create(inner, loc, value, target, indices);
      });
  op.erase();
}

namespace {
struct ExpandMemRefCopy
    : skim::impl::ExpandMemRefCopyPassBase<ExpandMemRefCopy> {
  void runOnOperation() override {
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp op) {
      bool ranked = isa<MemRefType>(op.getSource().getType()) &&
                    isa<MemRefType>(op.getTarget().getType());
      if (ranked &&
          !(isContiguous(op.getSource()) && isContiguous(op.getTarget())))
        copies.push_back(op);
    });
    for (memref::CopyOp op : copies)
      expandCopy(op);
    numCopies += copies.size();
  }
};
} // namespace
