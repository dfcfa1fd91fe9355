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

/// A column of a quantised model's weights.
struct IntegerColumn {
  float scale = 0;
  int8_t zeroPoint = 0;    ///< of weights as int8
  bool isUnsigned = false; ///< its bytes are 128 larger than as int8
};

/// `panel`, [K, tile] bytes, of which `columns` are weights, as a tile of
/// uint8; see skim.weights.
std::vector<char> integerTile(llvm::ArrayRef<char> panel, int64_t tile,
                              llvm::ArrayRef<IntegerColumn> columns);

} // namespace skim

#endif // SKIM_LIB_TARGET_NARROWWEIGHTS_H
