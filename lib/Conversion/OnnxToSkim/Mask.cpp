//===- Mask.cpp - what is added to attention scores -----------------------===//
// An additive or boolean mask is a key mask when each of its elements depends
// on the key's position alone and hides keys without a token.
//===----------------------------------------------------------------------===//

#include "Mask.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

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
  auto isAt = [&](ArrayRef<SymDim> at, const SymDim &position) {
    return at.size() >= 2 && at.front() == indices.batch &&
           at.back() == position;
  };
  if (!dims)
    return std::nullopt;
  if (element.alsoAt.empty()) {
    if (!isAt(element.at, indices.key))
      return std::nullopt;
  } else {
    // Filled by infinity their rows would have no live key.
    if (std::isinf(static_cast<float>(mask.fill)))
      return std::nullopt;
    mask.masksQueries = true;
    ArrayRef<SymDim> a = element.at, b = element.alsoAt;
    if (!(isAt(a, indices.key) && isAt(b, indices.query)) &&
        !(isAt(a, indices.query) && isAt(b, indices.key)))
      return std::nullopt;
  }
  for (const SymDim &dim : ArrayRef<SymDim>(*dims).drop_front().drop_back())
    if (!dim.isConstant(1))
      return std::nullopt;
  return mask;
}
