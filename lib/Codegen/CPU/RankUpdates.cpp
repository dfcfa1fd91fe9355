//===- RankUpdates.cpp - the inner loop of all matrix products ------------===//
// Each step loads the vectors once and broadcasts one number for each row.
//===----------------------------------------------------------------------===//

#include "RankUpdates.h"

using namespace mlir;
using namespace skim;

static Values step(KernelBuilder &b, Value k, ValueRange sums,
                   const TileOperands &operands) {
  auto multiplyAdd = [&](Value factor, Value vector, Value sum) {
    return operands.multiplyAdd ? operands.multiplyAdd(factor, vector, sum)
                                : b.fma(factor, vector, sum);
  };
  Values vectors, next;
  for (int64_t v = 0; v != operands.vectors; ++v)
    vectors.push_back(operands.vector(k, v));
  for (int64_t i = 0; i != operands.rows; ++i) {
    Value factor = b.broadcast(operands.scalar(k, i));
    for (int64_t v = 0; v != operands.vectors; ++v)
      next.push_back(
          multiplyAdd(factor, vectors[v], sums[i * operands.vectors + v]));
  }
  return next;
}

Values skim::emitRankUpdates(KernelBuilder &b, Value begin, Value end,
                             int64_t multiple, ValueRange sums,
                             const TileOperands &operands) {
  auto steps = [&](Value from, Value to, int64_t count, ValueRange start) {
    return b.reduce(from, to, count, start, [&](Value k, ValueRange carried) {
      Values next(carried);
      if (operands.ahead && count == operands.unroll)
        operands.ahead(k);
      for (int64_t u = 0; u != count; ++u)
        next = step(b, b.add(k, u), next, operands);
      return next;
    });
  };
  const int64_t unroll = operands.unroll;
  if (multiple % unroll == 0)
    return steps(begin, end, unroll, sums);
  Value rounds = b.div(b.sub(end, begin), b.index(unroll));
  Value middle = b.add(begin, b.mul(rounds, unroll));
  return steps(middle, end, 1, steps(begin, middle, unroll, sums));
}
