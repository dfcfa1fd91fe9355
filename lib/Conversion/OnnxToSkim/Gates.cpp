//===- Gates.cpp - gated linear units -------------------------------------===//
// One half of a wide layer activated and multiplied with the other half. Two
// layers that are multiplied stay a product of states (Activation.cpp).
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

/// The states of which `value` is the columns [first, first + its width).
static std::pair<Value, int64_t> getColumns(RaiseContext &context,
                                            Value value) {
  std::optional<SymDims> dims = context.dims(value);
  if (!dims)
    return {};
  Elements elements(context, {});
  SymDims at;
  for (const SymDim &dim : *dims)
    at.push_back(elements.addIndex(dim));
  SymDim column = at.back();
  Element element = elements.trace(value, at);
  if (element.kind != Element::Kind::Access || element.number != 1 ||
      element.at.size() != at.size() || !getStates(element.base))
    return {};
  std::optional<int64_t> first = (element.at.back() - column).constant();
  // Of the same rows: nothing but columns is left out.
  element.at.back() = column;
  std::optional<SymDims> whole = context.dims(element.base);
  if (!first || element.at != at || !whole)
    return {};
  whole->back() = dims->back();
  return *whole == *dims ? std::make_pair(element.base, *first)
                         : std::pair<Value, int64_t>();
}

namespace {

/// `act(a) * b` of states [a | b], or `a * act(b)`.
struct RaiseGlu : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      auto active = op->getOperand(side).getDefiningOp<ActivationOp>();
      Value other = op->getOperand(1 - side);
      if (!active || other.getType() != active.getResult().getType())
        continue;
      auto [base, first] = getColumns(context, active.getInput());
      auto [otherBase, otherFirst] = getColumns(context, other);
      int64_t width = getWidth(other.getType());
      if (!base || base != otherBase || getWidth(base.getType()) != 2 * width ||
          std::minmax(first, otherFirst) != std::minmax<int64_t>(0, width))
        return rewriter.notifyMatchFailure(
            op, "the factors are not the halves of states");
      rewriter.replaceOpWithNewOp<GluOp>(op, other.getType(), base,
                                         active.getActivation(),
                                         /*gate_last=*/first != 0);
      return success();
    }
    return failure();
  }
};

} // namespace

void skim::raise::populateGatePatterns(RewritePatternSet &patterns,
                                       RaiseContext &context) {
  // Before the product that it is.
  patterns.add<RaiseGlu>(patterns.getContext(), context, /*benefit=*/2);
}
