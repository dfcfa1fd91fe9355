//===- AutoKernelEmitter.cpp - each kernel from the faster emitter --------===//
// Two emitters side by side in one module. A spec always goes to the same one,
// so a kernel and its launch agree.
//===----------------------------------------------------------------------===//

#include "skim/Codegen/HalideKernels.h"
#include "skim/Codegen/KernelChoices.h"

using namespace mlir;
using namespace skim;

namespace {
class AutoKernelEmitter : public KernelEmitter {
public:
  AutoKernelEmitter(ModuleOp module, const TargetInfo &target,
                    llvm::ArrayRef<KernelChoice> choices)
      : module(module), target(target), choices(choices),
        plain(createCpuKernelEmitter(module, target)) {}

  func::FuncOp get(const GemmSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const MatmulSpec &s) override { return plain->get(s); }
  func::FuncOp get(const QuantiseSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const RangeSpec &s) override { return plain->get(s); }
  func::FuncOp get(const TensorScaleSpec &s) override { return plain->get(s); }
  func::FuncOp get(const AttentionSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const NormSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const EmbedSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const RotarySpec &s) override { return of(s).get(s); }
  func::FuncOp get(const PoolSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const RestoreSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const GatherSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const ElementwiseSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const L2Spec &s) override { return of(s).get(s); }
  func::FuncOp get(const BlockScoresSpec &s) override { return of(s).get(s); }
  func::FuncOp get(const WeightedSumSpec &s) override { return of(s).get(s); }

  Launch launchGemm(OpBuilder &builder, Location loc, const GemmSpec &spec,
                    Value rows) override {
    return of(spec).launchGemm(builder, loc, spec, rows);
  }
  Launch launchMatmul(OpBuilder &builder, Location loc,
                      const MatmulSizes &sizes) override {
    return plain->launchMatmul(builder, loc, sizes);
  }
  Launch launchAttention(OpBuilder &builder, Location loc,
                         const AttentionSpec &spec, Value batch,
                         Value sequence) override {
    return of(spec).launchAttention(builder, loc, spec, batch, sequence);
  }
  Launch launchBlockScores(OpBuilder &builder, Location loc,
                           const BlockScoresSpec &spec, Value blocks) override {
    return of(spec).launchBlockScores(builder, loc, spec, blocks);
  }
  /// Row kernels of both emitters take a task for each row.
  Launch launchRows(OpBuilder &builder, Location loc, Value rows,
                    int64_t width) override {
    return plain->launchRows(builder, loc, rows, width);
  }

private:
  template <typename Spec> KernelEmitter &of(const Spec &spec) {
    if (prefersHalide(choices, target.vectorWidth, shapeClass(spec)))
      if (KernelEmitter *found = findHalide())
        return *found;
    return *plain;
  }
  KernelEmitter *findHalide();

  ModuleOp module;
  TargetInfo target;
  llvm::ArrayRef<KernelChoice> choices;
  std::unique_ptr<KernelEmitter> plain, halide;
  bool isOpened = false;
};
} // namespace

/// Halide's emitter, null where Halide is not there.
KernelEmitter *AutoKernelEmitter::findHalide() {
  if (isOpened)
    return halide.get();
  isOpened = true;
  if (llvm::Error error = openHalide())
    emitRemark(module.getLoc())
        << "--kernels=auto: " << llvm::toString(std::move(error))
        << ", whose kernels are faster for some of these shapes; MLIR's are "
           "taken";
  else
    halide = createHalideKernelEmitter(module, target,
                                       createCpuKernelEmitter(module, target));
  return halide.get();
}

std::unique_ptr<KernelEmitter>
skim::createAutoKernelEmitter(ModuleOp module, const TargetInfo &target,
                              llvm::ArrayRef<KernelChoice> choices) {
  return std::make_unique<AutoKernelEmitter>(module, target, choices);
}
