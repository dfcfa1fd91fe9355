//===- BatchAxes.cpp - where values have the batch ------------------------===//
// One walk that follows the batch dimension from the inputs to the outputs and
// stops at the first op that brings sequences together.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/Transforms/BatchAxes.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Dialect/Skim/Transforms/PaddingAnalysis.h"

using namespace mlir;
using namespace skim;

BatchAxes::BatchAxes(func::FuncOp function) {
  if (findInputs(function))
    visitBlock(function.front());
}

void BatchAxes::stop(Operation *op, const Twine &why) {
  if (obstacle)
    return;
  obstacle = op;
  reason = why.str();
}

/// The name of a dimension of an input, empty for a static one; "?" where it
/// has no name, and may be any dimension.
static StringRef dimName(func::FuncOp function, int64_t index, int64_t dim) {
  auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[index]);
  if (!type || !type.isDynamicDim(dim))
    return "";
  auto names = function.getArgAttrOfType<ArrayAttr>(index, "onnx.dims");
  auto name = names && dim < int64_t(names.size())
                  ? dyn_cast<StringAttr>(names[dim])
                  : StringAttr();
  return name && !name.empty() ? name.getValue() : StringRef("?");
}

/// The batch is the leading dimension of the first input of two dimensions and
/// more, and of those inputs where it has the same name.
bool BatchAxes::findInputs(func::FuncOp function) {
  auto isDynamicMatrix = [&](BlockArgument argument) {
    return rankOf(argument) >= 2 &&
           !dimName(function, argument.getArgNumber(), 0).empty();
  };
  auto first = llvm::find_if(function.getArguments(), isDynamicMatrix);
  if (first == function.getArguments().end())
    return false;
  StringRef batch = dimName(function, first->getArgNumber(), 0);
  axes[*first] = 0;
  for (BlockArgument argument : function.getArguments())
    for (int64_t dim = 0; dim < rankOf(argument); ++dim) {
      StringRef name = dimName(function, argument.getArgNumber(), dim);
      bool isUnknown = name == "?" && argument != *first;
      bool isBatch = name == batch && name != "?";
      if (isBatch && dim == 0)
        axes[argument] = 0;
      else if (isBatch || isUnknown)
        stop(function, "has inputs of which it is not known which dimensions "
                       "are the batch");
    }
  return !obstacle;
}

/// Whether `value`, the same for every batch, is repeated along dimension
/// `axis` of `rank` where it is broadcast.
static bool repeatsAlong(Value value, int64_t axis, int64_t rank) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return true; // no value at all
  int64_t own = axis - (rank - type.getRank());
  return own < 0 || type.getDimSize(own) == 1;
}

void BatchAxes::visitBlock(Block &block) {
  for (Operation &op : block) {
    if (obstacle)
      return;
    if (isa<func::ReturnOp, YieldOp>(op))
      visitReturn(op);
    else if (isa<SkimDialect>(op.getDialect()))
      visitSkim(op);
    else if (isa<onnx::OnnxDialect>(op.getDialect()))
      visitOnnx(op);
    else
      stop(&op, "is of no dialect whose ops keep sequences apart");
  }
}

void BatchAxes::visitReturn(Operation &op) {
  for (Value value : op.getOperands()) {
    auto found = axes.find(value);
    if (found != axes.end() && found->second != 0)
      stop(&op, "gives a tensor whose leading dimension is not the batch");
  }
}

//===----------------------------------------------------------------------===//
// skim ops
//===----------------------------------------------------------------------===//

/// The rank at which an operand of an op has the batch as leading dimension; 0
/// for parameters, which never have.
static int64_t batchedRank(OpOperand &operand) {
  Operation *op = operand.getOwner();
  Value value = operand.get();
  int64_t own = rankOf(value);
  auto isOneOf = [&](ValueRange values) {
    return llvm::is_contained(values, value);
  };
  return TypeSwitch<Operation *, int64_t>(op)
      .Case([&](LinearOp linear) {
        return isOneOf({linear.getWeight(), linear.getWeightScale(),
                        linear.getWeightZeroPoint(), linear.getBias()})
                   ? 0
                   : own;
      })
      .Case([&](NormOp norm) {
        return isOneOf({norm.getScale(), norm.getBias()}) ? 0 : own;
      })
      .Case([&](EmbedOp embed) { return isOneOf(embed.getTables()) ? 0 : 2; })
      .Case([&](AttentionOp attention) {
        if (isOneOf({attention.getContentToPosition(),
                     attention.getContentIndex(),
                     attention.getPositionToContent(),
                     attention.getPositionIndex()}))
          return int64_t(0);
        if (isOneOf({attention.getCos(), attention.getSin()}))
          return int64_t(3);
        return value == attention.getBias() ? int64_t(4) : own;
      })
      .Case([&](BlockScoresOp scores) {
        return isOneOf({scores.getConv1(), scores.getBias1(), scores.getConv2(),
                        scores.getBias2(), scores.getLinear(),
                        scores.getBias3()})
                   ? 0
                   : own;
      })
      .Default([&](Operation *) { return own; });
}

