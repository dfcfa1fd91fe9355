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
    auto widenTruth = [&](auto access, Type type) {
      if (!type.isInteger(1))
        return;
      widen(access);
      ++numAccesses;
    };
    getOperation().walk(
        [&](LLVM::LoadOp load) { widenTruth(load, load.getType()); });
    getOperation().walk([&](LLVM::StoreOp store) {
      widenTruth(store, store.getValue().getType());
    });
  }
};
} // namespace
