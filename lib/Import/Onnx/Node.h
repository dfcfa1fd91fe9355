//===- Node.h - one node of a model on its way to an op ---------*- C++ -*-===//
// What the families know of ONNX ops (NodeSpec) and the view of a node that
// their handlers build ops from (Node).
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_IMPORT_ONNX_NODE_H
#define SKIM_LIB_IMPORT_ONNX_NODE_H

#include "Tensors.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace skim::import {

class Node;

/// One op as ONNX defines it, over all operator sets that the importer takes.
struct NodeSpec {
  using Handler = llvm::LogicalResult (*)(Node &);

  /// The ONNX type; `ms.Name` for the domain com.microsoft.
  llvm::StringRef name;
  /// The first operator set whose definition the handler takes: the one that
  /// the op came with, 7 where definitions changed before.
  int64_t since;
  /// Names of inputs and outputs in order: `A B? C*`, `?` optional, `*` any
  /// number.
  llvm::StringRef inputs, outputs;
  /// Names and kinds of attributes: `axis:i perm:I to:i!`. Kinds: i int,
  /// f float, s string, t tensor, x any, capitals lists; `!` required. Those
  /// that begin with `-` are for the handler only, the op has none of that
  /// name.
  llvm::StringRef attributes;
  /// Builds the op in today's form.
  Handler handler;
};

/// The families' tables.
llvm::ArrayRef<NodeSpec> getActivationNodes();
llvm::ArrayRef<NodeSpec> getCoreNodes();
llvm::ArrayRef<NodeSpec> getIndexNodes();
llvm::ArrayRef<NodeSpec> getLogicNodes();
llvm::ArrayRef<NodeSpec> getMathNodes();
llvm::ArrayRef<NodeSpec> getMsNodes();
llvm::ArrayRef<NodeSpec> getMsQuantNodes();
llvm::ArrayRef<NodeSpec> getNNNodes();
llvm::ArrayRef<NodeSpec> getQLinearNodes();
llvm::ArrayRef<NodeSpec> getQuantNodes();
llvm::ArrayRef<NodeSpec> getReduceNodes();
llvm::ArrayRef<NodeSpec> getShapeNodes();
llvm::ArrayRef<NodeSpec> getSpatialNodes();

/// The attributes of a node, by name. Those of a function's body refer to the
/// attributes of the call, so they are resolved before a Node sees them.
using NodeAttributes = llvm::StringMap<::onnx::AttributeProto *>;

/// A node with its inputs at hand.
class Node {
public:
  /// `none` is the function's value of onnx.None, made on first use. A node of
  /// a function's body, which may be imported again, must not take the tensors
  /// out of its attributes.
  Node(mlir::OpBuilder &builder, mlir::Value &none, TensorReader &tensors,
       llvm::StringRef modelPath, const NodeSpec &spec,
       const ::onnx::NodeProto &proto, llvm::StringRef name, int64_t opset,
       NodeAttributes &attributes, bool takesTensors,
       llvm::ArrayRef<mlir::Value> inputs);

  /// Reports `model: node 'name' (Type): message`.
  llvm::LogicalResult fail(const llvm::Twine &message);

  /// Checks inputs and attributes against the spec, runs its handler and
  /// verifies what that built.
  llvm::LogicalResult import();

  /// The operator set of the node's domain.
  int64_t getOpset() const { return opset; }
  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::Location getLoc() const { return loc; }

  // Inputs.
  unsigned getNumInputs() const { return inputs.size(); }
  /// Input `i`, or the value of onnx.None.
  mlir::Value getInput(unsigned i);
  bool hasInput(unsigned i) const { return i < inputs.size() && inputs[i]; }
  /// All inputs; absent ones of a fixed list as onnx.None.
  llvm::SmallVector<mlir::Value> getInputs();
  mlir::Type getElement(unsigned i);
  /// Whether an input is a constant of 4-bit numbers, which are bytes here.
  bool holdsFourBits(unsigned i);
  /// The shape of an input whose rank is known.
  std::optional<llvm::ArrayRef<int64_t>> getShape(unsigned i);
  std::optional<int64_t> getRank(unsigned i);

  // Outputs.
  /// Number of outputs that the node lists, and whether it names output `i`.
  unsigned getNumOutputs() const { return proto.output_size(); }
  bool wantsOutput(unsigned i) const {
    return i < getNumOutputs() && !proto.output(i).empty();
  }
  /// The values that the node gives, set by the handler.
  llvm::SmallVector<mlir::Value> outputs;

