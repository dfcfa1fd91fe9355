//===- AmxTiles.cpp - the tile registers of AMX ---------------------------===//
//
// What is computed, for a tile of sums: sums += states x weights, over 16 rows
// of the states, 16 columns of the weights and up to 16 words of K
//
//   int8   tdpbusd: exact sums in int32, states unsigned, weights signed: those
//          of vpdpbusd, in any order
//   int8x3 tdpbssd: the same of one digit of each number, both signed
//   bf16   tdpbf16ps: in fp32, over the words of the step, ascending, a chain
//          from 0 of the products of their even numbers and one of the odd
//          ones; then even + odd is added to the sum. Subnormal numbers count
//          as 0, as in vdpbf16ps, and subnormal sums become 0.
//
// A tile of weights is 16 rows of 64 bytes, the words k to k + 15 of 16
// columns: as a packed tile of 32 columns has them, at a stride of 128 bytes,
// or one of 16, in int8x3, one after the other.
//===----------------------------------------------------------------------===//

#include "AmxTiles.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace skim;

/// The registers' numbers.
static int64_t sumsTile(int64_t half, int64_t weightsHalf) {
  return 2 * half + weightsHalf;
}
static int64_t statesTile(int64_t half) { return 4 + half; }
static int64_t weightsTile(int64_t half) { return 6 + half; }

void AmxTiles::call(StringRef name, ValueRange arguments) {
  LLVM::CallIntrinsicOp::create(b, b.getStringAttr(name), arguments);
}
Value AmxTiles::number(unsigned bits, int64_t value) {
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(b.getIntegerType(bits), value));
}

Value AmxTiles::address(Value memref, ValueRange indices) {
  auto type = cast<MemRefType>(memref.getType());
  Value place = b.index(0);
  for (auto [dimension, index] : llvm::enumerate(indices)) {
    if (dimension > 0)
      place = b.mul(place, type.getDimSize(dimension));
    place = b.add(place, index);
  }
  place = b.mul(place, type.getElementTypeBitWidth() / 8);
  Value first = memref::ExtractAlignedPointerAsIndexOp::create(b, memref);
  Value bytes =
      arith::IndexCastOp::create(b, b.getI64Type(), b.add(first, place));
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                  bytes);
}

/// Bytes: 0 the palette, from 16 on the bytes of a row of each register in 16
/// bits, from 48 on the rows of each.
void AmxTiles::writeConfig(Value configs, Value index, Value upper,
                           Value lower) {
  auto bytes = [](std::initializer_list<int64_t> tiles, int64_t bits) {
    int64_t word = 0;
    for (int64_t tile : tiles)
      word |= int64_t(1) << tile * bits;
    return word;
  };
  auto constant = [&](int64_t value) { return number(64, value); };
  auto integer = [&](Value value) -> Value {
    return arith::IndexCastOp::create(b, b.getI64Type(), value);
  };
  Value above = b.mul(integer(upper), constant(bytes({0, 1, 4}, 8)));
  Value below = b.mul(integer(lower), constant(bytes({2, 3, 5}, 8)));
  Value weights = constant(step * bytes({6, 7}, 8));
  Values words(configWords, constant(0));
  words[0] = constant(1);
  words[2] = constant(64 * bytes({0, 1, 2, 3}, 16));
  words[3] = constant(4 * step * bytes({0, 1}, 16) + 64 * bytes({2, 3}, 16));
  words[6] = b.add(b.add(above, below), weights);
  for (int64_t i = 0; i != configWords; ++i)
    b.store(words[i], configs, {index, b.index(i)});
}

void AmxTiles::useConfig(Value configs, Value index) {
  call("llvm.x86.ldtilecfg", address(configs, {index, b.index(0)}));
}

void AmxTiles::load(int64_t tile, Value memref, ValueRange indices,
                    int64_t stride) {
  call("llvm.x86.tileloadd64",
       {number(8, tile), address(memref, indices), number(64, stride)});
}

void AmxTiles::loadStates(int64_t half, Value states, ValueRange indices,
                          int64_t stride) {
  load(statesTile(half), states, indices, stride);
}
void AmxTiles::loadWeights(int64_t half, Value weights, ValueRange indices,
                           int64_t stride) {
  load(weightsTile(half), weights, indices, stride);
}
void AmxTiles::zeroSums(int64_t half, int64_t weightsHalf) {
  call("llvm.x86.tilezero", number(8, sumsTile(half, weightsHalf)));
}
void AmxTiles::loadSums(int64_t half, int64_t weightsHalf, Value sums,
                        ValueRange indices, int64_t stride) {
  load(sumsTile(half, weightsHalf), sums, indices, stride);
}
void AmxTiles::multiplyAdd(int64_t half, int64_t weightsHalf) {
  multiplyAdd(sumsTile(half, weightsHalf), half, weightsHalf);
}
void AmxTiles::multiplyAdd(int64_t sums, int64_t half, int64_t weightsHalf) {
  call(dtype == Dtype::Int8     ? "llvm.x86.tdpbusd"
       : dtype == Dtype::Int8x3 ? "llvm.x86.tdpbssd"
                                : "llvm.x86.tdpbf16ps",
       {number(8, sums), number(8, statesTile(half)),
        number(8, weightsTile(weightsHalf))});
}
void AmxTiles::storeSums(int64_t half, int64_t weightsHalf, Value sums,
                         ValueRange indices, int64_t stride) {
  call("llvm.x86.tilestored64", {number(8, sumsTile(half, weightsHalf)),
                                 address(sums, indices), number(64, stride)});
}
void AmxTiles::release() { call("llvm.x86.tilerelease", {}); }
