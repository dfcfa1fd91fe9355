//===- DotProducts.cpp - words of narrow numbers, multiplied --------------===//
//
// What is computed, for each lane, a column
//
//   int8   sum + x0 w0 + x1 w1 + x2 w2 + x3 w3, x unsigned, w signed, in int32;
//          at most 65536 numbers of at most 255 x 127 cannot overflow, so the
//          order does not matter
//   uint8  the same; the weights' least is -128, and sums may pass the ends of
//          int32 on their way to a sum that it holds
//   bf16   fma(x0, w0, fma(x1, w1, sum)) in fp32: the odd number first, as
//          vdpbf16ps has it
//
// How. One instruction where the processor has it (vpdpbusd, vdpbf16ps); its
// memory traffic is that of a step of fp32, for four or two numbers. Elsewhere
// the same numbers from plain vector instructions:
//
//   int8   the even and the odd numbers of the words, extended to 16 bits, by
//          two pmaddwd; the extensions of the weights serve all rows
//   bf16   a bf16 is the upper half of its fp32: a mask or a shift. Products
//   are
//          exact in fp32, so without a fused multiply-add nothing changes.
//
// vdpbf16ps takes subnormal numbers for 0 and gives 0 for subnormal sums; the
// emulated form keeps them.
//===----------------------------------------------------------------------===//

#include "DotProducts.h"

using namespace mlir;
using namespace skim;

static Value cast(KernelBuilder &b, Value vector, int64_t lanes, Type element) {
  return vector::BitCastOp::create(b, VectorType::get(lanes, element), vector);
}

static Value splat(KernelBuilder &b, Value like, int64_t value) {
  auto type = mlir::cast<VectorType>(like.getType());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(
             type, b.getIntegerAttr(type.getElementType(), value)));
}
template <typename Op>
static Value shift(KernelBuilder &b, Value vector, int64_t bits) {
  return Op::create(b, vector, splat(b, vector, bits));
}
static Value mask(KernelBuilder &b, Value vector, int64_t bits) {
  return arith::AndIOp::create(b, vector, splat(b, vector, bits));
}

VectorType DotProducts::sumType() {
  return words.hasIntegerSums() ? b.intVectorType() : b.vectorType();
}
Value DotProducts::zero() {
  return words.hasIntegerSums() ? b.splatInt(0) : b.splat(0.0f);
}

Value DotProducts::start(Value states, Value row, Value weights, Value tile,
                         int64_t vector) {
  if (!started || !words.hasIntegerSums())
    return zero();
  Value offset = offsets(weights, tile, vector);
  if (words.dtype == Dtype::Int8)
    return offset;
  return arith::MulIOp::create(b, offset,
                               rowWord(states, row, words.count + 1));
}

Value DotProducts::loadWord(Value states, Value row, Value word) {
  if (words.dtype == Dtype::Fp32)
    return b.load(states, {row, word});
  Type element = words.element(b.getContext());
  Value numbers =
      vector::LoadOp::create(b, VectorType::get(words.perWord, element), states,
                             ValueRange{row, b.mul(word, words.perWord)});
  return vector::ExtractOp::create(b, cast(b, numbers, 1, b.getI32Type()),
                                   ArrayRef<int64_t>{0});
}

Value DotProducts::loadWeights(Value weights, Value tile, Value word,
                               int64_t vector) {
  int64_t perTile = b.target.tileVectors(words.dtype);
  tile = b.add(tile, vector / perTile);
  int64_t lanes = b.target.vectorWidth * words.perWord;
  Value column = b.index(vector % perTile * lanes);
  if (words.dtype == Dtype::Fp32)
    return b.loadVector(weights, {tile, word, column});
  Value numbers = vector::LoadOp::create(
      b, VectorType::get(lanes, words.element(b.getContext())), weights,
      ValueRange{tile, word, column});
  return cast(b, numbers, b.target.vectorWidth, b.getI32Type());
}

Value DotProducts::multiplyAdd(Value word, Value weights, Value sum) {
  switch (words.dtype) {
  case Dtype::Fp32:
    return b.fma(word, weights, sum);
  case Dtype::Bf16:
    return multiplyAddBf16(word, weights, sum);
  case Dtype::Int8:
  case Dtype::Uint8:
    return multiplyAddInt8(word, weights, sum);
  case Dtype::Int8x3:
    break;
  }
  llvm_unreachable("only tiles multiply digits");
}

