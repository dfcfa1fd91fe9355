//===- Mask.h - what is added to attention scores ---------------*- C++ -*-===//
// Tells a key mask from a bias. Private to the conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOSKIM_MASK_H
#define SKIM_LIB_CONVERSION_ONNXTOSKIM_MASK_H

#include "Matchers.h"

namespace skim::raise {

/// What hides a key: far below any score.
inline bool isFill(double number) { return number <= -1e4; }

/// A term of the scores that is 0 for keys with a token and `fill` for others.
struct KeyMask {
  mlir::Value base;     // `[batch, sequence]` with ones between.
  bool negated = false; // Tokens are where base is 0.
  double fill = 0;
  bool masksQueries =
      false; // Scores of queries without a token are filled, too.
};

/// The index variables of a score: batch, head, query and key.
struct ScoreIndices {
  SymDim batch, head, query, key;
};

/// What `element`, a summand of the score at `indices`, is as a key mask.
std::optional<KeyMask> getKeyMask(const Element &element,
                                  const ScoreIndices &indices,
                                  RaiseContext &context);

} // namespace skim::raise

#endif // SKIM_LIB_CONVERSION_ONNXTOSKIM_MASK_H
