//===- Quantise.cpp - rows of states in a narrower dtype ------------------===//
//
// What is computed, for each row
//
//   bf16   each number rounded to the nearest bf16, ties to even; NaN stays
//   NaN.
//          vcvtneps2bf16, where the processor has it, gives 0 for subnormal
//          numbers, as which vdpbf16ps and AMX take them anyway
//   bf16x3 the three parts of each number (Bf16Parts.h). For each step of K, at
//          most 32 numbers, those of all rows lie side by side:
//          [steps][rows][3][numbers of a step]
//   int8   scale = max |x| / 127; each number to the integer nearest to
//          x * (127 / max |x|), ties to even, stored 128 larger: 1 to 255; then
//          the scale. Rows whose largest number is below 2^-120, zeros among
//          them, become zeros of scale 0; the scale of a row with a NaN or an
//          infinite number is NaN, which makes its products NaN.
//
// How. Once for each state, before all products that read it: the column groups
// of one product would do it N / 64 times: K / 4 cycles for a row, by counting
// instructions of 16 lanes, to the K / 2 of their own work with vpdpbusd. The
// largest number is found by its bits, as an integer, so that neither the order
// nor a NaN matters. Adding 1.5 * 2^23 rounds to an integer, which the low byte
// of the sum then holds. A row passes twice, the second time from L1.
//===----------------------------------------------------------------------===//

#include "Bf16Parts.h"
#include "RowKernels.h"
#include "VectorMath.h"
#include "skim/Codegen/Words.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace skim;

namespace {
/// Code for one row.
class QuantiseKernel {
public:
  QuantiseKernel(KernelBuilder &b, const QuantiseSpec &spec)
      : b(b), spec(spec), words(spec.dtype, spec.width) {}
  func::FuncOp emit(ModuleOp module);

private:
  void emitBf16(Value from, Value row);
  void emitParts(Value firstRow, Value endRow);
  void emitInt8(Value from, Value row);
  Value largestBits(Value from);
  /// Stores `count` lanes and zeros up to the end of their last word.
  void storeNumbers(Value numbers, Value row, Value column, int64_t count);

  /// The row of x that row `row` of the result is made of.
  Value rowOf(Value row) {
    return index ? b.toIndex(b.load(index, {row})) : row;
  }
  Value integer(uint32_t bits) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(bits)));
  }

  KernelBuilder &b;
  const QuantiseSpec &spec;
  Words words;
  Value x, index, out;
};
} // namespace

static constexpr uint32_t magnitude = 0x7fffffff, infinity = 0x7f800000;

func::FuncOp QuantiseKernel::emit(ModuleOp module) {
  constexpr int64_t any = ShapedType::kDynamic;
  SmallVector<Type> types = {b.buffer({any, spec.width})};
  if (spec.indexed)
    types.push_back(MemRefType::get({any}, b.getI32Type()));
  types.push_back(words.states(b.getContext()));
  func::FuncOp function = startKernel(b, module, spec.name(), types);
  auto *next = function.getArguments().begin();
  x = *next++;
  index = spec.indexed ? Value(*next++) : Value();
  out = *next++;
  Value begin = *next++, end = *next++;
  if (spec.dtype == Dtype::Bf16x3)
    emitParts(begin, end);
  else
    b.loop(begin, end, 1, [&](Value row) {
      Value from = rowOf(row);
      spec.dtype == Dtype::Int8 ? emitInt8(from, row) : emitBf16(from, row);
    });
  finishKernel(b, function);
  return function;
}

void QuantiseKernel::storeNumbers(Value numbers, Value row, Value column,
                                  int64_t count) {
  auto type =
      VectorType::get(b.target.vectorWidth, words.element(b.getContext()));
  if (numbers.getType() != type)
    numbers = arith::TruncIOp::create(b, type, numbers);
  b.storeVector(numbers, out, {row, column},
                llvm::alignTo(count, words.perWord));
}

void QuantiseKernel::emitBf16(Value from, Value row) {
  b.forColumns(spec.width, [&](Value column, int64_t count) {
    Value numbers = b.loadVector(x, {from, column}, count);
    storeNumbers(emitRoundBf16(b, numbers), row, column, count);
  });
}

/// Step by step, so that what is written is one piece in each.
void QuantiseKernel::emitParts(Value firstRow, Value endRow) {
  int64_t step = 2 * b.target.tileStep(spec.dtype, spec.width);
  int64_t lanes = b.target.vectorWidth;
  Value rows = b.dim(out, 0);
  b.loop(b.index(0), b.index(spec.width / step), 1, [&](Value k) {
    b.loop(firstRow, endRow, 1, [&](Value row) {
      Value from = rowOf(row);
      Value place = b.mul(b.add(b.mul(k, rows), row), numParts * step);
      for (int64_t first = 0; first < step; first += lanes) {
        int64_t count = std::min(lanes, step - first);
        Value numbers =
            b.loadVector(x, {from, b.add(b.mul(k, step), first)}, count);
        storeParts(b, numbers, out, b.add(place, first), step, count);
      }
    });
  });
}

/// The bits of the largest |x|: as integers, numbers ascend to inf and NaN.
Value QuantiseKernel::largestBits(Value from) {
  Values largest = b.reduceColumns(
      spec.width, {b.splatInt(0)},
      [&](Value column, int64_t count, ValueRange carried) -> Values {
        Value bits = b.bitsOf(b.loadVector(x, {from, column}, count));
        Value size = arith::AndIOp::create(b, bits, b.splatInt(magnitude));
        return {b.max(carried[0], size)};
      });
  return vector::ReductionOp::create(b, vector::CombiningKind::MAXSI,
                                     largest[0]);
}

void QuantiseKernel::emitInt8(Value from, Value row) {
  constexpr uint32_t tiny = (127 - 120) << 23; // 2^-120
  Value bits = largestBits(from);
  Value finite = b.less(bits, integer(infinity));
  Value small = b.less(bits, integer(tiny));
  Value largest = arith::BitcastOp::create(b, b.getF32Type(), bits);
  Value zero = b.constant(0), most = b.constant(127);
  Value inverse = b.select(small, zero, b.divf(most, largest));
  Value scale = b.select(small, zero, b.divf(largest, most));
  Value nan = b.constant(std::numeric_limits<float>::quiet_NaN());
  scale = b.select(finite, scale, nan);

  Value factor = b.broadcast(inverse);
  Value magic = b.splat(12582912.0f + 128);
  b.forColumns(spec.width, [&](Value column, int64_t count) {
    Value number = b.loadVector(x, {from, column}, count);
    Value sum = b.addf(b.mulf(number, factor), magic);
    storeNumbers(b.bitsOf(sum), row, column, count);
  });
  Value last =
      vector::BroadcastOp::create(b, VectorType::get(1, b.getF32Type()), scale);
  last = vector::BitCastOp::create(b, VectorType::get(4, b.getI8Type()), last);
  vector::StoreOp::create(b, last, out,
                          ValueRange{row, b.index(words.count * 4)});
}

func::FuncOp skim::emitQuantise(KernelBuilder &b, ModuleOp module,
                                const QuantiseSpec &spec) {
  return QuantiseKernel(b, spec).emit(module);
}
