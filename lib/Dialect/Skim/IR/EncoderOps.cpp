//===- EncoderOps.cpp - verifiers of the encoder ops ----------------------===//
// The constraints C1.. of SkimEncoderOps.td that traits cannot say.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;

/// `rows` is there exactly when `states` are ragged.
static LogicalResult verifyRows(Operation *op, Type states, Value rows) {
  if (isRagged(states) == static_cast<bool>(rows))
    return success();
  return op->emitOpError() << (rows ? "expected no rows with dense states"
                                    : "expected rows with ragged states");
}

LogicalResult EmbedOp::verify() {
  // embed_c1
  if (getIds().size() != getTables().size() || getIds().empty())
    return emitOpError() << "expected as many ids as tables and at least one, "
                         << "got " << getIds().size() << " and "
                         << getTables().size();
  // embed_c2
  for (auto [index, table] : llvm::enumerate(getTables()))
    if (getWidth(table.getType()) != getWidth(getResult().getType()))
      return emitOpError() << "expected width "
                           << getWidth(getResult().getType()) << " of table "
                           << index << ", got " << getWidth(table.getType());
  // embed_c4
  if (std::optional<ArrayRef<int64_t>> counts = getCounts()) {
    if (counts->size() != getTables().size())
      return emitOpError() << "expected a count for each of "
                           << getTables().size() << " tables, got "
                           << counts->size();
    for (int64_t count : *counts)
      if (count < -2)
        return emitOpError() << "expected counts of at least -2, got " << count;
  }
  // embed_c3
  return verifyRows(*this, getResult().getType(), getRows());
}

LogicalResult LinearOp::verify() {
  auto weight = cast<RankedTensorType>(getWeight().getType());
  if (weight.getRank() != 2)
    return emitOpError() << "expected weight rank 2, got " << weight.getRank();
  int64_t k = weight.getDimSize(getTransposeWeight() ? 1 : 0);
  int64_t n = weight.getDimSize(getTransposeWeight() ? 0 : 1);
  // linear_c1
  if (getWidth(getInput().getType()) != k)
    return emitOpError() << "expected input width " << k << ", got "
                         << getWidth(getInput().getType());
  // linear_c2
  if (getBias()) {
    auto bias = cast<RankedTensorType>(getBias().getType());
    if (bias.getRank() != 1 || bias.getDimSize(0) != n)
      return emitOpError() << "expected bias shape [" << n << "], got " << bias;
  }
  // linear_c3
  if (withWidth(getInput().getType(), n) != getResult().getType())
    return emitOpError() << "expected result type "
                         << withWidth(getInput().getType(), n) << ", got "
                         << getResult().getType();
  // linear_c4
  if (getResidual() && getResidual().getType() != getResult().getType())
    return emitOpError() << "expected residual type " << getResult().getType()
                         << ", got " << getResidual().getType();
  // linear_c5
  bool isQuantised = !weight.getElementType().isF32();
  for (Value value : {getWeightScale(), getWeightZeroPoint()}) {
    if (bool(value) != isQuantised)
      return emitOpError() << "expected scales and zero points with a weight "
                              "of integers alone, got a weight of "
                           << weight.getElementType();
    if (value && cast<RankedTensorType>(value.getType()).getDimSize(0) != n)
      return emitOpError() << "expected scales and zero points of shape [" << n
                           << "], got " << value.getType();
  }
  // linear_c6
  if (bool(getInputScale()) != bool(getInputZeroPoint()) ||
      (getInputScale() && !isQuantised))
    return emitOpError()
           << "expected input_scale and input_zero_point together "
              "and with a weight of integers";
  if (!isQuantised)
    return success();
  if (getInputScale() && !isInputScale(getInputScale()->convertToFloat()))
    return emitOpError() << "expected a finite input_scale of at least 2^-100, "
                            "got "
                         << getInputScale()->convertToFloat();
  if (getInputZeroPoint() &&
      (*getInputZeroPoint() < 0 || *getInputZeroPoint() > 255))
    return emitOpError() << "expected an input_zero_point from 0 to 255, got "
                         << *getInputZeroPoint();
  if (getElementTypeOrSelf(getWeightZeroPoint()) != weight.getElementType())
    return emitOpError() << "expected zero points of "
                         << weight.getElementType() << ", got "
                         << getElementTypeOrSelf(getWeightZeroPoint());
  if (getTransposeWeight())
    return emitOpError() << "expected a weight of integers as [K, N]";
  return success();
}

LogicalResult MatmulOp::verify() {
  // matmul_c1
  auto size = [](Value value, unsigned axis) {
    return cast<RankedTensorType>(value.getType()).getDimSize(axis);
  };
  auto check = [&](Value a, unsigned axis, Value b, unsigned other,
                   StringRef what) -> LogicalResult {
    if (succeeded(verifyCompatibleShape(size(a, axis), size(b, other))))
      return success();
    return emitOpError() << "expected equal " << what << ", got "
                         << size(a, axis) << " and " << size(b, other);
  };
  Value lhs = getLhs(), rhs = getRhs(), result = getResult();
  return success(succeeded(check(lhs, 2, rhs, 1, "inner dimensions")) &&
                 succeeded(check(lhs, 0, rhs, 0, "batches of operands")) &&
                 succeeded(check(lhs, 0, result, 0, "batches of result")) &&
                 succeeded(check(lhs, 1, result, 1, "rows")) &&
                 succeeded(check(rhs, 2, result, 2, "columns")));
}

