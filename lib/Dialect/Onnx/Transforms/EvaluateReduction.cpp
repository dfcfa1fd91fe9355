//===- EvaluateReduction.cpp - sums over constants ------------------------===//
// Reductions and CumSum, elements in row major order.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "EvaluateHelpers.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
enum class Reduction { Sum, Mean, Prod, Min, Max };
} // namespace

static std::optional<Reduction> reductionKind(Operation *op) {
  using Kind = std::optional<Reduction>;
  return llvm::TypeSwitch<Operation *, Kind>(op)
      .Case<ReduceSumOp>([](auto) { return Reduction::Sum; })
      .Case<ReduceMeanOp>([](auto) { return Reduction::Mean; })
      .Case<ReduceProdOp>([](auto) { return Reduction::Prod; })
      .Case<ReduceMinOp>([](auto) { return Reduction::Min; })
      .Case<ReduceMaxOp>([](auto) { return Reduction::Max; })
      .Default([](Operation *) { return Kind(); });
}

/// Integers wrap: added and multiplied without a sign.
template <typename T>
using Wrapping = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;

template <typename T> static T combine(Reduction kind, T a, T b) {
  auto x = static_cast<Wrapping<T>>(a), y = static_cast<Wrapping<T>>(b);
  switch (kind) {
  case Reduction::Sum:
  case Reduction::Mean:
    return static_cast<T>(x + y);
  case Reduction::Prod:
    return static_cast<T>(x * y);
  case Reduction::Min:
    return std::min(a, b);
  case Reduction::Max:
    return std::max(a, b);
  }
  llvm_unreachable("unknown kind");
}

/// Steps in the result for each axis of the operand: 0 on the reduced ones.
static std::optional<SmallVector<int64_t>> resultStrides(const Evaluation &e) {
  ArrayRef<int64_t> from = e.in[0]->shape();
  SmallVector<bool> reduced(from.size(), false);
  SmallVector<int64_t> list;
  if (e.in[1]) {
    auto axes = readInts(e.in[1]);
    if (!axes)
      return std::nullopt;
    list = *axes;
  }
  if (list.empty()) {
    auto noop = e.op->getAttrOfType<IntegerAttr>("noop_with_empty_axes");
    if (noop && !noop.getValue().isZero())
      return std::nullopt;
    reduced.assign(from.size(), true);
  }
  for (int64_t entry : list) {
    auto axis = normaliseAxis(entry, from.size());
    if (!axis)
      return std::nullopt;
    reduced[*axis] = true;
  }
  SmallVector<int64_t> strides(from.size(), 0);
  int64_t stride = 1;
  for (size_t i = from.size(); i-- > 0;) {
    if (reduced[i])
      continue;
    strides[i] = stride;
    stride *= from[i];
  }
  return strides;
}

static bool evaluateReduce(const Evaluation &e, Reduction kind) {
  const ConstantTensor &in = *e.in[0];
  ConstantTensor &out = e.out[0];
  auto strides = resultStrides(e);
  if (!strides || out.size() == 0 || in.size() == 0)
    return false;
  int64_t count = in.size() / out.size();
  return withElementType(in.getType().getElementType(), [&](auto zero) {
    using T = decltype(zero);
    using C =
        std::conditional_t<std::is_floating_point_v<ComputeType<T>>, double, T>;
    if constexpr (std::is_same_v<T, bool>) {
      return false;
    } else {
      if (std::is_integral_v<T> && kind == Reduction::Mean)
        return false;
      SmallVector<std::optional<C>> sums(out.size());
      forEachPosition<1>(
          in.shape(), {*strides}, [&](int64_t i, std::array<int64_t, 1> at) {
            C x = static_cast<C>(static_cast<ComputeType<T>>(in.get<T>(i)));
            auto &sum = sums[at[0]];
            sum = sum ? combine<C>(kind, *sum, x) : x;
          });
      for (auto [i, sum] : llvm::enumerate(sums)) {
        C value = kind == Reduction::Mean ? *sum / static_cast<C>(count) : *sum;
        out.set<T>(i, T(static_cast<ComputeType<T>>(value)));
      }
      return true;
    }
  });
}

static bool evaluateCumSum(const Evaluation &e, CumSumOp op) {
  const ConstantTensor &in = *e.in[0];
  ConstantTensor &out = e.out[0];
  auto list = readInts(e.in[1]);
  auto axis = list && list->size() == 1
                  ? normaliseAxis((*list)[0], in.shape().size())
                  : std::nullopt;
  if (!axis)
    return false;
  int64_t extent = in.shape()[*axis];
  int64_t step = rowMajorStrides(in.shape())[*axis];
  return withElementType(in.getType().getElementType(), [&](auto zero) {
    using T = decltype(zero);
    using C = ComputeType<T>;
    if constexpr (std::is_same_v<T, bool>)
      return false;
    for (int64_t first = 0; first < in.size(); ++first) {
      if (first / step % extent != 0)
        continue;
      C sum = 0;
      for (int64_t k = 0; k < extent; ++k) {
        int64_t at = first + (op.getReverse() ? extent - 1 - k : k) * step;
        C before = sum;
        sum = combine(Reduction::Sum, sum, static_cast<C>(in.get<T>(at)));
        out.set<T>(at, T(op.getExclusive() ? before : sum));
      }
    }
    return true;
  });
}

bool skim::onnx::evaluateReduction(const Evaluation &e) {
  if (auto op = dyn_cast<CumSumOp>(e.op))
    return evaluateCumSum(e, op);
  if (auto kind = reductionKind(e.op))
    return evaluateReduce(e, *kind);
  return false;
}
