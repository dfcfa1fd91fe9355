//===- KernelChoicesTest.cpp - kernels from the emitter that a table names ===//
// Classes of shapes, the margin, and what happens without Halide.
//===----------------------------------------------------------------------===//

#include "skim/Codegen/KernelChoices.h"
#include "KernelHarness.h"
#include "gtest/gtest.h"

using namespace skim;
using namespace skim::test;

static GemmSpec product(int64_t k, int64_t n,
                        Activation activation = Activation::None,
                        bool residual = false) {
  GemmSpec spec;
  spec.k = k;
  spec.n = n;
  spec.activation = activation;
  spec.residual = residual;
  return spec;
}

TEST(KernelChoices, ClassesOfProducts) {
  EXPECT_EQ(shapeClass(product(384, 1152)), "gemm_k512_n1536");
  EXPECT_EQ(shapeClass(product(512, 513)), "gemm_k512_n1536");
  EXPECT_EQ(shapeClass(product(768, 3072, Activation::GeluErf)),
            "gemm_k1536_n4608_gelu_erf");
  EXPECT_EQ(shapeClass(product(3072, 768, Activation::None, true)),
            "gemm_k4608_n1536_residual");
  // Beyond what is measured: small test models above all.
  EXPECT_EQ(shapeClass(product(64, 768)), "");
  EXPECT_EQ(shapeClass(product(768, 2)), "");
  EXPECT_EQ(shapeClass(product(768, 30522)), "");
  GemmSpec narrow = product(768, 768);
  narrow.dtype = Dtype::Int8;
  EXPECT_EQ(shapeClass(narrow), "");
}

TEST(KernelChoices, ClassesOfOtherFamilies) {
  AttentionSpec attention;
  attention.headDim = 33;
  EXPECT_EQ(shapeClass(attention), "attention_d64");
  attention.importance = true;
  attention.diagonal = 32;
  EXPECT_EQ(shapeClass(attention), "attention_d64_importance_blocks");
  attention.mask = true;
  EXPECT_EQ(shapeClass(attention), "");
  attention.mask = false;
  attention.products = AttentionProducts::Bf16Tiles;
  EXPECT_EQ(shapeClass(attention), "");
  EXPECT_EQ(shapeClass(NormSpec{768, NormKind::Layer, true, 1e-5f}),
            "norm_layer_1536");
  EXPECT_EQ(shapeClass(GatherSpec{384}), "gather_512");
  EXPECT_EQ(shapeClass(L2Spec{384, 1e-5f}), "");
}

TEST(KernelChoices, AnEntryCountsForItsWidthAndBeyondTheMargin) {
  KernelChoice choices[] = {{16, "a", 1.2}, {8, "a", 1.02}, {8, "b", 0.5}};
  EXPECT_TRUE(prefersHalide(choices, 16, "a"));
  EXPECT_FALSE(prefersHalide(choices, 8, "a"));
  EXPECT_FALSE(prefersHalide(choices, 8, "b"));
  EXPECT_FALSE(prefersHalide(choices, 16, "b"));
  EXPECT_FALSE(prefersHalide(choices, 4, "a"));
  EXPECT_FALSE(prefersHalide(choices, 16, ""));
}

TEST(KernelChoices, TheTableHoldsMeasuredRatios) {
  for (const KernelChoice &choice : measuredChoices().drop_back()) {
    EXPECT_FALSE(choice.shapeClass.empty());
    EXPECT_TRUE(llvm::is_contained({4, 8, 16}, choice.vectorWidth));
    EXPECT_GT(choice.ratio, 0);
  }
}

namespace {
/// An emitter over a table of its own, and the remarks that it makes.
struct AutoKernels {
  explicit AutoKernels(llvm::ArrayRef<KernelChoice> choices)
      : emitter(createAutoKernelEmitter(kernels.getModule(), kernels.target(),
                                        choices)) {
    kernels.getModule()->getContext()->getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &remark) { remarks.push_back(remark.str()); });
  }
  template <typename Spec> std::string nameOf(const Spec &spec) {
    return emitter->get(spec).getName().str();
  }
  Kernels kernels{"x86-64-v3", "x86_64-unknown-linux-gnu"};
  std::unique_ptr<KernelEmitter> emitter;
  std::vector<std::string> remarks;
};
} // namespace

TEST(KernelChoices, KernelsComeFromTheEmitterThatTheTableNames) {
  KernelChoice choices[] = {{8, "gemm_k512_n512", 1.5},
                            {8, "gemm_k512_n512_residual", 0.9},
                            {16, "gemm_k512_n1536", 1.5}};
  AutoKernels kernels(choices);
  GemmSpec faster = product(300, 400);
  std::string suffix = hasHalide() ? "_halide" : "";
  EXPECT_EQ(kernels.nameOf(faster), faster.name() + suffix);
  EXPECT_EQ(kernels.nameOf(faster), faster.name() + suffix);
  for (const GemmSpec &spec :
       {product(300, 400, Activation::None, true), product(300, 600),
        product(300, 400, Activation::GeluErf), product(37, 53)})
    EXPECT_EQ(kernels.nameOf(spec), spec.name());
  GatherSpec rows{384};
  EXPECT_EQ(kernels.nameOf(rows), rows.name());
  // Said once, and only where a kernel was wanted that cannot be had.
  ASSERT_EQ(kernels.remarks.size(), hasHalide() ? 0u : 1u);
  if (!hasHalide())
    EXPECT_NE(kernels.remarks[0].find("--kernels=auto: this build has no"),
              std::string::npos)
        << kernels.remarks[0];
}
TEST(KernelChoices, WithoutEntriesHalideIsNotOpened) {
  AutoKernels kernels({});
  GemmSpec spec = product(300, 400);
  EXPECT_EQ(kernels.nameOf(spec), spec.name());
  EXPECT_TRUE(kernels.remarks.empty());
}
