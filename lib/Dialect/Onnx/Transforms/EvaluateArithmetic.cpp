//===- EvaluateArithmetic.cpp - arithmetic on constants -------------------===//
// Elementwise arithmetic, each in the element type itself (half types in
// float), as ONNX Runtime computes it.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

#include <cmath>

using namespace mlir;
using namespace skim::onnx;

SmallVector<int64_t> skim::onnx::broadcastStrides(ArrayRef<int64_t> shape,
                                                  size_t rank) {
  SmallVector<int64_t> strides(rank, 0);
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1)
      strides[rank - shape.size() + i] = stride;
    stride *= shape[i];
  }
  return strides;
}

namespace {
/// What a binary op does to two elements; sets `valid` to false where ONNX
/// leaves the result open.
enum class Binary { Add, Sub, Mul, Div, Mod, FMod, Min, Max, Pow };
} // namespace

/// Integers wrap: computed without a sign.
template <typename T> static T wrap(Binary kind, T a, T b) {
  uint64_t x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (kind) {
  case Binary::Add:
    return static_cast<T>(x + y);
  case Binary::Sub:
    return static_cast<T>(x - y);
  default:
    return static_cast<T>(x * y);
  }
}

template <typename T> static T divideInts(T a, T b, bool &valid) {
  if (b == 0) {
    valid = false;
    return 0;
  }
  if constexpr (std::is_signed_v<T>)
    if (b == -1)
      return wrap<T>(Binary::Sub, 0, a);
  return a / b;
}

template <typename T> static T moduloInts(Binary kind, T a, T b, bool &valid) {
  if (b == 0) {
    valid = false;
    return 0;
  }
  if constexpr (std::is_signed_v<T>) {
    if (b == -1)
      return 0;
    T rest = a % b;
    // Mod has the divisor's sign, fmod the dividend's.
    return kind == Binary::Mod && rest != 0 && (rest < 0) != (b < 0) ? rest + b
                                                                     : rest;
  }
  return a % b;
}

template <typename T> static T powInts(T a, T b, bool &valid) {
  if constexpr (std::is_signed_v<T>)
    if (b < 0)
      valid = false;
  T result = 1;
  for (uint64_t n = static_cast<uint64_t>(b); valid && n; n >>= 1) {
    if (n & 1)
      result = wrap<T>(Binary::Mul, result, a);
    a = wrap<T>(Binary::Mul, a, a);
  }
  return result;
}

template <typename T> static T applyBinary(Binary kind, T a, T b, bool &valid) {
  if constexpr (std::is_floating_point_v<T>) {
    switch (kind) {
    case Binary::Add:
      return a + b;
    case Binary::Sub:
      return a - b;
    case Binary::Mul:
      return a * b;
    case Binary::Div:
      return a / b;
    case Binary::Mod:
    case Binary::FMod:
      return std::fmod(a, b);
    case Binary::Pow:
      return std::pow(a, b);
    case Binary::Min:
      return a != a || b != b ? a + b : std::min(a, b);
    case Binary::Max:
      return a != a || b != b ? a + b : std::max(a, b);
    }
  } else {
    switch (kind) {
    case Binary::Add:
    case Binary::Sub:
    case Binary::Mul:
      return wrap<T>(kind, a, b);
    case Binary::Div:
      return divideInts<T>(a, b, valid);
    case Binary::Mod:
    case Binary::FMod:
      return moduloInts<T>(kind, a, b, valid);
    case Binary::Pow:
      return powInts<T>(a, b, valid);
    case Binary::Min:
      return std::min(a, b);
    case Binary::Max:
      return std::max(a, b);
    }
  }
  llvm_unreachable("unknown kind");
}

/// One binary op over two tensors that broadcast to the result.
static bool evaluateBinary(Binary kind, const ConstantTensor &a,
                           const ConstantTensor &b, ConstantTensor &out) {
  Type type = out.getType().getElementType();
  if (type.isInteger(1) || a.getType().getElementType() != type ||
      b.getType().getElementType() != type)
    return false;
  size_t rank = out.shape().size();
  std::array<SmallVector<int64_t>, 2> strides{
      broadcastStrides(a.shape(), rank), broadcastStrides(b.shape(), rank)};
  return withElementType(type, [&](auto zero) {
    using T = decltype(zero);
    using C = ComputeType<T>;
    bool valid = true;
    if constexpr (!std::is_same_v<T, bool>)
      forEachPosition<2>(out.shape(), strides,
                         [&](int64_t i, std::array<int64_t, 2> at) {
                           C x = static_cast<C>(a.get<T>(at[0]));
                           C y = static_cast<C>(b.get<T>(at[1]));
                           out.set<T>(i, T(applyBinary<C>(kind, x, y, valid)));
                         });
    return valid;
  });
}

