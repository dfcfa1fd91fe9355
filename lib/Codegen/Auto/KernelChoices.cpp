//===- KernelChoices.cpp - classes of shapes and what was measured --------===//
// A class is named by the upper ends of the ranges that its sizes are in.
//===----------------------------------------------------------------------===//

#include "skim/Codegen/KernelChoices.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace skim;

/// The end of the range that a width is in, 0 beyond what is measured.
static int64_t rangeOf(int64_t width) {
  if (width < 256)
    return 0;
  for (int64_t end : {512, 1536, 4608})
    if (width <= end)
      return end;
  return 0;
}

std::string skim::shapeClass(const GemmSpec &spec) {
  int64_t k = rangeOf(spec.k), n = rangeOf(spec.n);
  if (!k || !n || spec.dtype != Dtype::Fp32)
    return "";
  std::string name = llvm::formatv("gemm_k{0}_n{1}", k, n);
  if (spec.activation != Activation::None)
    name += "_" + stringifyActivation(spec.activation).str();
  return name + (spec.residual ? "_residual" : "");
}

std::string skim::shapeClass(const AttentionSpec &spec) {
  // Nothing that adds to scores is measured, and Halide is fp32.
  if (spec.products != AttentionProducts::Fma || spec.changesScores() ||
      spec.headDim < 16 || spec.headDim > 128)
    return "";
  int64_t range = spec.headDim <= 32 ? 32 : spec.headDim <= 64 ? 64 : 128;
  std::string name = llvm::formatv("attention_d{0}", range);
  return name + (spec.importance ? "_importance" : "") +
         (spec.diagonal ? "_blocks" : "");
}

std::string skim::shapeClass(const NormSpec &spec) {
  int64_t width = rangeOf(spec.width);
  if (!width || !spec.isWholeRow())
    return "";
  return llvm::formatv("norm_{0}_{1}", stringifyNormKind(spec.kind), width);
}

std::string skim::shapeClass(const GatherSpec &spec) {
  int64_t width = rangeOf(spec.width);
  return width ? llvm::formatv("gather_{0}", width).str() : "";
}

bool skim::prefersHalide(llvm::ArrayRef<KernelChoice> choices,
                         int64_t vectorWidth, llvm::StringRef shapeClass) {
  return llvm::any_of(choices, [&](const KernelChoice &choice) {
    return choice.vectorWidth == vectorWidth &&
           choice.shapeClass == shapeClass && choice.ratio >= halideMargin;
  });
}

llvm::ArrayRef<KernelChoice> skim::measuredChoices() {
#define SKIM_KERNEL_CHOICE(WIDTH, CLASS, RATIO) {WIDTH, CLASS, RATIO},
  static const KernelChoice choices[] = {
#include "KernelChoices.inc"
      // An array has an element at least; no class has an empty name.
      {0, "", 0}};
#undef SKIM_KERNEL_CHOICE
  return choices;
}
