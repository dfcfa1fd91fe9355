//===- NarrowWeights.h - tiles of weights in other dtypes -------*- C++ -*-===//
// The last step of laying a tile out, where its numbers are rounded.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_TARGET_NARROWWEIGHTS_H
#define SKIM_LIB_TARGET_NARROWWEIGHTS_H

#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/ADT/ArrayRef.h"
#include <vector>

namespace skim {

/// `panel`, [K, tile] in fp32, as a tile of `dtype`; see skim.weights.
std::vector<char> narrowTile(Dtype dtype, llvm::ArrayRef<float> panel,
                             int64_t tile);

} // namespace skim

#endif // SKIM_LIB_TARGET_NARROWWEIGHTS_H
