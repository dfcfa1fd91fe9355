//===- DistanceFunction.h - what depends on i - j only ----------*- C++ -*-===//
// Integers that attention graphs make for each query and key, but that are a
// function of the distance between the two: buckets of relative positions.
// Private to the conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOSKIM_DISTANCEFUNCTION_H
#define SKIM_LIB_CONVERSION_ONNXTOSKIM_DISTANCEFUNCTION_H

#include "Matchers.h"

namespace skim::raise {

/// `factor * distance + offset`, with a factor of 1 or -1.
struct LinearDistance {
  int64_t factor = 1, offset = 0;
};

/// Nothing where the integer is no such function.
std::optional<LinearDistance> findLinearDistance(const SymDim &integer,
                                                 const SymDim &distance);

/// Element-wise ops over `i - j` and numbers, in the order in which they are
/// computed.
class DistanceFunction {
public:
  DistanceFunction(RaiseContext &context, Elements &elements,
                   const SymDim &distance)
      : context(&context), elements(&elements), distance(distance) {}

  /// Whether `value[at]` is such a function, which is then `build`'s.
  bool match(mlir::Value value, llvm::ArrayRef<SymDim> at);
  /// The function of each of `distances`, `tensor<?xi64>`.
  mlir::Value build(mlir::OpBuilder &builder, mlir::Value distances) const;

private:
  /// `op` of earlier steps and numbers, or without one the distance itself.
  struct Step {
    mlir::Operation *op = nullptr;
    llvm::SmallVector<std::pair<mlir::Value, unsigned>> operands;
    LinearDistance linear = {};
  };
  struct Known {
    mlir::Value value;
    SymDims at;
    unsigned step;
  };

  std::optional<unsigned> find(mlir::Value value, SymDims at, unsigned level);
  std::optional<Step> findLinear(mlir::Value value, llvm::ArrayRef<SymDim> at);
  std::optional<Step> findOp(mlir::Operation *op, llvm::ArrayRef<SymDim> at,
                             unsigned level);

  RaiseContext *context;
  Elements *elements;
  SymDim distance;
  llvm::SmallVector<Step> steps;
  llvm::SmallVector<Known> known;
};

/// Whether all elements of `value` are clipped to `[0, count)`.
bool isClipped(mlir::Value value, int64_t count);

} // namespace skim::raise

#endif // SKIM_LIB_CONVERSION_ONNXTOSKIM_DISTANCEFUNCTION_H