LogicalResult NormOp::verify() {
  // norm_c2
  int64_t heads = getHeads(), width = getWidth(getInput().getType());
  if (heads < 1 || width % heads != 0)
    return emitOpError() << "expected heads that divide the width " << width
                         << ", got " << heads;
  // norm_c1
  width /= heads;
  for (Value operand : {getScale(), getBias()}) {
    if (!operand)
      continue;
    auto type = cast<RankedTensorType>(operand.getType());
    if (type.getRank() != 1 || type.getDimSize(0) != width)
      return emitOpError() << "expected shape [" << width
                           << "] of scale and bias, got " << type;
  }
  return success();
}

LogicalResult GluOp::verify() {
  // glu_c1
  Type expected =
      withWidth(getResult().getType(), 2 * getWidth(getResult().getType()));
  if (getInput().getType() != expected)
    return emitOpError() << "expected input type " << expected << ", got "
                         << getInput().getType();
  return success();
}

static LogicalResult verifyRotary(AttentionOp op, int64_t headWidth) {
  if (!op.getCos())
    return success();
  auto type = cast<RankedTensorType>(op.getCos().getType());
  if (type.getRank() != 2 && type.getRank() != 3)
    return op.emitOpError()
           << "expected cos of two or three dimensions, got " << type;
  if (op.getSin().getType() != type)
    return op.emitOpError() << "expected type " << type << " of sin, got "
                            << op.getSin().getType();
  int64_t rotated = type.getShape().back();
  if (rotated <= 0 || rotated % 2 != 0 || rotated > headWidth)
    return op.emitOpError()
           << "expected an even number of columns of cos, at most " << headWidth
           << ", got " << type;
  return success();
}

/// A table of projected positions and its index.
static LogicalResult verifyPositions(AttentionOp op, StringRef name,
                                     Value table, Value index,
                                     int64_t headWidth) {
  // attention_c7
  if (static_cast<bool>(table) != static_cast<bool>(index))
    return op.emitOpError() << "expected " << name << " and its index together";
  if (!table)
    return success();
  // attention_c8
  auto type = cast<RankedTensorType>(table.getType());
  int64_t heads = op.getHeads();
  if (type.getRank() != 3 || type.getDimSize(0) != heads ||
      type.getDimSize(1) != headWidth || type.getDimSize(2) <= 0)
    return op.emitOpError() << "expected " << name << " of " << heads << " x "
                            << headWidth << " x positions, got " << type;
  return success();
}

int64_t AttentionOp::getFlopsPerPair() {
  int64_t products =
      2 + bool(getContentToPosition()) + bool(getPositionToContent());
  return 2 * products * getWidth(getQuery().getType());
}

LogicalResult AttentionOp::verify() {
  // attention_c1
  int64_t width = getWidth(getQuery().getType());
  int64_t heads = getHeads(), kvHeads = getKvHeads().value_or(heads);
  if (heads <= 0 || width % heads != 0)
    return emitOpError() << "expected heads to divide the query width " << width
                         << ", got " << heads;
  if (kvHeads <= 0 || heads % kvHeads != 0)
    return emitOpError() << "expected kv_heads to divide heads " << heads
                         << ", got " << kvHeads;
  // attention_c2
  int64_t kvWidth = width / heads * kvHeads;
  for (Value operand : {getKey(), getValue()})
    if (getWidth(operand.getType()) != kvWidth)
      return emitOpError() << "expected width " << kvWidth
                           << " of key and value, got "
                           << getWidth(operand.getType());
  // attention_c3
  if (getResult().getType() != getQuery().getType())
    return emitOpError() << "expected result type " << getQuery().getType()
                         << ", got " << getResult().getType();
  // attention_c5
  if (static_cast<bool>(getCos()) != static_cast<bool>(getSin()))
    return emitOpError("expected cos and sin together");
  // attention_c6
  if (failed(verifyRotary(*this, width / heads)))
    return failure();
  if (failed(verifyPositions(*this, "content_to_position",
                             getContentToPosition(), getContentIndex(),
                             width / heads)) ||
      failed(verifyPositions(*this, "position_to_content",
                             getPositionToContent(), getPositionIndex(),
                             width / heads)))
    return failure();
  // attention_c9
  for (auto [name, window] : {std::make_pair("left_window", getLeftWindow()),
                              std::make_pair("right_window", getRightWindow())})
    if (window && static_cast<int64_t>(*window) < 0)
      return emitOpError() << "expected a " << name << " of at least 0, got "
                           << static_cast<int64_t>(*window);
  // attention_c4
  return verifyRows(*this, getQuery().getType(), getRows());
}

LogicalResult PoolOp::verify() {
  // pool_c1
  if (getWidth(getResult().getType()) != getWidth(getInput().getType()))
    return emitOpError() << "expected result width "
                         << getWidth(getInput().getType()) << ", got "
                         << getWidth(getResult().getType());
  // pool_c2
  return verifyRows(*this, getInput().getType(), getRows());
}
