//===- Subgraphs.cpp - the branches of If ---------------------------------===//
// Exporters leave an If where the rank or a size of a traced tensor decides.
// Shapes tell which branch it is; that one takes the node's place.
//===----------------------------------------------------------------------===//

#include "Graph.h"

using namespace mlir;
using namespace skim::import;

SmallVector<StringRef>
skim::import::getReadNames(const ::onnx::NodeProto &node) {
  SmallVector<StringRef> names(node.input().begin(), node.input().end());
  for (const auto &attribute : node.attribute()) {
    if (!attribute.has_g())
      continue;
    for (const ::onnx::NodeProto &inner : attribute.g().node())
      names.append(getReadNames(inner));
    for (const auto &output : attribute.g().output())
      names.push_back(output.name());
  }
  return names;
}

FailureOr<const ::onnx::GraphProto *>
GraphImporter::chooseBranch(const ::onnx::NodeProto &proto,
                            NodeAttributes &attributes, Value condition,
                            const Scope &scope) {
  if (!shapes)
    shapes.emplace(builder.getInsertionBlock()->getParentOp());
  auto decision = shapes->splat(condition);
  auto value = decision ? decision->constant() : std::nullopt;
  if (!value)
    return failAt(proto, scope,
                  "expected a condition that shapes and constants decide, got "
                  "one that depends on data");
  StringRef branch = *value ? "then_branch" : "else_branch";
  const ::onnx::AttributeProto *attribute = attributes.lookup(branch);
  if (!attribute || !attribute->has_g())
    return failAt(proto, scope,
                  "expected a graph as attribute '" + branch + "', got none");
  if (attribute->g().output_size() != proto.output_size())
    return failAt(proto, scope,
                  "expected a '" + branch + "' of " +
                      Twine(proto.output_size()) + " outputs, got " +
                      Twine(attribute->g().output_size()));
  return &attribute->g();
}

LogicalResult GraphImporter::readInitialisers(const ::onnx::GraphProto &branch,
                                              Scope &scope) {
  for (const ::onnx::TensorProto &tensor : branch.initializer()) {
    // Reading takes the data, and a function's body may be imported again.
    ::onnx::TensorProto copy = tensor;
    auto value = tensors.read(copy, "initialiser '" + tensor.name() + "'");
    if (!value)
      return fail(llvm::toString(value.takeError()));
    Location loc = onnx::getNodeLoc(context, tensor.name(), "Initializer");
    scope.values[tensor.name()] = makeConstant(builder, loc, *value);
  }
  return success();
}

LogicalResult GraphImporter::importIf(const ::onnx::NodeProto &proto,
                                      StringRef name,
                                      NodeAttributes &attributes,
                                      ArrayRef<Value> inputs, Scope &scope) {
  if (inputs.size() != 1 || !inputs.front() ||
      !getElementTypeOrSelf(inputs.front().getType()).isInteger(1))
    return failAt(proto, scope, "expected one condition of type bool");
  auto branch = chooseBranch(proto, attributes, inputs.front(), scope);
  if (failed(branch))
    return failure();
  Scope body;
  body.opsets = scope.opsets;
  body.arguments = scope.arguments;
  body.prefix = (name + "/").str();
  body.outer = &scope;
  SmallVector<StringRef> outputs;
  for (const auto &output : (*branch)->output())
    outputs.push_back(output.name());
  if (failed(readInitialisers(**branch, body)) ||
      failed(importNodes((*branch)->node(), outputs, body)))
    return failure();
  SmallVector<Value> results;
  for (StringRef output : outputs) {
    FailureOr<Value> value = find(output, body);
    if (failed(value))
      return failure();
    if (!*value)
      return failAt(proto, scope,
                    "its branch does not give the output '" + output + "'");
    results.push_back(*value);
  }
  return bind(proto, scope, results);
}
