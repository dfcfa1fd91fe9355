//===- TensorScale.cpp - one scale for all states of a tensor -------------===//
//
// What is computed, as ONNX' DynamicQuantizeLinear has it
//
//   range         of each row the least and the largest number, 0 among them
//   tensor scale  s = (max - min) / 255 of all rows, 1 / s, the zero point
//                 round(-min / s), ties to even, from 0 to 255, and what sums
//                 count in: s. Ranges below 2^-100, zeros among them, have 0
//                 for all of them, and s is NaN where the range is not finite.
//
// How. Minima and maxima do not see a NaN, so what is not finite is found
// beside them, by a sum of the numbers times 0: three operations for each
// vector, each of them on either unit. A row is read from L2, where the op
// before has just written it. All rows' ranges are then few: one task takes
// them one by one.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine, 128
// rows: ranges at 78% of the rate of a copy in L2.
//===----------------------------------------------------------------------===//

#include "RowKernels.h"
#include <limits>

using namespace mlir;
using namespace skim;

/// Least and largest numbers so far, of vectors or of scalars, and 0, which is
/// NaN once one of them was not finite; `least` and `largest` join. A scalar
/// range is of a row, both NaN or none.
static Values joinRange(KernelBuilder &b, ValueRange so, Value least,
                        Value largest, Value zero) {
  bool isVector = isa<VectorType>(least.getType());
  Value finite =
      isVector ? b.fma(least, zero, so[2]) : b.addf(so[2], b.mulf(least, zero));
  return {b.minf(so[0], least), b.maxf(so[1], largest), finite};
}

func::FuncOp skim::emitRange(KernelBuilder &b, ModuleOp module,
                             const RangeSpec &spec) {
  constexpr int64_t any = ShapedType::kDynamic;
  SmallVector<Type> types = {b.buffer({any, spec.width})};
  if (spec.indexed)
    types.push_back(MemRefType::get({any}, b.getI32Type()));
  types.push_back(b.buffer({any, 2}));
  func::FuncOp function = startKernel(b, module, spec.name(), types);
  ValueRange arguments = function.getArguments();
  Value x = arguments[0], out = arguments[types.size() - 1];
  ValueRange range = arguments.drop_front(types.size());
  Value zero = b.splat(0);
  b.loop(range[0], range[1], 1, [&](Value row) {
    Value from = spec.indexed ? b.toIndex(b.load(arguments[1], {row})) : row;
    Values ends = b.reduceColumns(
        spec.width, {zero, zero, zero},
        [&](Value column, int64_t count, ValueRange so) -> Values {
          Value numbers = b.loadVector(x, {from, column}, count);
          return joinRange(b, so, numbers, numbers, zero);
        });
    Value finite = b.sumLanes(ends[2]);
    Value largest = b.maxLanes(ends[1]);
    Value least = b.maxLanes(arith::NegFOp::create(b, ends[0]));
    least = arith::NegFOp::create(b, least);
    b.store(b.addf(least, finite), out, {row, b.index(0)});
    b.store(b.addf(largest, finite), out, {row, b.index(1)});
  });
  finishKernel(b, function);
  return function;
}

/// Scale, its inverse and the zero point of numbers from `least` to `largest`.
static Values scaleOf(KernelBuilder &b, Value least, Value largest) {
  using Predicate = arith::CmpFPredicate;
  auto isLess = [&](Value x, float y) -> Value {
    return arith::CmpFOp::create(b, Predicate::OLT, x, b.constant(y));
  };
  Value zero = b.constant(0), most = b.constant(255);
  Value range = b.subf(largest, least);
  Value small = isLess(range, 0x1p-100f);
  Value finite = isLess(range, std::numeric_limits<float>::infinity());
  Value scale = b.divf(b.select(small, b.constant(1), range), most);
  // round(x) for x of at most 255, ties to even.
  Value magic = b.constant(0x1.8p23f);
  Value point = b.divf(b.subf(zero, least), scale);
  point = b.minf(b.maxf(point, zero), most);
  point = b.subf(b.addf(point, magic), magic);
  Value nan = b.constant(std::numeric_limits<float>::quiet_NaN());
  Values numbers = {b.select(finite, scale, nan), b.divf(b.constant(1), scale),
                    point};
  for (Value &number : numbers)
    number = b.select(small, zero, number);
  return numbers;
}

func::FuncOp skim::emitTensorScale(KernelBuilder &b, ModuleOp module,
                                   const TensorScaleSpec &spec) {
  SmallVector<Type> types = {b.buffer({ShapedType::kDynamic, 2}),
                             b.buffer({ShapedType::kDynamic, 4})};
  func::FuncOp function = startKernel(b, module, spec.name(), types);
  Value ranges = function.getArgument(0), out = function.getArgument(1);
  Value zero = b.constant(0);
  Values ends =
      b.reduce(b.index(0), b.dim(ranges, 0), 1, {zero, zero, zero},
               [&](Value row, ValueRange so) {
                 return joinRange(b, so, b.load(ranges, {row, b.index(0)}),
                                  b.load(ranges, {row, b.index(1)}), zero);
               });
  Values numbers = scaleOf(b, b.addf(ends[0], ends[2]), ends[1]);
  numbers.push_back(numbers[0]);
  for (auto [column, number] : llvm::enumerate(numbers))
    b.store(number, out, {b.index(0), b.index(column)});
  finishKernel(b, function);
  return function;
}
