//===- SliceRange.h - what Slice takes of an axis ---------------*- C++ -*-===//
// How ONNX clamps starts and ends, for sizes that are known and for others.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_SLICERANGE_H
#define SKIM_DIALECT_ONNX_IR_SLICERANGE_H

#include <algorithm>
#include <cstdint>

namespace skim::onnx {

/// A start or an end, counted from 0, is clamped to [low, extent + high]: up to
/// `high` last, so that an empty axis has one place for both.
struct SliceLimits {
  int64_t low, high;
};

constexpr SliceLimits getStartLimits(bool isBackward) {
  return isBackward ? SliceLimits{0, -1} : SliceLimits{0, 0};
}

constexpr SliceLimits getEndLimits(bool isBackward) {
  return isBackward ? SliceLimits{-1, -1} : SliceLimits{0, 0};
}

/// The positions start, start + step, .. of an axis.
struct SliceRange {
  int64_t start, length;
};

/// The step is not 0.
constexpr SliceRange getSliceRange(int64_t start, int64_t end, int64_t step,
                                   int64_t extent) {
  auto clamp = [&](int64_t at, SliceLimits limits) {
    int64_t position = at < 0 ? at + extent : at;
    return std::min(std::max(position, limits.low), extent + limits.high);
  };
  bool isBackward = step < 0;
  int64_t from = clamp(start, getStartLimits(isBackward)),
          to = clamp(end, getEndLimits(isBackward));
  int64_t span = isBackward ? from - to : to - from;
  uint64_t stride = isBackward ? -static_cast<uint64_t>(step) : step;
  int64_t length =
      span <= 0 ? 0 : static_cast<int64_t>((span - 1) / stride) + 1;
  return {from, length};
}

} // namespace skim::onnx

#endif // SKIM_DIALECT_ONNX_IR_SLICERANGE_H
