//===- Contract.h - matrix products -----------------------------*- C++ -*-===//
// Batched products of two matrices, which several families use.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOLINALG_CONTRACT_H
#define SKIM_LIB_CONVERSION_ONNXTOLINALG_CONTRACT_H

#include "Emitter.h"
#include "Scalars.h"

namespace skim::lowering {

/// `a` [.., M, K] (transposed: [.., K, M]) times `b` [.., K, N] (transposed:
/// [.., N, K]), whose batch dimensions broadcast. Elements are of type `s`; the
/// result has the compute type. Each sum runs over ascending k.
Value contract(Emitter &e, Scalars &s, Value a, bool transposeA, Value b,
               bool transposeB);

} // namespace skim::lowering

#endif // SKIM_LIB_CONVERSION_ONNXTOLINALG_CONTRACT_H