  // Attributes; their kinds have been checked.
  bool hasAttr(llvm::StringRef attr) const { return attributes.count(attr); }
  int64_t getInt(llvm::StringRef attr, int64_t otherwise) const;
  float getFloat(llvm::StringRef attr, float otherwise) const;
  llvm::StringRef getString(llvm::StringRef attr,
                            llvm::StringRef otherwise) const;
  llvm::SmallVector<int64_t> getInts(llvm::StringRef attr) const;
  llvm::SmallVector<float> getFloats(llvm::StringRef attr) const;
  mlir::FailureOr<mlir::ElementsAttr> getTensor(llvm::StringRef attr);

  // Values that handlers need beside the inputs.
  mlir::Value getNone();
  mlir::Value makeConstant(mlir::ElementsAttr value);
  mlir::Value makeInts(llvm::ArrayRef<int64_t> values);
  mlir::Value makeScalar(mlir::Type elementType, double value);

  // Ops.
  /// The node's attributes that the op has too, as MLIR attributes.
  mlir::FailureOr<llvm::SmallVector<mlir::NamedAttribute>> getOpAttrs();
  /// Builds the op of the node's own name with these operands and its
  /// attributes (`extra` ones replace or complete them) and makes its results
  /// the node's outputs. An optional output that nothing names gets the type
  /// none.
  llvm::LogicalResult build(mlir::ValueRange operands, mlir::TypeRange types,
                            llvm::ArrayRef<mlir::NamedAttribute> extra = {});
  /// The same with the node's inputs as operands.
  llvm::LogicalResult build(mlir::TypeRange types,
                            llvm::ArrayRef<mlir::NamedAttribute> extra = {});
  /// Builds one of the ops that a node stands for; `give` fails if that is
  /// refused.
  template <typename OpTy, typename... Args> OpTy make(Args &&...args) {
    auto op = OpTy::create(builder, loc, std::forward<Args>(args)...);
    isBroken = isBroken || failed(verify(op));
    return op;
  }
  /// The same by the ONNX name, with one result of the first operand's type.
  mlir::Value makeNamed(llvm::StringRef opName, mlir::ValueRange operands,
                        llvm::ArrayRef<mlir::NamedAttribute> attrs);
  /// Makes `values` the node's outputs.
  llvm::LogicalResult give(mlir::ValueRange values);

private:
  llvm::LogicalResult checkInputs();
  llvm::LogicalResult checkAttributes();
  llvm::LogicalResult verify(mlir::Operation *op);

  mlir::OpBuilder &builder;
  mlir::Value &none;
  TensorReader &tensors;
  llvm::StringRef modelPath;
  const NodeSpec &spec;
  const ::onnx::NodeProto &proto;
  std::string name;
  int64_t opset;
  NodeAttributes &attributes;
  bool takesTensors;
  llvm::SmallVector<mlir::Value> inputs;
  mlir::Location loc;
  bool isBroken = false;
};

// Result types.

/// A tensor type with `rank` unknown dimensions, unranked when that is unknown.
mlir::Type withRank(mlir::Type elementType, std::optional<int64_t> rank);

/// A tensor type of this shape, unranked when there is none.
mlir::Type withShape(mlir::Type elementType,
                     std::optional<llvm::SmallVector<int64_t>> shape);

/// The type of input `i` with another element type.
mlir::Type withElement(mlir::Value value, mlir::Type elementType);

/// The shape that all inputs from `first` on broadcast to, if it is known.
std::optional<llvm::SmallVector<int64_t>> getBroadcastShape(Node &node,
                                                            unsigned first = 0);

/// The shape of the matrix product of the first two inputs, if it is known.
std::optional<llvm::SmallVector<int64_t>> getProductShape(Node &node);

/// The shape of a Gemm of the first two inputs.
llvm::SmallVector<int64_t> getGemmShape(Node &node);

// Handlers that several families share.

/// The result has the type of the first input.
llvm::LogicalResult importSameType(Node &node);

/// The result has the element type of the first input, its shape is broadcast.
llvm::LogicalResult importBroadcast(Node &node);

} // namespace skim::import

#endif // SKIM_LIB_IMPORT_ONNX_NODE_H
