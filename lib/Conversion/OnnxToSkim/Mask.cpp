//===- Mask.cpp - what is added to attention scores -----------------------===//
// An additive or boolean mask is a key mask when each of its elements depends
// on the key's position alone and hides keys without a token.
//===----------------------------------------------------------------------===//

#include "Mask.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

/// What hides a key: far below any score.
static bool isFill(double number) { return number <= -1e4; }

std::optional<KeyMask> skim::raise::getKeyMask(const Element &element,
                                               const ScoreIndices &indices,
                                               RaiseContext &context) {
  if (element.kind != Element::Kind::Choice)
    return std::nullopt;
  KeyMask mask{element.base};
  if (element.number == 0 && isFill(element.otherwise))
    mask.fill = element.otherwise;
  else if (isFill(element.number) && element.otherwise == 0)
    mask = {element.base, /*negated=*/true, element.number};
  else
    return std::nullopt;
  // [batch, key], or with ones between.
  std::optional<SymDims> dims = context.dims(element.base);
  if (!dims || dims->size() < 2 || element.at.back() != indices.key)
    return std::nullopt;
  if (element.at.front() != indices.batch)
    return std::nullopt;
  for (const SymDim &dim : ArrayRef<SymDim>(*dims).drop_front().drop_back())
    if (!dim.isConstant(1))
      return std::nullopt;
  return mask;
}
