//===- OnnxDialect.cpp - the onnx dialect ---------------------------------===//
// Registers the families of ops; shape checks and helpers that they share.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

using namespace mlir;
using namespace skim::onnx;

#include "skim/Dialect/Onnx/IR/OnnxDialect.cpp.inc"

void OnnxDialect::initialize() {
  addActivationOps();
  addCoreOps();
  addIndexOps();
  addLogicOps();
  addMathOps();
  addMsOps();
  addNNOps();
  addQuantOps();
  addReduceOps();
  addShapeOps();
  addSpatialOps();
}

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  if (isa<UnitAttr>(value) && isa<NoneType>(type))
    return NoneOp::create(builder, loc);
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

LogicalResult skim::onnx::verifyElementwise(Operation *op) {
  auto from = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  auto to = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!from || !to || succeeded(verifyCompatibleShape(from, to)))
    return success();
  return op->emitOpError("expected a result with the shape of the operand, ")
         << from << ", got " << to;
}

LogicalResult skim::onnx::verifyBroadcast(Operation *op) {
  auto result = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<int64_t> dims; // From the last to the first; dynamic: unknown.
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type)
      return success();
    for (auto [i, dim] : llvm::enumerate(llvm::reverse(type.getShape()))) {
      if (i == dims.size())
        dims.push_back(1);
      if (dims[i] == 1 || (ShapedType::isDynamic(dims[i]) && dim != 1))
        dims[i] = dim;
      else if (dim != 1 && !ShapedType::isDynamic(dim) && dim != dims[i])
        return op->emitOpError("expected operand shapes that broadcast, got ")
               << dims[i] << " and " << dim << " in dimension -" << i + 1;
    }
  }
  if (!result || op->getNumOperands() == 0)
    return success();
  SmallVector<int64_t> shape(llvm::reverse(dims));
  if (succeeded(verifyCompatibleShape(shape, result.getShape())))
    return success();
  return op->emitOpError("expected a result of type ")
         << result.clone(shape) << ", got " << result;
}

bool skim::onnx::isElementwise(Operation *op) {
  return isa<OnnxDialect>(op->getDialect()) && op->getNumResults() == 1 &&
         (isa<ClipOp>(op) || op->hasTrait<Broadcast>() ||
          op->hasTrait<Elementwise>());
}

/// The NameLoc that the importer gave an op, also within fused locations.
static NameLoc findNameLoc(Location loc) {
  NameLoc found;
  loc->walk([&](Location inner) {
    found = dyn_cast<NameLoc>(inner);
    return found ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found;
}

StringRef skim::onnx::typeOfNode(Location loc) {
  NameLoc name = findNameLoc(loc);
  auto type = name ? dyn_cast<NameLoc>(name.getChildLoc()) : NameLoc();
  return type ? type.getName().getValue() : StringRef();
}

std::string skim::onnx::describe(Operation *op) {
  NameLoc loc = findNameLoc(op->getLoc());
  StringRef type = op->getName().getStringRef();
  type.consume_front("onnx.");
  if (!loc)
    return ("node (" + type + ")").str();
  if (StringRef given = typeOfNode(loc); !given.empty())
    type = given;
  if (type == "Initializer")
    return ("initialiser '" + loc.getName().getValue() + "'").str();
  return ("node '" + loc.getName().getValue() + "' (" + type + ")").str();
}

Location skim::onnx::getNodeLoc(MLIRContext *context, StringRef name,
                                StringRef type) {
  auto child = NameLoc::get(StringAttr::get(context, type));
  return NameLoc::get(StringAttr::get(context, name), child);
}

bool skim::onnx::isAbsent(Value value) {
  return isa<NoneType>(value.getType());
}

ElementsAttr skim::onnx::getConstant(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? constant.getValue() : ElementsAttr();
}

/// One element of `width` bits at `data`, extended to 64 bits.
static int64_t readInt(const char *data, unsigned width, bool isUnsigned) {
  uint64_t bits = 0;
  std::memcpy(&bits, data, (width + 7) / 8); // Little endian, as ONNX.
  return isUnsigned || width == 64 ? static_cast<int64_t>(bits)
                                   : llvm::SignExtend64(bits, width);
}

std::optional<SmallVector<int64_t>> skim::onnx::getConstantInts(Value value) {
  ElementsAttr elements = getConstant(value);
  auto type = elements ? dyn_cast<IntegerType>(elements.getElementType())
                       : IntegerType();
  if (!type)
    return std::nullopt;
  bool isUnsigned = type.isUnsigned() || type.getWidth() == 1;
  SmallVector<int64_t> ints;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    ArrayRef<char> data = resource.getData();
    size_t bytes = (type.getWidth() + 7) / 8;
    if (data.size() != elements.getNumElements() * bytes)
      return std::nullopt;
    for (size_t i = 0; i < data.size(); i += bytes)
      ints.push_back(readInt(data.data() + i, type.getWidth(), isUnsigned));
    return ints;
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return std::nullopt;
  for (const APInt &v : dense.getValues<APInt>())
    ints.push_back(isUnsigned ? static_cast<int64_t>(v.getZExtValue())
                              : v.getSExtValue());
  return ints;
}

std::optional<int64_t> skim::onnx::normaliseAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

std::optional<SmallVector<int64_t>> skim::onnx::getConstantAxes(Value value,
                                                                int64_t rank) {
  std::optional<SmallVector<int64_t>> axes = getConstantInts(value);
  if (!axes)
    return std::nullopt;
  for (int64_t &axis : *axes) {
    std::optional<int64_t> place = normaliseAxis(axis, rank);
    if (!place)
      return std::nullopt;
    axis = *place;
  }
  llvm::sort(*axes);
  return axes;
}
