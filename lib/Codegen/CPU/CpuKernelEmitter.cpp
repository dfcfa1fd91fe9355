//===- CpuKernelEmitter.cpp - kernels in the vector dialect ---------------===//
// Finds or writes the kernel of a spec. The name of a kernel says what it
// computes, so a name that is there is the kernel that is asked for.
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "BlockScores.h"
#include "Gemm.h"
#include "Matmul.h"
#include "RowKernels.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace skim;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// A number as part of a symbol: its bits, since decimal forms are not unique.
static std::string bits(float value) {
  uint32_t word;
  static_assert(sizeof word == sizeof value);
  memcpy(&word, &value, sizeof word);
  return llvm::formatv("{0:x-8}", word);
}
static std::string suffix(Activation activation) {
  return activation == Activation::None
             ? ""
             : "_" + stringifyActivation(activation).str();
}

/// "_int8" and the like, nothing for fp32.
static std::string suffix(Dtype dtype) {
  return dtype == Dtype::Fp32 ? "" : "_" + stringifyDtype(dtype).str();
}

std::string GemmSpec::name() const {
  return llvm::formatv("gemm{0}{1}_{2}x{3}{4}{5}{6}{7}{8}{9}", suffix(dtype),
                       zeroPoints ? "_zeros" : "", k, n,
                       indexed ? "_indexed" : "", bias ? "_bias" : "",
                       suffix(activation), residual ? "_residual" : "",
                       residual && residualIndexed ? "_indexed" : "",
                       narrowsResult ? "_narrow" : "");
}
std::string MatmulSpec::name() const { return "matmul"; }
std::string QuantiseSpec::name() const {
  return llvm::formatv("quantise{0}_{1}{2}", suffix(dtype), width,
                       indexed ? "_indexed" : "");
}
std::string RangeSpec::name() const {
  return llvm::formatv("range_{0}{1}", width, indexed ? "_indexed" : "");
}
std::string TensorScaleSpec::name() const { return "tensor_scale"; }
std::string AttentionSpec::name() const {
  static constexpr const char *suffixes[] = {"", "_int16", "_int8", "_bf16"};
  std::string name = llvm::formatv("attention{0}_{1}x{2}",
                                   suffixes[size_t(products)], heads, headDim);
  if (kvHeads != heads)
    name += llvm::formatv("_kv{0}", kvHeads);
  int64_t plain = heads * headDim, plainKeys = kvHeads * headDim;
  if (qWidth != plain || kWidth != plainKeys || vWidth != plainKeys ||
      qColumn || kColumn || vColumn)
    name += llvm::formatv("_q{0}of{1}_k{2}of{3}_v{4}of{5}", qColumn, qWidth,
                          kColumn, kWidth, vColumn, vWidth);
  if (ownKeyRows)
    name += "_keys";
  if (mask)
    name += "_mask_" + bits(fill) + "_" + stringifyEmptyKeys(emptyKeys).str();
  if (maskQueries)
    name += "_queries";
  if (bias)
    name += "_bias";
  if (bias && !mask && emptyKeys == EmptyKeys::Zero)
    name += "_zero";
  if (leftWindow)
    name += llvm::formatv("_left{0}", *leftWindow);
  if (rightWindow)
    name += llvm::formatv("_right{0}", *rightWindow);
  if (hasPositions())
    name += llvm::formatv("_c{0}_p{1}", contentColumns, positionColumns);
  if (importance)
    name += "_importance";
  if (diagonal)
    name += llvm::formatv("_diagonal{0}", diagonal);
  return name + "_scale_" + bits(scale);
}
std::string NormSpec::name() const {
  std::string name = llvm::formatv("norm_{0}_", stringifyNormKind(kind));
  if (heads != 1)
    name += llvm::formatv("{0}x", heads);
  name +=
      llvm::formatv("{0}{1}_{2}", width, bias ? "_bias" : "", bits(epsilon));
  if (xWidth)
    name += llvm::formatv("_{0}of{1}", column, xWidth);
  return name;
}
std::string EmbedSpec::name() const {
  return llvm::formatv("embed_{0}x{1}", tables.size(), width);
}
std::string RotarySpec::name() const {
  std::string name = llvm::formatv("rotary_{0}x{1}", heads, headDim);
  if (rotated != headDim)
    name += llvm::formatv("_first{0}", rotated);
  if (interleaved)
    name += "_interleaved";
  if (column || xWidth != heads * headDim)
    name += llvm::formatv("_{0}of{1}", column, xWidth);
  return name;
}
std::string PoolSpec::name() const {
  std::string name =
      llvm::formatv("pool_{0}_{1}{2}{3}", stringifyPoolKind(kind), width,
                    indexed ? "_indexed" : "", mask ? "_mask" : "");
  return kind == PoolKind::Mean ? name + "_" + bits(epsilon) : name;
}
std::string RestoreSpec::name() const {
  return llvm::formatv("restore_{0}_{1}", width, bits(fill));
}
std::string GatherSpec::name() const {
  return llvm::formatv("gather_{0}", width);
}
std::string ElementwiseSpec::name() const {
  static constexpr const char *kinds[] = {"add", "activation", "glu",
                                          "glu_last", "mul"};
  return llvm::formatv("{0}_{1}{2}", kinds[size_t(kind)], width,
                       suffix(activation));
}
std::string BlockScoresSpec::name() const {
  return llvm::formatv("block_scores_{0}x{1}", heads, blockSize);
}
std::string WeightedSumSpec::name() const {
  std::string name = llvm::formatv("weighted_sum_{0}", width);
  for (float weight : weights)
    name += "_" + bits(weight);
  return name;
}
std::string L2Spec::name() const {
  return llvm::formatv("l2_normalize_{0}_{1}", width, bits(epsilon));
}

