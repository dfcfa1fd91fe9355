//===- Graph.cpp - the nodes of a graph in order --------------------------===//
// Inputs, initialisers, order of the nodes, calls of local functions, outputs.
//===----------------------------------------------------------------------===//

#include "Graph.h"

#include "ModelFile.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace skim::import;

GraphImporter::GraphImporter(MLIRContext *context, StringRef modelPath,
                             ::onnx::ModelProto &model,
                             const ImportOptions &options)
    : context(context), modelPath(modelPath), model(model), options(options),
      builder(context), tensors(context, modelPath) {
  for (ArrayRef<NodeSpec> family :
       {getActivationNodes(), getCoreNodes(), getIndexNodes(), getLogicNodes(),
        getMathNodes(), getMsNodes(), getMsQuantNodes(), getNNNodes(),
        getQLinearNodes(), getQuantNodes(), getReduceNodes(), getShapeNodes(),
        getSpatialNodes()})
    for (const NodeSpec &spec : family)
      specs.try_emplace(spec.name, spec);
}

LogicalResult GraphImporter::fail(const Twine &message) {
  return reportError(context, modelPath, message);
}

/// The name of a node in messages and locations: its own, else its first
/// output's.
static std::string getNodeName(const ::onnx::NodeProto &node,
                               StringRef prefix) {
  if (!node.name().empty())
    return (prefix + node.name()).str();
  for (const std::string &output : node.output())
    if (!output.empty())
      return (prefix + output).str();
  return prefix.str();
}

LogicalResult GraphImporter::failAt(const ::onnx::NodeProto &node,
                                    const Scope &scope, const Twine &message) {
  return fail("node '" + getNodeName(node, scope.prefix) + "' (" +
              node.op_type() + "): " + message);
}

/// The main domain has two names.
static StringRef getDomain(StringRef domain) {
  return domain == "ai.onnx" ? "" : domain;
}

