//===- Scalars.h - arithmetic on elements -----------------------*- C++ -*-===//
// One set of operations for all element types: half precision is computed in
// f32, unsigned integers keep their meaning though MLIR's are signless here.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOLINALG_SCALARS_H
#define SKIM_LIB_CONVERSION_ONNXTOLINALG_SCALARS_H

#include "Emitter.h"

namespace skim::lowering {

/// Arithmetic on values of an ONNX element type. Values are in the compute
/// type: f32 for f16 and bf16, signless for integers, else the type itself.
class Scalars {
public:
  Scalars(Emitter &e, Type element);

  /// What tensors of the type hold, and what is computed with.
  Type stored, computed;
  bool isFloat, isUnsigned;

  Value load(Value value);
  Value store(Value value);
  Value constant(double value);
  /// Smallest and largest value, infinite for floats.
  Value lowest();
  Value highest();

  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  /// Towards zero for integers; a divisor of 0 is noted as an error.
  Value div(Value x, Value y);
  /// The remainder with the sign of the dividend (`truncated`) or divisor.
  Value mod(Value x, Value y, bool truncated);
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  Value negate(Value x);
  Value abs(Value x);
  /// A power with an exponent of this type.
  Value pow(Value x, Value y);
  Value equal(Value x, Value y);
  Value less(Value x, Value y);
  Value lessOrEqual(Value x, Value y);
  Value isNaN(Value x);
  /// Functions of floats.
  Value exp(Value x);
  Value log(Value x);
  Value sqrt(Value x);
  Value tanh(Value x);
  Value erf(Value x);
  Value sigmoid(Value x);

  /// A value of this type as one of `to`, as ONNX's Cast does.
  Value castTo(Value x, const Scalars &to);
  /// The integer as an index.
  Value toIndex(Value x) { return e.toIndex(x, isUnsigned); }

private:
  Value floatToInt(Value x, const Scalars &to);
  Value nonZero(Value divisor);

  Emitter &e;
};

} // namespace skim::lowering

#endif // SKIM_LIB_CONVERSION_ONNXTOLINALG_SCALARS_H
