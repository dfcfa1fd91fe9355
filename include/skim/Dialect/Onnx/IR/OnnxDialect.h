//===- OnnxDialect.h - the onnx dialect -------------------------*- C++ -*-===//
// Dialect and ops that the importer produces, and helpers on them.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXDIALECT_H
#define SKIM_DIALECT_ONNX_IR_ONNXDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <optional>
#include <string>

#include "skim/Dialect/Onnx/IR/OnnxDialect.h.inc"

namespace skim::onnx {
/// Checks that the first result has the shape of the first operand.
llvm::LogicalResult verifyElementwise(mlir::Operation *op);

/// Checks that the operands' shapes broadcast, and to the result's shape.
llvm::LogicalResult verifyBroadcast(mlir::Operation *op);

/// Ops whose result has the shape of their first operand.
template <typename ConcreteOp>
struct Elementwise : mlir::OpTrait::TraitBase<ConcreteOp, Elementwise> {
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
    return verifyElementwise(op);
  }
};

/// Ops whose result has the shape that their operands broadcast to.
template <typename ConcreteOp>
struct Broadcast : mlir::OpTrait::TraitBase<ConcreteOp, Broadcast> {
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
    return verifyBroadcast(op);
  }
};

/// Whether the op makes each element of its one result from its operands'
/// elements at that place.
bool isElementwise(mlir::Operation *op);

/// Names an op as its model does: `node 'encoder/MatMul_3' (MatMul)`, or
/// `initialiser 'weight'`.
std::string describe(mlir::Operation *op);
/// The type of the node that a location names, `MatMul`; empty without one.
llvm::StringRef typeOfNode(mlir::Location loc);

/// The location of a node: `loc("name"("type"))`.
mlir::Location getNodeLoc(mlir::MLIRContext *context, llvm::StringRef name,
                          llvm::StringRef type);

/// True when `value` stands for an absent optional input.
bool isAbsent(mlir::Value value);

/// The tensor that `value` holds when an `onnx.Constant` defines it, else null.
mlir::ElementsAttr getConstant(mlir::Value value);

/// The elements of a constant integer tensor, sign- or zero-extended, in row
/// major order; nothing when `value` is not such a constant.
std::optional<llvm::SmallVector<int64_t>> getConstantInts(mlir::Value value);

/// The axis counted from 0, or nothing when it lies outside of [-rank, rank).
std::optional<int64_t> normaliseAxis(int64_t axis, int64_t rank);

/// The axes of a constant integer tensor, counted from 0, ascending; nothing
/// when `value` is not such a constant or one of them is out of range.
std::optional<llvm::SmallVector<int64_t>> getConstantAxes(mlir::Value value,
                                                          int64_t rank);

/// The MLIR type of an ONNX element type (TensorProto.DataType), or null when
/// the dialect has none.
mlir::Type getElementType(mlir::MLIRContext *context, int64_t dataType);

/// The number of an element type in ONNX (TensorProto.DataType), or 0.
int64_t getDataType(mlir::Type elementType);
} // namespace skim::onnx

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxActivationOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxCoreOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxIndexOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxLogicOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxMathOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxMsOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxNNOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxQuantOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxReduceOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxShapeOps.h.inc"
#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxSpatialOps.h.inc"

#endif // SKIM_DIALECT_ONNX_IR_ONNXDIALECT_H
