//===- VectorMath.h - elementary functions on vectors -----------*- C++ -*-===//
// Own polynomials in f32, for vectors of any width: the same code, so the same
// bits, for every lane and every kernel. NaN gives NaN.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_VECTORMATH_H
#define SKIM_LIB_CODEGEN_CPU_VECTORMATH_H

#include "KernelBuilder.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

namespace skim {

/// e^x within 2 ulp; 0 below -104, inf above 88.73, subnormals in between.
Value emitExp(KernelBuilder &builder, Value x);

/// 2^x within 1 ulp for x <= 0, as softmax has it: 0 below -126.
Value emitExp2NonPositive(KernelBuilder &builder, Value x);
/// The same within 3e-6 of it; 1 for 0. On AVX-512 by operations of its own.
Value emitCoarseExp2NonPositive(KernelBuilder &builder, Value x);

/// 1 / (1 + e^-x) within 4 ulp where it is a normal number.
Value emitSigmoid(KernelBuilder &builder, Value x);

/// Nearest bf16, ties to even, as i16; the target's instruction, where it has
/// one, gives 0 for subnormal numbers.
Value emitRoundBf16(KernelBuilder &builder, Value x);

/// The activation as skim.activation defines it. The GELUs are within
/// 2e-7 * max(1, |x|).
Value emitActivation(KernelBuilder &builder, Activation activation, Value x);
/// Of several vectors, whose operations take turns. `coarse` GELUs are within
/// 4e-5 * max(1, |x|).
Values emitActivation(KernelBuilder &builder, Activation activation,
                      const Values &x, bool coarse = false);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_VECTORMATH_H
