//===- InferElementwiseOps.cpp - shapes of elementwise ops ----------------===//
// Broadcasting, and what arithmetic, comparisons and boolean ops do to integers
// that are known by symbols.
//===----------------------------------------------------------------------===//

#include "Inference.h"

using namespace mlir;
using namespace skim::onnx;

using OptionalDim = std::optional<SymDim>;

//===----------------------------------------------------------------------===//
// The values of single elements
//===----------------------------------------------------------------------===//

namespace {
/// The operands' values at one position; an unknown one is empty. `extents`
/// bounds index variables.
struct Operands {
  ArrayRef<OptionalDim> values;
  ArrayRef<SymDim> extents;

  bool known(unsigned i) const { return values[i].has_value(); }
  const SymDim &operator[](unsigned i) const { return *values[i]; }
  bool allKnown() const {
    return llvm::all_of(values, [](const OptionalDim &v) { return !!v; });
  }
};
} // namespace

static OptionalDim fromBool(std::optional<bool> value) {
  return value ? OptionalDim(SymDim(*value ? 1 : 0)) : std::nullopt;
}

static std::optional<bool> isEqual(const SymDim &a, const SymDim &b,
                                   ArrayRef<SymDim> extents) {
  if (a == b)
    return true;
  if (isKnownLess(a, b, extents) || isKnownLess(b, a, extents))
    return false;
  return std::nullopt;
}

static std::optional<bool> isLess(const SymDim &a, const SymDim &b,
                                  ArrayRef<SymDim> extents) {
  if (isKnownLess(a, b, extents))
    return true;
  if (isKnownLessEqual(b, a, extents))
    return false;
  return std::nullopt;
}

static std::optional<bool> negate(std::optional<bool> value) {
  return value ? std::optional<bool>(!*value) : std::nullopt;
}

/// ONNX divides integers towards 0, which is down where neither is negative.
static OptionalDim divide(const SymDim &a, const SymDim &b,
                          ArrayRef<SymDim> extents) {
  auto x = a.constant(), y = b.constant();
  if (y && *y == 0)
    return std::nullopt;
  if (x && y)
    return *y == -1 ? OptionalDim(-a) : OptionalDim(SymDim(*x / *y));
  if (auto quotient = a.divideExactly(b))
    return quotient;
  if (isKnownLessEqual(0, a, extents) && isKnownLessEqual(1, b, extents))
    return SymDim::floorDiv(a, b);
  return std::nullopt;
}

static OptionalDim power(const SymDim &base, const SymDim &exponent) {
  auto n = exponent.constant();
  if (!n || *n < 0 || *n > 8)
    return std::nullopt;
  SymDim result = 1;
  for (int64_t i = 0; i < *n; ++i)
    result = result * base;
  return result;
}

static OptionalDim absolute(const SymDim &value, ArrayRef<SymDim> extents) {
  if (isKnownLessEqual(0, value, extents))
    return value;
  if (isKnownLessEqual(value, 0, extents))
    return -value;
  return std::nullopt;
}

/// Conversion between integer types; all but booleans wrap.
static OptionalDim cast(CastOp op, const Operands &in) {
  Type from = getElementTypeOrSelf(op.getInput().getType());
  Type to = getElementTypeOrSelf(op.getOutput().getType());
  if (!isa<IntegerType>(from) || !isa<IntegerType>(to))
    return std::nullopt;
  if (to.isInteger(1) && !from.isInteger(1))
    return fromBool(negate(isEqual(in[0], 0, in.extents)));
  return in[0];
}

/// And, Or: one operand can decide alone.
static OptionalDim junction(const Operands &in, int64_t decisive) {
  for (unsigned i : {0u, 1u})
    if (in.known(i) && in[i].isConstant(decisive))
      return SymDim(decisive);
  for (unsigned i : {0u, 1u})
    if (in.known(i) && in[i].isConstant(1 - decisive))
      return in.values[1 - i];
  return std::nullopt;
}

static OptionalDim where(const Operands &in) {
  if (in.known(0)) {
    if (in[0].isConstant(1))
      return in.values[1];
    if (in[0].isConstant(0))
      return in.values[2];
  }
  if (in.known(1) && in.known(2) && in[1] == in[2])
    return in[1];
  return std::nullopt;
}

