//===- IntegerWords.cpp - integers in words of 32 bits --------------------===//
// One instruction multiplies a word where the processor has it, or pairs are
// added by another.
//===----------------------------------------------------------------------===//

#include "IntegerWords.h"

using namespace mlir;
using namespace skim;

Value skim::wordsOf(KernelBuilder &b, ArrayRef<Value> numbers) {
  int32_t bits = 32 / numbers.size();
  Value mask = b.splatInt((1 << bits) - 1), result = numbers.back();
  for (Value number : llvm::reverse(numbers.drop_back())) {
    Value upper = arith::ShLIOp::create(b, result, b.splatInt(bits));
    Value lower = arith::AndIOp::create(b, number, mask);
    result = arith::OrIOp::create(b, upper, lower);
  }
  return result;
}

Value skim::multiplyAddBytes(KernelBuilder &b, Value word, Value words,
                             Value sum) {
  auto type = VectorType::get(4 * b.target.vectorWidth, b.getI8Type());
  return b.callIntrinsic(b.target.int8Dot, b.intVectorType(),
                         {sum, vector::BitCastOp::create(b, type, word),
                          vector::BitCastOp::create(b, type, words)});
}

Value skim::multiplyAddPairs(KernelBuilder &b, Value word, Value words,
                             Value sum) {
  auto type = VectorType::get(2 * b.target.vectorWidth, b.getI16Type());
  auto numbers = [&](Value words) -> Value {
    return vector::BitCastOp::create(b, type, words);
  };
  if (!b.target.int16Dot.empty())
    return b.callIntrinsic(b.target.int16Dot, b.intVectorType(),
                           {sum, numbers(word), numbers(words)});
  Value products = b.callIntrinsic(b.target.pairDot, b.intVectorType(),
                                   {numbers(word), numbers(words)});
  return arith::AddIOp::create(b, sum, products);
}
