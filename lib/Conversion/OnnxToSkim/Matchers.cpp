//===- Matchers.cpp - constants and types that patterns ask for -----------===//
// Numbers in constants, shared bytes under another shape, and the context that
// the patterns of one function share.
//===----------------------------------------------------------------------===//

#include "Matchers.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

std::optional<double> skim::raise::toNumber(Attribute attr) {
  if (auto value = dyn_cast<FloatAttr>(attr))
    return value.getValueAsDouble();
  auto value = dyn_cast<IntegerAttr>(attr);
  if (!value)
    return std::nullopt;
  bool hasSign =
      !value.getType().isUnsignedInteger() && !value.getType().isInteger(1);
  return value.getValue().roundToDouble(hasSign);
}

std::optional<double> skim::raise::getSplat(Value value) {
  auto elements =
      dyn_cast_if_present<DenseElementsAttr>(onnx::getConstant(value));
  if (!elements || !elements.isSplat())
    return std::nullopt;
  return toNumber(elements.getSplatValue<Attribute>());
}

bool skim::raise::isClose(double a, double b) {
  return std::abs(a - b) <= 1e-5 * std::max(std::abs(a), std::abs(b));
}

bool skim::raise::isSplat(Value value, double number) {
  std::optional<double> splat = getSplat(value);
  return splat && isClose(*splat, number);
}

std::optional<std::pair<Value, double>> skim::raise::withNumber(Operation *op) {
  if (op->getNumOperands() != 2 || op->getNumResults() != 1)
    return std::nullopt;
  for (unsigned side : {1, 0}) {
    std::optional<double> number = getSplat(op->getOperand(side));
    Value other = op->getOperand(1 - side);
    if (number && other.getType() == op->getResult(0).getType())
      return std::make_pair(other, *number);
  }
  return std::nullopt;
}

Value skim::raise::reshapeConstant(OpBuilder &builder, Value constant,
                                   ArrayRef<int64_t> shape) {
  ElementsAttr elements = onnx::getConstant(constant);
  auto type = RankedTensorType::get(shape, elements.getElementType());
  if (type == elements.getType())
    return constant;
  ElementsAttr reshaped;
  if (auto dense = dyn_cast<DenseElementsAttr>(elements))
    reshaped = dense.reshape(type);
  else if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    reshaped = DenseResourceElementsAttr::get(type, resource.getRawHandle());
  else
    return {};
  return onnx::ConstantOp::create(builder, constant.getLoc(), reshaped);
}

/// The bytes of a constant, and a name for others like it.
static std::pair<ArrayRef<char>, StringRef> getBytes(ElementsAttr elements) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    return {resource.getRawHandle().getBlob()->getData(),
            resource.getRawHandle().getKey()};
  return {cast<DenseElementsAttr>(elements).getRawData(), "part"};
}

std::optional<double> skim::raise::getEqualElements(Value value) {
  auto stored =
      dyn_cast_if_present<DenseResourceElementsAttr>(onnx::getConstant(value));
  if (!stored || !stored.getElementType().isF32() || stored.empty())
    return getSplat(value);
  ArrayRef<char> bytes = getBytes(stored).first;
  // The same elements are the same bytes one element further on.
  if (bytes.drop_front(sizeof(float)) != bytes.drop_back(sizeof(float)))
    return std::nullopt;
  float first;
  std::memcpy(&first, bytes.data(), sizeof(first));
  return first;
}

Value skim::raise::sliceConstant(OpBuilder &builder, Value constant,
                                 int64_t axis, int64_t first, int64_t size) {
  ElementsAttr elements = onnx::getConstant(constant);
  auto from = cast<RankedTensorType>(elements.getType());
  SmallVector<int64_t> shape(from.getShape());
  shape[axis] = size;
  auto type = RankedTensorType::get(shape, from.getElementType());
  if (auto dense = dyn_cast<DenseElementsAttr>(elements);
      dense && dense.isSplat())
    return onnx::ConstantOp::create(builder, constant.getLoc(),
                                    dense.resizeSplat(type));
  auto [bytes, name] = getBytes(elements);
  int64_t inner = from.getElementTypeBitWidth() / 8, outer = 1;
  for (int64_t extent : from.getShape().drop_front(axis + 1))
    inner *= extent;
  for (int64_t extent : from.getShape().take_front(axis))
    outer *= extent;
  int64_t stride = from.getDimSize(axis) * inner, count = size * inner;
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(
      outer * count, /*align=*/64, /*dataIsMutable=*/true);
  for (int64_t row = 0; row < outer; ++row)
    std::memcpy(blob.getMutableData().data() + row * count,
                bytes.data() + row * stride + first * inner, count);
  return onnx::ConstantOp::create(
      builder, constant.getLoc(),
      DenseResourceElementsAttr::get(type, name, std::move(blob)));
}

/// The numbers of a f32 constant; a splat has one.
static ArrayRef<float> getFloats(Value constant) {
  ArrayRef<char> bytes = getBytes(onnx::getConstant(constant)).first;
  return {reinterpret_cast<const float *>(bytes.data()),
          bytes.size() / sizeof(float)};
}

