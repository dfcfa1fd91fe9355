//===- Quantise.cpp - rows of states in a narrower dtype ------------------===//
//
// What is computed, for each row
//
//   bf16   each number rounded to the nearest bf16, ties to even; NaN stays
//   NaN.
//          vcvtneps2bf16, where the processor has it, gives 0 for subnormal
//          numbers, as which vdpbf16ps and AMX take them anyway
//   int8x3 with 2^e the power of 2 next below max |x|: x * 2^(29 - e), cut off
//          to an integer, as the sum of d0 2^24 + d1 2^16 + d2 2^8 + d3, each
//          from -128 to 127; e is -97 at least. Digits lie as tiles of AMX have
//          them, by 16 rows (Words.h), and behind them for each row 2^(e - 5),
//          what d0 counts, or NaN where the row is not finite
//   int8   scale = max |x| / 127; each number to the integer nearest to
//          x * (127 / max |x|), ties to even, stored 128 larger: 1 to 255; then
//          the scale. Rows whose largest number is below 2^-120, zeros among
//          them, become zeros of scale 0; the scale of a row with a NaN or an
//          infinite number is NaN, which makes its products NaN.
//   uint8  with the tensor's scale s and zero point z (TensorScale.cpp): x / s
//   to
//          the nearest integer, ties to even, plus z, from 0 to 255; then s, z
//          and the sum of the row's numbers less z
//
// How. Once for each state, before all products that read it: the column groups
// of one product would do it N / 64 times: K / 4 cycles for a row, by counting
// instructions of 16 lanes, to the K / 2 of their own work with vpdpbusd. The
// largest number is found by its bits, as an integer, so that neither the order
// nor a NaN matters. Adding 1.5 * 2^23 rounds to an integer, which the low byte
// of the sum then holds. A row passes twice, the second time from L1. In uint8
// it passes once; x / s is x * (1 / s) and what a remainder by multiply-adds
// corrects, as a division rounds it but for the last bit of a few: three
// operations where a division takes the time of 16.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine, 128
// rows: 50 to 55 GB/s read and written, 59 to 74% of what a copy in L2 has;
// uint8 35 GB/s.
//===----------------------------------------------------------------------===//

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
  void emitInt8(Value from, Value row);
  void emitUint8(Value from, Value row);
  Value divide(Value numbers, Value scale, Value inverse);
  void emitDigits(Value from, Value row);
  Value digitsOf(Value from, Value column, Value factor, int64_t count);
  Values gatherDigits(ValueRange numbers);
  void storeDigits(Value from, Value row, Value k, int64_t step, Value factor);
  Value largestBits(Value from);
  /// 32 bits to four numbers' places, from `column` on.
  void storeWord(Value word, Value row, Value column);
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
  Values tensor; ///< uint8: what TensorScaleSpec gives
};
} // namespace

static constexpr uint32_t infinity = 0x7f800000;

