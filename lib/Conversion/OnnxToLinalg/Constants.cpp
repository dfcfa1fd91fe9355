//===- Constants.cpp - constants of left-over ops -------------------------===//
// Unsigned tensors keep their attribute; a cast leads back to their type, which
// the ops that use them still have.
//===----------------------------------------------------------------------===//

#include "Constants.h"

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;

static Type signless(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  return integer ? IntegerType::get(element.getContext(), integer.getWidth())
                 : element;
}

static int64_t bytesOf(ShapedType type) {
  return type.getNumElements() *
         llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

/// A dense attribute with the contents of `elements` and signless elements;
/// null where the contents are missing.
static DenseElementsAttr asDense(ElementsAttr elements) {
  auto type = cast<RankedTensorType>(elements.getType());
  Type element = signless(type.getElementType());
  if (auto dense = dyn_cast<DenseElementsAttr>(elements))
    return type.getElementType() == element ? dense : dense.bitcast(element);
  auto resource = dyn_cast<DenseResourceElementsAttr>(elements);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || int64_t(blob->getData().size()) != bytesOf(type))
    return {};
  ArrayRef<char> data = blob->getData();
  if (element.isInteger(1)) {
    SmallVector<bool> bools;
    for (char byte : data)
      bools.push_back(byte != 0);
    return DenseElementsAttr::get(type, bools);
  }
  return DenseElementsAttr::getFromRawBuffer(type.clone(element), data);
}

/// Declares `elements` as an entry of the weights and views it as a tensor.
static Value makeWeights(OpBuilder &builder, Location loc, ModuleOp module,
                         SymbolTable &symbols, ElementsAttr elements) {
  auto type = cast<RankedTensorType>(elements.getType());
  OpBuilder atEnd = OpBuilder::atBlockEnd(module.getBody());
  auto weights = WeightsOp::create(
      atEnd, loc, "constant", atEnd.getArrayAttr({elements}), Layout::Plain,
      /*tile=*/1, /*offset=*/0, bytesOf(type));
  symbols.insert(weights);
  Type element = signless(type.getElementType());
  Value view = WeightsViewOp::create(builder, loc,
                                     MemRefType::get(type.getShape(), element),
                                     weights.getSymName());
  return bufferization::ToTensorOp::create(builder, loc, type.clone(element),
                                           view, /*restrict=*/true);
}

/// Leaves a copy of the constant to the skim ops that use it.
static void splitUses(onnx::ConstantOp constant) {
  auto isSkim = [](OpOperand &use) {
    return isa_and_nonnull<SkimDialect>(use.getOwner()->getDialect());
  };
  if (llvm::none_of(constant->getUses(), isSkim))
    return;
  OpBuilder builder(constant);
  Operation *copy = builder.clone(*constant);
  constant.getOutput().replaceUsesWithIf(copy->getResult(0), isSkim);
}

FailureOr<int64_t> skim::lowering::lowerConstants(ModuleOp module,
                                                  int64_t limit) {
  SymbolTable symbols(module);
  SmallVector<onnx::ConstantOp> constants;
  module.walk([&](onnx::ConstantOp op) { constants.push_back(op); });
  int64_t count = 0;
  for (onnx::ConstantOp constant : constants) {
    splitUses(constant);
    if (constant->use_empty()) {
      constant.erase();
      continue;
    }
    OpBuilder builder(constant);
    Location loc = constant.getLoc();
    ElementsAttr elements = constant.getValue();
    Value lowered;
    if (bytesOf(elements.getShapedType()) > limit) {
      lowered = makeWeights(builder, loc, module, symbols, elements);
      ++count;
    } else if (DenseElementsAttr dense = asDense(elements)) {
      lowered = arith::ConstantOp::create(builder, loc, dense);
    } else {
      return constant.emitError()
             << onnx::describe(constant)
             << ": expected a constant with its contents, got " << elements;
    }
    if (lowered.getType() != constant.getType())
      lowered = UnrealizedConversionCastOp::create(builder, loc,
                                                   constant.getType(), lowered)
                    .getResult(0);
    constant.getOutput().replaceAllUsesWith(lowered);
    constant.erase();
  }
  return count;
}
