//===- TileStreams.cpp - weights that are asked for ahead -----------------===//
// Without a branch: how many streams there are is the caller's to say.
//===----------------------------------------------------------------------===//

#include "TileStreams.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

/// Numbers of 32 bits of a line.
static constexpr int64_t lineWords = 16;

int64_t TileStreams::linesPerWord(const TargetInfo &target) {
  return llvm::divideCeil(target.tileColumns, lineWords);
}

Value TileStreams::share(KernelBuilder &b, Value lines, Value own, Value panel,
                         Value panels) {
  Value left = b.sub(lines, b.min(own, lines));
  Value others = b.max(b.sub(panels, b.index(1)), b.index(1));
  return b.div(b.mul(panel, left), others);
}

void TileStreams::fetch(KernelBuilder &b, int64_t perWord, int64_t depth,
                        Value at, int64_t begin, int64_t end) const {
  Value across = b.index(linesPerWord(b.target)), last = b.index(depth - 1);
  for (int64_t stream = begin; stream < end; ++stream) {
    Value line = b.add(at, b.mul(lines, stream));
    Value word = b.min(b.add(k, b.div(line, across)), last);
    Value column = b.mul(b.rem(line, across), lineWords * perWord);
    b.prefetch(w, {tile, word, column});
  }
}
