//===- Windows.cpp - what convolutions and pools share --------------------===//
// Offsets within a window, elements around the input.
//===----------------------------------------------------------------------===//

#include "Windows.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

SmallVector<SmallVector<int64_t>>
lowering::windowTaps(ArrayRef<int64_t> kernel) {
  SmallVector<SmallVector<int64_t>> taps = {{}};
  for (int64_t size : kernel) {
    if (size * int64_t(taps.size()) > unrolledTaps)
      return {};
    SmallVector<SmallVector<int64_t>> longer;
    for (ArrayRef<int64_t> tap : taps)
      for (int64_t k = 0; k != size; ++k)
        longer.emplace_back(tap).push_back(k);
    taps = std::move(longer);
  }
  return taps;
}

void lowering::checkRoom(Emitter &e, Value span, Value padded) {
  e.check(e.compare(Pred::sge, padded, span),
          "expected a padded input of at least the window's {0} positions, "
          "got {1}",
          {span, padded});
}

Value lowering::surround(Emitter &e, Scalars &s, Value x,
                         ArrayRef<int64_t> begins, ValueRange extents,
                         Value fill) {
  Values dims = e.dims(x), padded(dims);
  SmallVector<OpFoldResult> offsets(dims.size(), e.b.getIndexAttr(0)),
      ones(dims.size(), e.b.getIndexAttr(1));
  for (auto [i, extent] : llvm::enumerate(extents)) {
    padded[i + 2] = extent;
    offsets[i + 2] = e.b.getIndexAttr(begins[i]);
  }
  Value around =
      e.generate(padded, s.stored, [&](ValueRange) { return s.store(fill); });
  return tensor::InsertSliceOp::create(e.b, e.loc, e.withSizes(x, dims), around,
                                       offsets, getAsOpFoldResult(dims), ones);
}
