//===- WidenBools.cpp - truth values as bytes in memory -------------------===//
// An i8 and a conversion for each load and store of an i1.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/KernelsToLLVM/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace skim {
#define GEN_PASS_DEF_WIDENBOOLSPASS
#include "skim/Conversion/KernelsToLLVM/Passes.h.inc"
} // namespace skim

using namespace mlir;

static void widen(LLVM::LoadOp load) {
  OpBuilder b(load);
  Type truth = load.getType();
  b.setInsertionPointAfter(load);
  load.getResult().setType(b.getI8Type());
  auto value = LLVM::TruncOp::create(b, load.getLoc(), truth, load.getResult());
  load.getResult().replaceAllUsesExcept(value, value);
}

static void widen(LLVM::StoreOp store) {
  OpBuilder b(store);
  Value byte =
      LLVM::ZExtOp::create(b, store.getLoc(), b.getI8Type(), store.getValue());
  store.getValueMutable().assign(byte);
}

namespace {
struct WidenBools : skim::impl::WidenBoolsPassBase<WidenBools> {
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (auto load = dyn_cast<LLVM::LoadOp>(op)) {
        if (!load.getType().isInteger(1))
          return;
        widen(load);
      } else if (auto store = dyn_cast<LLVM::StoreOp>(op)) {
        if (!store.getValue().getType().isInteger(1))
          return;
        widen(store);
      } else {
        return;
      }
      ++numAccesses;
    });
  }
};
} // namespace
