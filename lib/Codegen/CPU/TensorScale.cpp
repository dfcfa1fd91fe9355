//===- TensorScale.cpp - one scale for all states of a tensor -------------===//
//
// What is computed, as ONNX' DynamicQuantizeLinear has it
//
//   range         of each row the least and the largest number, 0 among them
//   tensor scale  s = (max - min) / 255 of all rows, 1 / s and the zero point
//                 round(-min / s), ties to even, from 0 to 255. Ranges below
//                 2^-100, zeros among them, have 0 for all three, and s is NaN
//                 where the range is not finite.
//
// How. A row's range goes through the bits of its numbers, as integers in the
// numbers' order: two operations a vector more, but neither a NaN nor the order
// changes what is found, and a NaN lies outside of all numbers. It reads what
// the op before has just written, from L2. All rows' ranges are then few: one
// task takes them one by one, two integers a row.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine, 128
// rows: ranges RANGEFIGURE of what reading from L2 takes.
//===----------------------------------------------------------------------===//

#include "RowKernels.h"
#include <limits>

using namespace mlir;
using namespace skim;

/// Floats' bits as integers in the order of the floats, and back.
static Value inOrder(KernelBuilder &b, Value bits, Value shift, Value mask) {
  Value sign = arith::ShRSIOp::create(b, bits, shift);
  return arith::XOrIOp::create(b, bits, arith::AndIOp::create(b, sign, mask));
}

func::FuncOp skim::emitRange(KernelBuilder &b, ModuleOp module,
                             const RangeSpec &spec) {
  constexpr int64_t any = ShapedType::kDynamic;
  SmallVector<Type> types = {b.buffer({any, spec.width})};
  if (spec.indexed)
    types.push_back(MemRefType::get({any}, b.getI32Type()));
  types.push_back(MemRefType::get({any, 2}, b.getI32Type()));
  func::FuncOp function = startKernel(b, module, spec.name(), types);
  ValueRange arguments = function.getArguments();
  Value x = arguments[0], out = arguments[types.size() - 1];
  ValueRange range = arguments.drop_front(types.size());
  b.loop(range[0], range[1], 1, [&](Value row) {
    Value from =
        spec.indexed ? b.toIndex(b.load(arguments[1], {row})) : row;
    Values ends = b.reduceColumns(
        spec.width, {b.splatInt(0), b.splatInt(0)},
        [&](Value column, int64_t count, ValueRange so) -> Values {
          Value bits = b.bitsOf(b.loadVector(x, {from, column}, count));
          Value number =
              inOrder(b, bits, b.splatInt(31), b.splatInt(0x7fffffff));
          return {b.min(so[0], number), b.max(so[1], number)};
        });
    vector::CombiningKind kinds[] = {vector::CombiningKind::MINSI,
                                     vector::CombiningKind::MAXSI};
    for (int64_t end = 0; end != 2; ++end)
      b.store(vector::ReductionOp::create(b, kinds[end], ends[end]), out,
              {row, b.index(end)});
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
  Values numbers = {b.select(finite, scale, nan),
                    b.divf(b.constant(1), scale), point};
  for (Value &number : numbers)
    number = b.select(small, zero, number);
  return numbers;
}

func::FuncOp skim::emitTensorScale(KernelBuilder &b, ModuleOp module,
                                   const TensorScaleSpec &spec) {
  SmallVector<Type> types = {
      MemRefType::get({ShapedType::kDynamic, 2}, b.getI32Type()),
      b.buffer({ShapedType::kDynamic, 4})};
  func::FuncOp function = startKernel(b, module, spec.name(), types);
  Value ranges = function.getArgument(0), out = function.getArgument(1);
  auto integer = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  };
  Values ends = b.reduce(
      b.index(0), b.dim(ranges, 0), 1, {integer(0), integer(0)},
      [&](Value row, ValueRange so) -> Values {
        return {b.min(so[0], b.load(ranges, {row, b.index(0)})),
                b.max(so[1], b.load(ranges, {row, b.index(1)}))};
      });
  for (Value &end : ends)
    end = arith::BitcastOp::create(
        b, b.getF32Type(), inOrder(b, end, integer(31), integer(0x7fffffff)));
  Values numbers = scaleOf(b, ends[0], ends[1]);
  numbers.push_back(b.constant(0));
  for (auto [column, number] : llvm::enumerate(numbers))
    b.store(number, out, {b.index(0), b.index(column)});
  finishKernel(b, function);
  return function;
}
