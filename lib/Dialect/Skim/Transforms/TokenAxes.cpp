//===- TokenAxes.cpp - how ops carry token axes ---------------------------===//
// For each family of ops on dense values: does it work on every position apart,
// and where are batch and sequence afterwards?
//===----------------------------------------------------------------------===//

#include "RowWise.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/Transforms/PaddingAnalysis.h"

using namespace mlir;
using namespace skim;

using OperandAxes = ArrayRef<std::optional<TokenAxes>>;

int64_t skim::rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : -1;
}

/// The axis that an op names must not be a token axis.
static std::optional<TokenAxes> alongAxis(TokenAxes axes, int64_t axis,
                                          int64_t rank, std::string &why) {
  std::optional<int64_t> normal = onnx::normaliseAxis(axis, rank);
  if (normal && *normal != axes.batch && *normal != axes.sequence)
    return axes;
  why = "works along the batch or the sequence of token states";
  return std::nullopt;
}

/// f(0) = 0 for these.
static bool keepsZero(Operation &op, OperandAxes operands) {
  if (isa<onnx::MulOp, onnx::AddOp, onnx::SubOp, onnx::SumOp, MulOp, AddOp>(
          op)) {
    bool product = isa<onnx::MulOp, MulOp>(op);
    for (const std::optional<TokenAxes> &axes : operands)
      if ((axes && axes->keepsZero) == product)
        return product;
    return !product;
  }
  if (isa<onnx::DivOp>(op))
    return operands[0] && operands[0]->keepsZero;
  if (auto activation = dyn_cast<ActivationOp>(op))
    return activation.getActivation() != Activation::Sigmoid &&
           operands[0]->keepsZero;
  return isa<onnx::ReluOp, onnx::LeakyReluOp, onnx::EluOp, onnx::SeluOp,
             onnx::CeluOp, onnx::HardSwishOp, onnx::SwishOp, onnx::MishOp,
             onnx::GeluOp, onnx::SoftsignOp, onnx::TanhOp, onnx::ErfOp,
             onnx::AbsOp, onnx::NegOp, onnx::SignOp, onnx::SqrtOp,
             onnx::FloorOp, onnx::CeilOp, onnx::RoundOp, onnx::SinOp,
             onnx::TanOp, onnx::IdentityOp, onnx::CastOp>(op) &&
         operands[0] && operands[0]->keepsZero;
}

/// Elementwise with broadcasting: operands align at the last dimension.
static std::optional<TokenAxes> elementwise(Operation &op, OperandAxes operands,
                                            std::string &why) {
  int64_t rank = rankOf(op.getResult(0));
  std::optional<TokenAxes> result;
  for (auto [operand, axes] : llvm::zip(op.getOperands(), operands)) {
    if (!axes)
      continue;
    int64_t shift = rank - rankOf(operand);
    TokenAxes moved{axes->batch + shift, axes->sequence + shift, true};
    if (result &&
        (result->batch != moved.batch || result->sequence != moved.sequence)) {
      why = "combines different positions of token states";
      return std::nullopt;
    }
    result = moved;
  }
  result->keepsZero = keepsZero(op, operands);
  return result;
}

/// Encoder ops on dense values. Rows lie along the last axis.
static std::optional<TokenAxes> rowWise(Operation &op, OperandAxes operands,
                                        std::string &why) {
  std::optional<TokenAxes> result = elementwise(op, operands, why);
  if (!result || isa<AddOp, MulOp, ActivationOp>(op))
    return result;
  int64_t rank = rankOf(op.getResult(0));
  return alongAxis(*result, rank - 1, rank, why);
}

static std::optional<TokenAxes> transpose(onnx::TransposeOp op,
                                          TokenAxes axes) {
  int64_t rank = rankOf(op.getData());
  auto perm = op.getPerm();
  TokenAxes result = axes;
  for (int64_t i = 0; i < rank; ++i) {
    int64_t from = perm ? (*perm)[i] : rank - 1 - i;
    if (from == axes.batch)
      result.batch = i;
    if (from == axes.sequence)
      result.sequence = i;
  }
  return result;
}

/// Drops `removed` axes (sorted, non-negative) from the numbering.
static std::optional<TokenAxes>
dropAxes(TokenAxes axes, ArrayRef<int64_t> removed, std::string &why) {
  TokenAxes result = axes;
  for (int64_t axis : removed) {
    if (axis == axes.batch || axis == axes.sequence) {
      why = "takes the batch or the sequence of token states together";
      return std::nullopt;
    }
    result.batch -= axis < axes.batch;
    result.sequence -= axis < axes.sequence;
  }
  return result;
}

