//===- HalideKernelEmitter.cpp - kernels that Halide compiles -------------===//
// Families that have a pipeline come from Halide, and everything else from the
// emitter beside it.
//===----------------------------------------------------------------------===//

#include "HalideAttention.h"
#include "HalideGemm.h"
#include "HalideRows.h"
#include "OpenHalide.h"

#include "skim/Codegen/HalideKernels.h"

using namespace mlir;
using namespace skim;

static constexpr llvm::StringLiteral suffix = "_halide";

namespace {
class HalideKernelEmitter : public KernelEmitter {
public:
  HalideKernelEmitter(ModuleOp module, const TargetInfo &target,
                      std::unique_ptr<KernelEmitter> others)
      : module(module), target(target), others(std::move(others)),
        pipelines(*llvm::cantFail(findHalidePipelines())) {}

  func::FuncOp get(const GemmSpec &spec) override {
    if (spec.dtype != Dtype::Fp32)
      return others->get(spec);
    return find(spec, emitHalideGemm);
  }
  func::FuncOp get(const AttentionSpec &s) override {
    return hasHalideAttention(s) ? find(s, emitHalideAttention)
                                 : others->get(s);
  }
  func::FuncOp get(const NormSpec &s) override {
    return s.isWholeRow() ? find(s, emitHalideNorm) : others->get(s);
  }
  func::FuncOp get(const GatherSpec &s) override {
    return find(s, emitHalideGather);
  }
  func::FuncOp get(const MatmulSpec &s) override { return others->get(s); }
  func::FuncOp get(const QuantiseSpec &s) override { return others->get(s); }
  func::FuncOp get(const RangeSpec &s) override { return others->get(s); }
  func::FuncOp get(const TensorScaleSpec &s) override { return others->get(s); }
  func::FuncOp get(const EmbedSpec &s) override { return others->get(s); }
  func::FuncOp get(const RotarySpec &s) override { return others->get(s); }
  func::FuncOp get(const PoolSpec &s) override { return others->get(s); }
  func::FuncOp get(const RestoreSpec &s) override { return others->get(s); }
  func::FuncOp get(const ElementwiseSpec &s) override { return others->get(s); }
  func::FuncOp get(const L2Spec &s) override { return others->get(s); }
  func::FuncOp get(const BlockScoresSpec &s) override { return others->get(s); }
  func::FuncOp get(const WeightedSumSpec &s) override { return others->get(s); }

  Launch launchGemm(OpBuilder &builder, Location loc, const GemmSpec &spec,
                    Value rows) override {
    if (spec.dtype != Dtype::Fp32)
      return others->launchGemm(builder, loc, spec, rows);
    KernelBuilder b(loc, builder, target);
    return launchHalideGemm(b, spec, rows);
  }
  Launch launchMatmul(OpBuilder &builder, Location loc,
                      const MatmulSizes &sizes) override {
    return others->launchMatmul(builder, loc, sizes);
  }
  Launch launchAttention(OpBuilder &builder, Location loc,
                         const AttentionSpec &spec, Value batch,
                         Value sequence) override {
    if (!hasHalideAttention(spec))
      return others->launchAttention(builder, loc, spec, batch, sequence);
    KernelBuilder b(loc, builder, target);
    return launchHalideAttention(b, spec, batch, sequence);
  }
  Launch launchBlockScores(OpBuilder &builder, Location loc,
                           const BlockScoresSpec &spec, Value blocks) override {
    return others->launchBlockScores(builder, loc, spec, blocks);
  }
  Launch launchRows(OpBuilder &builder, Location loc, Value rows,
                    int64_t width) override {
    return others->launchRows(builder, loc, rows, width);
  }

private:
  template <typename Spec, typename Emit>
  func::FuncOp find(const Spec &spec, Emit emit) {
    std::string name = spec.name() + suffix.str();
    if (auto function = module.lookupSymbol<func::FuncOp>(name))
      return function;
    KernelBuilder builder(module.getLoc(), module.getContext(), target);
    FailureOr<func::FuncOp> made = emit(builder, module, pipelines, spec, name);
    return succeeded(made) ? *made : func::FuncOp();
  }

  ModuleOp module;
  TargetInfo target;
  std::unique_ptr<KernelEmitter> others;
  const halide::Pipelines &pipelines;
};
} // namespace

std::unique_ptr<KernelEmitter>
skim::createHalideKernelEmitter(ModuleOp module, const TargetInfo &target,
                                std::unique_ptr<KernelEmitter> others) {
  return std::make_unique<HalideKernelEmitter>(module, target,
                                               std::move(others));
}
