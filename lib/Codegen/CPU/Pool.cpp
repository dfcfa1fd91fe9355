//===- Pool.cpp - one state of each sequence ------------------------------===//
//
// What is computed
//
//   first: x[first row]   mean: sum of the rows / max(count, epsilon)
//   max: the largest number of each column
//
// over the rows of a sequence, in ascending order; zeros without rows.
//
// How it is scheduled
//
//   task = a sequence. A vector of columns goes down the rows in a register.
//===----------------------------------------------------------------------===//

#include "RowKernels.h"

using namespace mlir;
using namespace skim;

/// The vector at `column` of the pooled rows [first, last), of which there are
/// some.
static Value emitPooled(KernelBuilder &b, const PoolSpec &spec, Value x,
                        Value first, Value last, Value column, int64_t count) {
  Value start = b.loadVector(x, {first, column}, count);
  if (spec.kind == PoolKind::First)
    return start;
  bool mean = spec.kind == PoolKind::Mean;
  Value total =
      b.reduce(b.add(first, 1), last, 1, start,
               [&](Value row, ValueRange carried) {
                 Value part = b.loadVector(x, {row, column}, count);
                 return Values{mean ? b.addf(carried[0], part)
                                    : b.maxf(carried[0], part)};
               })[0];
  if (!mean)
    return total;
  Value rows = arith::IndexCastOp::create(b, b.getI32Type(),
                                          b.sub(last, first));
  Value divisor = arith::SIToFPOp::create(b, b.getF32Type(), rows);
  divisor = b.maxf(divisor, b.constant(spec.epsilon));
  return b.divf(total, b.broadcast(divisor));
}

func::FuncOp skim::emitPool(KernelBuilder &b, ModuleOp module,
                            const PoolSpec &spec) {
  constexpr int64_t any = ShapedType::kDynamic;
  Type states = b.buffer({any, spec.width});
  Type integers = MemRefType::get({any}, b.getI32Type());
  func::FuncOp function =
      startKernel(b, module, spec.name(), {states, integers, states});
  ValueRange arguments = function.getArguments();
  Value x = arguments[0], offsets = arguments[1], out = arguments[2];
  b.loop(arguments[3], arguments[4], 1, [&](Value sequence) {
    Value first = b.toIndex(b.load(offsets, {sequence}));
    Value last = b.toIndex(b.load(offsets, {b.add(sequence, 1)}));
    Value some = b.less(first, last);
    b.forColumns(spec.width, [&](Value column, int64_t count) {
      Value pooled = b.ifElse(
          some, b.vectorType(),
          [&] {
            return Values{
                emitPooled(b, spec, x, first, last, column, count)};
          },
          [&] { return Values{b.splat(0.0f)}; })[0];
      b.storeVector(pooled, out, {sequence, column}, count);
    });
  });
  finishKernel(b, function);
  return function;
}
