//===- EvaluateLogic.cpp - comparisons and booleans on constants ----------===//
// Comparisons, boolean and bitwise ops, and Where.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

#include <cmath>

using namespace mlir;
using namespace skim::onnx;

namespace {
enum class Logic { Equal, Less, LessOrEqual, Greater, GreaterOrEqual };
enum class Bits { And, Or, Xor };
} // namespace

template <typename T> static bool compare(Logic kind, T a, T b) {
  switch (kind) {
  case Logic::Equal:
    return a == b;
  case Logic::Less:
    return a < b;
  case Logic::LessOrEqual:
    return a <= b;
  case Logic::Greater:
    return a > b;
  case Logic::GreaterOrEqual:
    return a >= b;
  }
  llvm_unreachable("unknown kind");
}

static std::optional<Logic> logicKind(Operation *op) {
  using Kind = std::optional<Logic>;
  return llvm::TypeSwitch<Operation *, Kind>(op)
      .Case<EqualOp>([](auto) { return Logic::Equal; })
      .Case<LessOp>([](auto) { return Logic::Less; })
      .Case<LessOrEqualOp>([](auto) { return Logic::LessOrEqual; })
      .Case<GreaterOp>([](auto) { return Logic::Greater; })
      .Case<GreaterOrEqualOp>([](auto) { return Logic::GreaterOrEqual; })
      .Default([](Operation *) { return Kind(); });
}

static std::optional<Bits> bitsKind(Operation *op) {
  if (isa<AndOp, BitwiseAndOp>(op))
    return Bits::And;
  if (isa<OrOp, BitwiseOrOp>(op))
    return Bits::Or;
  if (isa<XorOp, BitwiseXorOp>(op))
    return Bits::Xor;
  return std::nullopt;
}

static std::array<SmallVector<int64_t>, 2> stridesOf(const Evaluation &e) {
  size_t rank = e.out[0].shape().size();
  return {broadcastStrides(e.in[0]->shape(), rank),
          broadcastStrides(e.in[1]->shape(), rank)};
}

static bool evaluateComparison(const Evaluation &e, Logic kind) {
  const ConstantTensor &a = *e.in[0], &b = *e.in[1];
  withElementType(a.getType().getElementType(), [&](auto zero) {
    using T = decltype(zero);
    using C = ComputeType<T>;
    forEachPosition<2>(e.out[0].shape(), stridesOf(e),
                       [&](int64_t i, std::array<int64_t, 2> at) {
                         C x = static_cast<C>(a.get<T>(at[0]));
                         C y = static_cast<C>(b.get<T>(at[1]));
                         e.out[0].set<bool>(i, compare<C>(kind, x, y));
                       });
  });
  return true;
}

/// Booleans are bytes of 0 and 1: the bitwise ops are the logical ones.
static bool evaluateBits(const Evaluation &e, Bits kind) {
  const ConstantTensor &a = *e.in[0], &b = *e.in[1];
  size_t bytes = a.elementBytes();
  forEachPosition<2>(e.out[0].shape(), stridesOf(e),
                     [&](int64_t i, std::array<int64_t, 2> at) {
                       for (size_t k = 0; k < bytes; ++k) {
                         char x = a.bytesAt(at[0])[k], y = b.bytesAt(at[1])[k];
                         e.out[0].mutableBytes()[i * bytes + k] =
                             kind == Bits::And  ? x & y
                             : kind == Bits::Or ? x | y
                                                : x ^ y;
                       }
                     });
  return true;
}

static bool evaluateNot(const Evaluation &e) {
  for (int64_t i = 0; i < e.out[0].size(); ++i)
    e.out[0].set<bool>(i, !e.in[0]->get<bool>(i));
  return true;
}

/// IsNaN and IsInf.
static bool evaluateClass(const Evaluation &e) {
  auto inf = dyn_cast<IsInfOp>(e.op);
  bool negative = inf && inf.getDetectNegative(),
       positive = inf && inf.getDetectPositive();
  return withElementType(e.in[0]->getType().getElementType(), [&](auto zero) {
    using T = decltype(zero);
    using C = ComputeType<T>;
    if constexpr (std::is_floating_point_v<C>)
      for (int64_t i = 0; i < e.out[0].size(); ++i) {
        C x = static_cast<C>(e.in[0]->get<T>(i));
        bool hit = std::isinf(x) && (x > 0 ? positive : negative);
        e.out[0].set<bool>(i, inf ? hit : std::isnan(x));
      }
    return std::is_floating_point_v<C>;
  });
}

static bool evaluateWhere(const Evaluation &e) {
  size_t rank = e.out[0].shape().size(), bytes = e.out[0].elementBytes();
  std::array<SmallVector<int64_t>, 3> strides{
      broadcastStrides(e.in[0]->shape(), rank),
      broadcastStrides(e.in[1]->shape(), rank),
      broadcastStrides(e.in[2]->shape(), rank)};
  forEachPosition<3>(e.out[0].shape(), strides,
                     [&](int64_t i, std::array<int64_t, 3> at) {
                       int from = e.in[0]->get<bool>(at[0]) ? 1 : 2;
                       std::memcpy(e.out[0].mutableBytes() + i * bytes,
                                   e.in[from]->bytesAt(at[from]), bytes);
                     });
  return true;
}

bool skim::onnx::evaluateLogic(const Evaluation &e) {
  if (isa<WhereOp>(e.op))
    return evaluateWhere(e);
  if (isa<NotOp>(e.op))
    return evaluateNot(e);
  if (isa<IsNaNOp, IsInfOp>(e.op))
    return evaluateClass(e);
  if (auto kind = logicKind(e.op))
    return evaluateComparison(e, *kind);
  if (auto kind = bitsKind(e.op))
    return evaluateBits(e, *kind);
  return false;
}