/// The f32 constant with element `i`, row major, times `factorAt(i)`.
static Value multiplyConstant(OpBuilder &builder, Value constant,
                              function_ref<float(int64_t)> factorAt) {
  ElementsAttr elements = onnx::getConstant(constant);
  int64_t count = elements.getNumElements();
  ArrayRef<float> from = getFloats(constant);
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(
      count * sizeof(float), /*align=*/64, /*dataIsMutable=*/true);
  auto *to = reinterpret_cast<float *>(blob.getMutableData().data());
  for (int64_t i = 0; i < count; ++i)
    to[i] = from[from.size() == 1 ? 0 : i] * factorAt(i);
  return onnx::ConstantOp::create(
      builder, constant.getLoc(),
      DenseResourceElementsAttr::get(cast<RankedTensorType>(elements.getType()),
                                     getBytes(elements).second,
                                     std::move(blob)));
}

Value skim::raise::scaleConstant(OpBuilder &builder, Value constant,
                                 float factor) {
  std::optional<double> splat = getSplat(constant);
  if (!splat)
    return multiplyConstant(builder, constant, [=](int64_t) { return factor; });
  auto type = cast<RankedTensorType>(constant.getType());
  return onnx::ConstantOp::create(
      builder, constant.getLoc(),
      DenseElementsAttr::get(type, static_cast<float>(*splat) * factor));
}

Value skim::raise::scaleConstant(OpBuilder &builder, Value constant, Value row,
                                 int64_t axis) {
  auto type = cast<RankedTensorType>(constant.getType());
  int64_t extent = type.getDimSize(axis), inner = 1;
  for (int64_t size : type.getShape().drop_front(axis + 1))
    inner *= size;
  ArrayRef<float> factors = getFloats(row);
  return multiplyConstant(builder, constant, [=](int64_t i) {
    return factors[factors.size() == 1 ? 0 : i / inner % extent];
  });
}

bool skim::raise::isRowVector(Value value, int64_t width) {
  ElementsAttr elements = onnx::getConstant(value);
  if (!elements || !elements.getElementType().isF32())
    return false;
  auto type = cast<ShapedType>(elements.getType());
  if (type.getNumElements() == 1)
    return getSplat(value).has_value();
  return type.getNumElements() == width && type.getShape().back() == width;
}

Value skim::raise::getRowVector(OpBuilder &builder, Value constant,
                                int64_t width) {
  ElementsAttr elements = onnx::getConstant(constant);
  if (cast<ShapedType>(elements.getType()).getNumElements() == width)
    return reshapeConstant(builder, constant, {width});
  auto type = RankedTensorType::get({width}, elements.getElementType());
  return onnx::ConstantOp::create(
      builder, constant.getLoc(),
      DenseElementsAttr::get(type, static_cast<float>(*getSplat(constant))));
}

Value skim::raise::makeInts(OpBuilder &builder, Location loc,
                            ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getI64Type());
  return onnx::ConstantOp::create(builder, loc,
                                  DenseElementsAttr::get(type, values));
}

Value skim::raise::makeInt(OpBuilder &builder, Location loc, int64_t value) {
  auto type = RankedTensorType::get({}, builder.getI64Type());
  return onnx::ConstantOp::create(builder, loc,
                                  DenseElementsAttr::get(type, value));
}

Value skim::raise::makeFloat(OpBuilder &builder, Location loc, float value) {
  auto type = RankedTensorType::get({}, builder.getF32Type());
  return onnx::ConstantOp::create(builder, loc,
                                  DenseElementsAttr::get(type, value));
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

RankedTensorType skim::raise::getStates(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isF32() || type.getRank() < 2 ||
      type.isDynamicDim(type.getRank() - 1) || type.getShape().back() == 0)
    return {};
  return type;
}

//===----------------------------------------------------------------------===//
// Context
//===----------------------------------------------------------------------===//

RaiseContext::RaiseContext(onnx::SymbolicShapes &shapes, func::FuncOp func)
    : shapes(shapes) {
  // Ids come first; a model without any takes embedded tokens.
  for (bool wantInteger : {true, false}) {
    for (BlockArgument argument : func.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type || type.getElementType().isInteger() != wantInteger ||
          type.getRank() != (wantInteger ? 2 : 3))
        continue;
      if (auto argumentDims = shapes.dims(argument)) {
        batch = (*argumentDims)[0];
        sequence = (*argumentDims)[1];
        tokens = argument;
        return;
      }
    }
  }
}

/// Dimensions that both come from the inputs' and are not the same; those that
/// depend on data may be.
static bool areKnownToDiffer(const SymDim &a, const SymDim &b) {
  bool isKnown = true;
  for (const SymDim &dim : {a, b})
    dim.walk([&](const onnx::SymAtom &atom) {
      isKnown &= !onnx::SymbolicShapes::isFresh(atom.key);
    });
  return isKnown && a != b;
}

