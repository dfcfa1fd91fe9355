//===- SliceRangeTest.cpp - starts and ends of slices ---------------------===//

#include "skim/Dialect/Onnx/IR/SliceRange.h"

#include "gtest/gtest.h"

using namespace skim::onnx;

namespace {
/// What numpy takes of `extent` elements, as first element and count.
void expectRange(int64_t start, int64_t end, int64_t step, int64_t extent,
                 int64_t first, int64_t length) {
  SliceRange range = getSliceRange(start, end, step, extent);
  EXPECT_EQ(range.length, length)
      << start << ":" << end << ":" << step << " of " << extent;
  if (length != 0)
    EXPECT_EQ(range.start, first)
        << start << ":" << end << ":" << step << " of " << extent;
}
} // namespace

TEST(SliceRange, Forwards) {
  expectRange(1, 4, 1, 5, 1, 3);
  expectRange(-3, -1, 1, 5, 2, 2);
  expectRange(-100, 100, 2, 5, 0, 3);
  expectRange(3, 1, 1, 5, 3, 0);
  expectRange(INT64_MIN, INT64_MAX, INT64_MAX, 5, 0, 1);
  expectRange(7, 9, 1, 5, 5, 0);
}

TEST(SliceRange, Backwards) {
  expectRange(-1, INT64_MIN, -1, 5, 4, 5);
  expectRange(3, 0, -2, 5, 3, 2);
  expectRange(100, 2, -1, 5, 4, 2);
  expectRange(1, 3, -1, 5, 1, 0);
  expectRange(3, INT64_MIN, INT64_MIN, 5, 3, 1);
}

// A start before the axis is its first element, unlike in Python.
TEST(SliceRange, BackwardsFromBeforeTheAxis) {
  expectRange(-100, -200, -1, 5, 0, 1);
  expectRange(-6, INT64_MIN, -3, 5, 0, 1);
  expectRange(-100, 0, -1, 5, 0, 0);
}

TEST(SliceRange, EmptyAxis) {
  expectRange(0, 5, 1, 0, 0, 0);
  expectRange(-1, INT64_MIN, -1, 0, 0, 0);
  expectRange(-100, -200, -1, 0, 0, 0);
}
