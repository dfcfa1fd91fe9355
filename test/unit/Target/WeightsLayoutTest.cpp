//===- WeightsLayoutTest.cpp - how weights lie in the segment -------------===//
// Each layout against its formula in SkimKernelOps.td.
//===----------------------------------------------------------------------===//

#include "skim/Target/WeightsLayout.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace skim;

namespace {
class WeightsLayoutTest : public testing::Test {
protected:
  WeightsLayoutTest() { context.loadDialect<SkimDialect>(); }

  /// The floats of every entry of the module `text`.
  std::vector<std::vector<float>> collect(const std::string &text) {
    module = parseSourceString<ModuleOp>(text, &context);
    std::vector<std::vector<float>> all;
    if (!module)
      return all;
    FailureOr<std::vector<WeightsEntry>> entries = collectWeights(*module);
    if (failed(entries))
      return all;
    for (const WeightsEntry &entry : *entries) {
      std::string bytes;
      llvm::cantFail(entry.write([&](const void *data, uint64_t size) {
        bytes.append(static_cast<const char *>(data), size);
        return llvm::Error::success();
      }));
      EXPECT_EQ(bytes.size(), entry.bytes) << entry.name;
      std::vector<float> floats(bytes.size() / sizeof(float));
      std::memcpy(floats.data(), bytes.data(), bytes.size());
      all.push_back(floats);
    }
    return all;
  }
  std::string errorOf(const std::string &text) {
    std::string message;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message = diagnostic.str();
      return success();
    });
    EXPECT_TRUE(collect(text).empty());
    return message;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};
} // namespace

using Rows = std::vector<std::vector<float>>;

TEST_F(WeightsLayoutTest, PlainIsTheTensor) {
  EXPECT_EQ(collect("skim.weights @w plain at 0 bytes 16 {parts = "
                    "[dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>]}"),
            (Rows{{1, 2, 3, 4}}));
}

TEST_F(WeightsLayoutTest, SplatsAreSpelledOut) {
  EXPECT_EQ(collect("skim.weights @w plain at 0 bytes 12 {parts = "
                    "[dense<2.5> : tensor<3xf32>]}"),
            (Rows{{2.5, 2.5, 2.5}}));
}

TEST_F(WeightsLayoutTest, EntriesComeInOrderOfTheirOffsets) {
  EXPECT_EQ(collect("skim.weights @b plain at 64 bytes 4 {parts = "
                    "[dense<2.0> : tensor<1xf32>]}\n"
                    "skim.weights @a plain at 0 bytes 4 {parts = "
                    "[dense<1.0> : tensor<1xf32>]}"),
            (Rows{{1}, {2}}));
}

// [K = 2][N = 3 + 2] in tiles of 4: parts side by side across a tile's edge.
TEST_F(WeightsLayoutTest, TiledPutsPartsSideBySide) {
  EXPECT_EQ(
      collect("skim.weights @w tiled at 0 bytes 64 {tile = 4 : i64, parts = ["
              "dense<[[1.0, 2.0, 3.0], [11.0, 12.0, 13.0]]> : tensor<2x3xf32>, "
              "dense<[[4.0, 5.0], [14.0, 15.0]]> : tensor<2x2xf32>]}"),
      (Rows{{1, 2, 3, 4, 11, 12, 13, 14, 5, 0, 0, 0, 15, 0, 0, 0}}));
}

TEST_F(WeightsLayoutTest, TransposedPartsGiveTheSameTiles) {
  EXPECT_EQ(
      collect("skim.weights @w tiled_transposed at 0 bytes 64 {tile = 4 : i64, "
              "parts = [dense<[[1.0, 11.0], [2.0, 12.0], [3.0, 13.0]]> : "
              "tensor<3x2xf32>, dense<[[4.0, 14.0], [5.0, 15.0]]> : "
              "tensor<2x2xf32>]}"),
      (Rows{{1, 2, 3, 4, 11, 12, 13, 14, 5, 0, 0, 0, 15, 0, 0, 0}}));
}

TEST_F(WeightsLayoutTest, PaddedEndsInZeros) {
  EXPECT_EQ(collect("skim.weights @w padded at 0 bytes 32 {tile = 4 : i64, "
                    "parts = [dense<[1.0, 2.0, 3.0]> : tensor<3xf32>, "
                    "dense<[4.0, 5.0]> : tensor<2xf32>]}"),
            (Rows{{1, 2, 3, 4, 5, 0, 0, 0}}));
}

TEST_F(WeightsLayoutTest, WrongPartsAreReported) {
  EXPECT_NE(errorOf("skim.weights @w tiled at 0 bytes 16 {tile = 4 : i64, "
                    "parts = [dense<1.0> : tensor<4xf32>]}")
                .find("expected parts of rank 2, got 1"),
            std::string::npos);
  EXPECT_NE(errorOf("skim.weights @w plain at 0 bytes 16 {parts = "
                    "[dense_resource<gone> : tensor<4xf32>]}")
                .find("expected the data of every part"),
            std::string::npos);
}