/// One element of the op's result.
static OptionalDim evaluate(Operation *op, const Operands &in) {
  if (isa<AndOp>(op))
    return junction(in, 0);
  if (isa<OrOp>(op))
    return junction(in, 1);
  if (isa<WhereOp>(op))
    return where(in);
  if (!in.allKnown())
    return std::nullopt;
  auto fold = [&](SymDim (*f)(const SymDim &, const SymDim &)) {
    SymDim result = in[0];
    for (unsigned i = 1; i < in.values.size(); ++i)
      result = f(result, in[i]);
    return OptionalDim(result);
  };
  return llvm::TypeSwitch<Operation *, OptionalDim>(op)
      .Case<IdentityOp>([&](auto) { return in[0]; })
      .Case<AddOp>([&](auto) { return in[0] + in[1]; })
      .Case<SubOp>([&](auto) { return in[0] - in[1]; })
      .Case<MulOp>([&](auto) { return in[0] * in[1]; })
      .Case<NegOp>([&](auto) { return -in[0]; })
      .Case<DivOp>([&](auto) { return divide(in[0], in[1], in.extents); })
      .Case<ModOp>([&](auto mod) -> OptionalDim {
        bool signs = isKnownLessEqual(0, in[0], in.extents) &&
                     isKnownLessEqual(1, in[1], in.extents);
        if (!isKnownLessEqual(1, in[1], in.extents) ||
            (mod.getFmod() && !signs))
          return std::nullopt;
        return SymDim::mod(in[0], in[1]);
      })
      .Case<AbsOp>([&](auto) { return absolute(in[0], in.extents); })
      .Case<PowOp>([&](auto) { return power(in[0], in[1]); })
      .Case<MinOp>([&](auto) { return fold(&SymDim::min); })
      .Case<MaxOp>([&](auto) { return fold(&SymDim::max); })
      .Case<CastOp>([&](CastOp c) { return cast(c, in); })
      .Case<EqualOp>(
          [&](auto) { return fromBool(isEqual(in[0], in[1], in.extents)); })
      .Case<LessOp>(
          [&](auto) { return fromBool(isLess(in[0], in[1], in.extents)); })
      .Case<GreaterOp>(
          [&](auto) { return fromBool(isLess(in[1], in[0], in.extents)); })
      .Case<LessOrEqualOp>([&](auto) {
        return fromBool(negate(isLess(in[1], in[0], in.extents)));
      })
      .Case<GreaterOrEqualOp>([&](auto) {
        return fromBool(negate(isLess(in[0], in[1], in.extents)));
      })
      .Case<NotOp>(
          [&](auto) { return fromBool(negate(isEqual(in[0], 1, in.extents))); })
      .Case<XorOp>([&](auto) {
        return fromBool(negate(isEqual(in[0], in[1], in.extents)));
      })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Whole tensors
//===----------------------------------------------------------------------===//

/// The element at `index` of a tensor of shape `to`, in an operand of shape
/// `from` that broadcasts to it.
static size_t positionIn(ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                         ArrayRef<int64_t> index) {
  size_t position = 0, offset = to.size() - from.size();
  for (auto [i, extent] : llvm::enumerate(from))
    position = position * extent + (extent == 1 ? 0 : index[offset + i]);
  return position;
}

/// The contents of the result, one by one.
static std::optional<SymDims> evaluateContents(Operation *op, Inference &in,
                                               ArrayRef<SymDim> dims) {
  auto shape = constantShape(dims);
  if (!shape || !isSmall(*shape))
    return std::nullopt;
  SymDims contents;
  bool complete = true;
  forEachIndex(*shape, [&](ArrayRef<int64_t> index) {
    SmallVector<OptionalDim> values;
    for (unsigned i = 0; i < op->getNumOperands(); ++i) {
      auto elements = in.contents(i);
      auto from = constantShape(in.dims(i));
      values.push_back(
          elements && from
              ? OptionalDim((*elements)[positionIn(*from, *shape, index)])
              : std::nullopt);
    }
    auto value = evaluate(op, {values, {}});
    complete &= value.has_value();
    contents.push_back(value.value_or(SymDim(0)));
  });
  if (!complete)
    return std::nullopt;
  return contents;
}

/// The element function of the result.
static OptionalDim evaluateElement(Operation *op, Inference &in,
                                   ArrayRef<SymDim> dims) {
  SmallVector<OptionalDim> values;
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    auto element = in.element(i);
    values.push_back(element ? broadcastElement(*element, in.dims(i), dims)
                             : std::nullopt);
  }
  return evaluate(op, {values, dims});
}

