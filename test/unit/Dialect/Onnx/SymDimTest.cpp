//===- SymDimTest.cpp - integers known up to named dimensions -------------===//
// Arithmetic is checked against plain integers at many values of the symbols.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/Transforms/SymDim.h"

#include "gtest/gtest.h"
#include <map>
#include <random>

using namespace skim::onnx;

static const SymDim B = SymDim::symbol("b"), S = SymDim::symbol("s");

/// The value at given dimensions and indices.
static int64_t at(const SymDim &dim, std::map<std::string, int64_t> values) {
  SymDim value =
      dim.substitute([&](const SymAtom &atom) -> std::optional<SymDim> {
        auto found = values.find(atom.key);
        if (found == values.end())
          return std::nullopt;
        return SymDim(found->second);
      });
  EXPECT_TRUE(value.constant().has_value()) << dim.str();
  return value.constant().value_or(-1);
}

TEST(SymDim, EqualPolynomialsAreEqual) {
  EXPECT_EQ((B + 1) * (S - 1), B * S - B + S - 1);
  EXPECT_EQ(B * S, S * B);
  EXPECT_EQ(B - B, SymDim(0));
  EXPECT_NE(B * B, B);
  EXPECT_EQ((B * S * 36).str(), "36*b*s");
  EXPECT_EQ((B - S * 2 - 3).str(), "b - 2*s - 3");
}

TEST(SymDim, DividesExactly) {
  EXPECT_EQ((B * S * 36).divideExactly(B * 9), S * 4);
  EXPECT_EQ((B * S + S).divideExactly(B + 1), S);
  EXPECT_EQ((B * B - 1).divideExactly(B + 1), B - 1);
  EXPECT_FALSE((B * S).divideExactly(2));
  EXPECT_FALSE(B.divideExactly(S));
  EXPECT_FALSE(B.divideExactly(0));
}

TEST(SymDim, SimplifiesFunctions) {
  EXPECT_EQ(SymDim::min(S, S + 1), S);
  EXPECT_EQ(SymDim::max(S, 0), S);
  EXPECT_EQ(SymDim::min(SymDim::min(S, 512), 264), SymDim::min(264, S));
  EXPECT_EQ(SymDim::floorDiv(S * 4, 2), S * 2);
  EXPECT_EQ(SymDim::floorDiv(-7, 2), SymDim(-4));
  EXPECT_EQ(SymDim::floorDiv(S - 16, 16) + 1, SymDim::floorDiv(S, 16));
  EXPECT_EQ(SymDim::floorDiv(S * 16 + B + 37, 16),
            S + 2 + SymDim::floorDiv(B + 5, 16));
  EXPECT_EQ(SymDim::floorDiv(S * 16 - 3, 16), S - 1);
  EXPECT_EQ(SymDim::mod(S - 16, 16), SymDim::mod(S, 16));
  EXPECT_EQ(SymDim::mod(S * 16 - 3, 16), SymDim(13));
  EXPECT_EQ(SymDim::mod(-7, 2), SymDim(1));
  EXPECT_EQ(SymDim::mod(S * 8, 4), SymDim(0));
}

TEST(SymDim, BroadcastsToWhatHoldsForAllValues) {
  EXPECT_EQ(SymDim::broadcast(S, 1), S);
  EXPECT_EQ(SymDim::broadcast(S, 7), SymDim(7));
  // The clamp is 1 only where S is.
  EXPECT_EQ(SymDim::broadcast(SymDim::min(S, 264), S), S);
  // Here it may be 1 where S is not.
  EXPECT_NE(SymDim::broadcast(SymDim::min(S, 1), S), S);
  EXPECT_NE(SymDim::broadcast(B, S), B);
  EXPECT_EQ(SymDim::broadcast(B, S), SymDim::broadcast(S, B));
}

TEST(SymDim, BoundsIndexVariables) {
  SymDim i = SymDim::index(0), j = SymDim::index(1);
  SymDim extents[] = {B, S};
  EXPECT_EQ(i.lowerBound(extents), 0);
  EXPECT_TRUE(isKnownLess(j, S, extents));
  EXPECT_FALSE(isKnownLess(j, S - 1, extents));
  EXPECT_TRUE(isKnownLessEqual(0, j - 3 + 3, extents));
  EXPECT_TRUE(isKnownLess(i * S + j, B * S, extents));
  EXPECT_FALSE(isKnownLess(0, S));
}

TEST(SymDim, SplitsByIndex) {
  auto split = (SymDim::index(0) * S + SymDim::index(3)).splitByIndex(0);
  ASSERT_TRUE(split.has_value());
  EXPECT_EQ(split->first, SymDim::index(3));
  EXPECT_EQ(split->second, S);
  EXPECT_FALSE((SymDim::index(0) * SymDim::index(0)).splitByIndex(0));
}

/// Random expressions hold the values that integers give, and stay in their
/// bounds.
TEST(SymDim, AgreesWithIntegers) {
  std::mt19937 random(3);
  auto draw = [&](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 500; ++round) {
    std::map<std::string, int64_t> values{{"b", draw(5)}, {"s", draw(9)}};
    SymDim dim = draw(2) ? B : S;
    int64_t expected = at(dim, values);
    for (int step = 0; step < 6; ++step) {
      SymDim other = draw(3) == 0 ? B : draw(2) ? S : SymDim(draw(9) - 4);
      int64_t operand = at(other, values);
      switch (draw(6)) {
      case 0:
        dim = dim + other, expected += operand;
        break;
      case 1:
        dim = dim - other, expected -= operand;
        break;
      case 2:
        dim = dim * other, expected *= operand;
        break;
      case 3:
        dim = SymDim::min(dim, other), expected = std::min(expected, operand);
        break;
      case 4:
        dim = SymDim::max(dim, other), expected = std::max(expected, operand);
        break;
      case 5:
        dim = SymDim::mod(dim, 3), expected = ((expected % 3) + 3) % 3;
        break;
      }
    }
    EXPECT_EQ(at(dim, values), expected) << dim.str();
    if (auto low = dim.lowerBound())
      EXPECT_LE(*low, expected) << dim.str();
    if (auto high = dim.upperBound())
      EXPECT_GE(*high, expected) << dim.str();
  }
}
