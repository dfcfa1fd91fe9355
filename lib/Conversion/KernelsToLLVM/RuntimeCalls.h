//===- RuntimeCalls.h - what generated code calls ---------------*- C++ -*-===//
// Declares the runtime's functions on first use and makes the constants and
// memref descriptors that go to and come from them.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_KERNELSTOLLVM_RUNTIMECALLS_H
#define SKIM_LIB_CONVERSION_KERNELSTOLLVM_RUNTIMECALLS_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/ADT/StringMap.h"

namespace skim {

class RuntimeCalls {
public:
  explicit RuntimeCalls(mlir::ModuleOp module);

  /// Calls the runtime's function `name` of CompiledABI.h.
  mlir::LLVM::CallOp call(mlir::OpBuilder &builder, mlir::Location loc,
                          llvm::StringRef name, mlir::ValueRange operands);

  /// Address of the constant text, with a closing zero.
  mlir::Value text(mlir::OpBuilder &builder, mlir::Location loc,
                   llvm::StringRef value);

  /// Address of a skim_rt_kernel.
  mlir::Value label(mlir::OpBuilder &builder, mlir::Location loc,
                    llvm::StringRef name, KernelKind kind, int64_t layer);

  mlir::Value constant(mlir::OpBuilder &builder, mlir::Location loc,
                       int64_t value, unsigned bits = 64);

  /// Address of a constant record with a field of 8 bytes for each integer and
  /// float attribute, and two, count and address, for an array of integers.
  mlir::Value record(mlir::OpBuilder &builder, mlir::Location loc,
                     llvm::ArrayRef<mlir::Attribute> fields);

  /// Address of a record of the function's frame with these fields of 8 bytes.
  mlir::Value record(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::func::FuncOp function, mlir::ValueRange fields);

  /// Address of field `index` of the record of type `record` at `pointer`.
  mlir::Value field(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Type record, mlir::Value pointer, int32_t index);

  /// Loads what lies `offset` bytes behind `pointer`.
  mlir::Value loadAt(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Type type, mlir::Value pointer, int64_t offset);

  /// The memref of identity layout at `pointer`, with a 64-bit size for each
  /// dynamic dimension.
  mlir::Value makeMemRef(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::MemRefType type, mlir::Value pointer,
                         mlir::ValueRange sizes);

  /// Address of the first element.
  mlir::Value pointerOf(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value memref);

  /// Size of a dimension as a 64-bit integer.
  mlir::Value sizeOf(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value memref, unsigned dimension);

  /// The value in its LLVM form, and back; casts that vanish in the end.
  mlir::Value toLLVM(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value value);
  mlir::Value fromLLVM(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Type type, mlir::Value value);

  const mlir::LLVMTypeConverter &types() const { return converter; }
  mlir::Type pointerType() const { return pointer; }
  mlir::ModuleOp module;

private:
  mlir::LLVM::LLVMFuncOp declare(llvm::StringRef name);

  mlir::LLVMTypeConverter converter;
  mlir::SymbolTable symbols;
  mlir::Type pointer;
  llvm::StringMap<mlir::LLVM::GlobalOp> texts;
};

// The four steps of the conversion, in this order.

/// Rewrites the main function to skim_entry(call).
mlir::LogicalResult lowerEntry(RuntimeCalls &runtime);

struct DispatchCounts {
  unsigned kernels = 0;
  unsigned dispatches = 0;
};
/// Rewrites the kernels that are dispatched and the dispatches.
mlir::FailureOr<DispatchCounts> lowerDispatches(RuntimeCalls &runtime);

/// Rewrites the ops that take rows out.
mlir::LogicalResult lowerRowTableOps(RuntimeCalls &runtime);

/// Rewrites the other ops of the kernels form, allocations and deallocations.
mlir::LogicalResult lowerRuntimeOps(RuntimeCalls &runtime);

/// The call that the runtime gave to the function around `op`, or null where
/// that is neither skim_entry nor a dispatched kernel.
mlir::Value callOf(mlir::Operation *op);

} // namespace skim

#endif // SKIM_LIB_CONVERSION_KERNELSTOLLVM_RUNTIMECALLS_H
