//===- Node.cpp - one node of a model on its way to an op -----------------===//
// Checks a node against its spec, reads its attributes, and builds and verifies
// the op.
//===----------------------------------------------------------------------===//

#include "Node.h"

#include "ModelFile.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "skim/Import/Onnx/ImportOnnx.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace skim::import;
using ::onnx::AttributeProto;

/// One word of a spec: name, kind and marks.
namespace {
struct Field {
  StringRef name;
  char kind = 0;
  bool required = false, variadic = false, optional = false, hidden = false;
};
} // namespace

static SmallVector<Field> parseFields(StringRef text) {
  SmallVector<Field> fields;
  for (StringRef word : llvm::split(text, ' ')) {
    if (word.empty())
      continue;
    Field field;
    field.hidden = word.consume_front("-");
    field.required = word.consume_back("!");
    field.optional = word.consume_back("?");
    field.variadic = word.consume_back("*");
    auto [name, kind] = word.split(':');
    field.name = name;
    field.kind = kind.empty() ? 0 : kind[0];
    fields.push_back(field);
  }
  return fields;
}

Node::Node(OpBuilder &builder, Value &none, TensorReader &tensors,
           StringRef modelPath, const NodeSpec &spec,
           const ::onnx::NodeProto &proto, StringRef name, int64_t opset,
           NodeAttributes &attributes, bool takesTensors,
           ArrayRef<Value> inputs)
    : builder(builder), none(none), tensors(tensors), modelPath(modelPath),
      spec(spec), proto(proto), name(name), opset(opset),
      attributes(attributes), takesTensors(takesTensors), inputs(inputs),
      loc(onnx::getNodeLoc(builder.getContext(), name, proto.op_type())) {}

