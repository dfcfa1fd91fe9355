//===- RankUpdates.cpp - the inner loop of all matrix products ------------===//
// Each step loads the vectors once and broadcasts one number for each row.
//===----------------------------------------------------------------------===//

#include "RankUpdates.h"

using namespace mlir;
using namespace skim;

static Values step(KernelBuilder &b, Value k, ValueRange sums,
                   const TileOperands &operands) {
  if (operands.ahead)
    operands.ahead(k);
  Values vectors, next;
  for (int64_t v = 0; v != operands.vectors; ++v)
    vectors.push_back(operands.vector(k, v));
  for (int64_t i = 0; i != operands.rows; ++i) {
    Value factor = b.broadcast(operands.scalar(k, i));
    for (int64_t v = 0; v != operands.vectors; ++v)
      next.push_back(b.fma(factor, vectors[v], sums[i * operands.vectors + v]));
  }
  return next;
}

Values skim::emitRankUpdates(KernelBuilder &b, Value begin, Value end,
                             int64_t multiple, ValueRange sums,
                             const TileOperands &operands) {
  // Four steps a round hide the loop's own instructions.
  int64_t unroll = multiple % 4 == 0 ? 4 : 1;
  return b.reduce(begin, end, unroll, sums, [&](Value k, ValueRange carried) {
    Values sums(carried);
    for (int64_t u = 0; u != unroll; ++u)
      sums = step(b, b.add(k, u), sums, operands);
    return sums;
  });
}