//===----------------------------------------------------------------------===//
// The emitter
//===----------------------------------------------------------------------===//

namespace {
class CpuKernelEmitter : public KernelEmitter {
public:
  CpuKernelEmitter(ModuleOp module, const TargetInfo &target)
      : module(module), target(target) {}

  func::FuncOp get(const GemmSpec &s) override { return find(s, emitGemm); }
  func::FuncOp get(const MatmulSpec &s) override { return find(s, emitMatmul); }
  func::FuncOp get(const QuantiseSpec &s) override {
    return find(s, emitQuantise);
  }
  func::FuncOp get(const RangeSpec &s) override { return find(s, emitRange); }
  func::FuncOp get(const TensorScaleSpec &s) override {
    return find(s, emitTensorScale);
  }
  func::FuncOp get(const AttentionSpec &s) override {
    return find(s, emitAttention);
  }
  func::FuncOp get(const NormSpec &s) override { return find(s, emitNorm); }
  func::FuncOp get(const RotarySpec &s) override { return find(s, emitRotary); }
  func::FuncOp get(const PoolSpec &s) override { return find(s, emitPool); }
  func::FuncOp get(const RestoreSpec &s) override {
    return find(s, emitRestore);
  }
  func::FuncOp get(const GatherSpec &s) override { return find(s, emitGather); }
  func::FuncOp get(const ElementwiseSpec &s) override {
    return find(s, emitElementwise);
  }
  func::FuncOp get(const L2Spec &s) override { return find(s, emitL2); }
  func::FuncOp get(const BlockScoresSpec &s) override {
    return find(s, emitBlockScores);
  }
  func::FuncOp get(const WeightedSumSpec &s) override {
    return find(s, emitWeightedSum);
  }

  // The messages of an embedding name its inputs, so each has its own kernel.
  func::FuncOp get(const EmbedSpec &spec) override {
    std::string name = spec.name();
    for (int64_t i = 1; module.lookupSymbol(name); ++i)
      name = llvm::formatv("{0}_{1}", spec.name(), i);
    KernelBuilder builder(module.getLoc(), module.getContext(), target);
    return emitEmbed(builder, module, spec, name);
  }

  Launch launchGemm(OpBuilder &builder, Location loc, const GemmSpec &spec,
                    Value rows) override {
    KernelBuilder b(loc, builder, target);
    return skim::launchGemm(b, spec, rows);
  }
  Launch launchMatmul(OpBuilder &builder, Location loc,
                      const MatmulSizes &sizes) override {
    KernelBuilder b(loc, builder, target);
    return skim::launchMatmul(b, sizes);
  }
  Launch launchAttention(OpBuilder &builder, Location loc,
                         const AttentionSpec &spec, Value batch,
                         Value sequence) override {
    KernelBuilder b(loc, builder, target);
    return skim::launchAttention(b, spec, batch, sequence);
  }
  Launch launchBlockScores(OpBuilder &builder, Location loc,
                           const BlockScoresSpec &spec, Value blocks) override {
    KernelBuilder b(loc, builder, target);
    return skim::launchBlockScores(b, spec, blocks);
  }
  Launch launchRows(OpBuilder &builder, Location loc, Value rows,
                    int64_t width) override {
    KernelBuilder b(loc, builder, target);
    // Some 16 KiB a piece, so that handing them out costs little.
    int64_t grain =
        std::clamp<int64_t>(4096 / std::max<int64_t>(width, 1), 1, 256);
    return {rows, b.index(grain), b.index(0)};
  }

private:
  template <typename Spec, typename Emit>
  func::FuncOp find(const Spec &spec, Emit emit) {
    if (auto function = module.lookupSymbol<func::FuncOp>(spec.name()))
      return function;
    KernelBuilder builder(module.getLoc(), module.getContext(), target);
    return emit(builder, module, spec);
  }

  ModuleOp module;
  TargetInfo target;
};
} // namespace

std::unique_ptr<KernelEmitter>
skim::createCpuKernelEmitter(ModuleOp module, const TargetInfo &target) {
  return std::make_unique<CpuKernelEmitter>(module, target);
}