bool RaiseContext::learnSequence(const SymDim &batch, const SymDim &sequence) {
  if (!attending)
    attending = {batch, sequence};
  else if (areKnownToDiffer(attending->first, batch) ||
           areKnownToDiffer(attending->second, sequence))
    return false;
  if (!this->batch) {
    this->batch = batch;
    this->sequence = sequence;
  }
  return true;
}

/// The dimensions of a skim op's result: as a rule the leading ones of its
/// first operand.
static std::optional<SymDims> dimsOfStates(RaiseContext &context,
                                           Operation *op) {
  int64_t width = getWidth(op->getResult(0).getType());
  if (auto embed = dyn_cast<EmbedOp>(op)) {
    // Ids of one sequence may stand for all: take the widest.
    std::optional<SymDims> result;
    for (Value ids : embed.getIds()) {
      std::optional<SymDims> idDims = context.dims(ids);
      if (idDims && (!result || result->front().isConstant(1)))
        result = idDims;
    }
    if (result)
      result->push_back(SymDim(width));
    return result;
  }
  std::optional<SymDims> result = context.dims(op->getOperand(0));
  if (!result)
    return std::nullopt;
  result->back() = SymDim(width);
  if (isa<PoolOp>(op))
    result->erase(result->begin() + 1);
  return result;
}

static bool isSkimOp(Operation *op) {
  return op && isa_and_present<SkimDialect>(op->getDialect());
}

std::optional<SymDims> RaiseContext::dims(Value value) {
  Operation *op = value.getDefiningOp();
  if (isSkimOp(op)) {
    if (auto known = stateDims.find(value); known != stateDims.end())
      return known->second;
    std::optional<SymDims> result = dimsOfStates(*this, op);
    if (result) {
      stateDims[value] = *result;
      shapes.assume(value, *result);
    }
    return result;
  }
  // The rules of onnx ops ask for what is assumed of states.
  if (op)
    for (Value operand : op->getOperands())
      if (isSkimOp(operand.getDefiningOp()))
        (void)dims(operand);
  auto known = shapes.dims(value);
  if (!known)
    return std::nullopt;
  SymDims result(known->begin(), known->end());
  // A slice of the first item of a dimension: 1, or no result at all.
  for (SymDim &dim : result)
    if (const onnx::SymAtom *atom = dim.singleAtom();
        atom && atom->kind == onnx::SymAtom::Kind::Min &&
        llvm::is_contained(atom->args, SymDim(1)))
      dim = 1;
  return result;
}

void RaiseContext::forget(Operation *op) {
  shapes.forget(op);
  for (Value result : op->getResults()) {
    stateDims.erase(result);
    llvm::erase_if(keyMasks, [&](const MadeMask &made) {
      return made.base == result || made.mask == result;
    });
  }
}

bool RaiseContext::haveSameDims(Value a, Value b) {
  if (a.getType() != b.getType())
    return false;
  if (cast<RankedTensorType>(a.getType()).hasStaticShape())
    return true;
  std::optional<SymDims> aDims = dims(a), bDims = dims(b);
  return aDims && bDims && *aDims == *bDims;
}

Value RaiseContext::getKeyMask(OpBuilder &builder, Value base, bool negated) {
  for (const MadeMask &made : keyMasks)
    if (made.base == base && made.negated == negated)
      return made.mask;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(base);
  Location loc = base.getLoc();
  Value result = base;
  auto type = cast<RankedTensorType>(base.getType());
  if (type.getRank() > 2) {
    SmallVector<int64_t> between;
    for (int64_t axis = 1; axis < type.getRank() - 1; ++axis)
      between.push_back(axis);
    type =
        RankedTensorType::get({type.getShape().front(), type.getShape().back()},
                              type.getElementType());
    result = onnx::SqueezeOp::create(builder, loc, type, result,
                                     makeInts(builder, loc, between));
  }
  type = RankedTensorType::get(type.getShape(), builder.getI1Type());
  if (result.getType() != type)
    result = onnx::CastOp::create(builder, loc, type, result,
                                  /*round_mode=*/"up", /*saturate=*/1,
                                  /*to=*/onnxBool);
  if (negated)
    result = onnx::NotOp::create(builder, loc, type, result);
  keyMasks.push_back({base, negated, result});
  return result;
}

/// The element `at` of a broadcasting op's operand.
std::optional<SymDims> skim::raise::getOperandIndex(RaiseContext &context,
                                                    Value operand, Value result,
                                                    ArrayRef<SymDim> at) {
  std::optional<SymDims> dims = context.dims(operand),
                         all = context.dims(result);
  if (!dims || !all || all->size() != at.size() || dims->size() > at.size())
    return std::nullopt;
  SymDims operandAt;
  size_t missing = at.size() - dims->size();
  for (auto [axis, dim] : llvm::enumerate(*dims)) {
    if (!dim.isConstant(1) && dim != (*all)[missing + axis])
      return std::nullopt;
    operandAt.push_back(dim.isConstant(1) ? SymDim(0) : at[missing + axis]);
  }
  return operandAt;
}