static std::optional<TokenAxes> unsqueeze(onnx::UnsqueezeOp op, TokenAxes axes,
                                          std::string &why) {
  auto added = onnx::getConstantAxes(op.getAxes(), rankOf(op.getExpanded()));
  if (!added) {
    why = "has axes that are not constant";
    return std::nullopt;
  }
  TokenAxes result = axes;
  for (int64_t axis : *added) {
    result.batch += axis <= result.batch;
    result.sequence += axis <= result.sequence;
  }
  return result;
}

static std::optional<TokenAxes> squeeze(onnx::SqueezeOp op, TokenAxes axes,
                                        std::string &why) {
  auto removed = onnx::getConstantAxes(op.getAxes(), rankOf(op.getData()));
  if (removed)
    return dropAxes(axes, *removed, why);
  why = "has axes that are not constant";
  return std::nullopt;
}

/// Reductions, with axes as an operand or as an attribute.
static std::optional<TokenAxes> reduce(Operation &op, TokenAxes axes,
                                       std::string &why) {
  int64_t rank = rankOf(op.getOperand(0));
  std::optional<SmallVector<int64_t>> reduced;
  if (auto axis = op.getAttrOfType<IntegerAttr>("axis")) {
    if (auto normal = onnx::normaliseAxis(axis.getInt(), rank))
      reduced = SmallVector<int64_t>{*normal};
  } else {
    reduced = onnx::getConstantAxes(op.getOperand(1), rank);
  }
  if (!reduced || reduced->empty()) {
    why = "reduces over every axis of token states";
    return std::nullopt;
  }
  std::optional<TokenAxes> dropped = dropAxes(axes, *reduced, why);
  if (!dropped)
    return std::nullopt;
  auto keepdims = op.getAttrOfType<IntegerAttr>("keepdims");
  TokenAxes result = !keepdims || keepdims.getInt() != 0 ? axes : *dropped;
  result.keepsZero = false;
  return result;
}

/// A constant right-hand side works row by row.
static std::optional<TokenAxes> matmul(onnx::MatMulOp op, OperandAxes operands,
                                       std::string &why) {
  int64_t rank = rankOf(op.getA());
  if (operands[0] && !operands[1] && rankOf(op.getB()) <= 2 &&
      operands[0]->batch != rank - 1 && operands[0]->sequence != rank - 1)
    return operands[0];
  why = "multiplies token states with each other";
  return std::nullopt;
}

/// Leading dimensions stay where they are: the same static sizes, or dimensions
/// that a constant shape copies with 0.
static std::optional<TokenAxes> reshape(onnx::ReshapeOp op, TokenAxes axes,
                                        std::string &why) {
  auto from = dyn_cast<RankedTensorType>(op.getData().getType());
  auto to = dyn_cast<RankedTensorType>(op.getReshaped().getType());
  auto shape = onnx::getConstantInts(op.getShape());
  int64_t last = std::max(axes.batch, axes.sequence);
  bool kept = from && to && to.getRank() > last;
  for (int64_t i = 0; kept && i <= last; ++i) {
    bool copied = shape && (*shape)[i] == 0 && op.getAllowzero() == 0;
    bool same = !from.isDynamicDim(i) && from.getDimSize(i) == to.getDimSize(i);
    kept = copied || same;
  }
  if (kept)
    return axes;
  why = "reshapes the batch or the sequence of token states";
  return std::nullopt;
}

/// By scales that are one number, or a list for an axis.
template <typename Op>
static std::optional<TokenAxes>
quantise(Op op, Value scale, OperandAxes operands, std::string &why) {
  if (operands[1] || operands[2] || rankOf(scale) < 0 || rankOf(scale) > 1) {
    why = "has scales of token states, or for blocks of them";
    return std::nullopt;
  }
  TokenAxes axes = *operands[0];
  axes.keepsZero = false;
  auto type = cast<RankedTensorType>(scale.getType());
  if (type.hasStaticShape() && type.getNumElements() == 1)
    return axes;
  return alongAxis(axes, op.getAxis(), rankOf(op->getOperand(0)), why);
}

/// Norms over an axis and all that follow it.
template <typename Op>
static std::optional<TokenAxes> normalise(Op op, TokenAxes axes,
                                          std::string &why) {
  axes.keepsZero = false;
  auto from = onnx::normaliseAxis(op.getAxis(), rankOf(op.getX()));
  if (from && *from > std::max(axes.batch, axes.sequence))
    return axes;
  why = "normalises over the batch or the sequence of token states";
  return std::nullopt;
}