func::FuncOp QuantiseKernel::emit(ModuleOp module) {
  constexpr int64_t any = ShapedType::kDynamic;
  SmallVector<Type> types = {b.buffer({any, spec.width})};
  if (spec.indexed)
    types.push_back(MemRefType::get({any}, b.getI32Type()));
  if (spec.dtype == Dtype::Uint8)
    types.push_back(b.buffer({any, 4}));
  types.push_back(words.states(b.getContext()));
  func::FuncOp function = startKernel(b, module, spec.name(), types);
  auto *next = function.getArguments().begin();
  x = *next++;
  index = spec.indexed ? Value(*next++) : Value();
  if (spec.dtype == Dtype::Uint8)
    for (Value scales = *next++; tensor.size() != 4;)
      tensor.push_back(b.load(scales, {b.index(0), b.index(tensor.size())}));
  out = *next++;
  Value begin = *next++, end = *next++;
  b.loop(begin, end, 1, [&](Value row) {
    Value from = rowOf(row);
    spec.dtype == Dtype::Int8     ? emitInt8(from, row)
    : spec.dtype == Dtype::Uint8  ? emitUint8(from, row)
    : spec.dtype == Dtype::Int8x3 ? emitDigits(from, row)
                                  : emitBf16(from, row);
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

/// The bits of the largest |x|.
Value QuantiseKernel::largestBits(Value from) {
  Values largest = b.reduceColumns(
      spec.width, {b.splatInt(0)},
      [&](Value column, int64_t count, ValueRange carried) -> Values {
        Value numbers = b.loadVector(x, {from, column}, count);
        return {b.max(carried[0], b.magnitudeBits(numbers))};
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
  storeWord(scale, row, b.index(words.count * 4));
}

Value QuantiseKernel::divide(Value numbers, Value scale, Value inverse) {
  if (!b.target.hasFMA)
    return b.divf(numbers, scale);
  Value quotient = b.mulf(numbers, inverse);
  Value negated = arith::NegFOp::create(b, quotient);
  return b.fma(b.fma(negated, scale, numbers), inverse, quotient);
}

void QuantiseKernel::emitUint8(Value from, Value row) {
  Value zeroPoint = b.broadcast(tensor[2]);
  Value scale = b.broadcast(tensor[0]), inverse = b.broadcast(tensor[1]);
  Value least = b.mulf(b.subf(b.splat(0), zeroPoint), scale);
  Value most = b.mulf(b.subf(b.splat(255), zeroPoint), scale);
  // A scale of 0 makes zeros of all numbers, which are no quotient of it.
  Value isZero = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, tensor[0],
                                       b.constant(0));
  Value divisor = b.broadcast(b.select(isZero, b.constant(1), tensor[0]));
  Value magic = b.splat(0x1.8p23f), ofMagic = b.bitsOf(magic);
  Value offset = b.bitsOf(b.addf(zeroPoint, magic));
  offset = b.sub(offset, ofMagic);
  Values sum = b.reduceColumns(
      spec.width, {b.splatInt(0)},
      [&](Value column, int64_t count, ValueRange so) -> Values {
        Value number = b.loadVector(x, {from, column}, count);
        // Within what the bytes reach a quotient is finite.
        number = b.minf(b.maxf(number, least), most);
        number = divide(number, divisor, inverse);
        Value whole = b.sub(b.bitsOf(b.addf(number, magic)), ofMagic);
        storeNumbers(b.add(whole, offset), row, column, count);
        return {b.add(so[0], whole)};
      });
  Values last = {
      tensor[3], vector::ExtractOp::create(b, offset, ArrayRef<int64_t>{0}),
      vector::ReductionOp::create(b, vector::CombiningKind::ADD, sum[0])};
  for (auto [i, word] : llvm::enumerate(last))
    storeWord(word, row, b.index((words.count + i) * 4));
}

void QuantiseKernel::storeWord(Value word, Value row, Value column) {
  Value last =
      vector::BroadcastOp::create(b, VectorType::get(1, word.getType()), word);
  last = vector::BitCastOp::create(b, VectorType::get(4, b.getI8Type()), last);
  vector::StoreOp::create(b, last, out, ValueRange{row, column});
}

/// The digits of 16 numbers, each as the bytes of an integer, the first digit
/// uppermost: adding 128 to all digits but that and flipping those bits again
/// leaves each in its byte.
Value QuantiseKernel::digitsOf(Value from, Value column, Value factor,
                               int64_t count) {
  constexpr int32_t middle = 0x00808080;
  Value numbers = b.mulf(b.loadVector(x, {from, column}, count), factor);
  Value whole = arith::FPToSIOp::create(b, b.intVectorType(), numbers);
  whole = arith::AddIOp::create(b, whole, b.splatInt(middle));
  return arith::XOrIOp::create(b, whole, b.splatInt(middle));
}

/// Each digit of 64 numbers, as 64 bytes: bytes first meet in words of one
/// digit, then words in halves of a vector.
Values QuantiseKernel::gatherDigits(ValueRange numbers) {
  constexpr int64_t digits = Words::stateDigits;
  const int64_t lanes = b.target.vectorWidth, half = lanes / 2;
  auto cast = [&](Value vector, int64_t count, Type element) -> Value {
    return vector::BitCastOp::create(b, VectorType::get(count, element),
                                     vector);
  };
  SmallVector<int64_t> order;
  for (int64_t i = 0; i != 4 * lanes; ++i)
    order.push_back(i / 16 * 16 + i % 4 * 4 + digits - 1 - i / 4 % 4);
  Values words;
  for (Value vector : numbers) {
    Value bytes = cast(vector, 4 * lanes, b.getI8Type());
    bytes = vector::ShuffleOp::create(b, bytes, bytes, order);
    words.push_back(cast(bytes, lanes, b.getI32Type()));
  }
  Values result(digits);
  for (int64_t digit = 0; digit != digits; digit += 2) {
    SmallVector<int64_t> picks, halves[2];
    for (int64_t i = 0; i != lanes; ++i) {
      picks.push_back(i % half * 4 + digit + i / half);
      for (int64_t of = 0; of != 2; ++of)
        halves[of].push_back(i / half * lanes + of * half + i % half);
    }
    Value lower = vector::ShuffleOp::create(b, words[0], words[1], picks);
    Value upper = vector::ShuffleOp::create(b, words[2], words[3], picks);
    for (int64_t of = 0; of != 2; ++of)
      result[digit + of] =
          cast(vector::ShuffleOp::create(b, lower, upper, halves[of]),
               4 * lanes, b.getI8Type());
  }
  return result;
}

void QuantiseKernel::emitDigits(Value from, Value row) {
  int64_t step = 4 * b.target.tileStep(spec.dtype, spec.width);
  auto power = [&](Value exponent) -> Value {
    Value bits = arith::ShLIOp::create(b, exponent, integer(23));
    return arith::BitcastOp::create(b, b.getF32Type(), bits);
  };
  Value bits = largestBits(from);
  Value exponent = arith::ShRUIOp::create(b, bits, integer(23));
  exponent = b.max(exponent, integer(127 - 97));
  Value factor = b.broadcast(power(b.sub(integer(2 * 127 + 29), exponent)));
  Value nan = b.constant(std::numeric_limits<float>::quiet_NaN());
  Value scale = b.select(b.less(bits, integer(infinity)),
                         power(b.sub(exponent, integer(5))), nan);
  b.loop(b.index(0), b.index(spec.width / step), 1,
         [&](Value k) { storeDigits(from, row, k, step, factor); });
  Value behind = b.mul(b.dim(out, 0), words.ofDigits());
  storeWord(scale, b.index(0), b.mul(b.add(behind, row), 4));
}

/// Those of step `k` of `step` numbers: a line of each digit at once where a
/// step is that long.
void QuantiseKernel::storeDigits(Value from, Value row, Value k, int64_t step,
                                 Value factor) {
  constexpr int64_t digits = Words::stateDigits;
  int64_t lanes = b.target.vectorWidth;
  auto load = [&](int64_t first, int64_t count) {
    return digitsOf(from, b.add(b.mul(k, step), first), factor, count);
  };
  Value inBlock = b.rem(row, b.index(Words::digitsRows));
  Value firstRow = b.sub(row, inBlock);
  Value ofBlock =
      b.min(b.sub(b.dim(out, 0), firstRow), b.index(Words::digitsRows));
  Value ofRows = b.mul(firstRow, words.ofDigits() * 4);
  auto store = [&](Value bytes, int64_t digit, int64_t first, int64_t count) {
    Value line = b.mul(b.add(b.mul(k, digits), digit), ofBlock);
    Value inRows = b.mul(b.add(line, inBlock), step);
    Value place = b.add(b.add(ofRows, inRows), first);
    if (count <= lanes)
      return b.storeVector(bytes, out, {b.index(0), place}, count);
    vector::StoreOp::create(b, bytes, out, ValueRange{b.index(0), place});
  };
  if (step == 4 * lanes) {
    Values numbers;
    for (int64_t first = 0; first != step; first += lanes)
      numbers.push_back(load(first, lanes));
    Values lines = gatherDigits(numbers);
    for (int64_t digit = 0; digit != digits; ++digit)
      store(lines[digit], digit, 0, step);
    return;
  }
  auto narrow = VectorType::get(lanes, b.getI8Type());
  for (int64_t first = 0; first < step; first += lanes) {
    int64_t count = std::min(lanes, step - first);
    Value numbers = load(first, count);
    for (int64_t digit = 0; digit != digits; ++digit) {
      Value byte = arith::ShRUIOp::create(b, numbers,
                                          b.splatInt(8 * (digits - 1 - digit)));
      store(arith::TruncIOp::create(b, narrow, byte), digit, first, count);
    }
  }
}

func::FuncOp skim::emitQuantise(KernelBuilder &b, ModuleOp module,
                                const QuantiseSpec &spec) {
  return QuantiseKernel(b, spec).emit(module);
}