FailureOr<OwningOpRef<ModuleOp>> GraphImporter::import() {
  if (!model.has_graph())
    return fail("expected an ONNX model with a graph, got none");
  if (failed(readOpsets(model.opset_import(), main)) || failed(indexTables()))
    return failure();

  Location loc = NameLoc::get(StringAttr::get(context, modelPath));
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  auto func = func::FuncOp::create(builder, loc, "main",
                                   builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(func.addEntryBlock());
  if (failed(addInputs(func)))
    return failure();

  SmallVector<StringRef> outputs;
  for (const auto &output : model.graph().output())
    outputs.push_back(output.name());
  if (outputs.empty())
    return fail("expected a graph with outputs, got none");
  if (!options.outputs.empty()) {
    for (const std::string &name : options.outputs)
      if (!llvm::is_contained(outputs, name))
        return fail("expected an output of the model (" +
                    llvm::join(outputs, ", ") + "), got '" + name + "'");
    outputs.assign(options.outputs.begin(), options.outputs.end());
  }
  if (failed(importNodes(model.graph().node(), outputs, main)) ||
      failed(addOutputs(func)))
    return failure();
  return module;
}

LogicalResult GraphImporter::readOpsets(const Opsets &imports, Scope &scope) {
  for (const auto &import : imports) {
    StringRef domain = getDomain(import.domain());
    int64_t version = import.version();
    if (domain.empty() && (version < 1 || version > kNewestOpset))
      return fail("expected operator set " + Twine(kOldestOpset) + " to " +
                  Twine(kNewestOpset) + ", the model has " + Twine(version));
    scope.opsets[domain] = version;
  }
  return success();
}

LogicalResult GraphImporter::indexTables() {
  ::onnx::GraphProto &graph = *model.mutable_graph();
  if (graph.sparse_initializer_size() > 0)
    return fail("initialiser '" + graph.sparse_initializer(0).values().name() +
                "' is sparse, which is not supported");
  for (::onnx::TensorProto &tensor : *graph.mutable_initializer())
    if (!initialisers.try_emplace(tensor.name(), &tensor).second)
      return fail("two initialisers are called '" + tensor.name() + "'");
  for (const ::onnx::FunctionProto &function : model.functions())
    functions[(getDomain(function.domain()) + ":" + function.name() + ":" +
               function.overload())
                  .str()] = &function;
  // Images are cut into patches by it; a network of convolutions is no encoder.
  if (!hasAttention())
    specs.erase("Conv");
  return success();
}

/// Whether the graph or a function has an attention op, or a product of two
/// tensors that are computed.
bool GraphImporter::hasAttention() const {
  llvm::StringSet<> constants;
  auto isAttention = [&](const ::onnx::NodeProto &node) {
    StringRef type = node.op_type();
    if (type == "Constant")
      constants.insert(node.output_size() > 0 ? node.output(0) : "");
    if (type.contains("Attention"))
      return true;
    return (type == "MatMul" || type == "FusedMatMul" || type == "Einsum") &&
           llvm::count_if(node.input(), [&](const std::string &name) {
             return !initialisers.contains(name) && !constants.contains(name);
           }) > 1;
  };
  return llvm::any_of(model.graph().node(), isAttention) ||
         llvm::any_of(model.functions(), [&](const auto &function) {
           return llvm::any_of(function.node(), isAttention);
         });
}

//===----------------------------------------------------------------------===//
// Inputs and outputs of the graph
//===----------------------------------------------------------------------===//

/// The names of the dimensions as the attribute `onnx.dims` holds them.
static Attribute getDims(Builder &builder,
                         const ::onnx::TensorShapeProto &shape) {
  SmallVector<Attribute> dims;
  for (const auto &dim : shape.dim())
    dims.push_back(builder.getStringAttr(
        dim.has_dim_value() && dim.dim_value() >= 0 ? Twine(dim.dim_value())
                                                    : Twine(dim.dim_param())));
  return builder.getArrayAttr(dims);
}

FailureOr<Type> GraphImporter::getInputType(const ::onnx::ValueInfoProto &info,
                                            NamedAttrList &attrs) {
  if (!info.type().has_tensor_type())
    return fail("input '" + info.name() + "': expected a tensor");
  const auto &tensor = info.type().tensor_type();
  Type elementType = getElementType(context, tensor.elem_type());
  if (!elementType)
    return fail("input '" + info.name() + "': " + expectedType + ", got " +
                getDataTypeName(tensor.elem_type()));
  if (!tensor.has_shape())
    return fail("input '" + info.name() + "': expected a shape, got none");
  SmallVector<int64_t> dims;
  uint64_t elements = 1;
  for (const auto &dim : tensor.shape().dim()) {
    bool known = dim.has_dim_value() && dim.dim_value() >= 0;
    dims.push_back(known ? dim.dim_value() : ShapedType::kDynamic);
    uint64_t size = known && dim.dim_value() > 0 ? dim.dim_value() : 1;
    if (elements > (uint64_t(1) << 46) / size)
      return fail("input '" + info.name() +
                  "': expected fewer than 2^46 elements");
    elements *= size;
  }
  attrs.set("onnx.name", builder.getStringAttr(info.name()));
  attrs.set("onnx.dims", getDims(builder, tensor.shape()));
  return RankedTensorType::get(dims, elementType);
}

LogicalResult GraphImporter::addInputs(func::FuncOp func) {
  for (const auto &info : model.graph().input()) {
    if (initialisers.count(info.name()))
      continue; // Old models list their weights here as well.
    NamedAttrList attrs;
    FailureOr<Type> type = getInputType(info, attrs);
    if (failed(type))
      return failure();
    Location loc = NameLoc::get(builder.getStringAttr(info.name()));
    unsigned index = func.getNumArguments();
    if (failed(func.insertArgument(index, *type, attrs.getDictionary(context),
                                   loc)))
      return fail("input '" + info.name() + "': cannot add the argument");
    if (!main.values.try_emplace(info.name(), func.getArgument(index)).second)
      return fail("two inputs are called '" + info.name() + "'");
  }
  return success();
}

LogicalResult GraphImporter::addOutputs(func::FuncOp func) {
  SmallVector<Value> values;
  SmallVector<Type> types;
  SmallVector<Attribute> attrs;
  auto add = [&](const ::onnx::ValueInfoProto &info) -> LogicalResult {
    FailureOr<Value> value = find(info.name(), main);
    if (failed(value))
      return failure();
    if (!*value)
      return fail("output '" + info.name() +
                  "' is given by no node, input or initialiser");
    const auto &tensor = info.type().tensor_type();
    int64_t actual = getDataType(getElementTypeOrSelf(value->getType()));
    if (tensor.elem_type() != 0 && tensor.elem_type() != actual)
      return fail("output '" + info.name() + "': expected type " +
                  getDataTypeName(tensor.elem_type()) + ", its node gives " +
                  getDataTypeName(actual));
    NamedAttrList list;
    list.set("onnx.name", builder.getStringAttr(info.name()));
    if (tensor.has_shape())
      list.set("onnx.dims", getDims(builder, tensor.shape()));
    attrs.push_back(list.getDictionary(context));
    values.push_back(*value);
    types.push_back(value->getType());
    return success();
  };
  const auto &outputs = model.graph().output();
  if (options.outputs.empty()) {
    for (const auto &info : outputs)
      if (failed(add(info)))
        return failure();
  }
  for (const std::string &name : options.outputs)
    if (failed(add(*llvm::find_if(
            outputs, [&](const auto &info) { return info.name() == name; }))))
      return failure();
  func::ReturnOp::create(builder, func.getLoc(), values);
  func.setType(builder.getFunctionType(func.getArgumentTypes(), types));
  func.setAllResultAttrs(attrs);
  return success();
}

FailureOr<Value> GraphImporter::find(StringRef name, Scope &scope) {
  auto known = scope.values.find(name);
  if (known != scope.values.end())
    return known->second;
  if (scope.outer)
    return find(name, *scope.outer);
  auto it = initialisers.find(name);
  if (&scope != &main || it == initialisers.end())
    return Value();
  auto value = tensors.read(*it->second, "initialiser '" + name + "'");
  if (!value)
    return fail(llvm::toString(value.takeError()));
  Location loc = onnx::getNodeLoc(context, name, "Initializer");
  Value constant = makeConstant(builder, loc, *value);
  return scope.values[name] = constant;
}

//===----------------------------------------------------------------------===//
// Order of the nodes
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<const ::onnx::NodeProto *>>
GraphImporter::sort(const Nodes &nodes, ArrayRef<StringRef> outputs,
                    const Scope &scope) {
  llvm::StringMap<int> producers;
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &output : nodes[i].output()) {
      if (output.empty())
        continue;
      bool isInitialiser = &scope == &main && initialisers.count(output);
      if (isInitialiser || scope.values.count(output) ||
          !producers.try_emplace(output, i).second)
        return failAt(nodes[i], scope,
                      "the name '" + output +
                          "' of an output is taken already");
    }

  // Depth first without recursion: a node is `open` while the nodes that it
  // needs are visited, so meeting an open one again is a cycle.
  enum State : char { kNew, kOpen, kDone };
  SmallVector<State> states(nodes.size(), kNew);
  SmallVector<SmallVector<StringRef>> reads;
  for (const ::onnx::NodeProto &node : nodes)
    reads.push_back(getReadNames(node));
  SmallVector<const ::onnx::NodeProto *> order;
  SmallVector<std::pair<int, int>> stack; // Node and its next input.
  auto visit = [&](int root) -> LogicalResult {
    stack.push_back({root, 0});
    while (!stack.empty()) {
      auto &[index, next] = stack.back();
      const ::onnx::NodeProto &node = nodes[index];
      states[index] = kOpen;
      if (next == static_cast<int>(reads[index].size())) {
        states[index] = kDone;
        order.push_back(&node);
        stack.pop_back();
        continue;
      }
      StringRef input = reads[index][next++];
      auto producer = producers.find(input);
      if (producer == producers.end())
        continue;
      if (states[producer->second] == kOpen)
        return failAt(node, scope,
                      "needs its own result by way of input '" + input +
                          "' (the graph has a cycle)");
      if (states[producer->second] == kNew)
        stack.push_back({producer->second, 0});
    }
    return success();
  };

  SmallVector<int> roots;
  for (StringRef output : outputs) {
    auto producer = producers.find(output);
    if (producer != producers.end())
      roots.push_back(producer->second);
  }
  for (int root : roots)
    if (states[root] == kNew && failed(visit(root)))
      return failure();
  SmallVector<State> needed = states;
  SmallVector<const ::onnx::NodeProto *> visited = order;
  for (int i = 0; i < nodes.size(); ++i) // Those left: for cycles only.
    if (states[i] == kNew && failed(visit(i)))
      return failure();

  // In the order of the file where that is an order; else as visited.
  SmallVector<const ::onnx::NodeProto *> byFile;
  llvm::StringMap<bool> defined;
  for (int i = 0; i < nodes.size(); ++i) {
    if (needed[i] != kDone)
      continue;
    for (StringRef input : reads[i])
      if (producers.count(input) && !defined.count(input))
        return visited;
    for (const std::string &output : nodes[i].output())
      defined[output] = true;
    byFile.push_back(&nodes[i]);
  }
  return byFile;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

LogicalResult GraphImporter::importNodes(const Nodes &nodes,
                                         ArrayRef<StringRef> outputs,
                                         Scope &scope) {
  auto order = sort(nodes, outputs, scope);
  if (failed(order))
    return failure();
  for (const ::onnx::NodeProto *node : *order)
    if (failed(importNode(*node, scope)))
      return failure();
  return success();
}

LogicalResult GraphImporter::importNode(const ::onnx::NodeProto &proto,
                                        Scope &scope) {
  SmallVector<Value> inputs;
  for (const std::string &input : proto.input()) {
    if (input.empty()) {
      inputs.push_back({});
      continue;
    }
    FailureOr<Value> value = find(input, scope);
    if (failed(value))
      return failure();
    if (!*value && (scope.outer || !scope.values.count(input)))
      return failAt(proto, scope,
                    "input '" + input +
                        "' is given by no node, input or "
                        "initialiser");
    inputs.push_back(*value);
  }

  NodeAttributes attributes;
  for (const auto &attr : proto.attribute()) {
    auto *value = const_cast<::onnx::AttributeProto *>(&attr);
    if (!attr.ref_attr_name().empty()) {
      if (!scope.arguments)
        return failAt(proto, scope,
                      "attribute '" + attr.name() +
                          "' refers to an attribute outside of "
                          "a function");
      value = scope.arguments->lookup(attr.ref_attr_name());
      if (!value)
        continue;
    }
    if (!attributes.try_emplace(attr.name(), value).second)
      return failAt(proto, scope,
                    "two attributes are called '" + attr.name() + "'");
  }

  std::string name = getNodeName(proto, scope.prefix);
  StringRef domain = getDomain(proto.domain());
  auto function = functions.find(
      (domain + ":" + proto.op_type() + ":" + proto.overload()).str());
  if (function != functions.end())
    return importCall(proto, *function->second, name, attributes, inputs,
                      scope);

  if (domain.empty() && proto.op_type() == "If")
    return importIf(proto, name, attributes, inputs, scope);

  auto opset = scope.opsets.find(domain);
  std::string key = (domain == "com.microsoft" ? "ms." : "") + proto.op_type();
  auto spec = specs.find(key);
  bool knownDomain = domain.empty() || domain == "com.microsoft";
  if (!knownDomain || spec == specs.end() ||
      (domain.empty() && spec->second.name.starts_with("ms.")))
    return failAt(proto, scope,
                  "unsupported op '" + proto.op_type() + "' of domain '" +
                      proto.domain() + "'" +
                      (opset == scope.opsets.end()
                           ? Twine()
                           : " opset " + Twine(opset->second)) +
                      ", expected an op of transformer encoders");
  if (domain.empty() && opset == scope.opsets.end())
    return failAt(proto, scope,
                  "the model imports no operator set of domain ''");

  Node node(builder, none, tensors, modelPath, spec->second, proto, name,
            opset == scope.opsets.end() ? 1 : opset->second, attributes,
            /*takesTensors=*/calls.empty(), inputs);
  if (failed(node.import()))
    return failure();
  return bind(proto, scope, node.outputs);
}

LogicalResult GraphImporter::bind(const ::onnx::NodeProto &proto, Scope &scope,
                                  ArrayRef<Value> values) {
  for (auto [output, value] : llvm::zip(proto.output(), values))
    if (!output.empty())
      scope.values[output] = value;
  return success();
}

LogicalResult GraphImporter::importCall(const ::onnx::NodeProto &proto,
                                        const ::onnx::FunctionProto &function,
                                        StringRef name,
                                        NodeAttributes &attributes,
                                        ArrayRef<Value> inputs, Scope &scope) {
  if (llvm::is_contained(calls, &function))
    return failAt(proto, scope,
                  "function '" + function.name() + "' calls itself");
  if (proto.input_size() > function.input_size() ||
      proto.output_size() > function.output_size())
    return failAt(proto, scope,
                  "expected at most " + Twine(function.input_size()) +
                      " inputs and " + Twine(function.output_size()) +
                      " outputs, as its function has");
  calls.push_back(&function);
  llvm::scope_exit leave([&] { calls.pop_back(); });

  Scope body;
  body.prefix = (name + "/").str();
  body.arguments = &attributes;
  for (const auto &attr : function.attribute_proto())
    attributes.try_emplace(attr.name(),
                           const_cast<::onnx::AttributeProto *>(&attr));
  if (failed(readOpsets(function.opset_import(), body)))
    return failure();
  for (int i = 0; i < function.input_size(); ++i) {
    Value value = i < proto.input_size() ? inputs[i] : Value();
    body.values[function.input(i)] = value;
  }
  SmallVector<StringRef> outputs(function.output().begin(),
                                 function.output().end());
  if (failed(importNodes(function.node(), outputs, body)))
    return failure();

  SmallVector<Value> results;
  for (int i = 0; i < proto.output_size(); ++i) {
    Value value = body.values.lookup(function.output(i));
    if (!value && !proto.output(i).empty())
      return failAt(proto, scope,
                    "its function does not give the output '" +
                        function.output(i) + "'");
    results.push_back(value);
  }
  return bind(proto, scope, results);
}
