//===- KernelBuilder.h - short forms for writing kernels --------*- C++ -*-===//
// An op builder that knows the target, with one-line forms of the arithmetic,
// loops and vector accesses that kernels consist of.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_KERNELBUILDER_H
#define SKIM_LIB_CODEGEN_CPU_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "skim/Codegen/TargetInfo.h"

namespace skim {

using mlir::Value;
using mlir::ValueRange;
using Values = llvm::SmallVector<mlir::Value>;

class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  KernelBuilder(mlir::Location loc, mlir::MLIRContext *context,
                const TargetInfo &target)
      : ImplicitLocOpBuilder(loc, context), target(target) {}
  KernelBuilder(mlir::Location loc, mlir::OpBuilder &builder,
                const TargetInfo &target)
      : ImplicitLocOpBuilder(loc, builder), target(target) {}

  const TargetInfo &target;

  // Types.
  mlir::VectorType vectorType() {
    return mlir::VectorType::get(target.vectorWidth, getF32Type());
  }
  mlir::VectorType intVectorType() {
    return mlir::VectorType::get(target.vectorWidth, getI32Type());
  }
  mlir::MemRefType buffer(llvm::ArrayRef<int64_t> shape) {
    return mlir::MemRefType::get(shape, getF32Type());
  }
  static constexpr int64_t kDynamic = mlir::ShapedType::kDynamic;

  // Index arithmetic.
  Value index(int64_t value);
  Value add(Value a, Value b);
  Value add(Value a, int64_t b) { return add(a, index(b)); }
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value mul(Value a, int64_t b) { return mul(a, index(b)); }
  Value div(Value a, Value b); ///< of non-negative values, rounded down
  Value rem(Value a, Value b);
  Value ceilDiv(Value a, int64_t b) { return div(add(a, b - 1), index(b)); }
  Value min(Value a, Value b);
  Value max(Value a, Value b);
  /// a < b, a == b on index or integer values.
  Value less(Value a, Value b);
  Value equal(Value a, Value b);
  Value select(Value condition, Value a, Value b);
  Value toIndex(Value integer);

  // f32 scalars and vectors of them alike.
  Value constant(float value);    ///< scalar
  Value splat(float value);       ///< vector
  Value splatBits(uint32_t bits); ///< vector, by bit pattern
  Value splatInt(int32_t value);  ///< i32 vector
  Value broadcast(Value scalar);  ///< to a vector
  /// The bits of an f32 vector as an i32 vector, and back.
  Value bitsOf(Value floats);
  Value floatsOf(Value bits);
  /// The bits of |floats|: as integers they ascend to infinity and then NaN.
  Value magnitudeBits(Value floats);
  Value addf(Value a, Value b);
  Value subf(Value a, Value b);
  Value mulf(Value a, Value b);
  Value divf(Value a, Value b);
  /// a > b ? a : b; gives b where either is NaN.
  Value maxf(Value a, Value b);
  /// a < b ? a : b; gives b where either is NaN.
  Value minf(Value a, Value b);
  /// a * b + c, rounded once where the target can.
  Value fma(Value a, Value b, Value c);
  /// What LLVM's intrinsic `name` gives.
  Value callIntrinsic(llvm::StringRef name, mlir::Type type,
                      ValueRange arguments);
  /// The sum of the lanes, always in the same order.
  Value sumLanes(Value vector);
  Value maxLanes(Value vector);
  /// Lane i of result j is lane j of rows[i]; as many rows as lanes.
  Values transpose(Values rows);

  // Memory. `count` lanes of a vector, the others are 0 and are not touched.
  Value load(Value memref, ValueRange indices);
  Value loadVector(Value memref, ValueRange indices, int64_t count = -1);
  /// memref[place] for each of `places`, a vector of i32.
  Value gather(Value memref, Value places);
  void store(Value value, Value memref, ValueRange indices);
  void storeVector(Value value, Value memref, ValueRange indices,
                   int64_t count = -1);
  /// Asks for the line of memref[indices] to be brought to L2, or to L1.
  void prefetch(Value memref, ValueRange indices, bool toL1 = false);
  /// Asks for the line of memref[indices] to be brought to L1 to be written.
  void prefetchForStore(Value memref, ValueRange indices);
  Value dim(Value memref, int64_t dimension);
  /// The mask of the first `count` lanes.
  Value lanes(int64_t count);
  /// A typed view of `bytes` of scratch memory that starts at byte `offset`.
  Value view(Value scratch, Value offset, mlir::MemRefType type,
             ValueRange sizes = {});

  // Control flow.
  using Body = llvm::function_ref<void(Value)>;
  using ReducingBody = llvm::function_ref<Values(Value, ValueRange)>;
  void loop(Value begin, Value end, int64_t step, Body body);
  void loop(Value begin, Value end, Value step, Body body);
  /// A loop that carries values; gives the last ones.
  Values reduce(Value begin, Value end, int64_t step, ValueRange initial,
                ReducingBody body);
  void ifThen(Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise = nullptr);
  Values ifElse(Value condition, mlir::TypeRange types,
                llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);
  /// Runs body(c) for the case c in [first, last] that `value` is, which it
  /// must be: the last case needs no test.
  void switchOver(Value value, int64_t first, int64_t last,
                  llvm::function_ref<void(int64_t)> body);

  /// Calls body(column, count) for each vector of a row of `width` numbers, in
  /// a loop over the whole ones and once for the partial one.
  void forColumns(int64_t width,
                  llvm::function_ref<void(Value column, int64_t count)> body);
  /// The same with `accumulators` carried, one vector each.
  Values reduceColumns(
      int64_t width, ValueRange initial,
      llvm::function_ref<Values(Value column, int64_t count, ValueRange)> body);
};

/// Starts the private function `name` of `types` and (begin, end, scratch) at
/// the end of `module`; its entry block is ready for code, which must end with
/// `finishKernel`.
mlir::func::FuncOp startKernel(KernelBuilder &builder, mlir::ModuleOp module,
                               llvm::StringRef name,
                               llvm::ArrayRef<mlir::Type> types);
void finishKernel(KernelBuilder &builder, mlir::func::FuncOp function);

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_KERNELBUILDER_H