static std::optional<TokenAxes> slice(onnx::SliceOp op, TokenAxes axes,
                                      std::string &why) {
  auto sliced = onnx::getConstantAxes(op.getAxes(), rankOf(op.getData()));
  if (sliced)
    return dropAxes(axes, *sliced, why) ? std::optional(axes) : std::nullopt;
  why = "has axes that are not constant";
  return std::nullopt;
}

static std::optional<TokenAxes> accumulate(onnx::CumSumOp op, TokenAxes axes,
                                           std::string &why) {
  int64_t rank = rankOf(op.getX());
  auto axis = onnx::getConstantAxes(op.getAxis(), rank);
  if (axis && axis->size() == 1)
    return alongAxis(axes, axis->front(), rank, why);
  why = "has an axis that is not constant";
  return std::nullopt;
}

static std::optional<TokenAxes> concat(onnx::ConcatOp op, OperandAxes operands,
                                       std::string &why) {
  std::optional<TokenAxes> all = elementwise(*op, operands, why);
  if (!all)
    return all;
  all->keepsZero = llvm::all_of(
      operands, [](const auto &axes) { return axes && axes->keepsZero; });
  return alongAxis(*all, op.getAxis(), rankOf(op.getResult()), why);
}

/// Ops that take their states as first operand.
static std::optional<TokenAxes>
ofFirst(Operation &op, TokenAxes axes, OperandAxes operands, std::string &why) {
  int64_t rank = rankOf(op.getOperand(0));
  return TypeSwitch<Operation *, std::optional<TokenAxes>>(&op)
      .Case<onnx::IdentityOp, onnx::CastOp>([&](auto) { return axes; })
      .Case([&](onnx::QuantizeLinearOp q) {
        return quantise(q, q.getYScale(), operands, why);
      })
      .Case([&](onnx::DequantizeLinearOp q) {
        return quantise(q, q.getXScale(), operands, why);
      })
      .Case([&](onnx::TransposeOp t) { return transpose(t, axes); })
      .Case([&](onnx::UnsqueezeOp u) { return unsqueeze(u, axes, why); })
      .Case([&](onnx::SqueezeOp s) { return squeeze(s, axes, why); })
      .Case([&](onnx::ReshapeOp r) { return reshape(r, axes, why); })
      .Case([&](onnx::SliceOp s) { return slice(s, axes, why); })
      .Case([&](onnx::CumSumOp sum) { return accumulate(sum, axes, why); })
      .Case([&](onnx::SplitOp s) {
        return alongAxis(axes, s.getAxis(), rank, why);
      })
      .Case<onnx::SoftmaxOp, onnx::LogSoftmaxOp, onnx::LpNormalizationOp>(
          [&](auto s) {
            TokenAxes kept = axes;
            kept.keepsZero = isa<onnx::LpNormalizationOp>(op) && axes.keepsZero;
            return alongAxis(kept, s.getAxis(), rank, why);
          })
      .Case<onnx::LayerNormalizationOp, onnx::RMSNormalizationOp>(
          [&](auto norm) { return normalise(norm, axes, why); })
      .Case<onnx::ReduceSumOp, onnx::ReduceMeanOp, onnx::ReduceMaxOp,
            onnx::ReduceMinOp, onnx::ReduceProdOp, onnx::ReduceL1Op,
            onnx::ReduceL2Op, onnx::ReduceSumSquareOp, onnx::ReduceLogSumOp,
            onnx::ReduceLogSumExpOp, onnx::ArgMaxOp, onnx::ArgMinOp>(
          [&](auto) { return reduce(op, axes, why); })
      .Default([&](Operation *) -> std::optional<TokenAxes> {
        why = "may mix positions of token states";
        return std::nullopt;
      });
}

std::optional<TokenAxes> skim::propagateTokenAxes(Operation &op,
                                                  OperandAxes operands,
                                                  std::string &why) {
  if (isRowWise(&op))
    return rowWise(op, operands, why);
  if (op.hasTrait<onnx::Broadcast>() || op.hasTrait<onnx::Elementwise>())
    return elementwise(op, operands, why);
  if (auto product = dyn_cast<onnx::MatMulOp>(op))
    return matmul(product, operands, why);
  if (auto joined = dyn_cast<onnx::ConcatOp>(op))
    return concat(joined, operands, why);
  if (operands[0])
    return ofFirst(op, *operands[0], operands, why);
  why = "selects by token states";
  return std::nullopt;
}
