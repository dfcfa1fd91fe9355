//===- AmxPanels.cpp - rows of a product by tiles of AMX ------------------===//
// Sizes are known at run time only, and differ by one row at most.
//===----------------------------------------------------------------------===//

#include "AmxPanels.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

int64_t AmxPanels::rowsToFinish(int64_t steps, int64_t ofPanel) {
  int64_t perStep = llvm::divideCeil(ofPanel, steps);
  return perStep > 8 ? 0 : perStep;
}

Value AmxPanels::configsAt(KernelBuilder &b, Value scratch, int64_t offset) {
  return b.view(scratch, b.index(offset),
                MemRefType::get({2, AmxTiles::configWords}, b.getI64Type()));
}

AmxPanels::AmxPanels(KernelBuilder &b, AmxTiles &amx, Value configs,
                     Value firstRow, Value endRow, int64_t mostRows)
    : b(b), amx(amx), mostRows(mostRows), configs(configs), firstRow(firstRow) {
  Value all = b.sub(endRow, firstRow);
  count = b.ceilDiv(all, mostRows);
  size = b.div(all, count);
  longer = b.rem(all, count);
  // Of panels of 16 rows, always.
  Value most = mostRows == AmxTiles::rows ? size : all;
  oneHalf = b.less(most, b.index(AmxTiles::rows + 1));
  for (int64_t i = 0; i != 2; ++i) {
    Value rows = b.add(size, 1 - i), upper = upperHalf(rows);
    Value lower = b.select(oneHalf, rows, b.sub(rows, upper));
    amx.writeConfig(configs, b.index(i), upper, lower);
  }
}

Value AmxPanels::isShort(Value panel) {
  return b.select(b.less(panel, longer), b.index(0), b.index(1));
}

AmxPanels::Panel AmxPanels::at(Value panel) {
  Value row = b.add(firstRow, b.add(b.mul(panel, size), b.min(panel, longer)));
  Value rows = b.sub(b.add(size, 1), isShort(panel));
  return {row, rows, upperHalf(rows)};
}

AmxPanels::Panel AmxPanels::use(Value panel) {
  Value isFirst = arith::OrIOp::create(b, b.equal(panel, b.index(0)),
                                       b.equal(panel, longer));
  b.ifThen(isFirst, [&] { amx.useConfig(configs, isShort(panel)); });
  return at(panel);
}