LogicalResult Node::fail(const Twine &message) {
  return reportError(builder.getContext(), modelPath,
                     "node '" + name + "' (" + proto.op_type() +
                         "): " + message);
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

LogicalResult Node::import() {
  if (opset < spec.since)
    return fail("expected operator set " + Twine(spec.since) + " to " +
                Twine(kNewestOpset) + ", the model has " + Twine(opset));
  if (failed(checkInputs()) || failed(checkAttributes()))
    return failure();
  return spec.handler(*this);
}

LogicalResult Node::checkInputs() {
  SmallVector<Field> fields = parseFields(spec.inputs);
  bool variadic = !fields.empty() && fields.back().variadic;
  while (!inputs.empty() && !inputs.back())
    inputs.pop_back(); // Trailing inputs may be absent by an empty name.
  if (!variadic && inputs.size() > fields.size())
    return fail("expected at most " + Twine(fields.size()) + " inputs, got " +
                Twine(inputs.size()));
  for (auto [i, field] : llvm::enumerate(fields))
    if (!field.optional && !hasInput(i))
      return fail("expected an input '" + field.name + "'");
  if (variadic)
    for (unsigned i = 0; i < inputs.size(); ++i)
      if (!inputs[i])
        return fail("expected a name for input " + Twine(i));
  SmallVector<Field> results = parseFields(spec.outputs);
  if (!results.back().variadic && getNumOutputs() > results.size())
    return fail("expected at most " + Twine(results.size()) + " outputs, got " +
                Twine(getNumOutputs()));
  return success();
}

static StringRef getKindName(char kind) {
  switch (kind) {
  case 'i':
    return "an integer";
  case 'f':
    return "a float";
  case 's':
    return "a string";
  case 't':
    return "a tensor";
  case 'I':
    return "a list of integers";
  case 'F':
    return "a list of floats";
  default:
    return "a value of another kind";
  }
}

static char getKind(const AttributeProto &attr) {
  switch (attr.type()) {
  case AttributeProto::INT:
    return 'i';
  case AttributeProto::FLOAT:
    return 'f';
  case AttributeProto::STRING:
    return 's';
  case AttributeProto::TENSOR:
    return 't';
  case AttributeProto::INTS:
    return 'I';
  case AttributeProto::FLOATS:
    return 'F';
  default:
    return 0;
  }
}

LogicalResult Node::checkAttributes() {
  SmallVector<Field> fields = parseFields(spec.attributes);
  for (const auto &entry : proto.attribute()) {
    auto it = attributes.find(entry.name());
    if (it == attributes.end())
      continue; // A reference to an attribute that the call leaves out.
    const Field *field = llvm::find_if(
        fields, [&](const Field &f) { return f.name == entry.name(); });
    if (field == fields.end())
      return fail("unknown attribute '" + entry.name() + "'");
    char kind = getKind(*it->second);
    if (field->kind != 'x' && kind != field->kind)
      return fail("expected " + getKindName(field->kind) + " as attribute '" +
                  field->name + "', got " + getKindName(kind));
  }
  for (const Field &field : fields)
    if (field.required && !hasAttr(field.name))
      return fail("expected an attribute '" + field.name + "'");
  return success();
}

//===----------------------------------------------------------------------===//
// Inputs and attributes
//===----------------------------------------------------------------------===//

Value Node::getInput(unsigned i) { return hasInput(i) ? inputs[i] : getNone(); }

SmallVector<Value> Node::getInputs() {
  SmallVector<Value> values;
  SmallVector<Field> fields = parseFields(spec.inputs);
  unsigned count =
      !fields.empty() && fields.back().variadic ? inputs.size() : fields.size();
  for (unsigned i = 0; i < count; ++i)
    values.push_back(getInput(i));
  return values;
}

bool Node::holdsFourBits(unsigned i) {
  Operation *op = getInput(i).getDefiningOp();
  return op && op->hasAttr(bitsAttr);
}

Type Node::getElement(unsigned i) {
  return getElementTypeOrSelf(getInput(i).getType());
}

std::optional<ArrayRef<int64_t>> Node::getShape(unsigned i) {
  if (auto type = dyn_cast<RankedTensorType>(getInput(i).getType()))
    return type.getShape();
  return std::nullopt;
}

std::optional<int64_t> Node::getRank(unsigned i) {
  if (auto shape = getShape(i))
    return shape->size();
  return std::nullopt;
}

int64_t Node::getInt(StringRef attr, int64_t otherwise) const {
  auto it = attributes.find(attr);
  return it == attributes.end() ? otherwise : it->second->i();
}

float Node::getFloat(StringRef attr, float otherwise) const {
  auto it = attributes.find(attr);
  return it == attributes.end() ? otherwise : it->second->f();
}

StringRef Node::getString(StringRef attr, StringRef otherwise) const {
  auto it = attributes.find(attr);
  return it == attributes.end() ? otherwise : StringRef(it->second->s());
}

SmallVector<int64_t> Node::getInts(StringRef attr) const {
  auto it = attributes.find(attr);
  if (it == attributes.end())
    return {};
  return SmallVector<int64_t>(it->second->ints().begin(),
                              it->second->ints().end());
}

SmallVector<float> Node::getFloats(StringRef attr) const {
  auto it = attributes.find(attr);
  if (it == attributes.end())
    return {};
  return SmallVector<float>(it->second->floats().begin(),
                            it->second->floats().end());
}

FailureOr<ElementsAttr> Node::getTensor(StringRef attr) {
  ::onnx::TensorProto *tensor = attributes.find(attr)->second->mutable_t();
  ::onnx::TensorProto copy;
  if (!takesTensors) {
    copy.CopyFrom(*tensor);
    tensor = &copy;
  }
  auto value = tensors.read(*tensor, "tensor of attribute '" + attr + "'");
  if (!value)
    return fail(llvm::toString(value.takeError()));
  return *value;
}

//===----------------------------------------------------------------------===//
// Values and ops
//===----------------------------------------------------------------------===//

Value Node::getNone() {
  if (!none)
    none = onnx::NoneOp::create(builder, UnknownLoc::get(builder.getContext()));
  return none;
}

Value Node::makeConstant(ElementsAttr value) {
  return skim::import::makeConstant(builder, loc, value);
}

Value Node::makeInts(ArrayRef<int64_t> values) {
  return makeConstant(DenseElementsAttr::get(
      RankedTensorType::get({static_cast<int64_t>(values.size())},
                            builder.getI64Type()),
      values));
}

Value Node::makeScalar(Type elementType, double value) {
  Attribute element =
      isa<FloatType>(elementType)
          ? Attribute(FloatAttr::get(elementType, value))
          : IntegerAttr::get(elementType, static_cast<int64_t>(value));
  return makeConstant(
      DenseElementsAttr::get(RankedTensorType::get({}, elementType), element));
}

FailureOr<SmallVector<NamedAttribute>> Node::getOpAttrs() {
  SmallVector<NamedAttribute> attrs;
  for (const Field &field : parseFields(spec.attributes)) {
    if (field.hidden || !hasAttr(field.name))
      continue;
    Attribute attr;
    switch (field.kind) {
    case 'i':
      attr = builder.getI64IntegerAttr(getInt(field.name, 0));
      break;
    case 'f':
      attr = builder.getF32FloatAttr(getFloat(field.name, 0));
      break;
    case 's':
      attr = builder.getStringAttr(getString(field.name, ""));
      break;
    case 'I':
      attr = builder.getDenseI64ArrayAttr(getInts(field.name));
      break;
    case 'F':
      attr = builder.getDenseF32ArrayAttr(getFloats(field.name));
      break;
    default:
      FailureOr<ElementsAttr> tensor = getTensor(field.name);
      if (failed(tensor))
        return failure();
      attr = *tensor;
    }
    attrs.push_back(builder.getNamedAttr(field.name, attr));
  }
  return attrs;
}

LogicalResult Node::build(TypeRange types, ArrayRef<NamedAttribute> extra) {
  return build(getInputs(), types, extra);
}

LogicalResult Node::build(ValueRange operands, TypeRange types,
                          ArrayRef<NamedAttribute> extra) {
  FailureOr<SmallVector<NamedAttribute>> attrs = getOpAttrs();
  if (failed(attrs))
    return failure();
  NamedAttrList list(*attrs);
  for (NamedAttribute attr : extra)
    list.set(attr.getName(), attr.getValue());

  OperationState state(loc, ("onnx." + spec.name).str());
  state.addOperands(operands);
  state.addAttributes(list.getAttrs());
  SmallVector<Field> results = parseFields(spec.outputs);
  for (auto [i, type] : llvm::enumerate(types)) {
    bool absent = i < results.size() && results[i].optional && !wantsOutput(i);
    state.addTypes(absent ? builder.getNoneType() : type);
  }
  Operation *op = builder.create(state);
  if (failed(verify(op)))
    return failure();
  outputs.assign(op->result_begin(), op->result_end());
  return success();
}

Value Node::makeNamed(StringRef opName, ValueRange operands,
                      ArrayRef<NamedAttribute> attrs) {
  OperationState state(loc, ("onnx." + opName).str());
  state.addOperands(operands);
  state.addAttributes(attrs);
  state.addTypes(operands.front().getType());
  Operation *op = builder.create(state);
  isBroken = isBroken || failed(verify(op));
  return op->getResult(0);
}

LogicalResult Node::give(ValueRange values) {
  outputs.assign(values.begin(), values.end());
  return failure(isBroken);
}

LogicalResult Node::verify(Operation *op) {
  std::string text;
  {
    ScopedDiagnosticHandler handler(builder.getContext(),
                                    [&](Diagnostic &diagnostic) {
                                      if (text.empty())
                                        text = diagnostic.str();
                                      return success();
                                    });
    if (succeeded(mlir::verify(op, /*verifyRecursively=*/false)))
      return success();
  }
  StringRef message(text);
  message.consume_front(("'" + op->getName().getStringRef() + "' op ").str());
  if (!message.consume_front("failed to verify that "))
    return fail(message);
  // What the traits say: without the types that they found.
  std::string types;
  llvm::raw_string_ostream os(types);
  llvm::interleaveComma(op->getOperandTypes(), os);
  return fail("expected that " + message + ", got " + types);
}

//===----------------------------------------------------------------------===//
// Result types and shared handlers
//===----------------------------------------------------------------------===//

Type skim::import::withRank(Type elementType, std::optional<int64_t> rank) {
  if (!rank || *rank < 0 || *rank > 64) // More: a damaged model.
    return UnrankedTensorType::get(elementType);
  SmallVector<int64_t> dims(*rank, ShapedType::kDynamic);
  return RankedTensorType::get(dims, elementType);
}

Type skim::import::withShape(Type elementType,
                             std::optional<SmallVector<int64_t>> shape) {
  if (!shape)
    return UnrankedTensorType::get(elementType);
  return RankedTensorType::get(*shape, elementType);
}

Type skim::import::withElement(Value value, Type elementType) {
  return cast<TensorType>(value.getType()).clone(elementType);
}

std::optional<SmallVector<int64_t>>
skim::import::getBroadcastShape(Node &node, unsigned first) {
  SmallVector<int64_t> dims; // From the last to the first.
  for (unsigned i = first; i < node.getNumInputs(); ++i) {
    auto shape = node.getShape(i);
    if (!shape)
      return std::nullopt;
    for (auto [d, dim] : llvm::enumerate(llvm::reverse(*shape))) {
      if (d == dims.size())
        dims.push_back(1);
      if (dims[d] == 1 || (ShapedType::isDynamic(dims[d]) && dim != 1))
        dims[d] = dim;
    }
  }
  return SmallVector<int64_t>(llvm::reverse(dims));
}

LogicalResult skim::import::importSameType(Node &node) {
  return node.build(node.getInput(0).getType());
}

LogicalResult skim::import::importBroadcast(Node &node) {
  return node.build(withShape(node.getElement(0), getBroadcastShape(node)));
}
