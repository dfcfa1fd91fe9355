//===- Reductions.h - folds along axes --------------------------*- C++ -*-===//
// What reductions, normalisations and softmax share.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOLINALG_REDUCTIONS_H
#define SKIM_LIB_CONVERSION_ONNXTOLINALG_REDUCTIONS_H

#include "Emitter.h"
#include "Scalars.h"

namespace skim::lowering {

/// For every dimension whether it is reduced: constants where the axes are.
using AxisFlags = Values;

/// A fold over the elements along the reduced axes, in row major order.
struct Fold {
  /// Value to begin with, in the compute type.
  llvm::function_ref<Value()> initial;
  /// Next value from the value so far and an element.
  llvm::function_ref<Value(Value, Value)> combine;
  /// Result from the last value and the number of elements.
  llvm::function_ref<Value(Value, Value)> finish;
};

/// The flags of constant axes (counted from 0).
AxisFlags staticAxes(Emitter &e, int64_t rank, ArrayRef<int64_t> axes);

/// The elements of a vector as indices. Its length, where only known at run
/// time, must be `length`.
Values readVector(Emitter &e, Value vector, int64_t length);

/// The axis at run time, counted from 0.
Value wrapAxis(Emitter &e, Value axis, int64_t rank);

/// Which dimensions the vector `axes` names; all, or none with `noop`, where it
/// is absent or empty.
AxisFlags readAxes(Emitter &e, Value axes, int64_t rank, bool noop);

/// The dimensions that are not reduced, of which there are `rank`, or with 1 in
/// the place of the reduced ones (`keep`).
Values keptDims(Emitter &e, const AxisFlags &reduced, ValueRange dims,
                bool keep, int64_t rank);

/// Folds `input`, of elements `s`. The result has 1 in the place of the reduced
/// dimensions (`keep`) or lacks them, has rank `rank`, and `element` elements.
Value foldAxes(Emitter &e, Scalars &s, Value input, const AxisFlags &reduced,
               bool keep, int64_t rank, Type element, const Fold &fold);

/// Softmax, or its logarithm, along `axis`, computed in f32 for half precision.
Value softmax(Emitter &e, Scalars s, Value input, int64_t axis, bool log);

} // namespace skim::lowering

#endif // SKIM_LIB_CONVERSION_ONNXTOLINALG_REDUCTIONS_H
