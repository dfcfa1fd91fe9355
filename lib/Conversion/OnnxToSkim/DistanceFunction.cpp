//===- DistanceFunction.cpp - what depends on i - j only ------------------===//
// A graph computes it for each pair of query and key; here it is found to need
// one number for each distance.
//===----------------------------------------------------------------------===//

#include "DistanceFunction.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

/// An operand that is a number, or is absent.
static bool isNumberOperand(Value value) {
  if (onnx::isAbsent(value))
    return true;
  ElementsAttr elements = onnx::getConstant(value);
  return elements && elements.getNumElements() == 1;
}

std::optional<LinearDistance>
skim::raise::findLinearDistance(const SymDim &integer, const SymDim &distance) {
  for (int64_t factor : {1, -1})
    if (auto offset = (integer - SymDim(factor) * distance).constant())
      return LinearDistance{factor, *offset};
  return std::nullopt;
}

bool DistanceFunction::match(Value value, ArrayRef<SymDim> at) {
  steps.clear();
  known.clear();
  return find(value, SymDims(at), 0).has_value();
}

std::optional<DistanceFunction::Step>
DistanceFunction::findLinear(Value value, ArrayRef<SymDim> at) {
  if (!getElementTypeOrSelf(value.getType()).isSignlessInteger(64))
    return std::nullopt;
  Element element = elements->evaluate(value, at);
  if (element.kind != Kind::Integer)
    return std::nullopt;
  auto linear = findLinearDistance(element.integer, distance);
  return linear ? std::optional(Step{nullptr, {}, *linear}) : std::nullopt;
}

std::optional<DistanceFunction::Step>
DistanceFunction::findOp(Operation *op, ArrayRef<SymDim> at, unsigned level) {
  if (!onnx::isElementwise(op))
    return std::nullopt;
  Step step{op, {}};
  bool depends = false;
  for (Value operand : op->getOperands()) {
    if (isNumberOperand(operand)) {
      step.operands.push_back({operand, 0});
      continue;
    }
    auto operandAt = getOperandIndex(*context, operand, op->getResult(0), at);
    auto found = operandAt ? find(operand, *operandAt, level) : std::nullopt;
    if (!found)
      return std::nullopt;
    step.operands.push_back({Value(), *found});
    depends = true;
  }
  return depends ? std::optional(step) : std::nullopt;
}

/// The step that computes `value[at]`.
std::optional<unsigned> DistanceFunction::find(Value value, SymDims at,
                                               unsigned level) {
  for (const Known &step : known)
    if (step.value == value && step.at == at)
      return step.step;
  if (level > 64)
    return std::nullopt;
  Element moved = elements->trace(value, at);
  if (moved.kind == Kind::Access && moved.base != value && moved.number == 1)
    return find(moved.base, moved.at, level + 1);
  std::optional<Step> step = findLinear(value, at);
  if (Operation *op = value.getDefiningOp(); op && !step)
    step = findOp(op, at, level + 1);
  if (!step)
    return std::nullopt;
  steps.push_back(*step);
  known.push_back({value, at, unsigned(steps.size() - 1)});
  return steps.size() - 1;
}

Value DistanceFunction::build(OpBuilder &builder, Value distances) const {
  Location loc = distances.getLoc();
  auto shape = cast<RankedTensorType>(distances.getType());
  SmallVector<Value> made;
  for (const Step &step : steps) {
    if (!step.op) {
      Value value = distances;
      if (step.linear.factor != 1)
        value = onnx::NegOp::create(builder, loc, shape, value);
      if (step.linear.offset)
        value = onnx::AddOp::create(builder, loc, shape, value,
                                    makeInt(builder, loc, step.linear.offset));
      made.push_back(value);
      continue;
    }
    Operation *op = builder.clone(*step.op);
    for (auto [i, operand] : llvm::enumerate(step.operands)) {
      auto [number, index] = operand;
      bool isConstant = number && !onnx::isAbsent(number);
      op->setOperand(i, isConstant ? reshapeConstant(builder, number, {})
                        : number   ? number
                                   : made[index]);
    }
    Value result = op->getResult(0);
    result.setType(shape.clone(getElementTypeOrSelf(result.getType())));
    made.push_back(result);
  }
  return made.back();
}

bool skim::raise::isClipped(Value value, int64_t count) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<onnx::ExpandOp, onnx::TileOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
             onnx::ReshapeOp, onnx::TransposeOp, onnx::IdentityOp>(op))
      break;
    value = op->getOperand(0);
  }
  auto clip = value.getDefiningOp<onnx::ClipOp>();
  if (!clip || onnx::isAbsent(clip.getMin()) || onnx::isAbsent(clip.getMax()))
    return false;
  std::optional<double> least = getSplat(clip.getMin()),
                        most = getSplat(clip.getMax());
  return least && most && *least >= 0 && *most < count && *least <= *most;
}
