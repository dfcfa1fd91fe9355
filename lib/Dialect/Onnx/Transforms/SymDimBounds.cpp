//===- SymDimBounds.cpp - least and greatest values of SymDims ------------===//
// What is known of a SymDim while its dimensions and indices run over all that
// they may be.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/Transforms/SymDim.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace skim::onnx;
using llvm::ArrayRef;
using Kind = SymAtom::Kind;

namespace {
/// An interval with open ends.
struct Range {
  std::optional<int64_t> low, high;
};
} // namespace

/// The range of an atom; index variables are gone by then.
static Range rangeOf(const SymAtom &atom, ArrayRef<SymDim> extents) {
  Range range;
  switch (atom.kind) {
  case Kind::Symbol:
  case Kind::Index:
  case Kind::Broadcast:
    range.low = 0;
    break;
  case Kind::Min:
  case Kind::Max: {
    // Each argument bounds a minimum from above and a maximum from below.
    bool isMin = atom.kind == Kind::Min, all = true;
    std::optional<int64_t> low, high;
    for (const SymDim &arg : atom.args) {
      auto l = arg.lowerBound(extents), h = arg.upperBound(extents);
      if (isMin) {
        all &= l.has_value();
        if (l)
          low = low ? std::min(*low, *l) : *l;
        if (h)
          high = high ? std::min(*high, *h) : *h;
      } else {
        all &= h.has_value();
        if (l)
          low = low ? std::max(*low, *l) : *l;
        if (h)
          high = high ? std::max(*high, *h) : *h;
      }
    }
    if (isMin && !all)
      low = std::nullopt;
    if (!isMin && !all)
      high = std::nullopt;
    return {low, high};
  }
  case Kind::FloorDiv: {
    auto low = atom.args[0].lowerBound(extents);
    auto by = atom.args[1].lowerBound(extents);
    if (low && *low >= 0 && by && *by >= 1)
      range.low = 0;
    break;
  }
  case Kind::Mod: {
    auto by = atom.args[1].constant();
    if (by && *by > 0)
      return {0, *by - 1};
    auto low = atom.args[1].lowerBound(extents);
    if (low && *low >= 1)
      range.low = 0;
    break;
  }
  }
  return range;
}

std::optional<int64_t> SymDim::lowerBound(ArrayRef<SymDim> extents) const {
  // Index variables first: each is at one end of its range.
  SymDim dim = *this;
  for (unsigned axis = 0; axis < extents.size(); ++axis) {
    auto split = dim.splitByIndex(axis);
    if (!split || split->second.isZero())
      continue;
    auto [rest, factor] = *split;
    if (auto low = factor.lowerBound(extents); low && *low >= 0)
      dim = rest;
    else if (auto high = factor.upperBound(extents); high && *high <= 0)
      dim = rest + factor * (extents[axis] - 1);
    else
      return std::nullopt;
  }
  int64_t bound = 0;
  for (const Term &term : dim.terms) {
    // Only factors that are not negative: then the ends multiply.
    int64_t end = term.coefficient;
    for (const Atom &atom : term.atoms) {
      Range range = rangeOf(*atom, extents);
      if (!range.low)
        return std::nullopt;
      if (*range.low < 0 && term.atoms.size() > 1)
        return std::nullopt;
      auto factor = term.coefficient > 0 ? range.low : range.high;
      if (!factor || llvm::MulOverflow(end, *factor, end))
        return std::nullopt;
    }
    if (llvm::AddOverflow(bound, end, bound))
      return std::nullopt;
  }
  return bound;
}

std::optional<int64_t> SymDim::upperBound(ArrayRef<SymDim> extents) const {
  if (auto c = constant())
    return c;
  auto low = (-*this).lowerBound(extents);
  if (!low || *low == INT64_MIN)
    return std::nullopt;
  return -*low;
}

bool skim::onnx::isKnownLessEqual(const SymDim &a, const SymDim &b,
                                  ArrayRef<SymDim> extents) {
  if (auto x = a.constant(), y = b.constant(); x && y)
    return *x <= *y;
  // A minimum is at most each of its arguments, a maximum at least.
  if (const SymAtom *atom = a.singleAtom(); atom && atom->kind == Kind::Min)
    for (const SymDim &arg : atom->args)
      if (isKnownLessEqual(arg, b, extents))
        return true;
  if (const SymAtom *atom = b.singleAtom(); atom && atom->kind == Kind::Max)
    for (const SymDim &arg : atom->args)
      if (isKnownLessEqual(a, arg, extents))
        return true;
  auto low = (b - a).lowerBound(extents);
  return low && *low >= 0;
}

bool skim::onnx::isKnownLess(const SymDim &a, const SymDim &b,
                             ArrayRef<SymDim> extents) {
  if (auto x = a.constant(), y = b.constant(); x && y)
    return *x < *y;
  return isKnownLessEqual(a + 1, b, extents);
}