void BatchAxes::visitSkim(Operation &op) {
  if (!dependsOnBatch(op))
    return;
  if (auto skip = dyn_cast<SkipBlocksOp>(op))
    if (skip.getBatchAlign() == BatchAlign::Max)
      stop(&op, "keeps as many blocks of every sequence");
  if (auto linear = dyn_cast<LinearOp>(op))
    if (linear.roundsByRange())
      stop(&op, "rounds all sequences by one scale");
  for (OpOperand &operand : op.getOpOperands()) {
    auto found = axes.find(operand.get());
    bool isBatch = found != axes.end();
    if (isBatch && found->second == kRows)
      continue;
    int64_t rank = batchedRank(operand);
    if (isBatch && (found->second != 0 || rankOf(operand.get()) != rank))
      stop(&op, "reads the batch as another dimension");
    if (!isBatch && rank > 0 && !repeatsAlong(operand.get(), 0, rank))
      stop(&op, "reads a value that may hold as many sequences as the batch");
  }
  auto addAxis = [&](Value value) {
    axes[value] = rankOf(value) < 0 ? kRows : 0;
  };
  llvm::for_each(op.getResults(), addAxis);
  for (Region &region : op.getRegions())
    for (Block &block : region) {
      llvm::for_each(block.getArguments(), addAxis);
      visitBlock(block);
    }
}

//===----------------------------------------------------------------------===//
// onnx ops
//===----------------------------------------------------------------------===//

/// Extents of dimensions, among them the one at `axis`?
static bool tellsExtent(Operation &op, int64_t axis) {
  auto shape = dyn_cast<onnx::ShapeOp>(op);
  if (!shape)
    return isa<onnx::SizeOp>(op);
  int64_t rank = rankOf(shape.getData());
  auto clamp = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t start = clamp(shape.getStart());
  int64_t end = shape.getEnd() ? clamp(*shape.getEnd()) : rank;
  return start <= axis && axis < end;
}

void BatchAxes::visitOnnx(Operation &op) {
  if (!dependsOnBatch(op))
    return;
  // Sequence and batch at one place: one axis is followed.
  SmallVector<std::optional<TokenAxes>> operands;
  int64_t rank = rankOf(op.getResult(0));
  std::optional<int64_t> place;
  for (Value operand : op.getOperands()) {
    auto found = axes.find(operand);
    operands.push_back(std::nullopt);
    if (found == axes.end())
      continue;
    if (found->second == kRows)
      return stop(&op, "reads the rows of a batch");
    operands.back() = TokenAxes{found->second, found->second};
    place = found->second + rank - rankOf(operand);
  }
  if (isa<onnx::ShapeOp, onnx::SizeOp>(op)) {
    if (tellsExtent(op, operands[0]->batch))
      stop(&op, "asks how many sequences there are");
    return;
  }
  bool joins = isa<onnx::ConcatOp>(op);
  bool aligns = joins || op.hasTrait<onnx::Broadcast>() ||
                op.hasTrait<onnx::Elementwise>();
  for (auto [index, axis] : llvm::enumerate(operands)) {
    if (axis && !aligns && index > 0)
      return stop(&op, "has a parameter that depends on the batch");
    if (!axis && aligns &&
        (joins || !repeatsAlong(op.getOperand(index), *place, rank)))
      return stop(&op, "combines the batch with a value that may hold as many "
                       "sequences");
  }
  std::string why;
  std::optional<TokenAxes> result = propagateTokenAxes(op, operands, why);
  if (!result)
    return stop(&op, why);
  for (Value value : op.getResults())
    axes[value] = result->batch;
}
