//===- CoreNodes.cpp - constants, copies and casts -----------------------===//
// Import of the family. Constant has seven attribute forms, Dropout is a copy,
// CastLike becomes the Cast that its second input's type says.
//===----------------------------------------------------------------------===//

#include "Node.h"

using namespace mlir;
using namespace skim::import;

/// A scalar or list attribute of Constant as a tensor.
template <typename T>
static ElementsAttr makeElements(Type elementType, ArrayRef<T> values,
                                 bool isList) {
  SmallVector<int64_t> dims;
  if (isList)
    dims.push_back(values.size());
  auto type = RankedTensorType::get(dims, elementType);
  return DenseElementsAttr::get(type, values);
}

static LogicalResult importConstant(Node &node) {
  Builder &builder = node.getBuilder();
  StringRef form;
  for (StringRef name :
       {"value", "value_float", "value_floats", "value_int", "value_ints",
        "value_string", "value_strings", "sparse_value"}) {
    if (!node.hasAttr(name))
      continue;
    if (!form.empty())
      return node.fail("expected one value, got '" + form + "' and '" + name +
                       "'");
    form = name;
  }
  ElementsAttr value;
  if (form == "value") {
    FailureOr<ElementsAttr> tensor = node.getTensor(form);
    if (failed(tensor))
      return failure();
    value = *tensor;
  } else if (form == "value_float") {
    value = makeElements<float>(builder.getF32Type(), node.getFloat(form, 0),
                                /*isList=*/false);
  } else if (form == "value_floats") {
    value = makeElements<float>(builder.getF32Type(), node.getFloats(form),
                                /*isList=*/true);
  } else if (form == "value_int") {
    value = makeElements<int64_t>(builder.getI64Type(), node.getInt(form, 0),
                                  /*isList=*/false);
  } else if (form == "value_ints") {
    value = makeElements<int64_t>(builder.getI64Type(), node.getInts(form),
                                  /*isList=*/true);
  } else {
    return node.fail(form.empty() ? Twine("expected a value, got none")
                                  : "'" + form + "' is not supported");
  }
  node.outputs.push_back(node.makeConstant(value));
  return success();
}

static LogicalResult importCast(Node &node) {
  Type type =
      getElementType(node.getBuilder().getContext(), node.getInt("to", 0));
  if (!type)
    return node.fail(Twine(expectedType) + " as attribute 'to', got " +
                     getDataTypeName(node.getInt("to", 0)));
  return node.build(withElement(node.getInput(0), type));
}

static LogicalResult importCastLike(Node &node) {
  OpBuilder &builder = node.getBuilder();
  Type type = node.getElement(1);
  Value cast = skim::onnx::CastOp::create(
      builder, node.getLoc(), withElement(node.getInput(0), type),
      node.getInput(0), node.getString("round_mode", "up"),
      node.getInt("saturate", 1), getDataType(type));
  node.outputs.push_back(cast);
  return success();
}

/// In inference the data pass, and the mask is true everywhere.
static LogicalResult importDropout(Node &node) {
  OpBuilder &builder = node.getBuilder();
  if (node.hasInput(2)) {
    auto training = skim::onnx::getConstantInts(node.getInput(2));
    auto ratio = skim::onnx::getConstant(node.getInput(1));
    bool drops = !ratio || !isa<FloatType>(ratio.getElementType()) ||
                 !ratio.isSplat() || !ratio.getSplatValue<APFloat>().isZero();
    if (!training || (training->size() == 1 && (*training)[0] && drops))
      return node.fail("expected inference (training_mode constant and false)");
  }
  Value data = node.getInput(0);
  node.outputs.push_back(data);
  if (!node.wantsOutput(1))
    return success();
  Type element =
      node.getOpset() < 10 ? node.getElement(0) : Type(builder.getI1Type());
  std::optional<int64_t> rank = node.getRank(0);
  Type sizes = rank ? RankedTensorType::get({*rank}, builder.getI64Type())
                    : withRank(builder.getI64Type(), 1);
  Value shape = skim::onnx::ShapeOp::create(builder, node.getLoc(), sizes, data,
                                            /*end=*/IntegerAttr(),
                                            builder.getI64IntegerAttr(0));
  Attribute one = isa<FloatType>(element)
                      ? Attribute(FloatAttr::get(element, 1))
                      : IntegerAttr::get(element, 1);
  node.outputs.push_back(skim::onnx::ConstantOfShapeOp::create(
      builder, node.getLoc(), withElement(data, element), shape,
      DenseElementsAttr::get(RankedTensorType::get({1}, element), one)));
  return success();
}

llvm::ArrayRef<NodeSpec> skim::import::getCoreNodes() {
  static const NodeSpec nodes[] = {
      {"Cast", 7, "input", "output", "round_mode:s saturate:i to:i!",
       importCast},
      {"CastLike", 15, "input target_type", "output", "round_mode:s saturate:i",
       importCastLike},
      {"Constant", 7, "", "output",
       "-sparse_value:x -value:t -value_float:f -value_floats:F -value_int:i "
       "-value_ints:I -value_string:s -value_strings:x",
       importConstant},
      {"Dropout", 7, "data ratio? training_mode?", "output mask?",
       "-ratio:f -seed:i", importDropout},
      {"Identity", 7, "input", "output", "", importSameType},
  };
  return nodes;
}