static LogicalResult inferElementwise(Operation *op, Inference &in) {
  SymDims dims(in.dims(0));
  for (unsigned i = 1; i < op->getNumOperands(); ++i) {
    if (!in.isPresent(i))
      continue;
    auto merged = broadcastDims(dims, in.dims(i));
    if (!merged)
      return in.error("expected operand shapes that broadcast, got " +
                      toString(dims) + " and " + toString(in.dims(i)));
    dims = std::move(*merged);
  }
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  if (isa<IntegerType>(type)) {
    in.setContents(0, evaluateContents(op, in, dims));
    in.setElement(0, evaluateElement(op, in, dims));
  }
  in.setDims(0, std::move(dims));
  return success();
}

/// Ops that give the shape of their first operand, whatever else they take.
static LogicalResult inferSameShape(Operation *op, Inference &in) {
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    in.setDims(i, SymDims(in.dims(0)));
  return success();
}

static LogicalResult inferSoftmax(Operation *op, Inference &in) {
  auto attr = op->getAttrOfType<IntegerAttr>("axis");
  if (attr && !in.axis(attr.getValue().getSExtValue(), in.rank(0)))
    return failure();
  return inferSameShape(op, in);
}

static LogicalResult inferClip(ClipOp op, Inference &in) {
  OptionalDim value = in.element(0);
  if (value && in.isPresent(1))
    value = in.scalar(1) ? OptionalDim(SymDim::max(*value, *in.scalar(1)))
                         : std::nullopt;
  if (value && in.isPresent(2))
    value = in.scalar(2) ? OptionalDim(SymDim::min(*value, *in.scalar(2)))
                         : std::nullopt;
  in.setElement(0, value);
  return inferSameShape(op, in);
}

/// A sum over equal elements is their number times the element.
static LogicalResult inferCumSum(CumSumOp op, Inference &in) {
  auto axis = in.scalar(1);
  auto number = axis ? axis->constant() : std::nullopt;
  if (number) {
    auto a = in.axis(*number, in.rank(0));
    if (!a)
      return failure();
    SymDim before = SymDim::index(*a);
    if (op.getReverse())
      before = in.dims(0)[*a] - 1 - before;
    if (auto each = in.splat(0))
      in.setElement(0, *each * (op.getExclusive() ? before : before + 1));
  }
  return inferSameShape(op, in);
}

void skim::onnx::addElementwiseRules(InferenceRules &rules) {
  rules.addAll<AbsOp, AcosOp, AcoshOp, AddOp, AndOp, AsinOp, AsinhOp, AtanOp,
               AtanhOp, BitShiftOp, BitwiseAndOp, BitwiseNotOp, BitwiseOrOp,
               BitwiseXorOp, CastOp, CeilOp, CosOp, CoshOp, DivOp, EqualOp,
               ErfOp, ExpOp, FloorOp, GreaterOp, GreaterOrEqualOp, IdentityOp,
               IsInfOp, IsNaNOp, LessOp, LessOrEqualOp, LogOp, MaxOp, MeanOp,
               MinOp, ModOp, MulOp, NegOp, NotOp, OrOp, PowOp, ReciprocalOp,
               RoundOp, SignOp, SinOp, SinhOp, SqrtOp, SubOp, SumOp, TanOp,
               TanhOp, WhereOp, XorOp>(&inferElementwise);
  rules.addAll<CeluOp, EluOp, GeluOp, HardSigmoidOp, HardSwishOp, LeakyReluOp,
               MishOp, PReluOp, ReluOp, SeluOp, SigmoidOp, SoftplusOp,
               SoftsignOp, SwishOp, ThresholdedReluOp, TriluOp>(
      &inferSameShape);
  rules.addAll<LogSoftmaxOp, LpNormalizationOp, SoftmaxOp>(&inferSoftmax);
  rules.add<ClipOp>(&inferClip);
  rules.add<CumSumOp>(&inferCumSum);
}
