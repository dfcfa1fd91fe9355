//===- Interval.h - numbers that a value can hold ---------------*- C++ -*-===//
// Bounds that follow from the ops that make a value. Private to the passes.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_TRANSFORMS_INTERVAL_H
#define SKIM_LIB_DIALECT_ONNX_TRANSFORMS_INTERVAL_H

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include <limits>

namespace skim::onnx {

/// Numbers from `least` to `most`; without bounds unless they are set.
struct Interval {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
};

/// What holds for every element of a value, NaN apart, whatever the inputs are.
Interval getInterval(mlir::Value value);

/// What stands for integers of the type of `integers`, by constant scales and
/// zero points: the interval of all of it. Nothing when they are not known.
std::optional<Interval> getInterval(mlir::Value integers, mlir::Value scale,
                                    mlir::Value zeroPoint);

} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_TRANSFORMS_INTERVAL_H
