//===- Emitter.h - tensor code of one node ----------------------*- C++ -*-===//
// Index arithmetic that folds, dynamic shapes, broadcasting and loops: what all
// families of ops are lowered with.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOLINALG_EMITTER_H
#define SKIM_LIB_CONVERSION_ONNXTOLINALG_EMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/DenseMap.h"
#include <functional>
#include <optional>
#include <string>

namespace skim::lowering {
using mlir::ArrayRef;
using mlir::FailureOr;
using mlir::RankedTensorType;
using mlir::SmallVector;
using mlir::SmallVectorImpl;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;
using Values = SmallVector<Value>;
using Pred = mlir::arith::CmpIPredicate;

/// Dimensions of the main function's arguments. Those with the same symbol have
/// one value, so that shapes that are equal by name are equal values.
using ArgumentDims = llvm::DenseMap<std::pair<Value, int64_t>, Value>;

/// Builds the code that one node becomes. All tensors that it makes are whole
/// (row major without holes), all indices are of type `index`.
class Emitter {
public:
  Emitter(mlir::OpBuilder &b, mlir::Operation *op,
          const ArgumentDims &arguments)
      : b(b), loc(op->getLoc()), op(op), arguments(arguments) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Operation *op;

  /// Says why the node cannot be lowered.
  mlir::LogicalResult fail(const llvm::Twine &why) {
    reason = why.str();
    return mlir::failure();
  }
  std::string reason;

  /// What a value of the onnx dialect has become; null where it has not yet.
  std::function<Value(Value)> lowered;

  /// Type of result `i` with a signless element type.
  RankedTensorType resultType(unsigned i = 0);

  //===-- Scalars ---------------------------------------------------------===//
  Value index(int64_t value);
  Value boolean(bool value);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  /// Quotient and remainder of numbers that are not negative.
  Value div(Value x, Value y);
  Value rem(Value x, Value y);
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  Value compare(Pred pred, Value x, Value y);
  Value both(Value x, Value y);
  Value either(Value x, Value y);
  Value negate(Value x);
  Value select(Value condition, Value x, Value y);
  /// An integer as an index, an index as an integer of `type`.
  Value toIndex(Value integer, bool isUnsigned = false);
  Value fromIndex(Value index, Type type);
  /// True where both are the same value or the same constant.
  static bool same(Value x, Value y);
  /// True where the index is known to be 0 or more: a constant, a size.
  static bool isNotNegative(Value x);
  /// The index counted from 0, where negative ones count from `size`.
  Value wrap(Value i, Value size);
  /// How many of start, start + step, ... lie before `end`.
  Value stepCount(Value start, Value end, Value step);

  //===-- Shapes ----------------------------------------------------------===//
  Value dim(Value tensor, int64_t i);
  Values dims(Value tensor);
  Value count(ValueRange dims);
  /// Takes the static sizes of `type`; what was computed at run time must
  /// agree.
  Values settle(ValueRange dims, RankedTensorType type);
  /// The shape that shapes broadcast to, and that the tensors' shapes do.
  Values broadcastShapes(ArrayRef<Values> shapes);
  Values broadcastDims(ValueRange tensors);
  /// Checks at run time that `tensor` broadcasts to `dims`.
  void checkBroadcast(Value tensor, ValueRange dims);
  /// The element of `tensor` that `indices` of a tensor with `dims` stand for.
  Value readBroadcast(Value tensor, ValueRange dims, ValueRange indices);

  //===-- Errors of the run -----------------------------------------------===//
  /// In the main function: ends the run unless `condition`.
  void check(Value condition, const llvm::Twine &message,
             ValueRange values = {});
  /// In loops: notes an error unless `condition`; the code goes on.
  void report(Value condition, const llvm::Twine &message,
              ValueRange values = {});
  /// Wraps a negative index, and notes one outside of [-size, size): the result
  /// is in range wherever size is not 0.
  Value wrapIndex(Value index, Value size);
  /// Checks that something can be read from a dimension, unless nothing is.
  void checkReadable(Value size, ValueRange outputDims);

  //===-- Tensors ---------------------------------------------------------===//
  /// True where `generate` makes scalars instead of a loop: the shape
  /// arithmetic of exporters.
  static bool isSmall(ValueRange dims, Type element);
  Value empty(ValueRange dims, Type element);
  Value extract(Value tensor, ValueRange indices);
  Value insert(Value scalar, Value tensor, ValueRange indices);
  /// Element `i` of a vector of integers, as an index.
  Value element(Value vector, int64_t i);
  /// The integers of a constant tensor.
  static std::optional<SmallVector<int64_t>> constantInts(Value tensor);
  /// The tensor whose element at `indices` is `body(indices)`.
  Value generate(ValueRange dims, Type element,
                 llvm::function_ref<Value(ValueRange)> body);
  /// The tensor whose axis i is axis `perm[i]` of `tensor`.
  Value permute(Value tensor, ArrayRef<int64_t> perm);
  /// The tensor, whose sizes are found to be `dims`, with a type that says so.
  Value withSizes(Value tensor, ValueRange dims);
  /// The same elements, row major, in another shape.
  Value reshape(Value tensor, ValueRange dims);
  /// `body` over operands that broadcast; `type` is the result's.
  Value elementwise(ValueRange operands, RankedTensorType type,
                    llvm::function_ref<Value(ValueRange)> body);

  //===-- Control flow ----------------------------------------------------===//
  /// Runs `body` for every index vector in row major order, carrying values
  /// (at least one).
  Values loop(ValueRange counts, ValueRange init,
              llvm::function_ref<Values(ValueRange, ValueRange)> body);
  Values ifElse(mlir::TypeRange types, Value condition,
                llvm::function_ref<Values()> onTrue,
                llvm::function_ref<Values()> onFalse);

private:
  Value broadcastIndex(Value from, Value to, Value index);

  const ArgumentDims &arguments;
};

} // namespace skim::lowering

#endif // SKIM_LIB_CONVERSION_ONNXTOLINALG_EMITTER_H