static std::optional<Binary> binaryKind(Operation *op) {
  using Kind = std::optional<Binary>;
  return llvm::TypeSwitch<Operation *, Kind>(op)
      .Case<AddOp>([](auto) { return Binary::Add; })
      .Case<SumOp>([](auto) { return Binary::Add; })
      .Case<SubOp>([](auto) { return Binary::Sub; })
      .Case<MulOp>([](auto) { return Binary::Mul; })
      .Case<DivOp>([](auto) { return Binary::Div; })
      .Case<PowOp>([](auto) { return Binary::Pow; })
      .Case<MinOp>([](auto) { return Binary::Min; })
      .Case<MaxOp>([](auto) { return Binary::Max; })
      .Case<ModOp>(
          [](ModOp mod) { return mod.getFmod() ? Binary::FMod : Binary::Mod; })
      .Default([](Operation *) { return Kind(); });
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

/// Nothing for an op that it does not know.
template <typename T> static std::optional<T> applyUnary(Operation *op, T x) {
  if (isa<ReluOp>(op))
    return x < T(0) ? T(0) : x;
  if constexpr (std::is_floating_point_v<T>) {
    if (isa<NegOp>(op))
      return -x;
    if (isa<AbsOp>(op))
      return std::abs(x);
    if (isa<ReciprocalOp>(op))
      return T(1) / x;
    if (isa<SqrtOp>(op))
      return std::sqrt(x);
    if (isa<ExpOp>(op))
      return std::exp(x);
    if (isa<LogOp>(op))
      return std::log(x);
    if (isa<SinOp>(op))
      return std::sin(x);
    if (isa<CosOp>(op))
      return std::cos(x);
    if (isa<TanhOp>(op))
      return std::tanh(x);
    if (isa<ErfOp>(op))
      return std::erf(x);
    if (isa<FloorOp>(op))
      return std::floor(x);
    if (isa<CeilOp>(op))
      return std::ceil(x);
    if (isa<RoundOp>(op))
      return std::nearbyint(x);
    if (isa<SigmoidOp>(op))
      return T(1) / (T(1) + std::exp(-x));
    if (isa<SignOp>(op))
      return x > 0 ? T(1) : x < 0 ? T(-1) : x;
  } else {
    if (isa<NegOp>(op))
      return wrap<T>(Binary::Sub, 0, x);
    if (isa<AbsOp>(op))
      return x < T(0) ? wrap<T>(Binary::Sub, 0, x) : x;
    if (isa<SignOp>(op))
      return x > T(0) ? T(1) : x == T(0) ? T(0) : T(-1);
  }
  return std::nullopt;
}

static bool evaluateUnary(const Evaluation &e) {
  const ConstantTensor &x = *e.in[0];
  ConstantTensor &out = e.out[0];
  Type type = out.getType().getElementType();
  if (type.isInteger(1) || x.getType() != out.getType())
    return false;
  return withElementType(type, [&](auto zero) {
    using T = decltype(zero);
    using C = ComputeType<T>;
    if constexpr (!std::is_same_v<T, bool>)
      for (int64_t i = 0; i < out.size(); ++i) {
        auto y = applyUnary<C>(e.op, static_cast<C>(x.get<T>(i)));
        if (!y)
          return false;
        out.set<T>(i, T(*y));
      }
    return true;
  });
}

/// A tensor with the elements of another one, for results that go on as
/// operands.
static ConstantTensor copyOf(const ConstantTensor &tensor) {
  ConstantTensor copy(tensor.getType());
  for (int64_t i = 0; i < tensor.size(); ++i)
    std::memcpy(copy.mutableBytes() + i * tensor.elementBytes(),
                tensor.bytesAt(i), tensor.elementBytes());
  return copy;
}

/// Clip: the larger of input and lower bound, then the smaller.
static bool evaluateClip(const Evaluation &e) {
  ConstantTensor value = copyOf(*e.in[0]);
  if (e.in[1]) {
    if (!evaluateBinary(Binary::Max, value, *e.in[1], e.out[0]))
      return false;
    value = copyOf(e.out[0]);
  }
  if (e.in[2])
    return evaluateBinary(Binary::Min, value, *e.in[2], e.out[0]);
  e.out[0] = std::move(value);
  return true;
}

bool skim::onnx::evaluateArithmetic(const Evaluation &e) {
  if (isa<ClipOp>(e.op))
    return evaluateClip(e);
  auto kind = binaryKind(e.op);
  if (!kind)
    return e.in.size() == 1 && e.out.size() == 1 && e.in[0] && evaluateUnary(e);
  if (e.in.size() == 2)
    return evaluateBinary(*kind, *e.in[0], *e.in[1], e.out[0]);
  // Variadic ones, only where every step has the result's shape.
  if (e.in.size() == 1) {
    e.out[0] = copyOf(*e.in[0]);
    return true;
  }
  if (e.in[0]->getType() != e.out[0].getType())
    return false;
  ConstantTensor sum = copyOf(*e.in[0]);
  for (const ConstantTensor *next : e.in.drop_front()) {
    if (!evaluateBinary(*kind, sum, *next, e.out[0]))
      return false;
    sum = copyOf(e.out[0]);
  }
  return true;
}