Value DotProducts::multiplyAddInt8(Value word, Value weights, Value sum) {
  int64_t lanes = b.target.vectorWidth;
  Type i8 = b.getI8Type(), i16 = b.getI16Type();
  auto add = [&](Value product) {
    sum = arith::AddIOp::create(b, sum, product);
  };
  if (!b.target.int8Dot.empty())
    return b.callIntrinsic(
        b.target.int8Dot, sumType(),
        {sum, cast(b, word, 4 * lanes, i8), cast(b, weights, 4 * lanes, i8)});
  if (!b.target.pairDot.empty()) {
    Value x = cast(b, word, 2 * lanes, i16);
    Value w = cast(b, weights, 2 * lanes, i16);
    Value even = shift<arith::ShLIOp>(b, w, 8);
    add(b.callIntrinsic(b.target.pairDot, sumType(),
                        {mask(b, x, 0xff), shift<arith::ShRSIOp>(b, even, 8)}));
    add(b.callIntrinsic(
        b.target.pairDot, sumType(),
        {shift<arith::ShRUIOp>(b, x, 8), shift<arith::ShRSIOp>(b, w, 8)}));
    return sum;
  }
  for (int64_t i = 0; i != 4; ++i) {
    Value x = mask(b, shift<arith::ShRUIOp>(b, word, 8 * i), 0xff);
    Value w = shift<arith::ShLIOp>(b, weights, 24 - 8 * i);
    w = shift<arith::ShRSIOp>(b, w, 24);
    add(arith::MulIOp::create(b, x, w));
  }
  return sum;
}

Value DotProducts::multiplyAddBf16(Value word, Value weights, Value sum) {
  int64_t lanes = b.target.vectorWidth;
  Type bf16 = b.getBF16Type(), f32 = b.getF32Type();
  if (!b.target.bf16Dot.empty())
    return b.callIntrinsic(b.target.bf16Dot, sumType(),
                           {sum, cast(b, word, 2 * lanes, bf16),
                            cast(b, weights, 2 * lanes, bf16)});
  auto odd = [&](Value pair) {
    return cast(b, mask(b, pair, int32_t(0xffff0000)), lanes, f32);
  };
  auto even = [&](Value pair) {
    return cast(b, shift<arith::ShLIOp>(b, pair, 16), lanes, f32);
  };
  sum = b.fma(odd(word), odd(weights), sum);
  return b.fma(even(word), even(weights), sum);
}

Value DotProducts::toResult(Value sum) {
  return words.hasIntegerSums()
             ? cast(b, sum, b.target.vectorWidth, b.getF32Type())
             : sum;
}
Value DotProducts::fromResult(Value result) {
  return words.hasIntegerSums()
             ? cast(b, result, b.target.vectorWidth, b.getI32Type())
             : result;
}

Value DotProducts::columnScales(Value weights, Value tile, int64_t vector) {
  int64_t row = words.hasIntegerSums() ? words.count : words.ofTile() - 1;
  return cast(b, loadWeights(weights, tile, b.index(row), vector),
              b.target.vectorWidth, b.getF32Type());
}
/// In word `word` of row `row`.
Value DotProducts::rowScale(Value states, Value row, Value word) {
  return b.broadcast(
      arith::BitcastOp::create(b, b.getF32Type(), loadWord(states, row, word)));
}

/// The last digits' sums are rounded to units of the ones before: to 2^-28 of
/// the product of the row's and the column's largest numbers.
Value DotProducts::addDigits(ValueRange sums) {
  auto number = [&](Value sum) -> Value {
    return arith::SIToFPOp::create(b, b.vectorType(), sum);
  };
  Value last = arith::AddIOp::create(b, b.bitsOf(sums[3]), b.splatInt(128));
  last = arith::ShRSIOp::create(b, last, b.splatInt(8));
  Value result = number(arith::AddIOp::create(b, b.bitsOf(sums[2]), last));
  result = b.fma(number(b.bitsOf(sums[1])), b.splat(256), result);
  return b.fma(number(b.bitsOf(sums[0])), b.splat(65536), result);
}

/// int8: (sum - 128 * sum of w, unless it began there) * (scale of the row *
/// scale of the column). uint8: the same, less zero point of the column * sum
/// of the row. int8x3: the scales of rows lie behind all rows; the one of the
/// column first, since both are powers of 2 and the row's may be large.
Value DotProducts::finish(Value result, Value states, Value row, Value weights,
                          Value tile, int64_t vector, Value bias) {
  if (words.dtype == Dtype::Int8x3) {
    Value all = b.mul(b.dim(states, 0), words.ofDigits());
    Value scale = rowScale(states, b.index(0), b.add(all, row));
    result = b.mulf(result, columnScales(weights, tile, vector));
    result = b.mulf(result, scale);
  }
  if (!words.hasIntegerSums())
    return bias ? b.addf(result, bias) : result;
  Value scales = columnScales(weights, tile, vector);
  Value scale = rowScale(states, row, b.index(words.count));
  Value sum = fromResult(result);
  if (!started)
    sum = arith::AddIOp::create(b, sum, offsets(weights, tile, vector));
  if (zeroPoints) {
    Value all = arith::MulIOp::create(b, zeroPointsOf(weights, tile, vector),
                                      rowWord(states, row, words.count + 2));
    sum = arith::SubIOp::create(b, sum, all);
  }
  Value number = arith::SIToFPOp::create(b, b.vectorType(), sum);
  Value both = b.mulf(scale, scales);
  return bias ? b.fma(number, both, bias) : b.mulf(number, both);
}
