//===- Avx512Math.h - functions by operations of AVX-512 --------*- C++ -*-===//
// What AVX-512 has operations of its own for takes two thirds of those that
// every processor has. Only where `TargetInfo::hasAvx512Math`.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_AVX512MATH_H
#define SKIM_LIB_CODEGEN_CPU_AVX512MATH_H

#include "GeluTables.h"
#include "KernelBuilder.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

namespace skim {

/// 2^x within 3e-6 of it for x <= 0: 0 below -126, 1 for 0.
Value emitAvx512Exp2NonPositive(KernelBuilder &builder, Value x);

/// Two distances x of 16 bits in each word, 0 to 1023, to the integers next to
/// 4096 * 2^(-x / 64), of which distances have 64 an octave.
Value emitAvx512Powers(KernelBuilder &builder, Value distances);

/// The number of `numbers` that the low five bits of an index name.
Value emitAvx512Lookup(KernelBuilder &builder, const Lookup &numbers,
                       Value index);

/// GELU by erf or by tanh within 4e-5 max(1, |x|). The operations of several
/// vectors take turns.
Values emitAvx512Gelu(KernelBuilder &builder, Activation gelu, const Values &x);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_AVX512MATH_H
