//===- RowPanels.cpp - the rows of a product in register tiles ------------===//
// Sizes are known at run time only, and differ by one row at most.
//===----------------------------------------------------------------------===//

#include "RowPanels.h"

using namespace mlir;
using namespace skim;

RowPanels::RowPanels(KernelBuilder &b, Value firstRow, Value rows,
                     int64_t mostRows)
    : b(b), firstRow(firstRow), count(b.ceilDiv(rows, mostRows)),
      size(b.div(rows, count)), longer(b.rem(rows, count)) {}

void RowPanels::loop(function_ref<void(Value, Value, Value)> body) const {
  b.loop(b.index(0), count, 1, [&](Value panel) {
    Value row =
        b.add(firstRow, b.add(b.mul(panel, size), b.min(panel, longer)));
    Value more = b.select(b.less(panel, longer), b.index(1), b.index(0));
    body(panel, row, b.add(size, more));
  });
}
