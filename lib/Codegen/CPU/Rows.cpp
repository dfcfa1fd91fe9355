//===- Rows.cpp - between padded and ragged rows --------------------------===//
//
// What is computed
//
//   restore: out[b * S + s] = x[t] where row t lies at (b, s), fill elsewhere
//   gather:  out[t] = x[positions[t]]
//
// How it is scheduled
//
//   gather: task = a row. restore: task = a sequence, whose rows and gaps are
//   walked in order, so that every line of the output is written once.
//===----------------------------------------------------------------------===//

#include "RowKernels.h"

using namespace mlir;
using namespace skim;

static void copyRow(KernelBuilder &b, Value from, Value fromRow, Value to,
                    Value toRow, int64_t width) {
  b.forColumns(width, [&](Value column, int64_t count) {
    Value part = b.loadVector(from, {fromRow, column}, count);
    b.storeVector(part, to, {toRow, column}, count);
  });
}

func::FuncOp skim::emitRestore(KernelBuilder &b, ModuleOp module,
                               const RestoreSpec &spec) {
  constexpr int64_t any = ShapedType::kDynamic;
  Type states = b.buffer({any, spec.width});
  Type integers = MemRefType::get({any}, b.getI32Type());
  func::FuncOp function =
      startKernel(b, module, spec.name(),
                  {states, integers, integers, b.getIndexType(), states});
  ValueRange arguments = function.getArguments();
  Value x = arguments[0], offsets = arguments[1], positions = arguments[2];
  Value length = arguments[3], out = arguments[4];
  auto fill = [&](Value begin, Value end) {
    b.loop(begin, end, 1, [&](Value row) {
      b.forColumns(spec.width, [&](Value column, int64_t count) {
        b.storeVector(b.splat(spec.fill), out, {row, column}, count);
      });
    });
  };
  b.loop(arguments[5], arguments[6], 1, [&](Value sequence) {
    Value first = b.toIndex(b.load(offsets, {sequence}));
    Value last = b.toIndex(b.load(offsets, {b.add(sequence, 1)}));
    Value begin = b.mul(sequence, length);
    Value next =
        b.reduce(first, last, 1, begin, [&](Value row, ValueRange carried) {
          Value place = b.toIndex(b.load(positions, {row}));
          fill(carried[0], place);
          copyRow(b, x, row, out, place, spec.width);
          return Values{b.add(place, 1)};
        })[0];
    fill(next, b.add(begin, length));
  });
  finishKernel(b, function);
  return function;
}

func::FuncOp skim::emitGather(KernelBuilder &b, ModuleOp module,
                              const GatherSpec &spec) {
  constexpr int64_t any = ShapedType::kDynamic;
  Type states = b.buffer({any, spec.width});
  Type integers = MemRefType::get({any}, b.getI32Type());
  func::FuncOp function =
      startKernel(b, module, spec.name(), {states, integers, states});
  ValueRange arguments = function.getArguments();
  b.loop(arguments[3], arguments[4], 1, [&](Value row) {
    Value place = b.toIndex(b.load(arguments[1], {row}));
    copyRow(b, arguments[0], place, arguments[2], row, spec.width);
  });
  finishKernel(b, function);
  return function;
}
