//===- DistanceRange.h - conditions on i - j --------------------*- C++ -*-===//
// What attention graphs let a query see by its distance to the key, however
// comparisons are joined. Private to the conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOSKIM_DISTANCERANGE_H
#define SKIM_LIB_CONVERSION_ONNXTOSKIM_DISTANCERANGE_H

#include "DistanceFunction.h"

namespace skim::raise {

/// The distances from `least` to `most`, both included.
struct DistanceRange {
  /// Of `most`, and less than 0 of `least`: no limit on this side.
  static constexpr int64_t unlimited = int64_t(1) << 40;

  int64_t least = -unlimited, most = unlimited;

  static DistanceRange none() { return {1, 0}; }
  /// A query and the keys before it.
  static DistanceRange causal() { return {0, unlimited}; }
  bool isEmpty() const { return least > most; }
  bool contains(int64_t distance) const {
    return least <= distance && distance <= most;
  }
  DistanceRange intersect(const DistanceRange &other) const;
  /// Nothing where it is two ranges apart.
  std::optional<DistanceRange> unite(const DistanceRange &other) const;

  bool operator!=(const DistanceRange &other) const {
    return least != other.least || most != other.most;
  }
};

/// Finds the distances at which a condition holds.
class DistanceRangeFinder {
public:
  DistanceRangeFinder(RaiseContext &context, Elements &elements,
                      const SymDim &distance)
      : context(context), elements(elements), distance(distance) {}

  /// Those at which the condition `value[at]` holds, or does not; nothing when
  /// it depends on more than the distance, or when they are no single range.
  std::optional<DistanceRange> find(mlir::Value value, SymDims at, bool holds,
                                    unsigned level = 0);

private:
  std::optional<DistanceRange> findOp(mlir::Operation *op,
                                      llvm::ArrayRef<SymDim> at, bool holds,
                                      unsigned level);
  std::optional<DistanceRange>
  findComparison(mlir::Operation *op, llvm::ArrayRef<SymDim> at, bool holds);
  std::optional<SymDim> findInteger(mlir::Value value,
                                    llvm::ArrayRef<SymDim> at);
  std::optional<LinearDistance> findDifference(mlir::Operation *op,
                                               llvm::ArrayRef<SymDim> at);

  RaiseContext &context;
  Elements &elements;
  SymDim distance;
};

} // namespace skim::raise

#endif // SKIM_LIB_CONVERSION_ONNXTOSKIM_DISTANCERANGE_H
