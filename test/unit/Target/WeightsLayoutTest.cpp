//===- WeightsLayoutTest.cpp - how weights lie in the segment -------------===//
// Each layout against its formula in SkimKernelOps.td.
//===----------------------------------------------------------------------===//

#include "skim/Target/WeightsLayout.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "gtest/gtest.h"
#include <cmath>

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

TEST_F(WeightsLayoutTest, PartsOfThreeDimensionsAreMatricesSideBySide) {
  EXPECT_EQ(
      collect("skim.weights @w tiled at 0 bytes 48 {tile = 2 : i64, parts = ["
              "dense<[[[1.0, 2.0, 3.0], [11.0, 12.0, 13.0]], "
              "[[4.0, 5.0, 6.0], [14.0, 15.0, 16.0]]]> : tensor<2x2x3xf32>]}"),
      (Rows{{1, 2, 11, 12, 3, 4, 13, 14, 5, 6, 15, 16}}));
  EXPECT_EQ(
      collect("skim.weights @w tiled at 0 bytes 16 {tile = 2 : i64, parts = ["
              "dense<7.0> : tensor<2x2x1xf32>]}"),
      (Rows{{7, 7, 7, 7}}));
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

/// Four bytes as the float that they are in memory.
static float word(int a, int b, int c, int d) {
  int8_t bytes[] = {int8_t(a), int8_t(b), int8_t(c), int8_t(d)};
  float word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}
static float word(int32_t number) {
  float word;
  std::memcpy(&word, &number, sizeof word);
  return word;
}
static bool sameWords(const std::vector<float> &a,
                      const std::vector<float> &b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// [K = 5][N = 3] in tiles of 2: words of four numbers of a column, then scales
// and -128 times the sums. 127 / 2.54 is 50; 1.5 / 2 of 127 is between 95
// and 96.
TEST_F(WeightsLayoutTest, Int8PutsFourNumbersInAWord) {
  Rows rows = collect(
      "skim.weights @w tiled at 0 bytes 64 {tile = 2 : i64, dtype = "
      "#skim<dtype int8>, parts = [dense<[[2.54, 0.0, 2.0], [-2.54, 0.0, 1.5], "
      "[0.02, 0.0, 0.0], [0.5, 0.0, -2.0], [-1.0, 0.0, 0.01]]> : "
      "tensor<5x3xf32>]}");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(sameWords(
      rows[0], {word(127, -127, 1, 25), word(0), word(-50, 0, 0, 0), word(0),
                2.54f / 127, 0, word(-128 * (127 - 127 + 1 + 25 - 50)), word(0),
                word(127, 95, 0, -127), word(0), word(1, 0, 0, 0), word(0),
                2.0f / 127, 0, word(-128 * (127 + 95 - 127 + 1)), word(0)}));
}

TEST_F(WeightsLayoutTest, Int8ColumnsThatAreNotFiniteHaveNoScale) {
  Rows rows = collect(
      "skim.weights @w tiled_transposed at 0 bytes 24 {tile = 2 : i64, dtype = "
      "#skim<dtype int8>, parts = [dense<[[1.0, 0x7F800000], [1.0, -1.0]]> : "
      "tensor<2x2xf32>]}");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(
      sameWords({rows[0][0], rows[0][1]}, {word(0), word(127, -127, 0, 0)}));
  EXPECT_TRUE(std::isnan(rows[0][2]));
  EXPECT_EQ(rows[0][3], 1.0f / 127);
}

// [K = 5][N = 3] of two matrices in tiles of 2, the second of numbers from 0:
// words, then scales, minus the sums, and zero points as of int8.
TEST_F(WeightsLayoutTest, Uint8KeepsIntegers) {
  Rows rows =
      collect("skim.weights @w tiled at 0 bytes 80 {tile = 2 : i64, dtype = "
              "#skim<dtype uint8>, parts = [dense<[[1, 2], [-3, 4], [5, 6], "
              "[-128, 127], "
              "[7, 8]]> : tensor<5x2xi8>, dense<[0.5, 0.25]> : tensor<2xf32>, "
              "dense<[0, "
              "-9]> : tensor<2xi8>, dense<[[0], [128], [129], [255], [3]]> : "
              "tensor<5x1xui8>, dense<2.0> : tensor<1xf32>, dense<120> : "
              "tensor<1xui8>]}");
  ASSERT_EQ(rows.size(), 1u);
  int32_t sum = -128 + 0 + 1 + 127 - 125;
  EXPECT_TRUE(sameWords(rows[0], {word(1, -3, 5, -128),
                                  word(2, 4, 6, 127),
                                  word(7, 0, 0, 0),
                                  word(8, 0, 0, 0),
                                  0.5f,
                                  0.25f,
                                  word(118),
                                  word(-147),
                                  word(0),
                                  word(-9),
                                  word(-128, 0, 1, 127),
                                  word(0),
                                  word(-125, 0, 0, 0),
                                  word(0),
                                  2.0f,
                                  0,
                                  word(-sum),
                                  word(0),
                                  word(-8),
                                  word(0)}));
}

TEST_F(WeightsLayoutTest, Uint8NeedsScales) {
  EXPECT_NE(
      errorOf("skim.weights @w tiled at 0 bytes 80 {tile = 2 : i64, dtype "
              "= #skim<dtype uint8>, parts = [dense<1> : tensor<5x2xi8>, "
              "dense<1.0> : tensor<3xf32>, dense<0> : tensor<2xi8>]}")
          .find("expected integers of 8 bits, scales and zero points for "
                "each column as parts 0 and on of 3"),
      std::string::npos);
}

// Ties go to the even number; 1 + 3 / 256 lies between two, as 1 + 1 / 256.
TEST_F(WeightsLayoutTest, Bf16PutsPairsInAWord) {
  Rows rows =
      collect("skim.weights @w tiled at 0 bytes 16 {tile = 2 : i64, dtype = "
              "#skim<dtype bf16>, parts = [dense<[[1.0, 1.00390625], [-2.0, "
              "1.01171875], [0.1, 0x7FC00001]]> : tensor<3x2xf32>]}");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(
      sameWords(rows[0], {word(int32_t(0xC0003F80)), word(int32_t(0x3F823F80)),
                          word(0x3DCD), word(0x7FC0)}));
}

// [K = 32][N = 1] in tiles of 1: one step of three digits, eight words each,
// then the scale. 127.5 is 0x7f8000 units of 2^-16, which has no three digits
// up to 127, so a unit is 2^-15; 2^-16 is half of one and goes to the even 0.
TEST_F(WeightsLayoutTest, Int8x3PutsDigitsOfAStepTogether) {
  std::string numbers = "[127.5], [-1.0], [0.99609375], [1.52587890625e-05]";
  for (int i = 4; i != 32; ++i)
    numbers += i == 9 ? ", [3.0517578125e-05]" : ", [0.0]";
  Rows rows = collect("skim.weights @w tiled at 0 bytes 100 {tile = 1 : i64, "
                      "dtype = #skim<dtype int8x3>, parts = [dense<[" +
                      numbers + "]> : tensor<32x1xf32>]}");
  ASSERT_EQ(rows.size(), 1u);
  std::vector<float> wanted(25, word(0));
  wanted[0] = word(64, 0, 1, 0);
  wanted[8] = word(-64, -128, -128, 0);
  wanted[16] = word(0, 0, -128, 0);
  wanted[18] = word(0, 1, 0, 0);
  wanted[24] = 0x1p-15f;
  EXPECT_TRUE(sameWords(rows[0], wanted));
}

TEST_F(WeightsLayoutTest, Int8x3ColumnsThatAreNotFiniteHaveNoScale) {
  Rows rows =
      collect("skim.weights @w tiled at 0 bytes 100 {tile = 1 : i64, dtype = "
              "#skim<dtype "
              "int8x3>, parts = [dense<0x7F800000> : tensor<32x1xf32>]}");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(sameWords({rows[0].begin(), rows[0].end() - 1},
                        std::vector<float>(24, word(0))));
  EXPECT_TRUE(std::isnan(rows[0].back()));
}

TEST_F(WeightsLayoutTest, WrongPartsAreReported) {
  EXPECT_NE(errorOf("skim.weights @w tiled at 0 bytes 100 {tile = 1 : i64, "
                    "dtype = #skim<dtype int8x3>, parts = [dense<1.0> : "
                    "tensor<34x1xf32>]}")
                .find("expected a depth that equal steps of 32 to 64 numbers "
                      "divide for int8x3, got 34"),
            std::string::npos);
  EXPECT_NE(errorOf("skim.weights @w tiled at 0 bytes 16 {tile = 4 : i64, "
                    "parts = [dense<1.0> : tensor<4xf32>]}")
                .find("expected parts of rank 2, got 1"),
            std::string::npos);
  EXPECT_NE(errorOf("skim.weights @w plain at 0 bytes 16 {parts = "
                    "[dense_resource<gone> : tensor<4xf32>]}")
                .find("expected the data of every part"),
            std::string::npos);
  EXPECT_NE(errorOf("skim.weights @w plain at 0 bytes 4 {dtype = #skim<dtype "
                    "int8>, parts = [dense<1.0> : tensor<1xf32>]}")
                .find("expected fp32 in the layout plain, got int8"),
            std::string::npos);
}
