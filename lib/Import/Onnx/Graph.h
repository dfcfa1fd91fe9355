//===- Graph.h - the nodes of a graph in order ------------------*- C++ -*-===//
// Walks the nodes of the main graph and of the functions that it calls, and
// gives each to its family.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_IMPORT_ONNX_GRAPH_H
#define SKIM_LIB_IMPORT_ONNX_GRAPH_H

#include "Node.h"
#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"
#include "skim/Import/Onnx/ImportOnnx.h"

namespace skim::import {

/// Imports one model.
class GraphImporter {
public:
  GraphImporter(mlir::MLIRContext *context, llvm::StringRef modelPath,
                ::onnx::ModelProto &model, const ImportOptions &options);

  mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> import();

private:
  using Nodes = google::protobuf::RepeatedPtrField<::onnx::NodeProto>;
  using Opsets = google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto>;

  /// Names and what they stand for, within the main graph, one call or a branch
  /// of an If.
  struct Scope {
    llvm::StringMap<mlir::Value> values;
    llvm::StringMap<int64_t> opsets;
    /// The attributes of the call; null in the main graph.
    NodeAttributes *arguments = nullptr;
    /// Put before the names of the call's nodes.
    std::string prefix;
    /// Of a branch: where the names are that it does not define itself.
    Scope *outer = nullptr;
  };

  llvm::LogicalResult fail(const llvm::Twine &message);
  llvm::LogicalResult failAt(const ::onnx::NodeProto &node, const Scope &scope,
                             const llvm::Twine &message);

  llvm::LogicalResult readOpsets(const Opsets &imports, Scope &scope);
  llvm::LogicalResult addInputs(mlir::func::FuncOp func);
  llvm::LogicalResult addOutputs(mlir::func::FuncOp func);
  llvm::LogicalResult indexTables();
  bool hasAttention() const;
  mlir::FailureOr<mlir::Type> getInputType(const ::onnx::ValueInfoProto &info,
                                           mlir::NamedAttrList &attrs);

  /// Orders the nodes so that each comes after those that it needs. Only those
  /// that `outputs` need are in the result.
  mlir::FailureOr<llvm::SmallVector<const ::onnx::NodeProto *>>
  sort(const Nodes &nodes, llvm::ArrayRef<llvm::StringRef> outputs,
       const Scope &scope);
  llvm::LogicalResult importNodes(const Nodes &nodes,
                                  llvm::ArrayRef<llvm::StringRef> outputs,
                                  Scope &scope);
  llvm::LogicalResult importNode(const ::onnx::NodeProto &proto, Scope &scope);
  llvm::LogicalResult importCall(const ::onnx::NodeProto &proto,
                                 const ::onnx::FunctionProto &function,
                                 llvm::StringRef name,
                                 NodeAttributes &attributes,
                                 llvm::ArrayRef<mlir::Value> inputs,
                                 Scope &scope);
  /// Puts the branch that an If takes in its place. What decides must be known
  /// from constants and shapes.
  llvm::LogicalResult importIf(const ::onnx::NodeProto &proto,
                               llvm::StringRef name, NodeAttributes &attributes,
                               llvm::ArrayRef<mlir::Value> inputs,
                               Scope &scope);
  mlir::FailureOr<const ::onnx::GraphProto *>
  chooseBranch(const ::onnx::NodeProto &proto, NodeAttributes &attributes,
               mlir::Value condition, const Scope &scope);
  llvm::LogicalResult readInitialisers(const ::onnx::GraphProto &branch,
                                       Scope &scope);
  /// The value of `name`, an initialiser's on first use; null when there is
  /// none of that name.
  mlir::FailureOr<mlir::Value> find(llvm::StringRef name, Scope &scope);
  llvm::LogicalResult bind(const ::onnx::NodeProto &proto, Scope &scope,
                           llvm::ArrayRef<mlir::Value> values);

  mlir::MLIRContext *context;
  llvm::StringRef modelPath;
  ::onnx::ModelProto &model;
  const ImportOptions &options;
  mlir::OpBuilder builder;
  TensorReader tensors;
  mlir::Value none;
  /// Of the nodes so far, from the first If on.
  std::optional<onnx::SymbolicShapes> shapes;
  Scope main;
  llvm::StringMap<NodeSpec> specs;
  llvm::StringMap<::onnx::TensorProto *> initialisers;
  llvm::StringMap<const ::onnx::FunctionProto *> functions;
  /// The functions whose bodies are being imported, from the outermost.
  llvm::SmallVector<const ::onnx::FunctionProto *> calls;
};

/// The names that a node reads, those that its subgraphs read among them.
llvm::SmallVector<llvm::StringRef> getReadNames(const ::onnx::NodeProto &node);

} // namespace skim::import

#endif // SKIM_LIB_IMPORT_ONNX_GRAPH_H
